"""The busiest of many, in bounded room: a space-saving sketch that takes whole windows at once.

Metwally, Agrawal and El Abbadi 2005 count one by one; a window's table is merged as a whole, as Agarwal et al. 2012
(Mergeable Summaries) merge sketches: whoever is new enters with the weight that one who was forgotten may have had at
most, the heaviest stay, and the heaviest of the others is the next such bound. It is never more than 1/(n + 1) of all
weight. Weights fade with time, so that the busiest are those of now.
"""

from collections.abc import Sequence
from secrets import randbits
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Halves: TypeAlias = NDArray[np.uint64]
Counts: TypeAlias = NDArray[np.uint64]

_ODD: Final = np.uint64(0x9E37_79B9_7F4A_7C15)
_SHIFT: Final = np.uint64(29)
_PAGE_TIMES: Final = 3
"""The page holds so many times the busiest: who just left them stays a while, so that its line does not break off."""


class TopN:
    """Follows at most `size` keys, pairs of numbers, each with what it counted since it is followed.

    `floor` is the weight that a key which is not followed has at most; `collided` counts rows that were left out
    because a followed key has the same hash.
    """

    def __init__(self, size: int, columns: Sequence[str], *, half_life_s: float, seed: int | None = None) -> None:
        """Follow by the first of `columns`. `seed`: of the hash; only for tests that want the same twice."""
        self.size = size
        self.columns = tuple(columns)
        self.floor = 0.0
        self.collided = 0
        self._half_life_s = half_life_s
        self._seed = np.uint64((randbits(64) if seed is None else seed) | 1)
        self._at = 0.0
        self._rows = np.zeros(
            0,
            [
                ("hash", "u8"),
                ("hi", "u8"),
                ("lo", "u8"),
                ("weight", "f8"),  # of now: what is older counts less
                ("error", "f8"),  # how much of it may be others'
                ("last", "f8"),  # Unix seconds when it was last seen
                ("top", "f8"),  # when it was last among the busiest
                ("counts", "u8", (len(self.columns),)),  # since it is followed
            ],
        )

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, hi: Halves, lo: Halves, counts: Counts, now: float) -> None:
        """Take a window: keys, none of them twice, and for each the counts, shape (n, columns)."""
        self._fade(now)
        if not len(hi):
            return
        hashes = self._hash(hi, lo)
        rows = self._rows
        place = np.minimum(np.searchsorted(rows["hash"], hashes), max(len(rows) - 1, 0))
        same = rows["hash"][place] == hashes if len(rows) else np.zeros(len(hi), np.bool_)
        known = np.flatnonzero(same)
        at = place[known]
        exact = (rows["hi"][at] == hi[known]) & (rows["lo"][at] == lo[known])
        self.collided += int(len(exact) - np.count_nonzero(exact))
        known, at = known[exact], at[exact]
        rows["weight"][at] += counts[known, 0]
        rows["counts"][at] += counts[known]
        rows["last"][at] = now
        new = np.flatnonzero(~same)
        if len(new):
            self._enter(hi[new], lo[new], hashes[new], counts[new], now)

    def busiest(self, count: int, now: float, *, stay_s: float) -> NDArray[np.void]:
        """Return the rows of the page, the busiest first: `count` of them, and who was one within `stay_s`."""
        self._fade(now)
        rows = self._rows
        order = np.argsort(-rows["weight"], kind="stable")
        order = order[now - rows["last"][order] < stay_s]
        rows["top"][order[:count]] = now
        stays = order[now - rows["top"][order] < stay_s]
        return rows[stays[: _PAGE_TIMES * count]]

    def _enter(self, hi: Halves, lo: Halves, hashes: Halves, counts: Counts, now: float) -> None:
        """Let new keys in; the heaviest stay."""
        lost = 0.0
        if len(hi) > self.size:  # more than could stay in any case
            order = np.argpartition(counts[:, 0], len(hi) - self.size)
            lost = float(counts[order[: len(hi) - self.size], 0].max()) + self.floor
            most = order[len(hi) - self.size :]
            hi, lo, hashes, counts = hi[most], lo[most], hashes[most], counts[most]
        fresh = np.zeros(len(hi), self._rows.dtype)
        fresh["hash"], fresh["hi"], fresh["lo"] = hashes, hi, lo
        fresh["weight"] = counts[:, 0] + self.floor
        fresh["error"] = self.floor
        fresh["last"], fresh["top"] = now, -np.inf
        fresh["counts"] = counts
        rows = np.concatenate([self._rows, fresh])
        if len(rows) > self.size:
            order = np.argpartition(rows["weight"], len(rows) - self.size)
            lost = max(lost, float(rows["weight"][order[: len(rows) - self.size]].max()))
            rows = rows[order[len(rows) - self.size :]]
        self.floor = max(self.floor, lost)
        order = np.argsort(rows["hash"], kind="stable")
        rows = rows[order]
        twice = rows["hash"][1:] == rows["hash"][:-1]
        if twice.any():  # two new keys with one hash: the second cannot be found again
            self.collided += int(np.count_nonzero(twice))
            rows = rows[np.append(True, ~twice)]  # the first stays
        self._rows = rows

    def _fade(self, now: float) -> None:
        if self._at and now > self._at:
            factor = 0.5 ** ((now - self._at) / self._half_life_s)
            self._rows["weight"] *= factor
            self._rows["error"] *= factor
            self.floor *= factor
        self._at = max(now, self._at)

    def _hash(self, hi: Halves, lo: Halves) -> Halves:
        """Mix a key to 64 bits that nobody outside can foretell."""
        mixed = (hi ^ self._seed) * _ODD
        mixed ^= mixed >> _SHIFT
        mixed = (mixed + lo) * self._seed
        mixed ^= mixed >> _SHIFT
        return mixed * _ODD
