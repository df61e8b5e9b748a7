"""Carpet bombing: a whole prefix is flooded, each of its addresses with too little to be told alone.

What counts is traffic that no address of the prefix answers, summed; a scan brings a few packets to each address, a
carpet many. Where so many addresses of one prefix are over their own bounds that it is clearly one attack, it is told
as carpet bombing too, and not once for each address.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from netmon.api import Severity, Value
from netmon.api.traffic import MAPPED, Second
from rules.traffic import telling
from rules.traffic.episode import Seen
from rules.traffic.floods.carpet_kernel import spread
from rules.traffic.floods.flood import Text, counted, from_whom, sources_of
from rules.traffic.floods.senders import senders
from rules.traffic.floods.settings import CarpetBombingSettings
from rules.traffic.floods.view import TOLD, Judged
from rules.traffic.learned import Keys, Learned, Numbers, hashed
from rules.traffic.learned_settings import LearnedSettings
from rules.traffic.numbering import Numbering
from rules.traffic.tables.sketch import distinct

_NARROW_V4, _WIDE_V4, _WIDE_V6 = 24, 16, 48
_WIDE_LAST: Final = np.uint64(0xFFFF)
_LAST_OCTET: Final = np.uint64(0xFF)


@dataclass(frozen=True, slots=True)
class Carpet:
    """A prefix under attack in one window."""

    hi: int  # the prefix's first address
    lo: int
    length: int  # of the prefix
    rows: NDArray[np.intp]  # of those that are judged: who gets it
    octets: int  # that they got in all
    peers: Keys  # u8[8]: the sketch of everybody who sends to them
    rate: float
    bound: float
    normal: float


class _Parts(NamedTuple):
    """What some prefixes get, as `spread` sums it."""

    sums: Numbers
    met: NDArray[np.int32]
    octets: Keys
    peers: Keys


class CarpetBombing:
    """Carpet bombing of our prefixes."""

    name = "carpet_bombing"
    technique = "T1498.001"

    def __init__(self, settings: CarpetBombingSettings, learned: LearnedSettings) -> None:
        """Know no prefix yet."""
        self.settings = settings
        self.learned = Learned(("unanswered",), learned)
        self._floors = np.array([settings.floor_per_s])
        self._numbering = Numbering()

    def judge(self, judged: Judged, attacked: Sequence[tuple[str, int]]) -> list[Carpet]:
        """Return the prefixes under attack and learn of the others; `attacked`: detectors with the rows they tell."""
        settings, second = self.settings, judged.second
        if not len(judged):
            return []
        hi, lo = _prefixes(judged.hi, judged.lo)
        alone = np.zeros(len(judged), np.bool_)
        alone[np.array([row for _, row in attacked], np.intp)] = True
        group, count = self._numbering.number(hashed(hi, lo))
        one = np.empty(count, np.intp)
        one[group[::-1]] = np.arange(len(group) - 1, -1, -1)  # where each is met first
        hi, lo = hi[one], lo[one]
        sums = np.bincount(group, judged.unanswered, count)
        levels, bounds = self.learned.normal(hi, lo, self._floors, second.end)
        above = np.flatnonzero(sums > bounds[:, 0])
        many = _most_alike(attacked, group, count)[above] >= settings.victims
        parts = self._parts(judged, group, above, alone)
        chosen = np.flatnonzero(many | self._is_even(parts))
        told = above[chosen]
        held = np.bincount(group, alone, count) > 0
        held[told] = True
        self.learned.learn(
            hi,
            lo,
            np.asarray(sums, np.float64)[:, np.newaxis],
            floors=self._floors,
            held=held[:, np.newaxis],
            at=second.end,
            length_s=second.length_s,
        )
        found = []
        for part, place, rows in zip(chosen, told.tolist(), self._hit(judged, group, told), strict=True):
            high, low = int(hi[place]), int(lo[place])
            seen = high, low, _length(high, low), rows, int(parts.octets[part]), parts.peers[part]
            found.append(Carpet(*seen, float(sums[place]), float(bounds[place, 0]), float(levels[place, 0])))
        return _widened(sorted(found, key=lambda each: (each.hi, each.lo)), settings.prefixes)

    def _parts(
        self, judged: Judged, group: NDArray[np.uint32], above: NDArray[np.intp], alone: NDArray[np.bool_]
    ) -> _Parts:
        """Return what some prefixes get, in one reading of their addresses."""
        count = len(above)
        parts = _Parts(
            np.zeros((count, 2)),
            np.zeros((count, len(TOLD)), np.int32),
            np.zeros(count, np.uint64),
            np.zeros((count, 8), np.uint64),
        )
        wanted = np.full(int(group.max()) + 1, -1, np.int32)
        wanted[above] = np.arange(count)
        table, least = np.ascontiguousarray(judged.second.destinations), self.settings.host_per_s
        spread(table, judged.places, group, wanted, judged.unanswered, alone, least, *parts)
        return parts

    def _is_even(self, parts: _Parts) -> NDArray[np.bool_]:
        """Tell in which prefixes many addresses have their part, and none too much of it."""
        settings = self.settings
        up_to, total = np.cumsum(parts.met, axis=1), parts.sums[:, 0]
        hosts = up_to[:, -1:]
        # The middle one of their flows, or the mean of the two that are.
        halves = [(up_to <= place).sum(axis=1) for place in (np.maximum(hosts - 1, 0) // 2, hosts // 2)]
        lower, upper = (TOLD[np.minimum(half, len(TOLD) - 1)] for half in halves)
        shared = (parts.sums[:, 1] <= settings.most_share * total) & (total >= settings.floor_per_s)
        return np.asarray((hosts[:, 0] >= settings.hosts) & shared & ((lower + upper) / 2 >= settings.flows))

    def _hit(self, judged: Judged, group: NDArray[np.uint32], told: NDArray[np.intp]) -> list[NDArray[np.intp]]:
        """Return the rows that get the attacks on some prefixes."""
        if not len(told):
            return []
        order = np.full(int(group.max()) + 1, -1, np.int32)
        order[told] = np.arange(len(told))
        rows = np.flatnonzero((judged.unanswered >= self.settings.host_per_s) & (order[group] >= 0))
        place = order[group[rows]]
        by_prefix = np.argsort(place.astype(np.uint16) if len(told) < 1 << 16 else place, kind="stable")  # by counting
        return np.split(rows[by_prefix], np.cumsum(np.bincount(place, minlength=len(told)))[:-1])

    def seen(self, carpet: Carpet, judged: Judged, site: str) -> Seen:
        """Return an attack on a prefix as it is said."""
        prefix = f"{telling.address(carpet.hi, carpet.lo)}/{carpet.length}"
        view, rows, length = judged.view, carpet.rows, judged.second.length_s
        records = _records_of(view.second, carpet)
        bits = float(carpet.octets) * 8 / length
        ratio = carpet.rate / carpet.bound
        many = senders(records, lambda: records, view.sampled, float(distinct(carpet.peers)))
        who = sources_of(records, many)
        evidence: dict[str, str | Value] = {
            "packets_per_s": round(carpet.rate, 1),
            "bits_per_s": round(bits),
            "hosts": len(rows),
            "normal_per_s": round(carpet.normal, 1),
            "bound_per_s": round(carpet.bound, 1),
            "ratio": round(ratio, 1),
            "protocols": ", ".join(
                f"{telling.protocol(code)} {telling.share(part)}"
                for (code,), part in telling.top(records, "protocol", count=3)
            ),
            **{name: value for name, value in who.items() if name != "source_text"},
            **telling.samples(records),
        }
        return Seen(
            key=prefix,
            target=site or prefix,
            severity=Severity.CRITICAL if ratio >= 10 else Severity.ERROR,
            source=str(who["source_text"]),
            victim=prefix,
            text={language: _text(prefix, language) for language in _FORMS},
            counts={"packets": round(carpet.rate * length), "bytes": carpet.octets},
            peaks={
                "packets_per_s": round(carpet.rate, 1),
                "bits_per_s": round(bits),
                "hosts": len(rows),
                "ratio": round(ratio, 1),
                "distinct_sources": float(many.all),
                "sampled_sources": float(many.met),
            },
            evidence=evidence,
            since=view.second.start,
        )


def _length(hi: int, lo: int) -> int:
    """Return how long the prefix of an address is that is watched as one."""
    return _NARROW_V4 if hi == 0 and lo >> 32 == MAPPED >> 32 else 64


def _prefixes(hi: Keys, lo: Keys) -> tuple[Keys, Keys]:
    """Return the first addresses of the prefixes of addresses."""
    four = (hi == 0) & (lo >> np.uint64(32) == np.uint64(MAPPED >> 32))
    return hi, np.where(four, lo & ~_LAST_OCTET, np.uint64(0))


def _most_alike(attacked: Sequence[tuple[str, int]], group: NDArray[np.uint32], groups: int) -> NDArray[np.int64]:
    """Return for each prefix how many of its addresses the detector tells of that tells of most (i8[groups])."""
    most = np.zeros(groups, np.int64)
    for name in {name for name, _ in attacked}:
        rows = np.array([row for told, row in attacked if told == name], np.intp)
        most = np.maximum(most, np.bincount(group[rows], minlength=groups))
    return most


def _records_of(second: Second, carpet: Carpet) -> NDArray[np.void]:
    hi, lo = second.sample["destination_hi"], second.sample["destination_lo"]
    if carpet.length == _WIDE_V4:
        mine = (hi == np.uint64(carpet.hi)) & (lo & ~_WIDE_LAST == np.uint64(carpet.lo))
    elif carpet.length == _WIDE_V6:
        mine = hi & ~_WIDE_LAST == np.uint64(carpet.hi)
    else:
        hi, lo = _prefixes(hi, lo)
        mine = (hi == np.uint64(carpet.hi)) & (lo == np.uint64(carpet.lo))
    return telling.picked(second.sample, np.flatnonzero(mine))


def _widened(found: Sequence[Carpet], several: int) -> list[Carpet]:
    """Return the attacks on prefixes with those as one that are on several of one /16, or /48 of IPv6."""
    wide: dict[tuple[int, int, int], list[Carpet]] = {}
    for each in found:
        four = each.length == _NARROW_V4
        first = (each.hi, each.lo & ~0xFFFF, _WIDE_V4) if four else (each.hi & ~0xFFFF, 0, _WIDE_V6)
        wide.setdefault(first, []).append(each)
    told: list[Carpet] = []
    for (hi, lo, length), parts in wide.items():
        if len(parts) < several:
            told += parts
            continue
        rate, bound, normal = (sum(getattr(part, name) for part in parts) for name in ("rate", "bound", "normal"))
        rows, octets = np.concatenate([part.rows for part in parts]), sum(part.octets for part in parts)
        peers = np.bitwise_or.reduce([part.peers for part in parts])
        told.append(Carpet(hi, lo, length, rows, octets, peers, rate, bound, normal))
    return told


_FORMS: Final = {
    "en": "Carpet bombing of {prefix} from {source}: {rate} to {hosts}, {bits}, {ratio} the limit there",
    "id": "Serangan karpet ke {prefix} dari {source}: {rate} ke {hosts}, {bits}, {ratio} batas wajar di sana",
}
_OVER: Final = {
    "en": "Carpet bombing of {prefix} is over after {lasted}: {count} and {octets} in all, at most {rate} to {hosts}, "
    "{bits}, {ratio} the limit there, from {source}",
    "id": "Serangan karpet ke {prefix} selesai setelah {lasted}: seluruhnya {count} dan {octets}, paling banyak {rate} "
    "ke {hosts}, {bits}, {ratio} batas wajar di sana, dari {source}",
}


def _text(prefix: str, language: str) -> Text:
    def make(evidence: Mapping[str, str | Value]) -> str:
        over = "lasted_s" in evidence
        which = "peak_" if over else ""
        return (_OVER if over else _FORMS)[language].format(
            prefix=prefix,
            rate=telling.packets(float(evidence[f"{which}packets_per_s"]), language),
            hosts=telling.addresses(float(evidence[f"{which}hosts"]), language),
            bits=telling.bits(float(evidence[f"{which}bits_per_s"]), language),
            ratio=telling.times(float(evidence[f"{which}ratio"]), language),
            source=from_whom(evidence, which, language),
            count=counted(evidence, "packets", language),
            octets=telling.octets(float(evidence.get("total_bytes", 0)), language),
            lasted=telling.duration(float(evidence.get("lasted_s", 0)), language),
        )

    return make
