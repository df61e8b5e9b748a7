"""Beacons: a host of ours that contacts one address outside at regular intervals, with messages alike in size.

Malware asks its server for orders so (MITRE ATT&CK T1071), with a pause that it varies by up to a half. For each pair
of our host and an outside service the newest intervals and sizes are kept. Intervals are regular when their deviations
from the median are small (the idea is that of RITA: dispersion of intervals and of sizes, and their number): a pause
that varies between the half and the whole of its length has a median deviation of 1/6, contacts by chance have 0.66.
Much of what is ordinary is regular too. It is told apart by its port, by how many of our hosts use the same network,
and by how many services the host contacts regularly: one that monitors has many.
"""

from array import array
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api import Finding, Severity
from netmon.api.networks import Networks
from netmon.api.traffic import Second
from rules.traffic import telling
from rules.traffic.episode import Closing, Episodes, Seen
from rules.traffic.hidden.acquaintances import Acquaintances
from rules.traffic.hidden.beacon_kernel import DONE, GROWN
from rules.traffic.hidden.beacon_words import TEXT
from rules.traffic.hidden.settings import BeaconSettings
from rules.traffic.hidden.sides import Address, Keys, Records, Rows, Sides, grouped, is_finite, keyed
from rules.traffic.hidden.sides_kernel import CONTACT, DESTINATION_OUTSIDE, SOURCE_OWN
from rules.traffic.learned import hashed

_Key: TypeAlias = tuple[int, int, int, int, int, int]  # source and destination halves, destination port, protocol
_KEPT: Final = 48  # intervals remembered of a pair: quantiles of a tenth then rest on five
_MANY: Final = 64  # flows of one pair in one window that are looked at: all are one or few contacts
_PORTS: Final = 8  # source ports remembered of a pair: streams that go on side by side in parts
_CHOSEN: Final = CONTACT | SOURCE_OWN | DESTINATION_OUTSIDE
_PORT: Final = np.uint32(0xFFFF)
_FIELDS: Final = ("source_hi", "source_lo", "destination_hi", "destination_lo", "destination_port", "protocol")
_CONTACT: Final = ("start_ns", "source_port", "tcp_flags", "bytes")
_SAVED: Final = np.dtype(
    [
        ("key", "u8", 6),
        ("first_s", "f8"),
        ("last_s", "f8"),
        ("ports", "u2", _PORTS),
        ("kept", "u1"),
        ("beats", "u4"),
        ("gaps_s", "f4", _KEPT),
        ("octets", "f4", _KEPT),
    ]
)


@dataclass(slots=True)
class _Pair:
    key: _Key
    first_s: float
    last_s: float  # when the newest contact began
    ports: tuple[int, ...]  # that the newest contacts came from
    beats: int = 1
    regular: int = 0  # contacts for which it has been regular
    since_s: float = 0.0  # where the regular contacts begin
    gaps_s: "array[float]" = field(default_factory=lambda: array("f"))
    octets: "array[float]" = field(default_factory=lambda: array("f"))  # sent in each contact


@dataclass(frozen=True, slots=True)
class _Rhythm:
    """What a pair's contacts are like."""

    interval_s: float
    dispersion: float
    spread: float
    octets: float
    size_dispersion: float


