"""Packets one after the other as pcap records, compiled; VLAN tags that the kernel took out go back in."""

from typing import Any, Final

import numpy as np
from numba import njit, uint64

from collectors.traffic.capture.settings import LARGEST

_HEADER: Final = np.uint64(16)
_MACS: Final = np.uint64(12)  # octets before the tag
_TAG: Final = np.uint64(4)
_0, _1, _8 = np.uint64(0), np.uint64(1), np.uint64(8)
_LARGEST: Final = np.uint64(LARGEST)
_NS: Final = np.uint64(1_000_000_000)


@njit(cache=True, nogil=True)
def _put_u32(out: Any, at: Any, number: Any) -> Any:
    """Write a number, low octet first."""
    for place in range(4):
        out[at + uint64(place)] = number >> (_8 * uint64(place)) & np.uint64(0xFF)


@njit(cache=True, nogil=True)
def pack(buffer: Any, index: Any, times_ns: Any, tags: Any, first: Any, out: Any, room: Any) -> Any:
    """Write records of packets from the `first` on into `out` up to `room`; return how many, and their octets.

    A frame that is not inside `buffer` is written as empty.
    """
    at, limit, size = _0, min(uint64(max(room, 0)), uint64(len(out))), uint64(len(buffer))
    count = _0
    for place in range(uint64(first), uint64(len(index))):
        frame = index[place]
        start, captured = uint64(frame.at), min(uint64(frame.captured), _LARGEST)
        if start > size or size - start < captured:
            captured = _0
        tag = uint64(tags[place])
        added = _TAG if tag != _0 and captured >= _MACS else _0
        if limit - at < _HEADER + captured + added:
            break
        time_ns = uint64(times_ns[place])
        _put_u32(out, at, time_ns // _NS)
        _put_u32(out, at + uint64(4), time_ns % _NS)
        _put_u32(out, at + _8, captured + added)
        _put_u32(out, at + uint64(12), uint64(frame.wire))
        at += _HEADER
        before = _MACS if added != _0 else captured
        for octet in range(before):
            out[at + octet] = buffer[start + octet]
        at += before
        if added != _0:
            for octet in range(_TAG):
                out[at + octet] = tag >> (_8 * (uint64(3) - octet)) & np.uint64(0xFF)
            at += _TAG
            for octet in range(before, captured):
                out[at + octet - before] = buffer[start + octet]
            at += captured - before
        count += _1
    return count, at
