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

from rules.traffic.learned_kernel import LEVEL, PACE, enter, find, learn, normal
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
        self._forget()
        self._seed = np.random.default_rng().integers(1, 1 << 63, dtype=np.uint64)  # nobody can choose what collides
        self._paces = np.zeros(1, PACE)
        for name in PACE.names or ():
            self._paces[name] = getattr(settings, name)

    def __len__(self) -> int:
        return self._count

    def normal(self, hi: Keys, lo: Keys, floors: Numbers, at: float) -> tuple[Numbers, Numbers]:
        """Return levels and bounds (f8[n, features] both) as they are at a time; unknown keys have level 0."""
        rows = self._find(hashed(hi, lo))
        levels, bounds = (np.empty((len(rows), len(self.features))) for _ in range(2))
        kept = self._kept.reshape(-1)
        normal(kept, self._last, self._windows, rows, float(at), self._paces, floors, levels, bounds)
        return levels, bounds

    def learn(  # noqa: PLR0913 - one window
        self,
        hi: Keys,
        lo: Keys,
        rates: Numbers,
        *,
        floors: Numbers,
        held: NDArray[np.bool_],
        at: float,
        length_s: float,
    ) -> None:
        """Learn from one window that ended at `at`: rates, at most the bounds where grown; nothing that is `held`.

        `floors`: the same as for `normal`; `held`: bool[n, features], or bool[n, 1] of all features.
        """
        if not len(hi):
            return
        keys = hashed(hi, lo)
        rows = self._find(keys)
        if (rows < 0).any():
            self._add(np.unique(keys[rows < 0]), rows)
            rows = self._find(keys)
        at, length_s = float(at), float(length_s)
        kept = self._kept.reshape(-1)
        learn(kept, self._last, self._windows, rows, rates, floors, held, at, length_s, self._paces)

    def save(self) -> Mapping[str, NDArray[np.generic]]:
        """Return everything as arrays by name."""
        order = np.argsort(self._keys[: self._count])
        return {
            "keys": self._keys[order],
            "last": self._last[order],
            "windows": self._windows[order],
            "levels": np.stack([self._kept[name][order] for name in _SAVED]),
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
        self._forget()
        rows = self._make_room(len(kept))
        self._keys[rows], self._last[rows], self._windows[rows] = keys[kept], last[kept], windows[kept]
        for name, part in zip(_SAVED, levels, strict=True):
            self._kept[name][rows] = part[kept]
        self._enter(0)

    def _forget(self) -> None:
        self._count = 0  # keys; of the rows below so many are in use, the others are room
        self._keys = np.zeros(0, np.uint64)  # hashed
        self._last = np.zeros(0)  # when it was learned from last, Unix seconds
        self._windows = np.zeros(0)  # how many windows it was learned from
        self._kept = np.zeros((0, len(self.features)), LEVEL)
        self._index = np.zeros(2, np.uint64)

    def _find(self, keys: Keys) -> NDArray[np.int64]:
        """Return the row of each hashed key, -1 where there is none."""
        rows = np.empty(len(keys), np.int64)
        find(self._keys, self._index, self._seed, np.ascontiguousarray(keys), rows)
        return rows

    def _add(self, fresh: Keys, seen: NDArray[np.int64]) -> None:
        """Add keys in order; where that is too many, those that were not seen for longest go.

        `seen`: rows that are seen now, and stay.
        """
        seen = seen[seen >= 0]
        fresh = fresh[: max(self._settings.keys - len(seen), 0)]
        over = self._count + len(fresh) - self._settings.keys
        gone = self._oldest(seen, over) if over > 0 else np.zeros(0, np.intp)
        first = self._count
        rows = np.concatenate((gone, self._make_room(len(fresh) - len(gone))))
        self._keys[rows] = fresh
        for column in (self._last, self._windows):
            column[gone] = 0
        self._kept[gone] = np.zeros((), LEVEL)
        self._kept["held_since"][gone] = np.nan
        self._enter(0 if len(gone) else first)

    def _oldest(self, seen: NDArray[np.int64], count: int) -> NDArray[np.intp]:
        """Return the rows that were not seen for longest; of equal ones those with the lowest keys."""
        last = self._last[: self._count].copy()
        last[seen] = np.inf  # seen now
        newest = np.partition(last, count - 1)[count - 1]
        older, same = np.flatnonzero(last < newest), np.flatnonzero(last == newest)
        return np.concatenate((older, same[np.argsort(self._keys[same])][: count - len(older)]))

    def _make_room(self, count: int) -> NDArray[np.intp]:
        """Return so many rows more, of keys that nothing was learned of."""
        rows = np.arange(self._count, self._count + count)
        self._count += count
        if self._count > len(self._keys):
            room = max(min(2 * self._count, self._settings.keys), self._count)
            grown = np.zeros((room, len(self.features)), LEVEL)
            grown["held_since"] = np.nan
            grown[: len(self._kept)] = self._kept
            self._kept = grown
            self._keys = np.concatenate((self._keys, np.zeros(room - len(self._keys), np.uint64)))
            self._last, self._windows = (
                np.concatenate((column, np.zeros(room - len(column)))) for column in (self._last, self._windows)
            )
        return rows

    def _enter(self, first: int) -> None:
        """Put the keys from this row on into the index: all of them where it was outgrown."""
        if 2 * self._count >= len(self._index):
            self._index = np.zeros(1 << (2 * self._count).bit_length(), np.uint64)
            first = 0
        elif first == 0:
            self._index[:] = 0
        enter(self._keys, self._index, self._seed, first, self._count)
