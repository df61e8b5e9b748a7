"""Compiled: levels of many keys as they are now, and one window learned. Each number is read and written once.

An index (open addressing, half of an entry the hash, half the row and one) leads from a key to its row.
"""

import math
from typing import Any, Final

import numpy as np
from numba import njit

from rules.traffic.numbering_kernel import mixed

PACE: Final = np.dtype(
    [
        ("rising_s", "f8"),
        ("falling_s", "f8"),
        ("peak_rising_s", "f8"),
        ("peak_half_life_s", "f8"),
        ("factor", "f8"),
        ("spreads", "f8"),
        ("grown_windows", "f8"),
        ("headroom", "f8"),
        ("accept_after_s", "f8"),
    ]
)
"""LearnedSettings, but for how many keys there may be."""
LEVEL: Final = np.dtype([("level", "f8"), ("spread", "f8"), ("peak", "f8"), ("held_since", "f8")])
"""Of one feature of one key. `held_since`: Unix seconds, NaN where it is not held."""

U = np.uint64
_0, _1, _LOW = U(0), U(1), U(0xFFFF_FFFF)


@njit(cache=True, nogil=True)
def find(known: Any, index: Any, seed: Any, keys: Any, rows: Any) -> None:
    """Set the row (i8[n]) of each of `keys` (u8[n]) among `known` (u8), -1 where it is not in the index."""
    mask = U(len(index) - 1)
    for i in range(len(keys)):
        tag = mixed(keys[i], seed)
        slot = tag & mask
        rows[i] = -1
        while index[slot] != _0:
            entry = index[slot]
            if (entry ^ tag) & ~_LOW == _0 and known[(entry & _LOW) - _1] == keys[i]:
                rows[i] = np.int64((entry & _LOW) - _1)
                break
            slot = (slot + _1) & mask


@njit(cache=True, nogil=True)
def enter(known: Any, index: Any, seed: Any, first: Any, count: Any) -> None:
    """Put the rows from `first` to `count` of keys that are not in the index there; it is more than twice as long."""
    mask = U(len(index) - 1)
    for row in range(first, count):
        tag = mixed(known[row], seed)
        slot = tag & mask
        while index[slot] != _0:
            slot = (slot + _1) & mask
        index[slot] = (tag & ~_LOW) | U(row + 1)


@njit(cache=True, nogil=True)
def normal(kept: Any, last: Any, windows: Any, rows: Any, at: Any, paces: Any, levels: Any, bounds: Any) -> None:
    """Set the levels of keys and raise their bounds (f8[n, features] both), faded by the time nothing was seen.

    `kept`: LEVEL[keys, features]; `last`, `windows`: f8[keys]; `rows`: of the keys, negative where it is not known, of
    which nothing is set; `paces`: PACE[1].
    """
    pace = paces[0]
    for i in range(len(rows)):
        row = rows[i]
        if row < 0:
            continue
        gap = max(at - last[row], 0.0)
        faded, sunk = math.exp(-gap / pace.falling_s), 2.0 ** (-gap / pace.peak_half_life_s)
        grown = min(windows[row] / pace.grown_windows, 1.0)
        for j in range(kept.shape[1]):
            one = kept[row, j]
            level, spread = one.level * faded, one.spread * faded
            own = max(pace.factor * level + pace.spreads * spread, pace.headroom * one.peak * sunk)
            levels[i, j] = level
            bounds[i, j] = max(bounds[i, j], grown * own)


@njit(cache=True, nogil=True)
def learn(
    kept: Any,
    last: Any,
    windows: Any,
    rows: Any,
    rates: Any,
    bounds: Any,
    held: Any,
    at: Any,
    length_s: Any,
    paces: Any,
) -> None:
    """Learn one window of keys: `rates`, `bounds` (f8[n, features]) and what is `held` (bool) of each.

    A row that is negative is left out; otherwise each stands there once.
    """
    pace = paces[0]
    for i in range(len(rows)):
        row = rows[i]
        if row < 0:
            continue
        gap = max(at - last[row] - length_s, 0.0)
        faded, sunk = math.exp(-gap / pace.falling_s), 2.0 ** (-(gap + length_s) / pace.peak_half_life_s)
        young = windows[row] < pace.grown_windows
        first = 1.0 / (windows[row] + 1.0)  # the mean of all, while they are few
        rise = min(max(length_s / pace.peak_rising_s, first), 1.0)
        taught = False
        for j in range(kept.shape[1]):
            one, rate = kept[row, j], rates[i, j]
            accepted = False
            if held[i, j]:
                if math.isnan(one.held_since) or one.held_since > at:
                    one.held_since = at
                accepted = at - one.held_since >= pace.accept_after_s
                if not accepted:
                    continue
            else:
                one.held_since = math.nan
            taught = True
            if not (accepted or young):
                rate = min(rate, bounds[i, j])
            level, spread, peak = one.level * faded, one.spread * faded, one.peak * sunk
            step = length_s / (pace.rising_s if rate > level else pace.falling_s)
            step = min(max(step, first), 1.0)
            one.spread = spread + step * (abs(rate - level) - spread)
            one.level = level + step * (rate - level)
            one.peak = max(peak, peak + rise * (rate - peak))
        if taught:  # what is held makes nobody grown: its first windows would be the normal
            windows[row] += 1.0
        last[row] = at
