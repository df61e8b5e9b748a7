"""When to poll what: an interval for each target and part, spread evenly, never piling up, easing off the dead.

APScheduler keeps the timetable. Each entry has a fixed place in its interval that a stable hash of its name gives
(`timetable.py`), so that a thousand devices are asked evenly, and at the same moments after a restart.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import structlog
from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from netmon.api import Collector, Reading, Target
from netmon.app.settings.schedule import ScheduleSettings
from netmon.app.timetable import Steady, phase

Take = Callable[[Target, str, Reading], None]
"""What is done with a reading: (target, the collector's job label, reading)."""

# The first round does not wait an interval; this is how hard it may start. A first poll of a switch takes 6 ms of CPU,
# so more than this would only pile up half-read switches in memory.
FIRST_ROUND_POLLS_PER_S: Final = 100.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Health:
    """How a target answers one collector, over all its entries. Times are monotonic seconds."""

    entries: list["Entry"] = field(default_factory=list)
    failures: int = 0
    retry_at: float = 0.0

    def failed(self, now: float, longest_s: float) -> None:
        """Note a poll without an answer: wait twice as long after each further one, up to `longest_s`."""
        self.failures += 1
        if self.failures > 1:  # one lost poll is no sign of death
            interval_s = min(entry.interval_s for entry in self.entries)
            self.retry_at = now + min(interval_s * 2.0 ** min(self.failures - 1, 16), max(longest_s, interval_s))

    def answered(self) -> list["Entry"]:
        """Note an answer; return the entries that brought nothing while the target was silent."""
        self.failures, self.retry_at = 0, 0.0
        owed = [entry for entry in self.entries if entry.owed]
        for entry in owed:
            entry.owed = False
        return owed


@dataclass(slots=True)
class Entry:
    """One line of the timetable: these parts of this target, at this interval."""

    target: Target
    collector: Collector
    interval_s: float
    parts: tuple[str, ...]
    health: Health = field(default_factory=Health)
    tried: bool = False
    owed: bool = False  # skipped or without answer while its target was silent

    @property
    def key(self) -> str:
        """Return what names this entry for good: it does not change when other targets come or go."""
        return f"{self.collector.name}/{self.target.name}/{self.interval_s:g}"

    def same_work(self, other: "Entry") -> bool:
        """Tell whether the other entry asks for the same, so that its place in the timetable can stay."""
        return (self.target, self.target.options, self.collector, self.parts) == (
            other.target,
            other.target.options,
            other.collector,
            other.parts,
        )


class Schedule:
    """Runs the timetable and hands every reading to `take`."""

    def __init__(self, settings: ScheduleSettings, registry: CollectorRegistry, take: Take) -> None:
        self.settings = settings
        self._take = take
        self._entries: dict[str, Entry] = {}
        self._tasks: dict[asyncio.Task[None], Entry] = {}
        self._slots = asyncio.Semaphore(settings.max_concurrent_polls)
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._scheduler.add_listener(self._skipped, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        self._skips = Counter(
            "netmon_polls_skipped",
            "Polls that were due and not made: late, still_running, or backoff from a target that does not answer",
            ["collector", "reason"],
            registry=registry,
        )
        self._polls = Counter("netmon_polls", "Polls made, by result", ["collector", "result"], registry=registry)
        self._bugs = Counter(
            "netmon_bugs", "Errors that netmon did not foresee; the log has each", ["where"], registry=registry
        )
        self._seconds = Histogram(
            "netmon_poll_duration_seconds",
            "Duration of a poll",
            ["collector"],
            registry=registry,
            buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
        )
        self._targets = Gauge("netmon_targets", "Targets in the timetable", ["collector"], registry=registry)
        self._dead = Gauge(
            "netmon_targets_not_answering", "Targets whose last poll had no answer", ["collector"], registry=registry
        )
        self._silent: dict[str, set[str]] = {}  # by collector: those whose last poll had no answer

    async def start(self) -> None:
        """Start the clock; entries may be there already or come later."""
        self._scheduler.start()

    async def stop(self) -> None:
        """Start no more polls, let those under way end within the drain time, then cancel them."""
        if self._scheduler.running:
            self._scheduler.remove_all_jobs()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self.settings.drain_s)
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1)
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)  # only now: it cancels whatever still runs

    def configure(self, settings: ScheduleSettings) -> None:
        """Take over changed settings; polls under way end under the old ones."""
        if settings.max_concurrent_polls != self.settings.max_concurrent_polls:
            self._slots = asyncio.Semaphore(settings.max_concurrent_polls)
        self.settings = settings

    @property
    def first_round_done(self) -> bool:
        """Tell whether every entry was tried at least once."""
        return all(entry.tried for entry in self._entries.values())

    def replace(self, work: Iterable[tuple[Target, Collector]]) -> None:
        """Take over a new inventory: unchanged entries keep their place and their health, the others come or go."""
        wanted = {
            entry.key: entry
            for target, collector in work
            for interval_s, parts in collector.plan(target).items()
            for entry in (Entry(target, collector, interval_s, parts),)
        }
        for key in self._entries.keys() - wanted.keys():
            self._scheduler.remove_job(key)
            entry = self._entries.pop(key)
            entry.health.entries.remove(entry)
        fresh = [e for k, e in wanted.items() if k not in self._entries or not e.same_work(self._entries[k])]
        self._share_health(fresh)
        for entry in fresh:
            self._add(entry, first_round_s=max(1.0, len(fresh) / FIRST_ROUND_POLLS_PER_S))
        self._count()

    def clock_stepped(self) -> None:
        """Find every entry its next place by the clock as it is now: it would wait for the old one's time."""
        now = datetime.now(UTC)
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=job.trigger.get_next_fire_time(None, now))

    async def finish(self, collector: Collector) -> None:
        """Wait until no poll by this collector is under way; each ends by its own deadline."""
        tasks = {task for task, entry in self._tasks.items() if entry.collector is collector}
        if tasks:
            await asyncio.wait(tasks)

    def _share_health(self, fresh: list[Entry]) -> None:
        known = {(e.collector.name, e.target.name, e.target.address): e.health for e in self._entries.values()}
        for entry in fresh:
            where = (entry.collector.name, entry.target.name, entry.target.address)
            entry.health = known.setdefault(where, entry.health)
            entry.health.entries.append(entry)

    def _add(self, entry: Entry, first_round_s: float) -> None:
        old = self._entries.get(entry.key)
        if old is not None and old is not entry:
            old.health.entries.remove(old)
        self._entries[entry.key] = entry
        first = time.time() + phase(entry.key) * min(entry.interval_s, first_round_s)
        self._scheduler.add_job(
            self._run,
            Steady(entry.key, entry.interval_s),
            args=[entry],
            id=entry.key,
            next_run_time=datetime.fromtimestamp(first, UTC),
            misfire_grace_time=max(1, round(max(self.settings.late_grace_s, entry.interval_s / 4))),
            coalesce=True,
            max_instances=1,
            replace_existing=True,
        )

    def _count(self) -> None:
        targets: dict[str, set[str]] = {name: set() for name in self._silent}
        for entry in self._entries.values():
            targets.setdefault(entry.collector.name, set()).add(entry.target.name)
        for name, names in targets.items():
            silent = self._silent.setdefault(name, set())
            silent &= names
            self._targets.labels(name).set(len(names))
            self._dead.labels(name).set(len(silent))

    def _skipped(self, event: JobEvent) -> None:
        entry = self._entries.get(event.job_id)
        if entry is None:
            return
        late = event.code == EVENT_JOB_MISSED
        self._skips.labels(entry.collector.name, "late" if late else "still_running").inc()
        if late and not entry.tried:  # the first round was more than this machine could do at once
            self._soon(entry)

    def _soon(self, entry: Entry) -> None:
        """Run an entry outside its place, as soon as may be."""
        if entry.key in self._entries and self._scheduler.running:
            self._scheduler.modify_job(entry.key, next_run_time=datetime.now(UTC))

    async def _run(self, entry: Entry) -> None:
        if time.monotonic() < entry.health.retry_at - entry.interval_s / 2:  # the nearest turn, not the one after it
            self._skips.labels(entry.collector.name, "backoff").inc()
            entry.tried = entry.owed = True  # another entry's poll has just found the target silent
            return
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # a coroutine that runs has a task
        self._tasks[task] = entry
        try:
            await self._poll(entry)
        except asyncio.CancelledError:
            log.debug("a poll was cut off by the stop", target=entry.target.name, collector=entry.collector.name)
        finally:
            entry.tried = True
            del self._tasks[task]

    async def _poll(self, entry: Entry) -> None:
        name = entry.collector.name
        due = time.monotonic()
        deadline_s = min(entry.interval_s, self.settings.poll_deadline_s)
        async with self._slots:
            left_s = deadline_s - (time.monotonic() - due)
            if left_s <= 0:
                self._skips.labels(name, "late").inc()
                return
            try:
                reading = await entry.collector.read(entry.target, entry.parts, left_s)
                if self._entries.get(entry.key) is not entry:
                    return  # it left the inventory meanwhile
                self._take(entry.target, entry.collector.job, reading)
            except Exception:  # a bug must not end the watch over the other targets
                self._bugs.labels(f"collector {name}").inc()
                self._polls.labels(name, "bug").inc()
                log.exception("a poll failed in an unforeseen way", target=entry.target.name, collector=name)
                return
        self._note(entry, reading)

    def _note(self, entry: Entry, reading: Reading) -> None:
        name, health, before = entry.collector.name, entry.health, entry.health.failures
        self._seconds.labels(name).observe(reading.duration_s)
        if reading.problem is not None:
            entry.owed = True
            health.failed(time.monotonic(), self.settings.dead_backoff_max_s)
            self._polls.labels(name, "unreachable").inc()
            log.warning(
                "target does not answer",
                target=entry.target.name,
                collector=name,
                reason=reading.problem.reason,
                detail=reading.problem.detail,
                failures=health.failures,
            )
        else:
            entry.owed = False
            for owed in health.answered():
                self._soon(owed)
            partial = any(part.failed for part in reading.parts)
            self._polls.labels(name, "partial" if partial else "complete").inc()
            if before:
                log.info("target answers again", target=entry.target.name, collector=name, failures=before)
        if (before == 0) != (health.failures == 0):
            silent = self._silent.setdefault(name, set())
            (silent.add if health.failures else silent.discard)(entry.target.name)
            self._dead.labels(name).set(len(silent))
