"""Rows that fill up until they are handed out, and the memory that they stand in."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api.memory import Again, Allocate
from netmon.api.traffic import RECORD

_COPIED: Final = 8  # less than this part of the rows is copied out, more is handed out as it is


class Told:
    """Room for so many records, those of one drain after the other."""

    def __init__(self, count: int, *, kept: int, new: Allocate | None = None) -> None:
        """`kept`: so many arrays are kept for good; a flood may use more, which go once it is over.

        `new`: where memory comes from (see Again).
        """
        self._count = count
        self._kept = kept
        self._memory = Again(RECORD, new)
        self._shed = True  # whether there are not more arrays than are kept
        self.rows = self._memory.take(count)

    def take(self, filled: int) -> NDArray[np.void]:
        """Return the first rows, the caller's own; `rows` are others then, or may be filled anew."""
        if filled * _COPIED >= self._count:
            told, self.rows, self._shed = self.rows[:filled], self._memory.take(self._count), False
            return told
        told = self.rows[:filled].copy()
        if not self._shed:
            self._shed = self._memory.shed(self._kept)
        return told

    def touch(self) -> None:
        """Take the memory of what is kept from the kernel."""
        self._memory.touch(self._count, *[self._count] * self._kept)
