"""What is watched, and as what: declarations and names held against a column, then against each of its rows."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from netmon.api import Family, Kind
from rules.pack import Anomaly, Forecast, Measure, Pack, Patterns
from rules.panel.settings import WatchSettings

Row = tuple[str, ...]

SHAPES_MAX: Final = 4096  # kinds of tables: a hundred profiles of forty tables; beyond it they are made out anew

_READ: Final = frozenset({"value", "rate", "time_left"})  # `increase` and `changes` look back over a window: no column


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """As what a series is watched. Without a forecast and an anomaly it is watched for its name alone."""

    forecast: Forecast | None
    anomaly: Anomaly | None
    named: bool
    rate: bool
    scale: float
    own_limit: str  # the metric that tells the device's own limit for it; empty: none
    asks: tuple[str, ...]  # the metrics that its bound, or its being watched, depends on

    @property
    def declared(self) -> bool:
        """Tell whether a pack speaks of it."""
        return self.forecast is not None or self.anomaly is not None

    @property
    def falling(self) -> bool:
        """Tell whether the value must not fall below the bound."""
        return self.forecast is not None and self.forecast.below

    @property
    def share(self) -> float | None:
        """Return which share of the device's own limit is the bound; None where only a fixed one is."""
        return _share(self.forecast) if self.forecast is not None and self.own_limit else None

    @property
    def least(self) -> float:
        """Return below what there is nothing to foretell: such a value has no bound."""
        ignored = None if self.forecast is None else self.forecast.ignore_under
        return float("-inf") if ignored is None else ignored

    @property
    def fixed(self) -> float:
        """Return the bound where no device tells one; NaN where none is declared."""
        if self.forecast is None:
            return float("nan")
        if self.forecast.remaining:
            return 0.0  # so that a condition that does not hold can be told from one that does
        bound = self.forecast.over if self.forecast.above else self.forecast.under
        return float("nan") if bound is None else bound


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """A column that may be watched: for which of its rows, and as what. The first declaration that matches counts."""

    number: int  # of the column
    family: Family
    forecasts: tuple[Forecast, ...]
    anomalies: tuple[Anomaly, ...]
    named: bool
    made: dict[tuple[int, int], Choice | None]

    def choices(self, names: Row, rows: Sequence[Row]) -> list[Choice | None]:
        """Return as what each row is watched; None where it is not."""
        forecasts, anomalies = _first(self.forecasts, names, rows), _first(self.anomalies, names, rows)
        return [self._choice(*which) for which in zip(forecasts, anomalies, strict=True)]

    def _choice(self, forecast: int, anomaly: int) -> Choice | None:
        """Return the choice of these declarations by number, -1 for none; the same object every time."""
        which = (forecast, anomaly)
        if which not in self.made:
            self.made[which] = self._make(
                self.forecasts[forecast] if forecast >= 0 else None, self.anomalies[anomaly] if anomaly >= 0 else None
            )
        return self.made[which]

    def _make(self, forecast: Forecast | None, anomaly: Anomaly | None) -> Choice | None:
        declared = forecast or anomaly
        counter = self.family.kind is Kind.COUNTER
        if declared is None:
            return Choice(None, None, True, counter, 1.0, "", ()) if self.named else None
        own = ""
        if forecast is not None:
            own = self.family.upper_limit if forecast.above else self.family.lower_limit
        asks = [own] if forecast is not None and own and _share(forecast) is not None else []
        asks += [metric for one in (forecast, anomaly) if one is not None for metric in one.where]
        rate = counter or declared.read == "rate"
        return Choice(forecast, anomaly, self.named, rate, declared.scale, own, tuple(asks))


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """What tables of the same families and label names have in common."""

    numbers: Mapping[str, int]  # of its columns by metric
    watches: tuple[Watch, ...]


class Watching:
    """What packs and settings want watched."""

    def __init__(self, packs: Iterable[Pack], settings: WatchSettings) -> None:
        self._forecasts: dict[str, list[Forecast]] = {}
        self._anomalies: dict[str, list[Anomaly]] = {}
        for pack in packs:
            for forecast in pack.forecasts:
                self._forecasts.setdefault(forecast.metric, []).append(forecast)
            for anomaly in pack.anomalies:
                self._anomalies.setdefault(anomaly.metric, []).append(anomaly)
        self._names = re.compile("|".join(f"(?:{pattern})" for pattern in settings.metrics) or r"(?!)")
        self._shapes: dict[tuple[Family, ...], Shape] = {}

    def shape(self, families: tuple[Family, ...]) -> Shape:
        """Return what is watched of tables of these families."""
        shape = self._shapes.get(families)
        if shape is None:
            if len(self._shapes) >= SHAPES_MAX:
                self._shapes.clear()
            watches = [self._watch(number, family) for number, family in enumerate(families)]
            numbers = {family.name: number for number, family in enumerate(families)}
            shape = self._shapes[families] = Shape(numbers, tuple(watch for watch in watches if watch is not None))
        return shape

    def _watch(self, number: int, family: Family) -> Watch | None:
        forecasts = tuple(one for one in self._forecasts.get(family.name, ()) if one.read in _READ)
        anomalies = tuple(one for one in self._anomalies.get(family.name, ()) if one.read in _READ)
        # What is neither is often a counter that nobody calls so: its value says nothing.
        named = family.kind is not Kind.UNTYPED and self._names.fullmatch(family.name) is not None
        if not (forecasts or anomalies or named):
            return None
        return Watch(number, family, forecasts, anomalies, named, {})


def _share(forecast: Forecast) -> float | None:
    return forecast.of_upper_limit if forecast.above else forecast.of_lower_limit


def _first(declared: Sequence[Measure], names: Row, rows: Sequence[Row]) -> list[int]:
    """Return the number of the first declaration that speaks of each row, -1 where none does."""
    found = [-1] * len(rows)
    for number, measure in enumerate(declared):
        tests = [*_tests(measure.match, names, wanted=True), *_tests(measure.unless, names, wanted=False)]
        for at, row in enumerate(rows):
            if found[at] < 0 and all(
                (pattern.search(row[place] if place >= 0 else "") is not None) == wanted
                for place, pattern, wanted in tests
            ):
                found[at] = number
    return found


def _tests(patterns: Patterns, names: Row, *, wanted: bool) -> list[tuple[int, re.Pattern[str], bool]]:
    """Return where each pattern is searched, -1 for a label that is absent and so empty."""
    return [(names.index(name) if name in names else -1, pattern, wanted) for name, pattern in patterns.items()]
