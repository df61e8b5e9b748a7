"""The blocks of a TPACKET_V3 ring and the frames in them, compiled: linux/if_packet.h.

The kernel fills the blocks one after the other and round again, and we read them in the same order: first those that
are kept, the oldest first, then those being read, then the next. A block that was read stays ours for a while, as the
newest of those kept: recent packets as evidence, without a copy. What keeps the kernel from them is one mark on the
oldest of them, which it comes to first; the others carry none, because poll(2) calls a socket readable whose last
block is marked. Compiled, because so little Python between batches finds nothing of itself in the cache: it took as
long as walking half of the frames.
"""

from typing import Any, Final

import numpy as np
from numba import njit, types, uint64
from numba.extending import intrinsic

from collectors.traffic.packet.prefetch_kernel import prefetch

_0, _1, _2, _4, _8, _12, _16, _48 = (np.uint64(each) for each in (0, 1, 2, 4, 8, 12, 16, 48))
# Words of struct tpacket_block_desc: status, number of packets, offset of the first, times of the first and the last.
_STATUS, _COUNT, _OFFSET, _FIRST_S, _LAST_S = (np.uint64(each) for each in (2, 3, 4, 8, 10))
_TIMED_OUT: Final = np.uint64(0x20)  # TP_STATUS_BLK_TMO: handed over before it was full
_USER, _KERNEL = np.uint32(1), np.uint32(0)  # TP_STATUS_: whose the block is

BLOCKS, SIZE, KEPT, MOST, NEXT, READING, TAKEN, UNREAD = (np.uint64(place) for place in range(8))
"""Of a ring's state, u8[8]: blocks there are, 32-bit words of one, blocks kept, blocks read at once at most; the next
block, how many before it are being read, how many were taken since the ring was opened, and how many frames of those
being read were not walked yet."""

_SMALL, _LARGE = np.uint64(160), np.uint64(1600)  # octets from frame to frame: an ACK, a full Ethernet frame
_NS = np.uint64(1_000_000_000)
_VLAN_VALID, _TPID_VALID = np.uint64(0x10), np.uint64(0x40)  # TP_STATUS_VLAN_VALID, TP_STATUS_VLAN_TPID_VALID
_CUSTOMER_TAG = np.uint64(0x8100)
_VLAN_ID = np.uint64(0xFFF)

AT, LEFT, END = np.uint64(0), np.uint64(1), np.uint64(2)
_FIRST, _ROW, _STOP = np.uint64(3), np.uint64(4), np.uint64(5)  # of a block's rows the first, the next and the end
CURSOR = 6
"""Columns of a cursor."""


def _fence(typing_context: Any) -> Any:
    """Keep what is read and written before this before what comes after, for the kernel on another core."""
    del typing_context

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        del signature, arguments
        builder.fence("acq_rel")
        return context.get_dummy_value()

    return types.void(), generate


fence: Final[Any] = intrinsic(_fence)


@njit(cache=True, nogil=True)
def _closed_up(cursors: Any, blocks: Any, frames: Any, times: Any, tags: Any) -> Any:
    """Move together what was filled, where a block had fewer frames than it said; return how many there are."""
    total = _0
    for i in range(blocks):
        for row in range(cursors[i, _FIRST], cursors[i, _ROW]):
            frames[total] = frames[row]
            times[total] = times[row]
            tags[total] = tags[row]
            total += _1
    return total


@njit(cache=True, nogil=True)
def walk_blocks(words: Any, halves: Any, cursors: Any, blocks: Any, frames: Any, times: Any, tags: Any) -> Any:
    """Fill frames and times from the frames of some blocks, one block after the other; return how many.

    Where the next frame's header lies is told by this one's, which memory gives after 50 to 150 ns: nothing goes on in
    a block meanwhile. So all blocks are walked at once, a frame of each in turn, and the waits are one. Besides, the
    places are asked for where the header after the next one lies if frames go on to be as long as they were: a wrong
    guess costs a cache line.

    `words`, `halves`: the ring as u4[] and u2[], in the host's order. `cursors`: u8[n, CURSOR], one for each of
    `blocks`, of which the caller sets AT, where the next frame's header begins, and LEFT, how many there are, both
    moved on, and END, where the block ends. What finds no room in `frames` is left for the next call. `frames`:
    FRAME[]. `times`: u8[], Unix nanoseconds. `tags`: u4[], the 802.1Q or 802.1ad tag that the kernel took out, TPID in
    the high half; 0: none.
    """
    blocks = min(uint64(blocks), uint64(len(cursors)))
    total, most = _0, _0
    for i in range(blocks):
        count = min(cursors[i, LEFT], uint64(len(frames)) - total)
        cursors[i, _FIRST] = cursors[i, _ROW] = total
        total += count
        cursors[i, _STOP] = total
        most = max(most, count)
    usual, second, third, fourth = _SMALL, _LARGE, _SMALL, _LARGE  # steps, about in the order of how often they come
    whole = True
    for _ in range(most):
        for i in range(blocks):
            row = cursors[i, _ROW]
            if row >= cursors[i, _STOP]:
                continue
            at, end = cursors[i, AT], cursors[i, END]
            if at > end or end - at < _48:  # struct tpacket3_hdr
                whole = False
                cursors[i, _STOP], cursors[i, LEFT] = row, _0
                continue
            word, half = at >> _2, at >> _1
            step = uint64(words[word])
            near = (at + step) >> _2
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
            frame = frames[row]
            frame.at = start
            frame.captured = captured
            frame.wire = wire
            times[row] = uint64(words[word + _1]) * _NS + uint64(words[word + _2])
            tags[row] = tag
            left = cursors[i, LEFT] - _1
            if step < _48 and left > _0:  # only the last one has none after it
                whole = False
                cursors[i, _STOP], left = row + _1, _0
            cursors[i, AT], cursors[i, LEFT], cursors[i, _ROW] = at + step, left, row + _1
    return total if whole else _closed_up(cursors, blocks, frames, times, tags)


