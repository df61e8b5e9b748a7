"""The index for queries, as a part of the daemon: a thread that follows the ledger, and answers from others.

The index may lag or fail: nothing waits for it, and nothing is lost with it.
"""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from netmon.api import Query, Unavailable
from netmon.core.ledger import database
from netmon.core.ledger.filler import Batch, Filler
from netmon.core.ledger.index_settings import IndexSettings
from netmon.core.ledger.lookup import Lookup

log = structlog.get_logger(__name__)

_LOOK_S: Final = 1.0  # where the ledger says that there is more than its files show, they are looked at again
_STOP_S: Final = 10.0  # a batch takes milliseconds; a database that hangs must not hold up the end


class Index:
    """Follows the ledger in a directory. Inert until `start`; what was in it by then is indexed once `wake` says so."""

    def __init__(self, ledger_directory: Path, settings: IndexSettings, registry: CollectorRegistry) -> None:
        self._settings = settings
        self._filler = Filler(ledger_directory, settings)
        self._lookup = Lookup(ledger_directory, settings)
        self._turn = threading.Condition()
        self._size = 0
        self._news = False  # something to do came since the thread last looked
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._queries: ThreadPoolExecutor | None = None
        self._asked = 0
        self._metrics(registry)

    async def start(self) -> None:
        """Begin to follow; ConfigError where PostgreSQL's driver is not installed."""
        self._filler.open()
        self._stopping = False
        self._queries = ThreadPoolExecutor(self._settings.queries_max, "ledger-query")
        self._thread = threading.Thread(target=self._follow, name="ledger-index", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Finish the batch under way. What is not indexed by then is at the next start."""
        thread, self._thread = self._thread, None
        if thread is not None:
            with self._turn:
                self._stopping = True
                self._turn.notify()
            await asyncio.to_thread(thread.join, _STOP_S)
            if thread.is_alive():
                log.warning("the index's database does not answer; it is left to itself")
        queries, self._queries = self._queries, None
        if queries is not None:
            queries.shutdown(wait=False, cancel_futures=True)
            self._lookup.close()

    def wake(self, size: int) -> None:
        """Learn that the ledger has so many records on disk. Returns at once."""
        with self._turn:
            self._size = size
            self._news = True
            self._turn.notify()

    @property
    def lag(self) -> int:
        """Records in the ledger that are not in the index yet."""
        return max(0, self._size - self._filler.next_seq)

    def rebuild(self) -> None:
        """Empty the index and fill it again, from the next batch on."""
        self._filler.rebuild("asked to")
        with self._turn:
            self._news = True
            self._turn.notify()

    async def query(self, query: Query) -> Sequence[Mapping[str, Any]]:
        """Return the records that a query asks for, each as it stands in the ledger.

        Those committed a moment ago are among them, unless the index is far behind (`lag`). Raises Unavailable.
        """
        queries = self._queries
        if queries is None:
            raise Unavailable("the ledger's index does not run")
        if self._asked >= 2 * self._settings.queries_max:
            raise Unavailable("too many searches at a time; try again in a moment")
        self._asked += 1
        try:
            with self._query_seconds.time():
                loop = asyncio.get_running_loop()
                return (await loop.run_in_executor(queries, self._lookup.find, query, self._size)).records
        finally:
            self._asked -= 1

    def _follow(self) -> None:
        """Fill until the end; the thread's own function."""
        pause_s = self._settings.retry_min_s
        while not self._stopping:
            self._news = False
            size = self._size
            try:
                batch = self._filler.fill(size) if size else Batch()
            except Exception as error:  # noqa: BLE001  # whatever the database does, the ledger goes on
                self._failed(error)
                self._wait(pause_s, for_news=False)
                pause_s = min(2 * pause_s, self._settings.retry_max_s)
                continue
            pause_s = self._settings.retry_min_s
            self._count(batch)
            if not batch.read:
                self._wait(_LOOK_S if self.lag else None, for_news=True)
        self._filler.close()

    def _wait(self, seconds: float | None, *, for_news: bool) -> None:
        """Wait so long, at most until the end, or until there is something to do."""
        with self._turn:
            self._turn.wait_for(lambda: self._stopping or (for_news and self._news), seconds)

    def _count(self, batch: Batch) -> None:
        self._records.inc(batch.read)
        if batch.malformed:
            self._errors.labels("malformed").inc(batch.malformed)
            log.error("records of the ledger cannot be read; netmon ledger verify names them", records=batch.malformed)
        if batch.rebuilt:
            log.warning("the ledger's index is filled anew", why=batch.rebuilt)

    def _failed(self, error: Exception) -> None:
        self._errors.labels(type(error).__name__).inc()
        log.warning("the ledger's index cannot be written", error=database.said(error))
        if self._filler.remove_corrupt(error):
            log.warning("the index's file was damaged; it is made anew from the ledger")

    def _metrics(self, registry: CollectorRegistry) -> None:
        self._records = Counter("netmon_ledger_index_records", "Records put into the index", registry=registry)
        self._errors = Counter(
            "netmon_ledger_index_errors", "Failures of the index, by what failed", ["error"], registry=registry
        )
        self._query_seconds = Histogram(
            "netmon_ledger_index_query_seconds",
            "Time that a search of the ledger took",
            buckets=(0.005, 0.02, 0.1, 0.5, 2, 10, 30),
            registry=registry,
        )
        lag = Gauge("netmon_ledger_index_lag_records", "Records not in the index yet", registry=registry)
        lag.set_function(lambda: self.lag)
