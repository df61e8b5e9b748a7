"""Notices that the wall clock was stepped, and tells those whose plans it breaks."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from netmon.core.clock import StepDetector, boottime

LOOK_S: Final = 1.0

log = structlog.get_logger(__name__)


class ClockWatch:
    """Calls everybody in `told` after a step: a timetable that waits for an hour that was skipped would wait it out."""

    def __init__(self, told: Sequence[Callable[[], None]]) -> None:
        self._told = tuple(told)
        self._detector = StepDetector()
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look."""
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Look no more."""
        task, self._watching = self._watching, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _watch(self) -> None:
        while True:
            delta_s = self._detector.see(time.time(), boottime())
            if delta_s:
                log.warning("the clock was stepped; the timetable is laid anew", seconds=round(delta_s, 3))
                for tell in self._told:
                    tell()
            await asyncio.sleep(LOOK_S)
