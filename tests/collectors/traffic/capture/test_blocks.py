"""The blocks of a ring against a kernel made of Python: what is read, what is kept, what is given back."""

import struct
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.traffic.capture.blocks import Blocks
from collectors.traffic.capture.ring_kernel import AT, CURSOR, END, LEFT, walk_block
from collectors.traffic.capture.settings import RingSettings
from netmon.api.traffic import FRAME

BLOCK = 65_536
HEADER = 48  # octets of a block's own header
MAC = 82  # from a frame's header to its first octet, on Ethernet
Frame = tuple[int, int, int, int]  # captured, wire, VLAN with its TPID (0: none), nanoseconds


def lay(octets: np.ndarray[tuple[int], np.dtype[np.uint8]], at: int, frames: Sequence[Frame]) -> list[int]:
    """Write frames as the kernel does and return where their octets begin."""
    places = []
    for number, (captured, wire, tag, time_ns) in enumerate(frames):
        step = (MAC + captured + 7) & ~7
        status = 1 | (0x50 if tag else 0)
        following = 0 if number == len(frames) - 1 else step
        header = (following, time_ns // 10**9, time_ns % 10**9, captured, wire, status, MAC, 96, 0)
        octets[at : at + 48] = np.frombuffer(struct.pack("=6I2H2I2H8x", *header, tag & 0xFFFF, tag >> 16, 0), np.uint8)
        places.append(at + MAC)
        at += step
    return places


FRAMES = st.lists(
    st.tuples(
        st.integers(0, 400),
        st.integers(0, 70_000),
        st.sampled_from([0, 0x8100_0007, 0x88A8_6FFF]),
        st.integers(0, 2**32 * 10**9 - 1),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(FRAMES, min_size=1, max_size=4), st.integers(1, 60))
def test_the_frames_of_several_blocks_in_their_order(blocks: list[list[Frame]], room: int) -> None:
    octets = np.zeros(32 * BLOCK, np.uint8)  # of which four are read at once
    heads = octets.view(np.uint32)
    expected = []
    for number, frames in enumerate(blocks):
        begin = number * BLOCK + HEADER
        places = lay(octets, begin, frames)
        heads[number * BLOCK // 4 + 2 :][:3] = 1, len(frames), HEADER
        for place, (captured, wire, tag, time_ns) in zip(places, frames, strict=True):
            expected.append((place, captured, wire + 4 * bool(tag), time_ns, tag))
    got: list[tuple[int, ...]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("collectors.traffic.capture.blocks.RING_BATCH", room)
        ring = Blocks(octets, RingSettings(block_bytes=BLOCK, blocks=32, kept_blocks=0))
    while rows := ring.walk():
        index = ring.frames
        assert rows == min(room, len(expected) - len(got))
        names = "at", "captured", "wire"
        columns = (*(index[name][:rows].tolist() for name in names), ring.times[:rows], ring.tags[:rows])
        got += [tuple(map(int, row)) for row in zip(*columns, strict=True)]
        if not ring.unread:
            ring.put_away()
    assert got == expected


@pytest.mark.parametrize(("said", "told"), [(0, 2), (HEADER + 20, 2), (8, 2), (2**31, 2)])
def test_a_block_that_breaks_off_ends_there(said: int, told: int) -> None:
    octets = np.zeros(BLOCK, np.uint8)
    lay(octets, HEADER, [(100, 100, 0, each) for each in range(4)])
    step = (MAC + 100 + 7) & ~7
    second = octets[HEADER + step :].view(np.uint32)
    cursor = np.zeros(CURSOR, np.uint64)
    cursor[[int(AT), int(LEFT), int(END)]] = HEADER, 4, BLOCK
    if said == HEADER + 20:  # the block ends inside its third header
        cursor[int(END)] = HEADER + 2 * step + 20
    else:
        second[0] = said  # where its second frame says that the third one lies
    index, times, tags = np.zeros(12, FRAME), np.zeros(12, np.uint64), np.zeros(12, np.uint32)
    words, halves = octets.view(np.uint32), octets.view(np.uint16)
    count = walk_block(words, halves, cursor, index, times, tags, np.uint64(5)) - 5
    assert (count, times[5 : 5 + told].tolist(), int(cursor[int(LEFT)])) == (told, [0, 1], 0)


class Kernel:
    """Fills the blocks one after the other, as long as the next one is its own."""

    def __init__(self, octets: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> None:
        self.octets, self.words = octets, octets.view(np.uint32)
        self.count = len(octets) // BLOCK
        self.filled = 0

    def fill(self, frames: int) -> bool:
        """Fill a block with frames whose times are its number; False where it is not the kernel's."""
        begin = self.filled % self.count * BLOCK
        head = self.words[begin // 4 :]
        if head[2] & 1:
            return False
        self.filled += 1
        lay(self.octets, begin + HEADER, [(60, 60, 0, self.filled * 1000 + each) for each in range(frames)])
        head[3], head[4] = frames, HEADER
        head[8:12] = 0, self.filled * 1000, 0, self.filled * 1000 + 999
        head[2] = 1
        return True


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([(8, 0), (8, 2), (16, 0), (32, 4), (64, 2), (64, 32)]),
    st.lists(st.tuples(st.integers(0, 70), st.integers(1, 5)), max_size=30),
)
def test_nothing_is_lost_and_the_newest_stay(shape: tuple[int, int], turns: list[tuple[int, int]]) -> None:
    count, kept = shape
    octets = np.zeros(count * BLOCK, np.uint8)
    blocks = Blocks(octets, RingSettings(block_bytes=BLOCK, blocks=count, kept_blocks=kept))
    kernel = Kernel(octets)
    read = 0
    for filling, frames in turns:
        for _ in range(filling):
            if not kernel.fill(frames):
                assert kernel.filled - read >= count - kept - blocks.most  # it had all that is neither kept nor read
                break
        blocks.put_away()
        before = read
        assert blocks.ready() == min(kernel.filled - read, blocks.most)
        while blocks.ready():
            first, read = read + 1, min(kernel.filled, read + blocks.most)
            times = blocks.times[: blocks.walk()]
            assert sorted(set((times // np.uint64(1000)).tolist())) == list(range(first, read + 1))
            recent = [int(each.times_ns[0]) // 1000 for each in blocks.recent(0, 1)]
            assert recent == list(range(max(1, first - kept), read + 1))
            assert [int(each.times_ns[0]) // 1000 for each in blocks.recent(read * 1000, 1)] == [read]
            blocks.put_away()
        assert kernel.filled == read >= before == blocks.taken - (read - before)
    for _ in range(count):
        kernel.fill(1)
    assert kernel.filled == read + count - kept  # what is kept is not written over, all else is


def test_more_frames_than_are_walked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.traffic.capture.blocks.RING_BATCH", 10)
    octets = np.zeros(16 * BLOCK, np.uint8)
    blocks, kernel = Blocks(octets, RingSettings(block_bytes=BLOCK, blocks=16, kept_blocks=0)), Kernel(octets)
    for _ in range(2):
        kernel.fill(14)
    walked, unread = [], []
    while count := blocks.walk():
        walked.append(count)
        unread.append(blocks.unread)
        if not blocks.unread:
            blocks.put_away()
    assert (walked, unread) == ([10, 10, 8], [True, True, False])
