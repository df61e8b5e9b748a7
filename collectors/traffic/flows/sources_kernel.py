"""Who sent what, for a whole batch at once: sources looked up, strangers turned away, datagrams sorted by their kind.

Only the compiled loops belong here. No datagram of a batch costs a Python object, whoever sent it.
"""

from typing import Any, Final

import numba
import numpy as np
from numba import njit

from collectors.traffic.flows.datagrams import DATAGRAM
from collectors.traffic.packet.octets_kernel import compiled, u16, u32

U = np.uint64

MESSAGE: Final = np.dtype(
    [
        ("name", "u8"),
        ("name_length", "u4"),
        ("gap", "u4"),
        ("vectors", "u8"),
        ("vector_count", "u8"),
        ("control", "u8"),
        ("control_length", "u8"),
        ("flags", "u4"),
        ("gap2", "u4"),
        ("length", "u4"),
        ("gap3", "u4"),
    ]
)
"""struct mmsghdr of 64-bit Linux: a struct msghdr, and the octets received."""

NAME_BYTES: Final = 28  # struct sockaddr_in6; a sockaddr_in is shorter

EXPORTER: Final = np.dtype(
    [
        ("hi", "u8"),
        ("lo", "u8"),
        ("first_ns", "u8"),  # when it was first heard; 0: never
        ("last_ns", "u8"),
        ("datagrams", "u8"),  # that were allowed, whatever was in them; of streams: messages
        ("octets", "u8"),
        ("unknown_version", "u8"),  # neither NetFlow 5 or 9, nor IPFIX, nor sFlow 5
        ("truncated", "u8"),  # longer than the buffer of one datagram
    ]
)
"""One row of the exporters' list. Row 0 is nobody's."""

RANGE: Final = np.dtype([("start_hi", "u8"), ("start_lo", "u8"), ("end_hi", "u8"), ("end_lo", "u8")])
"""Addresses that are heard, the last one included. Ranges are sorted and do not touch."""

REFUSED: Final = np.dtype([("hi", "u8"), ("lo", "u8"), ("datagrams", "u8"), ("last_ns", "u8")])
"""A source that was turned away."""

COUNTS: Final = ("received", "netflow", "sflow", "refused", "no_room", "truncated", "unknown_version", "not_ip")
"""What became of each datagram: `received` is the sum of the others."""

_RECEIVED, _NETFLOW, _SFLOW, _REFUSED, _NO_ROOM, _TRUNCATED, _UNKNOWN, _NOT_IP = (U(i) for i in range(len(COUNTS)))
_MAPPED: Final = U(0xFFFF_0000_0000)
_TRUNCATED_FLAG: Final = U(0x20)  # MSG_TRUNC
_IPV4: Final = U(2)  # AF_INET
_IPV6: Final = U(10)  # AF_INET6


def _array(dtype: Any, *, readonly: bool = False) -> Any:
    return numba.types.Array(numba.from_dtype(np.dtype(dtype)), 1, "C", readonly=readonly)


@compiled
def _below(a_hi: Any, a_lo: Any, b_hi: Any, b_lo: Any) -> Any:
    return a_hi < b_hi or (a_hi == b_hi and a_lo < b_lo)


@compiled
def _allowed(ranges: Any, hi: Any, lo: Any) -> Any:
    """Tell whether an address is in one of the ranges: a binary search."""
    first = U(0)
    after = U(len(ranges))
    while first < after:  # the first range that ends at the address or behind it
        middle = (first + after) >> U(1)
        if _below(ranges[middle].end_hi, ranges[middle].end_lo, hi, lo):
            first = middle + U(1)
        else:
            after = middle
    return first < U(len(ranges)) and not _below(hi, lo, ranges[first].start_hi, ranges[first].start_lo)


@compiled
def _row_of(rows: Any, slots: Any, ranges: Any, used: Any, hi: Any, lo: Any) -> Any:
    """Return the row of an address, a new one where it has none yet; 0: not allowed, or -1: no room."""
    mask = U(len(slots) - 1)
    mixed = (hi ^ (lo * U(0x9E37_79B9_7F4A_7C15))) * U(0xBF58_476D_1CE4_E5B9)
    slot = (mixed >> U(32)) & mask
    while slots[slot] != 0:  # ends: there are four slots for each row
        row = slots[slot]
        if rows[row].lo == lo and rows[row].hi == hi:
            return np.int64(row)
        slot = (slot + U(1)) & mask
    if not _allowed(ranges, hi, lo):
        return np.int64(0)
    if used[0] + U(1) >= U(len(rows)):
        return np.int64(-1)
    used[0] += U(1)
    rows[used[0]].hi = hi
    rows[used[0]].lo = lo
    slots[slot] = used[0]
    return np.int64(used[0])


