"""Compiled loops of keeping flows: from records to columns, what lies near packed as differences, whose addresses.

A column in memory is of 32 or of 64 bits, whatever its field has: those are Parquet's integers. Each loop is compiled
when this module is loaded (from numba's cache after the first time), so that none is while records wait.
"""

from typing import Any, Final

import numba
import numpy as np
from numba import njit

from exporters.flowstore.code_kernel import put64
from netmon.api.flowcolumns import FIELD
from netmon.api.prefix_kernel import Lookup, longest

U = np.uint64
WORDS: Final = 21  # of 64 bits in a record
_W = U(WORDS)
SEEN: Final = 8 * WORDS  # words of eight records
_EIGHT = U(SEEN)
_0, _1, _64 = U(0), U(1), U(64)
_NS_IN_MS = U(1_000_000)
_LONGEST_MS = U(0xFFFF_FFFF)
_BLOCK = U(256)  # records whose 43 kB stay in the first-level cache while their columns are written
_MINI = U(32)  # values of a miniblock (Parquet, Delta encoding), of which four make a block
_4, _8, _SEVEN_BITS, _MORE = U(4), U(8), U(0x7F), U(0x80)
SEARCHED = np.uint32(0xFFFF_FFFF)


def _array(kind: Any, dimensions: int = 1, *, readonly: bool = False) -> Any:
    return numba.types.Array(kind, dimensions, "C", readonly=readonly)


_longest: Final = njit(inline="always")(longest)
_U8, _U32, _U64 = _array(numba.uint8), _array(numba.uint32), _array(numba.uint64)
_TABLES: Final = (_array(numba.int32), _array(numba.int32, 2), _array(numba.uint64, 2), _array(numba.int32))
_FIELDS: Final = _array(numba.from_dtype(FIELD))
_OPTIONS: Final[dict[str, Any]] = {"cache": True, "nogil": True, "_nrt": False}


@njit(numba.void(_array(numba.uint64, readonly=True), _U64), **_OPTIONS)
def bounds(words: Any, found: Any) -> None:
    """Find the first and the last end of records, in nanoseconds."""
    first, last = ~_0, _0
    for at in range(_1, U(len(words)), _W):
        end = words[at]
        first, last = min(first, end), max(last, end)
    found[0], found[1] = first, last


