"""Tunnels in ICMP echo: messages between two hosts that carry something and are no echo of each other.

Who is asked for an echo returns what was sent, octet by octet (RFC 792; RFC 4443, 4.2), and what asks, as a ping, sends
messages of one size. A tunnel (ptunnel, hans, icmptunnel, icmpsh) carries packets or a shell: sizes vary, answers are
of other sizes than their requests, or there are answers that nobody asked for. A flow's record tells this by its means:
the octets of messages of one size are a multiple of their number.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api import Finding, Severity, Value
from netmon.api.networks import Networks
from netmon.api.traffic import Second
from rules.traffic import telling
from rules.traffic.episode import Closing, Episodes, Seen
from rules.traffic.hidden.settings import IcmpTunnelSettings
from rules.traffic.hidden.sides import Address, Records, Sides
from rules.traffic.hidden.sides_kernel import DESTINATION_OWN, ECHO, SOURCE_OWN

_Key: TypeAlias = tuple[int, int, int, int]
_Evidence: TypeAlias = Mapping[str, str | Value]
_HEADERS: Final = 42  # octets of Ethernet, IPv4 and ICMP: what lies behind is the message's own
_SHORTEST: Final = 64  # octets of a frame: shorter ones are padded, in one direction seen and in the other not
_FRAGMENTED: Final = 1_200  # octets from which a message may be a first fragment, whose size a path decides
_SIZES_MAX: Final = 64  # sizes remembered of a pair: above every threshold


@dataclass(slots=True)
class _Pair:
    """What two hosts sent each other in echo messages since a time."""

    since: float
    began_ns: int  # the first message's time
    requests: int = 0
    replies: int = 0
    request_octets: int = 0
    reply_octets: int = 0
    mixed: bool = False  # sizes varied within a flow
    carried: float = 0.0  # octets that are no echo
    plain: float = 0.0  # the same from flows whose messages are of one size each
    echoed: float = 0.0  # octets behind the headers, of requests of varied size
    echoed_requests: int = 0
    sizes: set[int] = field(default_factory=set)  # of flows whose messages are of one size


class IcmpTunnel(Closing):
    """T1095: data in ICMP echo messages."""

    name = "icmp_tunnel"
    judges_flows = True

    def __init__(self, settings: IcmpTunnelSettings, networks: Networks) -> None:
        self._settings = settings
        self._networks = networks
        self._sides = Sides(networks, settings.ignored)
        self._pairs: OrderedDict[_Key, _Pair] = OrderedDict()
        self._episodes = Episodes(self.name, "T1095", quiet_s=settings.quiet_s, repeat_s=settings.repeat_s)
        self.dropped = 0  # pairs forgotten for want of room
        self.skipped = 0  # flows not judged, for want of time

    def observe(self, second: Second) -> Iterator[Finding]:
        """Judge the flows that ended in one window."""
        touched: dict[_Key, _Pair] = {}
        rows = self._chosen(second) if len(second.ended) else second.ended
        for told in zip(*(rows[name].tolist() for name in _FIELDS), strict=True):
            key = _between(told[:4])
            touched[key] = self._pair(key, second, told[4])
            _add(touched[key], *told[5:])
        for key, pair in touched.items():
            if self._is_tunnel(pair):
                yield from self._episodes.see(self._seen(key, pair), second.end)
                # What was told is not counted again: the next finding's totals are of what came since.
                self._pairs.pop(key, None)  # unless it was crowded out meanwhile
        yield from self._episodes.tick(second.end)

    def save(self) -> Mapping[str, NDArray[np.generic]]:
        """Return nothing: a tunnel that goes on is seen again."""
        return {}

    def restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Take nothing."""

    def _chosen(self, second: Second) -> Records:
        """Return the echo flows in which one of our hosts takes part, the largest of them where they are many."""
        look = self._sides.look(second)
        places = look.rows(ECHO)
        places = places[look.marks[places] & (SOURCE_OWN | DESTINATION_OWN) != 0]
        rows = second.ended[self._sides.unless_ignored(second.ended, places, "source", "destination")]
        most = max(1, int(self._settings.rows_per_s * second.length_s))
        if len(rows) > most:
            self.skipped += len(rows) - most
            octets = rows["bytes"] + rows["reply_bytes"]
            rows = rows[np.sort(np.argpartition(octets, -most)[-most:])]
        chosen: Records = rows
        return chosen

    def _pair(self, key: _Key, second: Second, start_ns: int) -> _Pair:
        pair = self._pairs.get(key)
        if pair is None or second.end - pair.since > self._settings.window_s:
            pair = self._pairs[key] = _Pair(second.end, start_ns)
        pair.began_ns = min(pair.began_ns, start_ns)
        self._pairs.move_to_end(key)
        if len(self._pairs) > self._settings.pairs:
            self._pairs.popitem(last=False)
            self.dropped += 1
        return pair

    def _is_tunnel(self, pair: _Pair) -> bool:
        settings = self._settings
        if pair.requests + pair.replies < settings.packets:
            return False
        carried = self._carried(pair)
        if carried >= settings.carried_octets:
            return True
        return pair.echoed_requests >= settings.echoed_packets and pair.echoed >= settings.echoed_octets

    def _carried(self, pair: _Pair) -> float:
        """Return the octets that are no echo. Flows of one size each count where there are several sizes."""
        varied = len(pair.sizes) >= self._settings.distinct_sizes
        return pair.carried + (pair.plain if varied else 0.0)

    def _seen(self, key: _Key, pair: _Pair) -> Seen:
        ends: tuple[Address, Address] = (key[:2], key[2:])
        # Ours comes first, where the other is outside.
        ours, theirs = ends if self._sides.is_outside(ends[1]) or not self._sides.is_outside(ends[0]) else ends[::-1]
        source, victim = telling.address(*ours), telling.address(*theirs)
        octets = round(max(self._carried(pair), pair.echoed))
        return Seen(
            key=f"{telling.address(*key[:2])}-{telling.address(*key[2:])}",
            target=self._networks.name_of(*ours),
            severity=Severity.ERROR if octets >= self._settings.error_octets else Severity.WARNING,
            source=source,
            victim=victim,
            text=_TEXT,
            counts={"octets": octets, "messages": pair.requests + pair.replies},
            evidence={
                "requests": pair.requests,
                "replies": pair.replies,
                "mean_request_octets": round(pair.request_octets / max(pair.requests, 1), 1),
                "mean_reply_octets": round(pair.reply_octets / max(pair.replies, 1), 1),
                "carried_octets": octets,
                "sizes_vary": pair.mixed or len(pair.sizes) > 1,
            },
            labels={"peer": victim},
            since=pair.began_ns / 1e9,
        )


