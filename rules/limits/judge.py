"""One limit against one poll's tables: which of its matters are beyond it. Pure, and remembers nothing."""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from netmon.api import Column, Family, Missing, Table, Value
from rules.pack import Limit

Row = tuple[str, ...]


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


class Tables:
    """The tables of one poll, with a way to find a metric under some labels."""

    def __init__(self, tables: Iterable[Table]) -> None:
        self._tables = tuple(tables)
        self._found: dict[tuple[str, Row], dict[Row, Value | Missing]] = {}

    def columns(self, metrics: Mapping[str, Sequence[Limit]]) -> Iterator[tuple[Table, int, Limit]]:
        """Give (table, number of the column, limit) for each limit on one of its metrics."""
        for table in self._tables:
            for number, family in enumerate(table.families):
                for limit in metrics.get(family.name, ()):
                    yield table, number, limit

    def value(self, metric: str, names: Row, row: Row) -> Value | None:
        """Return what a metric says under exactly these labels; None where it says nothing."""
        found = self._found.get((metric, names))
        if found is None:
            found = self._found[metric, names] = self._index(metric, names)
        value = found.get(row)
        return None if value is None or isinstance(value, Missing) else value

    def _index(self, metric: str, names: Row) -> dict[Row, Value | Missing]:
        return {
            row: value
            for table in self._tables
            if table.label_names == names
            for family, column in zip(table.families, table.columns, strict=True)
            if family.name == metric
            for row, value in zip(table.rows, column, strict=True)
        }


def judge(tables: Tables, table: Table, number: int, limit: Limit, *, active: bool) -> dict[Row, Verdict]:
    """Return a verdict for each matter of a limit in a column, by the values of the labels that tell it apart.

    What cannot be judged, because a reading is missing, has none. `active`: whether the limit has matters of the
    target under way; without any, a column that is all within the limit needs no look at its rows.
    """
    column = table.columns[number]
    if not active and _all_within(limit, column):
        return {}
    if limit.mean:
        return _means(table, column, limit)
    found: dict[Row, Verdict] = {}
    told, rows = _applies(table.label_names, limit), _Rows(tables, table, table.families[number], limit)
    for row, value in zip(table.rows, column, strict=True):
        if isinstance(value, Missing) or value != value or not told(row):  # noqa: PLR0124 - NaN
            continue
        verdict = rows.verdict(row, value)
        if verdict is not None:
            key = tuple(verdict.labels.get(name, "") for name in limit.labels)
            found[key] = found[key].joined(verdict) if key in found else verdict
    return found


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of one column before one limit."""

    tables: Tables
    table: Table
    family: Family
    limit: Limit

    def verdict(self, row: Row, value: Value) -> Verdict | None:
        """Return how a row stands; None where a reading that the limit needs is missing."""
        bound, own = self._bound(row)
        if bound is None:
            return None
        beyond, clear = compare(self.limit, value, bound)
        for metric, condition in self.limit.where.items() if not clear else ():
            other = self.tables.value(metric, self.table.label_names, row)
            if other is None:
                return None
            if not condition.holds(other):
                beyond, clear = False, True
        return Verdict(beyond, clear, value, bound, own, dict(zip(self.table.label_names, row, strict=True)))

    def _bound(self, row: Row) -> tuple[float | None, float | None]:
        """Return what is not to be passed, and the device's own limit where it comes from that."""
        limit, family = self.limit, self.family
        if limit.equals is not None:
            return limit.equals, None
        share, own = limit.of_upper_limit, family.upper_limit
        if not limit.above:
            share, own = limit.of_lower_limit, family.lower_limit
        if share is not None and own:
            told = self.tables.value(own, self.table.label_names, row)
            if told is not None:
                return share * told, float(told)
        return (limit.over if limit.above else limit.under), None


def _all_within(limit: Limit, column: Column) -> bool:
    """Tell whether a packed column holds nothing beyond a fixed limit: one pass in C."""
    if not isinstance(column, array) or not column or limit.of_upper_limit is not None or limit.of_lower_limit:
        return False
    if limit.over is not None:
        return bool(max(column) <= limit.over)
    if limit.under is not None:
        return bool(min(column) >= limit.under)
    return limit.equals not in column


def _applies(names: Row, limit: Limit) -> Callable[[Row], bool]:
    """Return whether a row is one that the limit speaks of, by its labels; a label that is absent is empty."""
    wanted = [(names.index(name) if name in names else None, pattern, True) for name, pattern in limit.match.items()]
    wanted += [(names.index(name) if name in names else None, pattern, False) for name, pattern in limit.unless.items()]
    if not wanted:
        return lambda _row: True

    def applies(row: Row) -> bool:
        return all(
            (pattern.search(row[place] if place is not None else "") is not None) == found
            for place, pattern, found in wanted
        )

    return applies


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


def _means(table: Table, column: Column, limit: Limit) -> dict[Row, Verdict]:
    """Return verdicts on the means of rows that share the limit's labels. `where` is for single rows."""
    told = _applies(table.label_names, limit)
    groups: dict[Row, list[float]] = {}
    for row, value in zip(table.rows, column, strict=True):
        if not isinstance(value, Missing) and value == value and told(row):  # noqa: PLR0124 - NaN
            labels = dict(zip(table.label_names, row, strict=True))
            groups.setdefault(tuple(labels.get(name, "") for name in limit.labels), []).append(value)
    fixed = limit.over if limit.above else limit.equals if limit.equals is not None else limit.under
    bound = 0.0 if fixed is None else fixed
    return {
        key: Verdict(*compare(limit, mean, bound), mean, bound, None, dict(zip(limit.labels, key, strict=True)))
        for key, mean in ((key, fmean(values)) for key, values in groups.items())
    }
