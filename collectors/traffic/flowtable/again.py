"""Large arrays that are given away and used again: memory that is new costs more than what is written to it.

The kernel clears each page at its first touch, and takes it back when a large array is freed: several times as much as
filling it with records. In a guest that gives free memory back to its host (page reporting) a page that comes anew was
seen to cost a hundred times as much. So what a flood needs is touched before it comes, and used again while it lasts.
"""

import sys
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_OURS: Final = 2  # references to an array that nobody else has: the list's, and that of getrefcount's argument
_WASTE: Final = 8  # an array that is so many times too large is let go
_PAGE: Final = 4_096


def touch(array: NDArray[Any]) -> None:
    """Take an array's memory from the kernel; what is in it stays."""
    octets = array.view(np.uint8)
    octets[::_PAGE] |= 0
    octets[-1:] |= 0


class Again:
    """Hands out arrays of one kind, with whatever was in them before.

    An array is handed out anew once nobody holds it or a view of it: each view refers to the whole, so that the number
    of references tells. Not for two threads at once; those who hold arrays may be others.
    """

    def __init__(self, dtype: np.dtype[np.void]) -> None:
        self._dtype = dtype
        self._arrays: list[NDArray[np.void]] = []

    def take(self, rows: int) -> NDArray[np.void]:
        """Return an array of at least so many rows, and not many times more; those that are of no use are let go."""
        free = self._free()
        fits = [at for at in free if rows <= len(self._arrays[at]) <= _WASTE * rows]
        if fits:
            array = self._arrays[min(fits, key=lambda at: len(self._arrays[at]))]
        else:
            array = np.empty(rows, self._dtype)
            self._arrays.append(array)
        self._let_go(free.difference(fits))
        return array

    def touch(self, rows: int, count: int) -> None:
        """Take the memory of `count` arrays of so many rows, for those that will be asked for."""
        for array in [self.take(rows) for _ in range(count)]:
            touch(array)

    def shed(self, kept: int) -> bool:
        """Let go of arrays that nobody holds, beyond so many; return whether there are not more than that now."""
        free = sorted(self._free())
        self._let_go(set(free[: max(len(self._arrays) - kept, 0)]))
        return len(self._arrays) <= kept

    def _free(self) -> set[int]:
        return {at for at in range(len(self._arrays)) if sys.getrefcount(self._arrays[at]) == _OURS}

    def _let_go(self, which: set[int]) -> None:
        self._arrays = [each for at, each in enumerate(self._arrays) if at not in which]
