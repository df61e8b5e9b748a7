"""The panel gives series slots, and each tick's values with the bounds that hold, whatever readings bring."""

import math
from array import array
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from netmon.api import Column, Family, Kind, Missing, Part, Reading, Reason, Table
from netmon.api.columns import Batch, Series
from rules.pack import Anomaly, Forecast, Pack
from rules.panel.panel import Panel
from rules.panel.settings import WatchSettings

GONE = Missing(Reason.TIMEOUT)
TOLD = {"summary": {"en": "x", "id": "x"}}
TIERS = [{"within_s": 3600, "severity": "warning"}]
DAY_S = 86_400.0


def forecast(metric: str, **fields: Any) -> Forecast:
    return Forecast.model_validate({"name": f"{metric}_soon", "metric": metric, "tiers": TIERS, **TOLD, **fields})


def anomaly(metric: str, **fields: Any) -> Anomaly:
    return Anomaly.model_validate({"name": f"{metric}_odd", "metric": metric, "severity": "warning", **TOLD, **fields})


def panel(*declared: Forecast | Anomaly, metrics: Sequence[str] = ("gauge", "count"), **settings: Any) -> Panel:
    return Panel([pack(*declared)], WatchSettings(metrics=tuple(metrics), **settings))


def pack(*declared: Forecast | Anomaly) -> Pack:
    return Pack(
        name="test",
        forecasts=tuple(one for one in declared if isinstance(one, Forecast)),
        anomalies=tuple(one for one in declared if isinstance(one, Anomaly)),
    )


def table(
    at: float,
    columns: Mapping[str, Column],
    rows: Sequence[tuple[str, ...]] = (("p1",),),
    names: Sequence[str] = ("port",),
) -> Table:
    families = tuple(
        Family(
            name,
            Kind.COUNTER if name.startswith("count") else Kind.GAUGE,
            "",
            upper_limit=f"{name}_max",
            lower_limit=f"{name}_min",
        )
        for name in columns
    )
    return Table(families, tuple(names), tuple(rows), tuple(map(str, range(len(rows)))), tuple(columns.values()), at)


def reading(*tables: Table, target: str = "sw-1", collector: str = "snmp") -> Reading:
    return Reading(target, collector, tables[0].at, 0.1, (Part("one", tables, 0.1),))


def poll(one: Panel, at: float, **columns: Column) -> None:
    rows = [(f"p{number}",) for number in range(1, 1 + max(map(len, columns.values())))]
    one.take(reading(table(at, columns, rows)))


def told(one: Panel) -> list[tuple[str, float, float]]:
    """Return (metric and labels, time, value) of everything in the batches."""
    return [
        (str(one.series(slot)), at, value)
        for batch in one.batches()
        for slot, at, value in zip(batch.slots.tolist(), batch.at.tolist(), batch.values.tolist(), strict=True)
    ]


def values(one: Panel) -> list[float]:
    return [value for _, _, value in told(one)]


def only(one: Panel) -> Batch:
    [batch] = one.batches()
    return batch


def only_last(one: Panel) -> Batch:
    return one.batches()[-1]


def bounds(one: Panel) -> list[float | None]:
    return [None if math.isnan(bound) else bound for bound in only(one).bounds.tolist()]


# ── values ──


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


# ── who gets a slot ──


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
    columns: list[Column] = [[GONE, 1], [5, 1], (5, GONE), array("Q", [5, 1])]
    for at, column in enumerate(columns):
        poll(watch, at, count=column)
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


# ── bounds ──


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
    watch.take(reading(apart, others, table(0, {"gauge": array("d", [1.0, 1.0])}, [("p1",), ("p3",)])))
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


# ── what leaves ──


def test_a_target_that_left_frees_its_slots_once_and_others_get_them() -> None:
    watch = panel(forecast("gauge", over=1))
    poll(watch, 0, gauge=array("d", [1.0, 2.0]))
    watch.take(reading(table(0, {"gauge": array("d", [3.0])}), target="sw-2"))
    watch.forget("sw-1")
    watch.forget("never-seen")
    assert watch.tick(1).tolist() == [0, 1]
    assert watch.tick(2).tolist() == []
    assert (watch.series(0), watch.slots_of("sw-1").tolist(), watch.slots_of("sw-2").tolist()) == (None, [], [2])
    watch.take(reading(table(0, {"gauge": array("d", [4.0])}), target="sw-3"))
    assert sorted(values(watch)) == [3.0, 4.0]  # nothing of whom it was before
    watch.take(reading(table(0, {"gauge": array("d", [5.0])}), target="sw-4"))
    assert (watch.size, len(watch.slots_of("sw-4"))) == (4, 1)


