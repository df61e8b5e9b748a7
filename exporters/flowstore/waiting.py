"""Records that wait for their file: columns by hour, in pieces that are used again and again.

Memory that is touched for the first time costs more than the record that is copied to it, so pieces are never given
back. A lock is held while a batch is copied, not while a file is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from exporters.flowstore.schema import Buffer, buffer, copy_in

PIECE_RECORDS: Final = 32_768  # 4 MB


@dataclass(slots=True)
class Piece:
    """A part of what waits. `since`: when its first record came, in Unix seconds."""

    columns: Buffer
    rows: int = 0
    since: float = 0.0

    @property
    def room(self) -> int:
        """Return how many records it still takes."""
        return PIECE_RECORDS - self.rows


class Waiting:
    """What waits, by hour. Safe to be used by one thread that puts and one that takes."""

    def __init__(self, records_max: int) -> None:
        self._pieces_max = records_max // PIECE_RECORDS
        self._made = 0
        self._free: list[Piece] = []
        self._hours: dict[int, list[Piece]] = {}
        self._lock = Lock()

    def put(self, hour: int, records: NDArray[np.void], now: float) -> int:
        """Copy RECORD rows; return for how many of them there was no room."""
        with self._lock:
            pieces = self._hours.setdefault(hour, [])
            at = 0
            while at < len(records):
                if not pieces or not pieces[-1].room:
                    piece = self._piece()
                    if piece is None:
                        break
                    piece.rows, piece.since = 0, now
                    pieces.append(piece)
                piece = pieces[-1]
                count = min(piece.room, len(records) - at)
                copy_in(piece.columns, piece.rows, records[at : at + count])
                piece.rows += count
                at += count
            return len(records) - at

    def _piece(self) -> Piece | None:
        if self._free:
            return self._free.pop()
        if self._made >= self._pieces_max:
            return None
        self._made += 1
        return Piece(buffer(PIECE_RECORDS))

    def due(self, now: float, after_s: float, records: int) -> list[int]:
        """Return the hours with something that came so long ago, or with so many records."""
        with self._lock:
            return [
                hour
                for hour, pieces in self._hours.items()
                # A clock that was set back makes nothing wait.
                if pieces
                and (not 0 <= now - pieces[0].since < after_s or sum(piece.rows for piece in pieces) >= records)
            ]

    def take(self, hour: int, records: int) -> list[Piece]:
        """Take the oldest pieces of an hour, at most so many records and at least one piece."""
        with self._lock:
            pieces = self._hours.get(hour, [])
            count = max(1, records // PIECE_RECORDS)
            taken, rest = pieces[:count], pieces[count:]
            if rest:
                self._hours[hour] = rest
            else:
                self._hours.pop(hour, None)
            return taken

    def put_back(self, hour: int, pieces: Sequence[Piece]) -> None:
        """Take back what could not be written, before what came since."""
        with self._lock:
            self._hours[hour] = [*pieces, *self._hours.get(hour, [])]

    def give(self, pieces: Sequence[Piece]) -> None:
        """Take back pieces that were written, to be filled again."""
        with self._lock:
            self._free.extend(pieces)

    @property
    def hours(self) -> list[int]:
        """Return the hours of which something waits."""
        with self._lock:
            return [hour for hour, pieces in self._hours.items() if pieces]

    @property
    def records(self) -> int:
        """Return how many records wait, without those that are being written."""
        with self._lock:
            return sum(piece.rows for pieces in self._hours.values() for piece in pieces)
