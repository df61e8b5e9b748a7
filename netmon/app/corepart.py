"""The part of a daemon that keeps: the core, its link, its interface and its ways out, put together from a plan.

Only daemons that keep import it: it needs the packages of the extra `core`.
"""

import socket
from collections.abc import Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry

from exporters.alertmanager.exporter import AlertmanagerExporter
from exporters.api.app import PREFIX, api_app
from exporters.api.control import ControlSocket
from exporters.heartbeat.heartbeat import Heartbeat
from exporters.notify.courier import AppriseCourier
from exporters.witness.build import make_witnesses
from netmon import __version__
from netmon.api import AlertSink, Component
from netmon.app.places import Places
from netmon.app.settings import Settings
from netmon.app.wiring import LINK_SOCKET
from netmon.core.alerts.site import BySite
from netmon.core.clock import boottime
from netmon.core.core import Core, CoreSettings, Inventory
from netmon.core.link.direct import DirectUplink
from netmon.core.link.intake import IntakeServer

CONTROL_SOCKET = "control.sock"


class CorePart:
    """A component of components. `uplink` is for collectors in the same process."""

    def __init__(self, settings: Settings, state: Path, name: str, registry: CollectorRegistry) -> None:
        ours = settings.netmon
        self._settings = settings
        self._places = Places(settings.inventory, name)
        self.core = Core(
            state,
            CoreSettings(
                host_name=socket.gethostname(),
                ledger=ours.ledger,
                index=ours.index,
                alerts=ours.alerts,
                notify=ours.notify,
                checkpoints=ours.checkpoints,
                silent_after_s=max(ours.link.dead_after_s, 3 * ours.link.heartbeat_s),
            ),
            self._inventory(),
            BySite(ours.alerts),
            name,
            registry,
            make_witnesses(ours.witness),
        )
        self.uplink = DirectUplink(self.core.take, name, ours.link, registry)
        intake = self._intake = IntakeServer(
            state / LINK_SOCKET,
            ours.link,
            self.core.take,
            lambda sender: self.core.ledger.sources.get(sender, 0),  # what is on disk, not what is on its way
            registry,
            monotonic=boottime,
        )
        self.core.minder.silent_s = lambda: intake.silent_s
        app = api_app(
            self.core.desk,
            ours.api,
            registry,
            version=__version__,
            target_of=self._target_of,
        )
        self.mounts = {PREFIX: app}
        control = ours.api.control_socket or state / CONTROL_SOCKET
        self._control = ControlSocket(app, control, ours.api.control_group)
        self._sinks = self._make_sinks(state, registry)
        status = self.core.desk.status
        self._heartbeat = Heartbeat(ours.heartbeat, status, self._sinks, registry, socket.gethostname())
        urls = ours.notify.urls()
        self._courier = AppriseCourier(urls, ours.notify.retry.deadline_s) if urls else None
        self._started: list[Component] = []

    def _make_sinks(self, state: Path, registry: CollectorRegistry) -> list[AlertSink]:
        settings = self._settings.netmon.alertmanager
        return [AlertmanagerExporter(settings, self.core.desk, state, registry)] if settings.servers else []

    async def start(self) -> None:
        """Start everything; what had started is stopped when one fails."""
        try:
            await self.core.start(self._sinks, self._courier)
            self._started.append(self.core)
            await self._begin(self._intake)
            await self._begin(self._control)
            await self._begin(self._heartbeat)
        except BaseException:
            await self.stop()
            raise

    async def _begin(self, component: Component) -> None:
        await component.start()
        self._started.append(component)

    async def stop(self) -> None:
        """Stop everything in reverse; safe to call twice."""
        if not self._started:
            await self.core.stop()
        while self._started:
            await self._started.pop().stop()

    def healthy(self) -> bool:
        """Tell whether nothing is wrong with the core."""
        return self.core.status().ok

    def retarget(self, settings: Settings) -> None:
        """Follow a changed inventory."""
        self._places = Places(settings.inventory, self.core.name)
        self.core.retarget(self._inventory())

    def _target_of(self, labels: Mapping[str, str]) -> str:
        return self._places.target_of(labels)

    def _inventory(self) -> Inventory:
        return Inventory(self._places.targets, self._places.site_of, self._places.matchers_of)
