"""Keys looked up in a table of keys alone: whether one was there before, and as which of them.

Open addressing with at most `_PROBES` steps, so that nobody who chooses addresses makes a look-up long. A key that is
not found by then counts as a new one.
"""

from typing import Any, Final

import numpy as np
from numba import njit

from rules.traffic.tables.prefetch import prefetch

U = np.uint64
_0, _1, _20 = U(0), U(1), U(20)
_M1, _M2 = U(0x9E3779B97F4A7C15), U(0xBF58476D1CE4E5B9)
_PROBES: Final = 64
_AHEAD: Final = 16  # keys whose slots are asked for before they are looked up


@njit(inline="always")
def mixed(hi: Any, lo: Any) -> Any:
    """Return the same as `rules.traffic.learned.hashed`, for one."""
    x = (hi ^ (lo * _M2)) * _M1
    x ^= x >> U(29)
    x *= _M2
    return x ^ (x >> U(32))


@njit(inline="always")
def slot_of(key: Any, mask: Any) -> Any:
    """Return the slot that is a key's where nobody else has it."""
    return (key * _M1 >> _20) & mask


@njit(inline="always")
def place_of(slots: Any, mask: Any, key: Any) -> Any:
    """Return the slot of a key that is not 0, or the one that is free for it; beyond the last: neither is near."""
    slot = slot_of(key, mask)
    for _ in range(_PROBES):
        if slots[slot] in (key, _0):
            return slot
        slot = (slot + _1) & mask
    return mask + _1


@njit(cache=True, nogil=True)
def number(keys: Any, seed: Any, slots: Any, rows: Any, groups: Any) -> Any:
    """Give each of `keys` (u8[n]) a number, equal ones the same, in the order in which they come; return how many.

    The first is 0. `slots`: zeros, a power of two; `rows` (u4): as many, to note numbers; `groups` (u4[n]): the answer.
    """
    mask = U(len(slots) - 1)
    count = _0
    for i in range(len(keys)):
        if i + _AHEAD < len(keys):
            prefetch(slots, slot_of((keys[i + _AHEAD] ^ seed) | _1, mask), 0)
        key = (keys[i] ^ seed) | _1
        slot = place_of(slots, mask, key)
        if slot <= mask and slots[slot] == key:
            groups[i] = rows[slot]
            continue
        if slot <= mask:
            slots[slot] = key
            rows[slot] = count
        groups[i] = count
        count += _1
    return count
