"""The compiled loops that order and pack columns, beside numpy's and zstd's answers."""

import numpy as np
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from exporters.flowstore.frame_kernel import frame, room
from exporters.flowstore.order_kernel import place, rank, spread

KEYS = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 9), min_size=1, max_size=40)


def framed(numbers: NDArray[np.uint64]) -> bytes:
    out = np.full(room(len(numbers)), 0xEE, np.uint8)
    return out[: int(frame(numbers, out))].tobytes()


def check_frame(numbers: NDArray[np.uint64]) -> bytes:
    made = framed(numbers)
    assert zstandard.ZstdDecompressor().decompress(made) == numbers.tobytes()
    return made


def made(count: int, own: int, seed: int, large: int = 0) -> NDArray[np.uint64]:
    """Return numbers of which only so many low octets differ, some of them beyond all others."""
    rng = np.random.default_rng(seed)
    low = rng.integers(0, 2 ** (8 * own) - 1, count, dtype=np.uint64, endpoint=True)
    numbers = low if own == 8 else low | np.uint64(0x1234_5678_9ABC_DEF0) >> np.uint64(8 * own) << np.uint64(8 * own)
    numbers[rng.integers(0, count, large)] = 2**64 - 1
    return numbers


@settings(max_examples=80)
@given(st.integers(1, 1_200), st.integers(1, 8), st.integers(0, 2**32), st.integers(0, 3))
def test_zstd_reads_the_frames(count: int, own: int, seed: int, large: int) -> None:
    check_frame(made(count, own, seed, large))


def test_a_frame_has_the_octets_that_differ_and_little_more() -> None:
    for own in (1, 2, 3, 4, 5):
        assert len(check_frame(made(65_536, own, own))) < 65_536 * own * 1.03 + 100
    assert len(check_frame(made(65_536, 4, 9, large=1))) < 65_536 * 4.2
    assert len(check_frame(made(65_536, 8, 8))) < 65_536 * 8.03


@settings(max_examples=60)
@given(KEYS, KEYS, st.integers(1, 70))
def test_records_go_where_their_rank_is(keys: list[int], bounds: list[int], times: int) -> None:
    values = np.array(keys * times, np.uint64)
    steps = np.unique(np.array(bounds, np.uint64))
    ranks, counts = np.empty(len(values), np.uint8), np.zeros(len(steps) + 1, np.uint64)
    rank(values, steps, ranks, counts)
    wanted = np.searchsorted(steps, values, side="right")
    assert np.array_equal(ranks, wanted)
    assert np.array_equal(counts, np.bincount(wanted, minlength=len(steps) + 1))
    to = np.empty(len(values), np.uint32)
    place(ranks, np.cumsum(counts) - counts, to)
    for kind in (np.uint32, np.uint64):
        column = (values >> np.uint64(13)).astype(kind)
        out = np.empty_like(column)
        spread(column, to, out)
        assert np.array_equal(out, column[np.argsort(wanted, kind="stable")])
