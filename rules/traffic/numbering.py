"""Equal keys numbered in one pass, without sorting them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rules.traffic.numbering_kernel import number

_MOST: Final = 1 << 20  # slots: 8 MB, for the 524,288 flows that a window has at most
_LEAST: Final = 1 << 10


class Numbering:
    """Numbers keys by a table that is used again."""

    def __init__(self, *, seed: int | None = None) -> None:
        """`seed`: of the hash; None draws one, so that nobody can choose addresses that share a slot."""
        self.seed: np.uint64 = np.random.default_rng(seed).integers(1, 1 << 63, dtype=np.uint64)
        self._slots = np.zeros(0, np.uint64)
        self._rows = np.zeros(0, np.uint32)

    def number(self, keys: NDArray[np.uint64]) -> tuple[NDArray[np.uint32], int]:
        """Return a number for each key (u8[n]), equal ones the same, in the order in which they come, and how many."""
        groups = np.empty(len(keys), np.uint32)
        slots = self.slots(len(keys))
        return groups, int(number(np.ascontiguousarray(keys), self.seed, slots, self._rows, groups))

    def slots(self, count: int) -> NDArray[np.uint64]:
        """Return a power of two of empty slots, at least twice as many as keys, if there may be so many."""
        size = min(max(1 << (2 * count - 1).bit_length(), _LEAST), _MOST)
        if size > len(self._slots):
            self._slots, self._rows = np.zeros(size, np.uint64), np.zeros(size, np.uint32)
        slots = self._slots[:size]
        slots[:] = 0
        return slots