def test_a_series_that_was_silent_for_a_day_of_watching_is_forgotten() -> None:
    watch = panel(forecast("gauge", over=1))
    poll(watch, 0, gauge=array("d", [1.0, 2.0]))
    watch.batches()
    freed: list[int] = []
    for now in range(0, int(DAY_S) + 200, 50):
        poll(watch, now, gauge=[GONE, 2.0])
        watch.batches()
        freed += watch.tick(now).tolist()
    assert freed == [0]
    poll(watch, DAY_S + 300, gauge=[1.0, 2.0])
    assert sorted(values(watch)) == [1.0, 2.0]


@pytest.mark.parametrize("step", [10 * DAY_S, -10 * DAY_S])
def test_a_clock_that_jumps_lets_nothing_be_forgotten(step: float) -> None:
    watch = panel(forecast("gauge", over=1))
    poll(watch, 0, gauge=array("d", [1.0]))
    watch.batches()
    freed = [watch.tick(now).tolist() for now in (0.0, 1.0, step, step + 1, 0.0, 1.0)]
    assert not any(freed)


def test_a_target_that_comes_again_begins_anew() -> None:
    watch = panel(forecast("count", over=1))
    poll(watch, 0, count=array("Q", [0]))
    watch.forget("sw-1")
    watch.batches()
    watch.tick(1)
    poll(watch, 10, count=array("Q", [10]))
    assert values(watch) == []
    poll(watch, 20, count=array("Q", [30]))
    assert values(watch) == [2.0]


# ── restarts ──


def test_series_keep_their_slots_over_a_restart() -> None:
    old = panel(forecast("gauge", over=1))
    for name in ("sw-1", "sw-2", "sw-3"):
        old.take(reading(table(0, {"gauge": array("d", [1.0])}, [("", "ü")], "ab"), target=name))
    old.forget("sw-2")
    old.batches()
    old.tick(0)
    saved = {name: values.copy() for name, values in old.save().items()}
    new = panel(forecast("gauge", over=1))
    new.restore(saved)
    assert [new.series(slot) for slot in range(4)] == [old.series(slot) for slot in range(4)]
    assert (new.size, new.forecast_of(0)) == (3, None)
    for name in ("sw-4", "sw-3", "sw-1"):
        new.take(reading(table(0, {"gauge": array("d", [1.0])}, [("", "ü")], "ab"), target=name))
    assert sorted(only(new).slots.tolist()) == [0, 1, 2]
    assert [series.target for slot in range(3) if (series := new.series(slot))] == ["sw-1", "sw-4", "sw-3"]


def test_a_restored_series_that_does_not_come_again_is_forgotten() -> None:
    old = panel(forecast("gauge", over=1))
    poll(old, 0, gauge=array("d", [1.0]))
    new = panel(forecast("gauge", over=1), forget_after_s=100)
    new.restore(old.save())
    assert [slot for now in range(0, 240, 30) for slot in new.tick(now).tolist()] == [0]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"[1]",
        b'[["a","b",["c"]]]',
        b'[["a","b",["c"],[]]]',
        b'[["a","b",["c"],[""]]]',
        b'[["a","b",[],[]],["a","b",[],[]]]',
        b"[null,null,null]",
        b"\xff",
    ],
)
def test_what_does_not_fit_is_not_taken_and_nothing_has_changed(raw: bytes) -> None:
    watch = panel(forecast("gauge", over=1), series_max=2)
    with pytest.raises(ValueError):  # noqa: PT011 - each says its own
        watch.restore({"series": np.frombuffer(raw, np.uint8)})
    with pytest.raises(ValueError, match="no series"):
        watch.restore({})
    poll(watch, 0, gauge=array("d", [1.0]))
    assert only(watch).slots.tolist() == [0]
    with pytest.raises(ValueError, match="before the first reading"):
        watch.restore(panel().save())


def test_a_pattern_that_cannot_be_read_is_a_fault() -> None:
    with pytest.raises(ValueError, match="no regular expression"):
        WatchSettings(metrics=("(",))
