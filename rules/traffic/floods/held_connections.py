"""Held connections, as Slowloris makes them: many that one source, or some, open with a web server and do not end.

They bring little traffic, so that no rate shows them. What shows is how many are open. Where they are hardly used,
that is enough of one source; of several, each must hold more than browsers do, and get no content for it. Where they
are used (GoldenEye), it must be one source that holds most of what the server has, and far more than any is used to: a
proxy in front of the server does so too, but is learned. Needs a sensor's flows.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api import Finding, Severity, Value
from netmon.api.networks import Networks
from netmon.api.traffic import Second
from rules.traffic import telling
from rules.traffic.episode import Episodes, Seen
from rules.traffic.floods.flood import Text
from rules.traffic.floods.open_connections import Held, OpenConnections, Pair, Service, counted
from rules.traffic.floods.settings import HeldConnectionsSettings
from rules.traffic.learned import Learned, Numbers
from rules.traffic.learned_settings import LearnedSettings

_FEATURES: Final = ("together", "most")  # held by sources with many, and by the one with most
_PORT: Final = 0x9E37_79B9_7F4A_7C15


class HeldConnections:
    """Connections held open on our web servers."""

    name = "held_connections"
    technique = "T1499.002"

    def __init__(self, settings: HeldConnectionsSettings, learned: LearnedSettings, networks: Networks) -> None:
        """Follow nobody yet."""
        self._settings = settings
        self._networks = networks
        self._open = OpenConnections(settings, networks)
        self._floors = np.array([settings.together, settings.busy], np.float64)
        self.learned = Learned(_FEATURES, learned)
        self.episodes = Episodes(self.name, self.technique, quiet_s=settings.quiet_s)

    @property
    def dropped(self) -> int:
        """Return how many sources, services and matters there was no room for."""
        return self._open.dropped + self.episodes.dropped

    def observe(self, second: Second, is_told: Callable[[str, float], bool]) -> Iterator[Finding]:
        """Judge one window. `is_told`: whether a flood on an address is told, which then goes on."""
        if second.live:
            self._open.observe(second)
            services = list(self._open.by_service())
            if services:
                yield from self._judge(services, second, is_told)
        yield from self.episodes.tick(second.end)

    def _judge(
        self,
        services: Sequence[tuple[Service, Held, list[tuple[Pair, Held]]]],
        second: Second,
        is_told: Callable[[str, float], bool],
    ) -> Iterator[Finding]:
        hi, lo = _keys([service for service, _, _ in services])
        many = [[each for each in sources if each[1].open >= self._settings.many_each] for _, _, sources in services]
        rates = np.array([(_sum(mine), mine[0][1].open if mine else 0) for mine in many], np.float64)
        for (_, held, _), mine in zip(services, many, strict=True):
            held.unserved = held.unserved + 1 if mine and _get_nothing(mine, second) else 0
        _, bounds = self.learned.normal(hi, lo, self._floors, second.end)
        attacked = np.array([(held.unserved > 0, False) for _, held, _ in services], np.bool_)
        for place, (service, held, _) in enumerate(services):
            told = list(self._seen(service, held, many[place], bounds[place], second))
            victim = telling.address(*service[:2])
            for seen in told:
                if seen.key in self.episodes or not is_told(victim, second.end):
                    yield from self.episodes.see(seen, second.end)
            attacked[place] |= bool(told)
        self.learned.learn(
            hi, lo, rates, bounds=bounds, held=attacked, at=second.end, length_s=max(second.length_s, 1e-3)
        )

    def _seen(
        self, service: Service, all_of_it: Held, many: Sequence[tuple[Pair, Held]], bounds: Numbers, second: Second
    ) -> list[Seen]:
        """Return what is held on one service: by each source, or by several as one."""
        settings = self._settings
        alone = []
        for pair, held in many:
            if held.open < min(settings.held, settings.busy):
                break
            used = counted(second.sources, pair[:2], "tcp_bytes") / max(second.length_s, 1e-3)
            idle = used <= settings.idle_bytes_per_s * held.open
            older = held.open - held.new * (held.at == second.end)
            most = older > bounds[1] and older >= settings.busy_share * all_of_it.open
            if (idle and held.open >= settings.held) or (not idle and most):
                alone.append(self._say([(pair, held)], second, idle=idle))
        got = counted(second.destinations, service[:2], "tcp_bytes") / max(second.length_s, 1e-3)
        if _sum(many) <= bounds[0] or got > settings.idle_bytes_per_s * all_of_it.open or len(many) < 2:
            return alone
        if all_of_it.unserved < settings.unserved_windows:
            return alone
        if any(seen.key in self.episodes for seen in alone):
            return alone
        return [self._say(many, second, idle=True)]

    def _say(self, holders: Sequence[tuple[Pair, Held]], second: Second, *, idle: bool) -> Seen:
        pair, count = holders[0][0], _sum(holders)
        one = len(holders) == 1
        source, victim = telling.address(*pair[:2]), telling.address(*pair[2:4])
        name, service = self._networks.name_of(*pair[2:4]), telling.service(pair[4])
        who = source if one else telling.addresses(len(holders))
        mine = telling.chosen(second.begun, source=pair[:2], destination=pair[2:4])
        return Seen(
            key=f"{source if one else 'many'}>{victim}:{pair[4]}",
            target=name,
            severity=Severity.CRITICAL if count >= 5 * self._settings.held else Severity.ERROR,
            source=who,
            victim=victim,
            text={language: _text(name, service, language) for language in _FORMS},
            peaks={"held_connections": count, "distinct_sources": len(holders)},
            evidence={
                "held_connections": count,
                "distinct_sources": len(holders),
                "first_sources": ", ".join(telling.address(*each[:2]) for each, _ in holders[:_TOLD]),
                "used": "no" if idle else "yes",
                "service": service,
                **telling.samples(mine),
            },
            since=min(held.since for _, held in holders),
        )


def _sum(holders: Sequence[tuple[Pair, Held]]) -> int:
    return sum(held.open for _, held in holders)


def _get_nothing(holders: Sequence[tuple[Pair, Held]], second: Second) -> bool:
    """Tell whether what those who hold most get from anybody is acknowledgements."""
    rows = second.destinations
    mine = np.isin(rows["lo"], np.array([pair[1] for pair, _ in holders[:_ASKED]], np.uint64))
    octets, packets = float(rows["tcp_bytes"][mine].sum()), float(rows["tcp"][mine].sum())
    return octets <= _BARE * packets


def _keys(services: Sequence[Service]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return what services are learned by."""
    hi = np.array([high ^ (port * _PORT & 0xFFFF_FFFF_FFFF_FFFF) for high, _, port in services], np.uint64)
    return hi, np.array([low for _, low, _ in services], np.uint64)


