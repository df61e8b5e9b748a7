"""Who talks to whom: offices to the internet and to the servers, the public to the servers, servers to replicas."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from netmon.demo.chance import between, unit
from netmon.demo.curves import NIGHT, OFFICE, PUBLIC, STEADY, Curve
from netmon.demo.layout import INTERNET_PORT, Kind, Layout, Node, Socket

Shares: TypeAlias = Mapping[Socket, float]
"""Ports of one switch, and which share of a stream uses each; they add up to 1."""

Peaks: TypeAlias = tuple[float, float]
"""Bits a second in the busiest hour: from near to far, and back."""

_WAYS = ("up", "down")
ACTIVE_SHARE = 0.75  # of an access switch's office ports; the others have nothing plugged in


@dataclass(frozen=True, slots=True)
class Stream:
    """Two directions between the ports `near` on one switch and the ports `far` on the same or another one."""

    near: Shares
    far: Shares
    up: Curve  # bits a second from near to far
    down: Curve


def streams(layout: Layout, seed: int) -> Iterator[Stream]:
    """Give all streams. The first core is the data center; servers at other cores keep replicas and backups."""
    habits = _Habits(layout, seed)
    for office in layout.of(Kind.ACCESS):
        yield from habits.office(office)
    for socket in (*habits.servers, *habits.replicas):
        yield habits.public(socket)
    for socket in habits.servers:
        yield habits.replica(socket)
    for ups in layout.of(Kind.UPS):
        yield habits.watch(ups)


class _Habits:
    def __init__(self, layout: Layout, seed: int) -> None:
        self._layout, self._seed = layout, seed
        self._cores = [core.name for core in layout.of(Kind.CORE)]
        sockets = [layout.switch_of(server.name) for server in layout.of(Kind.SERVER)]
        self.servers = [socket for socket in sockets if socket[0] == self._cores[0]]
        self.replicas = [socket for socket in sockets if socket[0] != self._cores[0]]

    def office(self, office: Node) -> Iterator[Stream]:
        """Give what people at work do, and their machines' backups at night."""
        name, size = office.name, between(0.5, 1.5, self._seed, office.name, "size")
        ports = self._office_ports(office)
        core = min(self._cores, key=lambda core: len(self._layout.route(name, core) or ()))
        internet = {(core, INTERNET_PORT): 1.0}
        yield self._stream(f"{name} internet", OFFICE, (ports, internet), (38e6 * size, 260e6 * size))
        servers = self._shares(self.servers, name)
        yield self._stream(f"{name} apps", OFFICE, (ports, servers), (24e6 * size, 70e6 * size))
        backups = self._shares(self.replicas or self.servers, name)
        yield self._stream(f"{name} backup", NIGHT, (ports, backups), (80e6 * size, 2e6 * size))

    def public(self, server: Socket) -> Stream:
        """Return what people at home ask of a server."""
        ends = {server: 1.0}, {(server[0], INTERNET_PORT): 1.0}
        return self._stream(f"{server} public", PUBLIC, ends, (30e6, 4e6))

    def replica(self, server: Socket) -> Stream:
        """Return a server's copy of its data, elsewhere."""
        targets = self.replicas or self.servers
        target = targets[int(unit(self._seed, server, "replica") * len(targets))]
        return self._stream(f"{server} replica", STEADY, ({server: 1.0}, {target: 1.0}), (18e6, 1e6))

    def watch(self, ups: Node) -> Stream:
        """Return the questions to a UPS and its answers."""
        socket = self._layout.switch_of(ups.name)
        return self._stream(f"{ups.name} watch", STEADY, ({socket: 1.0}, {self.servers[-1]: 1.0}), (9e3, 6e3))

    def _stream(self, name: str, week: tuple[int, ...], ends: tuple[Shares, Shares], peak_bps: Peaks) -> Stream:
        up, down = (Curve(bps, week, self._seed, f"{name} {way}") for bps, way in zip(peak_bps, _WAYS, strict=True))
        return Stream(*ends, up, down)

    def _office_ports(self, office: Node) -> Shares:
        sockets = [(office.name, port.index) for port in office.ports if not port.virtual]
        free = [socket for socket in sockets if socket not in self._layout.wires]
        return self._shares([s for s in free if unit(self._seed, s, "active") < ACTIVE_SHARE] or free, "ports")

    def _shares(self, sockets: Sequence[Socket], name: str) -> Shares:
        """Return how much of a stream each port has: some many times more than others, as people are."""
        weights = [0.05 + unit(self._seed, socket, name) ** 3 for socket in sockets]
        return {socket: weight / sum(weights) for socket, weight in zip(sockets, weights, strict=True)}
