"""Sends what the planner has decided, and tells it what became of each message. Decides nothing."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Protocol

import structlog
from prometheus_client import CollectorRegistry

from netmon.api import Courier, Rejected, Retryable
from netmon.core.notices.changes import NoticeChange
from netmon.core.notices.delivery import Failure
from netmon.core.notices.ladder import Lookups
from netmon.core.notices.metrics import DispatchMetrics
from netmon.core.notices.planner import Planner
from netmon.core.notices.words import Notice, Way

log = structlog.get_logger(__name__)

_LOOK_S: Final = 1.0
_GRACE_S: Final = 5.0  # a courier keeps its own deadline; this long after it we believe it no more


class Office(Protocol):
    """Where notices come from and reports go: the core's affairs.

    `due` leaves out what is not on disk yet; `told` is called when more may be due.
    """

    planner: Planner
    told: Callable[[], None]

    @property
    def alerts(self) -> Lookups:
        """Return where incidents and alerts can be read."""

    def due(self, now: float) -> Sequence[Notice]:
        """Return the notices that are to be sent now, oldest first."""

    def settle_notices(self, notices: Sequence[NoticeChange], now: float) -> object:
        """Record what became of messages."""


class Dispatcher:
    """Hands notices to the courier: several at once, on each channel of a person one after the other."""

    def __init__(
        self, office: Office, courier: Courier, registry: CollectorRegistry, now: Callable[[], float] = time.time
    ) -> None:
        self._office = office
        self._courier = courier
        self._now = now
        self._metrics = DispatchMetrics(registry, office.planner)
        self._flights: dict[str, asyncio.Task[None]] = {}  # by notice
        self._lanes: set[tuple[str, str]] = set()  # (person, channel) that has one under way
        self._wake = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to send, first of all what was under way when netmon last stopped."""
        self._metrics.resumed.inc(len(self._office.planner.tables.notices))
        self._office.told = self._wake.set
        self._running = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Let what is under way arrive, for as long as one attempt may take; what does not is sent again later."""
        if self._running is None:
            return
        self._running.cancel()
        with suppress(asyncio.CancelledError):
            await self._running
        self._running = None
        flights = list(self._flights.values())
        if flights:
            _, late = await asyncio.wait(flights, timeout=_GRACE_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                self._launch()
            except Exception:  # a bug here must not silence everything after it
                log.exception("messages could not be looked through")
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):  # wait_for of Python 3.11 may swallow a cancellation
                    await self._wake.wait()

    def _launch(self) -> None:
        """Start to send what is due, as far as there are hands and free lanes."""
        for notice in self._office.due(self._now()):
            if len(self._flights) >= self._office.planner.settings.retry.max_concurrent:
                return
            lane = (notice.person, notice.channel)
            if notice.id not in self._flights and lane not in self._lanes:
                self._lanes.add(lane)
                self._flights[notice.id] = asyncio.create_task(self._fly(notice, lane))

    async def _fly(self, notice: Notice, lane: tuple[str, str]) -> None:
        try:
            await self._send(notice)
        except Exception:  # the same
            log.exception("what became of a message could not be noted", notice=notice.id)
        finally:
            self._lanes.discard(lane)
            del self._flights[notice.id]
            self._wake.set()

    async def _send(self, notice: Notice) -> None:
        planner, problem = self._office.planner, None
        try:
            draft = planner.message(notice, self._office.alerts, self._now())
            async with asyncio.timeout(planner.settings.retry.deadline_s + _GRACE_S):
                await self._courier.deliver(draft.message)
        except Retryable as error:
            after = error.after_s
            problem = ("retryable", Failure(str(error), None if after is None else self._now() + after))
        except Rejected as error:
            problem = ("rejected", Failure(str(error), rejected=True))
        except TimeoutError:
            problem = ("timeout", Failure("not taken in time"))
        except Exception as error:
            log.exception("a message could not be sent in an unforeseen way", notice=notice.id)
            problem = ("bug", Failure(f"netmon failed: {type(error).__name__}"))
        now = self._now()
        if problem is None:
            self._office.settle_notices(planner.delivered(notice.id, now, draft.said), now)
            self._metrics.sent.labels(draft.message.why.value).inc()
            if not notice.digest:
                self._metrics.delay.observe(max(0.0, now - notice.created_at))
        else:
            self._failed(notice, *problem, now)

    def _failed(self, notice: Notice, reason: str, failure: Failure, now: float) -> None:
        self._metrics.failed.labels(reason).inc()
        changes = self._office.planner.failed(notice.id, failure, now)
        self._office.settle_notices(changes, now)
        about = {"notice": notice.id, "person": notice.person, "channel": notice.channel, "problem": failure.problem}
        if any(isinstance(change.notice, Notice) and change.notice.state is Way.FAILED for change in changes):
            self._metrics.failed.labels("gave_up").inc()
            log.error("a message was given up: this person was not told", incidents=len(notice.incidents), **about)
        else:
            log.warning("a message was not delivered and will be tried again", attempts=notice.attempts + 1, **about)
