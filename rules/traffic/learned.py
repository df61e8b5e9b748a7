"""What is normal for each address or prefix: running levels of its rates, and the bounds that follow from them.

For each key and feature three numbers: a level (the usual), a spread (how far a window is from it) and a peak (what it
comes to at its busiest, remembered for days). A bound is the highest of a documented floor, the level with its spread,
and the peak with some room. What an attack brings teaches nothing: features that a detector holds are left out, all
others count at most as their bound once a key is grown, and a peak rises slowly, so that whoever wants to teach a false
normal needs hours. While a key is young its floors hold, so that little of what it began with can be used.
An hour of the day is not a part of it: the peak spans the day and the week.
"""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rules.traffic.learned_kernel import LEVEL, PACE, learn, normal
from rules.traffic.learned_settings import LearnedSettings

Numbers: TypeAlias = NDArray[np.float64]
Keys: TypeAlias = NDArray[np.uint64]

_SAVED: Final = ("level", "spread", "peak")
_M1: Final = np.uint64(0x9E3779B97F4A7C15)
_M2: Final = np.uint64(0xBF58476D1CE4E5B9)


def hashed(hi: Keys, lo: Keys) -> Keys:
    """Return one number for each address; that two of a million share one has odds of one in 37 million."""
    mixed = (hi ^ (lo * _M2)) * _M1
    mixed ^= mixed >> np.uint64(29)
    mixed *= _M2
    return mixed ^ (mixed >> np.uint64(32))


class Learned:
    """The levels of some features of many keys. Keys are address halves (u8[n] each); rates are f8[n, features]."""

    def __init__(self, features: Sequence[str], settings: LearnedSettings) -> None:
        """Know nothing yet of these features."""
        self.features = tuple(features)
        self._settings = settings
        self._keys = np.zeros(0, np.uint64)  # hashed, sorted
        self._last = np.zeros(0)  # when it was learned from last, Unix seconds
        self._windows = np.zeros(0)  # how many windows it was learned from
        self._kept = np.zeros((0, len(self.features)), LEVEL)
        self._paces = np.zeros(1, PACE)
        for name in PACE.names or ():
            self._paces[name] = getattr(settings, name)

    def __len__(self) -> int:
        return len(self._keys)

    def normal(self, hi: Keys, lo: Keys, floors: Numbers, at: float) -> tuple[Numbers, Numbers]:
        """Return levels and bounds (f8[n, features] both) as they are at a time; unknown keys have level 0."""
        rows = self._find(hashed(hi, lo))
        levels, bounds = np.zeros((len(rows), len(self.features))), np.tile(floors, (len(rows), 1))
        normal(self._kept, self._last, self._windows, rows, float(at), self._paces, levels, bounds)
        return levels, bounds

    def learn(  # noqa: PLR0913 - one window
        self,
        hi: Keys,
        lo: Keys,
        rates: Numbers,
        *,
        bounds: Numbers,
        held: NDArray[np.bool_],
        at: float,
        length_s: float,
    ) -> None:
        """Learn from one window that ended at `at`: rates, at most the bounds where grown; nothing that is `held`."""
        if not len(hi):
            return
        keys = hashed(hi, lo)
        order = np.argsort(keys, kind="stable")
        self._make_room(np.unique(keys[order]))
        rows = np.empty(len(keys), np.int64)
        rows[order] = self._find(keys[order])  # those in order are found sooner
        at, length_s = float(at), float(length_s)
        learn(self._kept, self._last, self._windows, rows, rates, bounds, held, at, length_s, self._paces)

    def save(self) -> Mapping[str, NDArray[np.generic]]:
        """Return everything as arrays by name."""
        return {
            "keys": self._keys.copy(),
            "last": self._last.copy(),
            "windows": self._windows.copy(),
            "levels": np.stack([self._kept[name] for name in _SAVED]),
            "features": np.array(self.features, "S32"),
        }

    def restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Go on with what `save` gave; ValueError where that is of other features or of no such shape."""
        try:
            keys, last, windows = (np.asarray(arrays[name]) for name in ("keys", "last", "windows"))
            levels, features = np.asarray(arrays["levels"]), np.asarray(arrays["features"])
        except KeyError as error:
            raise ValueError(f"learned levels without {error}") from None
        if features.tolist() != [name.encode() for name in self.features]:
            raise ValueError("learned levels of other features")
        count = len(keys)
        if levels.shape != (3, count, len(self.features)) or last.shape != (count,) or windows.shape != (count,):
            raise ValueError("learned levels whose columns differ in length")
        if keys.dtype != np.uint64 or np.any(keys[1:] <= keys[:-1]):
            raise ValueError("learned levels whose keys are not in order")
        if not all(np.issubdtype(column.dtype, np.floating) for column in (last, windows, levels)):
            raise ValueError("learned levels that are no numbers")
        if not (np.isfinite(levels).all() and (levels >= 0).all() and np.isfinite(last).all()):
            raise ValueError("learned levels that cannot be")
        kept = np.sort(np.argsort(-last, kind="stable")[: self._settings.keys])
        self._keys, self._last, self._windows = keys[kept], last[kept].astype(float), windows[kept].astype(float)
        self._kept = self._nothing(len(kept))
        for name, part in zip(_SAVED, levels, strict=True):
            self._kept[name] = part[kept]

    def _find(self, keys: Keys) -> NDArray[np.int64]:
        """Return the row of each hashed key, -1 where there is none."""
        if not len(self._keys):
            return np.full(len(keys), -1, np.int64)
        rows = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.where(self._keys[rows] == keys, rows, -1)

    def _nothing(self, count: int) -> NDArray[np.void]:
        """Return levels of keys that nothing was learned of."""
        kept = np.zeros((count, len(self.features)), LEVEL)
        kept["held_since"] = np.nan
        return kept

    def _make_room(self, keys: Keys) -> None:
        """Add the keys that are not known; where that is too many, those that were not seen for longest go."""
        known = self._find(keys)
        room = self._settings.keys - np.count_nonzero(known >= 0)
        fresh = keys[known < 0][: max(room, 0)]
        if not len(fresh):
            return
        stay = np.arange(len(self._keys))
        over = len(stay) + len(fresh) - self._settings.keys
        if over > 0:
            last = self._last.copy()
            last[known[known >= 0]] = np.inf  # seen now
            stay = np.sort(np.argsort(last, kind="stable")[over:])
        order = np.argsort(np.concatenate((self._keys[stay], fresh)), kind="stable")
        self._keys = np.concatenate((self._keys[stay], fresh))[order]
        self._last = np.concatenate((self._last[stay], np.zeros(len(fresh))))[order]
        self._windows = np.concatenate((self._windows[stay], np.zeros(len(fresh))))[order]
        self._kept = np.concatenate((self._kept[stay], self._nothing(len(fresh))))[order]
