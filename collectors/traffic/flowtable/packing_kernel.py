"""The compiled loops that leave out of records the octets that all of them share, and put them back.

A record is 21 words of 64 bits. Of each word the octets from the lowest to the highest that differ anywhere from the
first record's are stored, one behind the other.
"""

from typing import Any, Final

import numba
import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from collectors.traffic.flowtable import compiled as compiling
from collectors.traffic.flowtable.compiled import OPTIONS
from collectors.traffic.packet import octets_kernel
from collectors.traffic.packet.octets_kernel import put64
from collectors.traffic.packet.stamp import stamp

FIELD: Final = np.dtype([("word", "u8"), ("at", "u8"), ("shift", "u8"), ("mask", "u8")])
"""What is stored of a word: which word, where in the row, its lowest bit, and its bits once they are shifted down."""

SPARE: Final = 8
"""Octets behind the rows: words are written and read whole."""

_ZERO = np.uint64(0)


def _near64(typing_context: Any, buffer: Any, at: Any) -> Any:
    """Return the eight octets at `at` in the host's order, wherever they begin."""
    del typing_context

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        values = context.make_array(signature.args[0])(context, builder, arguments[0])
        octets = builder.bitcast(builder.gep(values.data, [arguments[1]]), cgutils.voidptr_t)
        return builder.load(builder.bitcast(octets, ir.PointerType(ir.IntType(64))), align=1)

    return types.uint64(buffer, at), generate


_near: Final[Any] = intrinsic(_near64)


def _array(kind: Any, dimensions: int = 1, *, readonly: bool = False) -> Any:
    return numba.types.Array(kind, dimensions, "C", readonly=readonly)


_WORDS: Final = _array(numba.uint64)
_ROWS: Final = _array(numba.uint64, 2)
_OCTETS: Final = _array(numba.uint8)
_FIELDS: Final = _array(numba.from_dtype(FIELD))


def _entries(sources: int) -> tuple[Any, Any, Any]:
    @njit(numba.void(_ROWS, _WORDS), cache=True, **OPTIONS)
    def differ(rows: Any, bits: Any) -> None:
        """Set in `bits` (u8[w], zeros) those that any of `rows` (u8[n, w]) has otherwise than the first."""
        sources  # noqa: B018  # in the key of the cache: see packet/stamp.py
        for i in range(np.uint64(len(rows))):
            for word in range(np.uint64(len(bits))):
                bits[word] |= rows[i, word] ^ rows[_ZERO, word]

    @njit(numba.void(_ROWS, _FIELDS, numba.uint64, _OCTETS), cache=True, **OPTIONS)
    def pack(rows: Any, fields: Any, width: Any, octets: Any) -> None:
        """Store of `rows` (u8[n, w]) these fields in `octets` (n * width + SPARE), a row behind the other."""
        sources  # noqa: B018  # the same
        if np.uint64(len(octets)) < np.uint64(len(rows)) * width + np.uint64(SPARE):
            return
        # What is written beyond a field belongs to the next, which is written later; behind the last, to the next row.
        for i in range(np.uint64(len(rows))):
            at = i * width
            for field in range(np.uint64(len(fields))):
                how = fields[field]
                put64(octets, at + how.at, _ZERO, (rows[i, how.word] ^ rows[_ZERO, how.word]) >> how.shift)

    @njit(numba.void(_OCTETS, _FIELDS, numba.uint64, _WORDS, _ROWS), cache=True, **OPTIONS)
    def unpack(octets: Any, fields: Any, width: Any, first: Any, rows: Any) -> None:
        """Make `rows` (u8[n, w]) out of what `pack` stored and the words of the first record."""
        sources  # noqa: B018  # the same
        if np.uint64(len(octets)) < np.uint64(len(rows)) * width + np.uint64(SPARE):
            return
        for i in range(np.uint64(len(rows))):
            for word in range(np.uint64(len(first))):
                rows[i, word] = first[word]
            at = i * width
            for field in range(np.uint64(len(fields))):
                how = fields[field]
                rows[i, how.word] ^= (_near(octets, at + how.at) & how.mask) << how.shift

    return differ, pack, unpack


differ, pack, unpack = _entries(stamp(compiling, octets_kernel))
