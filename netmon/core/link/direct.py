"""The uplink of a daemon that is collector and core in one: a queue in memory instead of spool and socket.

A kill -9 loses what the core had not committed yet, at most what came in the last moments; `flush` says when there is
nothing of that. While the core cannot commit, the queue holds `queue_max_things`.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import structlog
from prometheus_client import CollectorRegistry

from netmon.api import Event, Finding
from netmon.core.link.metrics import UplinkMetrics
from netmon.core.link.settings import LinkSettings
from netmon.core.link.store import new_sender
from netmon.core.link.taking import Take, Taking, Thing
from netmon.core.link.waiters import Waiters

_STOP_GRACE_S: Final = 5.0  # at the stop, for the core to commit what waits

log = structlog.get_logger(__name__)


class DirectUplink:
    """Takes findings and events towards a core in the same process. For use in one event loop."""

    def __init__(
        self,
        take: Take,
        name: str,
        settings: LinkSettings,
        registry: CollectorRegistry,
        retried: Callable[[str], None] = lambda _why: None,
    ) -> None:
        self.sender = new_sender(name)
        self._settings = settings
        self._metrics = UplinkMetrics(registry)
        self._metrics.spooled.set_function(lambda: self.pending)
        self._metrics.connected.set_function(lambda: self._task is not None)
        self._taking = Taking(take, retried)
        self._queue: deque[Thing] = deque()
        self._taken = 0  # the number up to which the core has everything
        self._last = 0  # the number of the newest
        self._more = asyncio.Event()
        self._waiters = Waiters()
        self._task: asyncio.Task[None] | None = None

    @property
    def pending(self) -> int:
        """Return how many things the core has not committed."""
        return self._last - self._taken

    async def start(self) -> None:
        """Begin to hand over."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Give the core a moment to commit what waits, and stop; safe to call twice."""
        if self._task is None:
            return
        task, self._task = self._task, None  # nothing more is taken
        with suppress(TimeoutError):
            await asyncio.wait_for(self.flush(), _STOP_GRACE_S)
        task.cancel()
        await asyncio.wait([task])
        if self.pending:
            log.error("findings and events are lost: the core could not commit them", things=self.pending)
            self._metrics.drop("not_running", self.pending)
            self._taken = self._last
            self._queue.clear()

    def send(self, things: Sequence[Finding | Event]) -> None:
        """Take these; the core commits them soon. Never raises."""
        self._metrics.received.inc(len(things))
        if self._task is None:
            self._metrics.drop("not_running", len(things))
            return
        room = max(0, self._settings.queue_max_things - self.pending)
        if len(things) > room:
            self._metrics.drop("memory_full", len(things) - room)
        self._queue.extend(things[:room])
        self._last += min(room, len(things))
        self._more.set()

    async def flush(self) -> None:
        """Return when the core has everything sent so far on disk."""
        if self.pending:
            await self._waiters.reach(self._last)

    async def _run(self) -> None:
        while True:
            self._more.clear()
            if not self._queue:
                await self._more.wait()
                continue
            count = min(len(self._queue), self._settings.batch_max_records)
            batch = [(self._taken + 1 + at, self._queue.popleft()) for at in range(count)]
            receipt = await self._taking(self.sender, batch)
            self._taken += count
            failed = receipt.dropped.get("failed", 0)
            self._metrics.drop("failed", failed)
            self._metrics.delivered.inc(count - failed)
            self._waiters.release(self._taken)
