"""Records that wait for their file, by hour: those that came since the last part, and those that parts have already.

What is in a part stays here as well until there is enough for a good file, so that no part has to be read again; where
memory is short it goes. Memory that is touched for the first time costs more than the record that is copied to it, so
pieces are used again and again. A lock is held while a batch is copied, not while a file is written.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from exporters.flowstore.columns import PIECE_RECORDS, Cut, Piece

_HOURS: Final = 8  # pieces at least, however little memory there is: each hour of which records come takes one


@dataclass(slots=True)
class _Hour:
    pieces: list[Piece] = field(default_factory=list)
    since: float | None = None  # when the first record came that is in no part, in Unix seconds
    first: int | None = None  # number of the oldest part whose records are here
    busy: bool = False  # a file is being written of it

    @property
    def rows(self) -> int:
        return sum(piece.rows - piece.gone for piece in self.pieces)

    @property
    def fresh(self) -> int:
        return sum(piece.rows - piece.safe for piece in self.pieces)

    @property
    def spare(self) -> int:
        """Return how many pieces hold nothing but what is in parts."""
        return len(self.pieces) if not self.fresh else sum(piece.safe == piece.size for piece in self.pieces)


class Lending:
    """Columns of pieces that follow each other, for one who writes: netmon.api.flowcolumns.Lender."""

    def __init__(self, piece: Piece, following: Callable[[Piece], Piece | None], times: tuple[int, int]) -> None:
        self._piece: Piece | None = piece
        self._following = following
        self._times = times
        self._taken = 0  # of pieces before
        self.columns = piece.lend(*times)

    def renew(self) -> bool:
        """Take these columns as full and have others; False where there are none."""
        if self._piece is not None:
            self._taken += self._piece.lent()
            self._piece = self._following(self._piece)
        if self._piece is None:
            return False
        self.columns = self._piece.lend(*self._times)
        return True

    def settle(self) -> int:
        """Take what was written; return how many records it was in all. Nothing may be written afterwards."""
        if self._piece is not None:
            self._taken += self._piece.lent()
            self._piece = None
        return self._taken


class Waiting:
    """What is held, by hour. Safe to be used by one thread that puts and one that writes."""

    def __init__(self, records_max: int) -> None:
        self._records_max = records_max
        self._size = min(PIECE_RECORDS, records_max // _HOURS)
        self._pieces_max = records_max // self._size
        self._made = 0
        self.taken = 0  # records, since the start
        self._free: list[Piece] = []
        self._hours: dict[int, _Hour] = {}
        self._lock = Lock()

    def put(self, hour: int, records: NDArray[np.void], now: float) -> int:
        """Copy RECORD rows; return for how many of them there was no room."""
        with self._lock:
            held = self._hours.setdefault(hour, _Hour())
            at = 0
            while at < len(records):
                piece = self._open(held)
                if piece is None:
                    break
                count = min(piece.room, len(records) - at)
                piece.put(records[at : at + count])
                at += count
            self._took(held, at, now)
            return len(records) - at

    @contextmanager
    def lend(self, hour: int, earliest_ns: int, latest_ns: int, now: float) -> Iterator["Lending | None"]:
        """Lend the columns of an hour, for flows that ended within these times; nobody else has them meanwhile.

        None where there is no room for any.
        """
        with self._lock:
            held = self._hours.setdefault(hour, _Hour())
            piece = self._open(held)
            if piece is None:
                yield None
                return
            lending = Lending(piece, partial(self._following, held), (earliest_ns, latest_ns))
            try:
                yield lending
            finally:
                self._took(held, lending.settle(), now)
                if not held.pieces[-1].rows:  # nothing came of it
                    unused = held.pieces.pop()
                    unused.clear()
                    self._free.append(unused)

    def _following(self, held: _Hour, piece: Piece) -> Piece | None:
        """Return the piece behind one that has room for few records or none: no set of flows is cut."""
        if not piece.rows:
            return None
        piece.end()
        return self._open(held)

    def _open(self, held: _Hour) -> Piece | None:
        """Return the piece of an hour that is being filled; None where there is no room for one."""
        if not held.pieces or not held.pieces[-1].room:
            piece = self._piece()
            if piece is None:
                return None
            held.pieces.append(piece)
        return held.pieces[-1]

    def _took(self, held: _Hour, records: int, now: float) -> None:
        if records and held.since is None:
            held.since = now
        self.taken += records

    def _piece(self) -> Piece | None:
        if not self._free and self._made >= self._pieces_max:
            self._forget_most()
        if self._free:
            return self._free.pop()
        if self._made >= self._pieces_max:
            return None
        self._made += 1
        return Piece(self._size)

    def _forget_most(self) -> None:
        """Give up the records of one hour that are in parts: those that give most memory back."""
        several = [held for held in self._hours.values() if not held.busy]
        if several:
            self._forget(max(several, key=lambda held: held.spare))

    def _forget(self, held: _Hour) -> None:
        held.first = None
        for piece in held.pieces:
            piece.gone = piece.safe
        self._release(held)

    def _release(self, held: _Hour) -> None:
        """Take back pieces that hold nothing any more, but not one that is being filled."""
        for piece in [piece for piece in held.pieces if piece.gone == piece.size]:
            held.pieces.remove(piece)
            piece.clear()
            self._free.append(piece)
        if all(piece.gone == piece.rows for piece in held.pieces):
            for piece in held.pieces:
                piece.clear()
            self._free.extend(held.pieces)
            held.pieces.clear()

    def forget(self, hour: int) -> None:
        """Give up what is in parts of an hour: they are to count for themselves, or were removed."""
        with self._lock:
            if hour in self._hours:
                self._forget(self._hours[hour])

    def due(self, now: float, after_s: float, records: int) -> list[int]:
        """Return the hours with something that came so long ago and is in no part, or with so many records."""
        with self._lock:
            return [
                hour
                for hour, held in self._hours.items()
                # A clock that was set back makes nothing wait.
                if held.since is not None and (not 0 <= now - held.since < after_s or held.rows >= records)
            ]

    def take(self, hour: int, records: int) -> tuple[list[Cut], int | None]:
        """Return the oldest records of an hour, about so many at most, and the first part that has some of them.

        They stay here; the hour is kept from being forgotten until `wrote` or `failed`.
        """
        return self._cuts(hour, records, fresh=False)

    def take_fresh(self, hour: int) -> list[Cut]:
        """Return the records of an hour that are in no part."""
        return self._cuts(hour, self._records_max, fresh=True)[0]

    def _cuts(self, hour: int, records: int, *, fresh: bool) -> tuple[list[Cut], int | None]:
        with self._lock:
            held = self._hours.get(hour)
            if held is None:
                return [], None
            cuts: list[Cut] = []
            left = records
            for piece in held.pieces:
                first = piece.safe if fresh else piece.gone
                behind = min(piece.rows, first + left)
                left -= behind - first
                if behind > first:
                    cuts.append(Cut(piece, first, behind, piece.fields["present"].copy()))
            held.busy = bool(cuts)
            return cuts, held.first

    def wrote_part(self, hour: int, cuts: Sequence[Cut], number: int) -> None:
        """Note that these records are in a part of this number; they stay until there is enough for a good file."""
        with self._lock:
            held = self._hours[hour]
            held.first = number if held.first is None else held.first
            self._written(held, cuts)

    def wrote_file(self, hour: int, cuts: Sequence[Cut]) -> int:
        """Let records go that are in a file; return how many of them no part had."""
        with self._lock:
            held = self._hours[hour]
            new = sum(cut.behind - cut.piece.safe for cut in cuts if cut.behind > cut.piece.safe)
            for cut in cuts:
                cut.piece.gone = cut.behind
            held.first = None
            self._written(held, cuts)
            self._release(held)
            return new

    def _written(self, held: _Hour, cuts: Sequence[Cut]) -> None:
        for cut in cuts:
            cut.piece.safe = max(cut.piece.safe, cut.behind)
        held.busy = False
        if not held.fresh:
            held.since = None

    def failed(self, hour: int) -> None:
        """Note that nothing came of what was taken."""
        with self._lock:
            self._hours[hour].busy = False

    def held(self, hour: int) -> int:
        """Return the records of an hour that are here, also those that parts have."""
        with self._lock:
            return self._hours[hour].rows if hour in self._hours else 0

    def missing(self, records: int) -> int:
        """Return how many are missing until some hour has so many."""
        with self._lock:
            return max(0, records - max((held.rows for held in self._hours.values()), default=0))

    @property
    def hours(self) -> list[int]:
        """Return the hours of which something is in no part yet; hours of which nothing is here are dropped."""
        with self._lock:
            self._hours = {hour: held for hour, held in self._hours.items() if held.pieces}
            return [hour for hour, held in self._hours.items() if held.fresh]

    @property
    def records(self) -> int:
        """Return how many records are in no file."""
        with self._lock:
            return sum(held.fresh for held in self._hours.values())
