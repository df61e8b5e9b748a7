"""Carpet bombing: a whole prefix is flooded, each of its addresses with too little to be told alone.

What counts is traffic that no address of the prefix answers, summed; a scan brings a few packets to each address, a
carpet many. Where so many addresses of one prefix are over their own bounds that it is clearly one attack, it is told
as carpet bombing too, and not once for each address.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api import Severity, Value
from netmon.api.traffic import MAPPED, Second
from rules.traffic import telling
from rules.traffic.episode import Seen
from rules.traffic.floods.flood import Text, counted, from_whom, sources_of
from rules.traffic.floods.senders import senders
from rules.traffic.floods.settings import CarpetBombingSettings
from rules.traffic.floods.view import View
from rules.traffic.learned import Keys, Learned, Numbers, hashed
from rules.traffic.learned_settings import LearnedSettings
from rules.traffic.tables.sketch import distinct

_SEGMENTS_EACH: Final = 100.0  # TCP packets that may come for one that is sent back
_NARROW_V4, _WIDE_V4, _WIDE_V6 = 24, 16, 48
_WIDE_LAST: Final = np.uint64(0xFFFF)
_LAST_OCTET: Final = np.uint64(0xFF)


@dataclass(frozen=True, slots=True)
class Carpet:
    """A prefix under attack in one window."""

    hi: int  # the prefix's first address
    lo: int
    length: int  # of the prefix
    rows: NDArray[np.intp]  # of the view: who gets it
    rate: float
    bound: float
    normal: float


class CarpetBombing:
    """Carpet bombing of our prefixes."""

    name = "carpet_bombing"
    technique = "T1498.001"

    def __init__(self, settings: CarpetBombingSettings, learned: LearnedSettings) -> None:
        """Know no prefix yet."""
        self.settings = settings
        self.learned = Learned(("unanswered",), learned)

    def judge(self, view: View, attacked: Sequence[tuple[str, int]]) -> list[Carpet]:
        """Return the prefixes under attack and learn of the others; `attacked`: detectors with the rows they tell."""
        settings, length = self.settings, view.second.length_s
        if not len(view):
            return []
        hi, lo = _prefixes(view.rows["hi"], view.rows["lo"])
        rates = _unanswered(view)
        alone = np.zeros(len(view), np.bool_)
        alone[np.array([row for _, row in attacked], np.intp)] = True
        _, one, group = np.unique(hashed(hi, lo), return_index=True, return_inverse=True)
        keys = np.stack((hi[one], lo[one]), axis=1)
        sums = np.bincount(group, rates, len(keys))
        levels, bounds = self.learned.normal(keys[:, 0], keys[:, 1], np.array([settings.floor_per_s]), view.second.end)
        order = np.argsort(group, kind="stable")
        first = np.searchsorted(group[order], np.arange(len(keys) + 1))
        most = _most_alike(attacked, group, len(keys))
        found, told = [], []
        for place in np.flatnonzero(sums > bounds[:, 0]):
            mine = order[first[place] : first[place + 1]]
            hit = mine[rates[mine] >= settings.host_per_s]
            if most[place] >= settings.victims or self._even(view, hit[~alone[hit]], rates):
                told.append(place)
                found.append(
                    Carpet(
                        int(keys[place, 0]),
                        int(keys[place, 1]),
                        _length(int(keys[place, 0]), int(keys[place, 1])),
                        hit,
                        float(sums[place]),
                        float(bounds[place, 0]),
                        float(levels[place, 0]),
                    )
                )
        held = np.zeros((len(keys), 1), np.bool_)
        held[told] = True
        held |= np.bincount(group, alone, len(keys))[:, np.newaxis] > 0
        self.learned.learn(
            keys[:, 0],
            keys[:, 1],
            np.asarray(sums, np.float64)[:, np.newaxis],
            bounds=bounds,
            held=held,
            at=view.second.end,
            length_s=length,
        )
        return _widened(sorted(found, key=lambda each: (each.hi, each.lo)), settings.prefixes)

    def _even(self, view: View, hit: NDArray[np.intp], rates: Numbers) -> bool:
        """Tell whether many addresses have their part in it, and none too much of it."""
        settings, total = self.settings, float(rates[hit].sum())
        if len(hit) < settings.hosts or total < settings.floor_per_s:
            return False
        if float(rates[hit].max()) > settings.most_share * total:
            return False
        flows = np.sort(view.flows[hit])
        return float(flows[(len(hit) - 1) // 2] + flows[len(hit) // 2]) / 2 >= settings.flows

    def seen(self, carpet: Carpet, view: View, site: str) -> Seen:
        """Return an attack on a prefix as it is said."""
        prefix = f"{telling.address(carpet.hi, carpet.lo)}/{carpet.length}"
        rows, length = carpet.rows, view.second.length_s
        records = _records_of(view.second, carpet)
        octets = int(view.rows["bytes"][rows].sum())
        bits = float(octets) * 8 / length
        peers = np.bitwise_or.reduce(view.rows["peers"][rows], axis=0)
        ratio = carpet.rate / carpet.bound
        many = senders(records, lambda: records, view.sampled, float(distinct(peers)))
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
            counts={"packets": round(carpet.rate * length), "bytes": octets},
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


def _unanswered(view: View) -> Numbers:
    """Return for each address the packets a second that it did not answer, of whatever kind."""
    segments = np.maximum(view.rate("segments") - _SEGMENTS_EACH * view.sent_s("tcp"), 0.0)
    kinds = ("half_open", "syn_ack", "rst", "udp", "icmp")
    total = segments + np.sum([view.rate(kind) for kind in kinds], axis=0)
    return np.where(view.blind, 0.0, total)


def _most_alike(attacked: Sequence[tuple[str, int]], group: NDArray[np.intp], groups: int) -> NDArray[np.int64]:
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
    records: NDArray[np.void] = second.sample[mine]
    return records


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
        told.append(Carpet(hi, lo, length, np.concatenate([part.rows for part in parts]), rate, bound, normal))
    return told


_FORMS: Final = {
    "en": "Carpet bombing of {prefix}: {rate} to {hosts}, {bits}, {ratio} what is too much there, from {source}",
    "id": "Serangan karpet ke {prefix}: {rate} ke {hosts}, {bits}, {ratio} batas wajar di sana, dari {source}",
}
_OVER: Final = {
    "en": "Carpet bombing of {prefix} is over after {lasted}: {count} and {octets} in all, at most {rate} to {hosts}, "
    "{bits}, {ratio} what is too much there, from {source}",
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
