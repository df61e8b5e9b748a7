"""The collector over devices in memory: presence, reboots and renumbering under its eyes, failures, intervals."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from collectors.snmp import oid
from collectors.snmp.agent import Agent
from collectors.snmp.answers import Answers, Cell
from collectors.snmp.collector import SnmpCollector, split_address
from collectors.snmp.plan import TablePlan
from collectors.snmp.settings import CommunityCredential, ProfileSettings, SnmpSettings
from collectors.snmp.tables import TablesRead, read_table
from netmon.api import Missing, Part, PeerTimeout, Reading, Reason, Target
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


class Interfering(Memory):
    """A memory in which something happens after the first fetch of tables in each poll."""

    def __init__(self, happens: Callable[[Recording], None], times: int, **devices: Recording) -> None:
        super().__init__(**devices)
        self.happens = happens
        self.times = times

    async def fetch(
        self, agent: Agent, scalars: Sequence[bytes], columns: Sequence[Sequence[bytes]], deadline: float
    ) -> Answers:
        answers = await super().fetch(agent, scalars, columns, deadline)
        if columns and self.times:
            self.times -= 1
            self.happens(self.devices[agent.name])
        return answers


class Broken(Memory):
    """A memory whose fetches fail when `when` says so."""

    def __init__(self, when: Callable[[int], bool], **devices: Recording) -> None:
        super().__init__(**devices)
        self.when = when

    async def fetch(
        self, agent: Agent, scalars: Sequence[bytes], columns: Sequence[Sequence[bytes]], deadline: float
    ) -> Answers:
        if self.when(len(self.asked)):
            raise PeerTimeout("no answer")
        return await super().fetch(agent, scalars, columns, deadline)


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


async def test_a_poll_gives_every_part_and_who_it_was() -> None:
    reading = await collector(Memory(sw1=device())).read(TARGET, ALL, 10)
    assert (reading.target, reading.collector, reading.problem) == ("sw1", "snmp", None)
    assert [part.name for part in reading.parts] == list(ALL)
    assert value(reading, "ifHCInOctets", ifName="Gi2") == 2000
    assert part(reading, "if_mib").completeness == 1.0


@pytest.mark.parametrize("name", ["caf\u00e9", "caf\udce9", "\ud800"])  # the last two are what octets of no text become
async def test_any_name_can_be_a_targets(name: str) -> None:
    reading = await collector(Memory(**{name: device()})).read(replace(TARGET, name=name), ALL, 10)
    assert reading.problem is None
    assert reading.target == name


async def test_a_profile_that_is_not_there_is_asked_once_an_hour() -> None:
    recorded = device()
    memory, clock = Memory(sw1=recorded), Clock(recorded)
    snmp = collector(memory, clock=clock)
    ups = "1.3.6.1.2.1.33.1.3.3.1.2"
    await snmp.read(TARGET, ALL, 10)
    assert ups in asked_columns(memory)
    since = len(memory.asked)
    clock.move(30)
    reading = await snmp.read(TARGET, ALL, 10)
    assert part(reading, "ups_mib").absent
    assert ups not in asked_columns(memory, since)
    clock.move(2 * 3600)
    await snmp.read(TARGET, ALL, 10)
    assert ups in asked_columns(memory, since)


async def test_a_device_that_has_just_started_is_asked_again_soon() -> None:
    recorded = device(**{UP: 6_000})
    memory, clock = Memory(sw1=recorded), Clock(recorded)
    snmp = collector(memory, clock=clock)
    await snmp.read(TARGET, ALL, 10)
    recorded.change("1.3.6.1.2.1.33.1.2.4.0", 99)  # what comes up late
    clock.move(180)
    assert value(await snmp.read(TARGET, ALL, 10), "upsEstimatedChargeRemaining") == 99


async def test_after_a_restart_everything_is_asked_again() -> None:
    recorded = device()
    memory, clock = Memory(sw1=recorded), Clock(recorded)
    snmp = collector(memory, clock=clock)
    await snmp.read(TARGET, ALL, 10)
    clock.move(30)
    recorded.change(UP, 1000)
    await snmp.read(TARGET, ALL, 10)  # notices
    since = len(memory.asked)
    recorded.change("1.3.6.1.2.1.33.1.2.4.0", 99)  # what was a switch is a UPS now
    clock.move(30)
    assert value(await snmp.read(TARGET, ALL, 10), "upsEstimatedChargeRemaining") == 99
    assert "1.3.6.1.2.1.33.1.3.3.1.2" in asked_columns(memory, since)


async def test_a_column_that_the_device_lacks_is_not_asked_again_but_what_it_has_is() -> None:
    recorded = device()
    memory, clock = Memory(sw1=recorded), Clock(recorded)
    snmp = collector(memory, clock=clock)
    await snmp.read(TARGET, ["if_mib"], 10)
    since = len(memory.asked)
    clock.move(30)
    await snmp.read(TARGET, ["if_mib"], 10)
    assert asked_columns(memory, since) == {f"{IF}.2", f"{IF}.8", f"{IF}.10", f"{X}.1", f"{X}.6"}


async def test_what_did_not_answer_is_not_taken_for_absent() -> None:
    class Deaf(Memory):
        async def fetch(
            self, agent: Agent, scalars: Sequence[bytes], columns: Sequence[Sequence[bytes]], deadline: float
        ) -> Answers:
            answers = await super().fetch(agent, scalars, columns, deadline)
            for column in (column for group in columns for column in group):
                answers.cells[column] = {}
                answers.problems[column] = Missing(Reason.TIMEOUT, "no answer")
            return answers

    memory = Deaf(sw1=device())
    snmp = collector(memory)
    for _ in range(2):
        reading = await snmp.read(TARGET, ["if_mib"], 10)
        assert part(reading, "if_mib").problem == Missing(Reason.TIMEOUT, "ifIndex: no answer")
        assert part(reading, "if_mib").completeness < 0.1


async def test_a_restart_while_it_is_read_is_read_once_more() -> None:
    memory = Interfering(lambda recorded: recorded.change(UP, 50), 1, sw1=device())
    reading = await collector(memory).read(TARGET, ["if_mib"], 10)
    assert part(reading, "if_mib").problem is None
    assert value(reading, "ifHCInOctets", ifName="Gi1") == 1000
    assert value(reading, "netmon_counter_discontinuities_total", reason="reboot") == 1


async def test_a_device_that_keeps_restarting_gives_no_numbers() -> None:
    def restart(recorded: Recording) -> None:
        ticks = recorded.get(UP)
        assert isinstance(ticks, int)
        recorded.change(UP, 50 if ticks > 50 else 10)

    memory = Interfering(restart, 2, sw1=device())
    reading = await collector(memory).read(TARGET, ["if_mib"], 10)
    found = part(reading, "if_mib")
    assert found.problem is not None
    assert (found.tables, found.problem.reason, found.completeness) == ((), Reason.REBOOTED, 0.0)


def renumber(recorded: Recording) -> None:
    """Swap the ports: names and counters move to the other index."""
    for column in (f"{IF}.2", f"{X}.1", f"{X}.6", f"{IF}.10"):
        one, two = recorded.get(f"{column}.1"), recorded.get(f"{column}.2")
        recorded.change(f"{column}.1", two)
        recorded.change(f"{column}.2", one)
    ticks = recorded.get(CHANGED)
    assert isinstance(ticks, int)
    recorded.change(CHANGED, ticks + 1)


async def test_a_renumbering_while_it_is_read_never_mixes_two_ports() -> None:
    class Torn(Interfering):
        """Names are read before the renumbering, counters after it."""

        async def fetch(
            self, agent: Agent, scalars: Sequence[bytes], columns: Sequence[Sequence[bytes]], deadline: float
        ) -> Answers:
            answers = await super().fetch(agent, scalars, columns, deadline)
            if columns and len(self.asked) == 2:  # after hello, the first of the tables
                late = self.devices[agent.name].answer((), columns)
                answers.cells[oid.encode(oid.parse(f"{X}.6"))] = late.cells[oid.encode(oid.parse(f"{X}.6"))]
            return answers

    reading = await collector(Torn(renumber, 1, sw1=device())).read(TARGET, ["if_mib"], 10)
    assert part(reading, "if_mib").problem is None
    assert value(reading, "ifHCInOctets", ifName="Gi1", ifIndex="2") == 1000
    assert value(reading, "ifHCInOctets", ifName="Gi2", ifIndex="1") == 2000


async def test_ports_that_change_twice_while_they_are_read_give_no_numbers() -> None:
    reading = await collector(Interfering(renumber, 2, sw1=device())).read(TARGET, ["if_mib"], 10)
    found = part(reading, "if_mib").problem
    assert found is not None
    assert found.reason is Reason.REBOOTED


async def test_an_agent_that_says_at_every_moment_that_its_ports_changed_is_read_all_the_same() -> None:
    def tick(recorded: Recording) -> None:
        ticks = recorded.get(CHANGED)
        assert isinstance(ticks, int)
        recorded.change(CHANGED, ticks + 1)

    reading = await collector(Interfering(tick, 99, sw1=device())).read(TARGET, ["if_mib"], 10)
    assert part(reading, "if_mib").problem is None
    assert value(reading, "ifHCInOctets", ifName="Gi1") == 1000


async def test_engine_boots_tell_a_restart_that_uptime_does_not() -> None:
    recorded = device()
    memory, clock = Memory(sw1=recorded), Clock(recorded)
    memory.boot_counts["sw1"] = 3
    snmp = collector(memory, clock=clock)
    await snmp.read(TARGET, ["if_mib"], 10)
    clock.move(30)
    memory.boot_counts["sw1"] = 4
    reading = await snmp.read(TARGET, ["if_mib"], 10)
    assert value(reading, "netmon_counter_discontinuities_total", reason="reboot") == 1


PHYSICAL, SENSOR, ENTITY_CHANGED = "1.3.6.1.2.1.47.1.1.1.1", "1.3.6.1.2.1.99.1.1.1", "1.3.6.1.2.1.47.1.4.1.0"


def with_sensor(**more: Cell) -> Recording:
    values: dict[str, Cell] = {f"{PHYSICAL}.7.9": b"inlet", f"{PHYSICAL}.5.9": 8, ENTITY_CHANGED: 100}
    for column, cell in ((1, 8), (2, 9), (3, 1), (4, 254), (5, 1)):
        values[f"{SENSOR}.{column}.9"] = cell
    return device(**(values | more))


async def test_names_of_parts_are_read_once_until_the_device_says_that_they_changed() -> None:
    recorded = with_sensor()
    memory, clock = Memory(sw1=recorded), Clock(recorded)
    snmp = collector(memory, clock=clock)
    reading = await snmp.read(TARGET, ["entity"], 10)
    assert value(reading, "netmon_temperature_celsius", sensor="inlet") == 25.4
    assert {s.source for s in samples_of(reading) if s.metric == "netmon_temperature_celsius"} == {f"{SENSOR}.4.9"}
    since = len(memory.asked)
    clock.move(60)
    recorded.change(f"{SENSOR}.4.9", 260)
    assert value(await snmp.read(TARGET, ["entity"], 10), "netmon_temperature_celsius", sensor="inlet") == 26
    assert f"{PHYSICAL}.7" not in asked_columns(memory, since)
    clock.move(60)
    recorded.change(f"{PHYSICAL}.7.9", b"outlet")
    recorded.change(ENTITY_CHANGED, 200)
    assert value(await snmp.read(TARGET, ["entity"], 10), "netmon_temperature_celsius", sensor="outlet") == 26
    assert f"{PHYSICAL}.7" in asked_columns(memory, since)


async def test_names_of_parts_are_there_in_the_very_poll_that_notices_a_restart() -> None:
    recorded = with_sensor()
    memory, clock = Memory(sw1=recorded), Clock(recorded)
    snmp = collector(memory, clock=clock)
    await snmp.read(TARGET, ["entity"], 10)
    clock.move(60)
    recorded.change(UP, 700)
    assert value(await snmp.read(TARGET, ["entity"], 10), "netmon_temperature_celsius", sensor="inlet") == 25.4


async def test_a_sensor_that_cannot_be_read_now_is_missing_and_not_gone() -> None:
    recorded = with_sensor()
    recorded.change(f"{SENSOR}.5.9", 2)  # unavailable
    reading = await collector(Memory(sw1=recorded)).read(TARGET, ["entity"], 10)
    found = value(reading, "netmon_temperature_celsius", sensor="inlet")
    assert found == Missing(Reason.NOT_SUPPORTED, "the device says that it cannot read this now")


@pytest.mark.parametrize(
    ("name", "reading", "metric", "result"),  # reading: type, scale, precision, value
    [
        (b"Ethernet1 Rx Power Sensor", (14, 9, 2, -523), "netmon_optical_rx_power_dbm", -5.23),
        (b"Ethernet1 Tx Power Sensor", (14, 9, 2, -101), "netmon_optical_tx_power_dbm", -1.01),
        (b"DOM RX Power Sensor for Ethernet1", (6, 8, 3, 500), "netmon_optical_rx_power_dbm", -3.0103),
        (b"Transceiver Transmit Power Sensor", (6, 7, 0, 1000), "netmon_optical_tx_power_dbm", 0.0),
        (b"PSU 1 Input Power", (6, 9, 0, 250), "netmon_power_watts", 250),
        (b"PSU 1 power draw", (6, 9, 0, 250), "netmon_power_watts", 250),
        (b"Laser Bias Current Sensor", (5, 8, 2, 612), "netmon_optical_bias_amperes", 0.00612),
        (b"PSU 1 output current", (5, 9, 1, 35), "netmon_current_amperes", 3.5),
        (b"Fan 1", (10, 9, 0, 4200), "netmon_fan_speed_rpm", 4200),
        (b"12 V rail", (4, 8, 0, 12_050), "netmon_voltage_volts", 12.05),
        (b"Intake", (9, 9, 0, 45), "netmon_humidity_ratio", 0.45),
    ],
)
async def test_sensors_get_one_name_and_unit_whatever_their_scale(
    name: bytes, reading: tuple[int, int, int, int], metric: str, result: float
) -> None:
    recorded = with_sensor()
    recorded.change(f"{PHYSICAL}.7.9", name)
    for column, cell in enumerate(reading, 1):
        recorded.change(f"{SENSOR}.{column}.9", cell)
    found = await collector(Memory(sw1=recorded)).read(TARGET, ["entity"], 10)
    assert value(found, metric, sensor=name.decode()) == pytest.approx(result, abs=1e-3 if "dbm" in metric else 1e-9)


async def test_an_unreachable_device_is_a_reading_with_a_problem() -> None:
    reading = await collector(Broken(lambda _: True, sw1=device())).read(TARGET, ALL, 10)
    assert reading.problem == Missing(Reason.TIMEOUT, "no answer")
    assert reading.parts == ()


async def test_a_device_that_dies_before_the_last_look_keeps_its_numbers_and_says_so() -> None:
    memory = Broken(lambda asked: asked == 2, sw1=device())  # hello, tables, last look
    reading = await collector(memory).read(TARGET, ["if_mib"], 10)
    assert part(reading, "if_mib").problem == Missing(Reason.TIMEOUT, "no answer")
    assert value(reading, "ifHCInOctets", ifName="Gi1") == 1000


async def test_a_credential_that_nobody_defined_is_told_by_name() -> None:
    target = Target("sw1", "192.0.2.1", "east", "device", options={"credential": "west"})
    reading = await collector(Memory(sw1=device())).read(target, ALL, 10)
    assert reading.problem == Missing(Reason.AUTH_FAILED, "no credential named 'west'; there are default")


async def test_a_bug_in_one_part_costs_that_part(monkeypatch: pytest.MonkeyPatch) -> None:
    def slip(plan: TablePlan, *rest: Any) -> TablesRead:
        if plan.name == "interfaces":
            raise ZeroDivisionError("a slip")
        return read_table(plan, *rest)

    monkeypatch.setattr("collectors.snmp.collector.read_table", slip)
    reading = await collector(Memory(sw1=device())).read(TARGET, ["system", "if_mib"], 10)
    assert part(reading, "if_mib").problem == Missing(Reason.BUG, "ZeroDivisionError: a slip")
    assert part(reading, "system").problem is None
    assert value(reading, "sysUpTime") == 8_640_000


async def test_a_target_that_left_is_forgotten() -> None:
    memory = Memory(sw1=device())
    snmp = collector(memory)
    await snmp.read(TARGET, ["system"], 10)
    snmp.forget("sw1")
    assert snmp._devices == {}


def intervals(snmp: SnmpCollector, target: Target, names: Iterable[str]) -> dict[str, float]:
    by_name = {name: interval for interval, parts in snmp.plan(target).items() for name in parts}
    return {name: by_name[name] for name in names if name in by_name}


def test_a_profile_is_read_as_often_as_the_operator_says_and_else_no_more_often_than_it_wants() -> None:
    names = ("if_mib", "lldp", "entity")
    snmp = collector(Memory(), SnmpSettings(interval_s=20))
    assert intervals(snmp, TARGET, names) == {"if_mib": 20, "lldp": 300, "entity": 60}
    slow = Target("sw1", "192.0.2.1", "east", "device", options={"interval_s": 120})
    assert intervals(snmp, slow, names) == {"if_mib": 120, "lldp": 300, "entity": 120}
    settings = SnmpSettings(profiles={"lldp": ProfileSettings(interval_s=10), "entity": ProfileSettings(enabled=False)})
    assert intervals(collector(Memory(), settings), slow, names) == {"if_mib": 120, "lldp": 10}


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("192.0.2.1", "192.0.2.1", 161),
        ("192.0.2.1:1161", "192.0.2.1", 1161),
        ("switch.example:1161", "switch.example", 1161),
        ("2001:db8::1", "2001:db8::1", 161),
        ("[2001:db8::1]", "2001:db8::1", 161),
        ("[2001:db8::1]:1161", "2001:db8::1", 1161),
    ],
)
def test_addresses(address: str, host: str, port: int) -> None:
    assert split_address(address) == (host, port)
