import asyncio
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from netmon.api import Missing, Reading, Reason, Target
from netmon.app.schedule import Entry, Health, Schedule
from netmon.app.settings.schedule import ScheduleSettings
from netmon.app.timetable import Steady, phase
from tests.support.waiting import eventually


class Fake:
    """A collector that a test steers: how long a read takes, and whether the target answers."""

    name = "fake"
    job = "fake"

    def __init__(
        self, interval_s: float = 0.05, *, takes_s: float = 0.0, dead: bool = False, bug: bool = False
    ) -> None:
        self.interval_s, self.takes_s, self.dead, self.bug = interval_s, takes_s, dead, bug
        self.reads: list[tuple[float, str]] = []
        self.under_way = 0
        self.most_under_way = 0

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def plan(self, target: Target) -> Mapping[float, tuple[str, ...]]:
        del target
        return {self.interval_s: ("part",)}

    async def read(self, target: Target, parts: Iterable[str], deadline_s: float) -> Reading:
        del parts, deadline_s
        self.reads.append((time.monotonic(), target.name))
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(self.takes_s)
        finally:
            self.under_way -= 1
        if self.bug:
            raise RuntimeError("unforeseen")
        problem = Missing(Reason.TIMEOUT) if self.dead else None
        return Reading(target.name, self.name, time.time(), self.takes_s, (), problem)

    def forget(self, target: str) -> None: ...


def target(name: str, address: str = "192.0.2.1") -> Target:
    return Target(name, address, "site", "device")


