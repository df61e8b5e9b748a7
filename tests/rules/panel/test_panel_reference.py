"""The panel against the same said slowly, over readings of every kind and over recorded devices."""

import math
from array import array
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.api import Column, Family, Kind, Missing, Part, Reading, Reason, Table, Value
from rules.pack import Anomaly, Forecast, Pack
from rules.panel.panel import Panel
from rules.panel.settings import WatchSettings
from tests.support import coverage
from tests.support.demo_readings import Readings
from tests.support.slow_panel import Slow, as_shipped, by_series, rows_of
from tests.support.snmprec import names

START = 1_795_000_000.0
GONE = Missing(Reason.TIMEOUT)
NAMED = ("heat", "octets", "broken")
TELLS: dict[str, Any] = {"summary": {"en": "x", "id": "x"}}
FORECAST: dict[str, Any] = {**TELLS, "tiers": [{"within_s": 3600, "severity": "warning"}]}
ANOMALY: dict[str, Any] = {**TELLS, "severity": "warning"}

DECLARED: tuple[Forecast | Anomaly, ...] = (
    Forecast(name="hot", metric="heat", of_upper_limit=0.9, over=70, **FORECAST),
    Forecast(name="cold", metric="heat", of_lower_limit=1, match={"port": "1"}, scale=2, **FORECAST),
    Forecast(name="fixed", metric="heat", under=3, unless={"kind": "."}, where={"state": {"over": 0}}, **FORECAST),
    Forecast(name="busy", metric="octets", of_upper_limit=0.5, scale=8, **FORECAST),
    Forecast(name="grows", metric="plain", read="rate", over=5, where={"octets_max": {"equals": 3}}, **FORECAST),
    Forecast(name="ends", metric="plain", read="time_left", match={"port": "2"}, **FORECAST),
    Anomaly(name="odd", metric="octets", where={"state": {"under": 2}}, **ANOMALY),
    Anomaly(name="odd_heat", metric="heat", match={"kind": "x"}, where={"plain": {"over": 1}}, **ANOMALY),
    Anomaly(name="window", metric="broken", read="increase", **ANOMALY),
)

# ── readings ──

FAMILIES = (
    (
        Family("heat", Kind.GAUGE, "", upper_limit="heat_max", lower_limit="heat_min"),
        Family("heat_max", Kind.GAUGE, ""),
        Family("state", Kind.GAUGE, ""),
    ),
    (
        Family("octets", Kind.COUNTER, "", upper_limit="octets_max"),
        Family("broken", Kind.COUNTER, ""),
        Family("octets_max", Kind.GAUGE, ""),
    ),
    (Family("plain", Kind.GAUGE, ""), Family("heat_min", Kind.GAUGE, "")),
)
ROWS = ((("1", ""), ("2", "x"), ("12", "y")), (("2", "x"), ("1", "")), ())

whole = st.sampled_from([0, 1, 2, 3, 5, 70, 2**53 + 1, 2**63, 2**64 - 1])
floats = st.sampled_from([0.0, 0.5, 3.0, 100.0, -7.25, 1e300, math.nan, math.inf, -math.inf])
gauges = st.one_of(st.just(GONE), st.integers(-3, 3), floats, st.sampled_from([2**70, 2**63]))


def _columns(family: Family, count: int) -> st.SearchStrategy[Column]:
    value: st.SearchStrategy[Value | Missing] = gauges
    if family.name == "octets":
        value = st.one_of(st.just(GONE), whole)
    elif family.name == "broken":
        value = st.one_of(st.just(GONE), st.floats(0, 1e6))
    elif family.name.endswith(("_max", "_min")) or family.name == "state":
        value = st.one_of(st.just(GONE), st.integers(0, 3), st.just(math.nan))
    return st.lists(value, min_size=count, max_size=count).map(_as_collectors_do)


def _as_collectors_do(cells: list[Value | Missing]) -> Column:
    kinds = {type(cell) for cell in cells}
    numbers: list[Any] = cells
    if kinds == {float}:
        return array("d", numbers)
    if kinds == {int} and max(numbers) < 2**64:
        return array("Q" if min(numbers) >= 0 else "q", numbers) if min(numbers) >= 0 or max(numbers) < 2**63 else cells
    return cells


