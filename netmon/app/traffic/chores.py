"""What a daemon does again and again beside its streams: writing, reading lists anew, telling what was measured."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import CollectorRegistry, Counter

log = structlog.get_logger(__name__)


class Chores:
    """Tasks of the event loop that repeat until they are stopped. One that fails is told of, counted and done again."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._tasks: list[asyncio.Task[None]] = []
        self._bugs = Counter(
            "netmon_traffic_chore_bugs",
            "Errors that were not foreseen in what is done beside the streams",
            ["chore"],
            registry=registry,
        )

    def repeat(self, name: str, work: Callable[[], Awaitable[None]], every_s: Callable[[], float]) -> None:
        """Do this after so many seconds, and so on; `every_s` is asked each time."""
        self._bugs.labels(name)
        self._tasks.append(asyncio.create_task(self._repeat(name, work, every_s), name=f"traffic {name}"))

    async def stop(self) -> None:
        """Do nothing of it any more. What runs in another thread comes to its own end."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _repeat(self, name: str, work: Callable[[], Awaitable[None]], every_s: Callable[[], float]) -> None:
        while True:
            await asyncio.sleep(every_s())
            try:
                await work()
            except Exception:  # a bug costs this one time, not all that come after it
                self._bugs.labels(name).inc()
                log.exception("a chore of traffic failed in an unforeseen way", chore=name)
