"""From frame to frame through a block of a TPACKET_V3 ring, compiled: linux/if_packet.h."""

from typing import Any

import numpy as np
from numba import njit, uint64

from collectors.traffic.packet.prefetch_kernel import prefetch

_0, _1, _4, _8, _12, _16, _48 = (np.uint64(each) for each in (0, 1, 4, 8, 12, 16, 48))
_SMALL, _LARGE = np.uint64(160), np.uint64(1600)  # octets from frame to frame: an ACK, a full Ethernet frame
_NS = np.uint64(1_000_000_000)
_VLAN_VALID, _TPID_VALID = np.uint64(0x10), np.uint64(0x40)  # TP_STATUS_VLAN_VALID, TP_STATUS_VLAN_TPID_VALID
_CUSTOMER_TAG = np.uint64(0x8100)
_VLAN_ID = np.uint64(0xFFF)


@njit(cache=True, nogil=True)
def walk_block(words: Any, halves: Any, cursor: Any, frames: Any, records: Any, tags: Any) -> Any:
    """Fill frames, times and VLANs from a block's frames; return how many.

    Where the second next header lies is told by the next one only, which memory gives after 50 to 130 ns. So those
    places are asked for where it lies if frames go on to be as long as they were. A wrong guess costs a cache line.

    `words`, `halves`: the ring as u4[] and u2[], in the host's order. `cursor`: u8[3], where the next frame's header
    begins and how many are left, both moved on, and where the block ends. `tags`: u4[], the 802.1Q or 802.1ad tag that
    the kernel took out, TPID in the high half; 0: none.
    """
    at, left, end = cursor[0], cursor[1], cursor[2]
    room, count = uint64(len(frames)), _0
    usual, second, third, fourth = _SMALL, _LARGE, _SMALL, _LARGE  # steps, about in the order of how often they come
    while count < room and left > _0 and at <= end and end - at >= _48:
        word, half = at >> np.uint64(2), at >> _1  # struct tpacket3_hdr
        step = uint64(words[word])
        near = (at + step) >> np.uint64(2)
        prefetch(words, near, _0)
        for guess in (usual, second, third, fourth, usual + usual, usual + second, second + second, usual + third):
            prefetch(words, near, guess)
        if step != usual:
            if step == second:
                usual, second = second, usual
            elif step == third:
                second, third = third, second
            elif step == fourth:
                third, fourth = fourth, third
            else:
                fourth = step
        captured, wire = uint64(words[word + np.uint64(3)]), uint64(words[word + _4])
        status = uint64(words[word + np.uint64(5)])
        start = at + uint64(halves[half + _12])  # tp_mac
        captured = min(captured, end - start) if start < end else _0
        tag = _0
        if status & _VLAN_VALID:
            tpid = uint64(halves[half + np.uint64(18)]) if status & _TPID_VALID else _CUSTOMER_TAG
            tag = tpid << _16 | (uint64(words[word + _8]) & np.uint64(0xFFFF))
            wire += _4  # tp_len is without the tag
        frame = frames[count]
        frame.at = start
        frame.captured = captured
        frame.wire = wire
        record = records[count]
        record.start_ns = uint64(words[word + _1]) * _NS + uint64(words[word + np.uint64(2)])
        record.vlan = tag & _VLAN_ID
        tags[count] = tag
        count += _1
        left -= _1
        if step < _48 and left > _0:  # only the last one has none after it
            left = _0
        at += step
    if count < room:
        left = _0
    cursor[0], cursor[1] = at, left
    return count
