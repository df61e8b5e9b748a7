"""Sums over records, and how far their times stay in a window: each one pass over two lines of a record at most."""

from typing import Any, Final

import numba
import numpy as np
from numba import njit

from netmon.api.traffic import RECORD

U = np.uint64

VERDICTS: Final = 32
"""Room for so many verdicts: more than there are."""
PACKETS, OCTETS, EARLIEST, LATEST, VERDICT = (U(place) for place in range(5))
"""Of the sums over records, u8[SUMS]: packets and octets, sampling applied, the earliest start, the latest end, and
from VERDICT on how many records there are of each verdict."""
SUMS: Final = 4 + VERDICTS
NEVER: Final = U(2**64 - 1)
"""The earliest time before there is one."""

# One signature each, so that nothing is compiled while packets wait.
_TIMES: Final = numba.types.Array(numba.uint64, 1, "A", readonly=True)
_WORDS: Final = numba.types.Array(numba.uint64, 1, "C")
_RECORDS: Final = numba.types.Array(numba.from_dtype(RECORD), 1, "C", readonly=True)
_TWO: Final[Any] = numba.types.UniTuple(numba.uint64, 2)  # type: ignore[no-untyped-call]  # numba's
_REACH: Final = _TWO(_TIMES, numba.uint64, numba.uint64, numba.uint64, numba.uint64)


@njit(numba.void(_RECORDS, _WORDS), cache=True, nogil=True, _nrt=False)  # type: ignore[call-overload]
def add_up(records: Any, sums: Any) -> None:
    """Add records to sums."""
    packets, octets, first, last = sums[PACKETS], sums[OCTETS], sums[EARLIEST], sums[LATEST]
    for i in range(len(records)):
        record = records[i]
        packets += record.packets
        octets += record.bytes
        first = min(first, record.start_ns)
        last = max(last, record.end_ns)
        if record.verdict < VERDICTS:
            sums[VERDICT + U(record.verdict)] += U(1)
    sums[PACKETS], sums[OCTETS], sums[EARLIEST], sums[LATEST] = packets, octets, first, last


@njit(numba.void(_WORDS, _WORDS), cache=True, nogil=True, _nrt=False)  # type: ignore[call-overload]
def join(sums: Any, others: Any) -> None:
    """Add the sums of other records."""
    first, last = min(sums[EARLIEST], others[EARLIEST]), max(sums[LATEST], others[LATEST])
    for place in range(SUMS):
        sums[place] += others[place]
    sums[EARLIEST], sums[LATEST] = first, last


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
