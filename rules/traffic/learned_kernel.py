"""Compiled: levels of many keys as they are now, and one window learned. Each number is read and written once.

An index (open addressing, half of an entry the hash, half the row and one) leads from a key to its row.
"""

import math
from typing import Any, Final

import numpy as np
from numba import njit

from rules.traffic.numbering_kernel import mixed
from rules.traffic.tables.prefetch import prefetch

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
_AHEAD: Final = 4  # keys whose levels are asked for before they are read


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


@njit(inline="always")
def _bound(one: Any, floor: Any, faded: Any, sunk: Any, grown: Any, pace: Any) -> Any:
    """Return from where on a rate is too much: `faded`, `sunk` by the time nothing was seen, `grown` by its windows."""
    level, spread = one.level * faded, one.spread * faded
    return max(floor, grown * max(pace.factor * level + pace.spreads * spread, pace.headroom * one.peak * sunk))


@njit(cache=True, nogil=True)
def normal(
    kept: Any, last: Any, windows: Any, rows: Any, at: Any, paces: Any, floors: Any, levels: Any, bounds: Any
) -> None:
    """Set the levels of keys and their bounds (f8[n, features] both), faded by the time nothing was seen.

    `kept`: LEVEL[keys * features]; `last`, `windows`: f8[keys]; `rows`: of the keys, negative where it is not known, of
    which levels are 0; `paces`: PACE[1]; `floors` (f8[features]): the least that bounds are.
    """
    pace, features = paces[0], len(floors)
    for i in range(len(rows)):
        row = rows[i]
        if row < 0:
            for j in range(features):
                levels[i, j], bounds[i, j] = 0.0, floors[j]
            continue
        gap = max(at - last[row], 0.0)
        faded, sunk = math.exp(-gap / pace.falling_s), 2.0 ** (-gap / pace.peak_half_life_s)
        grown = min(windows[row] / pace.grown_windows, 1.0)
        for j in range(features):
            one = kept[row * features + j]
            levels[i, j] = one.level * faded
            bounds[i, j] = _bound(one, floors[j], faded, sunk, grown, pace)


@njit(cache=True, nogil=True)
def learn(
    kept: Any,
    last: Any,
    windows: Any,
    rows: Any,
    rates: Any,
    floors: Any,
    held: Any,
    at: Any,
    length_s: Any,
    paces: Any,
) -> None:
    """Learn one window of keys: `rates` (f8[n, features]), and what is `held` of each (bool).

    `held`: of one column where it is said of all features at once; `floors`: as above. A row that is negative is left
    out; otherwise each stands there once.
    """
    pace, features, known, faded, sunk = paces[0], len(floors), -1.0, 1.0, 1.0
    for i in range(len(rows)):
        if i + _AHEAD < len(rows):
            for j in range(0, features, 2):  # two of them are a cache line
                prefetch(kept, rows[i + _AHEAD] * features + j, 0)
        row = rows[i]
        if row < 0:
            continue
        gap = max(at - last[row] - length_s, 0.0)
        if gap != known:  # most keys were seen in the window before
            known, faded = gap, math.exp(-gap / pace.falling_s)
            sunk = 2.0 ** (-(gap + length_s) / pace.peak_half_life_s)
        young = windows[row] < pace.grown_windows
        first = 1.0 / (windows[row] + 1.0)  # the mean of all, while they are few
        rise = min(max(length_s / pace.peak_rising_s, first), 1.0)
        taught = False
        for j in range(features):
            one, rate = kept[row * features + j], rates[i, j]
            accepted = False
            if held[i, min(j, held.shape[1] - 1)]:
                if math.isnan(one.held_since) or one.held_since > at:
                    one.held_since = at
                accepted = at - one.held_since >= pace.accept_after_s
                if not accepted:
                    continue
            elif not math.isnan(one.held_since):
                one.held_since = math.nan
            taught = True
            if rate == 0.0 and one.peak == 0.0 and one.level == 0.0 and one.spread == 0.0:
                continue  # there never was any
            if rate > floors[j] and not (accepted or young):
                away = max(at - last[row], 0.0)
                still, low = math.exp(-away / pace.falling_s), 2.0 ** (-away / pace.peak_half_life_s)
                rate = min(rate, _bound(one, floors[j], still, low, min(windows[row] / pace.grown_windows, 1.0), pace))
            level, spread, peak = one.level * faded, one.spread * faded, one.peak * sunk
            step = length_s / (pace.rising_s if rate > level else pace.falling_s)
            step = min(max(step, first), 1.0)
            one.spread = spread + step * (abs(rate - level) - spread)
            one.level = level + step * (rate - level)
            one.peak = max(peak, peak + rise * (rate - peak))
        if taught:  # what is held makes nobody grown: its first windows would be the normal
            windows[row] += 1.0
        last[row] = at
