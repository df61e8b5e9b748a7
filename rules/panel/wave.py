"""One round of polls as it is staged, and made into one batch: all arithmetic is done here, over everything at once."""

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api import Column
from netmon.api.columns import Batch, Flags, Floats, Slots
from rules.panel.entries import TYPES, WAITING, Entry, packed
from rules.panel.slots import BROKEN, NONE, WHOLE, Book

Settle: TypeAlias = Callable[[Entry, Sequence[int]], list[int]]
"""Gives rows of an entry that waited their slots, and returns them; negative where there are none left."""

_DTYPES: Final = {"q": np.int64, "Q": np.uint64, "d": np.float64}


@dataclass(frozen=True, slots=True)
class Change:
    """What holds from now on for some slots: their bounds, and whether they are not to be given at all."""

    slots: Slots
    bounds: Floats
    quiet: Flags


@dataclass(slots=True, eq=False)
class _Lane:
    """Columns of one type, one behind the other."""

    entries: list[Entry] = field(default_factory=list)
    columns: "list[array[Any]]" = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    there: dict[int, list[bool]] = field(default_factory=dict)  # of columns by number: the rows that have a value

    def slots(self) -> Slots:
        """Return the slot of every row; where a value is missing, nobody's."""
        parts = [entry.slots for entry in self.entries]
        for number, there in self.there.items():
            parts[number] = np.where(there, np.frombuffer(parts[number], np.int32), -1).astype(np.int32).tobytes()
        return np.frombuffer(b"".join(parts), np.int32)

    def firsts(self) -> NDArray[np.uint64]:
        """Return what each row that waits must differ from."""
        parts = [
            column if entry.first is None else entry.first
            for entry, column in zip(self.entries, self.columns, strict=True)
        ]
        return np.frombuffer(b"".join(parts), np.uint64)


class Wave:
    """Polls of one round: no series comes twice, but for two tables that tell the same."""

    def __init__(self) -> None:
        self._lanes = {code: _Lane() for code in TYPES}
        self.changes: list[Change] = []

    def stage(self, entry: Entry, column: Column, at: float) -> None:
        """Add a column as it came."""
        there = None
        if type(column) is not array or column.typecode not in self._lanes:
            if entry.unseen:
                entry.see(column)
            column, there = packed(column)
        elif entry.unseen:
            entry.see(column)
        lane = self._lanes[column.typecode]
        if there is not None and not all(there):
            lane.there[len(lane.entries)] = there
        lane.entries.append(entry)
        lane.columns.append(column)
        lane.at.append(at)

    def batch(self, book: Book, watched_s: float, settle: Settle) -> tuple[Batch, int]:
        """Return the batch, and how many values were told twice. `watched_s` is the panel's own time."""
        for change in self.changes:
            book.bound[change.slots] = change.bounds
            book.quiet[change.slots] = change.quiet
        with np.errstate(all="ignore"):
            parts = [_values(book, code, lane, watched_s, settle) for code, lane in self._lanes.items() if lane.entries]
        if not parts:
            nothing = np.zeros(0)
            return Batch(np.zeros(0, np.int32), nothing, nothing, nothing, np.zeros(0, np.bool_)), 0
        slots, at, values = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        book.mark[slots[::-1]] = np.arange(len(slots) - 1, -1, -1, dtype=np.int32)
        first = book.mark[slots] == np.arange(len(slots), dtype=np.int32)
        twice = len(slots) - int(np.count_nonzero(first))
        if twice:
            slots, at, values = slots[first], at[first], values[first]
        bounds = np.where(values < book.least[slots], np.nan, book.bound[slots])
        return Batch(slots, at, values, bounds, book.falling[slots]), twice


def _values(book: Book, code: str, lane: _Lane, watched_s: float, settle: Settle) -> tuple[Slots, Floats, Floats]:
    """Return slots, times and values of what a lane's columns bring."""
    raw = np.frombuffer(b"".join(lane.columns), _DTYPES[code])
    slots = _settled(lane, lane.slots(), raw, settle)
    at = np.repeat(np.array(lane.at), [entry.count for entry in lane.entries])
    known = slots >= 0
    if code == "d":
        known &= np.isfinite(raw)
    rows = np.flatnonzero(known)
    slots, raw, at = slots[rows], raw[rows], at[rows]
    book.seen[slots] = watched_s
    values = raw.astype(np.float64)
    counted = np.flatnonzero(book.rate[slots])
    if len(counted):
        values[counted] = _rates(book, slots[counted], raw[counted], at[counted])
    values *= book.scale[slots]
    good = np.flatnonzero(np.isfinite(values) & ~book.quiet[slots])
    return slots[good], at[good], values[good]


def _settled(lane: _Lane, slots: Slots, raw: NDArray[Any], settle: Settle) -> Slots:
    """Return the slots with those of rows that waited and now have something to tell."""
    waiting = np.flatnonzero(slots == WAITING)
    if not len(waiting):
        return slots
    moved = waiting[raw.view(np.uint64)[waiting] != lane.firsts()[waiting]]
    if raw.dtype == np.float64:
        moved = moved[np.isfinite(raw[moved])]
    if not len(moved):
        return slots
    slots = slots.copy()
    ends = np.cumsum([entry.count for entry in lane.entries])
    numbers = np.searchsorted(ends, moved, side="right")
    for places in np.split(moved, np.flatnonzero(np.diff(numbers)) + 1):
        number = int(np.searchsorted(ends, places[0], side="right"))
        entry = lane.entries[number]
        slots[places] = settle(entry, (places - ends[number] + entry.count).tolist())
    return slots


def _rates(book: Book, slots: Slots, raw: NDArray[Any], at: Floats) -> Floats:
    """Return what counters grew by per second since they were last read, NaN where that is not known.

    The difference of integers is taken as integers: a counter of 2**63 octets still tells single ones. One that fell
    was reset, one that is negative is none.
    """
    before, kind, since = book.raw[slots], book.kind[slots], at - book.read_at[slots]
    whole = raw.dtype != np.float64
    now = raw.astype(np.float64)
    was = np.where(kind == BROKEN, before.view(np.float64), before.astype(np.float64))
    grown = now - was
    bits = raw.view(np.uint64)
    if whole:
        exact = kind == WHOLE
        grown[exact] = np.where(bits >= before, bits - before, np.nan)[exact]
    valid = raw >= 0
    told = slots[valid]
    book.raw[told], book.read_at[told], book.kind[told] = bits[valid], at[valid], WHOLE if whole else BROKEN
    good = valid & (kind != NONE) & (grown >= 0) & (since > 0)
    return np.where(good, grown / since, np.nan)
