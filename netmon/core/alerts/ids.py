"""Ids found by their beginning. Pure."""

from bisect import bisect_left
from collections.abc import Iterable


class Ids:
    """Knows the ids of a table in their order, and puts them in order again only when one came or went."""

    def __init__(self, table: Iterable[str]) -> None:
        self._table = table
        self._sorted: list[str] = []
        self._stale = True

    def look_again(self) -> None:
        """Learn that the table has other ids now."""
        self._stale = True

    def beginning_with(self, beginning: str) -> list[str]:
        """Return the ids that begin so, in their order."""
        if self._stale:
            self._sorted, self._stale = sorted(self._table), False
        first = bisect_left(self._sorted, beginning)
        end = bisect_left(self._sorted, beginning + "\U0010ffff", first)
        return self._sorted[first:end]
