"""What a changed configuration replaces while the core goes on: the ways out to other systems, and the HTTP interface.

Each makes its metrics in a registry of its own, which leaves with it.
"""

import socket
from collections.abc import Callable
from pathlib import Path

from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp, Receive, Scope, Send

from exporters.alertmanager.exporter import AlertmanagerExporter
from exporters.heartbeat.heartbeat import Heartbeat
from netmon.api import AlertSink, Component
from netmon.app.settings.model import NetmonSettings
from netmon.core.core import Core

MakeApp = Callable[[NetmonSettings, CollectorRegistry], ASGIApp]


class Outlets:
    """Alertmanagers and the heartbeat to them and others. A component."""

    def __init__(self, settings: NetmonSettings, core: Core, state: Path, registry: CollectorRegistry) -> None:
        self._settings = settings
        self._core = core
        self._state = state
        self._above = registry
        self._own: CollectorRegistry | None = None
        self._sinks: list[AlertSink] = []
        self._started: list[Component] = []

    async def start(self) -> None:
        """Begin to tell; what had started is stopped when one fails."""
        self._own = CollectorRegistry()
        self._above.register(self._own)
        try:
            await self._start(self._settings, self._own)
        except BaseException:
            await self.stop()
            raise

    async def _start(self, settings: NetmonSettings, registry: CollectorRegistry) -> None:
        if settings.alertmanager.servers:
            sink = AlertmanagerExporter(settings.alertmanager, self._core.desk, self._state, registry)
            await self._begin(sink)
            self._sinks.append(sink)
            self._core.affairs.sinks.append(sink)
        status, name = self._core.desk.status, socket.gethostname()
        await self._begin(Heartbeat(settings.heartbeat, status, tuple(self._sinks), registry, name))

    async def _begin(self, component: Component) -> None:
        self._started.append(component)  # first, since stopping what failed to start is safe
        await component.start()

    async def stop(self) -> None:
        """Tell what can still be told, and end; safe to call twice."""
        for sink in self._sinks:
            self._core.affairs.sinks.remove(sink)
        self._sinks.clear()
        while self._started:
            await self._started.pop().stop()
        if self._own is not None:
            self._above.unregister(self._own)
            self._own = None

    async def change(self, settings: NetmonSettings) -> None:
        """Change over where these settings are others; when that fails (ConfigError), all is as it was.

        Between the two nobody is told for some seconds at most; what changed meanwhile is told after it, since each
        way out begins by looking at the desk and at what it had noted on disk.
        """
        old = self._settings
        if (settings.alertmanager, settings.heartbeat) == (old.alertmanager, old.heartbeat):
            return
        await self.stop()
        self._settings = settings
        try:
            await self.start()
        except BaseException:
            self._settings = old
            await self.start()
            raise


class Door:
    """The HTTP interface as it is mounted: what it leads to changes with the settings, requests under way go on."""

    def __init__(self, settings: NetmonSettings, make: MakeApp, registry: CollectorRegistry) -> None:
        self._make = make
        self._above = registry
        self._own = CollectorRegistry()
        self._settings = settings.api
        self._app = make(settings, self._own)
        registry.register(self._own)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        await self._app(scope, receive, send)

    def change(self, settings: NetmonSettings) -> None:
        """Lead to an interface with these settings where they are others. Takes 10 ms then."""
        if settings.api == self._settings:
            return
        own = CollectorRegistry()
        app = self._make(settings, own)
        self._above.unregister(self._own)
        self._above.register(own)
        self._settings, self._own, self._app = settings.api, own, app
