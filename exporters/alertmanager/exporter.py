"""The exporter as the core sees it: it is told what changed, asks the desk for the rest, and keeps all in step."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry

from exporters.alertmanager.book import Book
from exporters.alertmanager.client import Client
from exporters.alertmanager.journal import Journal
from exporters.alertmanager.links import Links
from exporters.alertmanager.metrics import Metrics
from exporters.alertmanager.sender import Sender
from exporters.alertmanager.settings import AlertmanagerSettings, file_name
from exporters.alertmanager.silences import Silences
from exporters.alertmanager.wire import Posting
from netmon.api import Alert, Desk

log = structlog.get_logger(__name__)
_SLICE = 100  # alerts rendered before others get their turn: 2 ms
_TICK_S = 0.5  # how often clock and silences are looked at
_STEP_S = 2.0  # the wall clock was set when it moved by this more than the steady one in a tick
_SILENCES_WAIT_S = 3.0  # what is muted waits this long for its silence to be there first
_FAREWELL_S = 3.0  # `stop` waits this long for what is still to be told


class AlertmanagerExporter:
    """Keeps Alertmanagers in step with the desk. `netmon.api.AlertSink`; nothing is opened before `start`.

    `state_directory` is the daemon's: files go into its folder `alertmanager`.
    """

    name = "alertmanager"

    def __init__(
        self,
        settings: AlertmanagerSettings,
        desk: Desk,
        state_directory: Path,
        registry: CollectorRegistry,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._desk = desk
        self._now = now
        self._metrics = Metrics(registry)
        self._book = Book(settings.external_url, settings.max_alerts)
        self._inbox: dict[str, Alert] = {}
        self._carrying = 0  # taken out of the inbox, not yet in the queues
        self._news = asyncio.Event()
        self._look = asyncio.Event()  # at the silences, now
        self._looked = asyncio.Event()
        self._shown: object = None  # the desk's silences as last carried
        self._tasks: list[asyncio.Task[None]] = []
        folder = state_directory / "alertmanager"
        self._senders = [
            Sender(
                Client(server, now),
                settings,
                Journal(folder / f"{file_name(server.label)}.jsonl"),
                lambda: self._book.firing,
                self._metrics,
            )
            for server in settings.servers
        ]
        self._links = Links(folder / "silences.json")
        self._silences = Silences(self._senders, desk, self._links, settings.max_silences, now)

    def changed(self, alerts: Sequence[Alert]) -> None:
        """Learn that these changed."""
        if not self._senders:
            return
        for alert in alerts:
            if len(self._inbox) >= self._settings.max_alerts and alert.id not in self._inbox:
                self._metrics.dropped.labels("full").inc()  # the next look at the desk brings it
            else:
                self._inbox[alert.id] = alert
        self._news.set()

    @property
    def waiting(self) -> int:
        """Return how many alerts are still to be told, to all Alertmanagers together."""
        return len(self._inbox) + self._carrying + sum(sender.waiting for sender in self._senders)

    async def start(self) -> None:
        """Read what an earlier life left, and begin."""
        if not self._senders:
            return
        for sender in self._senders:
            await sender.start()
            sender.silenced = self._silenced
        await asyncio.to_thread(self._links.load)
        works: list[Callable[[], Awaitable[None]]] = [self._follow, self._watch, self._tick]
        works += [sender.run for sender in self._senders]
        self._tasks = [asyncio.create_task(self._for_ever(work)) for work in works]

    async def stop(self) -> None:
        """Tell what can still be told, in three seconds at most, and close; safe to call twice."""
        tasks, self._tasks = self._tasks, []
        if tasks:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_FAREWELL_S):
                    while self._unsaid():  # noqa: ASYNC110 - several tasks empty what this looks at
                        await asyncio.sleep(0.02)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for sender in self._senders:
            await sender.stop()

    def _unsaid(self) -> bool:
        """Tell whether there is something to say to somebody who listens."""
        return bool(self._inbox) or bool(self._carrying) or any(each.waiting and each.answers for each in self._senders)

    async def _for_ever(self, work: Callable[[], Awaitable[None]]) -> None:
        """Work; what nobody foresaw is logged, and the work goes on."""
        while True:
            try:
                await work()
            except Exception:
                log.exception("a fault in netmon itself; the exporter goes on")
                self._metrics.failures.labels("", "bug").inc()
                await asyncio.sleep(1)

    async def _follow(self) -> None:
        """Carry news at once, and everything each resend interval."""
        await self._look_at_desk()
        for sender in self._senders:
            sender.end_strangers()
        round_at = time.monotonic() + self._settings.resend_s
        while True:
            try:
                async with asyncio.timeout(max(0.0, round_at - time.monotonic())):
                    await self._news.wait()
            except TimeoutError:
                round_at = time.monotonic() + self._settings.resend_s
                await self._look_at_desk()
                await self._say_all()
            else:
                await asyncio.sleep(self._settings.batch_wait_s)
                await self._carry_news()

    async def _carry_news(self) -> None:
        self._news.clear()
        inbox, self._inbox = self._inbox, {}
        self._carrying = len(inbox)
        if any(alert.muted_by for alert in inbox.values()) and self._silences_moved():
            await self._silenced()
        at = time.monotonic()
        await self._in_slices(list(inbox.values()), lambda some: self._book.tell(some, self._now(), at))
        self._carrying = 0

    async def _look_at_desk(self) -> None:
        """Look at every alert: what we were not told of, and what the desk has forgotten."""
        listed = self._desk.alerts()
        await self._in_slices(listed, lambda some: self._book.look(some, self._now()))
        self._want(self._book.settle({alert.id for alert in listed}, self._now(), time.monotonic()))

    async def _in_slices(self, alerts: Sequence[Alert], take: Callable[[Iterable[Alert]], list[Posting]]) -> None:
        for begin in range(0, len(alerts), _SLICE):
            self._want(take(alerts[begin : begin + _SLICE]))
            await asyncio.sleep(0)
        self._metrics.dropped.labels("full").inc(self._book.dropped)
        self._book.dropped = 0

    def _want(self, postings: list[Posting]) -> None:
        for sender in self._senders:
            sender.want(postings)

    async def _say_all(self) -> None:
        for sender in self._senders:
            await sender.want_all()

    async def _tick(self) -> None:
        """Notice that the clock was set, which ends alerts there, and that silences changed here."""
        apart = self._now() - time.monotonic()
        while True:
            await asyncio.sleep(_TICK_S)
            before, apart = apart, self._now() - time.monotonic()
            if abs(apart - before) > _STEP_S:
                log.info("the clock was set: everything is sent again", step_s=round(apart - before, 1))
                await self._say_all()
            if self._silences_moved():
                self._look.set()

    def _silences_moved(self) -> bool:
        return self._settings.silences and self._show() != self._shown

    def _show(self) -> object:
        """Return what is silenced here, so that it can be compared."""
        silences, works = self._desk.silences(), self._desk.maintenances()
        return [(each.id, each.ends_at) for each in silences], [(each.id, each.ends_at) for each in works]

    async def _watch(self) -> None:
        """Look at every Alertmanager at intervals, and when somebody needs it now."""
        while True:
            self._look.clear()
            if self._settings.silences:
                self._shown = self._show()
                await self._silences.round()
            else:
                await self._silences.greet()
            self._looked.set()
            for sender in self._senders:
                await sender.recover()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.silence_poll_s):
                    await self._look.wait()

    async def _silenced(self) -> None:
        """Return when silences are in step there, or cannot be for now."""
        if not self._settings.silences:
            return
        self._looked.clear()
        self._look.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SILENCES_WAIT_S):
                await self._looked.wait()
