"""What becomes of an alert that comes back: soon, later, much later, again and again."""

import pytest

from netmon.api.alerts import State
from tests.support.alerts import START, World


@pytest.fixture
def world() -> World:
    return World()


def test_one_that_comes_back_in_time_fires_on(world: World) -> None:
    world.say()
    world.clear()
    world.now += 10
    assert world.say() == ["alert down/sw-1 returned"]
    assert world.later(15) == []
    assert world.alert().state is State.FIRING


def test_one_that_comes_back_later_keeps_its_id_and_reopens_its_incident(world: World) -> None:
    world.say()
    before = world.alert()
    world.clear()
    world.later(20)
    world.now += 30
    assert world.say(at=world.now) == ["incident I1 reopened", "alert down/sw-1 firing"]
    after = world.alert()
    assert (after.id, after.starts_at, after.resolved_at) == (before.id, START + 50, None)


def test_one_that_comes_back_much_later_opens_another_incident(world: World) -> None:
    world.say()
    world.clear()
    world.later(20)
    world.now += 601
    assert world.say() == ["incident I2 opened", "alert down/sw-1 firing"]


def test_flapping_is_flagged_and_fires_on_until_it_is_quiet(world: World) -> None:
    world.say()
    seen = []
    for _ in range(3):
        world.now += 5
        seen += world.clear()
        world.now += 5
        seen += world.say()
    assert [each.split()[-1] for each in seen] == [
        "clearing",
        "returned",
        "clearing",
        "flapping",
        "clearing",
        "returned",
    ]
    assert world.alert().flapping
    assert world.later(99) == []
    assert world.later(1) == ["alert down/sw-1 steady"]
    assert not world.alert().flapping


def test_a_flapping_one_that_is_cleared_is_held_until_it_is_quiet(world: World) -> None:
    for _ in range(3):
        world.say()
        world.clear()
    assert world.alert().flapping
    assert world.later(99) == []
    assert world.later(1) == ["alert down/sw-1 resolved", "incident I1 resolved"]
    assert not world.alert().flapping


def test_one_that_never_lasts_but_comes_again_and_again_fires(world: World) -> None:
    seen = []
    for _ in range(3):
        seen += world.say(severity="warning")
        world.now += 10
        seen += world.clear()
        world.now += 10
    assert seen[:4] == ["alert down/sw-1 pending", "alert down/sw-1 dropped"] * 2
    assert seen[4:6] == ["incident I1 opened", "alert down/sw-1 firing"]
    assert world.alert().flapping
