"""Compiled: which addresses of a window are judged, and where else it has them, in one reading of each table."""

from typing import Any, Final

import numpy as np
from numba import njit

from netmon.api.prefix_kernel import longest
from rules.traffic.tables.prefetch import prefetch

U = np.uint64
_0, _1, _6, _29, _32, _46, _63 = U(0), U(1), U(6), U(29), U(32), U(46), U(63)
_M1, _M2 = U(0x9E3779B97F4A7C15), U(0xBF58476D1CE4E5B9)
_LOW, _MULTICAST_V4, _MULTICAST_V6 = U(0xFFFF_FFFF), U(0xFFFF_E000_0000), U(0xFF00_0000_0000_0000)
_BEHIND_V4 = U(0x1_0000_0000_0000)
_NONE: Final = -1
_AHEAD: Final = 16  # rows that are asked for before they are read
BITS: Final = 1 << 18
"""Of the filter before the index: 32 kB, which stay near, and 20,000 addresses leave nine in ten of others out."""

_longest: Any = njit(inline="always")(longest)


@njit(inline="always")
def _mixed(hi: Any, lo: Any) -> Any:
    x = (hi ^ (lo * _M2)) * _M1
    x ^= x >> _29
    x *= _M2
    return x ^ (x >> _32)


@njit(inline="always")
def _find(his: Any, los: Any, index: Any, mixed: Any, hi: Any, lo: Any) -> Any:
    """Return which of the judged an address is, -1 for none."""
    mask = U(len(index) - 1)
    slot = mixed & mask
    while index[slot]:
        entry = index[slot]
        if (entry ^ mixed) & ~_LOW == _0:
            row = (entry & _LOW) - _1
            if los[row] == lo and his[row] == hi:
                return np.int64(row)
        slot = (slot + _1) & mask
    return np.int64(_NONE)


@njit(cache=True, nogil=True)
def choose(table: Any, least: Any, lookup: Any, wanted: Any, places: Any, hi: Any, lo: Any) -> Any:
    """Note who received at least so many packets and is of a place that is wanted; return how many they are.

    `table`: ENDPOINT[n]; `lookup`: `Networks.lookup`; `wanted` (bool): of each place, and last of none; `places`
    (i4[n]) gets their rows, `hi` and `lo` (u8[n]) their addresses. Who stands for many is left out: 224.0.0.0/4 and
    above, with the broadcast address, and ff00::/8.
    """
    count = _0
    for i in range(len(table)):
        prefetch(table, i + _AHEAD, 0)
        row = table[i]
        if row.packets < least:
            continue
        high, low = U(row.hi), U(row.lo)
        if high >= _MULTICAST_V6 or (high == _0 and _MULTICAST_V4 <= low < _BEHIND_V4):
            continue
        place = _longest(lookup, high, low)
        if not wanted[U(len(wanted) - 1) if place < 0 else U(place)]:
            continue
        places[count], hi[count], lo[count] = i, high, low
        count += _1
    return count


@njit(cache=True, nogil=True)
def join(his: Any, los: Any, others: Any, sample: Any, index: Any, bits: Any, of_others: Any, of_sample: Any) -> None:
    """Find addresses (halves, u8[n] each) in a table and among the destinations of a sample.

    `others`: ENDPOINT, each address once; `sample`: RECORD; `index`: u8, zeros, a power of two, more than the
    addresses: each entry has half of an address's hash, so that one is read only where it is the one; `bits`:
    u8[BITS / 64], zeros. `of_others` (i4[n]) gets for each address the row there, `of_sample` (i4[sample]) for each
    record which of the addresses its destination is; -1 where there is none.
    """
    mask = U(len(index) - 1)
    for i in range(len(his)):
        mixed = _mixed(his[i], los[i])
        bits[mixed >> _46 >> _6] |= _1 << (mixed >> _46 & _63)
        slot = mixed & mask
        while index[slot]:
            slot = (slot + _1) & mask
        index[slot] = (mixed & ~_LOW) | U(i + 1)
        of_others[i] = _NONE
    for other in range(len(others)):
        prefetch(others, other + _AHEAD, 0)
        hi, lo = U(others[other].hi), U(others[other].lo)
        mixed = _mixed(hi, lo)
        if bits[mixed >> _46 >> _6] >> (mixed >> _46 & _63) & _1:
            at = _find(his, los, index, mixed, hi, lo)
            if at >= 0:
                of_others[at] = other
    for record in range(len(sample)):
        r = sample[record]
        hi, lo = U(r.destination_hi), U(r.destination_lo)
        of_sample[record] = _find(his, los, index, _mixed(hi, lo), hi, lo)
