"""Which rows are judged and against which bound: directions, own limits of devices, labels, means."""

from array import array
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.api import Column, Missing, Reading
from rules.limits.judge import compare
from tests.support.limits import GONE, heat, limit, reading, rule, see, table


@pytest.mark.parametrize(
    ("declared", "bad", "good"),
    [
        ({"over": 70}, 70.1, 70),
        ({"over": None, "under": -18}, -18.1, -18),
        ({"over": None, "equals": 0}, 0, 1),
        ({"over": None, "under": 5, "ignore_under": 1}, 1, 0.5),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_each_direction(declared: dict[str, Any], bad: float, good: float, packed: bool) -> None:
    judge = rule(limit(**declared))

    def column(value: float) -> Column:
        return array("d", [value]) if packed else [value]

    def poll(at: float, value: float) -> Reading:
        return reading(at, table({"heat": column(value)}, [("p1",)]))

    assert [cleared for _, _, cleared in see(judge, poll(0, good), poll(10, bad), poll(20, good))] == [False, True]


def test_the_devices_own_limit_comes_before_ours() -> None:
    judge = rule(limit(of_upper_limit=0.9))
    both = table({"heat": [80, 95, 71], "heat_max": [100, 100, GONE]}, [("p1",), ("p2",), ("p3",)])
    found = list(judge.observe(reading(0, both)))
    assert [(f.key, f.evidence["limit"]) for f in found] == [("hot/sw-1/p2", 90), ("hot/sw-1/p3", 70)]
    assert found[0].summary == "sw-1 p2: 95, 90, 95%"


def test_the_own_limit_may_stand_in_another_table() -> None:
    judge = rule(limit(over=None, of_lower_limit=1))
    tables = [
        table({"heat": [1, 9]}),
        table({"heat_min": [5, 5]}),
        table({"heat_min": [0]}, [("p1", "x")], ("port", "y")),
    ]
    assert see(judge, reading(0, *tables)) == [(0, "hot/sw-1/p1", False)]


def test_without_any_limit_nothing_is_judged() -> None:
    assert see(rule(limit(over=None, of_upper_limit=1)), heat(0, 1000)) == []


def test_other_metrics_of_the_same_thing_may_be_asked_for() -> None:
    judge = rule(limit(where={"admin": {"equals": 1}}))
    assert see(judge, reading(0, table({"heat": [80, 80], "admin": [1, 2]}))) == [(0, "hot/sw-1/p1", False)]
    assert see(judge, reading(10, table({"heat": [80, 80], "admin": [GONE, GONE]}))) == []
    assert see(judge, reading(20, table({"heat": [80, 80]}))) == []
    assert see(judge, reading(30, table({"heat": [80, 80], "admin": [2, 2]}))) == [(30, "hot/sw-1/p1", True)]


def test_labels_choose_what_is_judged() -> None:
    rows = [("eth0", "uplink"), ("eth1", ""), ("lo", "x")]
    judge = rule(limit(match={"alias": r"\S"}, unless={"port": "^lo$", "nothing": "."}))
    assert see(judge, reading(0, table({"heat": [80, 80, 80]}, rows, ("port", "alias")))) == [
        (0, "hot/sw-1/eth0", False)
    ]


def test_rows_that_share_their_labels_are_one_matter_as_bad_as_the_worst() -> None:
    judge = rule(limit())
    rows = [("p1", "a"), ("p1", "b")]

    def poll(at: float, first: float, second: float) -> Reading:
        return reading(at, table({"heat": [first, second]}, rows, ("port", "mib")))

    assert see(judge, poll(0, 60, 80), poll(10, 80, 60)) == [(0, "hot/sw-1/p1", False)]
    two = reading(20, table({"heat": [60]}, [("p1", "a")], ("port", "mib")), table({"heat": [80]}, [("p1",)]))
    assert see(judge, two, poll(30, 60, 60)) == [(30, "hot/sw-1/p1", True)]


def test_a_mean_is_over_all_rows_that_are_there() -> None:
    judge = rule(limit(mean=True, labels=[]))
    assert see(judge, heat(0, 100, 0, GONE), heat(10, 100, 50, GONE)) == [(10, "hot/sw-1", False)]
    assert see(judge, heat(20, GONE, GONE), heat(30, 60, 60)) == [(30, "hot/sw-1", True)]


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9), st.floats(0, 0.9), st.sampled_from(["over", "under", "equals"]))
def test_nothing_is_beyond_and_over_at_once(value: float, bound: float, hysteresis: float, way: str) -> None:
    declared = limit(**{"over": None, way: bound, "hysteresis": 0 if way == "equals" else hysteresis})
    beyond, clear = compare(declared, value, bound)
    assert not (beyond and clear)
    assert declared.hysteresis or beyond != clear


Cell = st.one_of(st.just(GONE), st.floats(-100, 100), st.just(float("nan")))


@given(
    st.lists(st.tuples(Cell, Cell), min_size=1, max_size=5),
    st.sampled_from([{"over": 10}, {"over": None}, {"over": None, "under": -10}]),
    st.sampled_from([{}, {"of_upper_limit": 0.5}, {"of_lower_limit": 1}]),
    st.sampled_from([{}, {"ignore_under": -50}, {"hysteresis": 0.2}]),
)
def test_columns_are_judged_as_their_rows_would_be(
    cells: list[tuple[float | Missing, float | Missing]],
    fixed: dict[str, Any],
    own: dict[str, Any],
    more: dict[str, Any],
) -> None:
    try:
        declared = limit(**{**fixed, **own, **more})
    except ValueError:
        return
    share = declared.of_upper_limit or declared.of_lower_limit
    rows = [(f"p{number}",) for number in range(len(cells))]
    values, bounds = ([cell[side] for cell in cells] for side in (0, 1))
    side = "max" if declared.above else "min"
    found = rule(declared).observe(reading(0, table({"heat": values, f"heat_{side}": bounds}, rows)))
    expected = set()
    for (port,), (value, told) in zip(rows, cells, strict=True):
        bound = declared.over if declared.above else declared.under
        if share is not None and not isinstance(told, Missing) and told == told and told:  # noqa: PLR0124 - NaN
            bound = share * told
        if bound is not None and not isinstance(value, Missing) and compare(declared, value, bound)[0]:
            expected.add(f"hot/sw-1/{port}")
    assert {finding.key for finding in found} == expected
