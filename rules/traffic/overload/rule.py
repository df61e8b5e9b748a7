"""Says when a link, a prefix or a service is nearly full: by how much, who causes it, and attack or use."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api import Finding, Severity, Value
from netmon.api.networks import Networks
from netmon.api.traffic import Second, address_text, halves
from rules.traffic.episode import Closing, Episodes, Seen
from rules.traffic.overload.loads import Load, Loads, NamesInterface
from rules.traffic.overload.looks import Look, Regulars, judge, networks
from rules.traffic.overload.settings import Capacity, OverloadSettings
from rules.traffic.telling import (
    bits,
    connections,
    duration,
    packets,
    samples,
    share,
    top_destinations,
    top_ports,
    top_sources,
)

_Evidence: TypeAlias = Mapping[str, str | Value]

_SHOWN: Final = 3


def _nameless(exporter: int, index: int) -> tuple[str, str]:
    return str(exporter), str(index)


class Overload(Closing):
    """T1498 where it looks like an attack. One finding for a capacity and a direction."""

    name = "overload"

    def __init__(self, settings: OverloadSettings, networks: Networks) -> None:
        """Watch the capacities of the settings; `follow` adds those of the inventory's links."""
        self._settings = settings
        self._networks = networks
        self._capacities = settings.capacities
        self._loads = Loads(settings.capacities, _nameless)
        self._regulars: dict[tuple[str, str], Regulars] = {}
        self._above: dict[tuple[str, str], float] = {}  # since when it is above, by capacity and direction
        self._episodes = Episodes(self.name, "T1498", quiet_s=settings.quiet_s, repeat_s=settings.repeat_s)
        self._sums: dict[tuple[str, str, str], tuple[float, float]] = {}

    def follow(self, names: NamesInterface, links: Sequence[Capacity] = ()) -> None:
        """Call exporters and their interfaces so, and watch these links too, unless the settings have one so named."""
        given = {one.name for one in self._settings.capacities}
        self._capacities = (*self._settings.capacities, *(one for one in links if one.name not in given))
        self._loads = Loads(self._capacities, names)

    def observe(self, second: Second) -> Iterator[Finding]:
        """Judge one window; one without length says nothing."""
        if not self._settings.enabled or second.length_s <= 0:
            return
        self._episodes.quiet_s = max(self._settings.quiet_s, 2.5 * second.length_s)
        for load in self._loads.of(second):
            self._sum(load, second.length_s)
            yield from self._judge(load, second)
        yield from self._episodes.tick(second.end)

    def drain(self) -> list[tuple[Capacity, str, dict[str, float]]]:
        """Return the mean rates by unit since the last call, for each capacity and direction: for metrics.

        May be called from another thread than `observe`.
        """
        sums, self._sums = self._sums, {}
        rates: dict[tuple[str, str], dict[str, float]] = {}
        for (name, direction, unit), (total, length_s) in list(sums.items()):
            rates.setdefault((name, direction), {})[unit] = total / length_s
        capacities = {one.name: one for one in self._capacities}
        return [(capacities[name], way, each) for (name, way), each in rates.items() if name in capacities]

    def save(self) -> Mapping[str, NDArray[np.generic]]:
        """Return nothing: who usually comes is learned anew."""
        return {}

    def restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Take nothing."""

    def _sum(self, load: Load, length_s: float) -> None:
        for unit in load.shares:
            key = (load.capacity.name, load.direction, unit)
            total, before = self._sums.get(key, (0.0, 0.0))
            self._sums[key] = (total + load.rates[unit] * length_s, before + length_s)

    def _judge(self, load: Load, second: Second) -> Iterator[Finding]:
        key = (load.capacity.name, load.direction)
        regulars = self._regulars.setdefault(key, Regulars(self._settings.generation_s))
        shares = load.shares
        if not shares:
            return
        unit = max(shares, key=lambda each: shares[each])
        told = f"{key[0]}/{key[1]}" in self._episodes
        if shares[unit] < self._settings.share * (self._settings.back_share if told else 1.0):
            self._above.pop(key, None)
            regulars.learn(load.records, second.end)
            return
        since = self._above.setdefault(key, second.start)
        if told or second.end - since >= self._settings.for_s:
            yield from self._episodes.see(self._seen(load, unit, regulars, since, second), second.end)

    def _seen(self, load: Load, unit: str, regulars: Regulars, since: float, second: Second) -> Seen:
        watched = regulars.since is not None and since - regulars.since >= self._settings.known_after_s
        look = judge(load.records, load.answered, regulars.known(networks(load.records)) if watched else None)
        rate, part, capacity = load.rates[unit], load.shares[unit], load.capacity
        severity = Severity.WARNING
        if part >= self._settings.full_share:
            severity = Severity.CRITICAL if look.like == "attack" else Severity.ERROR
        sources = top_sources(load.records, _SHOWN, "bytes")
        attack = {} if look.like == "attack" else {"technique": ""}  # use is no technique
        return Seen(
            key=f"{capacity.name}/{load.direction}",
            target=self._target(capacity),
            severity=severity,
            source=sources or "not known",
            victim=capacity.name,
            text=_text(unit, look),
            peaks={f"{unit}_per_s": rate, "share": part},
            evidence={
                "capacity": capacity.name,
                "direction": load.direction,
                "unit": unit,
                "rate_per_s": rate,
                "capacity_per_s": rate / part,
                "share": part,
                "looks_like": look.like,
                "reasons": look.reasons["en"],
                "top_sources": sources,
                "top_destinations": top_destinations(load.records, _SHOWN, "bytes"),
                "top_ports": top_ports(load.records, count=_SHOWN, weight="bytes"),
                "window_s": second.length_s,
                **samples(load.records),
                **attack,
            },
            labels={"capacity": capacity.name, "direction": load.direction, **attack},
            since=since,
        )

    def _target(self, capacity: Capacity) -> str:
        if capacity.link is not None:
            return capacity.link.device
        if capacity.service is not None:
            return self._networks.name_of(*halves(capacity.service.address))
        assert capacity.prefix is not None  # noqa: S101 - a capacity is of one of the three
        if capacity.prefix.num_addresses == 1:
            return address_text(*halves(capacity.prefix.network_address))
        return str(capacity.prefix)


def _rate(value: float, unit: str, language: str) -> str:
    if unit == "bits":
        return bits(value, language)
    if unit == "packets":
        return packets(value, language)
    return connections(value, language)


_LIKE: Final = {
    "attack": {"en": "looks like an attack", "id": "tampak seperti serangan"},
    "use": {"en": "looks like use", "id": "tampak seperti pemakaian"},
    "unclear": {"en": "attack or use is unclear", "id": "serangan atau pemakaian, belum jelas"},
}


def _text(unit: str, look: Look) -> Mapping[str, Callable[[_Evidence], str]]:
    def english(evidence: _Evidence) -> str:
        way = "to" if evidence["direction"] == "in" else "from"
        rate, limit = (_rate(float(evidence[name]), unit, "en") for name in ("rate_per_s", "capacity_per_s"))
        if "lasted_s" in evidence:
            most = _rate(float(evidence[f"peak_{unit}_per_s"]), unit, "en")
            lasted = duration(float(evidence["lasted_s"]))
            return f"{evidence['capacity']} is no longer full after {lasted}: at most {most} {way} it, of {limit}"
        return (
            f"{evidence['capacity']} is {share(float(evidence['share']))} full: {rate} {way} it, of {limit}; "
            f"most from {evidence['top_sources'] or 'unknown'}; {_LIKE[look.like]['en']}: {look.reasons['en']}"
        )

    def indonesian(evidence: _Evidence) -> str:
        way = "masuk" if evidence["direction"] == "in" else "keluar"
        rate, limit = (_rate(float(evidence[name]), unit, "id") for name in ("rate_per_s", "capacity_per_s"))
        if "lasted_s" in evidence:
            most = _rate(float(evidence[f"peak_{unit}_per_s"]), unit, "id")
            lasted = duration(float(evidence["lasted_s"]), "id")
            return f"{evidence['capacity']} tidak lagi penuh setelah {lasted}: paling banyak {most} {way}, dari {limit}"
        return (
            f"{evidence['capacity']} terisi {share(float(evidence['share']), 'id')}: {rate} {way}, dari {limit}; "
            f"terbanyak dari {evidence['top_sources'] or 'tidak diketahui'}; {_LIKE[look.like]['id']}: "
            f"{look.reasons['id']}"
        )

    return {"en": english, "id": indonesian}
