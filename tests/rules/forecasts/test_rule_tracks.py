"""What is kept of each series, against a slow and obvious account of the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.forecasts.tracks import DAY_S, DAYS, FIVE_MINUTES_S, MEANS, POLLS, Tracks

ROWS = np.array([0, 1], np.intp)


def tracks() -> Tracks:
    made = Tracks(10)
    assert None not in [made.add(slot) for slot in (7, 3)]
    return made


def rows_of(made: Tracks) -> list[int]:
    return [int(row) for row in made.rows_of(np.array([7, 3], np.int32))]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), st.floats(-1e6, 1e6, width=32)), max_size=150))
def test_periods_as_in_a_dictionary(periods: list[tuple[int, float]]) -> None:
    for length_s, width in ((FIVE_MINUTES_S, MEANS), (DAY_S, DAYS)):
        made = tracks()
        known: dict[int, float] = {}
        row = np.array(rows_of(made)[:1], np.intp)
        for period, value in periods:
            newest = made.learn(row, length_s, period * length_s, np.array([value], np.float32))
            assert newest.tolist() == [period > max(known, default=-1)]
            known[period] = value
        last = max(known, default=0)
        wanted = [known.get(period, np.nan) for period in range(last - width + 1, last + 1)]
        if known:
            np.testing.assert_array_equal(made.history(row, length_s)[0], np.array(wanted, np.float32))
        assert np.isnan(made.history(np.array(rows_of(made)[1:], np.intp), length_s)).all()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([5.0, 15.0, 60.0, 1_700.0, 1_900.0, -10.0, -9_000.0]), st.floats(0, 1)), max_size=150
    )
)
def test_polls_as_in_a_list(polls: list[tuple[float, float]]) -> None:
    made, now = tracks(), 1.78e9
    known: list[tuple[float, float]] = []
    row = np.array(rows_of(made)[:1], np.intp)
    for gap, value in polls:
        now += gap
        made.push(row, np.array([now]), np.array([value]), 15.0)
        since = now - known[-1][0] if known else np.inf
        if not -1_800 <= since < 1_800:
            known = [(now, value)]
        elif since >= 15:
            known = [*known, (now, value)][-POLLS:]
    at, values = made.recent(row)
    assert int(made.kept[row[0]]) == len(known)
    np.testing.assert_allclose(at[0][POLLS - len(known) :], [each for each, _ in known], atol=0.05)
    np.testing.assert_array_equal(values[0][POLLS - len(known) :], np.array([v for _, v in known], np.float32))
    assert np.isnan(values[0][: POLLS - len(known)]).all()


def test_rows_are_given_again() -> None:
    made = Tracks(3)
    first = [made.add(slot) for slot in range(5)]
    assert first[3:] == [None, None]
    made.learn(np.array([first[1]], np.intp), DAY_S, DAY_S, np.ones(1, np.float32))
    made.drop(np.array([first[1]], np.intp))
    assert made.rows_of(np.array([1], np.int32)).tolist() == [-1]
    assert made.add(900) == first[1]
    assert np.isnan(made.history(np.array([first[1]], np.intp), DAY_S)).all()
    assert len(made.used) == 3


def test_a_row_takes_no_more_than_it_says() -> None:
    made = Tracks(1_000)
    for slot in range(1_000):
        made.add(slot)
    assert sum(array.nbytes for array in made.save().values()) / 1_000 < 1_300


def test_two_series_never_share_a_row() -> None:
    made = tracks()
    kept = made.save()
    with pytest.raises(ValueError, match="different series"):
        made.restore({**kept, "slot": np.array([7, 7], np.int32)})
    assert rows_of(made) == made.rows_of(np.array([7, 3], np.int32)).tolist()
