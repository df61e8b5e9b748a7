"""The files of the history: what is in which, reading, appending, and deleting the oldest.

One file for each hour of five-minute periods and one for each day's records, of blocks as `blocks.py` has them. One
thread appends; any may read.
"""

import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import structlog

from netmon.core.history import blocks, files
from netmon.core.history.blocks import HEADER_BYTES, Header
from netmon.core.history.metrics import Metrics
from netmon.core.history.periods import (
    DAY_S,
    FIVE_MINUTES_S,
    HOUR_S,
    LENGTHS,
    Columns,
    Ids,
    exceeds,
    of_day,
    period_of,
    together,
    without,
)
from netmon.core.history.settings import HistorySettings

log = structlog.get_logger(__name__)

_FOLDERS: Final = {FIVE_MINUTES_S: "hours", DAY_S: "days"}
_SUFFIX: Final = ".blocks"
_AT_ONCE: Final = 20_000  # series of which a day is made at a time: 24 MB


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block is."""

    path: Path
    offset: int
    header: Header


class Store:
    """What is on disk of each period."""

    def __init__(self, folder: Path, settings: HistorySettings, metrics: Metrics) -> None:
        self._folder = folder
        self._metrics = metrics
        self._keep_files = {FIVE_MINUTES_S: settings.keep_hours + 1, DAY_S: settings.keep_days}  # an hour is unfinished
        self._keep_bytes = {FIVE_MINUTES_S: settings.hours_max_bytes, DAY_S: settings.days_max_bytes}
        self._places: dict[int, dict[int, list[Place]]] = {length_s: {} for length_s in LENGTHS}
        self._sizes: dict[int, dict[Path, int]] = {length_s: {} for length_s in LENGTHS}  # of what is whole
        self._lock = threading.Lock()  # for the two above

    def open(self, *, repair: bool = True) -> None:
        """Find what is there; tails that were not written to their end are cut (`repair`). Blocks until done."""
        for length_s, name in _FOLDERS.items():
            folder = self._folder / name
            self._places[length_s], self._sizes[length_s] = {}, {}
            for path in sorted(folder.glob("*" + _SUFFIX)):
                try:
                    self._look(length_s, path, repair=repair)
                except OSError as error:
                    self._damaged("block", path, 0, str(error))
            self._metrics.bytes.labels(length_s).set(sum(self._sizes[length_s].values()))

    def begins(self, length_s: int) -> list[int]:
        """Return when the periods begin of which there are records, ascending."""
        with self._lock:
            return sorted(self._places[length_s])

    def last_id(self) -> int:
        """Return the highest id of any record."""
        places = (place for at in self._places.values() for several in at.values() for place in several)
        return max((place.header.last_id for place in places), default=0)

    def ids(self, length_s: int, begins: int) -> Ids:
        """Return the ids of the series with a record of this period, ascending."""
        return self.read(length_s, begins).ids

    def used_ids(self) -> set[int]:
        """Return the ids of all records."""
        used = np.zeros(self.last_id() + 1, np.bool_)
        for length_s in LENGTHS:
            for begins in self.begins(length_s):
                used[self.ids(length_s, begins)] = True
        return set(np.flatnonzero(used).tolist())

    def read(self, length_s: int, begins: int) -> Columns:
        """Return the records of a period. What is damaged is left out and counted."""
        with self._lock:
            places = list(self._places[length_s].get(begins, ()))
        return together(columns for place in places if (columns := self._columns(place)) is not None)

    def append(self, length_s: int, begins: int, columns: Columns) -> Columns:
        """Write the records of series that have none of this period yet; return them. OSError: none was written."""
        if begins in self._places[length_s]:
            columns = without(columns, self.ids(length_s, begins))
        if len(columns):
            self._append(length_s, begins, columns)
        return columns

    def improve(self, begins: int, columns: Columns) -> Columns:
        """Write a day's records of series that have none, or one of fewer values; return them. OSError: none was.

        A day closes again when the clock was ahead for a while, or when it is not known whether it had.
        """
        old = self.read(DAY_S, begins)
        if not len(old):
            return self.append(DAY_S, begins, columns)
        better = columns.take(exceeds(columns, old))
        if len(better):
            self._replace(begins, together((better, old)))
            self._metrics.records.labels(DAY_S).inc(len(better))
        return better

    def day(self, begins: int) -> Columns:
        """Return what the five-minute periods of a day come to."""
        places = [self._readable(at) for at in self.begins(FIVE_MINUTES_S) if begins <= at < begins + DAY_S]
        places = [several for several in places if several]
        last = max((place.header.last_id for several in places for place in several), default=0)
        there = np.zeros(last + 1, np.bool_)
        for several in places:
            for place in several:
                ids = _ids(place)
                there[ids[ids <= last]] = True
        known = np.flatnonzero(there).astype(np.uint32)
        parts = [known[at : at + _AT_ONCE] for at in range(0, len(known), _AT_ONCE)]
        return _joined(of_day(part, (_part(several, part) for several in places)) for part in parts)

    def retain(self, length_s: int) -> None:
        """Delete the oldest files, as far as there are too many or they are too big. The newest stays."""
        sizes = self._sizes[length_s]
        for path in sorted(sizes)[:-1]:
            if len(sizes) <= self._keep_files[length_s] and sum(sizes.values()) <= self._keep_bytes[length_s]:
                break
            path.unlink(missing_ok=True)
            with self._lock:
                del sizes[path]
                places = self._places[length_s]
                for begins in [at for at, several in places.items() if any(one.path == path for one in several)]:
                    del places[begins]
            self._metrics.deleted.labels(length_s).inc()
        self._metrics.bytes.labels(length_s).set(sum(sizes.values()))

    def _append(self, length_s: int, begins: int, columns: Columns) -> None:
        path, data = self._path(length_s, begins), blocks.encode(length_s, begins, columns)
        size = self._sizes[length_s].get(path, 0)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.append(path, size, data)
        with self._lock:
            self._sizes[length_s][path] = size + len(data)
            self._places[length_s].setdefault(begins, []).append(_place(path, size, data))
        self._metrics.records.labels(length_s).inc(len(columns))

    def _replace(self, begins: int, columns: Columns) -> None:
        """Write the file of a day anew, in one step."""
        path, data = self._path(DAY_S, begins), blocks.encode(DAY_S, begins, columns)
        files.put(path, data)
        with self._lock:
            self._sizes[DAY_S][path] = len(data)
            self._places[DAY_S][begins] = [_place(path, 0, data)]

    def _path(self, length_s: int, begins: int) -> Path:
        pattern = "%Y-%m-%dT%H" if length_s == FIVE_MINUTES_S else "%Y-%m-%d"
        hour = datetime.fromtimestamp(period_of(begins, HOUR_S), UTC)
        return self._folder / _FOLDERS[length_s] / (hour.strftime(pattern) + _SUFFIX)

    def _look(self, length_s: int, path: Path, *, repair: bool) -> None:
        """Take in what a file holds."""
        with files.OpenFile(path) as file:
            found = list(blocks.scan(file))
            while found and not self._whole(file, found[-1], length_s):
                last = found.pop()
                if repair:  # else it may be what the daemon is about to write
                    self._damaged("torn", path, last.offset, "")
        for one in found:
            if one.header is None or one.header.length_s != length_s:
                self._damaged("block", path, one.offset, "")
            else:
                place = Place(path, one.offset, one.header)
                self._places[length_s].setdefault(one.header.begins, []).append(place)
        size = found[-1].offset + found[-1].size if found else 0
        self._sizes[length_s][path] = size
        if repair and path.stat().st_size > size:
            os.truncate(path, size)

    def _whole(self, file: files.OpenFile, found: blocks.Found, length_s: int) -> bool:
        """Tell whether a file's last block was written to its end; a power cut may leave only its size."""
        if found.header is None or found.header.length_s != length_s:
            return False
        body = file.read(found.offset + HEADER_BYTES, found.size - HEADER_BYTES)
        return blocks.decode(found.header, body) is not None

    def _columns(self, place: Place) -> Columns | None:
        try:
            with files.OpenFile(place.path) as file:
                body = file.read(place.offset + HEADER_BYTES, place.header.size - HEADER_BYTES)
        except FileNotFoundError:  # it was its time
            return None
        except OSError as error:
            problem, columns = str(error), None
        else:
            problem, columns = "", blocks.decode(place.header, body)
        if columns is None:
            self._forget(place)
            self._damaged("block", place.path, place.offset, problem)
        return columns

    def _readable(self, begins: int) -> list[Place]:
        """Return the blocks of a five-minute period that are what was written."""
        with self._lock:
            places = list(self._places[FIVE_MINUTES_S].get(begins, ()))
        return [place for place in places if self._columns(place) is not None]

    def _forget(self, place: Place) -> None:
        with self._lock:
            several = self._places[place.header.length_s].get(place.header.begins, [])
            if place in several:
                several.remove(place)
            if not several:
                self._places[place.header.length_s].pop(place.header.begins, None)

    def _damaged(self, what: str, path: Path, offset: int, problem: str) -> None:
        self._metrics.damage.labels(what).inc()
        log.warning("a part of the history is not what was written", file=str(path), offset=offset, problem=problem)


