"""Values as places in a dictionary: the compiled loops beside plain Python's answers, and which dictionary is taken."""

from typing import Any

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from exporters.flowstore.code_kernel import BLOCK_WORDS, SPARE, direct, distinct, limits, lower, pack, through, unlike
from exporters.flowstore.counting import counting
from exporters.flowstore.dictionaries import Dictionaries, _foretold
from exporters.flowstore.pages import Tries

FACTOR = np.uint64(0x9E37_79B9_7F4A_7C15)
SEEDS = st.integers(0, 2**32)


def drawn(seed: int, count: int, several: int, top: int, kind: Any) -> NDArray[Any]:
    """Return so many values, of which at most `several` are unlike, all below `top`."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, top, several, np.uint64)[rng.integers(0, several, count)].astype(kind)


@settings(max_examples=40)
@given(SEEDS, st.sampled_from([1, 2, 700, 16_384]), st.integers(1, 3_000), st.integers(0, 3_000))
def test_places_are_those_of_first_appearance(seed: int, several: int, count: int, before: int) -> None:
    for kind, top in ((np.uint16, 2**16), (np.uint32, 2**32), (np.uint64, 2**64 - 1)):
        values = drawn(seed, count + before, several, top, kind)
        order = {value: place for place, value in enumerate(dict.fromkeys(values.tolist()))}
        wanted = [order[value] for value in values.tolist()]
        loops: tuple[Any, ...] = (direct,) if kind is np.uint16 else (distinct, unlike)
        for loop in loops:
            codes, found = np.empty(len(values), np.uint16), np.empty(16_385, kind)
            slots = np.zeros(65_536, np.uint16)
            given_ = (slots,) if loop is direct else (FACTOR, slots)
            known = int(loop(values[:before], *given_, codes[:before], found, np.uint64(0)))
            assert known == len(set(values[:before].tolist()))
            known = int(loop(values[before:], *given_, codes[before:], found, np.uint64(known)))
            assert codes.tolist() == wanted
            assert found[:known].tolist() == list(order)


@pytest.mark.parametrize("loop", [distinct, unlike])
def test_values_that_meet_in_one_slot(loop: Any) -> None:
    values = np.arange(300, dtype=np.uint64).repeat(2)  # times 1, their high bits are all 0
    codes, found = np.empty(600, np.uint16), np.empty(301, np.uint64)
    assert int(loop(values, np.uint64(1), np.zeros(512, np.uint16), codes, found, np.uint64(0))) == 300
    assert np.array_equal(codes, np.arange(300).repeat(2))


def test_one_value_too_many_is_told_and_nothing_is_written_behind() -> None:
    for loop in (distinct, unlike):
        found = np.zeros(102, np.uint64)
        values, codes = np.arange(1, 103, dtype=np.uint64), np.empty(102, np.uint16)
        most = found[:101]  # of which the last is spare
        assert int(loop(values[:100], FACTOR, np.zeros(256, np.uint16), codes, most, np.uint64(0))) == 100
        assert int(loop(values[:101], FACTOR, np.zeros(256, np.uint16), codes, most, np.uint64(0))) == -1
        assert found[101] == 0
    values16, codes = np.arange(102, dtype=np.uint16), np.empty(102, np.uint16)
    near = np.empty(101, np.uint16)
    assert int(direct(values16[:101], np.zeros(128, np.uint16), codes, near, np.uint64(0))) == 101
    assert int(direct(values16, np.zeros(128, np.uint16), codes, near, np.uint64(0))) == -1


@settings(max_examples=60)
@given(SEEDS, st.integers(1, 16), st.integers(1, 2_500))
def test_packed_numbers_are_read_bit_by_bit(seed: int, width: int, eights: int) -> None:
    codes = np.random.default_rng(seed).integers(0, 1 << width, 8 * eights).astype(np.uint16)
    out = np.full(eights * width + SPARE + 1, 0xEE, np.uint8)
    pack(codes.view(np.uint64), np.uint64(width), np.empty(BLOCK_WORDS, np.uint64), out)
    bits = np.unpackbits(out[: eights * width], bitorder="little").reshape(-1, width)
    assert np.array_equal(bits @ (1 << np.arange(width)), codes)
    assert out[-1] == 0xEE


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=70))
def test_limits_and_what_is_above_the_least(numbers: list[int]) -> None:
    for kind in (np.uint32, np.uint64):
        found = np.empty(2, kind)
        limits(np.array(numbers, kind), found)
        assert found.tolist() == [min(numbers), max(numbers)]
    near = np.array(numbers, np.uint32) % np.uint32(65_536) + np.uint32(7)
    above, seen = np.empty(len(near), np.uint16), np.empty(len(near), np.uint16)
    lower(near, near.min(), above)
    assert np.array_equal(above, near - near.min())
    through(above, np.arange(65_536, dtype=np.uint16)[::-1].copy(), seen)
    assert np.array_equal(seen, 65_535 - above.astype(np.int64))


@pytest.mark.parametrize("count", [512, 768, 1_024, 65_536])
def test_zstd_counts(count: int) -> None:
    made = counting(count)
    assert zstandard.ZstdDecompressor().decompress(made) == np.arange(count, dtype="<u4").tobytes()
    assert len(made) < 1_100 + count // 16


@settings(max_examples=60)
@given(
    SEEDS,
    st.one_of(st.integers(1, 50), st.integers(1, 40_000)),
    st.one_of(st.integers(1, 9), st.integers(1, 60_000)),
    st.sampled_from([1, 30, 5_000, 65_536, 2**24, 2**32]),
    st.booleans(),
)
def test_every_value_is_where_its_place_says(seed: int, count: int, several: int, top: int, wide: bool) -> None:
    values = drawn(seed, count, several, top, np.uint64 if wide else np.uint32)
    dictionaries = Dictionaries()
    dictionaries.of(drawn(seed, 9_000, 9_000, 2**32, values.dtype))  # memory that is not new
    found = dictionaries.of(values)
    assert found is not None
    assert found.words.dtype == values.dtype
    assert np.array_equal(found.words[dictionaries.places(count)], values)
    assert found.limits == (values.min(), values.max())
    assert found.small is None or zstandard.ZstdDecompressor().decompress(found.small) == found.words.tobytes()
    assert len(found.words) <= max(1_024, 2 * count)
    packed = dictionaries.eights(count)
    assert packed.view(np.uint16)[:count].tolist() == dictionaries.places(count).tolist()
    assert not packed.view(np.uint16)[count:].any()


def test_ports_take_all_numbers_and_protocols_those_that_occur() -> None:
    rng, dictionaries = np.random.default_rng(3), Dictionaries()
    ports = rng.integers(0, 65_536, 130_000).astype(np.uint32)
    found = dictionaries.of(ports)
    assert found is not None
    assert found.small is not None
    assert np.array_equal(found.words, np.arange(65_536))
    interfaces = dictionaries.of(rng.integers(436_207_617, 436_207_640, 130_000).astype(np.uint32))
    assert interfaces is not None
    assert interfaces.words.tolist() == list(range(436_207_617, 436_207_640))
    protocols = dictionaries.of(rng.choice([6, 17], 130_000).astype(np.uint32))
    assert protocols is not None
    assert sorted(protocols.words.tolist()) == [6, 17]
    few = dictionaries.of(np.where(rng.random(130_000) < 0.99, 443, rng.integers(0, 500, 130_000)).astype(np.uint32))
    assert few is not None
    assert len(few.words) <= 512


def test_every_number_of_sixteen_bits_and_nothing_else() -> None:
    """Too many for a dictionary that is searched, whatever the sample foretold."""
    values = np.concatenate([np.arange(65_536), np.zeros(65_536)]).astype(np.uint32)
    values[60_000:70_000] = 5
    values[:10_000] = np.r_[values[60_000 - 5_000 : 60_000], np.arange(60_000, 65_000)]
    values = np.concatenate([values, np.arange(65_536, dtype=np.uint32)])
    dictionaries = Dictionaries()
    found = dictionaries.of(values)
    assert found is not None
    assert np.array_equal(found.words[dictionaries.places(len(values))], values)


def test_what_takes_too_many_entries_has_none() -> None:
    dictionaries = Dictionaries()
    for kind in (np.uint32, np.uint64):
        values = (np.arange(66_000) * 50_021 % 2**31).astype(kind)
        assert dictionaries.of(values) is None
        assert dictionaries.of(values[:5_000], 4_999) is None
        assert dictionaries.of(values[:5_000], 5_000) is not None
        assert dictionaries.of(values, unless=lambda: True) is None
        hidden = np.concatenate([values, np.zeros(130_000, kind)])  # of which the sample sees nothing
        assert dictionaries.of(hidden) is None
    assert dictionaries.of(np.arange(300, dtype=np.uint32), 256) is None


@given(st.integers(1, 60_000), st.integers(5_000, 190_000))
def test_a_sample_foretells_how_many(several: int, rows: int) -> None:
    def met(drawn_: int) -> int:
        return round(several * (1 - (1 - 1 / several) ** drawn_))

    first, both = met(2_048), met(4_096)
    if several <= 20_000:  # of more, a sample of so few says little
        assert _foretold(first, both, rows) == pytest.approx(met(rows), rel=0.2, abs=2)
    assert _foretold(first, first, rows) == first
    assert _foretold(first, 2 * first, rows) == rows


def test_tries_for_nothing_become_rare_and_come_back() -> None:
    def asked(groups: int, saves: range) -> list[int]:
        tries, at = Tries(), []
        for group in range(groups):
            if tries.due():
                at.append(group)
                tries.came_to(saved=group in saves)
        return at

    assert asked(30, range(0)) == [0, 2, 6, 14, 22]
    assert asked(9, range(9)) == list(range(9))
    assert asked(12, range(5, 10)) == [0, 2, 6, 7, 8, 9, 10]
