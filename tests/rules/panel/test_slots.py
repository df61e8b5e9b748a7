"""Who gets a slot, and which batch a series is in."""

from array import array

import pytest

from rules.pack import Anomaly, Forecast
from tests.support.panels import GONE, anomaly, forecast, only, panel, poll, reading, table, values


def test_a_row_without_a_declaration_waits_until_something_happens() -> None:
    watch = panel()
    poll(watch, 0, gauge=array("q", [0, 7]), count=array("Q", [5, 5]))
    assert (values(watch), watch.size) == ([7.0], 1)
    poll(watch, 10, gauge=array("q", [0, 0]), count=array("Q", [5, 6]))
    assert (values(watch), watch.size) == ([0.0], 2)
    poll(watch, 20, gauge=array("q", [1, 0]), count=array("Q", [5, 26]))
    assert (sorted(values(watch)), watch.size) == ([0.0, 1.0, 2.0], 3)


def test_a_row_that_was_missing_waits_from_its_first_value_on() -> None:
    watch = panel()
    poll(watch, 0, count=[GONE, 1])
    poll(watch, 1, count=[5, 1])
    poll(watch, 2, count=(5, GONE))
    poll(watch, 3, count=array("Q", [5, 1]))
    assert (values(watch), watch.size) == ([], 0)
    poll(watch, 5, count=array("Q", [6, 1]))
    assert (values(watch), watch.size) == ([], 1)


@pytest.mark.parametrize("declared", [forecast("count", over=1), anomaly("count")])
def test_what_is_declared_has_its_slot_at_once(declared: Forecast | Anomaly) -> None:
    watch = panel(declared)
    poll(watch, 0, count=array("Q", [0, 0]))
    assert watch.slots_of("sw-1").tolist() == [0, 1]


def test_there_are_no_more_slots_than_allowed_and_who_got_none_gets_one_that_is_freed() -> None:
    watch = panel(forecast("gauge", over=1), series_max=2)
    poll(watch, 0, gauge=array("d", [1.0, 2.0]))
    watch.take(reading(table(0, {"gauge": array("d", [3.0])}), target="sw-2"))
    assert (values(watch), watch.dropped) == ([1.0, 2.0], {"series_max": 1})
    watch.forget("sw-1")
    assert watch.tick(1).tolist() == [0, 1]
    watch.batches()
    watch.take(reading(table(2, {"gauge": array("d", [3.0])}), target="sw-2"))
    assert values(watch) == [3.0]


def test_a_row_that_waits_gets_none_when_there_is_none() -> None:
    watch = panel(series_max=1)
    poll(watch, 0, gauge=array("d", [1.0, 2.0]))
    poll(watch, 1, gauge=array("d", [1.0, 2.0]))
    assert (values(watch), watch.dropped) == ([1.0, 1.0], {"series_max": 1})


def test_two_tables_that_tell_one_thing_give_one_row() -> None:
    watch = panel()
    watch.take(reading(table(0, {"gauge": array("d", [1.0])}), table(0, {"gauge": array("d", [1.0])})))
    watch.take(reading(table(0, {"gauge": array("d", [1.0])}), table(0, {"gauge": array("d", [1.0])})))
    assert [len(batch) for batch in watch.batches()] == [1, 1]
    watch.take(reading(table(1, {"gauge": array("d", [1.0])}), table(1, {"gauge": array("d", [1.0])})))
    assert (len(only(watch)), watch.dropped) == (1, {"told_twice": 3})


def test_of_two_collectors_that_tell_one_thing_the_first_is_heard() -> None:
    watch = panel(forecast("count", over=1))
    for at in (0, 10):
        watch.take(reading(table(at, {"count": array("Q", [at])})))
        watch.take(reading(table(at + 5, {"count": array("Q", [1000])}), collector="host"))
    assert (values(watch), watch.dropped) == ([1.0], {"told_twice": 1})


def test_a_series_that_came_twice_is_in_two_batches_in_order() -> None:
    watch = panel()
    for at, value in ((0, 1.0), (1, 2.0), (2, 3.0)):
        poll(watch, at, gauge=array("d", [value]))
    assert [batch.values.tolist() for batch in watch.batches()] == [[1.0], [2.0], [3.0]]


def test_a_column_of_another_length_than_its_rows_is_left_out() -> None:
    watch = panel()
    watch.take(reading(table(0, {"gauge": array("d", [1.0])})))
    rows = (("p1",), ("p2",))
    watch.take(reading(table(0, {"gauge": array("d", [2.0]), "gauge2": array("d", [2.0])}, rows)))
    watch.take(reading(table(0, {"gauge": array("d", [3.0])})))
    assert values(watch) == [1.0, 3.0]


def test_labels_of_other_names_are_another_series() -> None:
    watch = panel()
    for names in (("port",), ("slot",), ("port",)):
        watch.take(reading(table(0, {"gauge": array("d", [1.0])}, [("p1",)], names)))
    assert [batch.slots.tolist() for batch in watch.batches()] == [[0], [1], [0]]
