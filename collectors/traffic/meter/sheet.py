"""Tables of a reading: rows of labels that stay the same object while no label changed."""

from array import array
from collections.abc import Sequence

from netmon.api import Family, Kind, Missing, Table
from netmon.api.samples import Column


def counter(name: str, meaning: str) -> Family:
    """Return a metric that only grows; it begins anew when the daemon does."""
    return Family(name, Kind.COUNTER, meaning)


def gauge(name: str, meaning: str, *, upper_limit: str = "") -> Family:
    """Return a metric that goes up and down; `upper_limit` names the one that bounds it."""
    return Family(name, Kind.GAUGE, meaning, upper_limit=upper_limit)


class Sheet:
    """One table, filled anew at each reading."""

    def __init__(self, families: Sequence[Family], label_names: Sequence[str]) -> None:
        self.families = tuple(families)
        self.label_names = tuple(label_names)
        self._rows: tuple[tuple[str, ...], ...] = ()
        self._keys: tuple[str, ...] = ()

    def table(
        self, rows: Sequence[tuple[str, ...]], columns: Sequence[Sequence[int | float | Missing]], at: float
    ) -> Table:
        """Return the table; each of `columns` has a value for each row, whole numbers where the metric counts."""
        given = tuple(rows)
        if given != self._rows:
            self._rows = given
            self._keys = tuple("\x1f".join(row) for row in given)
        packed = [_packed(family, values) for family, values in zip(self.families, columns, strict=True)]
        return Table(self.families, self.label_names, self._rows, self._keys, tuple(packed), at)


def _packed(family: Family, values: Sequence[int | float | Missing]) -> Column:
    there = [value for value in values if not isinstance(value, Missing)]
    if len(there) < len(values):
        return list(values)
    return array("Q", [int(value) for value in there]) if family.kind is Kind.COUNTER else array("d", there)