_TABLES: Final = (_array(EXPORTER), _array("u4"), _array(RANGE), _array("u8"))


@njit(numba.int64(*_TABLES, numba.uint64, numba.uint64), cache=True, nogil=True)
def row_of(rows: Any, slots: Any, ranges: Any, used: Any, hi: Any, lo: Any) -> Any:
    """Return the row of one address as `admit` would find or make it; 0 where it is not allowed, -1 without room."""
    return _row_of(rows, slots, ranges, used, hi, lo)


@compiled
def _refuse(refused: Any, hi: Any, lo: Any, now_ns: Any) -> None:
    """Keep a refused source among the last few; the least recently heard gives way."""
    oldest = U(0)
    for place in range(len(refused)):
        if refused[place].hi == hi and refused[place].lo == lo and refused[place].last_ns != U(0):
            refused[place].datagrams += U(1)
            refused[place].last_ns = now_ns
            return
        if refused[place].last_ns < refused[oldest].last_ns:
            oldest = U(place)
    refused[oldest].hi = hi
    refused[oldest].lo = lo
    refused[oldest].datagrams = U(1)
    refused[oldest].last_ns = now_ns


@njit(numba.void(_array(REFUSED), numba.uint64, numba.uint64, numba.uint64), cache=True, nogil=True)
def refuse(refused: Any, hi: Any, lo: Any, now_ns: Any) -> None:
    """Keep a source that was turned away, as `admit` does."""
    _refuse(refused, hi, lo, now_ns)


_TWO: Final = numba.types.UniTuple(numba.int64, 2)  # type: ignore[no-untyped-call]


@njit(
    _TWO(
        _array("u1"),
        _array(MESSAGE),
        _array("u1"),
        numba.int64,
        numba.int64,
        numba.uint64,
        *_TABLES,
        _array(REFUSED),
        _array(DATAGRAM),
        _array(DATAGRAM),
        _array("u8"),
    ),
    cache=True,
    nogil=True,
)
def admit(
    buffer: Any,
    messages: Any,
    names: Any,
    count: Any,
    slot_bytes: Any,
    now_ns: Any,
    rows: Any,
    slots: Any,
    ranges: Any,
    used: Any,
    refused: Any,
    netflow: Any,
    sflow: Any,
    counts: Any,
) -> Any:
    """Sort the first `count` messages that recvmmsg filled; return how many rows of `netflow` and `sflow` are filled.

    Message i lies at i * slot_bytes in the buffer and its sender at i * NAME_BYTES in `names`; its row is made ready
    for the next call.
    """
    flows = U(0)
    samples = U(0)
    for i in range(count):
        message = messages[i]
        message.name_length = NAME_BYTES  # the kernel wrote there how much it used
        counts[_RECEIVED] += U(1)
        name = U(i) * U(NAME_BYTES)
        family = U(names[name]) | U(names[name + U(1)])  # a native 16-bit number below 256: either octet is 0
        hi = U(0)
        if family == _IPV4:
            lo = _MAPPED | u32(names, name + U(4))
        elif family == _IPV6:
            hi = (u32(names, name + U(8)) << U(32)) | u32(names, name + U(12))
            lo = (u32(names, name + U(16)) << U(32)) | u32(names, name + U(20))
        else:
            counts[_NOT_IP] += U(1)
            continue
        row = _row_of(rows, slots, ranges, used, hi, lo)
        if row <= 0:
            counts[_REFUSED if row == 0 else _NO_ROOM] += U(1)
            _refuse(refused, hi, lo, now_ns)
            continue
        exporter = rows[row]
        length = min(U(message.length), U(slot_bytes))
        if exporter.first_ns == U(0):
            exporter.first_ns = now_ns
        exporter.last_ns = now_ns
        exporter.datagrams += U(1)
        exporter.octets += length
        if U(message.flags) & _TRUNCATED_FLAG != U(0):
            exporter.truncated += U(1)
            counts[_TRUNCATED] += U(1)
            continue
        at = U(i) * U(slot_bytes)
        version = u16(buffer, at) if length >= U(4) else U(0xFFFF)
        if version == U(5) or version == U(9) or version == U(10):
            out = netflow[flows]
            flows += U(1)
            counts[_NETFLOW] += U(1)
        elif version == U(0) and u16(buffer, at + U(2)) == U(5):  # sFlow's version has 32 bits
            out = sflow[samples]
            samples += U(1)
            counts[_SFLOW] += U(1)
        else:
            exporter.unknown_version += U(1)
            counts[_UNKNOWN] += U(1)
            continue
        out.at = at
        out.length = length
        out.exporter = row
        out.received_ns = now_ns
    return np.int64(flows), np.int64(samples)
