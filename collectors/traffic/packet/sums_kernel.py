"""Sums over records, and how far their times stay in a window: each one pass over two lines of a record at most."""

from typing import Any, Final

import numba
import numpy as np
from numba import njit

from netmon.api.traffic import RECORD

U = np.uint64

VERDICTS: Final = 32
"""Room for so many verdicts: more than there are."""

# One signature each, so that nothing is compiled while packets wait.
_TIMES: Final = numba.types.Array(numba.uint64, 1, "A", readonly=True)
_WORDS: Final = numba.types.Array(numba.uint64, 1, "C")
_RECORDS: Final = numba.types.Array(numba.from_dtype(RECORD), 1, "C", readonly=True)
_TWO: Final[Any] = numba.types.UniTuple(numba.uint64, 2)  # type: ignore[no-untyped-call]  # numba's
_REACH: Final = _TWO(_TIMES, numba.uint64, numba.uint64, numba.uint64, numba.uint64)


@njit(numba.void(_RECORDS, _WORDS, _WORDS), cache=True, nogil=True, _nrt=False)  # type: ignore[call-overload]
def add_up(records: Any, sums: Any, verdicts: Any) -> None:
    """Add records to `sums` (u8[4]: packets, bytes, the earliest start, the latest end) and count their verdicts."""
    packets, octets, first, last = sums[0], sums[1], sums[2], sums[3]
    for i in range(len(records)):
        record = records[i]
        packets += record.packets
        octets += record.bytes
        first = min(first, record.start_ns)
        last = max(last, record.end_ns)
        if record.verdict < VERDICTS:
            verdicts[record.verdict] += U(1)
    sums[0], sums[1], sums[2], sums[3] = packets, octets, first, last


@njit(_REACH, cache=True, nogil=True, _nrt=False)  # type: ignore[call-overload]  # as in octets_kernel.py
def reach(at_ns: Any, begin: Any, oldest_ns: Any, start_ns: Any, end_ns: Any) -> Any:
    """Return where, from `begin` on, the first time is that is before `oldest_ns` or not before `end_ns`.

    The second number tells how many of those passed over are before `start_ns`.
    """
    late = U(0)
    i = begin
    while i < U(len(at_ns)):
        at = at_ns[i]
        if at >= end_ns or at < oldest_ns:
            break
        if at < start_ns:
            late += U(1)
        i += U(1)
    return i, late
