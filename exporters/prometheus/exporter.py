"""The exporter as the daemon sees it: readings come in, pages go out."""

import time
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from exporters.prometheus.app import Site
from exporters.prometheus.body import Bodies
from exporters.prometheus.gate import Counted, Gate, Mounted
from exporters.prometheus.selfmetrics import SelfMetrics
from exporters.prometheus.server import WebServer
from exporters.prometheus.settings import WebSettings
from exporters.prometheus.store import Store
from exporters.prometheus.text import Format
from exporters.prometheus.webconfig import WebConfig
from exporters.prometheus.webwatch import WebConfigWatch
from netmon.api import Reading, Target


class PrometheusExporter:
    """Serves what was last read. `netmon.api.Exporter`; nothing is opened before `start`.

    `web_config` reads and checks the web configuration file; it is called at the start and whenever that file or one
    that it names changes, and raises ConfigError where it cannot be used. `mounts` (prefix → application) are served
    behind the same passwords; they find the user's name in `scope["state"]["user"]`. `ready` and `healthy` may be set
    any time.
    """

    name = "prometheus"

    def __init__(
        self,
        settings: WebSettings,
        registry: CollectorRegistry,
        now: Callable[[], float] = time.time,
        web_config: Callable[[], WebConfig] | None = None,
        mounts: Mapping[str, ASGIApp] | None = None,
    ) -> None:
        self.store = Store(settings.stale_after_s, settings.hold_unreachable_s, settings.cache_bytes)
        self._metrics = SelfMetrics(registry)
        self._metrics.follow_store(registry, self.store)
        self._bodies = Bodies(self.store, registry, self._metrics, now)
        self._site = Site(self.store, self._bodies, settings, self._metrics, now)
        gate = Gate(Mounted(self._site.app(), mounts or {}), self._metrics.auth_failures.inc)
        self._server = WebServer(Counted(gate, self._metrics), settings, self._metrics.refused.inc)
        self._watch = WebConfigWatch(web_config, settings.web_config_file, gate, self._server, self._metrics)

    @property
    def addresses(self) -> list[str]:
        """Return where the server listens, as `host:port`; empty before `start`."""
        return self._server.addresses

    @property
    def ready(self) -> Callable[[], bool]:
        """What /-/ready asks."""
        return self._site.ready

    @ready.setter
    def ready(self, ready: Callable[[], bool]) -> None:
        self._site.ready = ready

    @property
    def healthy(self) -> Callable[[], bool]:
        """What /-/healthy asks."""
        return self._site.healthy

    @healthy.setter
    def healthy(self, healthy: Callable[[], bool]) -> None:
        self._site.healthy = healthy

    def put(self, target: Target, job: str, reading: Reading) -> None:
        """Take one poll: it replaces what the same collector's same parts said before."""
        self.store.put(target, job, reading)

    def retarget(self, targets: Iterable[tuple[Target, str]]) -> None:
        """Take the inventory as (target, job): what /sd lists. Targets that left vanish at once."""
        self.store.retarget(targets)
        self._bodies.book.clear()

    def expect(self, target: str, collector: str, plan: Mapping[float, tuple[str, ...]]) -> None:
        """Learn how often parts are read, so that those read seldom are not dropped between two polls."""
        self.store.expect(target, collector, plan)

    def forget(self, target: str) -> None:
        """Drop everything of a target that left the inventory."""
        self.store.forget(target)

    async def page(self, target: str, form: Format = Format.TEXT) -> bytes:
        """Return one target's page without asking for it over HTTP; empty when nothing is known of it."""
        chunks = self._bodies.some(self.store.of_target(target), form, gzip=False)
        return b"".join([chunk async for chunk in chunks])

    async def reload_web_config(self) -> None:
        """Read the web configuration again now; ConfigError, and all stays as it was, when it cannot be used."""
        await self._watch.reload()

    async def start(self) -> None:
        """Listen; ConfigError says what the operator can do."""
        await self._watch.start()

    async def stop(self) -> None:
        """Finish pages under way and close; safe to call twice."""
        await self._watch.stop()
