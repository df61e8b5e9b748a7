"""The thread's part of the history: closed periods are summed up and written, days made of them, the oldest deleted.

What the disk does not take waits in memory and is tried again with each period that follows.
"""

from collections import deque
from dataclasses import dataclass
from pathlib import Path

import structlog

from netmon.api.columns import Singles
from netmon.core.history import files, leftover, names
from netmon.core.history.metrics import Metrics
from netmon.core.history.periods import DAY_S, FIVE_MINUTES_S, Columns, Ids, summarise
from netmon.core.history.settings import HistorySettings
from netmon.core.history.store import Store

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Period:
    """A period that closed, by ids."""

    length_s: int
    begins: int
    columns: Columns


class Writer:
    """Writes. All methods are for one thread."""

    def __init__(self, folder: Path, settings: HistorySettings, store: Store, metrics: Metrics) -> None:
        self._names = folder / "names"
        self._leftover = folder / "leftover"
        self._settings = settings
        self._store = store
        self._metrics = metrics
        self._names_size = 0
        self._known = names.Names(settings.series_max)
        self._new_names: list[bytes] = []  # not on disk yet; bounded by series_max
        self._waiting: deque[Period] = deque()
        self._days: set[int] = set()  # that wait until no period of theirs does
        self._problem = ""
        self._unreadable: OSError | None = None  # why the names are not known: then nothing is written over them

    def load_names(self) -> names.Names:
        """Return the names of the file; those without a record go when they are many."""
        known = names.Names(self._settings.series_max)
        try:
            data = self._names.read_bytes()
        except FileNotFoundError:
            data = b""
        except OSError as error:
            self.failed(error)
            self._unreadable, data = error, b""
        whole = data[: data.rfind(b"\n") + 1]
        bad = known.load(whole)
        self._metrics.damage.labels("name").inc(bad)
        self._metrics.damage.labels("torn").inc(len(whole) < len(data))
        known.used(self._store.last_id())
        self._names_size = len(whole)
        if known.crowded:
            known.keep(self._store.used_ids())
            self._shorten(known)
        self._known = known
        return known

    def close(self, begins: int, ids: Ids, values: Singles) -> list[Period]:
        """Sum up the values of five minutes and write them; return the period."""
        columns = self._write(Period(FIVE_MINUTES_S, begins, summarise(ids, values)))
        self._store.retain(FIVE_MINUTES_S)
        closed = [Period(FIVE_MINUTES_S, begins, columns)] if len(columns) else []
        for day in sorted(self._days):
            closed += self.close_day(day)
        return closed

    def close_day(self, begins: int) -> list[Period]:
        """Make a day of its five-minute periods and write it; return it, without series whose record was as good.

        While periods of that day wait for the disk it waits too, and comes with a later `close`.
        """
        self._again()
        if any(one.length_s == FIVE_MINUTES_S and begins <= one.begins < begins + DAY_S for one in self._waiting):
            self._days.add(begins)
            return []
        self._days.discard(begins)
        columns = self._store.day(begins)
        if not len(columns):
            return []
        columns = self._write(Period(DAY_S, begins, columns))
        self._store.retain(DAY_S)
        return [Period(DAY_S, begins, columns)] if len(columns) else []

    def add_day(self, begins: int, columns: Columns) -> int:
        """Write records of a day that came from elsewhere, for series without one; return how many. Raises OSError."""
        self._write_names()
        written = len(self._store.append(DAY_S, begins, columns))
        self._store.retain(DAY_S)
        return written

    def leave(self, periods: list[tuple[int, Ids, Singles]]) -> None:
        """Write the values of periods that are not over, for the next start."""
        self._again()
        try:
            self._write_names()
            if periods:
                files.put(self._leftover, b"".join(leftover.encode(*period) for period in periods))
        except OSError as error:
            self.failed(error)

    def load_leftover(self) -> list[tuple[int, Ids, Singles]]:
        """Return what `leave` wrote, once."""
        try:
            octets = self._leftover.read_bytes()
            self._leftover.unlink()
        except FileNotFoundError:
            return []
        except OSError as error:
            self.failed(error)
            return []
        return list(leftover.decode(octets))

    def _write(self, period: Period) -> Columns:
        """Write a period after those that wait; return what is its own, written or waiting."""
        self._again()
        if self._waiting:
            self._wait(period)
            return period.columns
        try:
            return self._append(period)
        except OSError as error:
            self.failed(error)
            self._wait(period)
            return period.columns

    def _again(self) -> None:
        """Write what waits, the oldest first, as far as the disk takes it."""
        try:
            while self._waiting:
                self._append(self._waiting[0])
                self._waiting.popleft()
        except OSError as error:
            self.failed(error)

    def _append(self, period: Period) -> Columns:
        self._write_names()
        if period.length_s == DAY_S:
            columns = self._store.improve(period.begins, period.columns)
        else:
            columns = self._store.append(period.length_s, period.begins, period.columns)
            self._metrics.lost.labels("duplicate").inc(len(period.columns) - len(columns))
        if self._problem:
            log.warning("the history can be written again")
            self._problem = ""
            self._metrics.writable.set(1)
        return columns

    def _wait(self, period: Period) -> None:
        self._waiting.append(period)
        if len(self._waiting) > self._settings.waiting_max:
            self._metrics.lost.labels("unwritten").inc(len(self._waiting.popleft().columns))

    def failed(self, error: OSError) -> None:
        """Say that the disk does not take what it should."""
        self._metrics.failures.inc()
        self._metrics.writable.set(0)
        if str(error) != self._problem:
            log.error("the history cannot be written; periods wait in memory", problem=str(error))
        self._problem = str(error)

    def _write_names(self) -> None:
        """Write the new names: before the first record that uses one."""
        if self._unreadable is not None:
            raise self._unreadable
        self._new_names += self._known.new()
        if self._new_names:
            self._names.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            data = b"".join(self._new_names)
            files.append(self._names, self._names_size, data)
            self._names_size += len(data)
            self._new_names = []

    def _shorten(self, known: names.Names) -> None:
        data = b"".join(known.lines())
        try:
            files.put(self._names, data)
        except OSError as error:
            self.failed(error)
        else:
            self._names_size = len(data)
