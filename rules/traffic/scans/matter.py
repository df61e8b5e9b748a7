"""A scan that goes on: what it came to so far, in bounded space, and how it is told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api import Severity, Value
from netmon.api.networks import Networks
from netmon.api.traffic import MAPPED
from rules.traffic import telling
from rules.traffic.counting import Distinct, Ports
from rules.traffic.episode import Seen
from rules.traffic.scans import protocol_scan
from rules.traffic.scans.contact import PORTLESS, Kind

_TOLD: Final = 20  # open ports that evidence names
_PRIVATE: Final = tuple(
    (MAPPED + first, MAPPED + last)
    for first, last in ((0x0A00_0000, 0x0AFF_FFFF), (0xAC10_0000, 0xAC1F_FFFF), (0xC0A8_0000, 0xC0A8_FFFF))
)


@dataclass(slots=True)
class Matter:
    """A scan by one source, or of one host by many."""

    rule: str
    key: str
    source: tuple[int, int]  # of a scan by many: the first of them
    victim: tuple[int, int]  # the first
    one_host: bool
    since: float
    by_host: bool = False  # many sources, told by the host
    last: float = 0.0
    sources: Distinct = field(default_factory=Distinct)
    hosts: Distinct = field(default_factory=Distinct)
    ports: Ports = field(default_factory=Ports)
    contacts: Distinct = field(default_factory=Distinct)
    kinds: dict[int, int] = field(default_factory=dict)
    open: dict[str, None] = field(default_factory=dict)
    count: int = 0  # contacts: at least as many as ports, since many contacts are counted roughly
    new: int = 0  # since it was last told

    def add(self, rows: NDArray[np.void], now: float) -> None:
        """Take contacts (CONTACT[n]) that belong to it."""
        self.last = now
        self.sources.add(rows["source"])
        self.hosts.add(rows["destination"])
        self.ports.add(rows["port"][~np.isin(rows["kind"], PORTLESS)])
        self.contacts.add(rows["contact"])
        count = max(len(each) for each in (self.contacts, self.hosts, self.ports, self.sources))
        self.new += max(count - self.count, 0)
        self.count = max(count, self.count)
        kinds, counts = np.unique(rows["kind"], return_counts=True)
        for kind, number in zip(kinds.tolist(), counts.tolist(), strict=True):
            self.kinds[kind] = self.kinds.get(kind, 0) + number

    def add_open(self, rows: NDArray[np.void]) -> None:
        """Take contacts that were answered: open ports. A ping that is answered opens none."""
        for row in rows[rows["port"] > 0][: 4 * _TOLD]:
            if len(self.open) >= _TOLD:
                return
            host = "" if self.one_host else f"{telling.address(row['destination_hi'], row['destination_lo'])} "
            self.open[f"{host}{int(row['port'])}"] = None


def severity_of(matter: Matter, networks: Networks) -> Severity:
    """Return how much it matters: our own host that scans was taken over; from outside it is the weather."""
    if is_ours(matter.source, networks) and not matter.by_host:
        return Severity.ERROR
    found = bool(matter.open) or matter.one_host or not networks.places
    return Severity.WARNING if found else Severity.INFO


def is_ours(address: tuple[int, int], networks: Networks) -> bool:
    """Tell whether an address is ours; where the inventory names no prefix, private ones are."""
    hi, lo = address
    if networks.places:
        return bool(networks.own(np.array([hi], np.uint64), np.array([lo], np.uint64))[0])
    return any(first <= lo <= last for first, last in _PRIVATE) if hi == 0 else hi >> 57 == 0x7E


def seen(matter: Matter, networks: Networks, records: NDArray[np.void]) -> Seen:
    """Return a scan as it is said. `records`: flows of this window, of which some are told as samples."""
    hosts, sources = len(matter.hosts), len(matter.sources)
    source = telling.addresses(sources) if sources > 1 else telling.address(*matter.source)
    victim = telling.address(*matter.victim) if hosts == 1 else telling.addresses(hosts)
    who = telling.named(networks.name_of(*matter.source), sources)
    whom = telling.named(networks.name_of(*matter.victim), hosts)
    new, matter.new = matter.new, 0
    evidence: dict[str, str | Value] = {
        "kinds": ", ".join(
            Kind(kind).name.lower() for kind in sorted(matter.kinds, key=lambda each: -matter.kinds[each])
        ),
        "hosts": hosts,
        "ports": len(matter.ports),
        "tried_ports": ", ".join(map(str, matter.ports.first())),
        "first_host": telling.address(*matter.victim),
        "from_inside": "yes" if is_ours(matter.source, networks) else "no",
        "open_ports": ", ".join(matter.open),
        **telling.samples(records),
    }
    return Seen(
        key=matter.key,
        target=_concerned(matter, networks),
        severity=severity_of(matter, networks),
        source=source,
        victim=victim,
        text={language: _text(matter.rule, language, who[language], whom[language]) for language in who},
        counts={"contacts": new},
        evidence=evidence,
        since=matter.since,
    )


def _concerned(matter: Matter, networks: Networks) -> str:
    if is_ours(matter.source, networks) and not matter.by_host:
        return networks.name_of(*matter.source)
    if len(matter.hosts) == 1:
        return networks.name_of(*matter.victim)
    place = networks.place_of(*matter.victim)
    return (place.title or place.site or str(place.network)) if place else telling.address(*matter.victim)


_Evidence = Mapping[str, str | Value]
_WORDS: Final = {
    "en": ("port", "ports", "host", "hosts", "of", " for ", "{who} {scans} {what}{where}{how}{lasted}", "; open: "),
    "id": ("port", "port", "host", "host", "di", " untuk ", "{who} memindai {what}{where}{how}{lasted}", "; terbuka: "),
}
_HOW: Final = {"en": " by {}", "id": " dengan {}"}
_LASTED: Final = {"en": " in {}", "id": " dalam {}"}
_MORE: Final = {"en": " and {} more", "id": " dan {} lagi"}
_SHOWN: Final = 5  # open ports that a summary names: the evidence has more
_KINDS: Final = {"connect": "connect", "xmas": "Xmas", "maimon": "Maimon", "odd": "odd flags", "protocol": ""}
_KINDS_ID: Final = {**_KINDS, "odd": "flag aneh"}
_PROTOCOLS: Final = {"en": ("IP protocol", "IP protocols"), "id": ("protokol IP", "protokol IP")}


def _text(rule: str, language: str, who: str, whom: str) -> Callable[[_Evidence], str]:
    port, ports, host, hosts, of, with_, form, opened = _WORDS[language]

    def text(evidence: _Evidence) -> str:
        if rule == protocol_scan.NAME:
            what, where = _count(evidence, "ports", *_PROTOCOLS[language], language), f" {of} {whom}"
        elif evidence["hosts"] == 1:
            what, where = _count(evidence, "ports", port, ports, language), f" {of} {whom}"
        else:
            what = _count(evidence, "hosts", host, hosts, language)
            tried = _ports(evidence, port, ports, language)
            where = f"{with_}{tried}" if tried else ""  # nothing beside: a ping, ARP
        over = "lasted_s" in evidence
        said = form.format(
            who=who,
            scans="scanned" if over else "scan" if who.endswith("addresses") else "scans",
            what=what,
            where=where,
            how=_how(str(evidence["kinds"]), language),
            lasted=_LASTED[language].format(telling.duration(float(evidence["lasted_s"]), language)) if over else "",
        )
        return said + (f"{opened}{_open(str(evidence['open_ports']), language)}" if evidence["open_ports"] else "")

    return text


def _how(kinds: str, language: str) -> str:
    names = _KINDS_ID if language == "id" else _KINDS
    spelled = [names.get(kind, "ND" if kind == "neighbour" else kind.upper()) for kind in kinds.split(", ")]
    told = telling.join([name for name in spelled if name], language)
    return _HOW[language].format(told) if told else ""


def _open(ports: str, language: str) -> str:
    every = ports.split(", ")
    rest = _MORE[language].format(len(every) - _SHOWN) if len(every) > _SHOWN else ""
    return ", ".join(every[:_SHOWN]) + rest


def _count(evidence: _Evidence, name: str, one: str, many: str, language: str) -> str:
    count = int(float(evidence[name]))
    return f"{telling.number(count, language)} {one if count == 1 else many}"


def _ports(evidence: _Evidence, one: str, many: str, language: str) -> str:
    """Return which port many hosts are tried at, or how many; empty where what is tried has none."""
    if evidence["ports"] == 1:
        number = int(str(evidence["tried_ports"]))
        kinds = str(evidence["kinds"]).split(", ")
        return telling.protocol(number) if "protocol" in kinds else f"{one} {telling.service(number)}"
    return _count(evidence, "ports", one, many, language) if evidence["ports"] else ""
