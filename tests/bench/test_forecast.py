"""The forecasts' bench: its world is the same each time and knows no future, its peers do what they are called."""

from collections.abc import Callable

import numpy as np
import pytest

from bench import forecast, forecast_cases, forecast_minutes, forecast_peers
from bench.forecast_series import FUTURE, KINDS, PAST
from netmon.api.columns import Floats
from rules.forecasts.passage import Passage


def test_a_seed_gives_the_same_world_and_another_one_another() -> None:
    first, again, other = (forecast_cases.cases(seed, 10) for seed in (1, 1, 2))
    assert np.array_equal(first.history, again.history)
    assert np.array_equal(first.truth, again.truth)
    assert not np.array_equal(first.bounds[:10], other.bounds[:10])


@pytest.mark.parametrize("kind", KINDS)
def test_every_series_is_within_its_limit_and_controls_never_reach_it(kind: str) -> None:
    some = forecast_cases.cases(3, 20, (kind,))
    sign = np.where(some.falling, -1, 1)
    assert some.history.shape[1] == PAST
    assert (sign * some.history[:, -1] < sign * some.bounds).all()
    assert ((some.truth >= 1) & ((some.truth <= FUTURE) | np.isinf(some.truth))).all()
    assert np.isinf(some.truth[some.flat]).all()


@pytest.mark.parametrize("kind", forecast_minutes.KINDS)
def test_days_of_polls_are_the_same_each_time(kind: str) -> None:
    first, again = (forecast_minutes.days(4, kind, 3).values for _ in range(2))
    assert np.array_equal(first, again)
    assert np.isfinite(first).all()


@pytest.mark.parametrize("peer", [forecast_peers.least_squares, forecast_peers.theil_sen, forecast_peers.holt])
def test_peers_extrapolate_a_line(peer: Callable[[Floats, Floats], Passage]) -> None:
    line = 30 + 0.5 * np.arange(56.0)[None] + np.random.default_rng(1).normal(0, 0.1, (1, 56))
    found = peer(line, np.array([77.5]))
    assert found.p50[0] == pytest.approx(40, abs=4)
    assert found.p10[0] <= found.p50[0] <= found.p90[0]


def test_a_score_counts_what_is_inside_early_and_late() -> None:
    some = forecast_cases.cases(5, 4, ("disk steady",))
    truth = np.array([20.0, 50.0, np.inf, 60.0])
    some = forecast_cases.Cases(some.history, some.bounds, some.falling, truth, some.kind, some.flat)
    low, middle, high = np.array([10.0, 60, 90, 10]), np.array([22.0, 70, np.inf, 30]), np.array([30.0, 80, np.inf, 40])
    score = forecast.Score.of(some, Passage(low, middle, high))
    assert (score.holds, score.before, score.after) == (0.5, 0.25, 0.25)
    assert score.error == 20  # of 2, 20 and 30 days; what never comes has none
