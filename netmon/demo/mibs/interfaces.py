"""IF-MIB (RFC 2863) and EtherLike-MIB (RFC 3635). Both counters of a quantity are cut from one total."""

from collections.abc import Callable
from typing import Final

from netmon.demo.chance import between
from netmon.demo.layout import Node, Port
from netmon.demo.mibs.objects import Now, Objects, counter32, counter64, gauge, identifier, octets, text, ticks, whole
from netmon.demo.ring import MEAN_FRAME_OCTETS, Ring

IF_ENTRY: Final = "1.3.6.1.2.1.2.2.1"
IF_X_ENTRY: Final = "1.3.6.1.2.1.31.1.1.1"
DOT3_STATS_ENTRY: Final = "1.3.6.1.2.1.10.7.2.1"
UP: Final = 1
DOWN: Final = 2
_ETHERNET: Final = 6  # IANAifType ethernetCsmacd
_LOOPBACK: Final = 24  # softwareLoopback
_FULL_DUPLEX: Final = 3
_MEAN_S_BETWEEN_ERRORS: Final = (40_000, 400_000)
_FRAMES_A_SECOND: Final = {"multicast": (0.4, 2.5), "broadcast": (0.1, 1.5)}


def add_interfaces(objects: Objects, ring: Ring, node: Node) -> None:
    """Add every port of the device."""
    objects.scalars("1.3.6.1.2.1.2", {1: whole(len(node.ports))})
    for port in node.ports:
        meter = Meter(ring, node, port)
        objects.row(IF_ENTRY, port.index, _if_row(node, port, meter))
        objects.row(IF_X_ENTRY, port.index, _if_x_row(ring, node, port, meter))
        if not port.virtual:
            objects.row(DOT3_STATS_ENTRY, port.index, _ether_row(port, meter))


class Meter:
    """One port's totals since its device started."""

    def __init__(self, ring: Ring, node: Node, port: Port) -> None:
        self._ring, self._node, self._port = ring, node, port
        self.up = port.virtual or ring.traffic.carries((node.name, port.index))

    def status(self, now: float) -> int:
        """Return ifOperStatus."""
        return UP if self._port.virtual or self._ring.linked((self._node.name, self._port.index), now) else DOWN

    def octets(self, way: int) -> Callable[[float], int]:
        """Count octets in (way 0) or out (1)."""
        name, index = self._node.name, self._port.index
        return lambda now: self._ring.octets(name, index, now)[way]

    def frames(self, way: int) -> Callable[[float], int]:
        """Count unicast frames."""
        count = self.octets(way)
        return lambda now: count(now) // MEAN_FRAME_OCTETS

    def flooded(self, kind: str, way: int) -> Now[int]:
        """Count multicast or broadcast frames, which come at their own steady pace."""
        if not self.up or self._port.virtual:
            return 0
        pace = between(*_FRAMES_A_SECOND[kind], self._ring.seed, self._node.name, self._port.index, kind, way)
        return lambda now: int(self._age(now) * pace)

    def errors(self) -> Now[int]:
        """Count frames whose checksum was wrong: one in many hours, and only where a signal comes in."""
        if not self.up or self._port.virtual:
            return 0
        apart = between(*_MEAN_S_BETWEEN_ERRORS, self._ring.seed, self._node.name, self._port.index, "errors")
        return lambda now: int(self._age(now) / apart)

    def _age(self, now: float) -> float:
        return now - self._ring.boot(self._node.name, now)


def mac(node: Node, port: Port) -> bytes:
    """Return the port's address: locally administered, from the device's own and the ifIndex."""
    host = bytes(int(part) for part in node.address.partition(":")[0].split("."))
    return bytes((0x02, *host[1:], port.index >> 8 & 0xFF, port.index & 0xFF))


def alias(ring: Ring, node: Node, port: Port) -> str:
    """Return what the operator wrote at the port: what hangs on it."""
    wire = ring.layout.wires.get((node.name, port.index))
    if wire is None:
        return "" if port.virtual or not ring.traffic.carries((node.name, port.index)) else _unwired(node, port)
    peer, index = wire.far(node.name)
    there = next(p for p in ring.node(peer).ports if p.index == index)
    return f"{wire.name}: {peer} {there.name}" if wire.km else peer


def _unwired(node: Node, port: Port) -> str:
    return "internet" if port.optic else f"Ruang {port.index:02}, {node.site_title}"


def _if_row(node: Node, port: Port, meter: Meter) -> dict[int, bytes | Callable[[float], bytes]]:
    return {
        1: whole(port.index),
        2: text(port.descr),
        3: whole(_LOOPBACK if port.virtual else _ETHERNET),
        4: whole(65_536 if port.virtual else 1_500),
        5: gauge(port.mbps * 1_000_000),
        6: octets(b"" if port.virtual else mac(node, port)),
        7: whole(UP),
        8: whole(meter.status),
        9: ticks(0.0),
        10: counter32(meter.octets(0)),
        11: counter32(meter.frames(0)),
        13: counter32(0),
        14: counter32(meter.errors()),
        15: counter32(0),
        16: counter32(meter.octets(1)),
        17: counter32(meter.frames(1)),
        19: counter32(0),
        20: counter32(0),
        21: gauge(0),
        22: identifier("0.0"),
    }


def _if_x_row(ring: Ring, node: Node, port: Port, meter: Meter) -> dict[int, bytes | Callable[[float], bytes]]:
    flooded = {(kind, way): meter.flooded(kind, way) for kind in _FRAMES_A_SECOND for way in (0, 1)}
    return {
        1: text(port.name),
        2: counter32(flooded["multicast", 0]),
        3: counter32(flooded["broadcast", 0]),
        4: counter32(flooded["multicast", 1]),
        5: counter32(flooded["broadcast", 1]),
        6: counter64(meter.octets(0)),
        7: counter64(meter.frames(0)),
        8: counter64(flooded["multicast", 0]),
        9: counter64(flooded["broadcast", 0]),
        10: counter64(meter.octets(1)),
        11: counter64(meter.frames(1)),
        12: counter64(flooded["multicast", 1]),
        13: counter64(flooded["broadcast", 1]),
        14: whole(1),
        15: gauge(port.mbps),
        16: whole(2),
        17: whole(2 if port.virtual else 1),
        18: text(alias(ring, node, port)),
        19: ticks(0.0),
    }


def _ether_row(port: Port, meter: Meter) -> dict[int, bytes | Callable[[float], bytes]]:
    quiet = dict.fromkeys((2, 4, 5, 6, 7, 8, 9, 10, 11, 13, 16, 18), counter32(0))
    return {1: whole(port.index), **quiet, 3: counter32(meter.errors()), 19: whole(_FULL_DUPLEX if meter.up else 1)}
