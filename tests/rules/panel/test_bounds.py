"""Bounds that packs and devices tell, and where none holds."""

import math
from array import array

from rules.panel.settings import WatchSettings
from tests.support.panels import (
    GONE,
    anomaly,
    bounds,
    forecast,
    only,
    only_last,
    pack,
    panel,
    poll,
    reading,
    table,
    values,
)


def test_the_bound_is_a_share_of_the_devices_own_limit_or_else_fixed() -> None:
    watch = panel(forecast("gauge", of_upper_limit=0.5, over=9))
    poll(watch, 0, gauge=array("d", [1.0, 1.0]), gauge_max=array("q", [100, 50]))
    assert bounds(watch) == [50.0, 25.0]
    poll(watch, 1, gauge=array("d", [1.0, 1.0]), gauge_max=[GONE, 60])
    assert bounds(watch) == [9.0, 30.0]
    poll(watch, 2, gauge=array("d", [1.0, 1.0]))
    assert bounds(watch) == [9.0, 9.0]


def test_a_value_that_must_not_fall_has_a_lower_bound() -> None:
    watch = panel(forecast("gauge", of_lower_limit=1))
    poll(watch, 0, gauge=array("d", [-5.0]), gauge_min=array("d", [-14.0]))
    batch = only(watch)
    assert (batch.bounds.tolist(), batch.falling.tolist()) == ([-14.0], [True])


def test_a_value_that_says_that_there_is_nothing_to_measure_has_no_bound() -> None:
    watch = panel(forecast("gauge", of_lower_limit=1, ignore_under=-35))
    for light, bound in ((-5.0, -14.0), (-35.0, -14.0), (-35.1, None), (-40.0, None), (-6.0, -14.0)):
        poll(watch, 0, gauge=array("d", [light]), gauge_min=array("d", [-14.0]))
        assert bounds(watch) == [bound]
    other = panel(forecast("gauge", of_lower_limit=1))
    poll(other, 0, gauge=array("d", [-40.0]), gauge_min=array("d", [-14.0]))
    assert bounds(other) == [-14.0]


def test_a_limit_of_nothing_to_what_flows_is_none() -> None:
    watch = panel(forecast("count", of_upper_limit=1, scale=8), forecast("gauge", of_upper_limit=1))
    for at in (0, 1):
        poll(watch, at, count=array("Q", [at]), count_max=array("Q", [0]), gauge=array("d", [1]), gauge_max=(0,))
    batch = only_last(watch)
    held = dict(zip(batch.values.tolist(), batch.bounds.tolist(), strict=True))
    assert held[1.0] == 0.0
    assert math.isnan(held[8.0])


def test_the_limit_may_stand_in_another_table_of_the_same_labels() -> None:
    watch = panel(forecast("gauge", of_upper_limit=1))
    others = table(0, {"gauge_max": array("d", [7.0, 8.0])}, [("p2",), ("p1",)])
    apart = table(0, {"gauge_max": array("d", [9.0])}, [("p1",)], ("mib",))
    watch.take(reading(others, apart, table(0, {"gauge": array("d", [1.0, 1.0])}, [("p1",), ("p3",)])))
    assert bounds(watch) == [8.0, None]


def test_bounds_of_two_polls_in_one_tick_are_those_of_each() -> None:
    watch = panel(forecast("gauge", of_upper_limit=1))
    for limit in (5, 6, 6, 7):
        poll(watch, 0, gauge=array("d", [1.0]), gauge_max=array("q", [limit]))
    assert [batch.bounds.tolist() for batch in watch.batches()] == [[5.0], [6.0], [6.0], [7.0]]


def test_rows_are_told_apart_by_match_and_unless_and_the_first_declaration_counts() -> None:
    first = forecast("gauge", over=1, match={"port": "p[12]"}, unless={"port": "2"})
    second = forecast("gauge", name="second", over=2, unless={"port": "3"})
    watch = panel(first, second)
    poll(watch, 0, gauge=array("d", [1.0, 1.0, 1.0]))
    assert bounds(watch) == [1.0, 2.0, None]
    assert [watch.forecast_of(slot) for slot in range(3)] == [first, second, None]


def test_where_a_forecasts_condition_does_not_hold_there_is_no_bound() -> None:
    watch = panel(forecast("gauge", over=1, where={"state": {"equals": 1}}))
    quiet = panel(forecast("gauge", over=1, where={"state": {"equals": 1}}), metrics=())
    for state, held in ((array("q", [1]), True), (array("q", [2]), False), ([GONE], False), (array("q", [1]), True)):
        for each in (watch, quiet):
            poll(each, 0, gauge=array("d", [1.0]), state=state)
        assert bounds(watch) == [1.0 if held else None]
        assert values(quiet) == ([1.0] if held else [])


def test_where_an_anomalys_condition_does_not_hold_there_is_no_value() -> None:
    watch = panel(anomaly("gauge", where={"load": {"over": 5}, "heat": {"under": 5}}))
    for load, heat, count in ((6, 4, 1), (5, 4, 0), (6, 5, 0), (7, 0, 1)):
        poll(watch, 0, gauge=array("d", [1.0]), load=array("q", [load]), heat=array("q", [heat]))
        assert len(values(watch)) == count
    assert watch.anomaly_of(0) is not None


def test_other_packs_find_bounds_anew_and_slots_stay() -> None:
    watch = panel(forecast("gauge", over=1))
    poll(watch, 0, gauge=array("d", [1.0]))
    assert bounds(watch) == [1.0]
    watch.configure([pack(forecast("gauge", under=2))], WatchSettings(metrics=()))
    assert watch.forecast_of(0) is None
    poll(watch, 1, gauge=array("d", [1.0]))
    batch = only(watch)
    assert (batch.slots.tolist(), batch.bounds.tolist(), batch.falling.tolist()) == ([0], [2.0], [True])
    watch.configure([], WatchSettings(metrics=()))
    poll(watch, 2, gauge=array("d", [1.0]))
    assert values(watch) == []
