"""What is beyond a limit is found, said again, and over once; what is not known changes nothing."""

import math
from array import array
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.api import Column, Family, Finding, Kind, Missing, Part, Reading, Reason, Severity, Table
from netmon.app.packs import load_packs
from rules.limits.judge import compare
from rules.limits.rule import Limits
from rules.limits.words import figure
from rules.pack import Limit, Pack, Summary, Unreachable
from tests.support.demo_readings import Readings

SAYS = {"en": "{target} {port}: {value}, {limit}, {share}", "id": "id {port}"}
GONE = Missing(Reason.TIMEOUT)


def limit(**changes: Any) -> Limit:
    fields = {"name": "hot", "metric": "heat", "over": 70, "severity": "error", "summary": SAYS, "labels": ["port"]}
    return Limit.model_validate({key: value for key, value in {**fields, **changes}.items() if value is not None})


def rule(*limits: Limit, unreachable: Unreachable | None = None, **more: Any) -> Limits:
    return Limits([Pack(name="test", limits=limits, unreachable=unreachable)], **more)


def table(
    columns: dict[str, Column], rows: Sequence[tuple[str, ...]] = (("p1",), ("p2",)), names: Sequence[str] = ("port",)
) -> Table:
    families = tuple(
        Family(name, Kind.GAUGE, "", upper_limit=f"{name}_max", lower_limit=f"{name}_min") for name in columns
    )
    return Table(families, tuple(names), tuple(rows), tuple(map(str, range(len(rows)))), tuple(columns.values()), 0.0)


def reading(at: float, *tables: Table, problem: Missing | None = None) -> Reading:
    return Reading("sw-1", "snmp", at, 0.1, (Part("one", tables, 0.1),) if problem is None else (), problem)


def heat(at: float, *values: float | Missing) -> Reading:
    rows = [(f"p{number}",) for number in range(1, len(values) + 1)]
    return reading(at, table({"heat": list(values)}, rows))


def see(judge: Limits, *readings: Reading) -> list[tuple[float, str, bool]]:
    return [(f.at, f.key, f.cleared) for each in readings for f in judge.observe(each)]


def test_a_finding_says_all_that_is_to_be_known() -> None:
    judge = rule(limit(runbook="https://runbooks.example/hot"))
    list(judge.observe(heat(90, 10)))
    [found] = judge.observe(heat(100, 71.5, 20))
    assert found == Finding(
        "hot",
        "sw-1",
        100,
        Severity.ERROR,
        "sw-1 p1: 71.5, 70, ",
        "hot/sw-1/p1",
        {"metric": "heat", "value": 71.5, "limit": 70, "since": "1970-01-01T00:01:40Z"},
        expires_s=920,
        labels={"port": "p1"},
        summaries={"id": "id p1"},
        runbook="https://runbooks.example/hot",
    )


def test_it_is_said_again_while_it_lasts_and_once_when_it_is_over() -> None:
    judge = rule(limit())
    said = see(judge, *(heat(at, 80) for at in range(0, 700, 10)), heat(700, 60), heat(710, 60))
    assert [(at, cleared) for at, _, cleared in said] == [(0, False), (300, False), (600, False), (700, True)]


def test_other_packs_take_over_and_what_they_keep_is_not_said_anew() -> None:
    stays, goes = limit(for_s=20), limit(name="warm", over=60)
    judge = rule(stays, goes)
    assert see(judge, heat(0, 80)) == [(0, "warm/sw-1/p1", False)]
    judge.configure([Pack(name="test", limits=(stays, limit(name="mild", over=50)))])
    assert see(judge, heat(10, 80), heat(20, 80)) == [(10, "mild/sw-1/p1", False), (20, "hot/sw-1/p1", False)]
    assert see(judge, heat(30, 10)) == [(30, "hot/sw-1/p1", True), (30, "mild/sw-1/p1", True)]
    judge.configure([Pack(name="test", limits=(goes,))])
    assert see(judge, heat(40, 80)) == [(40, "warm/sw-1/p1", False)]  # what it once said was forgotten


def test_a_pack_without_reachability_forgets_who_did_not_answer() -> None:
    declared = Unreachable.model_validate({"name": "away", "polls": 2, "severity": "error", "summary": SAYS})
    judge = rule(limit(), unreachable=declared)
    assert see(judge, reading(0, problem=GONE)) == []
    judge.configure([Pack(name="test", limits=(limit(),))])
    assert see(judge, reading(10, problem=GONE)) == []
    judge.configure([Pack(name="test", limits=(limit(),), unreachable=declared)])
    assert see(judge, reading(20, problem=GONE)) == []  # the first of two
    assert see(judge, reading(30, problem=GONE)) == [(30, "away/sw-1", False)]


def test_findings_expire_after_three_repeats_and_two_polls() -> None:
    judge = rule(limit(), repeat_s=100)
    found = [f for at in (0, 60, 120) for f in judge.observe(heat(at, 80))]
    assert [f.expires_s for f in found] == [300, 300 + 2 * 60]


