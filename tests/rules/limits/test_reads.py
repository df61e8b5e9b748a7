"""Rates, growth, changes and time left: what is said of a counter over several polls, and what is not."""

from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.api import Column, Family, Kind, Missing, Part, Reading, Reason, Table
from rules.limits.past import GAP_MAX_S, Pasts
from rules.limits.rule import Limits
from rules.limits.tables import Spot
from rules.limits.words import duration, reading
from rules.pack import Limit, Measure, Pack

GONE = Missing(Reason.TIMEOUT)
SAYS = {"en": "{port}: {value} of {limit} ({share}) in {window}", "id": "{value}, {window}"}
FAMILIES = (Family("octets_bytes_total", Kind.COUNTER, "", upper_limit="speed"), Family("speed", Kind.GAUGE, ""))


def rule(**declared: Any) -> Limits:
    fields = {"name": "busy", "metric": "octets_bytes_total", "severity": "error", "summary": SAYS, "labels": ["port"]}
    return Limits([Pack(name="test", limits=(Limit.model_validate({**fields, **declared}),))])


def poll(at: float, *values: float | Missing, speed: float = 1000, ports: Sequence[str] = ("p1", "p2")) -> Reading:
    rows = tuple((port,) for port in ports[: len(values)])
    column: Column = list(values)
    if not any(isinstance(value, Missing) for value in values):
        column = array("Q", [int(value) for value in values if not isinstance(value, Missing)])
    table = Table(FAMILIES, ("port",), rows, tuple(ports), (column, array("Q", [int(speed)] * len(rows))), at)
    return Reading("sw-1", "snmp", at, 0.1, (Part("if_mib", (table,), 0.1),))


def see(judge: Limits, *readings: Reading) -> list[tuple[float, str, bool]]:
    return [(f.at, f.labels["port"], f.cleared) for each in readings for f in judge.observe(each)]


def test_a_rate_is_judged_from_the_second_poll_on_against_the_speed_of_the_port() -> None:
    judge = rule(read="rate", scale=8, of_upper_limit=0.9)
    assert see(judge, poll(0, 5_000_000, 0)) == []
    [found] = judge.observe(poll(10, 5_001_200, 1_100))
    assert found.summary == "p1: 960 bit/s of 900 bit/s (96%) in 5 min"
    assert (found.evidence["value"], found.evidence["limit"]) == (960, 900)
    assert see(judge, poll(20, 5_001_200, 2_300)) == [(20, "p1", True), (20, "p2", False)]


def test_a_port_without_a_speed_has_no_limit() -> None:
    assert see(rule(read="rate", of_upper_limit=0.9), poll(0, 0, speed=0), poll(10, 10**9, speed=0)) == []


def test_a_counter_that_fell_says_nothing_of_that_time() -> None:
    judge = rule(read="rate", over=100)
    assert see(judge, poll(0, 10_000), poll(10, 90_000)) == [(10, "p1", False)]
    assert see(judge, poll(20, 5_000)) == []  # neither over nor begun anew
    assert see(judge, poll(30, 5_100)) == [(30, "p1", True)]


def test_a_rate_goes_over_missing_polls_and_not_over_long_silence() -> None:
    judge = rule(read="rate", over=100)
    assert see(judge, poll(0, 0, 0), poll(10, GONE, 0), poll(20, 2_001, 0)) == [(20, "p1", False)]
    judge = rule(read="rate", over=100)
    assert see(judge, poll(0, 0), poll(GAP_MAX_S + 1, 10**9)) == []


def test_a_clock_that_was_set_makes_no_rate() -> None:
    judge = rule(read="rate", over=100)
    steady = [poll(at, at * 90) for at in (0, 30, 60)]
    assert see(judge, *steady, poll(70, 90 * 90), poll(100, 120 * 90)) == []  # set back by 20 s: 270 a second
    assert see(judge, poll(50, 150 * 90), poll(80, 180 * 90)) == []  # set back to before the last poll


def test_ports_that_move_keep_their_counters() -> None:
    judge = rule(read="rate", over=100)
    assert (
        see(judge, poll(0, 0, 10**6), poll(10, 10**6, 10, ports=("p2", "p1")), poll(20, 10**6, 20, ports=("p2", "p1")))
        == []
    )
    assert see(judge, poll(30, 9_999_999, 20, ports=("p9", "p1"))) == []  # p9 is new
    assert see(judge, poll(40, 9_999_999, 9_999, ports=("p9", "p1"))) == [(40, "p1", False)]


def test_growth_is_counted_within_the_window() -> None:
    judge = rule(read="increase", window_s=60, over=10)
    assert see(judge, *(poll(at, 1_000 + at) for at in (0, 5, 10))) == []
    assert see(judge, poll(15, 1_015)) == [(15, "p1", False)]
    [found] = rule_findings(judge, poll(400, 1_020), poll(420, 1_020))
    assert found.cleared
    assert found.summary == "p1: 0 of 10 () in 60 s"


def rule_findings(judge: Limits, *readings: Reading) -> list[Any]:
    return [found for each in readings for found in judge.observe(each)]


def test_growth_over_a_reset_or_a_silence_longer_than_the_window_is_not_counted() -> None:
    judge = rule(read="increase", window_s=60, over=10)
    assert see(judge, poll(0, 10**6), poll(10, 5), poll(20, 10)) == []
    assert see(judge, poll(90, 10**6), poll(100, 10**6 + 11)) == [(100, "p1", False)]


