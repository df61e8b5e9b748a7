"""Large arrays that one part fills and another reads, used again: new memory costs more than what is written to it.

The kernel clears each page at its first touch, and takes it back when a large array is freed: several times as much as
filling it with records. In a guest that gives free memory back to its host (page reporting) a page that comes anew was
seen to cost a hundred times as much. So what a flood needs is touched before it comes, and used again while it lasts.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_OURS: Final = 2  # references to octets that nobody else has: the keeper's, and that of getrefcount's argument
_WASTE: Final = 8  # an array that is so many times too large is let go
_PAGE: Final = 4_096
_LINE: Final = 64
_HUGE: Final = 1 << 21
_LARGE: Final = 4 << 20  # numpy asks for huge pages (madvise) where an array has 4 MB or more


Allocate = Callable[[int], NDArray[np.uint8]]


def touch(array: NDArray[Any]) -> None:
    """Take an array's memory from the kernel; what is in it stays."""
    octets = array.view(np.uint8)
    octets[::_PAGE] |= 0
    octets[-1:] |= 0


@dataclass(frozen=True, slots=True)
class _Array:
    rows: int
    octets: NDArray[np.uint8]  # every view refers to them


class Again:
    """Hands out arrays of one kind, with whatever was in them before; new ones are zeros.

    An array is handed out anew once nobody holds it or a view of it, which the number of references to its octets
    tells. It begins at a cache line, a large one at a huge page. Not for two threads at once; those who hold arrays may
    be others.
    """

    def __init__(self, dtype: np.dtype[np.void], new: Allocate | None = None) -> None:
        """Begin without memory. `new` returns so many zero octets that nobody else has; None: they are numpy's."""
        self._dtype = dtype
        self._allocate = _zeros if new is None else new
        self._arrays: list[_Array] = []

    def take(self, rows: int) -> NDArray[np.void]:
        """Return an array of at least so many rows, and not many times more; those that are of no use are let go."""
        free = self._free()
        fits = [at for at in free if rows <= self._arrays[at].rows <= _WASTE * rows]
        array = self._arrays[min(fits, key=lambda at: self._arrays[at].rows)] if fits else self._new(rows)
        self._let_go(free.difference(fits))
        return self._view(array)

    def touch(self, rows: int, *first: int) -> None:
        """Take the memory of so many `first` rows of each array now, and not when it is needed; what is in it stays.

        The arrays are those that are there, in the order in which they were taken first, and then new ones of `rows`.
        """
        while len(self._arrays) < len(first):
            self._new(rows)
        for array, count in zip(self._arrays, first, strict=False):
            touch(self._view(array)[:count])

    def shed(self, kept: int) -> bool:
        """Let go of arrays that nobody holds, beyond so many; return whether there are not more than that now."""
        free = sorted(self._free())
        self._let_go(set(free[: max(len(self._arrays) - kept, 0)]))
        return len(self._arrays) <= kept

    def _new(self, rows: int) -> _Array:
        size = rows * self._dtype.itemsize
        array = _Array(rows, self._allocate(size + _boundary(size)))
        self._arrays.append(array)
        return array

    def _view(self, array: _Array) -> NDArray[np.void]:
        size = array.rows * self._dtype.itemsize
        first = -array.octets.ctypes.data % _boundary(size)
        return array.octets[first : first + size].view(self._dtype)

    def _free(self) -> set[int]:
        return {at for at, array in enumerate(self._arrays) if sys.getrefcount(array.octets) == _OURS}

    def _let_go(self, which: set[int]) -> None:
        self._arrays = [each for at, each in enumerate(self._arrays) if at not in which]


def _zeros(octets: int) -> NDArray[np.uint8]:
    return np.zeros(octets, np.uint8)


def _boundary(size: int) -> int:
    return _HUGE if size >= _LARGE else _LINE