@st.composite
def tables(draw: st.DrawFn, number: int, at: float) -> Table:
    rows = draw(st.sampled_from(ROWS))
    columns = tuple(draw(_columns(family, len(rows))) for family in FAMILIES[number])
    return Table(FAMILIES[number], ("port", "kind"), rows, tuple(map(str, range(len(rows)))), columns, at)


@st.composite
def ticks(draw: st.DrawFn) -> list[list[Reading]]:
    at = 0.0
    made: list[list[Reading]] = []
    for _ in range(draw(st.integers(1, 4))):
        made.append([])
        for _ in range(draw(st.integers(0, 3))):
            at += draw(st.sampled_from([10.0, 0.5, 0.0, -5.0]))
            found = tuple(draw(tables(number, at)) for number in range(len(FAMILIES)))
            made[-1].append(Reading("sw-1", "snmp", at, 0.0, (Part("one", found, 0.0),)))
    return made


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(DECLARED), unique_by=lambda one: one.name), ticks())
def test_batches_are_what_the_rows_say(declared: list[Forecast | Anomaly], polled: list[list[Reading]]) -> None:
    forecasts = tuple(one for one in declared if isinstance(one, Forecast))
    anomalies = tuple(one for one in declared if isinstance(one, Anomaly))
    panel = Panel([Pack(name="test", forecasts=forecasts, anomalies=anomalies)], WatchSettings(metrics=NAMED))
    slow = Slow(declared, NAMED.__contains__)
    for readings in polled:
        expected = []
        for reading in readings:
            panel.take(reading)
            expected.append(slow.take(reading))
        assert by_series(rows_of(panel)) == by_series(expected)


@pytest.mark.parametrize("late", [5, 2**63, 2**64 - 1])
def test_a_counter_that_comes_late_has_moved_when_it_moves(late: int) -> None:
    panel, slow, expected = Panel([], WatchSettings(metrics=NAMED)), Slow((), NAMED.__contains__), []
    rows = (("1", ""), ("2", "x"))
    values: tuple[Value | Missing, ...] = (GONE, late, late, late)
    for number, value in enumerate(values):
        table = Table(FAMILIES[1][:1], ("port", "kind"), rows, ("0", "1"), ([value, 7],), 10.0 * number)
        reading = Reading("sw-1", "snmp", table.at, 0.0, (Part("one", (table,), 0.0),))
        panel.take(reading)
        expected.append(slow.take(reading))
    assert by_series(rows_of(panel)) == by_series(expected) == {}


# ── real readings ──


async def test_the_rings_devices_are_watched_as_their_rows_say() -> None:
    panel, slow = as_shipped()
    readings = Readings(START)
    for name in ("core-kominfo", "ups-kominfo", "web-portal"):
        for at in (START + 30, START + 60, START + 90):
            reading = await readings.read(name, at)
            panel.take(reading)
            assert by_series(rows_of(panel)) == by_series([slow.take(reading)])
        slots = panel.slots_of(name)
        assert len(slots) > 10
        assert any(panel.forecast_of(slot) is not None for slot in slots)
    assert not panel.dropped


def _later(reading: Reading) -> Reading:
    """Return a poll half a minute after, with every counter further on."""
    parts = [
        replace(
            part,
            tables=tuple(
                replace(
                    table,
                    at=table.at + 30,
                    columns=tuple(
                        [value + row if not isinstance(value, Missing) else value for row, value in enumerate(column)]
                        if family.kind is Kind.COUNTER
                        else column
                        for family, column in zip(table.families, table.columns, strict=True)
                    ),
                )
                for table in part.tables
            ),
        )
        for part in reading.parts
    ]
    return replace(reading, at=reading.at + 30, parts=tuple(parts))


@pytest.mark.skipif(not names(), reason="the recorded devices are absent: ../shared/fixtures/librenms")
@pytest.mark.parametrize("device", names())
async def test_recorded_devices_are_watched_as_their_rows_say(device: str) -> None:
    panel, slow = as_shipped()
    reading = await coverage.read_recorded(device)
    for _ in range(3):
        panel.take(reading)
        assert by_series(rows_of(panel)) == by_series([slow.take(reading)])
        reading = _later(reading)
    assert panel.size > 0
    assert not panel.dropped
