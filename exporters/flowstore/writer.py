"""`FlowStore`: takes flow records, writes a part a minute, merges the parts of an hour, keeps within its limits.

Raises ConfigError where another process writes to the same directory, else nothing: what the disk does not take waits,
is tried again at the next tick and counted.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
import structlog
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from exporters.flowstore.columns import Callers
from exporters.flowstore.disk import Disk, Lock
from exporters.flowstore.merge import merged
from exporters.flowstore.metrics import Metrics
from exporters.flowstore.names import HOUR_S, File, to_merge
from exporters.flowstore.pack_kernel import bounds
from exporters.flowstore.pages import Encoder
from exporters.flowstore.parquet import Table, packed, quick
from exporters.flowstore.retention import to_remove
from exporters.flowstore.settings import FlowStoreSettings
from exporters.flowstore.shelf import Shelf
from exporters.flowstore.sites import Sites
from exporters.flowstore.waiting import Waiting
from netmon.api.flowcolumns import Lender
from netmon.api.networks import Networks

_HOUR_NS: Final = HOUR_S * 1_000_000_000
_FAILURES: Final = (OSError, pl.exceptions.PolarsError)
_LEAST_REST_S: Final = 0.05  # between two ticks
_SAY_EVERY_S: Final = 60.0  # of a disk that goes on refusing
_log = structlog.get_logger(__name__)


class FlowStore:
    """Keeps flows in one directory. One thread puts, and one (the same or another) ticks."""

    def __init__(  # noqa: PLR0913  # what it is made of
        self,
        settings: FlowStoreSettings,
        directory: Path,
        networks: Networks,
        exporters: Callable[[], Sequence[str]] = tuple,
        *,
        registry: CollectorRegistry | None = None,
        disk: Disk | None = None,
    ) -> None:
        """Take what it needs; `exporters` gives the exporters' names by row, row 0 the sensor's own. Does no I/O."""
        self._settings = settings
        self._directory = directory
        self._exporters = exporters
        self._disk = disk or Disk()
        self._metrics = Metrics(registry or CollectorRegistry())
        self._lock = Lock(directory / "lock")
        self._shelf = Shelf(directory, self._disk)
        self._waiting = Waiting(settings.buffer_records)
        self._callers = Callers()
        self._encoder = Encoder(settings.compression_level)
        self._bounds = np.empty(2, np.uint64)
        self._now = 0.0
        self._hour: int | None = None  # of which records came last
        self._taken = 0  # records, until the last tick
        self._pace = 0.0  # records a second, between the last two
        self._refused = False  # the disk did, at the last tick
        self._said: float | None = None
        self._warned: dict[str, float] = {}  # when a reason was last told
        self.networks = networks

    @property
    def networks(self) -> Networks:
        """Return the inventory by which sites are named; set it when the inventory was loaded again."""
        return self._networks

    @networks.setter
    def networks(self, networks: Networks) -> None:
        self._networks = networks
        self._sites = Sites(networks)

    def open(self, now: float) -> None:
        """Lock the directory and see what is there. Raises ConfigError, and OSError where it cannot be used."""
        self._disk.make(self._directory)
        self._lock.take()
        self._now = now
        self._shelf.load(now)
        self._show()

    def put(self, records: NDArray[np.void]) -> None:
        """Take RECORD rows; they are copied. A record belongs to the hour in which it ended."""
        if not len(records):
            return
        bounds(np.ascontiguousarray(records).view(np.uint64), self._bounds)
        first, last = self._bounds.tolist()
        earliest, latest = self._kept_ns
        if first // _HOUR_NS == last // _HOUR_NS and earliest <= first and last <= latest:
            self._keep(first // _HOUR_NS, records)
            return
        late, future = records["end_ns"] < earliest, records["end_ns"] > latest
        for reason, wrong in (("late", late), ("future", future)):
            if dropped := int(np.count_nonzero(wrong)):
                self._metrics.dropped.labels(reason).inc(dropped)
                self._warn(reason, dropped)
        right = records[~(late | future)]
        hours = right["end_ns"] // _HOUR_NS
        for hour in np.unique(hours).tolist():
            self._keep(hour, right[hours == hour])

    @property
    def _kept_ns(self) -> tuple[int, int]:
        """Return the earliest and the latest end of which a record may be."""
        earliest_s = max(0, self._now - self._settings.late_hours * HOUR_S)
        return int(1e9 * earliest_s), int(1e9 * (self._now + self._settings.ahead_s))

    def lend(self) -> AbstractContextManager[Lender | None]:
        """Lend columns for flows of the hour of which records came last, or none; nobody may put or lend meanwhile."""
        if self._hour is None:
            return nullcontext()
        (earliest, latest), begin = self._kept_ns, self._hour * _HOUR_NS
        return self._waiting.lend(self._hour, max(earliest, begin), min(latest, begin + _HOUR_NS - 1), self._now)

    def _warn(self, reason: str, records: int) -> None:
        """Say that times are wrong, once a minute: whose clock it is, or that an old capture is being exported."""
        if self._now - self._warned.get(reason, -_SAY_EVERY_S) >= _SAY_EVERY_S:
            self._warned[reason] = self._now
            remedy = "look at the exporter's clock; late_hours and ahead_s under traffic.store say what is kept"
            _log.warning("flows are not kept: their time is wrong", reason=reason, records=records, remedy=remedy)

    def _keep(self, hour: int, records: NDArray[np.void]) -> None:
        self._hour = hour
        if dropped := self._waiting.put(hour, records, self._now):
            self._metrics.dropped.labels("full").inc(dropped)

    def rest_s(self, most_s: float) -> float:
        """Return when to tick next, in seconds from now: when there will be enough for a good file, at the pace seen.

        What waits longer than it has to takes memory that was never used before, which is dear. A disk that refused is
        given time.
        """
        if self._refused:
            return most_s
        return min(most_s, max(_LEAST_REST_S, self._waiting.missing(self._settings.file_records) / max(self._pace, 1)))

    def tick(self, now: float) -> None:
        """Write what is due, merge at most one run of files, remove what has to go. Blocks: seconds for a merge."""
        taken, passed_s = self._waiting.taken, now - self._now
        self._pace = (taken - self._taken) / passed_s if passed_s > 0 else 0.0
        self._taken, self._refused = taken, False
        self._now = now
        due = self._waiting.due(now, self._settings.part_s, self._settings.file_records)
        if all(self._write(hour, now) for hour in due):
            self._look_after(now)
        self._show()

    def close(self) -> None:
        """Write all that waits and let the directory go."""
        for hour in self._waiting.hours:
            self._write(hour, self._now)
        if lost := self._waiting.records:
            self._metrics.dropped.labels("unwritten").inc(lost)
        self._show()
        self._lock.release()

    def _write(self, hour: int, now: float) -> bool:
        """Write what waits of an hour, as good files or else as a part; tell whether the disk took it."""
        size = self._settings.file_records
        try:
            early = self._waiting.held(hour) >= size
            while (several := self._waiting.held(hour)) >= size or (several * 2 > size and not early):
                self._write_file(hour, now)
            if not early:
                self._write_part(hour, now)
        except _FAILURES as error:
            self._failed(error, now)
            return False
        return True

    def _write_part(self, hour: int, now: float) -> None:
        cuts = self._waiting.take_fresh(hour)
        if cuts:
            with self._given_back(hour):
                number = self._shelf.next_number(hour)
                self._callers.name(cuts, self._sites)
                self._store(hour, number, number, self._callers.table(cuts, self._exporters()), now, good=False)
            self._waiting.wrote_part(hour, cuts, number)
            self._metrics.written.inc(sum(cut.behind - cut.first for cut in cuts))

    def _write_file(self, hour: int, now: float) -> None:
        """Write a good file of the oldest records of an hour, in the place of the parts that have some of them."""
        cuts, first = self._waiting.take(hour, self._settings.file_records)
        with self._given_back(hour):
            following = self._shelf.next_number(hour)
            fresh = any(cut.behind > cut.piece.safe for cut in cuts)
            last = following if fresh or first is None else following - 1
            table = self._callers.table(cuts, self._exporters(), self._sites)
            self._store(hour, following if first is None else first, last, table, now, good=True)
        self._metrics.written.inc(self._waiting.wrote_file(hour, cuts))
        if first is not None:
            self._metrics.merged.inc(following - first)

    def _store(  # noqa: PLR0913  # which file, of what, how
        self, hour: int, first: int, last: int, table: Table, now: float, *, good: bool
    ) -> None:
        ends = [(int(piece.min()), int(piece.max())) for piece in table.columns["end"]]
        begin = hour * HOUR_S
        earliest, latest = min(ends)[0] // 1_000 - begin, max(end for _, end in ends) // 1_000 - begin
        file = File(first, last, sum(table.sizes), earliest, latest)
        path = self._shelf.path(hour, file)
        self._disk.make(path.parent)
        size = self._disk.write((packed if good else quick)(table, self._encoder), path)
        self._shelf.add(hour, file, size, now)
        self._metrics.writable.set(1)

    @contextmanager
    def _given_back(self, hour: int) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._waiting.failed(hour)
            raise

    def _look_after(self, now: float) -> None:
        try:
            self._merge(now)
            self._shelf.sweep(now)
            if self._shelf.changed:
                self._remove()
        except _FAILURES as error:
            self._failed(error, now)

    def _merge(self, now: float) -> None:
        """Merge one run of an hour that is over and rests."""
        rest_s = self._settings.merge_after_s
        for number, hour in sorted(self._shelf.hours.items()):
            if hour.settled or now < (number + 1) * HOUR_S + rest_s or 0 <= now - hour.last_part < rest_s:
                continue
            if self._waiting.held(number):
                self._write_file(number, now)
                return
            run = to_merge(hour.live, self._settings.file_records)
            try:
                table = self._read(number, run) if run else None
            except FileNotFoundError as error:
                self._shelf.lost(number)
                _log.warning("a file of flows was removed by somebody else", path=str(error.filename or error))
                return
            hour.settled = table is None
            if table is not None:
                self._store(number, run[0].first, run[-1].last, table, now, good=True)
                self._metrics.merged.inc(len(run))
                return

    def _read(self, number: int, run: Sequence[File]) -> Table | None:
        """Return the records of several files; None where one is damaged, which is said once."""
        try:
            return merged([self._shelf.path(number, each) for each in run])
        except pl.exceptions.PolarsError as error:
            self._metrics.damaged.inc()
            folder = self._shelf.path(number, run[0]).parent
            _log.error("a file of flows is damaged; its hour is not merged", directory=str(folder), problem=str(error))
            return None

    def _remove(self) -> None:
        sizes = {number: sum(hour.sizes.values()) for number, hour in self._shelf.hours.items()}
        for gone in to_remove(sizes, self._settings.keep_days * 24, self._settings.max_bytes):
            self._waiting.forget(gone.hour)
            files, records = self._shelf.drop(gone.hour)
            self._metrics.deleted.labels(gone.limit).inc(files)
            self._metrics.deleted_records.labels(gone.limit).inc(records)

    def _failed(self, error: Exception, now: float) -> None:
        self._refused = True
        self._metrics.failures.inc()
        self._metrics.writable.set(0)
        if self._said is None or not 0 <= now - self._said < _SAY_EVERY_S:
            self._said = now
            _log.error(
                "flows cannot be written",
                directory=str(self._directory),
                problem=str(error),
                waiting=self._waiting.records,
                remedy="free the disk or lower max_bytes; flows wait in memory until buffer_records of them do",
            )

    def _show(self) -> None:
        hours = self._shelf.hours
        self._metrics.waiting.set(self._waiting.records)
        if not self._shelf.changed:
            return
        self._shelf.changed = False
        self._metrics.files.set(sum(len(hour.live) for hour in hours.values()))
        self._metrics.bytes.set(self._shelf.size)
        self._metrics.oldest.set(min(hours, default=0) * HOUR_S)
