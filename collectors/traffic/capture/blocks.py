"""The blocks of a ring: which are read, what is in them, and when it is worth looking for more."""

from collections.abc import Iterator
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.capture import evidence
from collectors.traffic.capture.evidence import Captured
from collectors.traffic.capture.ring_kernel import (
    BEGUN,
    CURSOR,
    LEFT,
    READING,
    TAKEN,
    point,
    put_away,
    ready,
    walk_block,
    walk_next,
)
from collectors.traffic.capture.settings import RING_BATCH, RingSettings
from netmon.api.traffic import FRAME, Frames

Places: TypeAlias = tuple[NDArray[np.void], NDArray[np.uint64], NDArray[np.uint32]]  # as `walk_block` fills them

AT_ONCE: Final = 8
"""Blocks that are read at one waking at most, which takes 10 to 20 µs of CPU: 4 MB, 10,000 to 30,000 packets."""
GATHER_S: Final = 0.020
"""How long it is worth to sleep at most, so that several blocks have come."""
_STATUS, _LAST_S = 2, 10  # places in struct tpacket_block_desc, in 32-bit words
_USER: Final = np.uint32(1)  # TP_STATUS_USER
_FIRST: Final = np.uint64(0)  # row


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
        self._cursor = np.zeros(CURSOR, np.uint64)  # where we are in the blocks that are read
        self.frames, self.times, self.tags = _places(RING_BATCH)
        warm_up()  # nothing is compiled when packets come, and when rights to store what was compiled were given up
        if settings.kept_blocks:  # the last ones, of which nothing was seen yet
            self._words[(settings.blocks - settings.kept_blocks) * self._words_each + _STATUS] = _USER

    @property
    def taken(self) -> int:
        """Return how many blocks were read, with those that are."""
        return int(self._state[TAKEN])

    @property
    def unread(self) -> bool:
        """Tell whether blocks that are read hold more frames than were walked."""
        return bool(self._cursor[LEFT]) or bool(self._state[BEGUN] < self._state[READING])

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
        """Find the next frames of the blocks that are read, or of those that have come; return how many.

        As many rows of `frames`, `times` and `tags` are filled, RING_BATCH at most.
        """
        places = self.frames, self.times, self.tags
        return int(walk_next(self._words, self._halves, self._state, self._cursor, *places))

    def recent(self, since_ns: int, link_type: int) -> Iterator[Captured]:
        """Give the packets of the blocks that are kept and of those being read, the oldest first."""
        frames, times, tags = _places(RING_BATCH)
        cursor = np.zeros(CURSOR, np.uint64)
        blocks, _, kept, _, place, reading, taken, _ = self._state.tolist()
        for back in range(min(kept + reading, taken), 0, -1):
            head = (place - back) % blocks * self._words_each
            second, nanosecond = self._words[head + _LAST_S :][:2].tolist()
            if second * 1_000_000_000 + nanosecond < since_ns:
                continue
            point(self._words, self._state, np.uint64(blocks - back), cursor)
            while count := int(walk_block(self._words, self._halves, cursor, frames, times, tags, _FIRST)):
                yield Captured(Frames(self._octets, frames[:count], link_type), times[:count], tags[:count])


def warm_up() -> None:
    """Compile or load what a ring needs when packets come."""
    words, state = np.zeros(16, np.uint32), np.array([1, 16, 0, 1, 0, 0, 0, 0], np.uint64)
    halves, cursor, places = words.view(np.uint16), np.zeros(CURSOR, np.uint64), _places(0)
    ready(words, state)
    walk_next(words, halves, state, cursor, *places)
    walk_block(words, halves, cursor, *places, _FIRST)
    put_away(words, state)
    point(words, state, np.uint64(0), cursor)
    evidence.warm_up()


def _places(count: int) -> Places:
    """Return room for the places, times and tags of so many frames."""
    return np.zeros(count, FRAME), np.zeros(count, np.uint64), np.zeros(count, np.uint32)
