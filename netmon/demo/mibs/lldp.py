"""LLDP-MIB (IEEE 802.1AB): a switch, and what its wires lead to.

A neighbour that is heard no more stays for its time to live, 120 s by default, which is longer than any wire of the
story is dark: so nothing here ever changes.
"""

from typing import Final

from netmon.demo.layout import Kind, Node, Port
from netmon.demo.mibs.interfaces import mac
from netmon.demo.mibs.objects import Objects, octets, text, whole
from netmon.demo.ring import Ring

LLDP: Final = "1.0.8802.1.1.2.1"
_MAC_ADDRESS: Final = 4  # LldpChassisIdSubtype
_INTERFACE_NAME: Final = 5  # LldpPortIdSubtype
_CAPABILITIES: Final = {  # LldpSystemCapabilitiesMap, bit 0 first: bridge is 2, router 4, station 7
    Kind.CORE: b"\x28\x00",
    Kind.ACCESS: b"\x20\x00",
    Kind.SERVER: b"\x01\x00",
    Kind.UPS: b"\x01\x00",
}


def add_lldp(objects: Objects, ring: Ring, node: Node) -> None:
    """Add the local system, its ports, and a neighbour for each wire."""
    objects.scalars(
        f"{LLDP}.3",
        {
            1: whole(_MAC_ADDRESS),
            2: octets(_chassis(node)),
            3: text(node.name),
            4: text(f"{node.title}, {node.site_title}"),
            5: octets(_CAPABILITIES[node.kind]),
            6: octets(_CAPABILITIES[node.kind]),
        },
    )
    for port in (p for p in node.ports if not p.virtual):
        objects.row(f"{LLDP}.3.7.1", port.index, {2: whole(_INTERFACE_NAME), 3: text(port.name), 4: text(port.descr)})
        peer = ring.layout.peer((node.name, port.index))
        if peer is not None:
            there = ring.node(peer[0])
            far = next(p for p in there.ports if p.index == peer[1])
            _add_neighbour(objects, port, there, far)


def _add_neighbour(objects: Objects, port: Port, there: Node, far: Port) -> None:
    index = (0, port.index, 1)  # lldpRemTimeMark, lldpRemLocalPortNum, lldpRemIndex
    objects.row(
        f"{LLDP}.4.1.1",
        index,
        {
            4: whole(_MAC_ADDRESS),
            5: octets(_chassis(there)),
            6: whole(_INTERFACE_NAME),
            7: text(far.name),
            8: text(far.descr),
            9: text(there.name),
            10: text(there.title),
            11: octets(_CAPABILITIES[there.kind]),
            12: octets(_CAPABILITIES[there.kind]),
        },
    )
    address = tuple(int(part) for part in there.address.partition(":")[0].split("."))
    ipv4 = (*index, 1, len(address), *address)  # lldpRemManAddrSubtype and the address are part of the index
    objects.row(f"{LLDP}.4.2.1", ipv4, {3: whole(2), 4: whole(far.index)})


def _chassis(node: Node) -> bytes:
    return mac(node, node.ports[0])[:4] + b"\x00\x00"
