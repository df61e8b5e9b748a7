"""The panel against the same said slowly: row by row through `Table.samples()`, in plain Python."""

import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.api import Column, Family, Kind, Missing, Part, Reading, Reason, Sample, Table, Value
from rules.pack import Anomaly, Condition, Forecast, Measure, Pack
from rules.panel.panel import Panel
from rules.panel.settings import WatchSettings

GONE = Missing(Reason.TIMEOUT)
NAMED = ("heat", "octets", "broken")
WINDOWS = ("increase", "changes")  # these look back further than a poll
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

Row = tuple[float, float, float | None, bool]
"""Time, value, bound, falling."""


@dataclass(slots=True)
class Slow:
    """Says row by row what the panel says in columns."""

    declared: Sequence[Forecast | Anomaly]
    counters: dict[str, tuple[Value, float]] = field(default_factory=dict)  # last value and its time
    known: set[str] = field(default_factory=set)  # series that have a slot
    first: dict[tuple[int, str], Value] = field(default_factory=dict)  # of rows that wait, by table
    shapes: dict[int, tuple[object, ...]] = field(default_factory=dict)

    def take(self, reading: Reading) -> dict[str, Row]:
        """Return (time, value, bound, falling) by series."""
        said = {}
        tables = reading.parts[0].tables
        for number, table in enumerate(tables):
            shape = (table.families, table.label_names, table.rows)
            if self.shapes.get(number) != shape:
                self.shapes[number] = shape
                self.first = {key: value for key, value in self.first.items() if key[0] != number}
            families = {family.name: family for family in table.families}
            for sample in table.samples():
                row = self._row(number, families[sample.metric], sample, tables)
                if row is not None:
                    said[_key(sample)] = row
        return said

    def _row(self, number: int, family: Family, sample: Sample, tables: Sequence[Table]) -> Row | None:
        declared = [one for one in self.declared if one.metric == family.name and one.read not in WINDOWS]
        matching = [one for one in declared if _matches(one, dict(sample.labels))]
        forecast = next((one for one in matching if isinstance(one, Forecast)), None)
        anomaly = next((one for one in matching if isinstance(one, Anomaly)), None)
        chosen = forecast or anomaly
        counted = family.kind is Kind.COUNTER or (chosen is not None and chosen.read == "rate")
        value = self._value(number, sample, chosen, counted=counted)
        if value is None:
            return None
        bound = None if forecast is None else _bound(forecast, family, sample, tables, flows=counted)
        if forecast is not None and not _holds(forecast, sample, tables):
            bound = None
            if family.name not in NAMED and anomaly is None:
                return None
        if anomaly is not None and not _holds(anomaly, sample, tables):
            return None
        return sample.at, value, bound, forecast is not None and forecast.below

    def _value(self, number: int, sample: Sample, chosen: Measure | None, *, counted: bool) -> float | None:
        key, value = _key(sample), sample.value
        if chosen is not None:
            self.known.add(key)
        if (chosen is None and sample.metric not in NAMED) or isinstance(value, Missing):
            return None
        if key not in self.known:
            first = self.first.setdefault((number, key), value) if counted else 0
            if value == first or not math.isfinite(value):
                return None
            self.known.add(key)
        rate = self._rate(key, value, sample.at) if counted else value
        scaled = math.nan if rate is None else float(rate) * (1 if chosen is None else chosen.scale)
        return scaled if math.isfinite(scaled) else None

    def _rate(self, key: str, value: Value, at: float) -> float | None:
        if value < 0 or not math.isfinite(value):
            return None
        before = self.counters.get(key)
        self.counters[key] = (value, at)
        if before is None or value < before[0] or at <= before[1]:
            return None
        return (value - before[0]) / (at - before[1])


def _key(sample: Sample) -> str:
    return "\x1f".join(("sw-1", sample.metric, *(f"{name}={value}" for name, value in sample.labels if value)))


def _matches(measure: Measure, labels: dict[str, str]) -> bool:
    return all(pattern.search(labels.get(name, "")) for name, pattern in measure.match.items()) and not any(
        pattern.search(labels.get(name, "")) for name, pattern in measure.unless.items()
    )


def _told(metric: str, sample: Sample, tables: Sequence[Table]) -> float | None:
    """Return what a metric says under the same labels: in the sample's own table, or else in any."""
    own = [table for table in tables if _has(table, sample.metric) and _has(table, metric)]
    found = None
    for table in own or tables:
        for other in table.samples():
            if other.metric == metric and other.labels == sample.labels:
                found = None if isinstance(other.value, Missing) else float(other.value)
    return found


def _has(table: Table, metric: str) -> bool:
    return any(family.name == metric for family in table.families)


def _bound(forecast: Forecast, family: Family, sample: Sample, tables: Sequence[Table], *, flows: bool) -> float | None:
    share, own, fixed = forecast.of_upper_limit, family.upper_limit, forecast.over
    if not forecast.above:
        share, own, fixed = forecast.of_lower_limit, family.lower_limit, forecast.under
    if share is not None and own:
        told = _told(own, sample, tables)
        if told is not None and math.isfinite(told) and (told > 0 or not flows):
            return told * share
    return fixed


def _holds(measure: Measure, sample: Sample, tables: Sequence[Table]) -> bool:
    return all(_condition(one, _told(metric, sample, tables)) for metric, one in measure.where.items())


def _condition(condition: Condition, told: float | None) -> bool:
    return told is not None and condition.holds(told)


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


def _rows(panel: Panel) -> Iterator[dict[str, Row]]:
    for batch in panel.batches():
        said = {}
        for slot, at, value, bound, falling in zip(
            batch.slots.tolist(),
            batch.at.tolist(),
            batch.values.tolist(),
            batch.bounds.tolist(),
            batch.falling.tolist(),
            strict=True,
        ):
            series = panel.series(slot)
            assert series is not None
            said[series.key] = (at, value, None if math.isnan(bound) else bound, falling)
        assert len(said) == len(batch) > 0
        yield said


def _by_series(batches: Iterable[dict[str, Row]]) -> dict[str, list[Row]]:
    """Return what was said of each series, in order: which tables share a batch does not matter."""
    found: dict[str, list[Row]] = {}
    for said in batches:
        for key, row in said.items():
            found.setdefault(key, []).append(row)
    return found


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(DECLARED), unique_by=lambda one: one.name), ticks())
def test_batches_are_what_the_rows_say(declared: list[Forecast | Anomaly], polled: list[list[Reading]]) -> None:
    forecasts = tuple(one for one in declared if isinstance(one, Forecast))
    anomalies = tuple(one for one in declared if isinstance(one, Anomaly))
    panel = Panel([Pack(name="test", forecasts=forecasts, anomalies=anomalies)], WatchSettings(metrics=NAMED))
    slow = Slow(declared)
    for readings in polled:
        expected = []
        for reading in readings:
            panel.take(reading)
            expected.append(slow.take(reading))
        assert _by_series(_rows(panel)) == _by_series(expected)
