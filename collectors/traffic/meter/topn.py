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

from collectors.traffic.meter.meter_kernel import hash_keys

Halves: TypeAlias = NDArray[np.uint64]
Places: TypeAlias = NDArray[np.intp]

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

    def add(self, hi: Halves, lo: Halves, columns: Sequence[Halves], now: float) -> None:
        """Take a window: keys, none of them twice, and what each column counts of them, u8[n] each."""
        self._fade(now)
        if not len(hi):
            return
        hashes = self._hash(hi, lo)
        known, at, new = self._sorted_out(hi, lo, hashes)
        self._rows["weight"][at] += columns[0][known]
        for number, column in enumerate(columns):
            self._rows["counts"][at, number] += column[known]
        self._rows["last"][at] = now
        if len(new):
            new, lost = self._heaviest(columns[0], new)
            self._enter(hi[new], lo[new], hashes[new], np.stack([column[new] for column in columns], axis=1), now, lost)

    def busiest(self, count: int, now: float, *, stay_s: float) -> NDArray[np.void]:
        """Return the rows of the page, the busiest first: `count` of them, and who was one within `stay_s`."""
        self._fade(now)
        rows = self._rows
        order = np.argsort(-rows["weight"], kind="stable")
        order = order[now - rows["last"][order] < stay_s]
        rows["top"][order[:count]] = now
        stays = order[now - rows["top"][order] < stay_s]
        return rows[stays[: _PAGE_TIMES * count]]

    def _sorted_out(self, hi: Halves, lo: Halves, hashes: Halves) -> tuple[Places, Places, Places]:
        """Return which keys are followed, in which rows, and which are new.

        A bitmap of the rows' hashes sets nearly all others apart first: a search for each would cost ten times as much.
        """
        own = np.ascontiguousarray(self._rows["hash"])
        shift = np.uint64(64 - max(15, (16 * self.size).bit_length()))
        bits = np.zeros(1 << int(64 - shift), np.bool_)
        bits[own >> shift] = True
        maybe = np.flatnonzero(bits[hashes >> shift])
        at = np.minimum(np.searchsorted(own, hashes[maybe]), max(len(own) - 1, 0))
        same = own[at] == hashes[maybe] if len(own) else np.zeros(len(maybe), np.bool_)
        new = np.ones(len(hi), np.bool_)
        maybe, at = maybe[same], at[same]
        new[maybe] = False
        exact = (self._rows["hi"][at] == hi[maybe]) & (self._rows["lo"][at] == lo[maybe])
        self.collided += int(len(exact) - np.count_nonzero(exact))
        return maybe[exact], at[exact], np.flatnonzero(new)

    def _heaviest(self, weights: Halves, new: Places) -> tuple[Places, float]:
        """Return those of new keys that could stay, and the most that one of the others weighs."""
        if len(new) <= self.size:
            return new, 0.0
        border = len(new) - self.size
        chosen = weights[new]
        order = np.argpartition(chosen, border - 1)  # so that the heaviest of the others is the last of them
        return new[order[border:]], float(chosen[order[border - 1]]) + self.floor

    def _enter(  # noqa: PLR0913, PLR0917 - keys and what they counted
        self, hi: Halves, lo: Halves, hashes: Halves, counts: Halves, now: float, lost: float
    ) -> None:
        """Let new keys in; the heaviest stay. `lost`: what one who was left out before weighs at most."""
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
        hashes = np.empty(len(hi), np.uint64)
        hash_keys(hi, lo, self._seed, hashes)
        return hashes