def test_growth_under_way_outlives_a_clock_that_is_set_back() -> None:
    judge = rule(read="increase", window_s=60, over=10)
    assert see(judge, poll(1000, 0), poll(1010, 50)) == [(1010, "p1", False)]
    assert see(judge, poll(500, 50), poll(520, 50)) == []
    assert see(judge, poll(561, 50)) == [(561, "p1", True)]


def test_changes_are_counted_whatever_their_direction() -> None:
    judge = rule(read="changes", window_s=600, over=3)
    values = (1, 0, 0, 1, 0, 1)
    assert see(judge, *(poll(30 * n, value) for n, value in enumerate(values))) == [(150, "p1", False)]
    later = see(judge, *(poll(150 + 60 * n, 1) for n in range(1, 10)))
    assert later == [(450, "p1", False), (630, "p1", True)]  # said again; the first change is ten minutes past


def test_time_left_is_counted_from_the_poll_on() -> None:
    judge = rule(read="time_left", under=86_400)
    assert see(judge, poll(1_000_000, 1_086_400)) == []
    [found] = judge.observe(poll(1_000_060, 1_086_400))
    assert found.summary.startswith("p1: 24 h of 24 h")


def test_limits_that_read_alike_share_what_they_remember() -> None:
    fields = {"metric": "octets_bytes_total", "read": "rate", "severity": "error", "summary": SAYS, "labels": ["port"]}
    both = tuple(Limit.model_validate({**fields, "name": f"over_{over}", "over": over}) for over in (10, 20))
    judge = Limits([Pack(name="test", limits=both)])
    assert [f.rule for each in (poll(0, 0), poll(10, 150), poll(20, 400)) for f in judge.observe(each)] == [
        "over_10",
        "over_20",
    ]


@pytest.mark.parametrize("read", ["rate", "increase", "changes"])
def test_only_so_many_columns_of_a_target_are_followed(read: str) -> None:
    measure = Measure.model_validate({"metric": "octets_bytes_total", "read": read})
    pasts = Pasts(columns_max=1)
    table = poll(0, 1).parts[0].tables[0]
    for part in ("a", "b"):
        assert pasts.read("sw-1", Spot(("snmp", part, 0, 0), 0, table, 0), measure, 0) is None
    assert pasts.dropped == {"octets_bytes_total": 1}
    assert pasts.read("sw-1", Spot(("snmp", "a", 0, 0), 0, table, 0), measure, 10) is not None
    pasts.forget(86_500)
    assert pasts.read("sw-1", Spot(("snmp", "b", 0, 0), 0, table, 0), measure, 20) is None
    assert pasts.dropped == {"octets_bytes_total": 1}


Polls = st.lists(st.lists(st.one_of(st.none(), st.integers(0, 2**40)), min_size=3, max_size=3), min_size=2, max_size=8)


@given(Polls, st.sampled_from(["rate", "increase", "changes"]))
def test_columns_give_what_each_row_gives_alone(polls: list[list[int | None]], read: str) -> None:
    measure = Measure.model_validate({"metric": "octets_bytes_total", "read": read})

    def told(rows: Sequence[int]) -> list[list[float]]:
        pasts, found = Pasts(), []
        for number, values in enumerate(polls):
            cells = [GONE if values[row] is None else float(values[row] or 0) for row in rows]
            table = poll(30 * number, *cells, ports=("a", "b", "c")).parts[0].tables[0]
            read_now = pasts.read("sw", Spot(("snmp", "p", 0, 0), 0, table, 0), measure, 30.0 * number)
            found.append([np.nan] * len(rows) if read_now is None else read_now.tolist())
        return found

    together = np.array(told((0, 1, 2)))
    for row in range(3):
        assert np.array_equal(together[:, row], np.array(told((row,)))[:, 0], equal_nan=True)


@pytest.mark.parametrize(
    ("declared", "value", "text"),
    [
        ({"metric": "a_bytes_total", "read": "rate", "scale": 8}, 9.5e8, "950 Mbit/s"),
        ({"metric": "a_bytes_total", "read": "rate"}, 2048, "2 KiB/s"),
        ({"metric": "ifInErrors", "read": "rate"}, 1.25, "1.25/s"),
        ({"metric": "a_bytes_total", "read": "increase"}, 12.0, "12"),
        ({"metric": "a_expiry_seconds", "read": "time_left"}, 86_400 * 9, "9 days"),
        ({"metric": "a_dbm"}, -18.97, "-19.0 dBm"),
    ],
)
def test_numbers_have_the_units_of_how_they_were_read(declared: dict[str, Any], value: float, text: str) -> None:
    assert reading(Measure.model_validate(declared), value) == text


@pytest.mark.parametrize(
    ("seconds", "en", "indonesian"),
    [
        (0, "0 s", "0 s"),
        (0.12, "120 ms", "120 ms"),
        (-0.12, "-120 ms", "-120 ms"),
        (90, "90 s", "90 s"),
        (600, "10 min", "10 min"),
        (3 * 3600, "3 h", "3 jam"),
        (9 * 86_400, "9 days", "9 hari"),
    ],
)
def test_times_are_said_as_people_do(seconds: float, en: str, indonesian: str) -> None:
    assert (duration(seconds), duration(seconds, "id")) == (en, indonesian)
