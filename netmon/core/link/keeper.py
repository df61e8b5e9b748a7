"""Keeps an outbox on disk: writes what is new, forces it to disk in time, deletes what the core has.

Blocking calls go to one thread, so that a slow disk delays nothing but itself. While the disk cannot be written, things
still go to the core from memory, and writing is tried again every second.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, TypeVar

import structlog

from netmon.core.link.metrics import UplinkMetrics
from netmon.core.link.outbox import Outbox
from netmon.core.link.settings import LinkSettings
from netmon.core.link.store import RESERVED_AT_ONCE, Recovered, Store
from netmon.core.link.wire import Batch

T = TypeVar("T")

_RETRY_S: Final = 1.0
_FORGET_EVERY_S: Final = 1.0
_MAX_MARKS: Final = 64  # there are few unless the disk fails, and then it matters no more when they were due
_WRITE_BYTES: Final = 4 << 20  # at a time: what is newer waits no longer than this takes

log = structlog.get_logger(__name__)


class Keeper:
    """Moves an outbox's lines to a store. `secured` is called when more of it cannot be lost any more."""

    def __init__(
        self, store: Store, settings: LinkSettings, metrics: UplinkMetrics, secured: Callable[[], None]
    ) -> None:
        self.reserved = 0
        self._store = store
        self._settings = settings
        self._metrics = metrics
        self._secured = secured
        self._outbox = Outbox(1, settings.memory_max_bytes)
        self._thread: ThreadPoolExecutor | None = None
        self._task: asyncio.Task[None] | None = None
        self._ending = False
        self._changed = asyncio.Event()
        self._marks: deque[tuple[int, float]] = deque()  # (number, when it is to be on disk at the latest)
        self._retry_at = 0.0  # not before this loop time is the disk tried again
        self._doubtful = 0  # a failed sync leaves open whether what is up to this number is on disk
        self._noted = 0  # the acknowledged number in the state file
        self._forget_at = 0.0

    async def open(self) -> Recovered:
        """Open the store; ConfigError where the operator can mend it."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spool")
        try:
            found = await self.call(self._store.open)
        except BaseException:
            self._shut()
            raise
        self.reserved = found.reserved
        self._noted = found.acknowledged
        self._metrics.spool_bytes.set_function(lambda: self._store.spool.bytes)
        return found

    def start(self, outbox: Outbox) -> None:
        """Keep this outbox from now on."""
        self._outbox = outbox
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Put everything on disk that is not, note a clean end, let go of everything; safe to call twice."""
        if self._task is not None:
            self._ending = True
            self._changed.set()
            await self._task  # not cancelled: a call that it waits for goes on in its thread
            self._task = None
            await self._finish()
        self._shut()

    @property
    def spool_bytes(self) -> int:
        """Return the size of the files."""
        return self._store.spool.bytes

    def wake(self) -> None:
        """Learn that something was added or acknowledged."""
        self._changed.set()

    def added(self) -> None:
        """Learn that something was added, and note by when it must be on disk."""
        wait_s = self._settings.spool_sync_s
        due = asyncio.get_running_loop().time() + wait_s
        if self._marks and (due - self._marks[-1][1] < wait_s / 8 or len(self._marks) >= _MAX_MARKS):
            due = self._marks.pop()[1]
        self._marks.append((self._outbox.last, due))
        self._changed.set()

    async def call(self, function: Callable[..., T], *arguments: object) -> T:
        """Run a blocking function in the thread of the disk."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)

    async def read(self, number: int, records: int, max_bytes: int) -> Batch | None:
        """Read lines back from the disk."""
        return await self.call(self._store.spool.read, number, records, max_bytes)

    async def rename(self) -> str:
        """Become a new sender."""
        return await self.call(self._store.rename)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._ending:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._next_due()):
                    await self._changed.wait()
            self._changed.clear()
            if loop.time() < self._retry_at:
                continue
            try:
                await self._work(loop.time())
            except OSError as error:
                self._failed(loop.time(), error.strerror or str(error))
            except Exception:  # a bug must not end the spool for good
                log.exception("the spool failed")
                self._failed(loop.time(), "see the traceback")

    async def _work(self, now: float) -> None:
        await self._forget(now)  # first: it makes room
        if self._outbox.last + RESERVED_AT_ONCE // 2 > self.reserved:
            self.reserved = await self.call(self._store.reserve, self._outbox.last)
        if await self._write():
            self._changed.set()
        self._pass_marks(self._outbox.acknowledged)
        if self._marks and self._marks[0][1] <= now:
            await self._sync()
        self._metrics.spool_writable.set(1)

    async def _forget(self, now: float) -> None:
        through = self._outbox.acknowledged
        if through > self._noted and now >= self._forget_at:
            await self.call(self._store.acknowledge, through)
            self._noted, self._forget_at = through, now + _FORGET_EVERY_S

    async def _write(self) -> bool:
        """Write some of what is not; tell whether there was any."""
        batch = self._outbox.unwritten(_WRITE_BYTES)
        if batch is None:
            return False
        self._outbox.wrote(await self.call(self._store.spool.append, batch))
        return True

    async def _sync(self) -> None:
        through = self._outbox.written
        try:
            await self.call(self._store.spool.sync)
        except OSError:
            self._doubtful = through
            raise
        if self._outbox.acknowledged >= self._doubtful:
            self._outbox.synced = max(self._outbox.synced, through)
            self._secured()
        self._pass_marks(through)

    def _pass_marks(self, through: int) -> None:
        while self._marks and self._marks[0][0] <= through:
            self._marks.popleft()

    async def _finish(self) -> None:
        outbox = self._outbox
        try:
            while await self._write():
                pass
            await self._sync()
            await self.call(self._store.acknowledge, outbox.acknowledged)
            await self.call(self._store.finish, outbox.acknowledged, outbox.last)
        except OSError as error:
            log.exception("the spool could not be ended cleanly", problem=str(error))

    def _shut(self) -> None:
        if self._thread is not None:
            self._thread.shutdown(wait=True)
            self._thread = None
            self._store.close()

    def _failed(self, now: float, problem: str) -> None:
        self._retry_at = now + _RETRY_S
        self._metrics.spool_writable.set(0)
        log.error("the spool cannot be written; things wait in memory", problem=problem)

    def _next_due(self) -> float | None:
        """Return the loop time at which there is something to do without being woken."""
        due = [self._marks[0][1]] if self._marks else []
        if self._outbox.acknowledged > self._noted:
            due.append(self._forget_at)
        return max(min(due), self._retry_at) if due else None
