"""What periods come to, against numpy's own words for it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from netmon.core.history.periods import (
    DAY_S,
    PERIODS,
    Columns,
    empty,
    of_day,
    period_of,
    singles,
    summarise,
    together,
    without,
)

VALUES = st.floats(width=32, allow_nan=False, allow_infinity=False).map(lambda value: value + 0.0)


@given(st.lists(st.tuples(st.integers(1, 5), VALUES), max_size=60))
def test_a_period_is_what_its_values_are_one_by_one(rows: list[tuple[int, float]]) -> None:
    found = summarise(np.array([one for one, _ in rows], np.uint32), np.array([value for _, value in rows], np.float32))
    assert found.ids.tolist() == sorted({one for one, _ in rows})
    for row, one in enumerate(found.ids):
        values = np.array([value for other, value in rows if other == one])
        assert found.counts[row] == len(values)
        assert (found.minimum[row], found.maximum[row]) == (values.min(), values.max())
        size = float(np.abs(values).max())
        assert found.mean[row] == pytest.approx(values.mean(), rel=1e-6, abs=size * 1e-6 + 1e-40)
        assert found.p95[row] == pytest.approx(np.percentile(values, 95), rel=1e-6, abs=size * 1e-6 + 1e-40)


def columns(ids: list[int], values: list[float], counts: int = 1) -> Columns:
    given_values = np.array(values, np.float32)
    return Columns(
        np.array(ids, np.uint32),
        np.full(len(ids), counts, np.uint32),
        given_values - 1,
        given_values,
        given_values + 1,
        given_values,
    )


@given(arrays.arrays(np.bool_, (PERIODS, 3)), st.integers(0, 1000))
def test_a_day_is_made_of_the_means_of_its_periods(there: np.ndarray, seed: int) -> None:
    means = np.random.default_rng(seed).normal(50, 10, there.shape).astype(np.float32)
    periods = [columns((np.flatnonzero(row) + 7).tolist(), means[at][row].tolist(), 4) for at, row in enumerate(there)]
    found = of_day(np.array([7, 8, 9], np.uint32), periods)
    assert found.ids.tolist() == (np.flatnonzero(there.any(axis=0)) + 7).tolist()
    for row, one in enumerate(found.ids):
        mine = means[:, one - 7][there[:, one - 7]].astype(np.float64)
        assert found.counts[row] == 4 * len(mine)
        assert found.mean[row] == pytest.approx(mine.mean(), rel=1e-6)
        assert found.p95[row] == pytest.approx(np.percentile(mine, 95), rel=1e-6)
        assert found.minimum[row] == pytest.approx(mine.min() - 1, rel=1e-6)
        assert found.maximum[row] == pytest.approx(mine.max() + 1, rel=1e-6)


def test_a_day_weighs_by_time_and_not_by_polls() -> None:
    often, seldom = columns([1], [10.0], 60), columns([1], [20.0], 1)
    assert of_day(np.array([1], np.uint32), [often, seldom]).mean.tolist() == [15.0]


def test_a_day_takes_only_the_series_that_are_asked_for() -> None:
    found = of_day(np.array([2, 4], np.uint32), [columns([1, 2, 3, 4], [1, 2, 3, 4]), columns([5], [5])])
    assert (found.ids.tolist(), found.mean.tolist()) == ([2, 4], [2.0, 4.0])


def test_of_two_records_the_first_counts() -> None:
    joined = together([columns([1, 3], [1, 3]), columns([2, 3], [20, 30]), empty()])
    assert (joined.ids.tolist(), joined.mean.tolist()) == ([1, 2, 3], [1.0, 20.0, 3.0])
    assert without(joined, np.array([1, 3], np.uint32)).ids.tolist() == [2]
    assert len(together([])) == 0


def test_numbers_that_float32_has_not_are_its_largest() -> None:
    assert singles(np.array([1e300, -1e300, -0.0])).tolist() == [
        float(np.finfo(np.float32).max),
        float(np.finfo(np.float32).min),
        0.0,
    ]


def test_days_are_those_of_utc() -> None:
    assert period_of(1_794_960_000 - 0.5, DAY_S) == 1_794_960_000 - DAY_S
    assert period_of(-1.0, DAY_S) == -DAY_S
