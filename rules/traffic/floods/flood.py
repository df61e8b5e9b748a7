"""What the detectors of floods share: what an attack is, how severe it is, and how it is told."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from netmon.api import Severity, Value
from netmon.api.networks import Networks
from rules.traffic import telling
from rules.traffic.episode import Seen
from rules.traffic.floods.senders import Senders, said, said_of_all, senders
from rules.traffic.floods.settings import SeveritySettings
from rules.traffic.floods.view import View

Text = Callable[[Mapping[str, str | Value]], str]


@dataclass(frozen=True, slots=True)
class Attack:
    """What a detector sees done to one address in one window."""

    row: int  # in the view
    rate: float  # packets (or connections) a second of the attack
    bits_per_s: float
    bound: float
    normal: float
    records: NDArray[np.void]  # RECORD: those of the sample that are the attack's
    evidence: Mapping[str, str | Value] = field(default_factory=dict)
    unit: str = "packets"
    whole: bool = False  # whether `records` are all of the attack's, and no sample
    collapsed: bool = False  # see `is_collapsed`


class Detector(Protocol):
    """Judges a view. `taken` has the names of what is already seen on an address, by row, in this window."""

    name: str
    technique: str
    titles: Mapping[str, str]  # what the attack is called, by language; begins a sentence
    floors: Mapping[str, float]  # the least bounds that it judges by

    def judge(self, view: View, taken: Mapping[int, set[str]]) -> Iterator[Attack]:
        """Give the attacks of one window."""


def crossed(mask: NDArray[np.bool_], rates: NDArray[np.float64]) -> list[int]:
    """Return the rows of a mask, the highest rate first; at most MOST_VICTIMS of them."""
    rows = np.flatnonzero(mask)
    return [int(row) for row in rows[np.argsort(-rates[rows], kind="stable")][:MOST_VICTIMS]]


MOST_VICTIMS: Final = 200
"""Addresses that one detector tells of in a window: more at once are carpet bombing, which is told as one."""


def severity(attack: Attack, settings: SeveritySettings) -> Severity:
    """Return how much an attack matters, by how far it is above its bound and whether its victim still answers."""
    ratio = attack.rate / max(attack.bound, 1e-9)
    if attack.collapsed or ratio >= settings.critical_times or attack.bits_per_s >= settings.critical_bits_per_s:
        return Severity.CRITICAL
    return Severity.ERROR if ratio >= settings.error_times else Severity.WARNING


def is_collapsed(view: View, row: int, attacking: float, settings: SeveritySettings) -> bool:
    """Tell whether an address gives much fewer answers than it usually does, though it is asked.

    `attacking`: packets a second of all attacks on it. Where nothing else comes, it has nobody to answer: its clients
    are gone, and no flood is the cause.
    """
    usual = float(view.level("answers")[row])
    asked = float(view.each_s("packets")[row]) - attacking
    return (
        usual >= settings.collapsed_from_per_s
        and float(view.rate("answers")[row]) < settings.collapsed_share * usual
        and asked >= settings.collapsed_asked_share * usual
    )


def victim_of(view: View, attack: Attack) -> str:
    """Return the address that is attacked, which is what an attack is known by."""
    row = view.rows[attack.row]
    return telling.address(row["hi"], row["lo"])


def with_effect(
    view: View, found: Sequence[tuple[Detector, Attack]], settings: SeveritySettings
) -> list[tuple[Detector, Attack]]:
    """Return the attacks of a window with what they do to their victims, all of those on one address together."""
    attacking: dict[int, float] = {}
    for _, attack in found:  # connections are what a server is for
        attacking[attack.row] = attacking.get(attack.row, 0.0) + (attack.rate if attack.unit == "packets" else 0.0)
    down = {row: is_collapsed(view, row, rate, settings) for row, rate in attacking.items()}
    return [(detector, replace(attack, collapsed=down[attack.row])) for detector, attack in found]


def tell(detector: Detector, view: View, attack: Attack, networks: Networks, settings: SeveritySettings) -> Seen:
    """Return an attack as it is said."""
    row = view.rows[attack.row]
    high, low = int(row["hi"]), int(row["lo"])
    name, victim = networks.name_of(high, low), victim_of(view, attack)
    seconds = view.second.length_s
    ratio = round(attack.rate / max(attack.bound, 1e-9), 1)
    who = _senders(view, attack)
    evidence: dict[str, str | Value] = {
        "packets_per_s" if attack.unit == "packets" else f"{attack.unit}_per_s": round(attack.rate, 1),
        "bits_per_s": round(attack.bits_per_s),
        "normal_per_s": round(attack.normal, 1),
        "bound_per_s": round(attack.bound, 1),
        "ratio": ratio,
        **sources_of(attack.records, who),
        "answers_per_s": round(float(view.rate("answers")[attack.row]), 1),
        "answers_normal_per_s": round(float(view.level("answers")[attack.row]), 1),
        "collapsed": "yes" if attack.collapsed else "no",
        **attack.evidence,
        **telling.samples(attack.records),
    }
    if attack.unit == "packets" and attack.rate > 0:
        evidence["packet_size_bytes"] = round(attack.bits_per_s / 8 / attack.rate)
    return Seen(
        key=victim,
        target=name,
        severity=severity(attack, settings),
        source=str(evidence["source_text"]),
        victim=victim,
        text={language: _text(title, name, attack.unit, language) for language, title in detector.titles.items()},
        counts={attack.unit: round(attack.rate * seconds), "bytes": round(attack.bits_per_s / 8 * seconds)},
        peaks={
            f"{attack.unit}_per_s": round(attack.rate, 1),
            "bits_per_s": round(attack.bits_per_s),
            "ratio": ratio,
            "distinct_sources": float(who.all),
            "sampled_sources": float(who.met),
        },
        evidence={key: value for key, value in evidence.items() if key != "source_text"},
        since=view.second.start,
    )


def _senders(view: View, attack: Attack) -> Senders:
    everything = partial(view.records_to, attack.row)
    sampled = 1.0 if attack.whole else view.sampled
    return senders(attack.records, everything, sampled, float(view.peers[attack.row]))


def sources_of(records: NDArray[np.void], who: Senders) -> dict[str, str | Value]:
    """Return evidence on who sends: how many, the most of them, their ports; `source_text` in a few words."""
    evidence: dict[str, str | Value] = {"distinct_sources": who.all, "sampled_sources": who.met}
    source = who.words()
    if len(records):
        evidence["top_sources"] = telling.top_sources(records)
        evidence["top_destination_ports"] = telling.top_ports(records)
        evidence["top_source_ports"] = telling.top_ports(records, "source_port")
        first, part = telling.top(records, "source_hi", "source_lo", count=1)[0]
        if part >= _ONE:
            source = telling.address(*first)
    return {**evidence, "source_text": source}


_ONE: Final = 0.9  # of the sampled packets from one address: it is named alone


_FORMS: Final = {
    "en": "{title} on {target} from {source}: {rate}, {bits}, {ratio} the limit there{collapsed}{total}",
    "id": "{title} ke {target} dari {source}: {rate}, {bits}, {ratio} batas wajar di sana{collapsed}{total}",
}
_OVER: Final = {
    "en": "{title} on {target} is over after {lasted}: {count} and {octets} in all, at most {rate}, {bits}, "
    "{ratio} the limit there, from {source}",
    "id": "{title} ke {target} selesai setelah {lasted}: seluruhnya {count} dan {octets}, paling banyak {rate}, "
    "{bits}, {ratio} batas wajar di sana, dari {source}",
}
_COUNTED: Final = {
    "packets": {"en": "{} packets", "id": "{} paket"},
    "connections": {"en": "{} connections", "id": "{} koneksi"},
}
_COLLAPSED: Final = {"en": "; it hardly answers any more", "id": "; hampir tidak menjawab lagi"}
_TOTALS: Final = {"en": "; {count} in all", "id": "; seluruhnya {count}"}


def counted(evidence: Mapping[str, str | Value], unit: str, language: str) -> str:
    """Return how many packets or connections a matter came to in all."""
    return _COUNTED[unit][language].format(telling.number(float(evidence.get(f"total_{unit}", 0)), language))


def from_whom(evidence: Mapping[str, str | Value], which: str, language: str) -> str:
    """Return how many addresses it is from: by the newest word, or with `peak_` by the window of most."""
    met, every = (float(evidence[f"{which}{name}_sources"]) for name in ("sampled", "distinct"))
    return (said_of_all if which else said)(met, every, language)


def _text(title: str, name: str, unit: str, language: str) -> Text:
    """Return what makes a summary of evidence: of what goes on by its newest figures, of what is over by all of it."""

    def make(evidence: Mapping[str, str | Value]) -> str:
        over = "lasted_s" in evidence
        which = "peak_" if over else ""
        rate, now = float(evidence[f"{which}{unit}_per_s"]), float(evidence[f"{unit}_per_s"])
        lasting = float(evidence.get(f"total_{unit}", 0)) > 2 * now
        source = str(evidence["source"])
        if source.endswith(("address", "addresses")):
            source = from_whom(evidence, which, language)
        count = counted(evidence, unit, language)
        return (_OVER if over else _FORMS)[language].format(
            title=f"{title} ({evidence['protocol']})" if "protocol" in evidence else title,
            target=name,
            rate=telling.packets(rate, language) if unit == "packets" else telling.connections(rate, language),
            bits=telling.bits(float(evidence[f"{which}bits_per_s"]), language),
            ratio=telling.times(float(evidence[f"{which}ratio"]), language),
            source=source,
            collapsed=_COLLAPSED[language] if evidence.get("collapsed") == "yes" else "",
            total=_TOTALS[language].format(count=count) if lasting else "",
            count=count,
            octets=telling.octets(float(evidence.get("total_bytes", 0)), language),
            lasted=telling.duration(float(evidence.get("lasted_s", 0)), language),
        )

    return make
