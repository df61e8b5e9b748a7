"""How late the event loop runs: while it is blocked, no packet is read and no page served."""

import asyncio
import contextlib
from typing import Final

from prometheus_client import CollectorRegistry, Histogram

PERIOD_S: Final = 0.1


class LoopLag:
    """Wakes ten times a second and records how much too late it was woken."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._task: asyncio.Task[None] | None = None
        self._late = Histogram(
            "netmon_event_loop_lag_seconds",
            "How much later than asked the event loop woke a timer",
            registry=registry,
            buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
        )

    async def start(self) -> None:
        """Begin to measure."""
        self._task = asyncio.create_task(self._measure(), name="loop lag")

    async def stop(self) -> None:
        """End measuring."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _measure(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + PERIOD_S
            await asyncio.sleep(PERIOD_S)
            self._late.observe(max(0.0, loop.time() - due))
