"""What is asked of Prometheus, and whose its answers are."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netmon.api.columns import Series
from netmon.core.history.periods import DAY_S
from netmon.core.history.prometheus_wire import Found
from netmon.core.history.promql import ASPECTS, Ask, Group, Wanted, days, groups, questions
from tests.support.history import MIDNIGHT


def wanted(one: int, target: str = "a", metric: str = "used", ask: Ask | None = None, **labels: str) -> Wanted:
    return Wanted(one, Series(target, metric, tuple(labels.items())), ask or Ask())


def group(*several: Wanted) -> Group:
    return Group("used", several[0].ask, several)


def found(value: float, *days_after: int, **labels: str) -> Found:
    at = np.array([MIDNIGHT + (day + 1) * DAY_S for day in days_after])
    return labels, at, np.full(len(at), value)


def test_the_questions() -> None:
    five = r'(avg_over_time(used{instance=~"b|sw\\.1\"x"}[299999ms] offset 1ms))[86399s:5m]'
    assert questions(group(wanted(1, 'sw.1"x'), wanted(2, "b"))) == {
        "counts": r'count_over_time(used{instance=~"b|sw\\.1\"x"}[86399999ms] offset 1ms)',
        "minimum": r'min_over_time(used{instance=~"b|sw\\.1\"x"}[86399999ms] offset 1ms)',
        "mean": f"avg_over_time({five})",
        "maximum": r'max_over_time(used{instance=~"b|sw\\.1\"x"}[86399999ms] offset 1ms)',
        "p95": f"quantile_over_time(0.95, {five})",
    }
    assert questions(group(wanted(1, ask=Ask(rate=True))))["maximum"] == (
        'max_over_time((rate(used{instance=~"a"}[299999ms] offset 1ms))[86399s:5m])'
    )


def test_answers_become_days() -> None:
    asked = group(wanted(9, disk="x"), wanted(4, "b"))
    answers = {
        aspect: [found(value, 0, 2, instance="a", disk="x", job="n"), found(value * 2, 1, instance="b", site="s")]
        for value, aspect in enumerate(ASPECTS, 1)
    }
    three = days(asked, answers, int(MIDNIGHT), 3)
    assert [one.ids.tolist() for one in three] == [[9], [4], [9]]
    assert [one.counts.tolist() for one in three] == [[1], [2], [1]]
    assert [one.p95.tolist() for one in three] == [[5.0], [10.0], [5.0]]
    assert [one.ids.tolist() for one in days(asked, answers | {"mean": []}, int(MIDNIGHT), 3)] == [[], [], []]


def test_a_scale_is_for_values_and_not_for_counts() -> None:
    asked = group(wanted(1, ask=Ask(rate=True, scale=8)))
    (day,) = days(asked, {aspect: [found(2.0, 0, instance="a")] for aspect in ASPECTS}, int(MIDNIGHT), 1)
    assert (day.counts.tolist(), day.minimum.tolist(), day.p95.tolist()) == ([2], [16.0], [16.0])


def test_the_series_that_says_most_is_meant() -> None:
    asked = group(wanted(1), wanted(2, disk="x"), wanted(3, disk="y"))
    several = [
        found(1.0, 0, instance="a", job="n"),
        found(2.0, 0, instance="a", disk="x", job="n"),
        found(3.0, 0, instance="other", disk="y"),
    ]
    (day,) = days(asked, dict.fromkeys(ASPECTS, several), int(MIDNIGHT), 1)
    assert dict(zip(day.ids.tolist(), day.mean.tolist(), strict=True)) == {1: 1.0, 2: 2.0}


def test_of_several_that_fit_none_is_taken() -> None:
    several = [found(float(i), 0, instance="a", device=str(i)) for i in range(3)]
    (day,) = days(group(wanted(1)), dict.fromkeys(ASPECTS, several), int(MIDNIGHT), 1)
    assert len(day) == 0


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["used", "light", "no name"]), st.booleans())))
def test_groups_have_all_series_and_keep_targets_whole(rows: list[tuple[str, str, bool]]) -> None:
    several = [wanted(i, target, metric, Ask(rate=rate)) for i, (target, metric, rate) in enumerate(rows, 1)]
    made = groups(several, 3)
    ids = [one.id for each in made for one in each.wanted]
    assert sorted(ids) == [one.id for one in several if one.series.metric != "no name"]
    for each in made:
        assert {(one.series.metric, one.ask) for one in each.wanted} == {(each.metric, each.ask)}
        assert len(each.wanted) <= 3 or len(each.targets) == 1
    keys = [(each.metric, each.ask, target) for each in made for target in each.targets]
    assert len(keys) == len(set(keys))


def test_halves_have_all_of_the_whole() -> None:
    asked = group(*(wanted(i, target) for i, target in enumerate("abcab", 1)))
    halves = asked.halves()
    assert [half.targets for half in halves] == [("a",), ("b", "c")]
    assert sum(len(half.wanted) for half in halves) == 5
    assert halves[0].halves() == ()