def test_what_is_read_once_an_hour_lasts_until_it_is_read_again() -> None:
    judge = rule(limit(for_s=3_600), limit(name="warm", over=60))
    said: list[tuple[float, str, bool] | Finding] = []
    for at in range(0, 5 * 3_600, 60):
        said += see(judge, heat(at, 80 if at else 10)) if at % 3_600 == 0 else list(judge.tick(at))
    assert said == [(3_600, "warm/sw-1/p1", False)] + [
        (at, f"{name}/sw-1/p1", False) for at in (7_200, 10_800, 14_400) for name in ("hot", "warm")
    ]
    [found] = rule_after_an_hour().observe(heat(3_600, 80))
    assert found.expires_s == 900 + 2 * 3_600


def rule_after_an_hour() -> Limits:
    judge = rule(limit())
    list(judge.observe(heat(0, 10)))
    return judge


def test_it_must_last() -> None:
    judge = rule(limit(for_s=60))
    assert see(judge, heat(0, 80), heat(30, 80), heat(50, 60), heat(60, 80), heat(110, 80)) == []
    assert see(judge, heat(120, 80)) == [(120, "hot/sw-1/p1", False)]
    assert see(judge, heat(130, 60)) == [(130, "hot/sw-1/p1", True)]


def test_between_limit_and_hysteresis_it_goes_on() -> None:
    judge = rule(limit(hysteresis=0.1))
    assert see(judge, heat(0, 65)) == []
    assert see(judge, heat(10, 71), heat(20, 65), heat(30, 63.1)) == [(10, "hot/sw-1/p1", False)]
    assert see(judge, heat(40, 63), heat(50, 65)) == [(40, "hot/sw-1/p1", True)]


@pytest.mark.parametrize("missing", [GONE, float("nan")])
def test_what_is_missing_neither_raises_nor_clears(missing: float | Missing) -> None:
    judge = rule(limit(for_s=20))
    assert see(judge, heat(0, missing), heat(10, 80), heat(20, missing)) == []
    assert see(judge, heat(30, 80)) == [(30, "hot/sw-1/p1", False)]
    assert see(judge, heat(40, missing), reading(50), reading(60, problem=GONE)) == []
    assert see(judge, heat(70, 60)) == [(70, "hot/sw-1/p1", True)]


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


def test_a_target_has_only_so_many_matters_and_the_rest_is_counted() -> None:
    judge = rule(limit(), matters_max=2)
    assert len(see(judge, heat(0, 80, 80, 80))) == 2
    assert judge.dropped == {"hot": 1}
    assert len(see(judge, heat(10, 60, 80, 80))) == 2


def test_what_is_not_judged_any_more_is_forgotten() -> None:
    judge = rule(limit(), unreachable=Unreachable.model_validate(REACH))
    see(judge, heat(0, 80), reading(5, problem=GONE))
    assert list(judge.tick(900)) == []
    assert judge._matters
    assert judge._reach._misses
    assert list(judge.tick(1_900)) == []
    assert not judge._matters
    assert not judge._reach._misses


def test_a_clock_that_is_set_back_stops_no_repeats() -> None:
    judge = rule(limit())
    said = see(judge, *(heat(at, 80) for at in (10_000, 10_100, 6_500, 6_600, 6_700, 6_800)))
    assert [at for at, _, _ in said] == [10_000, 6_700]


REACH: dict[str, Any] = {"name": "gone", "severity": "critical", "summary": {"en": "{target}: {reason}", "id": "x"}}


def part(name: str, problem: Missing | None, *tables: Table) -> Part:
    return Part(name, tables, 0.1, problem=problem)


def parts(at: float, *each: Part) -> Reading:
    return Reading("sw-1", "snmp", at, 0.1, each)


ABSENT = part("a", Missing(Reason.NOT_SUPPORTED))
LOST = part("b", GONE)
CAME = part("c", None, table({"heat": [1, 1]}))


@pytest.mark.parametrize("lost", [reading(0, problem=GONE), parts(0, ABSENT, LOST), parts(0, LOST, LOST)])
@pytest.mark.parametrize("back", [parts(0, CAME), parts(0, CAME, LOST)])
def test_a_target_is_gone_after_two_polls_and_back_after_one(lost: Reading, back: Reading) -> None:
    judge = rule(unreachable=Unreachable.model_validate(REACH))

    def poll(like: Reading, at: float) -> Reading:
        return Reading(like.target, like.collector, at, 0.1, like.parts, like.problem)

    assert see(judge, poll(lost, 0), poll(back, 10), poll(lost, 20)) == []
    [found] = judge.observe(poll(lost, 30))
    assert (found.summary, found.severity) == ("sw-1: timeout", Severity.CRITICAL)
    assert found.evidence["since"] == "1970-01-01T00:00:20Z"
    assert see(judge, poll(lost, 40), poll(lost, 330)) == [(330, "gone/sw-1", False)]
    assert see(judge, poll(parts(0, ABSENT), 340)) == []
    assert see(judge, poll(back, 350), poll(back, 360)) == [(350, "gone/sw-1", True)]


