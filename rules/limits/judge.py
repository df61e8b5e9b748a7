"""One limit against one column: which of its matters are beyond it. Pure, and remembers nothing."""

from array import array
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import fmean
from typing import TypeAlias

import numpy as np

from netmon.api import Table, Value
from netmon.api.columns import Flags, Floats
from rules.limits.layout import Task
from rules.limits.tables import Row, Spot, Tables
from rules.pack import Limit

Bounds: TypeAlias = float | Floats


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one matter stands. `clear` is not the opposite of `beyond`: between them is the hysteresis."""

    beyond: bool
    clear: bool
    value: Value
    limit: float
    own_limit: float | None  # the device's, where it tells one
    labels: Mapping[str, str] = field(default_factory=dict)

    def joined(self, other: "Verdict") -> "Verdict":
        """Return both as one matter: it is as bad as the worse of them."""
        worse = other if (other.beyond, not other.clear) > (self.beyond, not self.clear) else self
        return Verdict(
            worse.beyond, self.clear and other.clear, worse.value, worse.limit, worse.own_limit, worse.labels
        )


def is_quiet(spot: Spot, task: Task) -> bool:
    """Tell whether a column that is read as it comes holds nothing beyond a limit, where that is quick to see.

    It is where the device tells no limit of its own and the column is packed: one pass in C.
    """
    if task.own:
        return False
    column, limit = spot.column, task.limit
    if isinstance(column, array) and column:
        if limit.over is not None:
            return bool(max(column) * limit.scale <= limit.over)
        if limit.under is not None:
            return bool(min(column) * limit.scale >= limit.under)
        if limit.equals is not None:
            return limit.scale == 1 and limit.equals not in column
    return limit.over is None and limit.under is None and limit.equals is None


def judge(tables: Tables, spot: Spot, task: Task, values: Floats, active: Collection[Row] = ()) -> dict[Row, Verdict]:
    """Return verdicts on the matters of a limit in a column, by the values of the labels that tell them apart.

    `values` is the column as the limit reads it, float64[rows], NaN where nothing is known: that is not judged. There
    is a verdict for what is not well, and for each of the matters in `active`, those that are under way.
    """
    limit = task.limit
    if limit.scale != 1:
        values = values * limit.scale
    if limit.mean:
        return _means(spot.table, limit, values)
    own = tables.own(task.own, spot) if task.own else None
    bounds = _bounds(task, own)
    if bounds is None:
        return {}
    suspects = _beyond(limit, values, bounds, 0.0 if not active else limit.hysteresis)
    if not active and not suspects.any():
        return {}
    rows = _Rows(tables, spot, limit, values, bounds, own, applies(spot.table.label_names, limit))
    found: dict[Row, Verdict] = {}
    for place in suspects.nonzero()[0].tolist():
        rows.judge(place, found)
    if active:
        for place in (~suspects & ~np.isnan(values - bounds)).nonzero()[0].tolist():
            if rows.key(place) in active:
                rows.judge(place, found)
    return found


@dataclass(slots=True)
class _Rows:
    """The rows of one column before one limit."""

    tables: Tables
    spot: Spot
    limit: Limit
    values: Floats
    bounds: Bounds
    own: Floats | None
    told: Callable[[Row], bool]

    def key(self, place: int) -> Row:
        """Return what tells a row's matter apart."""
        row, names = self.spot.rows[place], self.spot.table.label_names
        return tuple(row[names.index(name)] if name in names else "" for name in self.limit.labels)

    def judge(self, place: int, found: dict[Row, Verdict]) -> None:
        """Add the verdict on a row, where the limit speaks of it and nothing that it needs is missing."""
        verdict = self._verdict(place) if self.told(self.spot.rows[place]) else None
        if verdict is not None:
            key = self.key(place)
            found[key] = found[key].joined(verdict) if key in found else verdict

    def _verdict(self, place: int) -> Verdict | None:
        value, bound = float(self.values[place]), self._bound(place)
        beyond, clear = compare(self.limit, value, bound)
        for metric, condition in self.limit.where.items() if not clear else ():
            other = self.tables.value(metric, self.spot, place)
            if other is None:
                return None
            if not condition.holds(other):
                beyond, clear = False, True
        own = None if self.own is None or np.isnan(self.own[place]) else float(self.own[place])
        labels = dict(zip(self.spot.table.label_names, self.spot.rows[place], strict=True))
        return Verdict(beyond, clear, value, bound, own, labels)

    def _bound(self, place: int) -> float:
        return self.bounds if isinstance(self.bounds, float) else float(self.bounds[place])


def _bounds(task: Task, own: Floats | None) -> Bounds | None:
    """Return what is not to be passed, one number or float64[rows]; None where there is nothing."""
    limit = task.limit
    if limit.equals is not None:
        return limit.equals
    fixed = limit.over if limit.above else limit.under
    if own is None:
        return fixed
    bounds = own * task.share
    return bounds if fixed is None else np.where(np.isnan(bounds), fixed, bounds)


def _beyond(limit: Limit, values: Floats, bounds: Bounds, hysteresis: float) -> Flags:
    """Return which values are beyond their bounds, or not well again by the hysteresis. NaN is neither."""
    if limit.equals is not None:
        return np.equal(values, bounds)
    margin = np.abs(bounds) * hysteresis if hysteresis else 0.0
    found: Flags = values > bounds - margin if limit.above else values < bounds + margin
    return found if limit.ignore_under is None else found & (values >= limit.ignore_under)


def applies(names: Row, limit: Limit) -> Callable[[Row], bool]:
    """Return whether a row is one that the limit speaks of, by its labels; a label that is absent is empty."""
    wanted = [(names.index(name) if name in names else None, pattern, True) for name, pattern in limit.match.items()]
    wanted += [(names.index(name) if name in names else None, pattern, False) for name, pattern in limit.unless.items()]
    if not wanted:
        return lambda _row: True

    def told(row: Row) -> bool:
        return all(
            (pattern.search(row[place] if place is not None else "") is not None) == found
            for place, pattern, found in wanted
        )

    return told


def compare(limit: Limit, value: float, bound: float) -> tuple[bool, bool]:
    """Return whether a value is beyond a limit, and whether it is so far on the good side that all is over."""
    margin = abs(bound) * limit.hysteresis
    if limit.ignore_under is not None and value < limit.ignore_under:
        return False, True
    if limit.equals is not None:
        return value == bound, value != bound
    if limit.above:
        return value > bound, value <= bound - margin
    return value < bound, value >= bound + margin


def _means(table: Table, limit: Limit, values: Floats) -> dict[Row, Verdict]:
    """Return verdicts on the means of rows that share the limit's labels. `where` is for single rows."""
    fixed = limit.over if limit.above else limit.equals if limit.equals is not None else limit.under
    bound = 0.0 if fixed is None else fixed
    return {
        key: Verdict(*compare(limit, mean, bound), mean, bound, None, dict(zip(limit.labels, key, strict=True)))
        for key, mean in _groups(table, limit, values)
    }


def _groups(table: Table, limit: Limit, values: Floats) -> Iterator[tuple[Row, float]]:
    told, names = applies(table.label_names, limit), table.label_names
    groups: dict[Row, list[float]] = {}
    for row, value in zip(table.rows, values.tolist(), strict=True):
        if value == value and told(row):  # noqa: PLR0124 - NaN
            key = tuple(row[names.index(name)] if name in names else "" for name in limit.labels)
            groups.setdefault(key, []).append(value)
    return ((key, fmean(group)) for key, group in groups.items())
