"""The tables of one poll, with a way to find a metric beside another, or under some labels."""

from array import array
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from netmon.api import Column, Missing, Reading, Table, Value
from netmon.api.columns import Floats
from rules.limits.layout import Layout, Look, Place

Row: TypeAlias = tuple[str, ...]
Cells: TypeAlias = tuple[Row, tuple[Row, ...], Column]  # label names, rows, values

_SIGNED: Final = ("_dbm", "_celsius", "_volts", "_amperes")  # quantities for which 0 is a limit like any other


@dataclass(slots=True)
class Spot:
    """One column of a poll. `place` is the same from poll to poll."""

    place: Place
    order: int  # of the table among all
    table: Table
    number: int

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return the labels of its values."""
        return self.table.rows

    @property
    def column(self) -> Column:
        """Return its values."""
        return self.table.columns[self.number]


def floats(column: Column) -> Floats:
    """Return a column as float64, NaN where a reading is missing. Counters above 2**53 lose their last bits."""
    if isinstance(column, array):
        return np.frombuffer(column, dtype=column.typecode).astype(np.float64) if column else np.empty(0)
    return np.array([np.nan if isinstance(value, Missing) else value for value in column], dtype=np.float64)


def is_no_limit(metric: str, own: float) -> bool:
    """Tell whether a device's 0 says that it has no limit: the speed of a port without one, the size of no disk."""
    return own == 0 and not metric.endswith(_SIGNED)


class Tables:
    """The tables of one poll."""

    def __init__(self, reading: Reading, layout: Layout) -> None:
        self._tables = [table for part in reading.parts for table in part.tables]
        self._layout = layout
        self._found: dict[tuple[str, Row], dict[Row, Value | Missing]] = {}
        self._beside: dict[tuple[str, int], Floats] = {}  # by metric and number of the table

    def spot(self, look: Look) -> Spot:
        """Return the column that is to be looked at."""
        return Spot(look.place, look.order, self._tables[look.order], look.number)

    def cells(self, metric: str) -> list[Cells]:
        """Return every column of a metric."""
        told = [(self._tables[order], number) for order, number in self._layout.where.get(metric, ())]
        return [(table.label_names, table.rows, table.columns[number]) for table, number in told]

    def value(self, metric: str, spot: Spot, row: int) -> Value | None:
        """Return what a metric says under exactly the labels of a row; None where it says nothing."""
        number = self._layout.numbers[spot.order].get(metric)
        told: Value | Missing | None
        if number is not None:
            told = spot.table.columns[number][row]
        elif metric in self._layout.where:
            told = self._under(metric, spot.table.label_names).get(spot.table.rows[row])
        else:
            return None
        return None if told is None or isinstance(told, Missing) or told != told else told  # noqa: PLR0124 - NaN

    def own(self, metric: str, spot: Spot) -> Floats:
        """Return the limit that a metric tells for each row of a table: float64[rows], NaN where it tells none."""
        known = self._beside.get((metric, spot.order))
        if known is None:
            known = self._under_rows(metric, spot)
            if is_no_limit(metric, 0):
                known[known == 0] = np.nan
            self._beside[metric, spot.order] = known
        return known

    def _under_rows(self, metric: str, spot: Spot) -> Floats:
        number = self._layout.numbers[spot.order].get(metric)
        if number is not None:
            return floats(spot.table.columns[number])
        found = self._under(metric, spot.table.label_names)
        return floats([found.get(row, np.nan) for row in spot.table.rows])

    def _under(self, metric: str, names: Row) -> dict[Row, Value | Missing]:
        found = self._found.get((metric, names))
        if found is None:
            found = self._found[metric, names] = {
                row: value
                for told, rows, column in self.cells(metric)
                if told == names
                for row, value in zip(rows, column, strict=True)
            }
        return found
