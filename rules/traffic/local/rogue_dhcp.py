"""Rogue DHCP servers: one that is not known gives leases, or a known one gives another gateway or resolver."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api import Finding, Severity, Value
from netmon.api.networks import Networks
from netmon.api.traffic import Second, address_text, halves, mac_text
from rules.traffic.episode import Closing, Episodes, Seen
from rules.traffic.local.settings import RogueDhcpSettings
from rules.traffic.local.since import began_of
from rules.traffic.local.telling import di_vlan, network, on_vlan

Address: TypeAlias = tuple[int, int]
_Evidence: TypeAlias = Mapping[str, str | Value]
_SERVERS_MAX: Final = 4_096  # two servers for each of 2,048 VLANs
_GIVEN_MAX: Final = 64  # gateways and resolvers remembered of a server: one that gives more serves many subnets
_NONE: Final = (0, 0)
_ACKS: Final = (5, 107)
_NAK: Final = 6
_MEMORY: Final = np.dtype([("vlan", "u2"), ("version", "u1"), ("hi", "u8"), ("lo", "u8"), ("mac", "u8"),
                           ("what", "u1"), ("given_hi", "u8"), ("given_lo", "u8")])  # fmt: skip


@dataclass(slots=True)
class _Server:
    mac: int
    routers: set[Address] = field(default_factory=set)
    resolvers: set[Address] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Lease:
    """One row of LEASE as plain numbers."""

    at: float
    vlan: int
    version: int
    kind: int
    frame_mac: int
    server: Address
    client_mac: int
    offered: Address
    router: Address
    resolver: Address

    @property
    def gives(self) -> bool:
        return self.kind != _NAK


class RogueDhcp(Closing):
    """T1557.003: a server that is not known answers DHCP or DHCPv6 clients."""

    name = "rogue_dhcp"

    def __init__(self, settings: RogueDhcpSettings, networks: Networks) -> None:
        self._settings = settings
        self._networks = networks
        self._allowed = frozenset(halves(address) for address in settings.servers)
        self._servers: OrderedDict[tuple[int, int, Address], _Server] = OrderedDict()
        self._began: float | None = None  # to learn who agrees with who is known; over after a restart
        self._since: float | None = None  # to look, over restarts: to learn the first of a VLAN
        self._episodes = Episodes(self.name, "T1557.003", quiet_s=settings.quiet_s)

    def observe(self, second: Second) -> Iterator[Finding]:
        """Judge what servers said in one window."""
        if self._began is None:
            self._began = second.start
        if self._since is None:
            self._since = second.start
        for lease in _leases(second):
            if lease.kind not in (2, 5, _NAK, 102, 107):
                continue
            seen = self._judge(lease)
            if seen is not None:
                yield from self._episodes.see(seen, second.end)
        yield from self._episodes.tick(second.end)

    def save(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the servers learned and what they give, and since when is learned."""
        kept: dict[str, NDArray[np.generic]] = {} if self._since is None else {"began": np.array([self._since])}
        rows = [
            (vlan, version, *address, server.mac, what, *given)
            for (vlan, version, address), server in self._servers.items()
            for what, all_given in enumerate(({_NONE}, server.routers, server.resolvers))
            for given in all_given
        ]
        return kept | ({"servers": np.array(rows, _MEMORY)} if rows else {})

    def restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Go on with what `save` gave."""
        self._since = began_of(arrays)
        rows = arrays.get("servers")
        if rows is None:
            return
        if rows.dtype != _MEMORY:
            raise ValueError(f"servers of another layout: {rows.dtype}")
        for vlan, version, hi, lo, number, what, given_hi, given_lo in rows.tolist():
            server = self._servers.setdefault((vlan, version, (hi, lo)), _Server(number))
            if what:
                (server.routers if what == 1 else server.resolvers).add((given_hi, given_lo))
        self._began = float("-inf")

    def _judge(self, lease: _Lease) -> Seen | None:
        """Return what is wrong with a server's message, None where nothing is."""
        key = (lease.vlan, lease.version, lease.server)
        if self._allowed:
            if lease.server not in self._allowed:
                return self._seen(lease, "unknown")
            return self._changed(lease, self._servers.setdefault(key, _Server(lease.frame_mac)))
        known = self._servers.get(key)
        if known is not None:
            self._servers.move_to_end(key)
            return self._changed(lease, known)
        others = [
            server
            for (vlan, version, _), server in self._servers.items()
            if (vlan, version) == (lease.vlan, lease.version)
        ]
        if self._may_join(lease, others):
            if lease.gives:  # a refusal tells nothing of what the server gives
                self._learn(lease, _Server(lease.frame_mac))
            return None
        return self._seen(lease, "unknown")

    def _may_join(self, lease: _Lease, others: Sequence[_Server]) -> bool:
        """Tell whether a new server is learned: the first of its VLAN for long, one that agrees for a while."""
        if others:
            return self._is_learning(lease.at) and _agrees(lease, others)
        return self._since is not None and lease.at - self._since <= self._settings.first_s

    def _is_learning(self, at: float) -> bool:
        return self._began is not None and at - self._began <= self._settings.learning_s

    def _learn(self, lease: _Lease, server: _Server) -> None:
        for given, into in ((lease.router, server.routers), (lease.resolver, server.resolvers)):
            if given != _NONE and len(into) < _GIVEN_MAX:
                into.add(given)
        self._servers[lease.vlan, lease.version, lease.server] = server
        while len(self._servers) > _SERVERS_MAX:
            self._servers.popitem(last=False)

    def _changed(self, lease: _Lease, server: _Server) -> Seen | None:
        """Return what is wrong where a known server gives what it did not give before."""
        other_router = bool(server.routers) and lease.router not in (_NONE, *server.routers)
        other_resolver = bool(server.resolvers) and lease.resolver not in (_NONE, *server.resolvers)
        forged = lease.frame_mac != server.mac and (other_router or other_resolver)
        if not forged:
            # Its own administrator changed it, or it serves one more subnet: told once, and then it is known.
            changed = (other_router or other_resolver) and not self._is_learning(lease.at)
            self._learn(lease, server)
            if not other_router and not other_resolver:
                server.mac = lease.frame_mac
            return self._seen(lease, "changed") if changed else None
        return self._seen(lease, "forged")

    def _seen(self, lease: _Lease, how: str) -> Seen:
        known = next(
            (key[2] for key in self._servers if key[:2] == (lease.vlan, lease.version) and key[2] != lease.server),
            lease.server,
        )
        if how == "changed":
            severity = Severity.INFO
        elif lease.kind == _NAK:
            severity = Severity.WARNING
        else:
            severity = Severity.CRITICAL if lease.kind in _ACKS else Severity.ERROR
        return Seen(
            key=f"{lease.vlan}/{address_text(*lease.server)}/{how}",
            target=self._networks.name_of(*known),
            severity=severity,
            source=address_text(*lease.server),
            victim=address_text(*lease.offered) if any(lease.offered) else network(lease.vlan),
            text=_TEXT,
            counts={
                "offers": int(lease.kind in (2, 102)),
                "leases": int(lease.kind in _ACKS),
                "refusals": int(lease.kind == _NAK),
            },
            evidence={
                "how": how,
                "server_mac": mac_text(lease.frame_mac),
                "client_mac": mac_text(lease.client_mac) if lease.client_mac else "",
                "gateway": address_text(*lease.router) if any(lease.router) else "",
                "resolver": address_text(*lease.resolver) if any(lease.resolver) else "",
                "known_server": address_text(*known) if known != lease.server else "",
                "protocol": "DHCPv6" if lease.version == 6 else "DHCP",
                "vlan": lease.vlan,
            },
            labels={"vlan": str(lease.vlan)} if lease.vlan else {},
            since=lease.at,
        )


