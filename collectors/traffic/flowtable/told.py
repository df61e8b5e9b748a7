"""Rows that fill up until they are handed out, and the memory that they stand in."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.flowtable.again import Again
from netmon.api.traffic import RECORD

_COPIED: Final = 8  # less than this part of the rows is copied out, more is handed out as it is


class Told:
    """Room for so many records, those of one drain after the other."""

    def __init__(self, count: int, *, again: bool) -> None:
        """`again`: memory is used again once nobody holds it; until then it is kept, though nothing may be in it."""
        self._count = count
        self._memory = Again(RECORD) if again else None
        self._spread = False  # whether much of the memory of `rows` has been used
        self.rows = self._room()

    def _room(self) -> NDArray[np.void]:
        return np.empty(self._count, RECORD) if self._memory is None else self._memory.take(self._count)

    def take(self, filled: int) -> NDArray[np.void]:
        """Return the first rows, the caller's own; `rows` are others then, or may be filled anew."""
        if filled * _COPIED >= self._count:
            told, self.rows, self._spread = self.rows[:filled], self._room(), True
            return told
        told = self.rows[:filled].copy()
        if self._spread and self._memory is not None:  # after a flood its memory goes back
            self._memory = Again(RECORD)
            self.rows, self._spread = self._room(), False
        return told
