"""What is beyond a limit is found, said again, and over once; what is not known changes nothing."""

import pytest

from netmon.api import Finding, Missing, Severity
from rules.limits.rule import Limits
from rules.limits.words import figure
from rules.pack import Pack, Summary
from tests.support.limits import GONE, heat, limit, reading, rule, see


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


def test_a_target_has_only_so_many_matters_and_the_rest_is_counted() -> None:
    judge = rule(limit(), matters_max=2)
    assert len(see(judge, heat(0, 80, 80, 80))) == 2
    assert judge.dropped == {"hot": 1}
    assert len(see(judge, heat(10, 60, 80, 80))) == 2


def test_a_clock_that_is_set_back_stops_no_repeats() -> None:
    judge = rule(limit())
    said = see(judge, *(heat(at, 80) for at in (10_000, 10_100, 6_500, 6_600, 6_700, 6_800)))
    assert [at for at, _, _ in said] == [10_000, 6_700]


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
