"""Large arrays that are given away and used again: memory that is new costs more than what is written to it."""

import sys
from typing import Final

import numpy as np
from numpy.typing import NDArray

_OURS: Final = 2  # references to an array that nobody else has: the list's, and that of getrefcount's argument
_WASTE: Final = 8  # an array that is so many times too large is let go


class Again:
    """Hands out arrays of one kind, with whatever was in them before.

    An array is handed out anew once nobody holds it or a view of it: each view refers to the whole, so that the number
    of references tells. The kernel clears each page at its first touch, and takes it back when a large array is freed:
    that costs several times what filling it with records does. Not for two threads at once; those who hold arrays may
    be others.
    """

    def __init__(self, dtype: np.dtype[np.void]) -> None:
        self._dtype = dtype
        self._arrays: list[NDArray[np.void]] = []

    def take(self, rows: int) -> NDArray[np.void]:
        """Return an array of at least so many rows, and not many times more; those that are of no use are let go."""
        free = {at for at in range(len(self._arrays)) if sys.getrefcount(self._arrays[at]) == _OURS}
        fits = [at for at in free if rows <= len(self._arrays[at]) <= _WASTE * rows]
        if fits:
            array = self._arrays[min(fits, key=lambda at: len(self._arrays[at]))]
        else:
            array = np.empty(rows, self._dtype)
            self._arrays.append(array)
        useless = free.difference(fits)
        self._arrays = [each for at, each in enumerate(self._arrays) if at not in useless]
        return array
