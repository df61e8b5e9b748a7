"""Values at their limit, and values that are none: nothing is foretold of them, said of them or predicted."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.support.foretold import DAY_S, T0, World, declared

LIGHT = declared(
    name="light_fades",
    metric="netmon_optical_rx_power_dbm",
    over=None,
    under=-18.0,
    ignore_under=-35.0,
    hysteresis=0.05,
)
NOISE = np.random.default_rng(3).normal(0, 0.05, 20_000)


def growing(start: float, per_day: float, length: int = 50) -> list[float]:
    """Return days that grow, unevenly but the same each time."""
    return [start + per_day * (day + 0.8 * ((day * 7) % 5 - 2)) for day in range(-length, 0)]


def runaway(then: Callable[[float], float]) -> World:
    """Return a world whose disk would be full in 68 days, but fills within the hour; `then` is what follows."""
    far = declared(horizons=["minutes", "days"], tiers=[{"within_s": 60 * DAY_S, "severity": "info"}])
    world = World([far], quiet_s=120, look_every_s=15, days_again_s=15, account={"rearm_s": 120})
    world.past(growing(80.0, 0.3))
    world.run(3_600, 15, lambda s: 80.0 + NOISE[int(s / 15)])
    world.run(3_600, 15, lambda s: min(80.0 + (s - 3_600) / 120, 100.5) + NOISE[int(s / 15)] / 5)
    world.run(7_200, 15, then)
    return world


def reached_at(world: World) -> float:
    return next(float(each["reached_at"]) for each in world.events if "reached_at" in each)


def test_of_a_disk_that_is_full_nothing_is_foretold_from_any_horizon() -> None:
    world = runaway(lambda s: 100.5 + NOISE[int(s / 15)] / 5)
    reached = reached_at(world)
    assert {each["horizon"] for each in world.events} == {"minutes"}  # what days tell is no news then, nor after it
    assert all(float(each["made_at"]) < reached for each in world.events if each["outcome"] == "open")
    assert all(each["value"] < each["bound"] for each in world.events if each["outcome"] == "open")
    assert [each.cleared for each in world.findings if each.at > reached] == [True]
    assert "hit" in world.outcomes
    assert all(each["lead_s"] > 0 for each in world.events if "lead_s" in each)
    assert len(world.rule.account) == 0


@pytest.mark.parametrize(("level", "after_s"), [(100.5, 135), (90.0, 45)])
def test_the_alert_stays_until_the_limits_own_had_the_time_to_speak(level: float, after_s: float) -> None:
    full = 3_600 + 2_400  # seconds from the start, as `runaway` fills it
    world = World([declared(horizons=["minutes"])], look_every_s=15)
    world.run(3_600, 15, lambda s: 80.0 + NOISE[int(s / 15)])
    world.run(2_400, 15, lambda s: 80.0 + (s - 3_600) / 120)
    assert not any(each.cleared for each in world.findings)
    world.run(300, 15, lambda s: 100.5 if s < full + 30 else level)
    assert [each.cleared for each in world.findings].count(True) == 1
    assert world.findings[-1].cleared
    assert world.findings[-1].at - T0 == full + after_s
    assert reached_at(world) == T0 + full


@pytest.mark.parametrize(("level", "again"), [(98.5, False), (97.0, True)])
def test_after_it_was_full_it_is_foretold_again_only_when_it_was_clearly_good(level: float, again: bool) -> None:
    world = runaway(lambda s: level + NOISE[int(s / 15)] / 5)
    until = world.now
    world.run(DAY_S, 300, lambda s: level + 0.3 * s / DAY_S)
    world.run(DAY_S, 300, lambda s: level + 0.3 * s / DAY_S)
    later = [each for each in world.events if each["outcome"] == "open" and float(each["made_at"]) > reached_at(world)]
    assert until - reached_at(world) > 2 * 3_600 - 1
    assert bool(later) is again


def test_while_one_poll_is_beyond_nothing_is_said_and_nothing_is_over() -> None:
    world = World([declared(horizons=["days"])])
    world.past(growing(95.0, 1.0))
    world.run(3_600, 300, lambda _: 95.0)
    said, events = len(world.findings), len(world.events)
    world.poll({0: 120.0})
    for _ in range(40):  # and no other poll comes
        world.wait(40)
    assert (len(world.findings), len(world.events)) == (said, events)
    world.run(1_800, 300, lambda _: 95.0)
    assert len(world.findings) > said
    assert not any(each.cleared for each in world.findings)


def test_a_series_of_a_thing_that_is_full_by_another_one_foretells_nothing() -> None:
    one = declared(horizons=["days"], labels=[])
    world = World([one, one])
    world.panel.same_target = True
    for slot in (0, 1):
        world.past(growing(95.0, 1.0), slot)
    for step in range(60):
        world.poll({0: 96.0})
        world.poll({1: 96.0 if step < 20 else 101.0})
        world.wait(300)
    (opened,) = [each for each in world.events if each["outcome"] == "open"]
    assert float(opened["made_at"]) < T0 + 20 * 300
    assert [each.cleared for each in world.findings].count(True) == 1
    assert world.findings[-1].cleared


def fading(then: Callable[[float], float], seconds: float) -> World:
    """Return a world whose light falls to its limit within weeks; after a day `then` is what follows."""
    world = World([LIGHT])
    world.past([-15 - 0.05 * (day + 0.5 * ((day * 7) % 5 - 2)) for day in range(50)])
    world.run(DAY_S, 900, lambda s: -17.5 - 0.05 * s / DAY_S)
    assert set(world.outcomes) == {"open"}
    world.run(seconds, 60, then)
    return world


def test_darkness_is_neither_reached_nor_missed_nor_a_trend() -> None:
    world = fading(lambda _: -40.0, 1_500)
    opened = len(world.rule.account)
    world.run(4 * 3_600, 60, lambda s: -17.55 - 0.05 * s / DAY_S)
    assert set(world.outcomes) == {"open"}
    assert len(world.rule.account) == opened > 0  # a fiber that was mended at once goes on where it was
    assert not any(each.cleared for each in world.findings)


def test_a_prediction_is_void_when_darkness_lasts() -> None:
    world = fading(lambda _: -40.0, 2 * 3_600)
    assert set(world.outcomes) == {"open", "void"}
    assert len(world.rule.account) == 0
    assert [each.cleared for each in world.findings].count(True) == 1
    assert world.findings[-1].cleared
    assert "-17.5" in world.findings[-1].summary
    assert world.findings[-1].at - T0 < DAY_S + 2_000
    world.restart()
    world.run(DAY_S, 900, lambda _: -40.0)
    assert set(world.outcomes) == {"open", "void"}


def test_a_fiber_that_was_always_well_and_is_cut_is_not_missed() -> None:
    for sleeper, outcomes in ((LIGHT, []), (LIGHT.model_copy(update={"ignore_under": None}), ["missed"])):
        world = World([sleeper])
        world.past([-9.0 + 0.01 * (day % 3) for day in range(50)])
        world.run(7_200, 60, lambda s: -9.0 + NOISE[int(s / 60)])
        world.run(7_200, 60, lambda _: -40.0)
        assert world.outcomes == outcomes
        assert world.findings == []


def test_days_of_darkness_in_a_past_that_others_kept_are_no_days() -> None:
    lit, cut = ([-15 - 0.05 * (day + 0.5 * ((day * 7) % 5 - 2)) for day in range(50)] for _ in range(2))
    cut[20:23] = [-40.0] * 3
    first = []
    for past in (lit, cut):
        world = World([LIGHT])
        world.past(past)
        world.run(3_600, 600, lambda _: -17.5)
        impact = world.findings[0].impact
        assert impact is not None
        first.append(impact.p50)
    assert first[0] == pytest.approx(first[1], abs=2 * DAY_S)
