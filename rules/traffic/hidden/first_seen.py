"""What a server never did before: it answers on a port that it never answered on, or meets an address of a list.

A back door that listens (T1571, T1133) is a service like others, but it is new. The ports that each of our hosts
answers on are learned for a week. Lists are prefixes that the operator gives, as those of countries.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from operator import itemgetter
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api import Finding, Severity, Value
from netmon.api.networks import Networks, PrefixMap
from netmon.api.traffic import Second
from rules.traffic import telling
from rules.traffic.episode import Episodes, Seen
from rules.traffic.hidden.settings import FirstSeenSettings
from rules.traffic.hidden.sides import Address, Look, Records, Rows, Sides, grouped, is_finite, is_named, keyed
from rules.traffic.hidden.sides_kernel import (
    DESTINATION_OWN,
    DESTINATION_PROTECTED,
    REPLIED,
    SENT,
    SERVICE,
    SOURCE_OUTSIDE,
    SOURCE_OWN,
)

_Service: TypeAlias = tuple[int, int]  # protocol and port
_Evidence: TypeAlias = Mapping[str, str | Value]
_Prefixes: TypeAlias = Sequence[IPv4Network | IPv6Network]
_SYSTEM: Final = 1_024  # ports below are not opened as a program needs one
_SHOWN: Final = 8  # ports spelled out in evidence
_LISTS_MAX: Final = 255  # names of lists; each is one octet in what is saved
_PORTS, _PROTOCOL = np.uint32(0xFFFF), np.uint32(16)
_service_of = itemgetter(0)
_HOST: Final = np.dtype([("hi", "u8"), ("lo", "u8"), ("first_s", "f8"), ("flows", "u4"), ("peers", "u4")])
_PORT: Final = np.dtype([("hi", "u8"), ("lo", "u8"), ("protocol", "u1"), ("port", "u2")])
_MET: Final = np.dtype([("hi", "u8"), ("lo", "u8"), ("list", "S64")])


@dataclass(slots=True)
class _Host:
    """One of our hosts, and what it was seen to do."""

    first_s: float
    answered: int = 0
    peers: set[Address] = field(default_factory=set)
    services: set[_Service] = field(default_factory=set)
    high: int = 0  # ports above the system's among the services
    met: set[str] = field(default_factory=set)  # lists with which it had contact


class FirstSeen:
    """T1133: new services of a server; T1071: its first contact with a list's addresses."""

    name = "first_seen"
    judges_flows = True

    def __init__(self, settings: FirstSeenSettings, networks: Networks) -> None:
        self._settings = settings
        self._networks = networks
        self._sides = Sides(networks)
        self._hosts: OrderedDict[Address, _Host] = OrderedDict()
        self._ignored_ports = np.zeros(1 << 16, np.bool_)
        self._ignored_ports[list(settings.ignored_ports)] = True
        self._list_map: PrefixMap | None = None
        self._list_names: tuple[str, ...] = ()  # by prefix
        quiet_s, repeat_s = settings.quiet_s, settings.repeat_s
        self._services = Episodes(self.name, "T1133", quiet_s=quiet_s, repeat_s=repeat_s)
        self._contacts = Episodes(self.name, "T1071", quiet_s=quiet_s, repeat_s=repeat_s)
        self.dropped = 0  # hosts forgotten for want of room
        self.skipped = 0  # services of a window not judged, for want of time

    def watch(self, lists: Mapping[str, _Prefixes]) -> None:
        """Take the prefixes of the lists by name, instead of those before; ValueError where they are too many.

        Whoever has read the files that `lists` of the settings names calls this, and again when one has changed.
        """
        if len(lists) > _LISTS_MAX:
            raise ValueError(f"{len(lists)} lists of prefixes, at most {_LISTS_MAX}")
        self._list_names = tuple(name for name, prefixes in lists.items() for _ in prefixes)
        self._list_map = PrefixMap([prefix for prefixes in lists.values() for prefix in prefixes])

    def observe(self, second: Second) -> Iterator[Finding]:
        """Judge the flows that ended in one window."""
        if len(second.ended):
            yield from self._judge_services(second)
            if self._list_names:
                yield from self._judge_contacts(second)
        yield from self._services.tick(second.end)
        yield from self._contacts.tick(second.end)

    def finish(self, now: float) -> Iterator[Finding]:
        """Close what goes on with its totals: nobody looks any more."""
        for episodes in (self._services, self._contacts):
            yield from episodes.finish(now)

    def save(self) -> Mapping[str, NDArray[np.generic]]:
        """Return what was learned of each host."""
        if not self._hosts:
            return {}
        hosts = [(*address, host.first_s, host.answered, len(host.peers)) for address, host in self._hosts.items()]
        ports = [(*address, *service) for address, host in self._hosts.items() for service in sorted(host.services)]
        met = [(*address, name.encode()[:64]) for address, host in self._hosts.items() for name in sorted(host.met)]
        return {"hosts": np.array(hosts, _HOST), "ports": np.array(ports, _PORT), "met": np.array(met, _MET)}

    def restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Go on with what `save` gave; ValueError where that is of another layout."""
        if not arrays:
            return
        try:
            hosts, ports, met = arrays["hosts"], arrays["ports"], arrays["met"]
        except KeyError as error:
            raise ValueError(f"services learned without {error}") from None
        if hosts.dtype != _HOST or ports.dtype != _PORT or met.dtype != _MET:
            raise ValueError("services of another layout")
        if not is_finite(hosts, "first_s"):
            raise ValueError("services that cannot be")
        for hi, lo, first, answered, peers in hosts[-self._settings.hosts :].tolist():
            host = self._hosts[hi, lo] = _Host(first, answered)
            host.peers = {(0, number) for number in range(min(peers, self._settings.server_peers))}
        for hi, lo, protocol, port in ports.tolist():
            if (hi, lo) in self._hosts:
                self._learn(self._hosts[hi, lo], (protocol, port))
        for hi, lo, name in met.tolist():
            if (hi, lo) in self._hosts:
                self._hosts[hi, lo].met.add(name.decode(errors="replace"))

    def _judge_services(self, second: Second) -> Iterator[Finding]:
        flows, look = second.ended, self._sides.look(second)
        rows = self._answered(look)
        order, edges = grouped(keyed(look.hosts[rows], look.services[rows]))
        rows, most = rows[order], max(1, int(self._settings.rows_per_s * second.length_s))
        self.skipped += max(0, len(edges) - 1 - most)
        edges = edges[: most + 1]
        firsts = rows[edges[:-1]]
        services = zip(*(flows[name][firsts].tolist() for name in ("protocol", "destination_port")), strict=True)
        addresses = zip(*(flows[name][firsts].tolist() for name in ("destination_hi", "destination_lo")), strict=True)
        new: dict[Address, list[tuple[_Service, Rows]]] = {}
        for address, service, start, end in zip(
            addresses, services, edges[:-1].tolist(), edges[1:].tolist(), strict=True
        ):
            host = self._host(address, second)
            grown = second.end - host.first_s >= self._settings.learning_s
            if not grown:
                self._note(host, flows, rows[start:end])
            if service not in host.services:
                if grown and self._is_server(address, host) and not self._is_any(host, service):
                    new.setdefault(address, []).append((service, rows[start:end]))
                self._learn(host, service)
        for address, found in sorted(new.items()):
            yield from self._services.see(
                self._new_service(address, sorted(found, key=_service_of), second, look), second.end
            )

    def _answered(self, look: Look) -> Rows:
        """Return the flows that show a service of one of our hosts."""
        rows = look.rows(SERVICE | DESTINATION_OWN | DESTINATION_PROTECTED)
        services = look.services[rows]
        ports = services & _PORTS
        tcp = services >> _PROTOCOL == 6
        shown: Rows = rows[(tcp | (ports < self._settings.udp_ports_below)) & ~self._ignored_ports[ports]]
        return shown

    def _judge_contacts(self, second: Second) -> Iterator[Finding]:
        """Judge who on a list had answered flows with a server, whoever began."""
        flows, look = second.ended, self._sides.look(second)
        assert self._list_map is not None  # noqa: S101 - there are names
        for inside, outside, own in (
            ("source", "destination", SOURCE_OWN),
            ("destination", "source", DESTINATION_OWN),
        ):
            rows = look.rows(SENT | REPLIED | own)
            places = self._list_map.find(flows[f"{outside}_hi"][rows], flows[f"{outside}_lo"][rows])
            listed = np.flatnonzero(places >= 0)[: self._settings.rows_per_s]
            for row, place in zip(flows[rows[listed]], places[listed].tolist(), strict=True):
                address = (int(row[f"{inside}_hi"]), int(row[f"{inside}_lo"]))
                yield from self._meet(address, self._list_names[place], row, outside, second)

    def _meet(self, address: Address, name: str, row: np.void, outside: str, second: Second) -> Iterator[Finding]:
        host = self._host(address, second)
        if name in host.met:
            return
        host.met.add(name)
        if second.end - host.first_s >= self._settings.learning_s and self._is_server(address, host):
            yield from self._contacts.see(self._first_contact(address, name, row, outside), second.end)

    def _host(self, address: Address, second: Second) -> _Host:
        host = self._hosts.get(address)
        if host is None:
            host = self._hosts[address] = _Host(second.start)
            if len(self._hosts) > self._settings.hosts:
                self._hosts.popitem(last=False)
                self.dropped += 1
        self._hosts.move_to_end(address)
        return host

    def _note(self, host: _Host, flows: Records, rows: Rows) -> None:
        host.answered = min(host.answered + len(rows), 1 << 30)
        room = self._settings.server_peers - len(host.peers)
        if room > 0:
            first = rows[: 4 * room]
            pairs = zip(*(flows[name][first].tolist() for name in ("source_hi", "source_lo")), strict=True)
            host.peers.update(list(dict.fromkeys(pairs))[:room])

    def _learn(self, host: _Host, service: _Service) -> None:
        high = service[1] >= _SYSTEM
        if service in host.services or len(host.services) >= self._settings.ports:
            return
        if not high or host.high < self._settings.many_ports:  # of one that opens any, more say nothing
            host.services.add(service)
            host.high += high

    def _is_any(self, host: _Host, service: _Service) -> bool:
        """Tell whether a host opens such ports as it needs them, or more than we remember."""
        high = service[1] >= _SYSTEM and host.high >= self._settings.many_ports
        return high or len(host.services) >= self._settings.ports

    def _is_server(self, address: Address, host: _Host) -> bool:
        settings = self._settings
        learned = host.answered >= settings.server_flows and len(host.peers) >= settings.server_peers
        return learned or is_named(self._networks, address, telling.address(*address))

    def _new_service(self, address: Address, services: list[tuple[_Service, Rows]], second: Second, look: Look) -> Seen:
        places = np.concatenate([each for _, each in services])
        outside, rows = look.marks[places] & SOURCE_OUTSIDE != 0, second.ended[places]
        first = rows[int(np.argmax(outside))]
        name, source = self._networks.name_of(*address), telling.address(first["source_hi"], first["source_lo"])
        ports = [f"{telling.protocol(protocol)} {telling.service(port)}" for (protocol, port), _ in services]
        return Seen(
            key=telling.address(*address),
            target=name,
            severity=Severity.WARNING if bool(outside.any()) else Severity.INFO,
            source=source,
            victim=telling.address(*address),
            text=_SERVICE_TEXT,
            counts={"new_ports": len(ports)},
            evidence={
                "host": name,
                "ports": ", ".join(ports[:_SHOWN]),
                "from_outside": bool(outside.any()),
                **telling.samples(rows),
            },
        )

    def _first_contact(self, address: Address, name: str, row: np.void, outside: str) -> Seen:
        host, peer = self._networks.name_of(*address), telling.address(row[f"{outside}_hi"], row[f"{outside}_lo"])
        ours = telling.address(*address)
        began = outside == "source"
        return Seen(
            key=f"{ours}/{name}",
            target=host,
            severity=Severity.INFO,
            source=peer if began else ours,
            victim=ours if began else peer,
            text=_CONTACT_TEXT,
            evidence={
                "host": host,
                "list": name,
                "peer": peer,
                "port": telling.service(row["destination_port"]),
                "began_by_peer": began,
                "sample_1": telling.record(row),
            },
            labels={"list": name},
        )


def _service_english(evidence: _Evidence) -> str:
    return f"{evidence['host']} answers on {evidence['ports']} for the first time, asked by {evidence['source']}"


def _service_indonesian(evidence: _Evidence) -> str:
    return f"{evidence['host']} untuk pertama kali menjawab di {evidence['ports']}, ditanya oleh {evidence['source']}"


def _contact_english(evidence: _Evidence) -> str:
    return f"First contact of {evidence['host']} with {evidence['peer']} of the list {evidence['list']}"


def _contact_indonesian(evidence: _Evidence) -> str:
    return f"Kontak pertama {evidence['host']} dengan {evidence['peer']} dari daftar {evidence['list']}"


_SERVICE_TEXT: Final[Mapping[str, Callable[[_Evidence], str]]] = {"en": _service_english, "id": _service_indonesian}
_CONTACT_TEXT: Final[Mapping[str, Callable[[_Evidence], str]]] = {"en": _contact_english, "id": _contact_indonesian}