def _place(path: Path, offset: int, block: bytes) -> Place:
    head = blocks.header(block)
    if head is None:
        raise AssertionError("a block that was just made has no header")
    return Place(path, offset, head)


def _ids(place: Place) -> Ids:
    """Return the ids of a block whose checksum was right."""
    with files.OpenFile(place.path) as file:
        return np.frombuffer(file.read(place.offset + HEADER_BYTES, 4 * place.header.rows), "<u4")


def _part(places: list[Place], ids: Ids) -> Columns:
    """Return the records of one period from the lowest to the highest of these ids."""
    return together(_slice(place, int(ids[0]), int(ids[-1])) for place in places)


def _slice(place: Place, first: int, last: int) -> Columns:
    ids = _ids(place)
    low, high = int(np.searchsorted(ids, first)), int(np.searchsorted(ids, last, side="right"))
    rows, begin = place.header.rows, place.offset + HEADER_BYTES
    with files.OpenFile(place.path) as file:
        octets = [file.read(begin + 4 * (rows * column + low), 4 * (high - low)) for column in range(6)]
    return Columns(*(np.frombuffer(one, kind) for one, kind in zip(octets, blocks.TYPES, strict=True)))


def _joined(parts: Iterable[Columns]) -> Columns:
    """Return columns whose ids go on from part to part as one."""
    columns: Iterator[tuple[np.ndarray, ...]] = zip(*(part.all for part in parts), strict=True)
    several = [np.concatenate(column) for column in columns]
    return Columns(*several) if several else together(())
