"""Compiled: which rows of other tables are of the same addresses as those that are judged, in one reading of each."""

from typing import Any, Final

import numpy as np
from numba import njit

from rules.traffic.tables.prefetch import prefetch

U = np.uint64
_0, _1, _29, _32 = U(0), U(1), U(29), U(32)
_M1, _M2 = U(0x9E3779B97F4A7C15), U(0xBF58476D1CE4E5B9)
_LOW = U(0xFFFF_FFFF)
_NONE: Final = -1
_AHEAD: Final = 16  # rows that are asked for before they are read


@njit(inline="always")
def _mixed(hi: Any, lo: Any) -> Any:
    x = (hi ^ (lo * _M2)) * _M1
    x ^= x >> _29
    x *= _M2
    return x ^ (x >> _32)


@njit(inline="always")
def _find(rows: Any, index: Any, hi: Any, lo: Any) -> Any:
    """Return the row of an address, -1 for none."""
    mask, mixed = U(len(index) - 1), _mixed(hi, lo)
    slot = mixed & mask
    while index[slot]:
        entry = index[slot]
        if (entry ^ mixed) & ~_LOW == _0:
            row = (entry & _LOW) - _1
            if rows[row].lo == lo and rows[row].hi == hi:
                return np.int64(row)
        slot = (slot + _1) & mask
    return np.int64(_NONE)


@njit(cache=True, nogil=True)
def join(rows: Any, others: Any, sample: Any, index: Any, of_others: Any, of_sample: Any) -> None:
    """Find the addresses of `rows` in another table and among the destinations of a sample.

    `rows`, `others`: ENDPOINT, each address once; `sample`: RECORD; `index`: u8, zeros, a power of two, more than the
    rows: each entry has half of an address's hash, so that a row is read only where it is the one. `of_others`
    (i4[rows]) gets for each row its row there, `of_sample` (i4[sample]) for each record the row of its destination; -1
    where there is none.
    """
    mask = U(len(index) - 1)
    for row in range(len(rows)):
        mixed = _mixed(U(rows[row].hi), U(rows[row].lo))
        slot = mixed & mask
        while index[slot]:
            slot = (slot + _1) & mask
        index[slot] = (mixed & ~_LOW) | U(row + 1)
        of_others[row] = _NONE
    for other in range(len(others)):
        prefetch(others, other + _AHEAD, 0)
        row = _find(rows, index, U(others[other].hi), U(others[other].lo))
        if row >= 0:
            of_others[row] = other
    for record in range(len(sample)):
        r = sample[record]
        of_sample[record] = _find(rows, index, U(r.destination_hi), U(r.destination_lo))
