"""Devices that restart or number their ports anew, also while they are read."""

from collections.abc import Callable, Sequence

from collectors.snmp import oid
from collectors.snmp.agent import Agent
from collectors.snmp.answers import Answers
from netmon.api import Reason
from tests.support.snmp_switch import (
    ALL,
    CHANGED,
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
