"""Memory for what is looked up at random: from a cache line on, on huge pages where the kernel has them.

numpy asks for huge pages (madvise) where an array has 4 MB or more; they begin at multiples of 2 MB alone.
"""

import sys
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

_LINE: Final = 64
_HUGE: Final = 1 << 21
_PAGE: Final = 4_096
_OURS: Final = 2  # references to octets that nobody else has: the list's, and that of getrefcount's argument


def laid_out(shapes: Sequence[tuple[int, DTypeLike]]) -> list[NDArray[Any]]:
    """Return an array of zeros for each number of rows and dtype, side by side: few pages hold them all."""
    sizes = [count * np.dtype(dtype).itemsize for count, dtype in shapes]
    starts = np.cumsum([0, *(-(-size // _LINE) * _LINE for size in sizes)])
    boundary = _HUGE if starts[-1] >= _HUGE else _LINE
    octets = np.zeros(int(starts[-1]) + boundary, np.uint8)  # what is not used of it takes no memory
    first = -octets.ctypes.data % boundary
    places = [first + int(start) for start in starts[:-1]]
    return [
        octets[place : place + size].view(dtype) for place, size, (_, dtype) in zip(places, sizes, shapes, strict=True)
    ]


class Again:
    """Arrays of so many rows, with whatever was in them before: each is handed out anew once nobody holds it any more.

    Every view of an array refers to the octets that it stands in, so that the number of references tells. The kernel
    clears each page at its first touch and takes it back when an array is freed; where it is itself a guest that gives
    free memory back, the host does so too: that costs several times, there a hundred times, what writing to it does.
    Not for two threads at once; those who hold arrays may be others.
    """

    def __init__(self, count: int, dtype: DTypeLike, *, kept: int) -> None:
        """`kept`: arrays that are kept for good; what is needed beyond them goes when it is let go."""
        self._count = count
        self._dtype = np.dtype(dtype)
        self._kept = kept
        self._octets: list[NDArray[np.uint8]] = []

    def take(self) -> NDArray[np.void]:
        """Return an array that nobody holds: from a cache line on, so that a row of whole lines is so many of them."""
        free = [at for at in range(len(self._octets)) if sys.getrefcount(self._octets[at]) == _OURS]
        if free:
            return self._rows(self._octets[free[0]])
        octets = self._new()
        if len(self._octets) < self._kept:
            self._octets.append(octets)
        return self._rows(octets)

    def touch(self, *rows: int) -> None:
        """Take the memory of so many first rows of each array now, and not when it is needed; what is in it stays.

        The arrays are those that were taken, in that order, and then others, no more than are kept.
        """
        while len(self._octets) < min(len(rows), self._kept):
            self._octets.append(self._new())
        for octets, count in zip(self._octets, rows, strict=False):
            first = self._first(octets)
            octets[first : first + min(count, self._count) * self._dtype.itemsize : _PAGE] |= 0

    def _new(self) -> NDArray[np.uint8]:
        return np.empty(self._count * self._dtype.itemsize + _HUGE, np.uint8)

    def _rows(self, octets: NDArray[np.uint8]) -> NDArray[np.void]:
        first = self._first(octets)
        return octets[first : first + self._count * self._dtype.itemsize].view(self._dtype)

    @staticmethod
    def _first(octets: NDArray[np.uint8]) -> int:
        return -octets.ctypes.data % _HUGE
