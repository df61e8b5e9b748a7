"""The history of bounded quantities in the daemon that polls: values in, closed periods out, kept on disk between."""

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
import structlog
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from netmon.api.columns import Batch, Book, Rollup, Series, Slots
from netmon.core.history import files
from netmon.core.history.gathering import Gathering
from netmon.core.history.metrics import Metrics
from netmon.core.history.names import Names
from netmon.core.history.periods import DAY_S, FIVE_MINUTES_S, HOUR_S, Columns, Ids, period_of, singles
from netmon.core.history.settings import HistorySettings
from netmon.core.history.store import Store
from netmon.core.history.writer import Period, Writer

log = structlog.get_logger(__name__)

_Number = TypeVar("_Number", np.uint32, np.int32)
_AGAIN_S: Final = HOUR_S  # values that are older belong to no period any more


class History:
    """Periods of the series that have a bound. `open` first, then `add` and `tick` on one thread.

    A value belongs to the period of its own time. A period closes `grace_s` after its end, is summed up and written on
    another thread, and given by a later `tick` when it is on disk; where the disk fails it is given all the same, waits
    in memory and is written later. When a clock is set back, periods that closed stay as they are: their values are
    dropped as late. After such a step `tick` may give periods older than the last.
    """

    def __init__(self, folder: Path, settings: HistorySettings, book: Book, registry: CollectorRegistry) -> None:
        self._folder = folder
        self._settings = settings
        self._book = book
        self._metrics = Metrics(registry)
        self._store = Store(folder, settings, self._metrics)
        self._writer = Writer(folder, settings, self._store, self._metrics)
        self._lock = files.Lock(folder / "lock")
        self._names = Names(settings.series_max)
        self._gathering = Gathering(settings.values_max)
        self._ids: Ids = np.zeros(0, np.uint32)  # slot → id; 0: not known yet
        self._slots: Slots = np.zeros(0, np.int32)  # id → slot; -1: nobody's now
        self._closed: set[int] = set()  # five-minute periods that are on disk or on their way
        self._days: set[int] = set()  # days with periods that are to be closed
        self._now: float | None = None
        self._worker: ThreadPoolExecutor | None = None
        self._under_way: deque[Future[list[Period]]] = deque()

    def open(self, now: float | None = None) -> None:
        """Read what is there; blocks until done. ConfigError: another process has it.

        Torn tails are cut and counted, damaged parts left out and counted. Where the disk fails the history goes on
        in memory and says so. What ended while nobody was there closes at once where `now` is given, and is then of the
        past; else at the first `tick`. Series of the book must have their slots by now.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.take()
        except OSError as error:
            self._writer.failed(error)
        self._store.open()
        self._names = self._writer.load_names()
        self._metrics.names.set(len(self._names))
        begins = self._store.begins(FIVE_MINUTES_S)
        self._closed = set(begins)
        for at, ids, values in self._writer.load_leftover():
            if at not in self._closed:
                self._gathering.add(at, ids, values)
        known = set(self._store.begins(DAY_S))
        newest = period_of(begins[-1], DAY_S) if begins else 0
        self._days = {day for day in (period_of(at, DAY_S) for at in begins) if day == newest or day not in known}
        self._bind_all()
        self._worker = ThreadPoolExecutor(1, "history")
        if now is not None:
            self.tick(now)
            self.flush()

    async def start(self) -> None:
        """Open on another thread."""
        await asyncio.to_thread(self.open, time.time())

    async def stop(self) -> None:
        """Write what is under way and the values of periods that are not over, for the next start; then end."""
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """Do as `stop`, and block until done."""
        if self._worker is not None:
            rest = [(at, *self._gathering.take(at)) for at in self._gathering.begins]
            self._worker.submit(self._writer.leave, rest)
            self._worker.shutdown()
            self._worker = None
        self._lock.release()

    def add(self, batch: Batch) -> None:
        """Take the rows that have a bound. O(rows); never waits for the disk."""
        watched = np.flatnonzero(~np.isnan(batch.bounds))
        if not len(watched):
            return
        self._metrics.values.inc(len(watched))
        ids = self._ids_of(batch.slots[watched])
        values, begins = singles(batch.values[watched]), batch.at[watched] // FIVE_MINUTES_S * FIVE_MINUTES_S
        if not ids.all():
            known = ids != 0
            self._drop("series_max", len(ids) - int(known.sum()))
            ids, values, begins = ids[known], values[known], begins[known]
        if not len(ids):
            return
        if begins[0] == begins[-1] and (begins == begins[0]).all():
            self._gather(float(begins[0]), ids, values)
            return
        for one in np.unique(begins):
            rows = begins == one
            self._gather(float(one), ids[rows], values[rows])

    def tick(self, now: float) -> list[Rollup]:
        """Close what is over and return what has closed since the last call. `now` is in Unix seconds."""
        self._now = now
        for begins in self._gathering.due(now, self._settings.grace_s):
            self._close(begins)
        for day in sorted(self._days):
            if now >= day + DAY_S + self._settings.grace_s and not self._awaited(day):
                self._days.discard(day)
                self._hand_over(self._writer.close_day, day)
        return self._done()

    def flush(self) -> list[Rollup]:
        """Return what is under way when it is done. For replays and tests: it blocks."""
        for future in self._under_way:
            future.exception()
        return self._done()

    def past(self, length_s: int, since: float, until: float = float("inf")) -> Iterator[Rollup]:
        """Give the periods on disk that begin in [since, until), the oldest first, for series that have a slot now.

        Reads as it goes, about 1 ms for 100,000 series and a period; any thread may read while another adds. `until`
        keeps periods out that a clock which was ahead left behind.
        """
        slots = self._slots_now()
        for begins in self._store.begins(length_s):
            if since <= begins < until:
                rollup = _rollup(Period(length_s, begins, self._store.read(length_s, begins)), slots)
                if len(rollup.slots):
                    yield rollup

    def free(self, slots: Slots) -> None:
        """Forget which series were at these slots. What is on disk of them stays until its time."""
        slots = slots[slots < len(self._ids)]
        known = slots[self._ids[slots] != 0]
        self._slots[self._ids[known]] = -1
        self._ids[known] = 0

    def known(self) -> Iterator[tuple[int, int, Series]]:
        """Give (slot, id, series) of each series with a bound that has a slot now."""
        for slot in np.flatnonzero(self._ids).tolist():
            series = self._book.series(slot)
            if series is not None:
                yield slot, int(self._ids[slot]), series

    async def add_day(self, begins: int, columns: Columns) -> int:
        """Write a day's records that came from elsewhere, for series that have none; return how many. OSError."""
        if self._worker is None:
            raise OSError("the history is not open")
        work = self._worker.submit(self._writer.add_day, begins, columns)
        return await asyncio.wrap_future(work)

    def _gather(self, begins: float, ids: Ids, values: NDArray[np.float32]) -> None:
        if self._now is not None and begins > self._now + FIVE_MINUTES_S:
            self._drop("future", len(ids))
        elif begins in self._closed or (self._now is not None and begins < self._now - _AGAIN_S):
            self._drop("late", len(ids))
        else:
            taken = self._gathering.add(int(begins), ids, values)
            if taken < len(ids):
                self._drop("values_max", len(ids) - taken)

    def _ids_of(self, slots: Slots) -> Ids:
        """Return the ids of these slots; series that come for the first time get theirs. 0: there is no room."""
        highest = int(slots.max())
        if highest >= len(self._ids):
            self._ids = _longer(self._ids, max(highest + 1, self._book.size), 0)
        ids = self._ids[slots]
        if not ids.all():
            for slot in slots[ids == 0].tolist():
                series = self._book.series(slot)
                self._bind_one(slot, self._names.give(series.key) if series is not None else 0)
            self._metrics.names.set(len(self._names))
            ids = self._ids[slots]
        return ids

    def _slots_now(self) -> Slots:
        """Return id → slot, -1 where there is none, with series that have a name and have not come yet."""
        ids, slots = self._ids, _longer(self._slots.copy(), self._names.last + 1, -1)
        for slot in range(self._book.size):
            series = self._book.series(slot) if slot >= len(ids) or not ids[slot] else None
            one = self._names.find(series.key) if series is not None else 0
            if 0 < one < len(slots):
                slots[one] = slot
        return slots

    def _bind_all(self) -> None:
        """Learn the slots of all series that have a name."""
        self._ids = _longer(self._ids, self._book.size, 0)
        for slot in range(self._book.size):
            series = self._book.series(slot)
            self._bind_one(slot, self._names.find(series.key) if series is not None else 0)

    def _bind_one(self, slot: int, one: int) -> None:
        if one:
            self._slots = _longer(self._slots, self._names.last + 1, -1)
            self._ids[slot], self._slots[one] = one, slot

    def _close(self, begins: int) -> None:
        ids, values = self._gathering.take(begins)
        if len(self._under_way) > self._settings.waiting_max:
            self._drop("behind", len(ids))
            return
        self._closed.add(begins)
        self._days.add(period_of(begins, DAY_S))
        if len(self._closed) > 2 * self._settings.keep_hours * (HOUR_S // FIVE_MINUTES_S):
            self._closed = set(sorted(self._closed)[len(self._closed) // 2 :])
        self._hand_over(self._writer.close, begins, ids, values)

    def _awaited(self, day: int) -> bool:
        """Tell whether values of a day are still gathered."""
        return any(day <= begins < day + DAY_S for begins in self._gathering.begins)

    def _hand_over(self, work: object, *arguments: object) -> None:
        if self._worker is not None:
            self._under_way.append(self._worker.submit(work, *arguments))  # type: ignore[arg-type]

    def _done(self) -> list[Rollup]:
        periods: list[Period] = []
        while self._under_way and self._under_way[0].done():
            future = self._under_way.popleft()
            error = future.exception()
            if error is None:
                periods += future.result()
                continue
            self._metrics.lost.labels("bug").inc()
            log.error("a period of the history was lost", exc_info=error)
        return [rollup for period in periods if len((rollup := _rollup(period, self._slots)).slots)]

    def _drop(self, reason: str, count: int) -> None:
        self._metrics.dropped.labels(reason).inc(count)


def _rollup(period: Period, of_id: Slots) -> Rollup:
    """Return a period by slots, for series that have one."""
    columns = period.columns
    slots = np.full(len(columns), -1, np.int32)
    near = columns.ids < len(of_id)
    slots[near] = of_id[columns.ids[near]]
    there = slots >= 0
    if not there.all():
        slots, columns = slots[there], columns.take(there)
    return Rollup(
        float(period.begins),
        period.length_s,
        slots,
        columns.counts,
        columns.minimum,
        columns.mean,
        columns.maximum,
        columns.p95,
    )


def _longer(column: NDArray[_Number], size: int, fill: int) -> NDArray[_Number]:
    """Return a column of at least this size; it grows by halves, so that many small steps are cheap."""
    if len(column) >= size:
        return column
    longer = np.full(max(size, len(column) * 3 // 2), fill, column.dtype)
    longer[: len(column)] = column
    return longer