class Run:
    """A schedule with what it took and its metrics."""

    def __init__(self, **settings: float) -> None:
        self.registry = CollectorRegistry()
        self.taken: list[str] = []
        chosen = ScheduleSettings.model_validate(settings)
        self.schedule = Schedule(chosen, self.registry, lambda t, _job, _reading: self.taken.append(t.name))

    def metric(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0


async def test_polls_again_and_again_and_hands_over_every_reading() -> None:
    run, fake = Run(), Fake()
    run.schedule.replace([(target("a"), fake), (target("b"), fake)])
    assert not run.schedule.first_round_done
    await run.schedule.start()
    await eventually(lambda: run.taken.count("a") >= 3 and run.taken.count("b") >= 3)
    await run.schedule.stop()
    assert run.schedule.first_round_done
    assert run.metric("netmon_polls_total", collector="fake", result="complete") == len(run.taken)
    assert run.metric("netmon_targets", collector="fake") == 2


async def test_a_slow_poll_is_not_piled_up_but_skipped_and_counted() -> None:
    run, fake = Run(), Fake(0.05, takes_s=0.4)
    run.schedule.replace([(target("a"), fake)])
    await run.schedule.start()
    await eventually(lambda: run.metric("netmon_polls_skipped_total", collector="fake", reason="still_running") >= 3)
    await run.schedule.stop()
    assert fake.most_under_way == 1


async def test_a_dead_target_is_eased_off_reported_and_found_again() -> None:
    run, fake = Run(dead_backoff_max_s=1), Fake(0.05, dead=True)
    run.schedule.replace([(target("a"), fake), (target("b"), Fake(0.05))])
    await run.schedule.start()
    await eventually(lambda: run.metric("netmon_polls_skipped_total", collector="fake", reason="backoff") >= 3)
    assert run.metric("netmon_targets_not_answering", collector="fake") == 1
    fake.dead = False
    await eventually(lambda: run.metric("netmon_targets_not_answering", collector="fake") == 0)
    await run.schedule.stop()


async def test_a_bug_in_a_collector_is_counted_and_the_others_go_on() -> None:
    run, broken, sound = Run(), Fake(bug=True), Fake()
    run.schedule.replace([(target("a"), broken), (target("b"), sound)])
    await run.schedule.start()
    await eventually(lambda: run.metric("netmon_bugs_total", where="collector fake") >= 2 and run.taken.count("b") >= 2)
    await run.schedule.stop()
    assert "a" not in run.taken


async def test_no_more_polls_at_once_than_set() -> None:
    run, fake = Run(max_concurrent_polls=2), Fake(1.0, takes_s=0.05)
    run.schedule.replace([(target(f"t{i}"), fake) for i in range(8)])
    await run.schedule.start()
    await eventually(lambda: run.schedule.first_round_done)
    await run.schedule.stop()
    assert fake.most_under_way == 2


async def test_a_reading_of_a_target_that_left_is_not_handed_over() -> None:
    run, fake = Run(), Fake(5.0, takes_s=0.2)
    run.schedule.replace([(target("a"), fake)])
    await run.schedule.start()
    await eventually(lambda: fake.under_way == 1)
    run.schedule.replace([])
    await eventually(lambda: fake.under_way == 0)
    await run.schedule.stop()
    assert run.taken == []
    assert run.metric("netmon_targets", collector="fake") == 0


async def test_stopping_waits_for_the_polls_under_way_and_cancels_the_late() -> None:
    run, quick, stuck = Run(drain_s=0.5), Fake(60, takes_s=0.2), Fake(60, takes_s=60)
    run.schedule.replace([(target("a"), quick), (target("b"), stuck)])
    await run.schedule.start()
    await eventually(lambda: quick.under_way == 1 and stuck.under_way == 1)
    began = time.monotonic()
    await run.schedule.stop()
    assert run.taken == ["a"]
    assert stuck.under_way == 0
    assert time.monotonic() - began < 5


async def test_a_replaced_inventory_keeps_what_is_the_same() -> None:
    run, fake = Run(), Fake(60)
    run.schedule.replace([(target("a"), fake), (target("b"), fake)])
    await run.schedule.start()
    await eventually(lambda: run.schedule.first_round_done)
    run.schedule.replace([(target("a"), fake), (target("b", "192.0.2.2"), fake), (target("c"), fake)])
    await eventually(lambda: run.schedule.first_round_done)
    await run.schedule.stop()
    names = [name for _, name in fake.reads]
    assert sorted(names) == ["a", "b", "b", "c"]  # b has a new address: it is asked anew; a keeps its place


def test_places_in_the_interval_are_stable_and_even() -> None:
    assert phase("snmp/sw-1/30") == phase("snmp/sw-1/30")
    places = sorted(phase(f"snmp/switch-{i}/30") for i in range(10_000))
    worst = max(abs(place - i / 10_000) for i, place in enumerate(places))
    assert worst < 0.03  # the Kolmogorov-Smirnov distance from the uniform; 0.0136 at 5%, doubled for being one draw


@pytest.mark.parametrize(("failures", "wait_s"), [(1, 0.0), (2, 20.0), (3, 40.0), (4, 60.0), (90, 60.0)])
def test_back_off_doubles_up_to_its_limit(failures: int, wait_s: float) -> None:
    health = Health()
    health.entries += [Entry(target("a"), Fake(), interval_s, ("part",)) for interval_s in (300.0, 10.0)]
    for _ in range(failures):
        health.failed(now=1000.0, longest_s=60.0)
    assert health.retry_at == (1000.0 + wait_s if wait_s else 0.0)


class TwoParts(Fake):
    """Reads one part often and another seldom."""

    def plan(self, target: Target) -> Mapping[float, tuple[str, ...]]:
        del target
        return {0.1: ("often",), 3600.0: ("seldom",)}

    async def read(self, target: Target, parts: Iterable[str], deadline_s: float) -> Reading:
        self.parts_read = [*getattr(self, "parts_read", []), *([] if self.dead else parts)]
        return await super().read(target, parts, deadline_s)


async def test_what_was_skipped_while_a_target_was_silent_is_read_when_it_is_back() -> None:
    run, fake = Run(dead_backoff_max_s=1), TwoParts(dead=True)
    run.schedule.replace([(target("a"), fake)])
    await run.schedule.start()
    await eventually(lambda: run.schedule.first_round_done and len(fake.reads) >= 3)
    fake.dead = False
    await eventually(lambda: "seldom" in fake.parts_read)
    await run.schedule.stop()


@pytest.mark.parametrize("interval_s", [5.0, 30.0, 300.0])
def test_a_run_out_of_place_moves_none_that_follow(interval_s: float) -> None:
    trigger = Steady("snmp/sw-1/30", interval_s)
    began = datetime(2026, 1, 1, 12, 0, 1, 234_567, tzinfo=UTC)
    first = trigger.get_next_fire_time(None, began)
    assert 0 < (first - began).total_seconds() <= interval_s
    second = trigger.get_next_fire_time(first, first)
    assert (second - first).total_seconds() == pytest.approx(interval_s, abs=1e-5)
    for part in range(20):
        early = first + timedelta(seconds=part * interval_s / 20)
        place = trigger.get_next_fire_time(early, early)
        assert interval_s / 2 <= (place - early).total_seconds() + 1e-5 <= 1.5 * interval_s + 1e-3
        assert ((place - first).total_seconds() + 1e-4) % interval_s < 2e-4


def test_places_of_many_targets_are_even_over_the_interval() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    runs = sorted(
        (Steady(f"snmp/sw-{n}/30", 30.0).get_next_fire_time(None, now) - now).total_seconds() for n in range(3000)
    )
    each_second = [sum(1 for at in runs if second <= at < second + 1) for second in range(30)]
    assert min(each_second) > 60  # 100 each on average; a third less would be four standard deviations
    assert max(each_second) < 140
