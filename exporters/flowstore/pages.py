"""One column of one row group as Parquet's pages: what its values are worth decides how they are packed.

A column with few values becomes a dictionary and bit-packed places in it, which is quick to write and quicker to read
than anything else (docs/benchmarks.md); times and what repeats too little become packed differences. zstd comes on top
where a sample shows that it saves enough.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import zstandard

from exporters.flowstore.code_kernel import BLOCK_WORDS, SPARE, pack, through
from exporters.flowstore.dictionaries import Dictionaries, Dictionary
from exporters.flowstore.frame_kernel import frame, room
from exporters.flowstore.heads import Chunk, Codec, Encoding, data_head, dictionary_head, statistics
from exporters.flowstore.memory import Octets, Room, Sheets, Values
from exporters.flowstore.pack_kernel import delta, delta_room
from exporters.flowstore.thrift import varint

Called: TypeAlias = Callable[[int], str]
Limits: TypeAlias = tuple[Any, Any] | None  # the least and the largest value

_SAMPLE: Final = 1_024  # values; a quarter of them unlike: not worth a dictionary where time counts
_SAMPLE_OCTETS: Final = 2_048
_LOOKED_AT: Final = 8_192  # values that tell how wide packed differences are
_CLOSE: Final = 1 << 24  # numbers below it have differences that are worth packing
_WIDTH_MAX: Final = 36  # bits of a packed difference, on average; a dictionary takes less than more
_SAVES: Final = 0.8  # of its size, for zstd to be worth the time of reading it
_SAVES_SOON: Final = 0.33  # and of writing it, where time counts
_RESTS_MAX: Final = 7  # row groups of a column without a try
_NARROW, _WIDE = 4, 8  # octets of a value
_HEAD_OCTETS: Final = 8  # room before packed places: their width and number take six


@dataclass(slots=True)
class Tries:
    """Whether to try zstd on a column, told by what it saved in the row groups before."""

    rest: int = 0
    next_rest: int = 1

    def due(self) -> bool:
        """Tell whether this group is tried."""
        self.rest -= 1
        return self.rest < 0

    def came_to(self, *, saved: bool) -> None:
        """Note what came of it: after each time for nothing the rest is longer."""
        self.rest = 0 if saved else self.next_rest
        self.next_rest = 1 if saved else min(2 * self.next_rest + 1, _RESTS_MAX)


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
        self._values, self._names = Dictionaries(), Dictionaries()
        self._block = np.empty(BLOCK_WORDS, np.uint64)
        self._sheets = Sheets()
        self._tries: dict[tuple[str, bool], Tries] = {}
        self._texts: dict[Called, dict[int, bytes]] = {}
        self.room = Room()
        self.entries: Values | None = None  # of the dictionary that was packed last, None where there was none

    def begin(self) -> None:
        """Begin a file: the memory of the one before is used again."""
        self._sheets.clear()
        self._tries.clear()
        self._texts.clear()  # a number may have another name now

    def packed(self, column: str, values: Values, *, rising: bool = False) -> Chunk:
        """Return a column as small as it becomes without much ado.

        `rising`: in an order of its own, so that differences are small.
        """
        self.entries = None
        if rising:
            return self._by_differences("" if self._quick else column, values, self._values.limits(values))
        found = self._values.of(values, unless=lambda: self._is_close(values))
        if found is not None:
            self.entries = found.words
            return self._by_dictionary(column, len(values), found)
        limits = self._values.limits(values)
        if values.itemsize == _WIDE or limits[1] < _CLOSE:
            return self._by_differences(column, values, limits)
        page = self._sheets.keep(values.view(np.uint8).data)
        return self._chunk(column, len(values), page, Encoding.PLAIN, limits=limits)

    def quick(self, values: Values, *, rising: bool = False) -> Chunk:
        """Return a column for a file that will be written again soon; it refers to the memory of the values."""
        if rising:
            return self._by_differences("", values, None)
        if self._values.of(values[:_SAMPLE], _SAMPLE // 4) is not None:
            found = self._values.of(values, 4 * _SAMPLE)
            if found is not None:
                return self._by_dictionary("", len(values), found._replace(limits=None))
        return self._chunk("", len(values), values.view(np.uint8).data, Encoding.PLAIN)

    def named(self, column: str, numbers: Values, called: Called) -> Chunk:
        """Return a column of names, given by numbers; those that are too many for a dictionary become plain."""
        found = self._names.of(numbers)
        if found is None:
            texts = b"".join(_text(called(each)) for each in numbers.tolist())
            return self._chunk(column, len(numbers), texts, Encoding.PLAIN)
        return self._of_names(column, len(numbers), found.words, called)

    def looked_up(self, column: str, numbers: Values, rows: int, called: Called) -> Chunk:
        """Return a column of names, given by the number of each of `entries`."""
        found = self._names.of(numbers)
        if found is None:
            raise ValueError("more names than a dictionary has entries")
        table = self._names.places(len(numbers)).copy()
        through(self._values.places(rows), table, self._names.places(rows))
        return self._of_names(column, rows, found.words, called)

    def _of_names(self, column: str, rows: int, numbers: Values, called: Called) -> Chunk:
        known = self._texts.setdefault(called, {})  # mostly from the row group before
        several = numbers.tolist()
        known.update((each, _text(called(each))) for each in several if each not in known)
        names = b"".join([known[each] for each in several])
        page = self._places(self._names, rows, len(numbers))
        return self._chunk(column, rows, page, Encoding.RLE_DICTIONARY, dictionary=(names, len(numbers)))

    def same(self, value: Values, rows: int, called: Called | None) -> Chunk:
        """Return a column of so many times the same value, of which one is given."""
        page = b"\0" + varint(rows << 1)
        if called is not None:
            name = _text(called(int(value[0])))
            return self._chunk("", rows, page, Encoding.RLE_DICTIONARY, dictionary=(name, 1))
        words = value.view(np.uint8).data, 1
        return self._chunk("", rows, page, Encoding.RLE_DICTIONARY, limits=(value[0], value[0]), dictionary=words)

    def _by_differences(self, column: str, values: Values, limits: Limits) -> Chunk:
        octets = self._sheets.take(delta_room(len(values)))
        size = int(delta(values, self._block, octets))
        self._sheets.give_back(len(octets) - size)
        return self._chunk(column, len(values), octets[:size].data, Encoding.DELTA_BINARY_PACKED, limits=limits)

    def _is_close(self, values: Values) -> bool:
        """Tell whether packed differences of values are as short as their places in a large dictionary."""
        if values.itemsize == _NARROW and int(values.max()) >= _CLOSE:
            return False
        some = values[len(values) // 2 :][:_LOOKED_AT]
        octets = self._sheets.take(delta_room(len(some)))
        self._sheets.give_back(len(octets))
        return int(delta(some, self._block, octets)) * 8 <= _WIDTH_MAX * len(some)

    def _by_dictionary(self, column: str, rows: int, found: Dictionary) -> Chunk:
        page = self._places(self._values, rows, len(found.words))
        small: Octets | None = None
        if column:
            small = self._framed(found.words) if found.small is None else found.small
        words = found.words.view(np.uint8).data, len(found.words)
        return self._chunk(
            column, rows, page, Encoding.RLE_DICTIONARY, limits=found.limits, dictionary=words, small=small
        )

    def _framed(self, numbers: Values) -> Octets | None:
        """Return numbers as a frame of zstd that takes no search, None where that saves too little, or search more."""
        if not self._quick or numbers.itemsize != _WIDE or len(numbers) * _WIDE < _SAMPLE:
            return None
        octets = self._sheets.take(room(len(numbers)))
        size = int(frame(numbers, octets))
        small = size <= _SAVES * _WIDE * len(numbers)
        self._sheets.give_back(len(octets) - (size if small else 0))
        return octets[:size].data if small else None

    def _places(self, dictionaries: Dictionaries, rows: int, count: int) -> Octets:
        """Return places in a dictionary of so many as one run (Parquet, RLE/bit-packing hybrid) behind their width."""
        width = (count - 1).bit_length()
        if not width:
            return b"\0" + varint(rows << 1)
        eights = (rows + 7) // 8
        head = bytes([width]) + varint(eights << 1 | 1)
        octets = self._sheets.take(_HEAD_OCTETS + eights * width + SPARE)
        pack(dictionaries.eights(rows), np.uint64(width), self._block, octets[_HEAD_OCTETS:])
        self._sheets.give_back(SPARE)
        page = octets[_HEAD_OCTETS - len(head) : -SPARE].data
        page[: len(head)] = head
        return page

    def _chunk(  # noqa: PLR0913  # what a chunk is made of
        self,
        column: str,
        rows: int,
        page: Octets,
        encoding: Encoding,
        *,
        limits: Limits = None,
        dictionary: tuple[Octets, int] = (b"", 0),
        small: Octets | None = None,
    ) -> Chunk:
        """Return a chunk of a page that stays where it is; no name of a column: zstd is not tried."""
        words, entries = dictionary
        squeezed = self._squeezed(column, page, words=False)
        if small is None:
            small = self._squeezed(column, words, words=True)
        codec = Codec.UNCOMPRESSED if squeezed is None and small is None else Codec.ZSTD
        octets: list[Octets] = []
        ahead = unpacked = 0
        if entries:
            if small is None:
                small = self._sheets.keep(words if codec is Codec.UNCOMPRESSED else self._zstd.compress(words))
            head = dictionary_head(entries, len(words), len(small))
            octets += head, small
            ahead, unpacked = len(head) + len(small), len(head) + len(words)
        body = page if squeezed is None else squeezed
        head = data_head(rows, encoding, len(page), len(body), squeezed=squeezed is not None)
        octets += head, body
        size, unpacked = ahead + len(head) + len(body), unpacked + len(head) + len(page)
        return Chunk(tuple(octets), rows, size, unpacked, ahead, encoding, codec, statistics(limits))

    def _squeezed(self, column: str, octets: Octets, *, words: bool) -> Octets | None:
        """Return octets compressed, None where that saves too little."""
        if not column or len(octets) < _SAMPLE_OCTETS:
            return None
        tries = self._tries.setdefault((column, words), Tries()) if self._quick else Tries()
        if not tries.due():
            return None
        part = memoryview(octets)[len(octets) // 2 :][:_SAMPLE_OCTETS]  # behind those that tell every value first
        saved = len(self._zstd.compress(part)) <= self._saves * len(part)
        tries.came_to(saved=saved)
        return self._sheets.keep(self._zstd.compress(octets)) if saved else None


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
