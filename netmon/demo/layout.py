"""What stands where and which wire joins what: made from the inventory, so that the demo's world is its configuration.

Switches are the inventory's core and access devices, joined by its links; servers and UPS hang on the ports that their
`uplinks` name. What the inventory does not say (how many ports a switch has, which one leads to the internet) is here.
"""

from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from netmon.app.settings.inventory import Device, Inventory, Role, Server
from netmon.app.settings.inventory import Port as InventoryPort

Socket: TypeAlias = tuple[str, int]
"""A port somewhere: the device's name and the ifIndex."""


class NotSimulatedError(ValueError):
    """The inventory has a device or port that the demonstration does not simulate; the text says which."""


class Kind(StrEnum):
    """What a simulated device is."""

    CORE = "core"
    ACCESS = "access"
    SERVER = "server"
    UPS = "ups"


_ROLES = {Role.CORE: Kind.CORE, Role.ACCESS: Kind.ACCESS, Role.UPS: Kind.UPS}


@dataclass(frozen=True, slots=True)
class Port:
    """A port: `optic` has a transceiver that reports its light, `virtual` has no wire at all."""

    index: int
    name: str
    descr: str
    mbps: int
    optic: bool = False
    virtual: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """A device of the simulated world."""

    name: str
    kind: Kind
    title: str
    site: str
    site_title: str
    address: str
    credential: str
    ports: tuple[Port, ...]

    def port(self, name: str) -> Port:
        """Return the port of this ifName; NotSimulatedError says which ones there are."""
        for port in self.ports:
            if port.name == name:
                return port
        raise NotSimulatedError(f"{self.name} has no port {name!r}, but {', '.join(port.name for port in self.ports)}")


@dataclass(frozen=True, slots=True)
class Wire:
    """What joins two ports. A fiber of the ring has a length and joints, a patch cord in the rack has neither."""

    name: str
    a: Socket
    b: Socket
    km: float = 0.0
    joints: int = 0

    def far(self, device: str) -> Socket:
        """Return the end that is not on this device."""
        return self.b if self.a[0] == device else self.a


@dataclass(frozen=True, slots=True)
class Layout:
    """All devices and wires. `ring` are the wires between switches, `wires` finds any by either of its ends."""

    nodes: Mapping[str, Node]
    ring: tuple[Wire, ...]
    wires: Mapping[Socket, Wire]

    def of(self, kind: Kind) -> list[Node]:
        """Return the devices of a kind, in the inventory's order."""
        return [node for node in self.nodes.values() if node.kind is kind]

    def peer(self, socket: Socket) -> Socket | None:
        """Return the port at the other end of this one's wire."""
        wire = self.wires.get(socket)
        return wire.far(socket[0]) if wire else None

    def switch_of(self, device: str) -> Socket:
        """Return the switch port that a server or UPS hangs on."""
        return next(peer for port in self.nodes[device].ports if (peer := self.peer((device, port.index))))

    def route(self, start: str, end: str, cut: Collection[str] = ()) -> list[Wire] | None:
        """Return the fewest wires from switch to switch without those that are cut; None when there is no way.

        Of two ways that are equally short the one whose wires come first in the inventory is taken.
        """
        ways: dict[str, list[Wire]] = {start: []}
        waiting = deque([start])
        while waiting and end not in ways:
            here = waiting.popleft()
            for wire in self.ring:
                if here in (wire.a[0], wire.b[0]) and wire.name not in cut:
                    there = wire.far(here)[0]
                    if there not in ways:
                        ways[there] = [*ways[here], wire]
                        waiting.append(there)
        return ways.get(end)


def layout(inventory: Inventory) -> Layout:
    """Return the world that an inventory describes. NotSimulatedError where a port or a device is not simulated."""
    nodes = {node.name: node for node in _nodes(inventory)}
    ring = [
        Wire(link.name, _socket(nodes, link.a), _socket(nodes, link.b), link.length_km, len(link.joints))
        for link in inventory.links
    ]
    things: tuple[Device | Server, ...] = (*inventory.servers, *inventory.devices)
    cords = [
        Wire(f"{thing.name}-cord", (thing.name, nodes[thing.name].ports[0].index), _socket(nodes, thing.uplinks[0]))
        for thing in things
        if thing.name in nodes and thing.uplinks
    ]
    wires = {end: wire for wire in (*ring, *cords) for end in (wire.a, wire.b)}
    return Layout(nodes, tuple(ring), wires)


def _nodes(inventory: Inventory) -> Iterator[Node]:
    titles = {site.name: site.title for site in inventory.sites}
    things: tuple[Device | Server, ...] = (*inventory.devices, *inventory.servers)
    for thing in things:
        if thing.collector == "snmp":
            kind = _kind(thing)
            title = titles.get(thing.site, thing.site)
            yield Node(thing.name, kind, thing.title, thing.site, title, thing.address, thing.credential, _PORTS[kind])


def _kind(thing: Device | Server) -> Kind:
    if isinstance(thing, Server):
        return Kind.SERVER
    if thing.role not in _ROLES:
        raise NotSimulatedError(f"{thing.name}: the demo does not simulate a device in the role {thing.role}")
    return _ROLES[thing.role]


def _socket(nodes: Mapping[str, Node], end: InventoryPort) -> Socket:
    return end.device, nodes[end.device].port(end.port).index


_LOOPBACK = Port(1001, "Lo0", "Loopback0", 0, virtual=True)
_PORTS: Mapping[Kind, tuple[Port, ...]] = {
    Kind.CORE: (
        *(Port(n, f"Te1/0/{n}", f"TenGigabitEthernet1/0/{n}", 10_000, optic=n in (1, 2, 24)) for n in range(1, 25)),
        _LOOPBACK,
    ),
    Kind.ACCESS: (
        *(Port(n, f"Gi1/0/{n}", f"GigabitEthernet1/0/{n}", 1_000) for n in range(1, 25)),
        *(Port(24 + n, f"Te1/1/{n}", f"TenGigabitEthernet1/1/{n}", 10_000, optic=True) for n in (1, 2)),
        _LOOPBACK,
    ),
    Kind.SERVER: (Port(2, "eno1", "eno1", 10_000), Port(1, "lo", "lo", 10, virtual=True)),
    Kind.UPS: (Port(1, "eth0", "eth0", 100),),
}
INTERNET_PORT = 24  # of a core: an optic to the provider, whose end we do not see
