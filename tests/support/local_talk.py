"""The local network's talk for tests: frames with times through decoder and Messages, by the second, to rules."""

from collections.abc import Iterable, Iterator, Sequence

from collectors.traffic.messages.messages import Drained, Messages
from collectors.traffic.messages.settings import MessageSettings
from collectors.traffic.packet.decode import decode_frames
from netmon.api import Finding
from netmon.api.traffic import RECORD, SAMPLE, Second, TrafficRule, empty

Timed = tuple[float, bytes]  # Unix seconds, and a frame


def read(frames: Sequence[bytes], settings: MessageSettings | None = None, link_type: int = 1) -> Drained:
    """Return what messages these frames hold."""
    messages = Messages(settings)
    messages.add(decode_frames(frames, link_type))
    return messages.drain()


def seconds(frames: Iterable[Timed], until: float = 0.0) -> Iterator[Second]:
    """Return the seconds of a capture, also those where nothing was said, to `until`."""
    messages = Messages()
    waiting = sorted(frames, key=lambda frame: frame[0])
    start = float(int(waiting[0][0])) if waiting else 0.0
    end = max(until, waiting[-1][0] if waiting else 0.0)
    place = 0
    while start <= end:
        begin = place
        while place < len(waiting) and waiting[place][0] < start + 1:
            place += 1
        now = waiting[begin:place]
        sample = empty(RECORD)
        if now:
            traffic = decode_frames([octets for _, octets in now], start_ns=[int(at * 1e9) for at, _ in now])
            messages.add(traffic)
            sample = traffic.records[:SAMPLE]
        kept = messages.drain()
        yield Second(
            start,
            start + 1,
            records=len(now),
            sample=sample,
            dns=kept.dns,
            neighbours=kept.neighbours,
            leases=kept.leases,
            routers=kept.routers,
            bridges=kept.bridges,
            macs=kept.macs,
        )
        start += 1


def play(rule: TrafficRule, frames: Iterable[Timed], until: float = 0.0) -> list[Finding]:
    """Return what a rule finds in a capture."""
    return [finding for second in seconds(frames, until) for finding in rule.observe(second)]
