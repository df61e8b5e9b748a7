"""Values of a column as places in a dictionary: which dictionary, and how it is found.

Numbers near each other of which most occur take all that lie between them as their dictionary, in order: nothing has
to be searched then, and such a dictionary compresses to almost nothing. Of others the unlike ones are found. How many
these are is foretold by a sample.
"""

import secrets
from collections.abc import Callable
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from exporters.flowstore.code_kernel import direct, distinct, limits, lower, unlike
from exporters.flowstore.counting import counting
from exporters.flowstore.memory import Values

ROWS_MAX: Final = 196_608  # of a row group
_ROOM: Final = 65_535  # of a dictionary that is searched: a slot of 16 bits has a place and one, or 0
DISTINCT_MAX: Final = _ROOM
_BITS: Final = 16  # of a place
_SAMPLE: Final = 2_048  # values, twice: what is new among the second tells how many there will be
_FEW: Final = 2_048  # unlike values: whether the next is a new one is mostly foretold rightly
_SLOTS, _SLOTS_MAX = 1 << 15, 1 << 17  # those for a sample stay near
_SPACE: Final = 4  # slots for each value that is foretold
_HOPELESS: Final = 1.5  # times as many as a dictionary takes
_COUNTED: Final = 1 << 10  # numbers one after the other that are worth a frame of their own
_LOOKED_AT: Final = 8_192  # values
_UNLIKE: Final = 5_120  # of them: packed differences are as good
_AS_SMALL: Final = 1.02  # what is not searched may take a little more


class Dictionary(NamedTuple):
    """A dictionary; the places of the column's values are where `places` says, until the next one is found."""

    words: Values
    limits: tuple[Any, Any] | None  # the least and the largest value
    small: bytes | None = None  # the words as a frame of zstd, where it is there already


