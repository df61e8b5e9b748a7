"""One recorded series: which periods it is looked at in, its direction, and when it reaches its limit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.api.columns import Floats
from rules.forecasts.replay import DAY_S, Foretold, foretell, short_past_s

START = 1_790_000_000.0 // DAY_S * DAY_S
RNG = np.random.default_rng(7)


def every(seconds: float, days: float) -> Floats:
    return START + np.arange(0, days * DAY_S, seconds)


def left(found: Foretold, at: Floats) -> tuple[float | None, ...]:
    """Return p10, p50 and p90 in days after the last reading."""
    return tuple(None if time is None else (time - at[-1]) / DAY_S for time in (found.p10, found.p50, found.p90))


def inside(found: Foretold, time: float) -> bool:
    return found.p10 is not None and found.p10 <= time and (found.p90 is None or time <= found.p90)


@pytest.mark.parametrize("spacing_s", [60.0, 300.0, 3600.0, DAY_S / 2, DAY_S])
def test_a_disk_that_fills_for_weeks_is_told_in_days_however_often_it_was_read(spacing_s: float) -> None:
    at = every(spacing_s, 40)
    used = 40 + (at - START) / DAY_S * 0.6 + RNG.normal(0, 0.1, len(at))
    found = foretell(at, used, 85.0)  # after 75 days
    assert found.told_by == "days"
    assert not found.falling
    assert inside(found, START + 75 * DAY_S)
    assert found.p50 == pytest.approx(START + 75 * DAY_S, abs=4 * DAY_S)


@pytest.mark.parametrize("cut", range(0, 24, 3))
def test_the_rise_of_an_ordinary_morning_is_no_forecast(cut: int) -> None:
    at = every(300, 20)
    at = at[: len(at) - cut * 12]
    load = 50 + 25 * np.sin(2 * np.pi * (at - START) / DAY_S) + RNG.normal(0, 1, len(at))
    assert foretell(at, load, 90.0).p50 is None


def test_a_disk_that_fills_since_this_morning_is_told_in_hours() -> None:
    at = every(300, 20.5)
    began = START + 20 * DAY_S + 6 * 3600
    used = 40 + np.maximum(at - began, 0) / 3600 * 4 + RNG.normal(0, 0.2, len(at))
    found = foretell(at, used, 80.0)  # 10 hours after it began, 4 from now
    assert found.told_by == "hours"
    assert inside(found, began + 10 * 3600)


def test_a_log_that_runs_away_is_told_in_minutes() -> None:
    at = every(30, 0.5)
    began = at[-30]
    used = np.round(60 + np.maximum(at - began, 0) / 60 + 0.05 * RNG.normal(size=len(at)), 1)
    found = foretell(at, used, 95.0)
    assert found.told_by == "minutes"
    assert inside(found, began + 35 * 60)


def test_a_few_days_of_steady_growth_are_told_too() -> None:
    at = every(300, 3)
    found = foretell(at, 30 + (at - START) / DAY_S * 10 + RNG.normal(0, 0.1, len(at)), 80.0)
    assert found.told_by == "hours"
    assert inside(found, START + 5 * DAY_S)


def test_a_few_days_of_a_daily_swing_are_not() -> None:
    at = every(300, 3.3)
    load = 50 + 25 * np.sin(2 * np.pi * (at - START) / DAY_S) + RNG.normal(0, 1, len(at))
    assert foretell(at, load, 90.0).p50 is None


def test_weekly_readings_have_no_days() -> None:
    at = every(7 * DAY_S, 7 * 30)
    found = foretell(at, 40 + (at - START) / DAY_S * 0.1, 75.0)
    assert inside(found, START + 350 * DAY_S)


def test_the_direction_is_where_the_limit_lies() -> None:
    at = every(3600, 40)
    light = -10 - (at - START) / DAY_S * 0.1 + 0.05 * RNG.normal(size=len(at))
    found = foretell(at, light, -20.0)
    assert found.falling
    assert inside(found, START + 100 * DAY_S)
    assert not foretell(at, light, -5.0).falling
    assert foretell(at, light, -5.0).p50 is None  # it goes the other way
    assert foretell(at, light, -20.0, falling=False).p50 == at[-1]  # said so: it is beyond already


def test_a_limit_above_the_newest_value_is_reached_by_rising() -> None:
    at = every(3600, 60)
    day = (at - START) / DAY_S
    used = np.where(day < 40, 95.0, 70 + (day - 40) / 2) + RNG.normal(0, 0.05, len(at))  # cleaned, now 80
    found = foretell(at, used, 90.0)
    assert not found.falling
    assert left(found, at)[1] == pytest.approx(20, rel=0.3)
    assert foretell(at, used, 90.0, falling=True).p50 == at[-1]


def test_a_limit_that_was_passed_lately_is_reached() -> None:
    at = every(3600, 40)
    used = 50 + (at - START) / DAY_S
    found = foretell(at, used, 85.0)
    assert (found.falling, found.p50) == (False, at[-1])


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_disk_that_was_cleaned_today_is_not_full(sign: float) -> None:
    at = every(3600, 60.4)
    used = np.where(at < at[-8], 48 + (at - START) / DAY_S * 0.7, 30.0) + RNG.normal(0, 0.1, len(at))
    found = foretell(at, sign * used, sign * 90.0, falling=sign < 0)  # the day before it was at 90
    assert found.told_by == "days"
    assert left(found, at)[1] == pytest.approx(60 / 0.7, rel=0.1)


def test_a_limit_that_each_day_reaches_is_reached_within_a_day() -> None:
    at = every(600, 20.1)
    load = 60 + 40 * np.sin(2 * np.pi * (at - START) / DAY_S - 2.5)
    assert load[-1] < 90
    assert left(foretell(at, load, 90.0), at) == pytest.approx((0.1, 0.5, 0.9))


@pytest.mark.parametrize(("days", "short"), [(0.02, True), (9.0, True), (34.9, True), (36.0, False)])
def test_how_short_a_past_is_can_be_said(days: float, short: bool) -> None:
    at = every(600, days)
    assert short_past_s(at, np.ones(len(at))) == (at[-1] - at[0] if short else None)
    assert short_past_s(at, np.full(len(at), np.nan)) == 0.0


def test_few_readings_are_too_short_a_past_however_far_apart() -> None:
    at = every(20 * DAY_S, 120)
    assert short_past_s(at, np.ones(6)) == 100 * DAY_S


def test_what_is_beyond_is_now() -> None:
    at = every(300, 2)
    found = foretell(at, np.full(len(at), 91.0), 90.0, falling=False)
    assert (found.p10, found.p50, found.p90) == (at[-1], at[-1], at[-1])


def test_a_day_that_is_not_over_does_not_count() -> None:
    at = every(300, 30.3)  # ends in the night, when there is least
    swing = 10 * np.sin(2 * np.pi * (at - START) / DAY_S - np.pi)
    used = 40 + np.floor((at - START) / DAY_S) * 0.5 + swing
    whole = at < START + 30 * DAY_S
    partly, before = foretell(at, used, 80.0), foretell(at[whole], used[whole], 80.0)
    assert partly.p50 == before.p50


def test_order_gaps_and_repetition_do_not_matter() -> None:
    at = every(3600, 30)
    used = 40 + (at - START) / DAY_S
    mixed = RNG.permutation(len(at))
    expected = foretell(at, used, 90.0)
    assert foretell(at[mixed], used[mixed], 90.0) == expected
    missing = np.append(used, np.nan)
    assert foretell(np.append(at, at[-1] + 60), missing, 90.0) == expected
    assert foretell(np.append(at[:1], at), np.append(0.0, used), 90.0) == expected  # of two at one time the last


def test_nothing_to_go_by_is_no_forecast() -> None:
    nothing = Foretold(None, None, None, False, "")
    assert foretell(np.array([]), np.array([]), 1.0) == nothing
    assert foretell(np.array([5.0]), np.array([0.0]), 1.0) == nothing
    assert foretell(every(60, 1), np.full(1440, 3.0), 5.0) == nothing


@given(st.lists(st.tuples(st.floats(0, 4e9), st.floats()), max_size=80), st.floats(allow_nan=False))
def test_no_number_in_a_file_does_harm(readings: list[tuple[float, float]], bound: float) -> None:
    found = foretell(np.array([time for time, _ in readings]), np.array([value for _, value in readings]), bound)
    times = [time for time in (found.p10, found.p50, found.p90) if time is not None]
    assert times == sorted(times)


def test_a_mean_at_the_limit_is_not_the_newest_reading() -> None:
    at = np.array([0.0, 2, 685, 1368, 2052, 2736, 3420, 19139, 19822])
    found = foretell(at, np.array([0.0] * 7 + [1, -1]), 0.0)
    assert found == Foretold(None, None, None, False, "")


@given(
    st.lists(st.tuples(st.integers(0, 100_000), st.integers(-50, 50)), max_size=80),
    st.integers(-60, 60),
    st.sampled_from([1.0, 60.0, 3600.0]),
)
def test_any_series_can_be_looked_at(readings: list[tuple[int, int]], bound: int, unit: float) -> None:
    at = np.array([time * unit for time, _ in readings])
    values = np.array([float(value) for _, value in readings])
    found = foretell(at, values, float(bound))
    times = [time for time in (found.p10, found.p50, found.p90) if time is not None]
    assert times == sorted(times)
    assert all(type(time) is float and time >= at.max() for time in times)
    assert bool(times) == bool(found.told_by)