@njit(
    numba.void(
        _array(numba.uint64, readonly=True),
        _FIELDS,
        _array(numba.uint32, 2),
        _array(numba.uint64, 2),
        _U64,
        numba.uint64,
        _U64,
    ),
    **_OPTIONS,
)
def keep(words: Any, fields: Any, narrow: Any, wide: Any, used: Any, at: Any, seen: Any) -> None:
    """Write records into columns from place `at` on; row 0 of `narrow` is the duration, row 0 of `wide` the end.

    `words` are whole records, and there is room for them. Fields that never differed from their default are not
    written; one that does so for the first time gets the next row of `used` (narrow, wide) and is filled up to here.
    `seen`: room for eight records, and eight records of defaults.
    """
    count = U(len(words)) // _W
    for block in range(_0, count, _BLOCK):
        behind = min(count, block + _BLOCK)
        # Eight records at a time are whole vectors; what came together is then folded to one record.
        together = _EIGHT * ((behind - block) // _8)
        for k in range(_EIGHT):
            seen[k] = _0
        for first in range(block * _W, block * _W + together, _EIGHT):
            for k in range(_EIGHT):
                seen[k] |= words[first + k] ^ seen[_EIGHT + k]
        for k in range(_W, _EIGHT):
            seen[k % _W] |= seen[k]
        for k in range(block * _W + together, behind * _W):
            seen[k % _W] |= words[k] ^ seen[_EIGHT + k % _W]
        for field in fields:
            word, shift, mask, default = field.word, field.shift, field.mask, field.default
            row = field.present - _1
            if not field.present:
                if not seen[word] >> shift & mask:
                    continue
                row = used[field.wide]
                used[field.wide] = field.present = row + _1
                for i in range(_0, at + block):
                    if field.wide:
                        wide[row, i] = default
                    else:
                        narrow[row, i] = np.uint32(default)
            if field.wide:
                for i in range(block, behind):
                    wide[row, at + i] = words[i * _W + word]
            else:
                for i in range(block, behind):
                    narrow[row, at + i] = np.uint32(words[i * _W + word] >> shift & mask)
        for i in range(block, behind):
            start, end = words[i * _W] // _NS_IN_MS, words[i * _W + _1] // _NS_IN_MS
            wide[0, at + i] = end
            # A start behind the end is a clock that was set: no duration. 2**32 ms are 49 days.
            narrow[0, at + i] = np.uint32(min(end - start, _LONGEST_MS)) if start < end else np.uint32(0)


@njit(numba.uint64(_U8, numba.uint64, numba.uint64), inline="always")
def _varint(out: Any, at: Any, number: Any) -> Any:
    while number > _SEVEN_BITS:
        out[at] = np.uint8(number & _SEVEN_BITS | _MORE)
        number >>= U(7)
        at += _1
    out[at] = np.uint8(number)
    return at + _1


def delta_room(values: int) -> int:
    """Return how many octets `delta` may write."""
    return 9 * values + 1_200


@njit(inline="always")
def _zigzag(number: Any) -> Any:
    return U(number << 1) ^ U(number >> 63)


@njit([numba.uint64(each, _U64, _U8) for each in (_U32, _U64)], **_OPTIONS)
def delta(values: Any, room: Any, out: Any) -> Any:
    """Write DELTA_BINARY_PACKED (Parquet, Encodings); return its octets, of which `delta_room` tells how many at most.

    At least one value. Differences wrap around at 64 bits, as the format has it. `room`: for the 128 of a block.
    """
    count = U(len(values))
    at = _varint(out, _varint(out, _varint(out, _0, _4 * _MINI), _4), count)
    at = _varint(out, at, _zigzag(np.int64(values[0])))
    for block in range(_1, count, _4 * _MINI):
        several = min(count - block, _4 * _MINI)
        least = np.int64(U(values[block]) - U(values[block - _1]))
        for i in range(_0, several):
            difference = U(values[block + i]) - U(values[block + i - _1])
            room[i] = difference
            least = min(least, np.int64(difference))
        for i in range(_0, several):
            room[i] -= U(least)
        for i in range(several, _4 * _MINI):
            room[i] = _0
        at = _varint(out, at, _zigzag(least))
        widths = at
        at += _4
        for first in range(_0, _4 * _MINI, _MINI):
            bits = _0
            for i in range(first, first + _MINI):
                bits |= room[i]
            width = _0
            while width < _64 and bits >> width:
                width += _1
            out[widths + first // _MINI] = np.uint8(width)
            if not width:
                continue
            word, used = _0, _0
            for i in range(first, first + _MINI):
                value = room[i]
                word |= value << used
                used += width
                if used >= _64:
                    put64(out, at, word)
                    at += _8
                    used -= _64
                    word = value >> (width - used) if used else _0
            put64(out, at, word)
            at += used >> U(3)  # 32 numbers are whole octets
    return at


@njit(numba.void(*_TABLES, _U32, _U64, _U64, _U32), **_OPTIONS)
def name(top: Any, middle: Any, edges: Any, owners: Any, numbers: Any, hi: Any, lo: Any, out: Any) -> None:
    """Write the number of the longest prefix that each address lies in; an empty `hi` is all 0.

    `numbers`: SEARCHED, that of nobody's addresses, then by place.
    """
    rare = _0
    for i in range(_0, U(len(lo))):
        # The usual case of `longest`, IPv4 by its first three octets, without branches that are foretold wrongly.
        low = lo[i]
        found = np.int64(top[low >> U(16) & U(0xFFFF)])
        within = np.int64(middle[U(-2 - found) if found < -1 else _0, low >> _8 & U(0xFF)])
        found = within if found < -1 else found
        out[i] = numbers[U(found + 2)]
        rare += U(found < -1 or low >> U(32) != U(0xFFFF))
    if not rare and not len(hi):
        return
    lookup = Lookup(top, middle, edges, owners)
    for i in range(_0, U(len(lo))):
        high = hi[i] if len(hi) else _0
        if high or lo[i] >> U(32) != U(0xFFFF) or out[i] == SEARCHED:
            out[i] = numbers[U(_longest(lookup, high, lo[i]) + 2)]
