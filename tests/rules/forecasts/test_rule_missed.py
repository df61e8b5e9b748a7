"""Limits that are reached unannounced: which of them count as missed."""

from functools import partial
from math import sin

import pytest

from tests.support.foretold import DAY_S, World, declared

DAYS = declared(horizons=["days"])


def test_a_limit_that_is_reached_unannounced_is_missed_once() -> None:
    world = World([declared()])
    world.past([40.0 + 0.1 * (day % 3) for day in range(50)])
    world.run(7_200, 60, lambda _: 40.0)
    world.run(7_200, 60, lambda s: 101.0 if s % 600 < 300 else 99.5)
    assert world.outcomes == ["missed"]
    assert world.findings == []


@pytest.mark.parametrize(("watched_s", "outcomes"), [(540, []), (600, ["missed"])])
def test_what_was_watched_too_shortly_to_be_foretold_in_time_is_not_missed(watched_s: int, outcomes: list[str]) -> None:
    world = World([declared()])
    world.past([40.0 + 0.1 * (day % 3) for day in range(50)])
    world.run(watched_s, 20, lambda _: 40.0)
    world.run(600, 20, lambda _: 101.0)
    assert world.outcomes == outcomes


@pytest.mark.parametrize("jump", [60.5, 30.0])
def test_a_copy_that_somebody_makes_at_once_is_missed_only_where_it_fills_the_disk(jump: float) -> None:
    world = World([declared()])
    world.past([40.0 + 0.1 * (day % 3) for day in range(50)])
    world.run(7_200, 60, lambda s: 40.0 + 0.1 * sin(s / 900))
    world.run(300, 60, lambda s: 40.0 + jump * (s - 7_200) / 300)  # five minutes of copying
    world.run(3 * DAY_S, 300, lambda s: 40.0 + jump + 0.1 * sin(s / 900))
    assert world.outcomes.count("missed") == (jump > 60)


def test_without_history_nothing_is_missed() -> None:
    world = World([DAYS])
    world.run(1_200, 60, lambda _: 40.0)
    world.run(1_200, 60, lambda _: 101.0)
    assert world.said == []


def _at(level: float, _: float) -> float:
    return level


@pytest.mark.parametrize(("level", "outcomes"), [(98.5, ["missed"]), (97.5, ["missed", "missed"])])
def test_a_value_that_was_never_clearly_good_reaches_its_limit_once(level: float, outcomes: list[str]) -> None:
    world = World([declared()])
    world.past([40.0 + 0.1 * (day % 3) for day in range(50)])
    world.run(7_200, 300, lambda _: 40.0)
    for each in (101.0, level, 101.0):
        world.run(8 * DAY_S, 1_800, partial(_at, each))
    assert world.outcomes == outcomes
