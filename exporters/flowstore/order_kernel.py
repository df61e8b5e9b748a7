"""Compiled loops of bringing the records of a file into order, column by column."""

from typing import Any, Final

import numba
import numpy as np
from numba import njit

U = np.uint64
_0, _1 = U(0), U(1)
_BLOCK = U(1024)  # keys that stay in the first-level cache while they are compared with one bound after the other


def _array(kind: Any) -> Any:
    return numba.types.Array(kind, 1, "C")


_U8, _U32, _U64 = _array(numba.uint8), _array(numba.uint32), _array(numba.uint64)
_OPTIONS: Final[dict[str, Any]] = {"cache": True, "nogil": True, "_nrt": False}


@njit(numba.void(_U64, _U64, _U8, _U64), **_OPTIONS)
def rank(keys: Any, bounds: Any, ranks: Any, counts: Any) -> None:
    """Tell of each key how many of the bounds (at most 255, sorted) it reaches, and count the keys of each rank."""
    count = U(len(keys))
    for block in range(_0, count, _BLOCK):
        behind = min(count, block + _BLOCK)
        for i in range(block, behind):
            ranks[i] = np.uint8(0)
        for bound in bounds:
            for i in range(block, behind):
                ranks[i] += np.uint8(keys[i] >= bound)
        for i in range(block, behind):
            counts[U(ranks[i])] += _1


@njit(numba.void(_U8, _U64, _U32), **_OPTIONS)
def place(ranks: Any, places: Any, to: Any) -> None:
    """Tell of each record where it goes: to where those of its rank go on; `places` moves with them."""
    for i in range(_0, U(len(ranks))):
        rank_ = U(ranks[i])
        at = places[rank_]
        to[i] = np.uint32(at)
        places[rank_] = at + _1


@njit([numba.void(each, _U32, each) for each in (_U32, _U64)], **_OPTIONS)
def spread(values: Any, to: Any, out: Any) -> None:
    """Copy values to their places."""
    for i in range(_0, U(len(values))):
        out[U(to[i])] = values[i]


@njit([numba.boolean(each) for each in (_U32, _U64)], **_OPTIONS)
def alike(values: Any) -> Any:
    """Tell whether all values (at least one) are the same; mostly the first few tell."""
    first, count = values[_0], U(len(values))
    for block in range(_0, count, _BLOCK):
        bits = first ^ first
        for i in range(block, min(count, block + _BLOCK)):
            bits |= values[i] ^ first
        if bits:
            return False
    return True