def _agrees(lease: _Lease, others: Sequence[_Server]) -> bool:
    """Tell whether a second server gives the gateway (DHCPv6: the resolver) that the first ones give."""
    if not lease.gives:
        return True
    if lease.version == 6:
        resolvers = set().union(*(server.resolvers for server in others))
        return lease.resolver == _NONE or not resolvers or lease.resolver in resolvers
    routers = set().union(*(server.routers for server in others))
    return lease.router == _NONE or not routers or lease.router in routers


def _leases(second: Second) -> Iterator[_Lease]:
    rows = second.leases
    names = ("at_ns", "vlan", "version", "kind", "frame_mac", "server_hi", "server_lo", "client_mac",
             "offered_hi", "offered_lo", "router_hi", "router_lo", "resolver_hi", "resolver_lo")  # fmt: skip
    for at, vlan, version, kind, frame, s_hi, s_lo, client, o_hi, o_lo, r_hi, r_lo, d_hi, d_lo in zip(
        *(rows[name].tolist() for name in names), strict=True
    ):
        yield _Lease(
            at / 1e9, vlan, version, kind, frame, (s_hi, s_lo), client, (o_hi, o_lo), (r_hi, r_lo), (d_hi, d_lo)
        )


def _english(evidence: _Evidence) -> str:
    protocol, server, where = evidence["protocol"], evidence["source"], on_vlan(evidence["vlan"])
    gives = f", gateway {evidence['gateway']}" if evidence["gateway"] else ""
    gives += f", resolver {evidence['resolver']}" if evidence["resolver"] else ""
    if evidence["how"] == "changed":
        return f"{protocol} server {server}{where} gives something new{gives}"
    if evidence["how"] == "forged":
        return f"Another machine ({evidence['server_mac']}) answers as {protocol} server {server}{where}{gives}"
    return f"Unknown {protocol} server {server} ({evidence['server_mac']}) answers clients{where}{gives}"


def _indonesian(evidence: _Evidence) -> str:
    protocol, server, where = evidence["protocol"], evidence["source"], di_vlan(evidence["vlan"])
    gives = f", gateway {evidence['gateway']}" if evidence["gateway"] else ""
    gives += f", resolver {evidence['resolver']}" if evidence["resolver"] else ""
    if evidence["how"] == "changed":
        return f"Server {protocol} {server}{where} memberi hal baru{gives}"
    if evidence["how"] == "forged":
        return f"Mesin lain ({evidence['server_mac']}) menjawab sebagai server {protocol} {server}{where}{gives}"
    return f"Server {protocol} tak dikenal {server} ({evidence['server_mac']}) menjawab klien{where}{gives}"


_TEXT: Final[Mapping[str, Callable[[_Evidence], str]]] = {"en": _english, "id": _indonesian}
