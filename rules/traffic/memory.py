"""The rows of the last seconds, so kept that those of a few sources, or hosts, are found without looking at all."""

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rules.traffic.telling import picked

_BUCKETS: Final = 1 << 17  # by which keys are counted roughly: as many as there are rows at most, usually
_BUCKET: Final = np.uint64(_BUCKETS - 1)
_LOW: Final = np.uint64(0xFFFF)
_FEW: Final = 2_000  # rows for which adding one by one is quicker than counting all buckets


class Memory:
    """The rows of the last seconds, window by window, in a ring. At most `cap`: the oldest windows go first."""

    def __init__(self, keep_s: float, cap: int, dtype: np.dtype[np.void], *fields: str, mark: str = "") -> None:
        """`fields`: those by whose values rows are asked for: hashes, u8; `mark`: one that is not 0 where rows matter.

        Without `mark` none does.
        """
        self._keep_s = keep_s
        self._cap = cap
        self._ring = np.zeros(cap, dtype)
        self._buckets = {field: np.zeros(cap, np.uint32) for field in fields}  # of each row's key
        self._counts = {field: np.zeros(_BUCKETS, np.int32) for field in fields}  # rows by bucket
        self._mark = mark
        self._marks = np.zeros(cap if mark else 0, np.bool_)
        self._marked = {field: np.zeros(_BUCKETS if mark else 0, np.int32) for field in fields}  # of those that matter
        self._parts: deque[tuple[float, int]] = deque()  # when a window ended, and its rows
        self._first = 0
        self._count = 0
        self.dropped = 0  # rows for which there was no room

    def __len__(self) -> int:
        return self._count

    def add(self, rows: NDArray[np.void], at: float) -> None:
        """Take the rows of the window that ended now, and forget the old."""
        while self._parts and self._parts[0][0] <= at - self._keep_s:
            self._forget()
        if not len(rows):
            return
        if len(rows) > self._cap // 2:
            self.dropped += len(rows) - self._cap // 2
            rows = rows[: self._cap // 2]
        while self._count + len(rows) > self._cap:
            self.dropped += self._forget()
        begin = (self._first + self._count) % self._cap
        _put(self._ring, begin, rows)
        for field, buckets in self._buckets.items():
            own = (rows[field] & _BUCKET).astype(np.uint32)
            _put(buckets, begin, own)
            _counted(self._counts[field], own, 1)
            if self._mark:
                _counted(self._marked[field], own[rows[self._mark] != 0], 1)
        if self._mark:
            _put(self._marks, begin, rows[self._mark] != 0)
        self._parts.append((at, len(rows)))
        self._count += len(rows)

    def rough(self, field: str, keys: NDArray[np.uint64]) -> NDArray[np.int32]:
        """Return how many rows have each of these keys at most: exactly so many, or a few more."""
        return self._counts[field][(keys & _BUCKET).astype(np.intp)]

    def rough_marked(self, field: str, keys: NDArray[np.uint64]) -> NDArray[np.int32]:
        """Return the same of those that matter."""
        return self._marked[field][(keys & _BUCKET).astype(np.intp)]

    def of(self, field: str, keys: NDArray[np.uint64]) -> dict[int, NDArray[np.void]]:
        """Return the rows of some keys, the oldest first; keys that have none are left out."""
        known = np.unique(keys)
        own = (known & _BUCKET).astype(np.intp)
        which = np.full(_BUCKETS, -1, np.int32)  # of the keys a bucket has
        which[own] = np.arange(len(known))
        shared = which[own] != np.arange(len(known))  # with a later one
        buckets = self._buckets[field]
        found, places = [], []
        for piece in self._pieces():
            place = which[buckets[piece]]
            near = np.flatnonzero(place >= 0)
            found.append(near + piece.start)
            places.append(place[near])
        rows, place = np.concatenate(found), np.concatenate(places)
        held = self._ring[field][rows]
        if shared.any():
            others = np.flatnonzero(known[place] != held)
            place[others] = np.minimum(np.searchsorted(known, held[others]), len(known) - 1)
        mine = known[place] == held
        return _grouped(self._ring, rows[mine], known, place[mine])

    @property
    def rows(self) -> NDArray[np.void]:
        """Return a copy of all of them, the oldest first."""
        return np.concatenate([self._ring[piece] for piece in self._pieces()])

    def _pieces(self) -> tuple[slice, slice]:
        end = self._first + self._count
        return slice(self._first, min(end, self._cap)), slice(0, max(end - self._cap, 0))

    def _forget(self) -> int:
        """Forget the oldest window; return how many rows it had."""
        _, gone = self._parts.popleft()
        end = self._first + gone
        for piece in (slice(self._first, min(end, self._cap)), slice(0, max(end - self._cap, 0))):
            for field, buckets in self._buckets.items():
                _counted(self._counts[field], buckets[piece], -1)
                if self._mark:
                    _counted(self._marked[field], buckets[piece][self._marks[piece]], -1)
        self._first = end % self._cap
        self._count -= gone
        return gone


def _put(ring: NDArray[np.generic], begin: int, rows: NDArray[np.generic]) -> None:
    """Write rows into a ring, as octets: numpy's own way goes through rows of several fields one by one."""
    octets = ring.view(np.uint8).reshape(len(ring), -1)
    fresh = np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), -1)
    room = len(ring) - begin
    octets[begin : begin + len(rows)] = fresh[:room]
    octets[: max(len(rows) - room, 0)] = fresh[room:]


def _counted(counts: NDArray[np.int32], buckets: NDArray[np.uint32], by: int) -> None:
    if len(buckets) < _FEW:
        np.add.at(counts, buckets, by)
    else:
        counts += by * np.bincount(buckets, minlength=_BUCKETS).astype(np.int32)


def placed(keys: NDArray[np.uint64], known: NDArray[np.uint64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which of `keys` are among a few that are known (u8, hashes, in order), and which of those each is."""
    if not len(known):
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    wanted = np.zeros(1 << 16, np.bool_)
    wanted[(known & _LOW).astype(np.intp)] = True
    rows = np.flatnonzero(wanted[(keys & _LOW).astype(np.intp)])
    near = keys[rows]
    place = np.minimum(np.searchsorted(known, near), len(known) - 1)
    mine = known[place] == near
    return rows[mine], place[mine]


def by_key(rows: NDArray[np.void], field: str, keys: NDArray[np.uint64]) -> dict[int, NDArray[np.void]]:
    """Return rows by the hash in one of their fields, in their order, for those of `keys` that have some."""
    known = np.unique(keys)
    mine, place = placed(rows[field], known)
    return _grouped(rows, mine, known, place)


def _grouped(
    table: NDArray[np.void], rows: NDArray[np.intp], known: NDArray[np.uint64], place: NDArray[np.integer]
) -> dict[int, NDArray[np.void]]:
    """Return rows of a table by which of the known keys they have: only they are copied, once."""
    if not len(rows):
        return {}
    # Few numbers of 16 bits are sorted by counting.
    order = np.argsort(place.astype(np.uint16) if len(known) <= 1 << 16 else place, kind="stable")
    found, place = picked(table, rows[order]), place[order]
    starts = np.flatnonzero(np.diff(place, prepend=-1))
    ends = [*starts[1:].tolist(), len(found)]
    return {
        key: found[begin:end]
        for key, begin, end in zip(known[place[starts]].tolist(), starts.tolist(), ends, strict=True)
    }
