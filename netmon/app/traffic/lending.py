"""Memory that two processes see: one fills arrays in it and says where they are, the other reads them there.

Who reads makes it, of a size that nobody can change any more (seals of memfd_create(2)), so that no array in it can
come to lie beyond its end. It may only read. Pages that were never written to take no memory.
"""

import fcntl
import mmap
import os
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import numpy as np
from numpy.typing import NDArray

SIZE: Final = 1 << 30
"""Octets of addresses. What is in use of it is bounded by the tables' sizes; where it should not suffice, windows take
their way through the pipe."""
_PAGE: Final = 4_096
_HUGE: Final = 1 << 21
Gone = Callable[[int], object]
_SEALS: Final = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


class Lender:
    """The side that fills arrays. `new` and what frees arrays: one thread; `lend` and `take_back`: any."""

    def __init__(self, descriptor: int) -> None:
        """`descriptor`: of the memory, which the other side made; it may be closed afterwards."""
        size = os.fstat(descriptor).st_size
        self._memory = mmap.mmap(descriptor, size)
        with suppress(OSError):  # a kernel without huge pages
            self._memory.madvise(mmap.MADV_HUGEPAGE)
        self._base = np.frombuffer(self._memory, np.uint8, 1).ctypes.data
        self._size = size
        self._free = [(0, size)]  # from where on, how many octets; in order
        self._lent: dict[int, NDArray[np.void]] = {}

    def new(self, octets: int) -> NDArray[np.uint8]:
        """Return zeros in the common memory, or in our own where there is no room."""
        size = -(-octets // _HUGE) * _HUGE
        for number, (begin, room) in enumerate(self._free):
            if room >= size:
                self._free[number : number + 1] = [(begin + size, room - size)] if room > size else []
                array = np.frombuffer(self._memory, np.uint8, octets, begin)
                weakref.finalize(array, self._take, begin, size)
                return array
        return np.zeros(octets, np.uint8)

    def lend(self, rows: NDArray[np.void]) -> int | None:
        """Keep rows as they are for the other side; return where they begin. None: they are not in common memory."""
        at = int(rows.ctypes.data) - self._base
        if not (len(rows) and rows.flags.c_contiguous and 0 <= at < self._size):
            return None
        self._lent[at] = rows
        return at

    def take_back(self, at: int) -> int:
        """Let go of rows that the other side has read; return how many octets they were."""
        rows = self._lent.pop(at, None)
        return 0 if rows is None else rows.nbytes

    def _take(self, begin: int, size: int) -> None:
        """Give an array's pages back to the kernel, which makes zeros of them, and its addresses to the next."""
        with suppress(OSError):
            self._memory.madvise(mmap.MADV_REMOVE, begin, size)
        ranges: list[tuple[int, int]] = []
        for at, room in sorted([*self._free, (begin, size)]):
            if ranges and sum(ranges[-1]) == at:
                ranges[-1] = (ranges[-1][0], ranges[-1][1] + room)
            else:
                ranges.append((at, room))
        self._free = ranges


class Borrower:
    """The side that reads. `gone`, where it is set, is told of each place whose rows nobody here holds any more."""

    def __init__(self, size: int = SIZE) -> None:
        """Make the memory; OSError where there is none."""
        self.descriptor = os.memfd_create("netmon windows", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.truncate(self.descriptor, size)
            fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, _SEALS)
            self._memory = mmap.mmap(self.descriptor, size, prot=mmap.PROT_READ)
        except BaseException:
            self.close()
            raise
        self._size = size
        self.gone: Gone | None = None

    def rows(self, at: int, count: int, dtype: np.dtype[np.void]) -> NDArray[np.void]:
        """Return rows that were lent, read-only; ValueError where they would not lie within the memory.

        The other side may change them while they are read: what is to be relied on is copied first.
        """
        if at < 0 or count <= 0 or at + count * dtype.itemsize > self._size:
            raise ValueError("rows beyond the end of common memory")
        rows = np.frombuffer(self._memory, dtype, count, at)
        if self.gone is not None:
            weakref.finalize(rows, self.gone, at).atexit = False
        return rows

    def close(self) -> None:
        """Close the descriptor; the memory goes when nobody holds rows of it. Safe to call twice."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1
