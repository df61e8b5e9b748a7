"""`FlowStore`: takes flow records, writes a part a minute, merges the parts of an hour, keeps within its limits.

Raises ConfigError where another process writes to the same directory, else nothing: what the disk does not take waits,
is tried again at the next tick and counted.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
import structlog
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from exporters.flowstore.disk import Disk, Lock
from exporters.flowstore.merge import merged
from exporters.flowstore.metrics import Metrics
from exporters.flowstore.names import HOUR_S, File, to_merge
from exporters.flowstore.retention import to_remove
from exporters.flowstore.schema import Names, filled, frame
from exporters.flowstore.settings import FlowStoreSettings
from exporters.flowstore.shelf import Shelf
from exporters.flowstore.sites import Sites
from exporters.flowstore.waiting import Piece, Waiting
from netmon.api.networks import Networks

_HOUR_NS: Final = HOUR_S * 1_000_000_000
_FAILURES: Final = (OSError, pl.exceptions.PolarsError)
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
        self._now = 0.0
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
        ends = records["end_ns"]
        first, last = int(ends.min()), int(ends.max())
        earliest = int(1e9 * max(0, self._now - self._settings.late_hours * HOUR_S))
        latest = int(1e9 * (self._now + self._settings.ahead_s))
        if first // _HOUR_NS == last // _HOUR_NS and earliest <= first and last <= latest:
            self._keep(first // _HOUR_NS, records)
            return
        late, future = ends < earliest, ends > latest
        for reason, wrong in (("late", late), ("future", future)):
            if dropped := int(np.count_nonzero(wrong)):
                self._metrics.dropped.labels(reason).inc(dropped)
                self._warn(reason, dropped)
        right = records[~(late | future)]
        hours = right["end_ns"] // _HOUR_NS
        for hour in np.unique(hours).tolist():
            self._keep(hour, right[hours == hour])

    def _warn(self, reason: str, records: int) -> None:
        """Say that times are wrong, once a minute: whose clock it is, or that an old capture is being exported."""
        if self._now - self._warned.get(reason, -_SAY_EVERY_S) >= _SAY_EVERY_S:
            self._warned[reason] = self._now
            remedy = "look at the exporter's clock; late_hours and ahead_s under traffic.store say what is kept"
            _log.warning("flows are not kept: their time is wrong", reason=reason, records=records, remedy=remedy)

    def _keep(self, hour: int, records: NDArray[np.void]) -> None:
        if dropped := self._waiting.put(hour, records, self._now):
            self._metrics.dropped.labels("full").inc(dropped)

    def tick(self, now: float) -> None:
        """Write what is due, merge at most one run of files, remove what has to go. Blocks: seconds for a merge."""
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
        """Write all that waits of an hour; tell whether the disk took it."""
        while pieces := self._waiting.take(hour, self._settings.file_records):
            try:
                self._write_part(hour, pieces, now)
            except _FAILURES as error:
                self._waiting.put_back(hour, pieces)
                self._failed(error, now)
                return False
            except BaseException:
                self._waiting.put_back(hour, pieces)
                raise
            self._waiting.give(pieces)
        return True

    def _write_part(self, hour: int, pieces: Sequence[Piece], now: float) -> None:
        names = Names(self._sites, self._exporters())
        made = [frame(piece.columns, piece.rows, names) for piece in pieces]
        together = pl.concat(made, how="diagonal") if len(made) > 1 else made[0]
        number = self._shelf.hours[hour].next_number if hour in self._shelf.hours else 0
        self._store(hour, number, number, filled(together), now)
        self._metrics.written.inc(together.height)

    def _store(self, hour: int, first: int, last: int, table: pl.DataFrame, now: float) -> None:
        ends = table["end"].to_physical() // 1_000 - hour * HOUR_S
        file = File(first, last, table.height, int(ends.min()), int(ends.max()))  # type: ignore[arg-type]
        path = self._shelf.path(hour, file)
        self._disk.make(path.parent)
        size = self._disk.write(table, path, self._settings.compression_level, statistics=first != last)
        self._shelf.add(hour, file, size, now)
        self._metrics.writable.set(1)

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
            run = to_merge(hour.live, self._settings.file_records)
            table = self._read(number, run) if run else None
            hour.settled = table is None
            if table is not None:
                self._store(number, run[0].first, run[-1].last, table, now)
                self._metrics.merged.inc(len(run))
                return

    def _read(self, number: int, run: Sequence[File]) -> pl.DataFrame | None:
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
            files, records = self._shelf.drop(gone.hour)
            self._metrics.deleted.labels(gone.limit).inc(files)
            self._metrics.deleted_records.labels(gone.limit).inc(records)

    def _failed(self, error: Exception, now: float) -> None:
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
