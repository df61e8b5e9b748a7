"""Held connections, as Slowloris makes them: many that one source, or some, open with a web server and do not end.

They bring little traffic, so that no rate shows them. What shows is how many are open. Where they are hardly used,
that is enough of one source; of several, each must hold more than browsers do, and get no content for it. Where they
are used (GoldenEye), it must be one source that holds most of what the server has, and far more than any is used to: a
proxy in front of the server does so too, but is learned. Needs a sensor's flows.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api import Finding, Severity, Value
from netmon.api.networks import Networks
from netmon.api.traffic import Second
from rules.traffic import telling
from rules.traffic.episode import Episodes, Seen
from rules.traffic.floods.flood import Text
from rules.traffic.floods.open_connections import OpenConnections, counts_of
from rules.traffic.floods.settings import HeldConnectionsSettings
from rules.traffic.learned import Learned, Numbers
from rules.traffic.learned_settings import LearnedSettings
from rules.traffic.memory import placed

_FEATURES: Final = ("together", "most")  # held by sources with many, and by the one with most
_PORT: Final = np.uint64(0x9E37_79B9_7F4A_7C15)


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
            if len(self._open.services):
                yield from self._judge(second, is_told)
        yield from self.episodes.tick(second.end)

    def _judge(self, second: Second, is_told: Callable[[str, float], bool]) -> Iterator[Finding]:
        services = self._open.services
        many = self._many(services)
        rates = np.zeros((len(services), 2))
        for row, holders in many.items():
            rates[row] = holders["open"].sum(), holders["open"][0]
        unserved = services["unserved"]
        waiting = np.zeros(len(services), np.int64)
        for row in _without_content(many, second):
            waiting[row] = unserved[row] + 1
        unserved[:] = waiting
        hi, lo = _keys(services)
        _, bounds = self.learned.normal(hi, lo, self._floors, second.end)
        attacked = np.stack((unserved > 0, np.zeros(len(services), np.bool_)), axis=1)
        for row, holders in many.items():
            told = list(self._seen(services[row], holders, bounds[row], second))
            victim = telling.address(services["destination_hi"][row], services["destination_lo"][row])
            for seen in told:
                if seen.key in self.episodes or not is_told(victim, second.end):
                    yield from self.episodes.see(seen, second.end)
            attacked[row] |= bool(told)
        self.learned.learn(
            hi, lo, rates, floors=self._floors, held=attacked, at=second.end, length_s=max(second.length_s, 1e-3)
        )

    def _many(self, services: NDArray[np.void]) -> dict[int, NDArray[np.void]]:
        """Return the sources (HELD) that hold many connections, by the row of their service, the greatest first."""
        pairs = self._open.pairs
        pairs = pairs[pairs["open"] >= self._settings.many_each]
        row = self._open.services_of(pairs)
        order = np.lexsort((-pairs["open"], row))
        pairs = pairs[order]
        begin = np.searchsorted(row[order], np.arange(len(services) + 1))
        return {row: pairs[begin[row] : begin[row + 1]] for row in np.flatnonzero(np.diff(begin)).tolist()}

    def _seen(self, service: np.void, many: NDArray[np.void], bounds: Numbers, second: Second) -> list[Seen]:
        """Return what is held on one service: by each source, or by several as one."""
        settings, every, length_s = self._settings, int(service["open"]), max(second.length_s, 1e-3)
        busiest = many[many["open"] >= min(settings.held, settings.busy)]
        octets = counts_of(second.sources, "tcp_bytes", busiest["source_hi"], busiest["source_lo"])
        alone = []
        for row, used in enumerate((octets / length_s).tolist()):
            count, new, at = (busiest[name][row].item() for name in ("open", "new", "at"))
            idle = used <= settings.idle_bytes_per_s * count
            older = count - new * (at == second.end)
            most = older > bounds[1] and older >= settings.busy_share * every
            if (idle and count >= settings.held) or (not idle and most):
                alone.append(self._say(many[row : row + 1], second, idle=idle))
        if len(many) < 2 or many["open"].sum() <= bounds[0] or service["unserved"] < settings.unserved_windows:
            return alone
        got = counts_of(second.destinations, "tcp_bytes", many["destination_hi"][:1], many["destination_lo"][:1])
        if float(got[0]) / length_s > settings.idle_bytes_per_s * every:
            return alone
        if any(seen.key in self.episodes for seen in alone):
            return alone
        return [self._say(many, second, idle=True)]

    def _say(self, holders: NDArray[np.void], second: Second, *, idle: bool) -> Seen:
        count, one = int(holders["open"].sum()), len(holders) == 1
        ends = [tuple(zip(holders[f"{end}_hi"].tolist(), holders[f"{end}_lo"].tolist(), strict=True)) for end in _ENDS]
        (sources, (server, *_)), port = ends, int(holders["destination_port"][0])
        source, victim = telling.address(*sources[0]), telling.address(*server)
        name, service = self._networks.name_of(*server), telling.service(port)
        who = source if one else telling.addresses(len(holders))
        mine = telling.chosen(second.begun, source=sources[0], destination=server)
        return Seen(
            key=f"{source if one else 'many'}>{victim}:{port}",
            target=name,
            severity=Severity.CRITICAL if count >= 5 * self._settings.held else Severity.ERROR,
            source=who,
            victim=victim,
            text={language: _text(name, service, language) for language in _FORMS},
            peaks={"held_connections": count, "distinct_sources": len(holders)},
            evidence={
                "held_connections": count,
                "distinct_sources": len(holders),
                "first_sources": ", ".join(telling.address(*each) for each in sources[:_TOLD]),
                "used": "no" if idle else "yes",
                "service": service,
                **telling.samples(mine),
            },
            since=float(holders["since"].min()),
        )


def _without_content(many: Mapping[int, NDArray[np.void]], second: Second) -> list[int]:
    """Return the services of which those who hold most get acknowledgements alone, from anybody."""
    asked = {row: np.unique(holders["source_lo"][:_ASKED]) for row, holders in many.items()}
    known = np.unique(np.concatenate([*asked.values(), np.zeros(0, np.uint64)]))
    table = second.destinations
    near, place = placed(table["lo"], known)
    octets, packets = (np.bincount(place, table[name][near], len(known)) for name in ("tcp_bytes", "tcp"))
    nothing = []
    for row, mine in asked.items():
        rows = np.searchsorted(known, mine)
        if octets[rows].sum() <= _BARE * packets[rows].sum():
            nothing.append(row)
    return nothing


def _keys(services: NDArray[np.void]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return what services are learned by."""
    return services["destination_hi"] ^ (services["destination_port"] * _PORT), services["destination_lo"].copy()


_ENDS: Final = ("source", "destination")
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
