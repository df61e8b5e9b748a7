"""A switch of two ports in memory, its clock, the collector that reads it, and what a reading says."""

from typing import Any

from pydantic import SecretStr

from collectors.snmp import oid
from collectors.snmp.answers import Cell
from collectors.snmp.collector import SnmpCollector
from collectors.snmp.settings import CommunityCredential, SnmpSettings
from netmon.api import Part, Reading, Target
from tests.support.librenms import samples_of
from tests.support.profiles import shipped
from tests.support.snmprec import Memory, Recording

UP, OBJECT_ID = "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.2.0"
IF, X = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
CHANGED = "1.3.6.1.2.1.31.1.5.0"
TARGET = Target("sw1", "192.0.2.1", "east", "device")
ALL = tuple(profile.name for profile in shipped())


def device(**more: Cell) -> Recording:
    """Return a switch of two ports, up for a day; `more` are further values."""
    values: dict[str, Cell] = {
        UP: 8_640_000,
        OBJECT_ID: oid.encode(oid.parse("1.3.6.1.4.1.9.1.1208")),
        CHANGED: 500,
    }
    for port, name in ((1, b"Gi1"), (2, b"Gi2")):
        values |= {
            f"{IF}.2.{port}": name,
            f"{IF}.8.{port}": 1,
            f"{X}.1.{port}": name,
            f"{X}.6.{port}": 1000 * port,
            f"{IF}.10.{port}": 1000 * port,
        }
    return Recording([(oid.parse(number), cell) for number, cell in (values | more).items()])


class Clock:
    """Unix seconds that a test moves, and the device's uptime with them."""

    def __init__(self, recorded: Recording) -> None:
        self.now = 1_000_000.0
        self._recorded = recorded

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += seconds
        ticks = self._recorded.get(UP)
        assert isinstance(ticks, int)
        self._recorded.change(UP, ticks + int(seconds * 100))


def collector(memory: Memory, settings: SnmpSettings | None = None, clock: Clock | None = None) -> SnmpCollector:
    credentials = {"default": CommunityCredential(community=SecretStr("public"))}
    extra: dict[str, Any] = {} if clock is None else {"clock": clock}
    return SnmpCollector(memory, shipped(), credentials, settings or SnmpSettings(), **extra)


def part(reading: Reading, name: str) -> Part:
    return next(part for part in reading.parts if part.name == name)


def value(reading: Reading, metric: str, **labels: str) -> Any:
    found = [s.value for s in samples_of(reading) if s.metric == metric and labels.items() <= dict(s.labels).items()]
    assert len(found) == 1, found
    return found[0]


def asked_columns(memory: Memory, since: int = 0) -> set[str]:
    return {oid.text(oid.decode(c)) for _, _, groups in memory.asked[since:] for group in groups for c in group}