class Dictionaries:
    """Finds dictionaries. Its memory is used again and again: one thread at a time."""

    def __init__(self) -> None:
        self._factor = np.uint64(secrets.randbits(64) | 1)  # nobody can send values that all meet in one slot
        self._slots = np.zeros(_SLOTS_MAX, np.uint16)
        self._places = np.zeros(ROWS_MAX + 8, np.uint16)
        self._sampled = np.empty(2 * _SAMPLE, np.uint16)
        self._near = np.empty(_ROOM, np.uint16)
        kinds = [np.dtype(kind) for kind in (np.uint32, np.uint64)]
        self._limits = {kind: np.empty(2, kind) for kind in kinds}
        self._found = {kind: np.empty(_ROOM + 1, kind) for kind in kinds}

    def places(self, rows: int) -> NDArray[np.uint16]:
        """Return the places of the values of the last column, which had so many."""
        return self._places[:rows]

    def eights(self, rows: int) -> NDArray[np.uint64]:
        """Return them four a word, filled up with 0 to a multiple of eight."""
        behind = -(-rows // 8) * 8
        self._places[rows:behind] = 0
        return self._places[:behind].view(np.uint64)

    def limits(self, values: Values) -> tuple[Any, Any]:
        """Return the least and the largest of at least one value."""
        found = self._limits[values.dtype]
        limits(values, found)
        return found[0], found[1]

    def of(
        self, values: Values, most: int | None = None, unless: Callable[[], bool] = lambda: False
    ) -> Dictionary | None:
        """Return the dictionary of at least one value, None where it takes more than `most` entries.

        `unless` is asked where values are so unlike that something else may be as good; None then, if it says so.
        """
        most = DISTINCT_MAX if most is None else most
        if values.dtype == np.uint32:
            least, largest = self.limits(values)
            if int(largest) - int(least) < 1 << _BITS:
                return self._of_near(values, int(least), int(largest), most)
        return self._searched(values, most, unless)

    def _of_near(self, values: Values, least: int, largest: int, most: int) -> Dictionary | None:
        rows, width = len(values), (largest - least).bit_length()
        base = 0 if largest.bit_length() == width else least
        places, slots = self._places[:rows], self._slots[: 1 << width]
        lower(values, np.uint32(base), places)
        edges = np.uint32(least), np.uint32(largest)
        slots[:] = 0
        known = first = 0
        for sample in _samples(places):
            first, known = known, int(direct(sample, slots, self._sampled, self._near, np.uint64(known)))
        takes_all = largest - base <= most  # one more than are searched: all numbers of 16 bits
        if takes_all and _all_are_as_small(rows, width, _foretold(first, known, rows)):
            return _of_all(base, largest, edges)
        count = int(direct(places, slots, places, self._near, np.uint64(known)))
        if count < 0 and takes_all:  # they all occur
            lower(values, np.uint32(base), places)
            return _of_all(base, largest, edges)
        return Dictionary(self._near[:count] + np.uint32(base), edges) if 0 <= count <= most else None

    def _searched(self, values: Values, most: int, unless: Callable[[], bool]) -> Dictionary | None:
        rows, found = len(values), self._found[values.dtype]
        slots = self._slots[:_SLOTS]
        slots[:] = 0
        known = first = 0
        for sample in _samples(values):
            first, known = known, int(distinct(sample, self._factor, slots, self._sampled, found, np.uint64(known)))
        expected = _foretold(first, known, rows)
        if known > most or expected > _HOPELESS * most:
            return None
        if rows >= 2 * _LOOKED_AT and _foretold(first, known, _LOOKED_AT) > _UNLIKE and unless():
            return None
        count = -1
        if _SPACE * expected <= _SLOTS:
            count = self._find(values, slots, known, most, few=expected <= _FEW)
        if count < 0 and most > _SLOTS // 2:
            slots = self._slots
            slots[:] = 0
            count = self._find(values, slots, 0, most, few=False)
        return None if count < 0 else Dictionary(found[:count], (found[:count].min(), found[:count].max()))

    def _find(self, values: Values, slots: NDArray[np.uint16], known: int, most: int, *, few: bool) -> int:
        places = self._places[: len(values)]
        found = self._found[values.dtype][: min(most, len(slots) // 2) + 1]
        return int((distinct if few else unlike)(values, self._factor, slots, places, found, np.uint64(known)))


def _of_all(base: int, largest: int, edges: tuple[Any, Any]) -> Dictionary:
    """Return a dictionary of all numbers from one to another."""
    if base == 0 and largest >= _COUNTED:
        words, small = _counted(largest.bit_length())
        return Dictionary(words, edges, small)
    return Dictionary(np.arange(base, largest + 1, dtype=np.uint32), edges)


def _samples(values: Values) -> tuple[Values, Values]:
    """Return two samples from the middle of a column, of which the second may be short or empty."""
    begin = len(values) // 2 if len(values) >= 4 * _SAMPLE else 0
    return values[begin : begin + _SAMPLE], values[begin + _SAMPLE : begin + 2 * _SAMPLE]


def _foretold(first: int, both: int, rows: int) -> float:
    """Return how many unlike values so many rows have, of which a sample had `first`, and one twice as large `both`.

    Right where some share of the rows has values that are all met equally often; else there will be more.
    """
    kept = (both - first) / max(first, 1)  # of the values that are still unknown, by each sample
    if kept >= 1:
        return float(rows)
    return first / (1.0 - kept) * (1.0 - float(kept ** (rows / _SAMPLE)))


def _all_are_as_small(rows: int, width: int, expected: float) -> bool:
    """Tell whether a dictionary of all numbers of a width makes a column as small as one of those that occur."""
    every = 1 << width
    if every > max(2 * rows, _COUNTED):  # nobody should read many more entries than values
        return False
    counted = 4 * every if every <= _COUNTED else _COUNTED * 4 + every // 8
    searched = rows * (max(int(expected), 2) - 1).bit_length() / 8 + 4 * expected
    return rows * width / 8 + counted <= _AS_SMALL * searched


@cache
def _counted(width: int) -> tuple[Values, bytes]:
    """Return all numbers of a width, and a frame of them."""
    return np.arange(1 << width, dtype=np.uint32), counting(1 << width)
