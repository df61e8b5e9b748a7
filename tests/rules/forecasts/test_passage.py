"""The forecast over days: what must fool nobody, what must hold for every series, and how well it foretells."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from bench.forecast_cases import Cases, cases, shortened, with_gaps
from bench.forecast_series import KINDS
from netmon.api.columns import Floats
from rules.forecasts.passage import MIN_VALUES, Passage, first_passage
from rules.forecasts.screen import may_reach

DAYS = np.arange(56.0)


def foretold(
    history: NDArray[Any], bound: float, *, falling: bool = False, horizon: int = 180
) -> tuple[float, float, float]:
    """Return p10, p50 and p90 of one series."""
    found = first_passage(np.atleast_2d(history), np.array([bound]), np.array([falling]), horizon=horizon)
    return float(found.p10[0]), float(found.p50[0]), float(found.p90[0])


def noise(seed: int = 1) -> Floats:
    return np.random.default_rng(seed).normal(0, 0.3, 56)


NEVER = (np.inf, np.inf, np.inf)


def test_a_straight_line_reaches_its_bound_when_it_does() -> None:
    p10, p50, p90 = foretold(30 + 0.5 * DAYS, 77.5)  # 57.5 on the last day, 40 days to go
    assert p10 < 40 < p90
    assert p50 == pytest.approx(40, abs=4)


def test_a_constant_series_reaches_nothing() -> None:
    assert foretold(np.full(56, 79.9), 80.0) == NEVER


def test_what_is_beyond_its_bound_already_takes_no_time() -> None:
    assert foretold(np.full(56, 80.0), 80.0) == (0, 0, 0)
    assert foretold(np.full(56, 80.1), 80.0) == (0, 0, 0)
    assert foretold(np.array([81.0]), 80.0) == (0, 0, 0)  # however short its past


def test_a_step_that_happened_once_is_no_trend() -> None:
    for day in (3, 10, 28, 45, 53, 55):
        assert foretold(40 + 20.0 * (day <= DAYS) + noise(), 80.0)[1] == np.inf


def test_growth_goes_on_after_a_step() -> None:
    history = 30 + 0.5 * DAYS + 10.0 * (DAYS >= 30) + noise()
    assert foretold(history, 77.5)[1] == pytest.approx(20, abs=4)


def test_a_weekly_swing_is_no_trend() -> None:
    for phase in range(7):
        swing = 60 + 15 * np.sin(2 * np.pi * (DAYS + phase) / 7)
        assert foretold(swing + noise(), 80.0)[1] == np.inf


def test_the_highest_day_of_the_week_reaches_the_bound_first() -> None:
    weekly = 10.0 * (DAYS % 7 == 2)
    flat = foretold(30 + 0.5 * DAYS, 77.5)[1]
    assert foretold(30 + 0.5 * DAYS + weekly, 77.5)[1] == pytest.approx(flat - 20, abs=5)


@pytest.mark.parametrize("phase", range(0, 30, 3))
def test_a_disk_that_is_cleaned_each_month_is_not_called_full(phase: int) -> None:
    used = 40 + 1.0 * ((DAYS + phase) % 30) + noise()
    p10, p50, p90 = foretold(used, 90.0)
    assert p90 == np.inf  # perhaps it is cleaned again
    assert p50 == np.inf
    assert p10 > 0


@pytest.mark.parametrize("phase", range(0, 20, 3))
def test_nor_one_that_is_cleaned_every_three_weeks_shortly_before_it_is_full(phase: int) -> None:
    used = 40 + 1.0 * ((DAYS + phase) % 20) + noise()
    assert foretold(used, 65.0)[1] == np.inf


@pytest.mark.parametrize("since", [10, 14, 21, 28])
def test_a_single_cleaning_shortly_before_the_limit_does_not_hide_the_next_time(since: int) -> None:
    used = 60 + 1.0 * DAYS[: 25 + since] - 25.0 * (DAYS[: 25 + since] >= 25) + noise()[: 25 + since]
    left = 95 - (60 + since - 1)
    p10, p50, p90 = foretold(used, 95.0)
    assert p10 <= left <= p90
    assert p50 == pytest.approx(left, rel=0.15, abs=2)


def test_nor_does_one_long_before_it_once_the_series_is_higher_than_then() -> None:
    used = 40 + 1.0 * DAYS - 25.0 * (DAYS >= 25) + noise()  # from 65 down to 40, now 70
    assert foretold(used, 95.0)[1] == pytest.approx(25, rel=0.15)
    assert foretold(used[:-14], 95.0)[1] == np.inf  # at 56: perhaps it is cleaned again


def test_what_an_outlier_leaves_is_no_cleaning() -> None:
    used = 60 + 1.0 * DAYS[:45] - 25.0 * (DAYS[:45] >= 25) + noise()[:45]
    used[12] += 15.0
    used[13:] -= 0.4  # comes down a little lower than it was
    assert foretold(used, 95.0)[1] == pytest.approx(16, rel=0.25)


def test_readings_in_coarse_steps_still_show_a_trend() -> None:
    light = np.round(-12 - 0.02 * DAYS, 1)  # the same for five days in a row
    p10, p50, p90 = foretold(light, -15.0, falling=True)
    assert p10 < 95 < p90
    assert p50 == pytest.approx(95, abs=15)


def test_readings_that_flip_between_two_steps_do_not() -> None:
    flips = -12 - 0.1 * (np.random.default_rng(3).random(56) < 0.3)
    assert foretold(flips, -13.0, falling=True)[1] == np.inf


@pytest.mark.parametrize("day", [0, 20, 40, 54, 55])
def test_a_single_outlier_changes_little(day: int) -> None:
    history = 30 + 0.5 * DAYS + noise()
    outlier = history.copy()
    outlier[day] += 15
    before, after = foretold(history, 80.0), foretold(outlier, 80.0)
    if day < 55:  # on the last day nobody can tell whether it stays
        assert after[1] == pytest.approx(before[1], rel=0.2)
    assert foretold(np.where(day == DAYS, 75.0, 50.0) + noise(), 80.0)[1] == np.inf


def test_a_regime_that_is_three_weeks_old_counts_more_than_what_was_before() -> None:
    history = 30 + 0.1 * DAYS + 0.9 * np.maximum(DAYS - 35, 0) + noise()
    assert foretold(history, history[-1] + 30)[1] == pytest.approx(30, rel=0.4)


def test_a_trend_that_has_ended_is_foretold_less_and_less() -> None:
    rising = 30 + 1.0 * np.minimum(DAYS, 30) + noise()
    going_on = 30 + 1.0 * DAYS + noise()
    assert foretold(rising, rising[-1] + 10)[1] > 3 * foretold(going_on, going_on[-1] + 10)[1]


def test_too_little_is_no_forecast() -> None:
    line = 30 + 0.5 * DAYS
    assert foretold(line[-MIN_VALUES + 1 :], 80.0) == NEVER
    assert foretold(line[-MIN_VALUES:], 60.0)[1] < np.inf
    assert foretold(np.full(56, np.nan), 80.0) == NEVER
    assert foretold(np.empty((1, 0)), 80.0) == NEVER
    assert foretold(line, np.nan) == NEVER


def test_a_series_that_has_been_silent_for_a_week_is_not_foretold() -> None:
    line = 30 + 0.5 * DAYS
    line[-6:] = np.nan
    assert foretold(line, 80.0)[1] < np.inf
    line[-7:] = np.nan
    assert foretold(line, 80.0) == NEVER


@pytest.mark.parametrize(("seen", "reach"), [(12, 12), (20, 20), (34, 34), (35, 140), (40, 160)])
def test_in_less_than_five_weeks_nothing_is_told_further_ahead_than_as_long_again(seen: int, reach: int) -> None:
    line = 30 + 0.5 * DAYS[:seen]
    assert foretold(line, line[-1] + 0.5 * (reach - 3))[1] < np.inf
    assert foretold(line, line[-1] + 0.5 * (reach + 5))[1] == np.inf


def test_a_gap_does_not_make_a_past_short() -> None:
    line = 30 + 0.5 * DAYS[:40]
    line[10:20] = np.nan
    assert foretold(line, line[-1] + 0.5 * 60)[1] == pytest.approx(60, rel=0.15)


def test_gaps_change_little() -> None:
    history = 30 + 0.5 * DAYS + noise()
    gaps = history.copy()
    gaps[[3, 10, 11, 12, 30, 31, 47]] = np.nan
    assert foretold(gaps, 80.0) == pytest.approx(foretold(history, 80.0), rel=0.15)


def test_each_series_is_told_as_if_it_were_alone() -> None:
    some = cases(31, 40, ("disk steady", "light splice", "disk cleaned"))
    together = first_passage(some.history, some.bounds, some.falling)
    for row in range(0, len(some), 7):
        alone = first_passage(some.history[[row]], some.bounds[[row]], some.falling[[row]])
        assert (alone.p10[0], alone.p50[0], alone.p90[0]) == (together.p10[row], together.p50[row], together.p90[row])


@pytest.mark.parametrize("days", [10, 13, 20, 21, 22, 34, 40, 49, 55])
def test_a_short_past_is_the_same_at_the_end_of_a_long_row(days: int) -> None:
    some = cases(32, 20, ("disk steady", "light splice", "link flat"))
    short, padded = some.history[:, -days:], some.history.copy()
    padded[:, :-days] = np.nan
    mixed = np.concatenate([some.history, padded])  # and beside rows that are longer
    twice = np.concatenate([some.bounds, some.bounds]), np.concatenate([some.falling, some.falling])
    alone, among = first_passage(short, some.bounds, some.falling), first_passage(mixed, *twice)
    for name in ("p10", "p50", "p90"):
        np.testing.assert_allclose(getattr(among, name)[len(some) :], getattr(alone, name), rtol=1e-9)
    assert may_reach(mixed, *twice)[among.p50 <= 180].all()


def test_arguments_are_left_as_they_are() -> None:
    history = np.where(DAYS == 5, np.inf, 30 + 0.5 * DAYS)[None]
    kept = history.copy()
    history.flags.writeable = False
    first_passage(history, np.array([80.0]), np.array([False]))
    may_reach(history, np.array([80.0]), np.array([False]))
    assert np.array_equal(history, kept)


# Whole numbers, moved and scaled by whole numbers and powers of two, are exact in float64.
WHOLE = st.one_of(st.integers(-1000, 1000).map(float), st.just(np.nan))
HISTORIES = arrays(np.float64, st.tuples(st.just(1), st.integers(1, 60)), elements=WHOLE)
BOUNDS = st.integers(-1500, 1500).map(float)


def triple(found: Passage) -> Floats:
    return np.array([found.p10[0], found.p50[0], found.p90[0]])


@given(HISTORIES, BOUNDS, st.booleans())
def test_any_history_gives_an_ordered_forecast_and_twice_the_same(history: Floats, bound: float, falling: bool) -> None:
    first, again = (triple(first_passage(history, np.array([bound]), np.array([falling]))) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.isnan(first).any()
    assert 0 <= first[0] <= first[1] <= first[2]
    assert ((first <= 180) | np.isinf(first)).all()


@given(HISTORIES, BOUNDS, st.integers(-500, 500), st.sampled_from([0.25, 0.5, 2.0, 1024.0]), st.booleans())
def test_units_do_not_matter(history: Floats, bound: float, shift: int, scale: float, falling: bool) -> None:
    flags = np.array([falling])
    plain = triple(first_passage(history, np.array([bound]), flags))
    other = triple(first_passage(history * scale + shift, np.array([bound * scale + shift]), flags))
    assert np.array_equal(plain, other)


@given(HISTORIES, BOUNDS)
def test_falling_is_the_mirror_of_rising(history: Floats, bound: float) -> None:
    up = triple(first_passage(history, np.array([bound]), np.array([False])))
    down = triple(first_passage(-history, np.array([-bound]), np.array([True])))
    assert np.array_equal(up, down)


@given(HISTORIES, BOUNDS, st.integers(1, 300))
def test_a_bound_further_off_is_not_reached_earlier(history: Floats, bound: float, further: int) -> None:
    near, far = (
        triple(first_passage(history, np.array([limit]), np.array([False]))) for limit in (bound, bound + further)
    )
    assert (far >= near - 1e-6).all()


WILD = arrays(np.float64, st.tuples(st.just(2), st.sampled_from([1, 9, 15, 30, 56, 70])), elements=st.floats())


@given(WILD, st.floats(), st.booleans())
def test_nothing_that_a_device_sends_does_harm(history: Floats, bound: float, falling: bool) -> None:
    limits, flags = np.full(2, bound), np.full(2, falling)
    found = first_passage(history, limits, flags)
    assert not np.isnan([found.p10, found.p50, found.p90]).any()
    assert may_reach(history, limits, flags).dtype == np.bool_


def score(some: Cases) -> tuple[float, float, float]:
    """Return coverage of the interval, the median error in days, and the share of flat series foretold within 90."""
    found = first_passage(some.history, some.bounds, some.falling)
    heads, reached = ~some.flat, ~some.flat & np.isfinite(some.truth)
    inside = (found.p10[heads] <= some.truth[heads]) & (some.truth[heads] <= found.p90[heads])
    error = np.abs(np.minimum(found.p50[reached], 180) - some.truth[reached])
    return float(inside.mean()), float(np.median(error)), float((found.p50[some.flat] < 90).mean())


@pytest.fixture(scope="module")
def world() -> Cases:
    return cases(41, 60)


def test_four_of_five_intervals_hold_on_a_simulated_world(world: Cases) -> None:
    covered, error, false = score(world)
    assert 0.78 <= covered <= 0.86
    assert error <= 9
    assert false <= 0.03


@pytest.mark.parametrize("family", ["disk", "link", "light"])
def test_and_in_each_family_of_series(family: str) -> None:
    kinds = tuple(kind for kind in KINDS if kind.startswith(family))
    covered, _, false = score(cases(43, 150, kinds))
    assert 0.76 <= covered <= 0.88  # the goal is 78 to 86%; one seed of some 450 series is 2% off now and then
    assert false <= 0.03


def test_three_weeks_foretell_what_grows_but_not_what_is_cleaned_each_month(world: Cases) -> None:
    some = shortened(world, 20)
    found = first_passage(some.history, some.bounds, some.falling)
    for kind in ("disk steady", "light splice"):
        near = (some.kind == kind) & (some.truth <= 15)
        assert (found.p50[near] < np.inf).mean() >= 0.9
    assert (found.p50[some.flat] < 90).mean() <= 0.05


def test_and_on_shorter_pasts_and_such_with_gaps(world: Cases) -> None:
    for some in (shortened(world, 40), with_gaps(world, 42)):
        covered, error, false = score(some)
        assert 0.78 <= covered <= 0.92
        assert error <= 11
        assert false <= 0.05


def test_the_screen_loses_nothing_that_would_have_been_foretold(world: Cases) -> None:
    found, near = (
        first_passage(world.history, world.bounds, world.falling),
        may_reach(world.history, world.bounds, world.falling),
    )
    assert near[found.p50 <= 180].mean() >= 0.99
    assert near[found.p50 <= 60].all()
    assert near[found.p50 == 0].all()


def test_the_screen_spares_most_of_a_quiet_fleet() -> None:
    rng = np.random.default_rng(5)
    quiet = 40 + rng.normal(0, 2, (2000, 56)) + 5 * np.sin(2 * np.pi * DAYS / 7)
    for bound, share in ((80.0, 0.25), (100.0, 0.1)):
        assert may_reach(quiet, np.full(2000, bound), np.zeros(2000, np.bool_)).mean() < share


def test_rows_without_values_or_limits_pass_no_screen() -> None:
    history = np.full((3, 56), np.nan)
    history[1, -9:] = 50.0  # two weeks alone: nothing to compare them with
    history[2] = 30 + DAYS
    assert may_reach(history, np.array([80.0, 80.0, np.nan]), np.zeros(3, np.bool_)).tolist() == [False, True, False]


@given(HISTORIES, BOUNDS, st.booleans())
@settings(max_examples=50)
def test_any_history_can_be_screened(history: Floats, bound: float, falling: bool) -> None:
    near = may_reach(history, np.array([bound]), np.array([falling]))
    assert near.shape == (1,)
    assert near.dtype == np.bool_
    if not np.isfinite(history).any():
        assert not near[0]
