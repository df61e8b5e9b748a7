"""Noise told from a random walk: what each of them is, together, and through a week's shape."""

import numpy as np
import pytest

from netmon.api.columns import Floats
from rules.forecasts.noise import LEAST_DIFFUSION, median, slope_variance, unsettled

SERIES, DAYS = 400, 56


def walk(seed: int) -> Floats:
    return np.cumsum(np.random.default_rng(seed).normal(0, 1, (SERIES, DAYS)), axis=1)


def white(seed: int) -> Floats:
    return np.random.default_rng(seed).normal(0, 1, (SERIES, DAYS))


def test_noise_is_no_walk() -> None:
    found = unsettled(white(1), 7, 3)
    assert np.median(found.noise) == pytest.approx(1, rel=0.3)
    assert np.median(found.diffusion) < 0.05


def test_a_walk_is_no_noise() -> None:
    short, found = unsettled(walk(2), 7, 1), unsettled(walk(2), 7, 3)
    assert np.median(short.diffusion) == pytest.approx(1, rel=0.3)
    assert 0.4 < np.median(found.diffusion) < 1.1  # the lesser of two estimates is on the low side
    assert np.median(found.noise) < 2  # of a season's walk, which has a variance of 7


def test_a_walk_is_seen_through_logs_that_are_rotated_each_week() -> None:
    plain, rotated = (unsettled(walk(3) + height * (np.arange(DAYS) % 7), 7, 3) for height in (0, 5))
    np.testing.assert_allclose(rotated.diffusion, plain.diffusion)


def test_noise_that_lasts_for_days_is_no_walk() -> None:
    rng = np.random.default_rng(4)
    weather = rng.normal(0, 1, (SERIES, DAYS))
    for day in range(1, DAYS):
        weather[:, day] = 0.6 * weather[:, day - 1] + 0.8 * weather[:, day]
    assert np.median(unsettled(weather, 7, 3).diffusion) < 0.1
    assert np.median(unsettled(weather, 7, 1).diffusion) > np.median(unsettled(weather, 7, 3).diffusion)


def test_no_slope_is_in_it() -> None:
    level, sloping = (unsettled(white(5) + slope * np.arange(DAYS), 7, 3) for slope in (0, 10))
    np.testing.assert_allclose(sloping.noise, level.noise, rtol=1e-6)


def test_two_months_cannot_rule_out_a_walk() -> None:
    found = unsettled(white(6), 7, 3)
    seasonal = 6 * found.noise + 14 * found.diffusion  # the variance over which the share is taken
    assert (found.diffusion >= 0.99 * LEAST_DIFFUSION * seasonal / 7).all()


def test_errors_of_slopes_shrink_with_what_was_seen() -> None:
    found = unsettled(walk(7) + white(8), 7, 3)
    month, two = (slope_variance(found, np.full(SERIES, days)) for days in (28.0, 56.0))
    assert (two <= month / 2).all()


def test_the_median_is_that_of_what_is_there() -> None:
    rows = np.array([[3.0, np.nan, 1.0, 2.0], [np.nan, 4.0, np.nan, 2.0], [np.nan] * 4])
    np.testing.assert_array_equal(median(rows), [2.0, 3.0, np.nan])
    assert np.isnan(median(np.empty((2, 0)))).all()
