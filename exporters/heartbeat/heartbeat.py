"""The dead man's switch: beats while netmon lives, so that somebody else notices when it does not.

Nothing is said when the daemon stops: a restart is over before anybody's patience is, and one that stays away is what
the switch is for.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import httpx
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from exporters.heartbeat.settings import HeartbeatSettings, PingSettings
from exporters.heartbeat.watchdog import watchdog
from netmon.api import Alert, AlertSink, CoreStatus, State

log = structlog.get_logger(__name__)
_RETRY_S = 10.0  # a ping that failed is tried again after this, or a quarter of its interval if that is sooner


class Metrics:
    """netmon_heartbeat_*. `to` is `watchdog`, or `ping` and the number of the URL: the URL itself is a secret."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.beats = Counter("netmon_heartbeat_beats", "Beats that went out.", ["to"], registry=registry)
        self.held = Counter(
            "netmon_heartbeat_withheld", "Beats withheld because the core is not well.", ["to"], registry=registry
        )
        self.failures = Counter(
            "netmon_heartbeat_failures", "Pings that failed, by reason.", ["to", "reason"], registry=registry
        )
        self.success = Gauge(
            "netmon_heartbeat_last_success_timestamp_seconds", "When the last beat went out.", ["to"], registry=registry
        )


class Heartbeat:
    """Beats to sinks (Alertmanagers) and URLs. `status` is asked at each beat; one that raises is not well.

    `instance` names this netmon: the host it runs on.
    """

    name = "heartbeat"

    def __init__(
        self,
        settings: HeartbeatSettings,
        status: Callable[[], CoreStatus],
        sinks: Sequence[AlertSink],
        registry: CollectorRegistry,
        instance: str,
    ) -> None:
        self._settings = settings
        self._status = status
        self._sinks = sinks
        self._metrics = Metrics(registry)
        self._instance = instance
        self._now = time.time
        self._since = 0.0
        self._fires = False
        self._client: httpx.AsyncClient | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to beat, at once."""
        self._since = self._now()
        logging.getLogger("httpx").setLevel(logging.WARNING)  # below it, it tells of every request with its URL
        works: list[Callable[[], Awaitable[None]]] = []
        if self._settings.watchdog and self._sinks:
            works.append(self._watch)
        if self._settings.pings:
            self._client = httpx.AsyncClient(headers={"User-Agent": "netmon"}, follow_redirects=True)
            works += [self._pinger(f"ping {n}", ping) for n, ping in enumerate(self._settings.pings, start=1)]
        self._tasks = [asyncio.create_task(self._for_ever(work)) for work in works]

    async def stop(self) -> None:
        """Beat no more; safe to call twice."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _for_ever(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except Exception:
                log.exception("a fault in netmon itself; the heartbeat goes on")
                await asyncio.sleep(1)

    def _health(self) -> CoreStatus:
        try:
            return self._status()
        except Exception as error:
            log.exception("the core cannot say how it is")
            return CoreStatus(False, (f"the core cannot say how it is: {type(error).__name__}",), 0, 0, {})

    async def _watch(self) -> None:
        """Keep the alert firing."""
        self._beat()
        await asyncio.sleep(self._settings.interval_s)

    def _beat(self) -> None:
        status, now = self._health(), self._now()
        alert = watchdog(self._instance, status, self._since, now, self._settings.interval_s)
        if status.ok or self._settings.unhealthy == "tell":
            self._tell(alert)
            self._metrics.beats.labels("watchdog").inc()
            self._metrics.success.labels("watchdog").set(now)
            self._fires = True
            return
        self._metrics.held.labels("watchdog").inc()
        if self._fires:
            self._fires = False
            self._tell(replace(alert, state=State.RESOLVED, resolved_at=now, why_resolved="the core is not well"))

    def _tell(self, alert: Alert) -> None:
        for sink in self._sinks:
            sink.changed([alert])

    def _pinger(self, label: str, ping: PingSettings) -> Callable[[], Awaitable[None]]:
        async def work() -> None:
            arrived = await self._ping(label, ping)
            await asyncio.sleep(ping.interval_s if arrived else min(_RETRY_S, ping.interval_s / 4))

        return work

    async def _ping(self, label: str, ping: PingSettings) -> bool:
        """Ask the URL once; return False where that should be tried again soon."""
        status, url = self._health(), ping.url.get_secret_value()
        if not status.ok:
            if ping.unhealthy == "stop":
                self._metrics.held.labels(label).inc()
                return True
            if ping.unhealthy == "fail":
                url = failing(url)
        reason = await self._ask(ping, url, "\n".join(status.problems) or "netmon watches")
        if reason:
            self._metrics.failures.labels(label, reason).inc()
            log.warning("a heartbeat did not arrive", to=label, reason=reason)
            return False
        self._metrics.beats.labels(label).inc()
        self._metrics.success.labels(label).set(self._now())
        return True

    async def _ask(self, ping: PingSettings, url: str, text: str) -> str:
        """Return why it failed, empty where it did not. httpx's messages may hold the URL, so they are not shown."""
        if self._client is None:
            return "stopped"
        content = text.encode("utf-8", "replace") if ping.method == "POST" else None
        try:
            async with asyncio.timeout(ping.timeout_s):
                answer = await self._client.request(ping.method, url, content=content, timeout=ping.timeout_s)
        except (TimeoutError, httpx.TimeoutException):
            return "timeout"
        except httpx.HTTPError:
            return "unreachable"
        return "" if answer.is_success else f"http_{answer.status_code}"


def failing(url: str) -> str:
    """Return the URL that tells of a failure: the path with /fail after it, before a query."""
    parsed = httpx.URL(url)
    return str(parsed.copy_with(path=parsed.path.rstrip("/") + "/fail"))
