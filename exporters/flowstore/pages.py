"""One column of one row group as Parquet's pages: what its values are worth decides how they are packed.

A column with few values becomes a dictionary and bit-packed places in it, which is quick to write and quicker to read
than anything else (docs/benchmarks.md); times and what repeats too little become packed differences. zstd comes on top
where a sample shows that it saves a fifth.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeAlias

import numpy as np
import zstandard

from exporters.flowstore.frame_kernel import frame
from exporters.flowstore.memory import Octets, Room, Sheets, Values
from exporters.flowstore.pack_kernel import delta, direct, distinct, pack
from exporters.flowstore.thrift import Value, binary, i32, i64, several, struct, varint, yes

Called: TypeAlias = Callable[[int], str]

ROWS_MAX: Final = 196_608  # of a row group
_DISTINCT_MAX: Final = 65_536  # of a dictionary
_SAMPLE: Final = 1_024  # values; a quarter of them unlike: not worth a dictionary where time counts
_SAMPLE_OCTETS: Final = 2_048
_LOOKED_AT: Final = 8_192  # values of a good file's column that tell how it is packed
_UNLIKE: Final = 5_120  # of them, for packed differences; questions read dictionaries sooner
_CLOSE: Final = 1 << 24  # numbers below it have differences that are worth packing
_WIDTH_MAX: Final = 36  # bits of a packed difference, on average; a dictionary takes less than more
_SAVES: Final = 0.8  # of its size, for zstd to be worth the time of reading it
_SAVES_SOON: Final = 0.625  # and of writing it, where time counts
_NARROW, _WIDE = 4, 8  # octets of a value
_DICTIONARY, _DATA = 2, 3  # types of pages


class Encoding(IntEnum):
    """Parquet's numbers of encodings."""

    PLAIN = 0
    RLE = 3
    DELTA_BINARY_PACKED = 5
    RLE_DICTIONARY = 8


class Codec(IntEnum):
    """Parquet's numbers of compressions."""

    UNCOMPRESSED = 0
    ZSTD = 6


@dataclass(frozen=True, slots=True)
class Chunk:
    """A column of a row group: its octets, and what the footer tells of them."""

    octets: tuple[Octets, ...]
    rows: int
    size: int  # of the octets
    unpacked: int  # before compression
    dictionary: int  # octets of the dictionary's page, which comes first; 0: none
    encodings: tuple[Encoding, ...]
    codec: Codec
    statistics: Value


