"""The part of a daemon that keeps: the core, its link, its interface and its ways out, put together from a plan.

Only daemons that keep import it: it needs the packages of the extra `core`.
"""

import socket
from collections.abc import Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from exporters.api.app import PREFIX, api_app
from exporters.api.control import ControlSocket
from exporters.notify.courier import AppriseCourier
from exporters.witness.build import make_witnesses
from netmon import __version__
from netmon.api import Component, Correlator
from netmon.app.outlets import Door, Outlets
from netmon.app.places import Places
from netmon.app.settings import Settings
from netmon.app.settings.model import NetmonSettings
from netmon.app.topology import topology_of
from netmon.app.wiring import LINK_SOCKET
from netmon.core.alerts.site import BySite
from netmon.core.causes.correlator import ByCause
from netmon.core.clock import boottime
from netmon.core.core import Core, CoreSettings, Inventory
from netmon.core.link.direct import DirectUplink
from netmon.core.link.intake import IntakeServer

CONTROL_SOCKET = "control.sock"


class CorePart:
    """A component of components. `uplink` is for collectors in the same process."""

    def __init__(self, settings: Settings, state: Path, name: str, registry: CollectorRegistry) -> None:
        ours = settings.netmon
        self._settings = ours
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
            correlator_of(settings),
            name,
            registry,
            make_witnesses(ours.witness),
        )
        self.uplink = DirectUplink(self.core.take, name, ours.link, registry)
        intake = self._intake = IntakeServer(
            ours.link.socket or state / LINK_SOCKET,
            ours.link,
            self.core.take,
            lambda sender: self.core.ledger.sources.get(sender, 0),  # what is on disk, not what is on its way
            registry,
            monotonic=boottime,
        )
        self.core.minder.silent_s = lambda: intake.silent_s
        self._door = Door(ours, self._api, registry)
        self.mounts: Mapping[str, ASGIApp] = {PREFIX: self._door}
        control = ours.api.control_socket or state / CONTROL_SOCKET
        self._control = ControlSocket(self._door, control, ours.api.control_group)
        self._outlets = Outlets(ours, self.core, state, registry)
        self._courier = AppriseCourier(ours.notify.urls(), ours.notify.retry.deadline_s)
        self._started: list[Component] = []

    def _api(self, settings: NetmonSettings, registry: CollectorRegistry) -> ASGIApp:
        return api_app(self.core.desk, settings.api, registry, version=__version__, target_of=self._target_of)

    async def start(self) -> None:
        """Start everything; what had started is stopped when one fails."""
        try:
            await self.core.start(courier=self._courier)
            self._started.append(self.core)
            await self._begin(self._outlets)
            await self._begin(self._intake)
            await self._begin(self._control)
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

    async def change(self, settings: Settings) -> None:
        """Follow another configuration; ConfigError where something of it cannot be used, and then nothing changed."""
        ours, old = settings.netmon, self._settings
        adopt_urls = await self._courier.prepare(ours.notify.urls(), ours.notify.retry.deadline_s)
        await self._outlets.change(ours)  # from here on nothing can be refused
        adopt_urls()
        self._door.change(ours)
        self._places = Places(settings.inventory, self.core.name)
        self.core.change(ours.alerts, ours.notify, correlator_of(settings), changed_sections(old, ours))
        self.core.retarget(self._inventory())
        self._settings = ours

    def _target_of(self, labels: Mapping[str, str]) -> str:
        return self._places.target_of(labels)

    def _inventory(self) -> Inventory:
        return Inventory(self._places.targets, self._places.site_of, self._places.matchers_of, self._places.ends_of)


def correlator_of(settings: Settings) -> Correlator:
    """Return what finds causes in the inventory's network; where there is none, alerts are grouped by place."""
    alerts, topology = settings.netmon.alerts, topology_of(settings.inventory)
    if topology is None:
        return BySite(alerts)
    unpolled = {device.name for device in settings.inventory.devices if device.collector == "none"}
    unpolled |= {server.name for server in settings.inventory.servers if server.collector == "none"}
    return ByCause(alerts, topology, unpolled)


def changed_sections(old: NetmonSettings, new: NetmonSettings) -> tuple[str, ...]:
    """Return the sections of netmon.yaml that differ."""
    return tuple(name for name in type(new).model_fields if getattr(old, name) != getattr(new, name))
