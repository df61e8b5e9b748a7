"""ENTITY-MIB (RFC 6933) and ENTITY-SENSOR-MIB (RFC 3433): a switch's parts, its temperatures, fans and optics."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from netmon.demo.climate import room_celsius, wander
from netmon.demo.layout import Kind, Node, Port
from netmon.demo.light import Optic
from netmon.demo.machine import Machine
from netmon.demo.mibs.objects import Objects, gauge, identifier, text, ticks, whole
from netmon.demo.ring import Ring

ENTITY: Final = "1.3.6.1.2.1.47.1"
SENSOR_ENTRY: Final = "1.3.6.1.2.1.99.1.1.1"
_CHASSIS_INDEX: Final = 1
_FANS: Final = (21, 22)
_INLET, _ASIC = 31, 32
_FAN_RPM: Final = 6_200
_UNITS, _MILLI = 9, 8  # EntitySensorDataScale


class Part(IntEnum):
    """PhysicalClass."""

    CHASSIS = 3
    POWER = 6
    FAN = 7
    SENSOR = 8
    MODULE = 9
    PORT = 10


class Quantity(IntEnum):
    """EntitySensorDataType; dBm is not in RFC 3433 but what switches send in its place."""

    VOLTS_DC = 4
    AMPERES = 5
    CELSIUS = 8
    RPM = 10
    DBM = 14


@dataclass(frozen=True, slots=True)
class Sensor:
    """What a sensor measures: `read` gives it at a Unix time, in `scale` of the quantity's unit."""

    name: str
    quantity: Quantity
    read: Callable[[float], float]
    precision: int = 1
    scale: int = _UNITS
    unit: str = ""


def add_entities(objects: Objects, ring: Ring, node: Node, machine: Machine) -> None:
    """Add a switch's chassis with its sensors, and the optics of its ports."""
    parts = _Parts(objects, ring, node)
    name = "Core 24XS" if node.kind is Kind.CORE else "Access 24T-2XS"
    parts.add(_CHASSIS_INDEX, 0, Part.CHASSIS, f"{name} chassis")
    for number in (1, 2) if node.kind is Kind.CORE else (1,):
        parts.add(10 + number, _CHASSIS_INDEX, Part.POWER, f"Power Supply {number}")

    def inlet(now: float) -> float:
        return room_celsius(ring.seed, node.site, now) + 3.0

    def asic(now: float) -> float:  # the mean over ten minutes: metal warms slowly
        return inlet(now) + 14 + 25 * machine.busy(now, 600) + 0.3 * wander(ring.seed, f"{node.name} asic", now)

    parts.sensor(_INLET, _CHASSIS_INDEX, Sensor("Inlet Temperature Sensor", Quantity.CELSIUS, inlet))
    parts.sensor(_ASIC, _CHASSIS_INDEX, Sensor("Switch Chip Temperature Sensor", Quantity.CELSIUS, asic))
    for number, index in enumerate(_FANS, start=1):
        parts.add(index, _CHASSIS_INDEX, Part.FAN, f"Fan {number}")
        parts.sensor(
            20 + index,
            index,
            Sensor(f"Fan {number} Speed Sensor", Quantity.RPM, _fan(ring, f"{node.name} fan {number}", inlet), 0),
        )
    for port in (p for p in node.ports if p.optic):
        _add_optic(parts, ring, node, port)


def _fan(ring: Ring, name: str, inlet: Callable[[float], float]) -> Callable[[float], float]:
    def rpm(now: float) -> float:  # turns faster when it is warm
        return _FAN_RPM + 90 * (inlet(now) - 27) + 40 * wander(ring.seed, name, now)

    return rpm


def _add_optic(parts: "_Parts", ring: Ring, node: Node, port: Port) -> None:
    """Add the port, the transceiver in it, and the transceiver's five sensors (SFF-8472)."""

    def read(field: Callable[[Optic], float]) -> Callable[[float], float]:
        return lambda now: field(ring.light(node.name, port.index, now))

    at, transceiver = 100 + port.index, 200 + port.index
    parts.add(at, _CHASSIS_INDEX, Part.PORT, port.descr)
    parts.alias(at, port)
    parts.add(transceiver, at, Part.MODULE, f"{port.descr} SFP-10G-LR")
    for number, sensor in enumerate(
        (
            Sensor("Module Temperature Sensor", Quantity.CELSIUS, read(lambda o: o.celsius), 1),
            Sensor("Supply Voltage Sensor", Quantity.VOLTS_DC, read(lambda o: o.volts), 2),
            Sensor("Bias Current Sensor", Quantity.AMPERES, read(lambda o: o.bias_ma), 1, _MILLI),
            Sensor("Transmit Power Sensor", Quantity.DBM, read(lambda o: o.tx_dbm), 2, unit="dBm"),
            Sensor("Receive Power Sensor", Quantity.DBM, read(lambda o: o.rx_dbm), 2, unit="dBm"),
        ),
        start=1,
    ):
        parts.sensor(10 * transceiver + number, transceiver, sensor, prefix=f"{port.descr} ")


class _Parts:
    """Writes rows of the two MIBs for one device."""

    def __init__(self, objects: Objects, ring: Ring, node: Node) -> None:
        self._objects, self._ring, self._node = objects, ring, node
        self._children: dict[int, int] = {}

    def add(self, index: int, inside: int, part: Part, name: str) -> None:
        position = self._children[inside] = self._children.get(inside, 0) + 1
        replaceable = part in (Part.POWER, Part.FAN, Part.MODULE)
        row = {
            2: text(name),
            3: identifier("0.0"),
            4: whole(inside),
            5: whole(part),
            6: whole(position if inside else -1),
            7: text(name),
            8: text(""),
            9: text(""),
            10: text("4.2.1" if part is Part.CHASSIS else ""),
            11: text(f"TM{self._node.name[-4:].upper()}{index:04}" if part in (Part.CHASSIS, Part.MODULE) else ""),
            12: text("Tirta Mulya"),
            13: text(""),
            14: text(""),
            15: text(""),
            16: whole(1 if replaceable else 2),
        }
        self._objects.row(f"{ENTITY}.1.1.1", index, row)

    def alias(self, index: int, port: Port) -> None:
        """Say which ifIndex a port is: entAliasMappingIdentifier, for all logical entities (0)."""
        self._objects.row(f"{ENTITY}.3.2.1", (index, 0), {2: identifier(f"1.3.6.1.2.1.2.2.1.1.{port.index}")})

    def sensor(self, index: int, inside: int, sensor: Sensor, prefix: str = "") -> None:
        factor = 10**sensor.precision
        self.add(index, inside, Part.SENSOR, f"{prefix}{sensor.name}")
        row = {
            1: whole(sensor.quantity),
            2: whole(sensor.scale),
            3: whole(sensor.precision),
            4: whole(lambda now: round(sensor.read(now) * factor)),
            5: whole(1),
            6: text(sensor.unit or sensor.quantity.name.lower()),
            7: ticks(lambda now: now - self._ring.boot(self._node.name, now)),
            8: gauge(1_000),
        }
        self._objects.row(SENSOR_ENTRY, index, row)