def _between(told: tuple[int, ...]) -> _Key:
    """Return two addresses in order, whoever began."""
    one, other = (told[0], told[1]), (told[2], told[3])
    return (*one, *other) if one <= other else (*other, *one)


def _add(pair: _Pair, requests: int, octets: int, replies: int, reply_octets: int) -> None:
    """Add a flow: its echo requests and replies, and the octets of both."""
    pair.requests += requests
    pair.replies += replies
    pair.request_octets += octets
    pair.reply_octets += reply_octets
    mixed = bool((requests and octets % requests) or (replies and reply_octets % replies))
    pair.mixed |= mixed
    sent = octets / requests if requests else 0.0
    returned = reply_octets / replies if replies else 0.0
    if not mixed:
        _add_plain(pair, sent, returned, min(requests, replies))
        return
    # Octets in answers, or in requests, beyond what an echo would bring.
    pair.carried += min(requests, replies) * abs(sent - returned)
    if replies > requests:
        pair.carried += (replies - requests) * max(returned - _HEADERS, 0.0)
    if not replies:
        pair.carried += max(octets - _HEADERS * requests, 0)
    elif requests:
        pair.echoed += max(octets - _HEADERS * requests, 0)
        pair.echoed_requests += requests


def _add_plain(pair: _Pair, sent: float, returned: float, pairs: int) -> None:
    """Add a flow whose requests, and whose replies, are of one size: a ping, or one message of a tunnel."""
    sent, returned = max(sent, _SHORTEST), max(returned, _SHORTEST)
    if len(pair.sizes) < _SIZES_MAX:
        pair.sizes.update((round(sent), round(returned)))
    if min(sent, returned) < _FRAGMENTED:
        pair.plain += pairs * abs(sent - returned)


_FIELDS: Final = (
    "source_hi",
    "source_lo",
    "destination_hi",
    "destination_lo",
    "start_ns",
    "packets",
    "bytes",
    "reply_packets",
    "reply_bytes",
)


def _english(evidence: _Evidence) -> str:
    return (
        f"{evidence['source']} and {evidence['target']} carry data in ICMP echo: {_count(evidence)} messages with "
        f"{telling.octets(float(evidence['total_octets']))} that are no ordinary echo"
    )


def _indonesian(evidence: _Evidence) -> str:
    return (
        f"{evidence['source']} dan {evidence['target']} membawa data dalam ICMP echo: {_count(evidence, 'id')} pesan "
        f"dengan {telling.octets(float(evidence['total_octets']), 'id')} yang bukan echo biasa"
    )


def _count(evidence: _Evidence, language: str = "en") -> str:
    return telling.number(float(evidence["total_messages"]), language)


_TEXT: Final[Mapping[str, Callable[[_Evidence], str]]] = {"en": _english, "id": _indonesian}
