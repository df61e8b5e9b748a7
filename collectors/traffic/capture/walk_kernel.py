"""From packet header to packet header through a capture file's octets, compiled: what both formats share, and pcap.

Each format's loop fills FRAME rows and the records' `start_ns`, and stops where the batch is full, where octets are
wanting, where the link type changes or where the file cannot go on. What it must remember lies in one WALK record.
Every length that the file gives is held against the end of the octets at hand before it is used.

pcap: draft-ietf-opsawg-pcap, 5.
"""

from typing import Any, Final

import numpy as np
from numba import njit, uint64

from collectors.traffic.capture.settings import LARGEST

WALK: Final = np.dtype(
    [
        ("at", "u8"),  # where the next header begins, in octets from the buffer's first one
        ("skip", "u8"),  # octets from there that are to be passed over
        ("last_ns", "u8"),  # time of the last packet
        ("packets", "u8"),
        ("octets", "u8"),  # captured ones of these packets
        ("too_long", "u8"),  # packets left out: longer than LARGEST
        ("lying_length", "u8"),  # packets said to be longer in the file than on the wire: taken as so long on the wire
        ("backwards", "u8"),  # packets that are older than the one before
        ("no_time", "u8"),  # packets without a time, or with one beyond 64 bits of nanoseconds: get the last one's
        ("bad_block", "u8"),  # blocks left out: their parts do not fit their length
        ("bad_trailer", "u8"),  # blocks whose length is another one at their end: read all the same
        ("unknown_interface", "u8"),  # packets left out: of an interface that was not described
        ("too_many_interfaces", "u8"),  # descriptions left out: no room in the table
        ("other_blocks", "u8"),  # blocks that hold no packets: names, statistics, secrets, others' own
        ("sections", "u8"),
        ("interfaces", "u4"),  # of this section
        ("link_type", "u4"),  # of the batch
        ("header", "u1"),  # pcap: octets of a packet's header
        ("nano", "u1"),  # pcap: fractions are nanoseconds
        ("big", "u1"),  # numbers begin with their high octet
        ("stop", "u1"),  # why it stopped: see below
    ],
    align=True,
)

FULL: Final = 0  # the batch has no more room
MORE: Final = 1  # the next packet is not whole in the buffer
SWITCH: Final = 2  # the next packet is of another link type
DAMAGED: Final = 3  # nothing that can be read begins at `at`

_0, _1, _2, _3, _8, _12, _16, _24 = (np.uint64(each) for each in (0, 1, 2, 3, 8, 12, 16, 24))
_4 = np.uint64(4)
_LARGEST = np.uint64(LARGEST)
_NS = np.uint64(1_000_000_000)


@njit(cache=True, nogil=True)
def u16(b: Any, o: Any, big: Any) -> Any:
    """Return the two octets at `o`; the caller knows that they are there."""
    if big:
        return (uint64(b[o]) << _8) | uint64(b[o + _1])
    return uint64(b[o]) | (uint64(b[o + _1]) << _8)


@njit(cache=True, nogil=True)
def u32(b: Any, o: Any, big: Any) -> Any:
    """Return the four octets at `o`; the caller knows that they are there."""
    if big:
        return (uint64(b[o]) << _24) | (uint64(b[o + _1]) << _16) | (uint64(b[o + _2]) << _8) | uint64(b[o + _3])
    return uint64(b[o]) | (uint64(b[o + _1]) << _8) | (uint64(b[o + _2]) << _16) | (uint64(b[o + _3]) << _24)


@njit(cache=True, nogil=True)
def walk_pcap(buffer: Any, end: Any, walk: Any, frames: Any, records: Any) -> Any:
    """Fill frames and times from pcap packets in `buffer` up to `end`; return how many. `walk`: WALK[1]."""
    w = walk[0]
    at, skip, last, limit = uint64(w.at), uint64(w.skip), uint64(w.last_ns), uint64(end)
    header, big, nano = uint64(w.header), w.big != 0, w.nano != 0
    room, count, octets = uint64(len(frames)), _0, _0
    w.stop = FULL
    while count < room:
        if skip > _0:
            step = min(skip, limit - at)
            at += step
            skip -= step
        if limit - at < header or skip > _0:
            w.stop = MORE
            break
        captured = u32(buffer, at + _8, big)
        wire = u32(buffer, at + _12, big)
        if captured > _LARGEST:
            w.too_long += 1
            skip = header + captured
            continue
        if limit - at - header < captured:
            w.stop = MORE
            break
        if wire < captured:
            w.lying_length += 1
            wire = captured
        fraction = u32(buffer, at + _4, big)
        time_ns = u32(buffer, at, big) * _NS + (fraction if nano else fraction * np.uint64(1000))
        if time_ns < last:
            w.backwards += 1
        last = time_ns
        frame = frames[count]
        frame.at = at + header
        frame.captured = captured
        frame.wire = wire
        record = records[count]
        record.start_ns = time_ns
        record.vlan = 0
        count += _1
        octets += captured
        at += header + captured
    w.at, w.skip, w.last_ns = at, skip, last
    w.packets += count
    w.octets += octets
    return count
