"""What the panel says, said slowly: row by row through `Table.samples()`, in plain Python, to hold it against."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from netmon.api import Family, Kind, Missing, Reading, Sample, Table, Value
from netmon.app.packs import load_packs
from rules.pack import Anomaly, Condition, Forecast, Measure
from rules.panel.panel import Panel
from rules.panel.settings import METRICS, WatchSettings

Place: TypeAlias = tuple[str, int]
"""A part, and the number of a table in it."""
_WINDOWS = ("increase", "changes")  # these look back further than a poll

Row: TypeAlias = tuple[float, float, float | None, bool]
"""Time, value, bound, falling."""


@dataclass(slots=True)
class Slow:
    """Says row by row what the panel says in columns."""

    declared: Sequence[Forecast | Anomaly]
    named: Callable[[str], bool]  # whether a metric is watched for its name
    counters: dict[str, tuple[Value, float]] = field(default_factory=dict)  # last value and its time
    known: set[str] = field(default_factory=set)  # series that have a slot
    first: dict[tuple[Place, str], Value] = field(default_factory=dict)  # of rows that wait, by table
    shapes: dict[Place, tuple[object, ...]] = field(default_factory=dict)

    def take(self, reading: Reading) -> dict[str, Row]:
        """Return (time, value, bound, falling) by series."""
        said: dict[str, Row] = {}
        tables = [table for part in reading.parts for table in part.tables]
        places = [(part.name, number) for part in reading.parts for number in range(len(part.tables))]
        for number, table in zip(places, tables, strict=True):
            shape = (table.families, table.label_names, table.rows)
            if self.shapes.get(number) != shape:
                self.shapes[number] = shape
                self.first = {key: value for key, value in self.first.items() if key[0] != number}
            families = {family.name: family for family in table.families}
            for sample in table.samples():
                key = key_of(reading.target, sample)
                row = self._row((number, key), families[sample.metric], sample, tables)
                if row is not None:
                    said.setdefault(key, row)
        return said

    def _row(self, where: tuple[Place, str], family: Family, sample: Sample, tables: Sequence[Table]) -> Row | None:
        declared = [one for one in self.declared if one.metric == family.name and one.read not in _WINDOWS]
        matching = [one for one in declared if _matches(one, dict(sample.labels))]
        forecast = next((one for one in matching if isinstance(one, Forecast)), None)
        anomaly = next((one for one in matching if isinstance(one, Anomaly)), None)
        chosen = forecast or anomaly
        counted = family.kind is Kind.COUNTER or (chosen is not None and chosen.read == "rate")
        value = self._value(where, sample, chosen, counted=counted)
        if value is None:
            return None
        bound = None if forecast is None else _bound(forecast, family, sample, tables, flows=counted)
        if forecast is not None and not _holds(forecast, sample, tables):
            bound = None
            if not self.named(family.name) and anomaly is None:
                return None
        if anomaly is not None and not _holds(anomaly, sample, tables):
            return None
        if forecast is not None and forecast.ignore_under is not None and value < forecast.ignore_under:
            bound = None
        return sample.at, value, bound, forecast is not None and forecast.below

    def _value(
        self, where: tuple[Place, str], sample: Sample, chosen: Measure | None, *, counted: bool
    ) -> float | None:
        key, value = where[1], sample.value
        if chosen is not None:
            self.known.add(key)
        if (chosen is None and not self.named(sample.metric)) or isinstance(value, Missing):
            return None
        if key not in self.known:
            first = self.first.setdefault(where, value) if counted else 0
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


def key_of(target: str, sample: Sample) -> str:
    """Return the key of a sample's series."""
    return "\x1f".join((target, sample.metric, *(f"{name}={value}" for name, value in sample.labels if value)))


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
    if forecast.remaining:
        return 0.0
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


def rows_of(panel: Panel) -> Iterator[dict[str, Row]]:
    """Give the panel's batches in the same form."""
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


def by_series(batches: Iterable[dict[str, Row]]) -> dict[str, list[Row]]:
    """Return what was said of each series, in order: which tables share a batch does not matter."""
    found: dict[str, list[Row]] = {}
    for said in batches:
        for key, row in said.items():
            found.setdefault(key, []).append(row)
    return found


def as_shipped() -> tuple[Panel, Slow]:
    """Return both, with netmon's packs and the usual settings."""
    packs = load_packs(None)
    declared: list[Forecast | Anomaly] = []
    for pack in packs:
        declared += (*pack.forecasts, *pack.anomalies)
    named = re.compile("|".join(METRICS))
    return Panel(packs, WatchSettings()), Slow(declared, lambda metric: named.fullmatch(metric) is not None)
