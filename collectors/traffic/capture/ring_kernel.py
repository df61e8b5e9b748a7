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

BLOCKS, SIZE, KEPT, MOST, NEXT, READING, TAKEN, BEGUN = (np.uint64(place) for place in range(8))
"""Of a ring's state, u8[8]: blocks there are, 32-bit words of one, blocks kept, blocks read at once at most; the next
block, how many before it are being read, how many were taken since the ring was opened, and of how many of those being
read the walk has begun."""

_LINE: Final = np.uint64(64)  # octets of a cache line
_AHEAD: Final = np.uint64(4_096)  # octets: some 15 frames, which are walked in 100 ns, about what memory takes
_LINES: Final = np.uint64(6)  # asked for with each frame
_LONG: Final = _LINES * _LINE  # octets from frame to frame up to which no line is left out by that
_HEADERS: Final = np.uint64(3)  # lines that hold the kernel's header and the packet's
_NS = np.uint64(1_000_000_000)
_VLAN_VALID, _TPID_VALID = np.uint64(0x10), np.uint64(0x40)  # TP_STATUS_VLAN_VALID, TP_STATUS_VLAN_TPID_VALID
_CUSTOMER_TAG = np.uint64(0x8100)

AT, LEFT, END = np.uint64(0), np.uint64(1), np.uint64(2)
CURSOR = 3
"""Columns of a cursor: where in a block the walk is."""


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
def walk_block(words: Any, halves: Any, cursor: Any, frames: Any, times: Any, tags: Any, row: Any) -> Any:
    """Fill frames and times from the frames of a block, from `row` on; return the row behind the last one.

    Where the next frame's header lies is told by this one's, which memory gives after 50 to 150 ns, or longer where the
    kernel wrote it on another core. So what lies some frames further on is asked for in time, line after line: the
    decoder, which comes soon, wants most of these lines too. Of a long frame it wants only the beginning: then the
    places are asked for where the next one lies, and the one after it if that is as long.

    `words`, `halves`: the ring as u4[] and u2[], in the host's order. `cursor`: u8[CURSOR], of which the caller sets
    AT, where the next frame's header begins, and LEFT, how many there are, both moved on, and END, where the block
    ends. What finds no room in `frames` is left for the next call. `frames`: FRAME[]. `times`: u8[], Unix nanoseconds.
    `tags`: u4[], the 802.1Q or 802.1ad tag that the kernel took out, TPID in the high half; 0: none.
    """
    at, left, end, row = cursor[AT], cursor[LEFT], cursor[END], uint64(row)
    stop = row + min(left, uint64(len(frames)) - row)
    while row < stop:
        if at > end or end - at < _48:  # struct tpacket3_hdr
            left = _0
            break
        word, half = at >> _2, at >> _1
        step = uint64(words[word])
        if step <= _LONG:
            for line in range(_LINES):
                prefetch(words, word, _AHEAD + line * _LINE)
        else:
            for line in range(_HEADERS):
                prefetch(words, word, step + line * _LINE)
                prefetch(words, word, step + step + line * _LINE)
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
        row += _1
        left -= _1
        at += step
        if step < _48 and left > _0:  # only the last one has none after it
            left = _0
            break
    cursor[AT], cursor[LEFT] = at, left
    return row


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
    state[READING] = state[BEGUN] = _0
    return took_ns


@njit(cache=True, nogil=True)
def point(words: Any, state: Any, number: Any, cursor: Any) -> None:
    """Set a cursor (see `walk_block`) to the first frame of a block."""
    word = _head(state, number)
    cursor[AT] = word * _4 + uint64(words[word + _OFFSET])
    cursor[LEFT] = words[word + _COUNT]
    cursor[END] = (word + state[SIZE]) * _4


@njit(cache=True, nogil=True)
def walk_next(words: Any, halves: Any, state: Any, cursor: Any, frames: Any, times: Any, tags: Any) -> Any:
    """Walk on in the blocks that are read, or in those that have come since; return how many frames were found."""
    if state[BEGUN] == state[READING] and cursor[LEFT] == _0:
        count = ready(words, state)
        state[NEXT] = (state[NEXT] + count) % state[BLOCKS]
        state[READING] = count
        state[TAKEN] += count
        state[BEGUN] = _0
    row = _0
    while row < uint64(len(frames)):
        if cursor[LEFT] == _0:
            if state[BEGUN] == state[READING]:
                break
            point(words, state, state[BLOCKS] - state[READING] + state[BEGUN], cursor)
            state[BEGUN] += _1
        row = walk_block(words, halves, cursor, frames, times, tags, row)
    return row
