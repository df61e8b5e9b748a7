"""A recorded series as polls, and the real rule before which they come. Pure.

Where only the series is there, and nothing beside it, conditions on other metrics are taken to hold, and so are
patterns on labels that the series does not have.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

import numpy as np

from netmon.api import Event, Family, Finding, Kind, Missing, Part, Reading, Reason, Table
from netmon.api.columns import Batch, Floats, Rollup, SeriesRule, Singles
from netmon.app.csvseries import Recording
from rules.baselines.rule import Baselines
from rules.baselines.settings import BaselineSettings
from rules.forecasts.rule import Forecasts
from rules.forecasts.settings import ForecastSettings
from rules.limits.rule import Limits
from rules.pack import Anomaly, Forecast, Limit, Pack, Patterns
from rules.panel.panel import Panel
from rules.panel.settings import WatchSettings

Declared: TypeAlias = Limit | Forecast | Anomaly
Judge: TypeAlias = Callable[[Reading], Iterator[Finding | Event]]
"""Judges one poll, and what follows from the time that has passed."""
Learn: TypeAlias = Callable[[Reading], None]
"""Takes one poll of the past, of which nothing is said."""

_MISSING: Final = Missing(Reason.INVALID)
_FIVE_S: Final = 300
_DAY_S: Final = 86_400


def alone(declared: Declared, labels: Mapping[str, str]) -> Declared:
    """Return a declaration that asks for nothing which the series does not bring."""

    def known(patterns: Patterns) -> Patterns:
        return {name: pattern for name, pattern in patterns.items() if name in labels}

    return declared.model_copy(update={"where": {}, "match": known(declared.match), "unless": known(declared.unless)})


def readings(declared: Declared, recording: Recording, target: str, limits: Floats) -> Iterator[Reading]:
    """Give each value as a poll of a target; `limits` are the thing's own then, float64[n], NaN where none is known."""
    counted = declared.read in {"rate", "increase"}
    own = (isinstance(declared, Limit) and declared.bound_by) or f"limit_of_{declared.metric}"
    families: tuple[Family, ...] = (
        Family(declared.metric, Kind.COUNTER if counted else Kind.GAUGE, "", upper_limit=own, lower_limit=own),
    )
    if not np.isnan(limits).all():
        families += (Family(own, Kind.GAUGE, ""),)
    labels = tuple(recording.labels)
    rows = (tuple(recording.labels.values()),)
    cells = (recording.at.tolist(), recording.values.tolist(), limits.tolist())
    for at, *told in zip(*cells, strict=True):
        columns = tuple([_MISSING if np.isnan(cell) else cell] for cell in told)[: len(families)]
        table = Table(families, labels, rows, ("",), columns, at)
        yield Reading(target, "recording", at, 0.0, (Part("recording", (table,), 0.0),))


def rule_of(declared: Declared, baselines: BaselineSettings, forecasts: ForecastSettings) -> tuple[Judge, Learn]:
    """Return the real rule that judges by this declaration alone, and how it learns of the past."""
    if isinstance(declared, Limit):
        # Without ticks, which forget what no poll spoke of for half an hour: readings may be further apart.
        return Limits([Pack(name="backtest", limits=(declared,))]).observe, _nothing
    if isinstance(declared, Forecast):
        panel = Panel([Pack(name="backtest", forecasts=(declared,))], WatchSettings(metrics=()))
        columns = _Columns(panel, Forecasts(panel, forecasts))
        return columns.judge, columns.learn
    panel = Panel([Pack(name="backtest", anomalies=(declared,))], WatchSettings(metrics=()))
    return _Columns(panel, Baselines(panel, baselines)).judge, _nothing


def _nothing(reading: Reading) -> None:
    """Learn nothing of a poll: limits and baselines know no periods."""


class _Columns:
    """Panel, rule and periods, as the daemon has them."""

    def __init__(self, panel: Panel, rule: SeriesRule) -> None:
        self._panel = panel
        self._rule = rule
        self._periods = _Periods()

    def judge(self, reading: Reading) -> Iterator[Finding | Event]:
        """Judge one poll. Periods that were over before it are closed first."""
        self._close(reading.at)
        self._panel.take(reading)
        for batch in self._panel.batches():
            yield from self._rule.step(batch)
            self._periods.add(batch)
        yield from self._rule.tick(reading.at)

    def learn(self, reading: Reading) -> None:
        """Let a poll of the past be part of its periods only, as a daemon that starts reads them from its history."""
        self._close(reading.at)
        self._panel.take(reading)
        for batch in self._panel.batches():
            self._periods.add(batch)

    def _close(self, now: float) -> None:
        for rollup in self._periods.over(now):
            self._rule.learn(rollup)


class _Periods:
    """The five minutes and the day that are not over, of the one series that there is."""

    def __init__(self) -> None:
        self._values: list[float] = []
        self._began = -np.inf
        self._means: list[tuple[int, float, float, float]] = []  # count, lowest, mean, highest of each five minutes
        self._day = -np.inf

    def add(self, batch: Batch) -> None:
        """Take the value that a poll brought."""
        for at, value in zip(batch.at.tolist(), batch.values.tolist(), strict=True):
            self._began, self._day = at // _FIVE_S * _FIVE_S, at // _DAY_S * _DAY_S
            self._values.append(value)

    def over(self, now: float) -> Iterator[Rollup]:
        """Give what closed."""
        if self._values and now >= self._began + _FIVE_S:
            values, self._values = np.array(self._values), []
            count, mean = len(values), float(values.mean())
            self._means.append((count, float(values.min()), mean, float(values.max())))
            yield _rollup(self._began, _FIVE_S, count, (*self._means[-1][1:], float(np.percentile(values, 95))))
        if self._means and now >= self._day + _DAY_S:
            counts, lowest, means, highest = (np.array(column) for column in zip(*self._means, strict=True))
            self._means = []
            told = float(lowest.min()), float(means.mean()), float(highest.max()), float(np.percentile(means, 95))
            yield _rollup(self._day, _DAY_S, int(counts.sum()), told)


def _rollup(begins: float, length_s: int, count: int, told: tuple[float, float, float, float]) -> Rollup:
    """Return a period of the series at slot 0: lowest, mean, highest, 95th percentile."""
    lowest, mean, highest, p95 = (_single(value) for value in told)
    slots, counts = np.zeros(1, np.int32), np.array([count], np.uint32)
    return Rollup(begins, length_s, slots, counts, lowest, mean, highest, p95)


def _single(value: float) -> Singles:
    return np.array([value], np.float32)
