"""Bounds that devices tell, and conditions on other readings: what they say of the rows of a table."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api import Column, Table
from netmon.api.columns import Flags, Floats, Slots
from rules.pack import Condition
from rules.panel.choices import Choice, Row, Shape
from rules.panel.wave import Change

Present: TypeAlias = Sequence[tuple[Shape, Table]]
"""The tables of one poll."""

_Told: TypeAlias = tuple[tuple[Row, ...], Column]  # rows, and what a metric is for them


class Conditions:
    """What rows of one table depend on. Judged again only when something of that has changed, which is seldom."""

    def __init__(self, shape: Shape, names: Row) -> None:
        self._shape = shape
        self._names = names
        self._groups: list[tuple[Choice, Slots, NDArray[np.intp]]] = []
        self._asked: tuple[str, ...] = ()
        self._last: list[tuple[Row, ...] | Column] | None = None

    def add(self, choice: Choice, slots: Sequence[int], rows: Sequence[int]) -> None:
        """Let these slots at these rows be judged as one."""
        self._groups.append((choice, np.array(slots, np.int32), np.array(rows, np.intp)))
        self._asked = tuple(dict.fromkeys((*self._asked, *choice.asks)))

    def judge(self, table: Table, present: Present) -> Change | None:
        """Return what holds from now on; None where nothing has changed since the last poll."""
        columns = {metric: self._told(metric, table, present) for metric in self._asked}
        now = [part for told in columns.values() for pair in told for part in pair]
        if self._last is not None and len(now) == len(self._last) and all(map(_same, now, self._last)):
            return None
        self._last = now
        values = {metric: _floats(told, table.rows) for metric, told in columns.items()}
        found = [_judge(choice, rows, values) for choice, _, rows in self._groups]
        return Change(
            np.concatenate([slots for _, slots, _ in self._groups]),
            np.concatenate([bounds for bounds, _ in found]),
            np.concatenate([quiet for _, quiet in found]),
        )

    def _told(self, metric: str, table: Table, present: Present) -> list[_Told]:
        """Return the columns that tell a metric under the table's labels."""
        own = self._shape.numbers.get(metric)
        if own is not None:
            return [(table.rows, table.columns[own])]
        told: list[_Told] = []
        for shape, other in present:
            number = shape.numbers.get(metric)
            if number is not None and other.label_names == self._names:
                told.append((other.rows, other.columns[number]))
        return told


def _same(now: object, before: object) -> bool:
    return now is before or now == before


def _floats(told: Sequence[_Told], rows: Sequence[Row]) -> Floats:
    """Return a metric's values for these rows, NaN where it says nothing."""
    if len(told) == 1 and told[0][0] is rows:
        return as_floats(told[0][1])
    values: dict[Row, float] = {}
    for there, column in told:
        values.update(zip(there, as_floats(column).tolist(), strict=True))
    return np.array([values.get(row, np.nan) for row in rows])


def as_floats(column: Column) -> Floats:
    """Return a column as floats, NaN where a value is missing or too large."""
    if not isinstance(column, list | tuple):
        return np.array(column, np.float64)
    values = np.full(len(column), np.nan)
    for row, value in enumerate(column):
        if isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**1023):
            values[row] = value
    return values


def _judge(choice: Choice, rows: NDArray[np.intp], values: Mapping[str, Floats]) -> tuple[Floats, Flags]:
    """Return bounds, NaN where none is known, and which rows are not to be given.

    Where the condition of a forecast does not hold there is no bound, where that of an anomaly does not, no value: it
    would be an anomaly where the pack says that there can be none.
    """
    bounds = np.full(len(rows), choice.fixed)
    quiet = np.zeros(len(rows), np.bool_)
    if choice.share is not None:
        own = values[choice.own_limit][rows]
        # A limit of 0 to what flows is how a device says that it has none, as ifSpeed does.
        told = np.isfinite(own) & (own > 0 if choice.rate else True)
        bounds[told] = own[told] * choice.share
    if choice.forecast is not None and choice.forecast.where:
        holds = _holds(choice.forecast.where.items(), rows, values)
        bounds[~holds] = np.nan
        if not choice.named and choice.anomaly is None:
            quiet |= ~holds
    if choice.anomaly is not None and choice.anomaly.where:
        quiet |= ~_holds(choice.anomaly.where.items(), rows, values)
    return bounds, quiet


def _holds(where: Iterable[tuple[str, Condition]], rows: NDArray[np.intp], values: Mapping[str, Floats]) -> Flags:
    """Tell for which rows all conditions hold; one on a reading that is missing does not."""
    holds = np.ones(len(rows), np.bool_)
    for metric, condition in where:
        value = values[metric][rows]
        if condition.over is not None:
            holds &= value > condition.over
        elif condition.under is not None:
            holds &= value < condition.under
        else:
            holds &= value == condition.equals
    return holds