class Encoder:
    """Packs columns. Its memory is used again and again: one thread at a time."""

    def __init__(self, level: int) -> None:
        """Take zstd's level; 1 is told what these columns are like, and is quicker for it."""
        self._quick = level == 1
        self._saves = _SAVES_SOON if self._quick else _SAVES
        self._zstd = (
            zstandard.ZstdCompressor(compression_params=_quick_zstd())
            if self._quick
            else zstandard.ZstdCompressor(level=level)
        )
        self._factor = np.uint64(secrets.randbits(64) | 1)  # nobody can send values that all meet in one slot
        self._slots = np.zeros(2 * _DISTINCT_MAX, np.uint32)
        self._codes = np.empty(ROWS_MAX, np.uint32)
        self._found: dict[int, Values] = {
            _NARROW: np.empty(_DISTINCT_MAX + 1, np.uint32),
            _WIDE: np.empty(_DISTINCT_MAX, np.uint64),
        }
        self._words = np.empty(1 + ROWS_MAX // 2 + 8, np.uint64)  # the first is for what stands before them
        self._octets = np.empty(ROWS_MAX * 9 + 1_200, np.uint8)
        self._widened = np.empty(ROWS_MAX, np.uint64)
        self.room = Room()
        self.sheets = Sheets()

    def packed(self, values: Values, bits: int, *, rising: bool = False) -> Chunk:
        """Return a column as small as it becomes without much ado.

        `bits`: those set in any value. `rising`: in an order of its own, so that differences are small.
        """
        if rising:
            return self._by_differences(values, _limits(values), squeeze=not self._quick)
        if not self._differ(values, bits):
            count = self._distinct(values, _DISTINCT_MAX, bits)
            if count >= 0:
                return self._by_dictionary(values, count)
        if values.itemsize == _WIDE or bits < _CLOSE:
            return self._by_differences(values, _limits(values))
        return self._chunk(len(values), values.view(np.uint8).data, Encoding.PLAIN, _limits(values))

    def _differ(self, values: Values, bits: int) -> bool:
        """Tell whether values are so unlike that packed differences are as good as a dictionary, and sooner there."""
        if len(values) < 2 * _LOOKED_AT or bits < _DISTINCT_MAX or (values.itemsize == _NARROW and bits >= _CLOSE):
            return False
        some = values[len(values) // 2 :][:_LOOKED_AT]
        if self._distinct(some, _UNLIKE, bits) >= 0:
            return False
        return int(delta(self._as_wide(some), self._octets)) * 8 <= _WIDTH_MAX * _LOOKED_AT

    def quick(self, values: Values, *, rising: bool = False) -> Chunk:
        """Return a column for a file that will be written again soon; it refers to the memory of the values."""
        if rising:
            return self._by_differences(values, {}, squeeze=False)
        if self._distinct(values[:_SAMPLE], _SAMPLE // 4) >= 0:
            count = self._distinct(values, 4 * _SAMPLE)
            if count >= 0:
                return self._by_dictionary(values, count, squeeze=False)
        page = values.view(np.uint8).data
        return self._chunk(len(values), page, Encoding.PLAIN, {}, squeeze=False, stays=True)

    def named(self, numbers: Values, called: Called, bits: int | None = None, *, squeeze: bool = True) -> Chunk:
        """Return a column of names, given by numbers; those that are too many for a dictionary become plain."""
        count, rows = self._distinct(numbers, _DISTINCT_MAX, bits), len(numbers)
        if count < 0:
            texts = b"".join(_text(called(each)) for each in numbers.tolist())
            return self._chunk(rows, texts, Encoding.PLAIN, {}, squeeze=squeeze)
        names = b"".join(_text(called(each)) for each in self._found[_NARROW][:count].tolist())
        page = self._places(rows, count)
        return self._chunk(rows, page, Encoding.RLE_DICTIONARY, {}, (names, count), squeeze=squeeze)

    def same(self, value: Values, rows: int, called: Called | None) -> Chunk:
        """Return a column of so many times the same value, of which one is given."""
        page = b"\0" + varint(rows << 1)
        if called is not None:
            return self._chunk(
                rows, page, Encoding.RLE_DICTIONARY, {}, (_text(called(int(value[0]))), 1), squeeze=False
            )
        words = value.view(np.uint8).data
        return self._chunk(rows, page, Encoding.RLE_DICTIONARY, _limits(value), (words, 1), squeeze=False)

    def _by_differences(self, values: Values, limits: Mapping[int, Value], *, squeeze: bool = True) -> Chunk:
        page = self._octets[: int(delta(self._as_wide(values), self._octets))].data
        return self._chunk(len(values), page, Encoding.DELTA_BINARY_PACKED, limits, squeeze=squeeze)

    def _as_wide(self, values: Values) -> Values:
        if values.itemsize == _WIDE:
            return values
        wide = self._widened[: len(values)]
        wide[:] = values
        return wide

    def _by_dictionary(self, values: Values, count: int, *, squeeze: bool = True) -> Chunk:
        found = self._found[values.itemsize][:count]
        page, limits = self._places(len(values), count), _limits(found) if squeeze else {}
        dictionary = found.view(np.uint8).data, count
        small = self._framed(found) if squeeze and self._quick and found.itemsize == _WIDE else None
        return self._chunk(len(values), page, Encoding.RLE_DICTIONARY, limits, dictionary, small=small, squeeze=squeeze)

    def _framed(self, numbers: Values) -> Octets | None:
        """Return numbers as a frame of zstd that takes no search, None where that saves too little."""
        if len(numbers) * _WIDE < _SAMPLE:
            return None
        size = int(frame(numbers, self._octets))
        return self._octets[:size].data if size <= _SAVES * _WIDE * len(numbers) else None

    def _distinct(self, values: Values, most: int, bits: int | None = None) -> int:
        """Give each value a number; return how many there are, -1 for more than `most`."""
        found = self._found[values.itemsize]
        if values.itemsize == _NARROW:
            top = int(values.max()) if bits is None else bits
            if top < _DISTINCT_MAX:
                slots = self._slots[: 1 << max(top, 1).bit_length()]
                slots[:] = 0
                count = int(direct(values, slots, self._codes, found))
                return count if count <= most else -1
        for limit in (min(_SAMPLE, most), most):  # few slots first: they stay near
            slots = self._slots[: 1 << (2 * limit - 1).bit_length()]
            slots[:] = 0
            count = int(distinct(values, self._factor, slots, self._codes, found[:limit]))
            if count >= 0 or limit == most:
                return count
        return -1

    def _places(self, rows: int, count: int) -> Octets:
        """Return places in a dictionary of so many as one run (Parquet, RLE/bit-packing hybrid) behind their width."""
        width = (count - 1).bit_length()
        if not width:
            return b"\0" + varint(rows << 1)
        eights = (rows + 7) // 8
        head = bytes([width]) + varint(eights << 1 | 1)
        pack(self._codes[:rows], np.uint64(width), self._words[1:])
        octets = self._words.view(np.uint8)[_WIDE - len(head) : _WIDE + eights * width].data
        octets[: len(head)] = head
        return octets

    def _chunk(  # noqa: PLR0913  # what a chunk is made of
        self,
        rows: int,
        page: Octets,
        encoding: Encoding,
        limits: Mapping[int, Value],
        dictionary: tuple[Octets, int] = (b"", 0),
        *,
        small: Octets | None = None,
        squeeze: bool = True,
        stays: bool = False,
    ) -> Chunk:
        words, entries = dictionary
        squeezed = self._squeezed(page) if squeeze else None
        if squeeze and small is None:
            small = self._squeezed(words)
        codec = Codec.UNCOMPRESSED if squeezed is None and small is None else Codec.ZSTD
        octets: list[Octets] = []
        ahead = unpacked = 0
        if entries:
            body: Octets = words if codec is Codec.UNCOMPRESSED else small or self._zstd.compress(words)
            head = _dictionary_head(entries, len(words), len(body))
            octets += head, self.sheets.keep(body)
            ahead, unpacked = len(head) + len(body), len(head) + len(words)
        body = page if squeezed is None else squeezed
        head = _data_head(rows, encoding, len(page), len(body), squeezed=squeezed is not None)
        octets += head, body if stays else self.sheets.keep(body)
        return Chunk(
            tuple(octets),
            rows,
            size=ahead + len(head) + len(body),
            unpacked=unpacked + len(head) + len(page),
            dictionary=ahead,
            encodings=(Encoding.PLAIN, Encoding.RLE, encoding) if entries else (Encoding.RLE, encoding),
            codec=codec,
            statistics=struct({3: i64(0), **limits}),
        )

    def _squeezed(self, octets: Octets) -> bytes | None:
        """Return octets compressed, None where that saves too little."""
        part = memoryview(octets)[len(octets) // 2 :][:_SAMPLE_OCTETS]  # behind those that tell every value first
        if len(part) < _SAMPLE or len(self._zstd.compress(part)) > self._saves * len(part):
            return None
        return self._zstd.compress(octets)


def _quick_zstd() -> zstandard.ZstdCompressionParameters:
    """Return a way of zstd for what is packed already: long repetitions are rare in it, and what is near is found."""
    return zstandard.ZstdCompressionParameters(
        window_log=17,
        chain_log=6,
        hash_log=8,
        search_log=1,
        min_match=7,
        target_length=0,
        strategy=zstandard.STRATEGY_FAST,
    )


def _text(name: str) -> bytes:
    octets = name.encode(errors="replace")  # half a surrogate pair is no text
    return len(octets).to_bytes(4, "little") + octets


def _limits(values: Values) -> Mapping[int, Value]:
    """Return the largest and the smallest value as statistics have them."""
    return {5: binary(values.max().tobytes()), 6: binary(values.min().tobytes())}


def _dictionary_head(entries: int, unpacked: int, size: int) -> bytes:
    told = struct({1: i32(entries), 2: i32(Encoding.PLAIN)})
    return struct({1: i32(_DICTIONARY), 2: i32(unpacked), 3: i32(size), 7: told})[1]


def _data_head(rows: int, encoding: Encoding, unpacked: int, size: int, *, squeezed: bool) -> bytes:
    """Return the header of a page of the second kind: no levels, because no value is missing or repeated."""
    told = struct({1: i32(rows), 2: i32(0), 3: i32(rows), 4: i32(encoding), 5: i32(0), 6: i32(0), 7: yes(squeezed)})
    return struct({1: i32(_DATA), 2: i32(unpacked), 3: i32(size), 8: told})[1]


def described(chunk: Chunk, kind: int, name: str, at: int) -> Value:
    """Return what the footer tells of a chunk that begins at an octet of the file."""
    fields = {
        1: i32(kind),
        2: several([i32(each) for each in chunk.encodings]),
        3: several([binary(name.encode())]),
        4: i32(chunk.codec),
        5: i64(chunk.rows),
        6: i64(chunk.unpacked),
        7: i64(chunk.size),
        9: i64(at + chunk.dictionary),
    }
    if chunk.dictionary:
        fields[11] = i64(at)
    fields[12] = chunk.statistics
    return struct({2: i64(at), 3: struct(fields)})
