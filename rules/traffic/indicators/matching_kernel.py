"""Look-ups in sets of millions: open addressing over pairs of numbers, and the parents of domain names.

A set is an array of slots, a power of two and at least twice its keys, each the number of a key plus one, 0 where it
is free. Linear probing then looks at 1.5 slots on average, two cache misses.
"""

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from netmon.api.prefix_kernel import Lookup, longest
from rules.traffic.tables.prefetch import prefetch

_OPTIONS: Final[dict[str, Any]] = {"cache": True, "nogil": True, "_nrt": False}
"""The loops make no arrays: without numba's counting of references they are shorter."""

U = np.uint64
_ZERO, _ONE = U(0), U(1)
_MIX = U(0x9E37_79B9_7F4A_7C15)
_FOLD = U(0x0000_0100_0000_01B3)  # FNV-1a's prime and basis, 64 bits
_BASIS = U(0xCBF2_9CE4_8422_2325)
_SHIFT = U(32)
_DOT = np.uint8(46)
_AHEAD = 16
"""How many flows ahead the slot of an address is asked for."""

_longest: Any = njit(inline="always")(longest)


@njit(inline="always")
def _home(hi: np.uint64, lo: np.uint64) -> np.uint64:
    mixed = (hi * _MIX) ^ lo
    mixed = (mixed ^ (mixed >> _SHIFT)) * _MIX
    return mixed ^ (mixed >> _SHIFT)


@njit(inline="always")
def _find(slots: NDArray[np.uint32], keys: NDArray[np.uint64], hi: np.uint64, lo: np.uint64) -> np.int64:
    mask = U(len(slots)) - _ONE
    at = _home(hi, lo) & mask
    while slots[at] != 0:
        row = U(slots[at]) - _ONE
        if keys[row, U(1)] == lo and keys[row, U(0)] == hi:
            return np.int64(row)
        at = (at + _ONE) & mask
    return np.int64(-1)


@njit(**_OPTIONS)
def fill(slots: NDArray[np.uint32], keys: NDArray[np.uint64]) -> None:
    """Put all keys, shape (n, 2), into empty slots; of equal keys the first counts. len(slots) > n."""
    mask = U(len(slots)) - _ONE
    for number in range(len(keys)):
        row = U(number)
        hi, lo = keys[row, U(0)], keys[row, U(1)]
        if _find(slots, keys, hi, lo) >= 0:
            continue
        at = _home(hi, lo) & mask
        while slots[at] != 0:
            at = (at + _ONE) & mask
        slots[at] = np.uint32(row + _ONE)


@njit(**_OPTIONS)
def find_ends(
    flows: NDArray[np.void],
    of_source: bool,
    networks: Lookup,
    own: NDArray[np.bool_],
    slots: NDArray[np.uint32],
    keys: NDArray[np.uint64],
    prefixes: Lookup,
    found: NDArray[np.int64],
) -> None:
    """Write for the source of each flow, or its destination, the row of its key, else len(keys) + its prefix, else -1.

    Who is ours is not looked for; `own` is by place of `networks`, the last of no prefix.
    """
    mask, last, count = U(len(slots)) - _ONE, U(len(own) - 1), len(flows)
    for number in range(count):
        if number + _AHEAD < count:
            ahead = flows[U(number + _AHEAD)]
            hi, lo = ahead.destination_hi, ahead.destination_lo
            if of_source:
                hi, lo = ahead.source_hi, ahead.source_lo
            prefetch(slots, _home(hi, lo) & mask, _ZERO)
        row = U(number)
        flow = flows[row]
        hi, lo = flow.destination_hi, flow.destination_lo
        if of_source:
            hi, lo = flow.source_hi, flow.source_lo
        place = _longest(networks, hi, lo)
        if own[last if place < 0 else U(place)]:
            found[row] = -1
            continue
        entry = _find(slots, keys, hi, lo)
        if entry < 0:
            held = _longest(prefixes, hi, lo)
            entry = np.int64(-1) if held < 0 else np.int64(len(keys)) + np.int64(held)
        found[row] = entry


@njit(**_OPTIONS)
def hash_names(
    text: NDArray[np.uint8], begins: NDArray[np.uint64], ends: NDArray[np.uint64], keys: NDArray[np.uint64]
) -> None:
    """Write the key of each name text[begin:end]: its hash from the last octet to the first, and its length."""
    limit = U(len(text))
    for number in range(len(begins)):
        row = U(number)
        end = min(ends[row], limit)
        begin = min(begins[row], end)
        value, at = _BASIS, end
        while at > begin:
            at -= _ONE
            value = (value ^ U(text[at])) * _FOLD
        keys[row, U(0)] = value
        keys[row, U(1)] = end - begin


@njit(**_OPTIONS)
def find_names(
    slots: NDArray[np.uint32],
    keys: NDArray[np.uint64],
    names: NDArray[np.uint8],
    lengths: NDArray[np.uint8],
    found: NDArray[np.int64],
) -> None:
    """Write for each name the row of the longest listed name that is itself or a parent; -1 where none is.

    `names` has shape (n, 255). Hashes may coincide: who tells of a hit compares the names.
    """
    width = U(names.shape[1])
    for number in range(len(found)):
        row = U(number)
        length = min(U(lengths[row]), width)
        best = np.int64(-1)
        value, at = _BASIS, length
        while at > U(0):
            at -= _ONE
            octet = names[row, at]
            if octet == _DOT:  # what was read so far is a parent
                hit = _find(slots, keys, value, length - at - _ONE)
                best = hit if hit >= 0 else best
            value = (value ^ U(octet)) * _FOLD
        hit = _find(slots, keys, value, length)
        found[row] = hit if hit >= 0 else best