_ASKED: Final = 64  # sources that are asked for what they get
_BARE: Final = (
    120.0  # octets of a segment without content, at most: headers of IPv6 and TCP with options, and a frame's
)
_TOLD: Final = 10  # sources that evidence names
_FORMS: Final = {
    "en": "Connections held open on {target}, port {service}: {count} by {source}{idle}",
    "id": "Koneksi ditahan terbuka di {target}, port {service}: {count} oleh {source}{idle}",
}
_OVER: Final = {
    "en": "Connections held open on {target}, port {service}, are over after {lasted}: at most {count} "
    "by {source}{idle}",
    "id": "Koneksi yang ditahan di {target}, port {service}, selesai setelah {lasted}: paling banyak {count} "
    "oleh {source}{idle}",
}
_IDLE: Final = {"en": ", hardly used", "id": ", hampir tidak dipakai"}


def _text(name: str, service: str, language: str) -> Text:
    def make(evidence: Mapping[str, str | Value]) -> str:
        over = "lasted_s" in evidence
        which = "peak_" if over else ""
        sources = float(evidence[f"{which}distinct_sources"])
        return (_OVER if over else _FORMS)[language].format(
            target=name,
            service=service,
            count=telling.number(float(evidence[f"{which}held_connections"]), language),
            source=evidence["source"] if sources == 1 else telling.addresses(sources, language),
            idle=_IDLE[language] if evidence["used"] == "no" else "",
            lasted=telling.duration(float(evidence.get("lasted_s", 0)), language),
        )

    return make