@njit(cache=True, nogil=True)
def begin(records: Any, times: Any, tags: Any) -> None:
    """Set what the decoder wants to be set of each row: the time, and the VLAN that the kernel took out."""
    for i in range(uint64(len(records))):
        record = records[i]
        record.start_ns = times[i]
        record.vlan = uint64(tags[i]) & _VLAN_ID


@njit(inline="always")
def _head(state: Any, number: Any) -> Any:
    """Return the first word of a block, counted on from the next one, or back from it as `blocks - number`."""
    return (state[NEXT] + number) % state[BLOCKS] * state[SIZE]


@njit(inline="always")
def _ns(words: Any, place: Any) -> Any:
    return uint64(words[place]) * _NS + uint64(words[place + _1])


@njit(cache=True, nogil=True)
def ready(words: Any, state: Any) -> Any:
    """Return how many of the next blocks have come, as far as they may be read together."""
    number = _0
    while number < state[MOST] and words[_head(state, number) + _STATUS] & _USER:
        number += _1
    fence()  # what they hold is read after their marks
    return number


@njit(cache=True, nogil=True)
def put_away(words: Any, state: Any) -> Any:
    """Keep the blocks that were read and give the kernel as many; return how long the newest took to fill, in ns.

    0: it was handed over before it was full, or there is none.
    """
    reading, kept, blocks = state[READING], state[KEPT], state[BLOCKS]
    if reading == _0:
        return _0
    newest = _head(state, blocks - _1)
    took_ns = _0
    if not uint64(words[newest + _STATUS]) & _TIMED_OUT:
        took_ns = _ns(words, newest + _LAST_S) - _ns(words, newest + _FIRST_S)
    fence()  # nothing of them is read after they are given away
    oldest = blocks - reading - kept  # counted from the next one
    if kept > _0:
        words[_head(state, oldest + reading) + _STATUS] = _USER
        fence()  # first the new mark, then the old one away
    for number in range(blocks - reading, blocks):
        if kept == _0 or number != oldest + reading:
            words[_head(state, number) + _STATUS] = _KERNEL
    fence()
    for number in range(oldest, min(oldest + reading, blocks - reading)):
        words[_head(state, number) + _STATUS] = _KERNEL
    state[READING] = _0
    return took_ns


@njit(cache=True, nogil=True)
def point(words: Any, state: Any, number: Any, cursor: Any) -> None:
    """Set a cursor (see `walk_blocks`) to the first frame of a block."""
    word = _head(state, number)
    cursor[AT] = word * _4 + uint64(words[word + _OFFSET])
    cursor[LEFT] = words[word + _COUNT]
    cursor[END] = (word + state[SIZE]) * _4


@njit(cache=True, nogil=True)
def walk_next(words: Any, halves: Any, state: Any, cursors: Any, frames: Any, times: Any, tags: Any) -> Any:
    """Walk on in the blocks that are read, or in those that have come since; return how many frames were found."""
    if state[UNREAD] == _0:
        count = ready(words, state)
        for i in range(count):
            point(words, state, i, cursors[i])
        state[NEXT] = (state[NEXT] + count) % state[BLOCKS]
        state[READING] = count
        state[TAKEN] += count
    walked = walk_blocks(words, halves, cursors, state[READING], frames, times, tags)
    state[UNREAD] = _0
    for i in range(state[READING]):
        state[UNREAD] += cursors[i, LEFT]
    return walked
