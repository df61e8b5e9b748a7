"""Forecasts within the hour: what is foretold in time, and what must not be."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from bench.forecast_minutes import HORIZON_S, KEPT, POLL_S, Days, days
from netmon.api.columns import Floats
from rules.forecasts.nowcast import MIN_READINGS, soon
from rules.forecasts.passage import Passage

TIMES = np.arange(64) * 30.0


def triple(found: Passage) -> Floats:
    return np.array([found.p10[0], found.p50[0], found.p90[0]])


def foretold(
    at: NDArray[Any], values: NDArray[Any], bound: float, *, falling: bool = False, horizon_s: float = 3600.0
) -> Floats:
    """Return p10, p50 and p90 of one series, in seconds."""
    limits, flags = np.array([bound]), np.array([falling])
    return triple(soon(np.atleast_2d(at), np.atleast_2d(values), limits, flags, horizon_s=horizon_s))


def noise(number: int = 64, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).normal(0, 1.0, number)


NEVER = np.full(3, np.inf)


def test_a_link_that_ramps_up_is_foretold_from_ten_minutes_of_polls() -> None:
    load = 30 + np.maximum(TIMES - TIMES[43], 0) / 60 * 2 + noise()  # 2 % a minute for 10 minutes: 20 more to 90 %
    p10, p50, p90 = foretold(TIMES, load, 90.0)
    assert 600 < p10 < 1200 < p50 < 3600  # a trend of ten minutes may end, which makes the median late
    assert p90 == np.inf


def test_a_disk_that_fills_in_forty_minutes() -> None:
    used = np.round(60 + np.maximum(TIMES - TIMES[40], 0) / 60, 1)  # 1 % a minute since 11 minutes: 24 to go
    p10, p50, p90 = foretold(TIMES, used, 95.0)
    assert p10 < 23.5 * 60 < p90
    assert p50 == pytest.approx(23.5 * 60, rel=0.3)


def test_light_that_falls_in_steps_while_a_fiber_is_bent() -> None:
    light = -12 - np.floor(np.maximum(TIMES - TIMES[30], 0) / 120) * 0.7  # 0.7 dB every two minutes
    p10, p50, _ = foretold(TIMES, light, -24.0, falling=True)
    left = (light[-1] + 24) / 0.7 * 120
    assert p10 < left
    assert p50 == pytest.approx(left, rel=0.4)


def test_noise_foretells_nothing() -> None:
    for seed in range(50):
        assert foretold(TIMES, 70 + 3 * noise(seed=seed), 90.0)[1] == np.inf


def test_a_step_foretells_nothing() -> None:
    for since in (1, 4, 8, 20, 40, 60):
        assert foretold(TIMES, 40 + 30.0 * (TIMES[-since] <= TIMES) + noise(), 90.0)[1] == np.inf


def test_a_trend_that_has_ended_foretells_nothing() -> None:
    assert foretold(TIMES, 30 + np.minimum(TIMES, TIMES[40]) / 60 * 2 + noise(), 90.0)[1] == np.inf


def test_a_value_that_does_not_change_foretells_nothing() -> None:
    assert np.array_equal(foretold(TIMES, np.full(64, 89.9), 90.0), NEVER)


def test_what_is_beyond_its_bound_already_takes_no_time() -> None:
    assert np.array_equal(foretold(TIMES, np.full(64, 90.0), 90.0), np.zeros(3))
    assert np.array_equal(foretold(TIMES[:1], np.array([90.0]), 90.0), np.zeros(3))


def test_some_readings_are_needed() -> None:
    line = 30 + TIMES / 60 * 2
    assert np.array_equal(foretold(TIMES[: MIN_READINGS - 1], line[: MIN_READINGS - 1], 40.0), NEVER)
    assert foretold(TIMES[:MIN_READINGS], line[:MIN_READINGS], 40.0)[1] == pytest.approx(90, rel=0.2)


def test_what_was_seen_for_minutes_is_not_told_for_long() -> None:
    line = 30 + TIMES[:10] / 60  # 4.5 minutes
    assert foretold(TIMES[:10], line, 44.5)[1] < np.inf  # 10 minutes more
    assert foretold(TIMES[:10], line, 64.5)[1] == np.inf  # 30 minutes more


def test_uneven_spacing_is_what_it_is() -> None:
    at = np.cumsum(np.random.default_rng(2).uniform(5, 55, 64))
    found = foretold(at, 30 + at / 60 + noise() * 0.1, 30 + at[-1] / 60 + 15)
    assert found[1] == pytest.approx(900, rel=0.2)


def test_where_the_missing_ones_stand_does_not_matter() -> None:
    line, at = 30 + TIMES / 60 + noise() * 0.1, TIMES
    plain = foretold(at[:40], line[:40], 70.0)
    empty = np.full(24, np.nan)
    for times, values in (
        (np.append(at[:40], empty), np.append(line[:40], empty)),
        (np.append(empty, at[:40]), np.append(empty, line[:40])),
        (np.insert(at[:40], 20, empty), np.insert(line[:40], 20, empty)),
    ):
        assert np.array_equal(foretold(times, values, 70.0), plain)


READINGS = st.one_of(st.integers(-100, 100).map(float), st.just(np.nan))


@given(arrays(np.float64, 40, elements=READINGS), st.integers(-150, 150), st.integers(1, 64), st.booleans())
def test_any_readings_give_an_ordered_forecast(values: Floats, bound: int, shift: int, falling: bool) -> None:
    at = np.arange(40) * 60.0
    found = foretold(at, values, float(bound), falling=falling)
    assert not np.isnan(found).any()
    assert 0 <= found[0] <= found[1] <= found[2]
    moved = foretold(at + 1.5e9, values * 4 + shift, float(bound) * 4 + shift, falling=falling)
    assert np.array_equal(moved, found)
    assert np.array_equal(foretold(at, -values, -float(bound), falling=not falling), found)


@given(arrays(np.float64, 40, elements=READINGS), st.integers(-150, 150), st.integers(1, 50))
def test_a_bound_further_off_is_not_reached_earlier(values: Floats, bound: int, further: int) -> None:
    at = np.arange(40) * 60.0
    near, far = (foretold(at, values, float(limit)) for limit in (bound, bound + further))
    assert (far >= near - 1e-6).all()


CLOCK = st.one_of(st.floats(0, 4e9), st.just(np.nan))  # our own, but it may be set back
WILD = arrays(np.float64, (2, 20), elements=st.floats())


@given(arrays(np.float64, (2, 20), elements=CLOCK), WILD, st.floats())
def test_nothing_that_a_device_sends_does_harm(at: Floats, values: Floats, bound: float) -> None:
    found = soon(at, values, np.full(2, bound), np.array([False, True]), horizon_s=3600.0)
    assert not np.isnan([found.p10, found.p50, found.p90]).any()


def test_what_was_read_before_a_clock_was_set_back_does_not_count() -> None:
    line = 30 + TIMES[:20] / 60 * 2
    before, at = TIMES[:20] + 7200, np.append(TIMES[:20] + 7200, TIMES[:20])
    assert np.array_equal(foretold(at, np.append(80 - line / 2, line), 70.0), foretold(TIMES[:20], line, 70.0))
    assert foretold(np.append(before, TIMES[:5]), np.append(line, line[:5]), 70.0)[1] == np.inf


def test_times_that_do_not_move_are_no_fault() -> None:
    assert not np.isnan(foretold(np.full(64, 5.0), 30 + TIMES, 5000.0)).any()


def alarms(day: Days) -> tuple[int, int, int]:
    """Return the alarms of some days at a forecast every 5 minutes, how many came true, and the events foretold."""
    sign = np.where(day.falling, -1.0, 1.0)[:, None]
    over = sign * day.values >= sign * day.bounds[:, None]
    at = np.broadcast_to(np.arange(KEPT) * POLL_S, (len(over), KEPT))
    raised, true, events = 0, 0, np.zeros(len(over), np.bool_)
    for end in range(KEPT, over.shape[1] - 120, 10):
        found = soon(at, day.values[:, end - KEPT : end], day.bounds, day.falling, horizon_s=HORIZON_S)
        alarm = (found.p50 <= HORIZON_S) & (found.p50 > 0)
        came = over[:, end : end + 120].any(axis=1)
        raised, true = raised + int(alarm.sum()), true + int((alarm & came).sum())
        events |= alarm & came
    return raised, true, int(events.sum())


@pytest.mark.parametrize("kind", ["ramping link", "runaway log", "bent fiber"])
def test_what_begins_is_foretold_and_alarms_come_true(kind: str) -> None:
    raised, true, events = alarms(days(51, kind, 20))
    assert events >= 17
    assert true >= 0.9 * raised


@pytest.mark.parametrize(("kind", "most"), [("ordinary link", 12), ("quiet disk", 0), ("quiet fiber", 0)])
def test_ordinary_days_are_quiet(kind: str, most: int) -> None:
    raised, _, _ = alarms(days(52, kind, 20))
    assert raised <= most
