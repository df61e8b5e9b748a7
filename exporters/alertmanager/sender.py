"""Keeps one Alertmanager in step: sends what changed, says again what fires, waits while it is away."""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, Mapping

import structlog

from exporters.alertmanager.client import Client, Failure
from exporters.alertmanager.journal import Journal
from exporters.alertmanager.metrics import Metrics
from exporters.alertmanager.queue import Queue
from exporters.alertmanager.settings import AlertmanagerSettings
from exporters.alertmanager.silence_wire import Status
from exporters.alertmanager.wire import Posting, timed
from netmon.api import DeskError, Rejected, Retryable

log = structlog.get_logger(__name__)
_LASTS = 3  # resend intervals that an alert lives there without being said again
_FIRST_PAUSE_S = 0.5
_OFFSET_JUMP_S = 10.0  # a clock was set, theirs or ours: what they hold may have ended by it


class Sender:
    """One Alertmanager's queue and what empties it. `firing` gives what stands in the book now."""

    def __init__(
        self,
        client: Client,
        settings: AlertmanagerSettings,
        journal: Journal,
        firing: Callable[[], Mapping[bytes, Posting]],
        metrics: Metrics,
    ) -> None:
        self.label = client.label
        self.client = client
        self.status: Status | None = None  # as last heard
        self._settings = settings
        self._journal = journal
        self._firing = firing
        self._metrics = metrics
        self._now = client.now
        self._queue = Queue(settings.resolved_resend_s)
        self._work = asyncio.Event()
        self._pause_s = _FIRST_PAUSE_S
        self._greeted = False
        self._forgetful = False
        self.silenced: Callable[[], Awaitable[None]] = _at_once  # returns when silences are in step, or cannot be
        metrics.queue.labels(self.label).set_function(lambda: len(self._queue.pending))
        metrics.sent.labels(self.label)
        metrics.silences.labels(self.label)
        metrics.success.labels(self.label)

    @property
    def waiting(self) -> int:
        """Return how many alerts it has still to be told of."""
        return len(self._queue.pending)

    @property
    def answers(self) -> bool:
        """Tell whether the last request succeeded."""
        return self._greeted

    async def start(self) -> None:
        """Open the client and read the journal."""
        await self.client.start()
        try:
            self._queue.adopt(await asyncio.to_thread(self._journal.load))
        except OSError as error:
            self._journal_failed(error)
        if self._journal.damaged:
            log.warning(
                "lines of the journal cannot be read", file=str(self._journal.path), lines=self._journal.damaged
            )

    async def stop(self) -> None:
        """Close the client."""
        await self.client.stop()

    def want(self, postings: list[Posting]) -> None:
        """Take what changed."""
        self._queue.want(postings)
        self._wake()

    def end_strangers(self) -> None:
        """End what an earlier life of ours told it and what is no more."""
        self._queue.end_strangers(self._firing(), self._now())
        self._wake()

    async def want_all(self) -> None:
        """Say everything again."""
        gone = self._queue.want_all(self._firing(), time.monotonic())
        self._wake()
        if gone:
            try:
                await asyncio.to_thread(self._journal.over, gone, self._queue.known)
            except OSError as error:
                self._journal_failed(error)

    def heard(self, status: Status) -> None:
        """Learn how it is."""
        before, self.status = self.status, status
        self._forgetful |= before is not None and before.started != status.started

    async def recover(self) -> None:
        """Say everything again to one that was started anew, as it has forgotten every alert."""
        if self._forgetful:
            self._forgetful = False
            log.info("an Alertmanager was restarted: everything is sent again", alertmanager=self.label)
            await self.want_all()

    def shares(self, silences: int) -> None:
        """Note how many silences it has in common with us."""
        self._metrics.silences.labels(self.label).set(silences)

    async def run(self) -> None:
        """Send, for ever."""
        while True:
            await self._work.wait()
            try:
                await self._send_batch()
            except Retryable as problem:
                self.failed(problem)
                self._greeted = False
                await asyncio.sleep(self._pause(problem))
            else:
                self._pause_s = _FIRST_PAUSE_S
            if not self._queue.pending:
                self._work.clear()

    def failed(self, problem: Retryable | Rejected | DeskError) -> None:
        """Count and log what went wrong."""
        if isinstance(problem, Failure):
            reason = problem.reason
        else:
            reason = "desk" if isinstance(problem, DeskError) else "rejected"
        self._metrics.failures.labels(self.label, reason).inc()
        log.warning("not in step with an Alertmanager", alertmanager=self.label, reason=reason, problem=str(problem))

    def worked(self) -> None:
        """Note that it answered as it should."""
        self._metrics.success.labels(self.label).set(self._now())

    def _wake(self) -> None:
        if self._queue.pending:
            self._work.set()

    def _pause(self, problem: Retryable) -> float:
        """Return how long to wait: twice as long each time, a little different for each of many netmons."""
        pause_s, self._pause_s = self._pause_s, min(self._pause_s * 2, self._settings.retry_max_s)
        return problem.after_s if problem.after_s is not None else pause_s * random.uniform(0.8, 1.2)  # noqa: S311 - no secret

    async def _send_batch(self) -> None:
        if not self._greeted or self.client.clock_is_stale:
            await self._greet()
        batch = self._queue.batch(self._settings.batch_alerts)
        news = self._queue.sending(batch)
        if news:
            try:
                await asyncio.to_thread(self._journal.told, news)
            except OSError as error:
                self._journal_failed(error)
        offset_s = self.client.clock.offset_s
        await self._post(batch)
        self.worked()
        if abs(self.client.clock.offset_s - offset_s) > _OFFSET_JUMP_S:
            await self.want_all()

    async def _greet(self) -> None:
        """Learn its clock first, so that no alert ends too early. What is not quite an Alertmanager has no status.

        Silences go before alerts: one that was started anew would tell people of what is silenced.
        """
        with contextlib.suppress(Rejected):
            try:
                self.heard(await self.client.status())
            except Failure as failure:
                if failure.reason not in {"refused", "malformed"}:
                    raise
        await self.silenced()
        await self.recover()
        self._greeted = True

    async def _post(self, batch: list[Posting]) -> None:
        """Send these, in requests of the size that is allowed; halve what is refused until the culprit is alone."""
        lasts_s, now = _LASTS * self._settings.resend_s, self._now()
        bodies = [timed(posting, self.client.clock, now, lasts_s) for posting in batch]
        begin = 0
        while begin < len(batch):
            end, size = begin + 1, len(bodies[begin]) + 2  # its brackets
            while end < len(batch) and size + len(bodies[end]) < self._settings.batch_bytes:
                size += len(bodies[end]) + 1
                end += 1
            part = batch[begin:end]
            try:
                await self.client.post_alerts(b"[" + b",".join(bodies[begin:end]) + b"]")
            except Rejected as problem:
                await self._divide(part, problem)
            else:
                self._queue.taken(part, time.monotonic())
                self._metrics.sent.labels(self.label).inc(len(part))
            begin = end

    async def _divide(self, part: list[Posting], problem: Rejected) -> None:
        if len(part) > 1:
            await self._post(part[: len(part) // 2])
            await self._post(part[len(part) // 2 :])
            return
        self.failed(problem)
        self._queue.refused(part[0], time.monotonic())

    def _journal_failed(self, error: OSError) -> None:
        """Go on without: what the journal keeps matters only when we are killed, and then for minutes."""
        self._metrics.failures.labels(self.label, "journal").inc()
        log.warning("the journal cannot be used", file=str(self._journal.path), problem=str(error))


async def _at_once() -> None:
    """Wait for nothing."""
