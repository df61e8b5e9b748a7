"""The ledger as the rest of the core sees it: append, and a future that is done when it is on disk."""

import asyncio
import errno
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, ParamSpec

import structlog
from prometheus_client import CollectorRegistry

from netmon.api import ConfigError
from netmon.core.ledger.causes import stalled
from netmon.core.ledger.committer import Act, Committer, LedgerClosed, LedgerFull, News, kind_of
from netmon.core.ledger.files import Disk
from netmon.core.ledger.group import Outcome
from netmon.core.ledger.merkle import EMPTY_ROOT
from netmon.core.ledger.metrics import LedgerMetrics
from netmon.core.ledger.record import Entry
from netmon.core.ledger.retention import HELD_TOLD_S, Changed, Expired, Retention
from netmon.core.ledger.segments import read
from netmon.core.ledger.settings import LedgerSettings
from netmon.core.ledger.writer import Host, Writer

__all__ = ["Ledger", "LedgerClosed", "LedgerFull", "read"]

FIRST_PURGE_S: Final = 3_600.0  # after the start: by then a clock that was wrong at boot has been set
PURGE_EVERY_S: Final = 86_400.0

P = ParamSpec("P")

log = structlog.get_logger(__name__)


class Ledger:
    """An append-only record on disk. All of its methods belong to the event loop that started it."""

    def __init__(  # noqa: PLR0913 - four of them are keywords that only tests give
        self,
        directory: Path,
        settings: LedgerSettings,
        registry: CollectorRegistry,
        *,
        host_name: str,
        now: Callable[[], float] = time.time,
        clock_offset: Callable[[], float | None] = lambda: None,
        disk: Disk | None = None,
    ) -> None:
        self.on_commit: list[Callable[[int, Sequence[bytes]], None]] = []  # (first seq, lines), after the fsync
        self.on_health: list[Callable[[bool, str], None]] = []  # (healthy, problem)
        self.problem = "it is not open yet"  # why it cannot be written, in words for people; "" when healthy
        self.held = ""  # one sentence when a clock that jumped ahead keeps records from being purged, else ""
        disk = disk or Disk()
        self._now = now
        self._writer = Writer(directory, settings, Host(host_name, now, clock_offset, disk))
        self._committer = Committer(
            self._writer, settings.commit_wait_ms / 1e3, settings.max_waiting_records, self._tell
        )
        self._stalled_after_s = settings.stalled_after_s
        self._stalled = ""  # the problem while the disk does not answer
        self._max_waiting = settings.max_waiting_records
        self._retention = Retention(directory, settings.retention, disk)
        self._metrics = LedgerMetrics(registry)
        self._metrics.waiting.set_function(lambda: self._committer.waiting)
        self._tree = (0, EMPTY_ROOT)
        self._sources: Mapping[str, int] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opened: asyncio.Future[None] | None = None  # the first attempt was made
        self._tasks: list[asyncio.Task[None]] = []
        self._one_purge = asyncio.Lock()

    @property
    def healthy(self) -> bool:
        """Whether what is appended now is soon on disk."""
        return not self.problem

    @property
    def damage(self) -> str:
        """One sentence when the start found committed records damaged, else "". It can be written nevertheless."""
        return self._writer.damage

    @property
    def room(self) -> bool:
        """Tell whether a fair part of what may wait for the disk is still free."""
        return self._committer.waiting < 0.9 * self._max_waiting

    @property
    def size(self) -> int:
        """The number of committed records."""
        return self._tree[0]

    @property
    def origin(self) -> str:
        """The ledger's name for itself, on the first line of its checkpoints; "" until it has been opened."""
        return self._writer.origin if self.size else ""

    @property
    def sources(self) -> Mapping[str, int]:
        """The highest committed number of each sender, by the entries' keys `sender:number`."""
        return self._sources

    def tree(self) -> tuple[int, bytes]:
        """Return the committed size and the root of the Merkle tree over it."""
        return self._tree

    async def start(self) -> None:
        """Open the ledger. ConfigError when another process has it or it is not ours; a bad disk is tried again."""
        self._loop = asyncio.get_running_loop()
        self._opened = self._loop.create_future()
        self._committer.start()
        self._tasks.append(asyncio.create_task(self._watch_disk()))
        await self._opened
        self._tasks.append(asyncio.create_task(self._purge_daily()))

    async def stop(self) -> None:
        """Commit what waits, if the disk takes it, and let go. Safe twice."""
        while self._tasks:
            task = self._tasks.pop()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await asyncio.to_thread(self._committer.finish)

    def append(self, entries: Sequence[Entry]) -> "asyncio.Future[int]":
        """Record these in one piece: all in one group, or none. The future brings the first one's number.

        It is done when they would survive a power cut; it fails with ValueError when one of them can be no record.
        Raises LedgerFull when too much waits already, LedgerClosed after `stop`.
        """
        if not entries or entries[-1].more:
            raise ValueError("an act has at least one entry, and nothing behind its last one")
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        try:
            self._committer.put(Act(tuple(entries), future, time.monotonic()))
        except LedgerFull as error:
            self._metrics.rejected.labels("closed" if isinstance(error, LedgerClosed) else "full").inc(len(entries))
            raise
        self._metrics.appended.inc(len(entries))
        return future

    async def purge(self, now: float) -> int:
        """End what retention says is over at `now` (Unix seconds). Return how many records went; their hashes stay.

        What the disk or a crash interrupts is done by the next purge.
        """
        gone = 0
        async with self._one_purge:
            try:
                over = await asyncio.to_thread(self._retention.expired, now)
                self._note_held()
                for expired in over:
                    gone += await self._purge_segment(expired)
            except (OSError, LedgerFull) as error:
                self._metrics.write_errors.labels(_name(error)).inc()
                log.warning("a purge was interrupted; the next one goes on", error=str(error))
        return gone

    # ── in the event loop ──

    def _note_held(self) -> None:
        """Say it when the clock says that months have passed which the ledger knows nothing of."""
        held, ahead_s = self._retention.held, self._retention.ahead_s
        self._metrics.held.set(held)
        self.held = ""
        if ahead_s > HELD_TOLD_S:
            self.held = (
                f"the clock went {ahead_s / 86_400:.0f} days ahead of what the ledger has lived through: {held} "
                "segments whose retention would be over are kept; set the clock if it is wrong"
            )
            log.error("a purge was held back", problem=self.held)

    async def _purge_segment(self, expired: Expired) -> int:
        try:
            plan = await asyncio.to_thread(self._retention.plan, expired)
            if not plan.parts:
                return 0
            by = await self.append(plan.acts(self._now(), self.origin))
            await asyncio.to_thread(self._retention.carry_out, plan, by)
        except Changed as error:
            log.error("a damaged segment is not purged", problem=str(error))  # noqa: TRY400 - no traceback helps
            return 0
        for part in plan.parts:
            self._metrics.purged.labels(part.category).inc(part.count)
        return sum(part.count for part in plan.parts)

    async def _purge_daily(self) -> None:
        await asyncio.sleep(FIRST_PURGE_S)
        while True:
            try:
                await self.purge(self._now())
            except Exception:
                log.exception("the purge failed")
            await asyncio.sleep(PURGE_EVERY_S)

    async def _watch_disk(self) -> None:
        """Say it when the disk hangs: the thread that waits for it cannot."""
        while True:
            await asyncio.sleep(min(1.0, self._stalled_after_s / 4))
            opening = self._opened is not None and not self._opened.done()
            if (problem := self._hangs()) and (opening or not self.problem):
                log.error("the ledger's disk does not answer", waiting=self._committer.waiting)
                self._metrics.stalls.inc()
                self._healthy_or(problem)
                self._answer_start(None)  # as with a disk that refuses: nothing is kept from starting

    def _hangs(self) -> str:
        """Return the problem when what waits has waited too long, "" when it has not. The same words all the time."""
        waited_s = self._committer.waited_s()
        if waited_s <= self._stalled_after_s:
            self._stalled = ""
        elif not self._stalled:
            self._stalled = stalled(self._now() - waited_s, str(self._writer.directory))
        return self._stalled

    def _healthy_or(self, problem: str) -> None:
        if problem != self.problem:
            self.problem = problem
            self._metrics.healthy.set(self.healthy)
            for tell_health in self.on_health:
                _call(tell_health, self.healthy, self.problem)

    def _publish(self, news: News) -> None:
        """Take over what the thread says, then tell everybody, in order: health, lines, futures."""
        self._tree = news.tree
        if news.sources is not None:
            self._sources = news.sources
        self._count(news)
        self._healthy_or(news.problem or self._hangs())
        for first, lines in news.fresh:
            for tell_commit in self.on_commit:
                _call(tell_commit, first, lines)
        self._settle(news.settled)
        self._answer_start(news.error)

    def _settle(self, settled: Sequence[tuple[Act, Outcome | LedgerClosed]]) -> None:
        for act, outcome in settled:
            if act.future.done():  # nobody waits for it any more
                continue
            if isinstance(outcome, int):
                act.future.set_result(outcome)
            else:
                act.future.set_exception(outcome)

    def _answer_start(self, error: Exception | None) -> None:
        if self._opened is None or self._opened.done():
            return
        if isinstance(error, ConfigError):
            self._opened.set_exception(error)
        else:
            self._opened.set_result(None)

    def _count(self, news: News) -> None:
        metrics, committed = self._metrics, 0
        for act, outcome in news.settled:
            if isinstance(outcome, int):
                committed += len(act.entries)
            else:
                metrics.rejected.labels(kind_of(outcome)).inc(len(act.entries))
        metrics.committed.inc(committed)
        metrics.own.inc(sum(len(lines) for _, lines in news.fresh) - committed)
        metrics.bytes.inc(sum(len(line) + 1 for _, lines in news.fresh for line in lines))
        metrics.repaired.inc(news.repaired_bytes)
        metrics.size.set(news.tree[0])
        metrics.segments.set(self._writer.segment_count)
        metrics.damaged.set(bool(self._writer.damage))
        if committed:
            metrics.commits.inc()
            metrics.commit_seconds.observe(news.took_s)
        if news.error is not None:
            metrics.write_errors.labels(_name(news.error)).inc()

    # ── in the thread ──

    def _tell(self, news: News) -> None:
        assert self._loop is not None  # noqa: S101 - the thread begins in `start`
        with suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            self._loop.call_soon_threadsafe(self._publish, news)


def _call(tell: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
    """Call one who wants to know; what goes wrong there is not the ledger's."""
    try:
        tell(*args, **kwargs)
    except Exception:
        log.exception("a listener of the ledger failed")


def _name(error: Exception) -> str:
    """Return an error's name for a label, as in ENOSPC."""
    return errno.errorcode.get(getattr(error, "errno", 0) or 0, type(error).__name__)
