"""Watched columns of one table of one target: which slot each row has, and which rows wait for theirs."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from netmon.api import Column, Missing
from netmon.api.columns import Slots
from rules.panel.choices import Choice, Row

NOBODY: Final = -1  # a row that is not watched
WAITING: Final = -2  # a row that gets a slot once something happens there

TYPES: Final = ("q", "Q", "d")  # of packed columns; all of 8 bytes

_TURN: Final = 1 << 64  # between a number read with a sign and the same bits without
_FLOAT_MAX: Final = 2**1023  # an integer from here on may be too large for a float


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """Whose table a column is in."""

    target: str
    collector: str
    names: Row  # of its labels
    rows: tuple[Row, ...]


class Entry:
    """One watched column. Rows that no pack declares wait for their slot until their value first differs.

    Most ports of most switches carry nothing, and most error counters never move: a slot for each would cost the memory
    of baselines five times over, for series of which there is nothing to learn. So a gauge's row gets its slot when it
    is first not 0, a counter's when it first moves. That an error has come at all is for limits to say.
    """

    __slots__ = ("choice", "count", "first", "metric", "number", "origin", "slots", "unseen")

    def __init__(self, number: int, metric: str, origin: Origin, slots: Slots) -> None:
        self.number = number  # of the column
        self.metric = metric
        self.origin = origin
        self.count = len(slots)
        self.slots = slots.tobytes()
        self.choice: Choice | None = None  # as what rows that wait will be watched; None: no row waits
        self.first: array[Any] | None = None  # what their values must differ from
        self.unseen: set[int] = set()  # rows that wait and have had no value yet to differ from

    def wait(self, choice: Choice, column: Column) -> None:
        """Let the rows marked as waiting do so."""
        self.choice = choice
        if choice.rate:
            self._begin(column)
        else:
            self.first = array("q", bytes(8 * self.count))

    def _begin(self, column: Column) -> None:
        """Note what the rows that wait must differ from."""
        if isinstance(column, array):
            self.first, self.unseen = column, set()
        else:
            self.first, there = packed(column)
            self.unseen = {row for row in self._waiting() if not there[row]}

    def _waiting(self) -> list[int]:
        waiting: list[int] = np.flatnonzero(np.frombuffer(self.slots, np.int32) == WAITING).tolist()
        return waiting

    def settle(self, rows: Sequence[int], given: Sequence[int]) -> None:
        """Give rows that waited their slots."""
        slots = np.frombuffer(self.slots, np.int32).copy()
        slots[rows] = given
        self.slots = slots.tobytes()
        self.unseen.difference_update(rows)
        if not (slots == WAITING).any():
            self.choice = self.first = None

    def see(self, column: Column) -> None:
        """Note the first values of rows that have had none."""
        if self.first is None:
            return
        if len(self.unseen) == len(self._waiting()):  # nothing to keep, and so no type either
            self._begin(column)
            return
        for row in tuple(self.unseen):
            value = column[row]
            if not isinstance(value, Missing):
                self.unseen.discard(row)
                _note(self.first, row, value)


def _note(first: "array[Any]", row: int, value: Any) -> None:
    """Put a value beside others: what counts is its 64 bits, however the others are read."""
    turned = 0 if isinstance(value, float) else value - _TURN if value > 0 else value + _TURN
    for noted in (value, turned, 0):  # 0: of another type than the others; it will seem to have moved
        try:
            first[row] = noted
        except (OverflowError, TypeError):
            continue
        return


def packed(column: Column) -> "tuple[array[Any], list[bool]]":
    """Return a column that is no array as one, and which of its rows have a value; the others hold 0."""
    values = [None if isinstance(value, Missing) else value for value in column]
    for code, types in (("q", int), ("Q", int), ("d", int | float)):
        if all(value is None or isinstance(value, types) for value in values):
            try:
                return array(code, [value or 0 for value in values]), [value is not None for value in values]
            except OverflowError:  # beyond 63 bits, or 64
                continue
    there = [value is not None and abs(value) < _FLOAT_MAX for value in values]
    return array("d", [value if ok and value else 0 for value, ok in zip(values, there, strict=True)]), there
