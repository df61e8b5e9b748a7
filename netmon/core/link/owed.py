"""Which numbers are still owed to the core: a set of runs. Pure."""

from bisect import bisect_left
from collections.abc import Iterator


class Owed:
    """A set of numbers that only grows at its end and mostly shrinks at its beginning, kept as runs without gaps.

    There is a run for each time the daemon ended badly and for each damaged place on disk, so there are few.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[int, int]] = []  # (first, last), in order, neither touching nor overlapping
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Give the runs as (first, last)."""
        return iter(tuple(self._runs))

    @property
    def first(self) -> int | None:
        """Return the lowest number owed."""
        return self._runs[0][0] if self._runs else None

    def add(self, first: int, last: int) -> None:
        """Add numbers above all that are here; ValueError where they are not."""
        if last < first:
            return
        if self._runs and first <= self._runs[-1][1]:
            raise ValueError(f"{first} is not above {self._runs[-1][1]}")
        if self._runs and self._runs[-1][1] + 1 == first:
            self._runs[-1] = (self._runs[-1][0], last)
        else:
            self._runs.append((first, last))
        self._count += last - first + 1

    def next_from(self, number: int) -> int | None:
        """Return the lowest number owed that is this one or above it."""
        at = bisect_left(self._runs, number, key=lambda run: run[1])
        return max(number, self._runs[at][0]) if at < len(self._runs) else None

    def remove(self, first: int, last: int) -> int:
        """Take these numbers out; return how many of them were there."""
        begin = end = bisect_left(self._runs, first, key=lambda run: run[1])
        removed, kept = 0, []
        while end < len(self._runs) and self._runs[end][0] <= last:
            run_first, run_last = self._runs[end]
            removed += min(run_last, last) - max(run_first, first) + 1
            if run_first < first:
                kept.append((run_first, first - 1))
            if run_last > last:
                kept.append((last + 1, run_last))
            end += 1
        self._runs[begin:end] = kept
        self._count -= removed
        return removed
