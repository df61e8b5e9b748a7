"""What polls become: values and rates, with their time and series."""

import math
from array import array

import pytest

from netmon.api import Family, Kind, Table
from netmon.api.columns import Series
from tests.support.panels import (
    GONE,
    anomaly,
    bounds,
    forecast,
    only,
    only_last,
    panel,
    poll,
    reading,
    table,
    values,
)


def test_a_gauge_is_given_with_its_time_and_its_series() -> None:
    watch = panel()
    watch.take(reading(table(12.5, {"gauge": array("d", [1.5]), "other": array("d", [2.0])}, [("p1", "", "x")], "abc")))
    batch = only(watch)
    assert (batch.at.tolist(), batch.values.tolist(), bool(batch.falling[0])) == ([12.5], [1.5], False)
    assert math.isnan(batch.bounds[0])
    assert watch.series(int(batch.slots[0])) == Series("sw-1", "gauge", (("a", "p1"), ("c", "x")))
    assert [each.dtype.str for each in (batch.slots, batch.at, batch.values, batch.bounds, batch.falling)] == [
        "<i4", "<f8", "<f8", "<f8", "|b1"
    ]  # fmt: skip
    assert watch.batches() == []


def test_a_counter_is_its_rate_from_the_second_poll_on() -> None:
    watch = panel(forecast("count", over=1))
    poll(watch, 10, count=array("Q", [2**63]))
    assert values(watch) == []
    poll(watch, 20, count=array("Q", [2**63 + 15]))
    assert values(watch) == [1.5]  # floats have no such number


def test_a_counter_that_fell_was_reset() -> None:
    watch = panel(forecast("count", over=1))
    for at, count in ((0, 100), (10, 50), (20, 70)):
        poll(watch, at, count=array("Q", [count]))
    assert values(watch) == [2.0]


@pytest.mark.parametrize("at", [10.0, 5.0])
def test_a_counter_tells_nothing_where_no_time_passed(at: float) -> None:
    watch = panel(forecast("count", over=1))
    for when, count in ((10.0, 1), (at, 2), (at + 1, 4)):
        poll(watch, when, count=array("Q", [count]))
    assert values(watch) == [2.0]


def test_a_negative_counter_is_none() -> None:
    watch = panel(forecast("count", over=1))
    for at, count in ((0, 1), (10, -5), (20, 41)):
        poll(watch, at, count=array("q", [count]))
    assert values(watch) == [2.0]


def test_a_counter_may_turn_from_whole_to_broken_and_back() -> None:
    watch = panel(forecast("count", over=1))
    for at, column in ((0, array("q", [1])), (1, array("d", [1.5])), (2, array("d", [1.75])), (3, array("q", [3]))):
        poll(watch, at, count=column)
    assert values(watch) == [0.5, 0.25, 1.25]


def test_what_is_missing_has_no_row_and_the_next_rate_is_over_the_gap() -> None:
    watch = panel(forecast("count", over=1))
    poll(watch, 0, count=array("Q", [0, 0]))
    poll(watch, 10, count=[10, GONE])
    assert values(watch) == [1.0]
    poll(watch, 20, count=(30, 30))
    assert values(watch) == [2.0, 1.5]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_has_no_row(value: float) -> None:
    watch = panel()
    poll(watch, 0, gauge=array("d", [value, 1.0]))
    assert values(watch) == [1.0]
    poll(watch, 1, gauge=[value, 2])
    assert values(watch) == [2.0]


@pytest.mark.parametrize("value", [2**64, -(2**70), 10**400])
def test_numbers_of_any_size_do_no_harm(value: int) -> None:
    watch = panel(forecast("gauge", of_upper_limit=1))
    poll(watch, 0, gauge=[value, 1], gauge_max=[value, 5])
    batch = only(watch)
    large = [float(value)] if value < 10**400 else []
    assert batch.values.tolist() == [*large, 1.0]
    assert batch.bounds.tolist() == [*large, 5.0]


def test_a_declaration_scales_and_makes_a_rate_of_a_gauge() -> None:
    watch = panel(forecast("gauge", over=100, read="rate", scale=8))
    for at, value in ((0, 1.0), (2, 5.0)):
        poll(watch, at, gauge=array("d", [value]))
    batch = only_last(watch)
    assert (batch.values.tolist(), batch.bounds.tolist()) == ([16.0], [100.0])


def test_time_left_stays_the_time_that_it_is() -> None:
    watch = panel(forecast("gauge", read="time_left"))
    poll(watch, 0, gauge=array("d", [1.8e9]))
    assert (bounds(watch), watch.forecast_of(0) is not None) == ([None], True)


def test_a_window_is_no_column() -> None:
    watch = panel(anomaly("gauge", read="changes"), metrics=())
    poll(watch, 0, gauge=array("d", [1.0]))
    assert values(watch) == []


def test_what_is_neither_gauge_nor_counter_must_be_declared() -> None:
    family = (Family("gauge", Kind.UNTYPED, ""),)
    one = Table(family, (), ((),), ("",), (array("d", [1.0]),), 0.0)
    watch, declared = panel(), panel(anomaly("gauge"))
    watch.take(reading(one))
    declared.take(reading(one))
    assert (values(watch), values(declared)) == ([], [1.0])
