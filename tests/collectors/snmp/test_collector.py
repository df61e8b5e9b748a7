"""The collector over devices in memory: presence, failures, intervals, addresses."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from collectors.snmp.agent import Agent
from collectors.snmp.answers import Answers
from collectors.snmp.collector import SnmpCollector, split_address
from collectors.snmp.plan import TablePlan
from collectors.snmp.settings import ProfileSettings, SnmpSettings
from collectors.snmp.tables import TablesRead, read_table
from netmon.api import Missing, PeerTimeout, Reason, Target
from tests.support.snmp_switch import (
    ALL,
    IF,
    TARGET,
    UP,
    Clock,
    X,
    asked_columns,
    collector,
    device,
    part,
    value,
)
from tests.support.snmprec import Memory, Recording


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
