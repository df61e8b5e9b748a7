"""Random, damaged and hostile packets for the flow table."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from tests.support.flow_packets import START_NS
from tests.support.flow_run import Batch
from tests.support.packets import Segment, decoded, ethernet, icmp, icmp6, ipv4, ipv6, sctp, tcp, udp


def _segment(random: Random, source: str, destination: str) -> Segment:
    payload = random.randbytes(random.choice((0, 0, 1, 30)))
    ports: dict[str, Any] = {name: random.choice((53, 80, 40000)) for name in ("source_port", "destination_port")}
    quote = ipv4(udp(**ports), source=destination, destination=source)
    flags = random.choice((0, 1, 2, 4, 16, 17, 18, 20, 24, 63))
    sequence = random.choice((0, 1, 2**32 - 1, random.randrange(2**32)))
    options = bytes(random.choice((0, 12, 40)))
    return random.choice(
        (
            tcp(payload, flags=flags, sequence=sequence, options=options, **ports),
            udp(payload, **ports),
            sctp(payload, **ports),
            icmp(payload, kind=random.randrange(20), rest=random.choice((b"\0\1\0\1", b"\0\2\0\0"))),
            icmp(quote[: random.randrange(len(quote) + 1)], kind=3, code=3),
            icmp6(payload, kind=random.choice((1, 128, 129, 135))),
        )
    )


def frame(random: Random) -> bytes:
    """Return a packet among few hosts and ports, so that flows meet again, now and then damaged."""
    source, destination = random.sample(("192.0.2.1", "192.0.2.2", "198.51.100.1", "10.0.0.1"), 2)
    segment = _segment(random, source, destination)
    if random.random() < 0.2:
        whole = ethernet(ipv6(segment, source=random.choice(("2001:db8::1", "2001:db8::2"))))
    else:
        cut, more = random.choice((0, 0, 0, 100)), random.random() < 0.1
        packet = ipv4(segment, source=source, destination=destination, fragment=cut, more=more)
        whole = ethernet(packet, vlans=random.choice(((), (), (5,))))
    damage = random.random()
    if damage < 0.05:
        return whole[: random.randrange(len(whole))]
    if damage < 0.1:
        octets = bytearray(whole)
        for _ in range(3):
            octets[random.randrange(len(octets))] = random.randrange(256)
        return bytes(octets)
    return whole


def batches(seed: int, count: int) -> Iterator[Batch]:
    """Give `count` packets by 100, some with times, places and lengths that lie."""
    random = Random(seed)
    now = START_NS
    for _ in range(count // 100):
        frames = [frame(random) for _ in range(100)]
        times = [now + random.randrange(-(10**9), 3 * 10**9) for _ in frames]
        if random.random() < 0.02:
            times[random.randrange(100)] = random.choice((0, 2**64 - 1, 2**63))
        seen = decoded(frames, start_ns=times, wire=[len(each) + random.choice((0, 0, 700)) for each in frames])
        assert seen.frames is not None
        if random.random() < 0.1:
            seen.frames.index["at"][:3] = random.choice((2**64 - 1, 2**63, len(seen.frames.buffer)))
            seen.records["payload_at"][3:6] = random.choice((0, 3, 2**32 - 1))
        now += random.choice((0, 10**9, 10**10))
        yield Batch(seen.records, seen.frames.buffer, seen.frames.index, random.random() < 0.9, now)


def save(path: Path, listed: Iterable[Batch]) -> None:
    """Write batches for `flow_run`."""
    held = list(listed)
    arrays: dict[str, Any] = {
        "framed": np.array([batch.framed for batch in held]),
        "now": np.array([batch.now_ns for batch in held], np.uint64),
    }
    for number, batch in enumerate(held):
        arrays |= {f"r{number}": batch.records, f"b{number}": batch.buffer, f"i{number}": batch.index}
    with path.open("wb") as file:
        np.savez(file, **arrays)
