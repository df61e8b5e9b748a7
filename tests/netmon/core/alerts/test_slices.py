"""A silence over thousands of alerts stops nothing else: they learn of it a slice at a time, and none is left out."""

import json
from collections.abc import Iterator
from itertools import count

import msgspec
import pytest

from netmon.api import Alert
from netmon.core.alerts.changes import Change
from netmon.core.alerts.muting import SLICE
from tests.support.alerts import START, World, engine, settings, silence

MANY = 1_000


@pytest.fixture
def world() -> World:
    made = World(expires_s=100_000)
    for number in range(MANY):
        made.say(f"port-{number}/sw-{number % 4}")
    return made


def of_alerts(changes: list[Change]) -> int:
    return sum(isinstance(change.thing, Alert) for change in changes)


def slices(world: World, at_most: int = 500) -> Iterator[int]:
    """Tick until nothing is left, and give how many alerts changed each time."""
    for _ in count():
        if not world.alerts.behind(world.now):
            return
        yield of_alerts(world.alerts.tick(world.now, at_most))


def muted(world: World) -> int:
    return sum(bool(alert.muted_by) for alert in world.alerts.alerts())


def test_a_silence_begins_and_ends_in_slices(world: World) -> None:
    made, changes = world.alerts.silence(silence("sw-[01]", 100, is_regex=True), "budi", world.now)
    assert 0 < of_alerts(changes) <= SLICE
    sizes = list(slices(world))
    assert max(sizes) <= SLICE
    assert of_alerts(changes) + sum(sizes) == muted(world) == MANY // 2
    changes = world.alerts.end_silence(made.id, "budi", world.now)
    assert 0 < of_alerts(changes) <= SLICE
    assert of_alerts(changes) + sum(slices(world)) == MANY // 2
    assert muted(world) == 0


def test_a_silence_that_begins_and_ends_in_its_time_does_so_in_slices(world: World) -> None:
    world.alerts.silence(silence("sw-.", 100, starts_s=50, is_regex=True), "budi", world.now)
    for expected in (MANY, 0):
        world.now += 50
        sizes = [of_alerts(world.alerts.tick(world.now, 500)), *slices(world)]
        assert max(sizes) <= SLICE
        assert (sum(sizes), muted(world)) == (MANY, expected)


def test_timers_go_on_meanwhile(world: World) -> None:
    world.say("hot/gw", "error")
    world.now += 30
    world.alerts.silence(silence("sw-.", 100, is_regex=True), "budi", world.now)
    changes = world.alerts.tick(world.now, 500)
    assert [c.thing.key for c in changes if c.what.value == "firing" and isinstance(c.thing, Alert)] == ["hot/gw"]


def test_what_begins_before_all_have_learnt_of_a_silence_is_muted_at_once(world: World) -> None:
    world.alerts.silence(silence("sw-.", 100, is_regex=True), "budi", world.now)
    world.say("late/sw-1")
    assert world.alert("late/sw-1").muted_by == ("S1",)
    assert muted(world) < MANY


def test_silences_that_overtake_each_other_end_right(world: World) -> None:
    made, _ = world.alerts.silence(silence("sw-[01]", 100, is_regex=True), "budi", world.now)
    other, _ = world.alerts.silence(silence("sw-[12]", 100, is_regex=True), "budi", world.now)
    world.alerts.tick(world.now, 100)
    world.alerts.end_silence(made.id, "sari", world.now)
    sum(slices(world))
    assert {alert.target for alert in world.alerts.alerts() if alert.muted_by == (other.id,)} == {"sw-1", "sw-2"}
    assert muted(world) == MANY // 2


@pytest.mark.parametrize("by_snapshot", [True, False])
def test_a_restart_in_the_middle_leaves_none_out(world: World, by_snapshot: bool) -> None:
    before = json.loads(msgspec.json.encode(world.alerts.snapshot()))
    _, changes = world.alerts.silence(silence("sw-.", 100, is_regex=True), "budi", world.now)
    if by_snapshot:
        before, changes = json.loads(msgspec.json.encode(world.alerts.snapshot())), []
    world.alerts = engine(settings(expires_s=100_000))
    world.alerts.restore(before)
    for change in changes:
        world.alerts.apply(change)
    assert 0 < muted(world) <= SLICE
    sum(slices(world))
    assert muted(world) == MANY
    assert world.now == START
