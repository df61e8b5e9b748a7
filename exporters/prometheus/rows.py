"""The label text of a table's rows: made once, kept for as long as the rows stay the same."""

from itertools import chain
from typing import TypeAlias

from exporters.prometheus.names import escape_value

Rows: TypeAlias = tuple[tuple[str, ...], ...]
LabelSet: TypeAlias = frozenset[tuple[str, str]]

SLICE_ROWS = 2_000
"""Rows that are rendered in one go: about a millisecond for a column, a few for their labels, so that one huge table
does not hold up the event loop."""

_SPECIAL = ("\\", '"', "\n", "\0")


class RowText:
    """Label texts of one table's rows, `{instance="…",…,ifIndex="1"} `, made slice by slice when first asked for.

    `head` is the text of the labels that every series of the target carries, `names` are valid and not among them.
    Raises ValueError where a row has not one value for each name.
    """

    __slots__ = ("_keys", "_names", "_slices", "_template", "repeats", "rows")

    def __init__(self, head: str, names: tuple[str, ...], rows: Rows) -> None:
        if rows and set(map(len, rows)) != {len(names)}:
            raise ValueError(f"a row has not one value for each of {len(names)} labels")
        self.rows = rows
        self._names = names
        pairs = [head.replace("%", "%%")] if head else []
        self._template = "{" + ",".join([*pairs, *(f'{name}="%s"' for name in names)]) + "} "
        self._slices: list[tuple[str, ...] | None] = [None] * self.slices
        self._keys: tuple[LabelSet, ...] | None = None
        self.repeats = len(set(rows)) != len(rows)

    @property
    def slices(self) -> int:
        """Return how many slices there are."""
        return -(-len(self.rows) // SLICE_ROWS)

    def of_slice(self, number: int) -> tuple[str, ...]:
        """Return the texts of one slice of rows."""
        texts = self._slices[number]
        if texts is None:
            texts = self._render(self.rows[number * SLICE_ROWS : (number + 1) * SLICE_ROWS])
            self._slices[number] = texts
        return texts

    def keys(self) -> tuple[LabelSet, ...]:
        """Return each row's own labels as a set. An empty label is no label: Prometheus's data model says so."""
        if self._keys is None:
            names = self._names
            self._keys = tuple(
                frozenset((name, value) for name, value in zip(names, row, strict=True) if value) for row in self.rows
            )
        return self._keys

    def _render(self, rows: Rows) -> tuple[str, ...]:
        everything = "".join(chain.from_iterable(rows))
        if any(special in everything for special in _SPECIAL):
            rows = tuple(tuple(map(escape_value, row)) for row in rows)
        return tuple(map(self._template.__mod__, rows))
