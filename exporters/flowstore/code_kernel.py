"""Compiled loops that give values numbers, which are places in a dictionary, and pack such numbers as bits.

A dictionary has at most 65,536 entries, so that a number has 16 bits at most.
"""

from typing import Any, Final

import numba
import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

U = np.uint64
_0, _1, _2, _4, _8, _16, _64 = U(0), U(1), U(2), U(4), U(8), U(16), U(64)
BLOCK_WORDS: Final = 256  # that stay in the first-level cache between two looks at them
_BLOCK = U(BLOCK_WORDS)
SPARE: Final = 16  # octets behind packed numbers that may be written to


def _array(kind: Any) -> Any:
    return types.Array(kind, 1, "C")


_U8, _U16, _U32, _U64 = (_array(kind) for kind in (numba.uint8, numba.uint16, numba.uint32, numba.uint64))
_OPTIONS: Final[dict[str, Any]] = {"cache": True, "nogil": True, "_nrt": False}


@njit([numba.void(each, each) for each in (_U32, _U64)], **_OPTIONS)
def limits(values: Any, found: Any) -> None:
    """Find the least and the largest of at least one value."""
    least = most = values[_0]
    for i in range(_0, U(len(values))):
        value = values[i]
        least = min(least, value)
        most = max(most, value)
    found[_0], found[_1] = least, most


@njit(numba.void(_U32, numba.uint32, _U16), **_OPTIONS)
def lower(values: Any, least: Any, out: Any) -> None:
    """Write by how much values are more than the least one, which is by less than 2**16."""
    for i in range(_0, U(len(values))):
        out[i] = np.uint16(values[i] - least)


@njit(numba.int64(_U16, _U16, _U16, _U16, numba.uint64), **_OPTIONS)
def direct(values: Any, slots: Any, codes: Any, found: Any, known: Any) -> Any:
    """Give each value its place in `found`, where new ones are added; return how many are there, -1: one too many.

    `slots` are more than the largest value, all 0 but for the `known` values that `found` has already.
    `codes` may be `values`.
    """
    most = U(len(found))
    for i in range(_0, U(len(values))):
        value = values[i]
        code = slots[U(value)]
        if not code:
            if known == most:
                return -1
            found[known] = value
            known += _1
            code = np.uint16(known)
            slots[U(value)] = code
        codes[i] = code - np.uint16(1)
    return np.int64(known)


@njit([numba.int64(each, numba.uint64, _U16, _U16, each, numba.uint64) for each in (_U32, _U64)], **_OPTIONS)
def distinct(values: Any, factor: Any, slots: Any, codes: Any, found: Any, known: Any) -> Any:
    """Do the same for values of any size: a value's first slot is told by the high bits of `value * factor`.

    `slots`: 2**n of them, n at least 1, more than `found` has places; of these the last is room for what turns out to
    be one too many. `factor` is odd, and no sender knows it.
    """
    shift, mask, most = _64, U(len(slots) - 1), U(len(found) - 1)
    while U(len(slots)) >> (_64 - shift) > _1:
        shift -= _1
    for i in range(_0, U(len(values))):
        value = values[i]
        slot = (U(value) * factor) >> shift
        code = slots[slot]
        while code and found[U(code) - _1] != value:
            slot = slot + _1 & mask
            code = slots[slot]
        if not code:
            if known == most:
                return -1
            found[known] = value
            known += _1
            code = np.uint16(known)
            slots[slot] = code
        codes[i] = code - np.uint16(1)
    return np.int64(known)


@njit([numba.int64(each, numba.uint64, _U16, _U16, each, numba.uint64) for each in (_U32, _U64)], **_OPTIONS)
def unlike(values: Any, factor: Any, slots: Any, codes: Any, found: Any, known: Any) -> Any:
    """Do the same where many values are new: without a branch on that, because nobody can foretell which is."""
    shift, mask, most = _64, U(len(slots) - 1), U(len(found) - 1)
    while U(len(slots)) >> (_64 - shift) > _1:
        shift -= _1
    for i in range(_0, U(len(values))):
        value = values[i]
        found[known] = value
        slot = (U(value) * factor) >> shift
        code = U(slots[slot])
        new = code or known + _1
        while found[new - _1] != value:
            slot = slot + _1 & mask
            code = U(slots[slot])
            new = code or known + _1
        slots[slot] = np.uint16(new)
        known += U(code == _0)
        if known > most:
            return -1
        codes[i] = np.uint16(new - _1)
    return np.int64(known)


@njit(numba.void(_U16, _U16, _U16), **_OPTIONS)
def through(codes: Any, table: Any, out: Any) -> None:
    """Look numbers up in a table."""
    for i in range(_0, U(len(codes))):
        out[i] = table[U(codes[i])]


def _put64(typing_context: Any, octets: Any, at: Any, word: Any) -> Any:
    """Write eight octets, the lowest first, wherever they begin: LLVM makes one of eight writes only sometimes."""
    del typing_context

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = builder.bitcast(builder.gep(array.data, [arguments[1]]), cgutils.voidptr_t)
        builder.store(arguments[2], builder.bitcast(place, ir.PointerType(ir.IntType(64))), align=1)
        return context.get_dummy_value()

    return types.void(octets, at, word), generate


put64: Final[Any] = intrinsic(_put64)


@njit(numba.void(_U64, numba.uint64, _U64, _U8), **_OPTIONS)
def pack(codes: Any, width: Any, room: Any, out: Any) -> None:
    """Pack numbers of 16 bits, four a word and eight at a time, in `width` bits each (1 to 16), the lowest bit first.

    Eight numbers become `width` octets, behind which up to SPARE octets are written. `room`: for BLOCK_WORDS.
    """
    count = U(len(codes))
    if width == _16:
        for i in range(_0, count):
            put64(out, i * _8, codes[i])
        return
    gap, four = _16 - width, _4 * width
    first = (_1 << width) - _1
    second, third, fourth = first << width, first << _2 * width, first << U(3) * width
    at = _0
    for block in range(_0, count, _BLOCK):
        several = min(count - block, _BLOCK)
        for i in range(_0, several):  # whole vectors: four numbers of a word beside each other
            word = codes[block + i]
            room[i] = word & first | word >> gap & second | word >> _2 * gap & third | word >> U(3) * gap & fourth
        if width <= _8:
            for i in range(_0, several, _2):
                put64(out, at, room[i] | room[i + _1] << four)
                at += width
        else:
            for i in range(_0, several, _2):
                put64(out, at, room[i] | room[i + _1] << four)
                put64(out, at + _8, room[i + _1] >> (_64 - four))
                at += width