@pytest.mark.parametrize("reason", [Reason.BUG, Reason.MALFORMED])
def test_what_is_no_matter_of_reaching_it_does_not_count(reason: Reason) -> None:
    judge = rule(unreachable=Unreachable.model_validate(REACH))
    assert see(judge, *(parts(at, part("a", Missing(reason)), LOST) for at in range(5))) == []


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


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        ("a_ratio", 0.934, "93%"),
        ("a_dbm", -18.97, "-19.0 dBm"),
        ("a_celsius", 71, "71.0 °C"),
        ("a_seconds", 90, "90 s"),
        ("a_seconds", 600, "10 min"),
        ("a_bytes", 3 * 2**40, "3 TiB"),
        ("a_bytes", 512, "512 B"),
        ("a_volts", 3.3, "3.30 V"),
        ("plain", 7, "7"),
    ],
)
def test_numbers_have_their_units(metric: str, value: float, text: str) -> None:
    assert figure(metric, value) == text


@pytest.mark.parametrize("name", ["0", "", "a.b", "a[0]"])
def test_a_summary_has_only_names_to_fill_in(name: str) -> None:
    with pytest.raises(ValueError, match="placeholder"):
        Summary.model_validate({"en": f"{{{name}}}", "id": "x"})


# ── the demonstration's story ──

START = 1_795_000_000.0


async def replay(devices: Sequence[str], seconds: range) -> list[tuple[Reading, list[Finding]]]:
    readings, judge = Readings(START), Limits(load_packs(None))
    polls = [await readings.read(name, START + second) for second in seconds for name in devices]
    return [(poll, list(judge.observe(poll))) for poll in polls]


async def test_the_demonstrations_troubles_are_found_and_over() -> None:
    ring = Readings(START).ring
    dead, battery, bent, *cuts, full = (
        next(trouble for trouble in ring.story.troubles if trouble.dead),
        next(trouble for trouble in ring.story.troubles if trouble.battery),
        next(trouble for trouble in ring.story.troubles if trouble.bent),
        *(trouble for trouble in ring.story.troubles if trouble.cut),
        next(trouble for trouble in ring.story.troubles if trouble.fills),
    )
    assert dead.dead is not None
    assert full.fills is not None
    wires = {wire.name: wire for wire in ring.layout.ring}
    dim, first = wires[bent.bent].a[0], wires[cuts[0].cut].a[0]
    lost = next(name for name in ring.layout.nodes if not ring.reachable(name, START + cuts[-1].begins_s))
    names = [dead.dead[0], battery.battery, full.fills[0], dim, first, lost]
    told = await replay(list(dict.fromkeys(names)), range(0, 190, 10))
    story = [(f.rule, f.target, f.at - START, f.cleared) for _, found in told for f in found]

    def polled(seconds: float) -> float:
        return 10 * math.ceil(seconds / 10)

    assert ("interface_down", dead.dead[0], polled(dead.begins_s), False) in story
    assert ("interface_down", dead.dead[0], polled(dead.ends_s), True) in story
    assert ("ups_on_battery", battery.battery, polled(battery.ends_s), True) in story
    assert ("interface_down", first, polled(cuts[0].begins_s), False) in story
    assert ("device_unreachable", lost, polled(cuts[-1].begins_s) + 10, False) in story  # the second poll without
    assert ("device_unreachable", lost, polled(min(cut.ends_s for cut in cuts)), True) in story
    low = [at for name, target, at, cleared in story if (name, target, cleared) == ("optical_power_low", dim, False)]
    assert bent.begins_s + 30 < low[0] <= bent.worst_s  # it falls slowly
    assert ("optical_power_low", dim, polled(bent.ends_s), True) in story
    assert any(name == "storage_nearly_full" and target == full.fills[0] for name, target, *_ in story)
    assert {name for name, *_ in story} == {
        "interface_down",
        "ups_on_battery",
        "device_unreachable",
        "optical_power_low",
        "storage_nearly_full",
    }


async def test_the_same_readings_give_the_same_findings() -> None:
    told = await replay(["acc-dinkes"], range(0, 60, 10))
    again = Limits(load_packs(None))
    assert [list(again.observe(poll)) for poll, _ in told] == [found for _, found in told]
    assert any(found for _, found in told)


async def test_a_quiet_ring_has_nothing_to_tell() -> None:
    readings, judge = Readings(START), Limits(load_packs(None))
    names = list(readings.ring.layout.nodes)
    quiet = [await readings.read(name, START - back) for back in (600, 300) for name in names]
    assert [finding for poll in quiet for finding in judge.observe(poll)] == []
    assert len(quiet) == 2 * len(names)
