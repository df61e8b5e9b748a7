"""The contacts of the last seconds, so kept that those of a few sources are found without looking at all."""

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rules.traffic.scans.contact import CONTACT

_BUCKETS: Final = 1 << 17  # by which sources are counted roughly: as many as there are contacts at most, usually
_BUCKET: Final = np.uint64(_BUCKETS - 1)
_LOW: Final = np.uint64(0xFFFF)
_FEW: Final = 2_000  # rows for which adding one by one is quicker than counting all buckets


class Memory:
    """The contacts of the last seconds, window by window, in a ring. At most `cap`: the oldest windows go first."""

    def __init__(self, keep_s: float, cap: int) -> None:
        self._keep_s = keep_s
        self._cap = cap
        self._ring = np.zeros(cap, CONTACT)
        self._sources = np.zeros(cap, np.uint32)  # the bucket of each row's source
        self._counts = np.zeros(_BUCKETS, np.int32)  # rows by bucket
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
        buckets = (rows["source"] & _BUCKET).astype(np.uint32)
        self._counted(buckets, 1)
        begin = (self._first + self._count) % self._cap
        room = self._cap - begin
        self._ring[begin : begin + len(rows)], self._sources[begin : begin + len(rows)] = rows[:room], buckets[:room]
        if len(rows) > room:
            self._ring[: len(rows) - room], self._sources[: len(rows) - room] = rows[room:], buckets[room:]
        self._parts.append((at, len(rows)))
        self._count += len(rows)

    def rough(self, sources: NDArray[np.uint64]) -> NDArray[np.int32]:
        """Return how many rows each of these sources (hashes) has at most: exactly so many, or a few more."""
        return self._counts[(sources & _BUCKET).astype(np.intp)]

    def of(self, sources: NDArray[np.uint64]) -> dict[int, NDArray[np.void]]:
        """Return the rows of some sources (hashes), the oldest first; those that have none are left out."""
        wanted = np.zeros(_BUCKETS, np.bool_)
        wanted[(sources & _BUCKET).astype(np.intp)] = True
        rows = np.concatenate([ring[wanted[buckets]] for ring, buckets in self._pieces()])
        return by_source(rows, sources)

    @property
    def rows(self) -> NDArray[np.void]:
        """Return a copy of all of them, the oldest first."""
        return np.concatenate([ring for ring, _ in self._pieces()])

    def _pieces(self) -> list[tuple[NDArray[np.void], NDArray[np.uint32]]]:
        end = self._first + self._count
        bounds = [(self._first, min(end, self._cap)), (0, max(end - self._cap, 0))]
        return [(self._ring[one:other], self._sources[one:other]) for one, other in bounds]

    def _forget(self) -> int:
        """Forget the oldest window; return how many rows it had."""
        _, gone = self._parts.popleft()
        for begin, end in ((self._first, min(self._first + gone, self._cap)), (0, self._first + gone - self._cap)):
            if end > begin:
                self._counted(self._sources[begin:end], -1)
        self._first = (self._first + gone) % self._cap
        self._count -= gone
        return gone

    def _counted(self, buckets: NDArray[np.uint32], by: int) -> None:
        if len(buckets) < _FEW:
            np.add.at(self._counts, buckets, by)
        else:
            self._counts += by * np.bincount(buckets, minlength=_BUCKETS).astype(np.int32)


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


def by_source(rows: NDArray[np.void], sources: NDArray[np.uint64]) -> dict[int, NDArray[np.void]]:
    """Return rows (CONTACT) by their source's hash, in their order, for those of `sources` that have some."""
    mine, place = placed(rows["source"], np.unique(sources))
    if not len(mine):
        return {}
    order = np.argsort(place, kind="stable")
    rows, place = rows[mine[order]], place[order]
    starts = np.flatnonzero(np.diff(place, prepend=-1))
    return {
        int(rows["source"][begin]): rows[begin:end]
        for begin, end in zip(starts.tolist(), [*starts[1:].tolist(), len(rows)], strict=True)
    }
