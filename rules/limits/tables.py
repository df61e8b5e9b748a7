"""The tables of one poll, with a way to find a metric beside another, or under some labels."""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

import numpy as np

from netmon.api import Column, Family, Missing, Reading, Table, Value
from netmon.api.columns import Floats

Row: TypeAlias = tuple[str, ...]
Place: TypeAlias = tuple[str, str, int, int]  # collector, part, number of the table in it, of the column in that
Families: TypeAlias = tuple[Family, ...]
Cells: TypeAlias = tuple[Row, tuple[Row, ...], Column]  # label names, rows, values

_T = TypeVar("_T")

_SHAPES_MAX: Final = 4096  # some fifty of each make of device; a reload of profiles leaves old ones behind
_SIGNED: Final = ("_dbm", "_celsius", "_volts", "_amperes")  # quantities for which 0 is a limit like any other


@dataclass(frozen=True, slots=True)
class Spot:
    """One column of a poll. `place` is the same from poll to poll."""

    place: Place
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

    @property
    def family(self) -> Family:
        """Return what its values are."""
        return self.table.families[self.number]


def floats(column: Column) -> Floats:
    """Return a column as float64, NaN where a reading is missing. Counters above 2**53 lose their last bits."""
    if isinstance(column, array):
        return np.frombuffer(column, dtype=column.typecode).astype(np.float64) if column else np.empty(0)
    return np.array([np.nan if isinstance(value, Missing) else value for value in column], dtype=np.float64)


def is_no_limit(metric: str, own: float) -> bool:
    """Tell whether a device's 0 says that it has no limit: the speed of a port without one, the size of no disk."""
    return own == 0 and not metric.endswith(_SIGNED)


class Shapes:
    """Where each metric stands in tables. Tables of one shape share their families, from poll to poll."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Families, dict[str, int]]] = {}  # by identity of the families, which are kept

    def numbers(self, families: Families) -> Mapping[str, int]:
        """Return the number of each metric's column."""
        known = self._known.get(id(families))
        if known is not None and known[0] is families:
            return known[1]
        if len(self._known) >= _SHAPES_MAX:
            self._known.clear()
        numbers = {family.name: number for number, family in enumerate(families)}
        self._known[id(families)] = (families, numbers)
        return numbers


class Tables:
    """The tables of one poll."""

    def __init__(self, reading: Reading, shapes: Shapes) -> None:
        self._reading = reading
        self._shapes = shapes
        self._tables = [table for part in reading.parts for table in part.tables]
        self._found: dict[tuple[str, Row], dict[Row, Value | Missing]] = {}
        self._beside: dict[tuple[str, int], Floats] = {}  # by metric and identity of the table, which the reading keeps
        self._has: dict[str, bool] = {}

    def spots(self, plan: Callable[[Families], Iterable[tuple[int, _T]]]) -> Iterator[tuple[Spot, _T]]:
        """Give the columns that a plan of a table's families tells, each with what the plan says of it."""
        for part in self._reading.parts:
            for order, table in enumerate(part.tables):
                for number, told in plan(table.families):
                    yield Spot((self._reading.collector, part.name, order, number), table, number), told

    def has(self, metric: str) -> bool:
        """Tell whether any table has a metric."""
        known = self._has.get(metric)
        if known is None:
            numbers = self._shapes.numbers
            known = self._has[metric] = any(metric in numbers(table.families) for table in self._tables)
        return known

    def cells(self, metric: str) -> list[Cells]:
        """Return every column of a metric."""
        found: list[Cells] = []
        for table in self._tables:
            number = self._shapes.numbers(table.families).get(metric)
            if number is not None:
                found.append((table.label_names, table.rows, table.columns[number]))
        return found

    def _column(self, metric: str, table: Table) -> Column | None:
        number = self._shapes.numbers(table.families).get(metric)
        return None if number is None else table.columns[number]

    def value(self, metric: str, table: Table, number: int) -> Value | None:
        """Return what a metric says under exactly the labels of a table's row; None where it says nothing."""
        column = self._column(metric, table)
        if column is not None:
            told: Value | Missing | None = column[number]
        elif self.has(metric):
            told = self._under(metric, table.label_names).get(table.rows[number])
        else:
            return None
        return None if told is None or isinstance(told, Missing) or told != told else told  # noqa: PLR0124 - NaN

    def beside(self, metric: str, table: Table) -> Floats | None:
        """Return what a metric says under the labels of each row of a table: float64[rows], NaN where nothing."""
        if not self.has(metric):
            return None
        known = self._beside.get((metric, id(table)))
        if known is None:
            known = self._beside[metric, id(table)] = self._find_beside(metric, table)
        return known

    def _find_beside(self, metric: str, table: Table) -> Floats:
        column = self._column(metric, table)
        if column is not None:
            return floats(column)
        found = self._under(metric, table.label_names)
        missing = float("nan")
        values: Sequence[Value | Missing] = [found.get(row, missing) for row in table.rows]
        return floats(values)

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
