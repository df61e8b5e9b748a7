"""Fills the history with days from a Prometheus: once, in the background, gently, and going on where it was stopped."""

import asyncio
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from netmon.api import ConfigError, PeerError
from netmon.api.columns import Series
from netmon.core.history import files
from netmon.core.history.history import History
from netmon.core.history.periods import DAY_S, Columns, period_of
from netmon.core.history.prometheus import PrometheusApi
from netmon.core.history.prometheus_wire import TooMuch
from netmon.core.history.promql import Ask, Group, Wanted, days, groups, questions
from netmon.core.history.settings import PrometheusSettings

log = structlog.get_logger(__name__)

_AGAIN_MIN_S: Final = 60.0  # until a Prometheus that failed is asked again; doubled up to:
_AGAIN_MAX_S: Final = 3_600.0


@dataclass(slots=True)
class _Marker:
    """How far it came: which groups are done for the days before `end`, and whether all are."""

    path: Path
    end: int = 0
    complete: bool = False
    done: set[str] = field(default_factory=set)

    def load(self) -> None:
        """Read it; one that cannot be read is none."""
        try:
            found = json.loads(self.path.read_bytes())
            self.end, self.complete, self.done = int(found["end"]), bool(found["complete"]), set(found["done"])
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, KeyError) as error:
            log.warning("how far the history was filled cannot be read", file=str(self.path), problem=str(error))

    def save(self) -> None:
        """Write it; OSError."""
        found = {"end": self.end, "complete": self.complete, "done": sorted(self.done)}
        files.put(self.path, json.dumps(found).encode())


class Fill:
    """Asks for the days before today of each series that has a bound.

    `ask` tells how a series' values come from its metric, None where they cannot. `filled` is called on the event loop
    with the number of records when all is done, so that rules may learn the past that was not there at the start.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - wired in one place, by name
        self,
        folder: Path,
        history: History,
        settings: PrometheusSettings,
        ask: Callable[[int, Series], Ask | None],
        filled: Callable[[int], None],
        registry: CollectorRegistry,
    ) -> None:
        self._marker = _Marker(folder / "filled.json")
        self._history = history
        self._settings = settings
        self._ask = ask
        self._filled = filled
        self._api = PrometheusApi.of(settings)
        self._task: asyncio.Task[None] | None = None
        self._asked = Counter(
            "netmon_history_fill_questions", "Questions to Prometheus, by outcome.", ["outcome"], registry=registry
        )
        self._records = Counter("netmon_history_filled_records", "Records from Prometheus.", registry=registry)
        self._too_big = Counter(
            "netmon_history_fill_too_big", "Days of a target that no answer can hold.", registry=registry
        )
        self._complete = Gauge("netmon_history_fill_complete", "1 when the past was filled in.", registry=registry)

    async def start(self) -> None:
        """Begin in the background, unless it was done before."""
        await asyncio.to_thread(self._marker.load)
        self._complete.set(self._marker.complete)
        if not self._marker.complete:
            self._task = asyncio.create_task(self._wait_and_run())

    async def stop(self) -> None:
        """End. What is under way is asked again at the next start."""
        if self._task is not None:
            self._task.cancel()
            self._api.close()  # the thread that asks must not outlive us
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def run(self, now: float) -> int:
        """Fill what is not there; return how many records came. Raises PeerError, ConfigError, OSError."""
        if not self._marker.end:
            self._marker.end = period_of(now, DAY_S)
        records = 0
        for group in groups(self._wanted(), self._settings.series_at_once):
            name = _name(group)
            if name not in self._marker.done:
                records += await self._fill(group)
                self._marker.done.add(name)
                await asyncio.to_thread(self._marker.save)
        self._marker.complete, self._marker.done = True, set()
        await asyncio.to_thread(self._marker.save)
        self._complete.set(1)
        return records

    async def _wait_and_run(self) -> None:
        await asyncio.sleep(self._settings.begin_after_s)
        wait_s = _AGAIN_MIN_S
        while True:
            try:
                records = await self.run(time.time())
            except (PeerError, OSError) as error:
                log.warning("the past cannot be had yet", problem=str(error), again_in_s=wait_s)
            except ConfigError as error:
                log.error("the past cannot be had", problem=str(error))  # noqa: TRY400 - the text says it all
                return
            else:
                log.info("the past was filled in", records=records)
                self._filled(records)
                return
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, _AGAIN_MAX_S)

    def _wanted(self) -> list[Wanted]:
        known = ((one, series, self._ask(slot, series)) for slot, one, series in self._history.known())
        return [Wanted(one, series, ask) for one, series, ask in known if ask is not None]

    async def _fill(self, group: Group) -> int:
        records, step = 0, self._settings.days_at_once
        first = self._marker.end - self._settings.window_days * DAY_S
        for begins in range(first, self._marker.end, step * DAY_S):
            count = min(step, (self._marker.end - begins) // DAY_S)
            records += await self._part(group, begins, count)
        return records

    async def _part(self, group: Group, begins: int, count: int) -> int:
        """Fill some days of a group, in halves where an answer would be too big."""
        try:
            found = await self._days(group, begins, count)
        except TooMuch as error:
            if halves := group.halves():
                return sum([await self._part(half, begins, count) for half in halves])
            if count > 1:
                half = count // 2
                first = await self._part(group, begins, half)
                return first + await self._part(group, begins + half * DAY_S, count - half)
            self._too_big.inc()
            log.warning("a day of one target is too big", metric=group.metric, target=group.targets, problem=str(error))
            return 0
        records = 0
        for day, columns in enumerate(found):
            if len(columns):
                records += await self._history.add_day(begins + day * DAY_S, columns)
        self._records.inc(records)
        return records

    async def _days(self, group: Group, begins: int, count: int) -> list[Columns]:
        answers = {}
        for aspect, query in questions(group).items():
            began = time.monotonic()
            try:
                answers[aspect] = await asyncio.to_thread(
                    self._api.query_range, query, begins + DAY_S, begins + count * DAY_S, DAY_S
                )
            except PeerError as error:
                self._asked.labels(error.reason).inc()
                raise
            self._asked.labels("answered").inc()
            await asyncio.sleep((time.monotonic() - began) * self._settings.rest_ratio)
        return await asyncio.to_thread(days, group, answers, begins, count)


def _name(group: Group) -> str:
    """Return a name for what a group asks, the same at the next start."""
    keys = sorted(one.series.key for one in group.wanted)
    return hashlib.sha256("\n".join((repr(group.ask), *keys)).encode()).hexdigest()[:32]