class Beacon(Closing):
    """T1071: regular contacts of our hosts with an address outside."""

    name = "beacon"
    judges_flows = True

    def __init__(self, settings: BeaconSettings, networks: Networks) -> None:
        self._settings = settings
        self._networks = networks
        self._sides = Sides(networks, settings.known_destinations)
        self._ignored_ports = np.zeros(1 << 16, np.bool_)
        self._ignored_ports[list(settings.ignored_ports)] = True
        self._acquaintances = Acquaintances(settings.pairs // 2, settings.pairs, settings.common_hosts)
        self._grown: OrderedDict[int, _Pair] = OrderedDict()  # pairs of several contacts, by number
        self._hosts: set[Address] = set()  # of ours that were seen, at most `common_hosts` of them
        self._regular: dict[Address, set[_Key]] = {}  # regular pairs, by our host
        self._episodes = Episodes(self.name, "T1071", quiet_s=settings.quiet_s, repeat_s=settings.repeat_s)
        self._forgotten = 0  # pairs of several contacts
        self.skipped = 0  # pairs of a window not judged, for want of time

    @property
    def dropped(self) -> int:
        """Return how many pairs were forgotten for want of room."""
        return self._forgotten + self._acquaintances.dropped

    def observe(self, second: Second) -> Iterator[Finding]:
        """Judge the flows that ended in one window."""
        if len(second.ended):
            for key, pair in self._contacts(second):
                yield from self._judge(key, pair, second.end)
        yield from self._episodes.tick(second.end)

    def save(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the pairs of several contacts."""
        rows = np.zeros(len(self._grown), _SAVED)
        for row, pair in zip(rows, self._grown.values(), strict=True):
            kept = len(pair.gaps_s)
            row["key"], row["first_s"], row["last_s"] = pair.key, pair.first_s, pair.last_s
            row["ports"][: len(pair.ports)], row["beats"], row["kept"] = pair.ports, pair.beats, kept
            row["gaps_s"][:kept], row["octets"][: len(pair.octets)] = pair.gaps_s, pair.octets
        return {"pairs": rows} if len(rows) else {}

    def restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Go on with what `save` gave; ValueError where that is of another layout."""
        rows = arrays.get("pairs")
        if rows is None:
            return
        if rows.dtype != _SAVED or np.any(rows["kept"] > _KEPT):  # type: ignore[call-overload] # structured
            raise ValueError("pairs of another layout")
        if not is_finite(rows, "first_s", "last_s", "gaps_s", "octets"):
            raise ValueError("pairs that cannot be")
        saved: Any = rows[-(self._settings.pairs // 2) :]
        for number, row in zip(_numbers(saved["key"]).tolist(), saved, strict=True):
            kept = int(row["kept"])
            ports, beats = tuple(row["ports"].tolist()), int(row["beats"])
            pair = _Pair(tuple(row["key"].tolist()), float(row["first_s"]), float(row["last_s"]), ports, beats)
            pair.gaps_s.extend(row["gaps_s"][:kept].tolist())
            pair.octets.extend(row["octets"][: min(kept + 1, _KEPT)].tolist())
            self._grown[number] = pair

    def _contacts(self, second: Second) -> Iterator[tuple[_Key, _Pair]]:
        """Add what the flows tell to pairs; yield those of several contacts to which one came."""
        flows, look, settings = second.ended, self._sides.look(second), self._settings
        rows = look.rows(_CHOSEN)
        rows = rows[~self._ignored_ports[look.services[rows] & _PORT]]
        rows = self._sides.unless_ignored(flows, rows, "destination")
        keys = keyed(look.pairs[rows], look.services[rows])
        order, edges = grouped(keys)
        most = max(1, int(settings.groups_per_s * second.length_s))
        self.skipped, edges = self.skipped + max(0, len(edges) - 1 - most), edges[: most + 1]
        rows, numbers = rows[order[: edges[-1]]], keys[order[edges[:-1]]]
        rows, edges = _earliest(flows["start_ns"], rows, edges)
        self._meet(flows, rows[edges[:-1]])
        grown = np.fromiter(map(self._grown.__contains__, numbers.tolist()), np.bool_, len(numbers))
        handled, risen = self._acquaintances.take(flows, rows, edges, numbers, grown, second.end, settings.apart_s)
        new, left, lengths = iter(risen), handled != DONE, np.diff(edges)
        rows, ends = rows[np.repeat(left, lengths)], np.cumsum(lengths[left]).tolist()
        contacts, runs = _told(flows, rows), (numbers[left].tolist(), handled[left].tolist())
        for begin, end, number, taken in zip([0, *ends][: len(ends)], ends, *runs, strict=True):
            if taken:
                self._grow(number, flows[rows[begin]], next(new))
            pair = self._grown[number]
            came = [self._beat(pair, *contact) for contact in contacts[begin + taken : end]]
            self._keep(number)
            if taken or any(came):
                yield pair.key, pair

    def _meet(self, flows: Records, rows: Rows) -> None:
        """Remember some of our hosts: whether several are seen at all."""
        for row in rows.tolist():
            if len(self._hosts) >= self._settings.common_hosts:
                return
            self._hosts.add((int(flows["source_hi"][row]), int(flows["source_lo"][row])))

    def _grow(self, number: int, flow: np.void, row: np.void) -> None:
        key: _Key = tuple(int(flow[name]) for name in _FIELDS)  # type: ignore[assignment] # six of them
        pair = _Pair(key, float(row["first_s"]), float(row["last_s"]), tuple(row["ports"].tolist()), GROWN)
        pair.gaps_s.extend(row["gaps_s"][: GROWN - 1].tolist())
        pair.octets.extend(row["octets"].tolist())
        self._grown[number] = pair

    def _beat(self, pair: _Pair, start_ns: int, port: int, flags: int, octets: int) -> bool:
        """Add one flow to a pair; tell whether it is a new contact."""
        if port in pair.ports and not flags & 2:
            return False  # the same conversation goes on: keep-alives of a tunnel, a stream, an exporter's part
        at = start_ns / 1e9
        gap = at - pair.last_s
        if gap < self._settings.apart_s:
            if gap >= 0:
                pair.octets[-1] += octets
            return False  # what began earlier and ended later cannot be put in its place any more
        pair.gaps_s.append(gap)
        pair.octets.append(octets)
        del pair.gaps_s[:-_KEPT], pair.octets[:-_KEPT]
        pair.last_s, pair.ports = at, (*pair.ports[1 - _PORTS :], port)
        pair.beats += 1
        return True

    def _keep(self, number: int) -> None:
        """Move a pair behind those that were not seen for longer; forget the first where there is no room."""
        self._grown.move_to_end(number)
        if len(self._grown) > self._settings.pairs // 2:
            _, gone = self._grown.popitem(last=False)
            self._unregular(gone.key)
            self._forgotten += 1

    def _unregular(self, key: _Key) -> None:
        pairs = self._regular.get(key[:2])
        if pairs is not None:
            pairs.discard(key)
            if not pairs:
                del self._regular[key[:2]]

    def _judge(self, key: _Key, pair: _Pair, now: float) -> Iterator[Finding]:
        rhythm = self._rhythm(pair)
        if rhythm is None:
            pair.regular = 0
            self._unregular(key)
            return
        if not pair.regular:
            pair.since_s = pair.last_s - sum(pair.gaps_s)
        pair.regular += 1
        pairs = self._regular.setdefault(key[:2], set())
        pairs.add(key)
        settings = self._settings
        if pair.regular <= settings.confirming_beats or pair.last_s - pair.since_s < settings.span_s:
            return
        if len({each[2:4] for each in pairs}) >= settings.poller_pairs:
            return
        if self._acquaintances.users(key[2:4], now - settings.common_s) < settings.common_hosts:
            yield from self._episodes.see(self._seen(key, pair, rhythm), now)

    def _rhythm(self, pair: _Pair) -> _Rhythm | None:
        """Return what a pair's contacts are like, where they are regular."""
        settings = self._settings
        gaps = sorted(pair.gaps_s)
        if len(gaps) < settings.beats - 1:
            return None
        if not settings.shortest_s <= (interval := median(gaps)) <= settings.longest_s:
            return None
        tenth = len(gaps) // 10
        spread = (gaps[-1 - tenth] - gaps[tenth]) / interval
        dispersion = median(abs(gap - interval) for gap in gaps) / interval
        if dispersion > settings.dispersion or spread > settings.spread:
            return None
        usual = median(pair.octets)
        sizes = median(abs(octets - usual) for octets in pair.octets) / max(usual, 1.0)
        if sizes > settings.size_dispersion or usual > settings.largest_octets:
            return None
        return _Rhythm(interval, dispersion, spread, usual, sizes)

    def _seen(self, key: _Key, pair: _Pair, rhythm: _Rhythm) -> Seen:
        source, victim = telling.address(*key[:2]), telling.address(*key[2:4])
        alone = self._acquaintances.users(key[2:4], -np.inf) == 1
        # That only one host of ours talks to a network says something where several are seen at all.
        rare = alone and len(self._hosts) >= self._settings.common_hosts
        return Seen(
            key=f"{source}>{victim}:{key[4]}/{telling.protocol(key[5])}",
            target=self._networks.name_of(*key[:2]),
            severity=Severity.WARNING if rare else Severity.INFO,
            source=source,
            victim=victim,
            text=TEXT,
            evidence={
                "host": self._networks.name_of(*key[:2]),
                "destination": victim,
                "port": telling.service(key[4]),
                "protocol": telling.protocol(key[5]),
                "contacts": pair.beats,
                "interval_s": round(rhythm.interval_s, 1),
                "interval_dispersion": round(rhythm.dispersion, 3),
                "interval_spread": round(rhythm.spread, 3),
                "sent_octets": round(rhythm.octets),
                "size_dispersion": round(rhythm.size_dispersion, 3),
                "only_this_host": rare,
            },
            labels={"destination": victim, "port": str(key[4])},
            since=pair.since_s,
        )


def _earliest(start_ns: Keys, rows: Rows, edges: Rows) -> tuple[Rows, Rows]:
    """Return the rows of runs, of each the earliest `_MANY` at most, and where runs begin then."""
    large = np.flatnonzero(np.diff(edges) > _MANY)
    if not len(large):
        return rows, edges
    kept = np.ones(len(rows), np.bool_)
    for begin, end in zip(edges[large].tolist(), edges[large + 1].tolist(), strict=True):
        kept[begin + np.argsort(start_ns[rows[begin:end]], kind="stable")[_MANY:]] = False
    return rows[kept], np.concatenate([[0], np.cumsum(np.minimum(np.diff(edges), _MANY))])


def _told(flows: Records, rows: Rows) -> list[tuple[int, ...]]:
    """Return starts, source ports, flags and octets of flows."""
    return list(zip(*(flows[name][rows].tolist() for name in _CONTACT), strict=True))


def _numbers(keys: Keys) -> Keys:
    """Return the numbers of pairs from what they are, shape (n, 6), as a look at their flows makes them."""
    ends = [hashed(keys[:, column], keys[:, column + 1]) for column in (0, 2)]
    return keyed(hashed(*ends), keys[:, 5] << np.uint64(16) | keys[:, 4])
