"""The blocks of a ring: which are read, what is in them, and when it is worth looking for more."""

from collections.abc import Iterator
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.capture import evidence
from collectors.traffic.capture.evidence import Captured
from collectors.traffic.capture.ring_kernel import (
    CURSOR,
    TAKEN,
    UNREAD,
    begin,
    point,
    put_away,
    ready,
    walk_blocks,
    walk_next,
)
from collectors.traffic.capture.settings import RING_BATCH, RING_FRAMES, RingSettings
from netmon.api.traffic import FRAME, RECORD, Frames

Places: TypeAlias = tuple[NDArray[np.void], NDArray[np.uint64], NDArray[np.uint32]]  # as `walk_blocks` fills them

AT_ONCE: Final = 8
"""Blocks that are read together at most. Memory answers a core some ten times while it waits once."""
GATHER_S: Final = 0.020
"""How long it is worth to sleep at most: a waking takes 10 to 20 µs of CPU, and several blocks are read faster than
one."""
_STATUS, _LAST_S = 2, 10  # places in struct tpacket_block_desc, in 32-bit words
_USER: Final = np.uint32(1)  # TP_STATUS_USER
_ONE: Final = np.uint64(1)


class Blocks:
    """The blocks of one ring, made before the kernel begins to fill them. For one thread."""

    def __init__(self, octets: NDArray[np.uint8], settings: RingSettings) -> None:
        """`octets`: the ring, `settings.blocks` of `settings.block_bytes`."""
        self._octets, self._words, self._halves = octets, octets.view(np.uint32), octets.view(np.uint16)
        self._words_each = settings.block_bytes // 4
        self._eighth = (settings.blocks - settings.kept_blocks) / 8  # of what the kernel can fill
        self.most = max(1, int(min(AT_ONCE, self._eighth)))
        shape = [settings.blocks, self._words_each, settings.kept_blocks, self.most]
        self._state = np.array([*shape, 0, 0, 0, 0], np.uint64)
        self._cursors = np.zeros((self.most, CURSOR), np.uint64)  # where we are in the blocks that are read
        self.frames, self._times, self._tags = _places(RING_FRAMES)
        warm_up()  # nothing is compiled when packets come, and when rights to store what was compiled were given up
        if settings.kept_blocks:  # the last ones, of which nothing was seen yet
            self._words[(settings.blocks - settings.kept_blocks) * self._words_each + _STATUS] = _USER

    @property
    def taken(self) -> int:
        """Return how many blocks were read, with those that are."""
        return int(self._state[TAKEN])

    @property
    def unread(self) -> bool:
        """Tell whether blocks that are read hold more frames than could be walked at once."""
        return bool(self._state[UNREAD])

    def ready(self) -> int:
        """Return how many have come, up to `most`."""
        return int(ready(self._words, self._state))

    def put_away(self) -> float:
        """Keep the blocks that were read, and give the kernel as many; return how many seconds to sleep then.

        Several blocks are there at one waking. Only while they fill fast, and never for longer than an eighth of the
        ring takes to fill.
        """
        took_s = int(put_away(self._words, self._state)) / 1e9
        return min(GATHER_S, took_s * min(AT_ONCE, self._eighth)) if took_s < GATHER_S else 0.0

    def walk(self) -> int:
        """Find the frames of the blocks that are read, or of those that have come; return how many rows of `frames`."""
        places = self.frames, self._times, self._tags
        return int(walk_next(self._words, self._halves, self._state, self._cursors, *places))

    def begin(self, records: NDArray[np.void], first: int) -> None:
        """Set in records what the decoder wants to be set there, from the frames that begin with this row."""
        begin(records, self._times[first:], self._tags[first:])

    def recent(self, since_ns: int, link_type: int) -> Iterator[Captured]:
        """Give the packets of the blocks that are kept and of those being read, the oldest first."""
        frames, times, tags = _places(RING_BATCH)
        cursors = np.zeros((1, CURSOR), np.uint64)
        blocks, _, kept, _, place, reading, taken, _ = self._state.tolist()
        for back in range(min(kept + reading, taken), 0, -1):
            head = (place - back) % blocks * self._words_each
            second, nanosecond = self._words[head + _LAST_S :][:2].tolist()
            if second * 1_000_000_000 + nanosecond < since_ns:
                continue
            point(self._words, self._state, np.uint64(blocks - back), cursors[0])
            while count := int(walk_blocks(self._words, self._halves, cursors, _ONE, frames, times, tags)):
                yield Captured(Frames(self._octets, frames[:count], link_type), times[:count], tags[:count])


def warm_up() -> None:
    """Compile or load what a ring needs when packets come."""
    words, state = np.zeros(16, np.uint32), np.array([1, 16, 0, 1, 0, 0, 0, 0], np.uint64)
    halves, cursors, places = words.view(np.uint16), np.zeros((1, CURSOR), np.uint64), _places(0)
    ready(words, state)
    walk_next(words, halves, state, cursors, *places)
    walk_blocks(words, halves, cursors, _ONE, *places)
    put_away(words, state)
    point(words, state, np.uint64(0), cursors[0])
    begin(np.zeros(0, RECORD), *places[1:])
    evidence.warm_up()


def _places(count: int) -> Places:
    """Return room for the places, times and tags of so many frames."""
    return np.zeros(count, FRAME), np.zeros(count, np.uint64), np.zeros(count, np.uint32)
