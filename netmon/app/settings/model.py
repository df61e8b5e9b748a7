"""The whole of the settings: netmon.yaml, composed of what each component owns, and the inventory."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from collectors.host.settings import HostSettings
from collectors.snmp.settings import Credential, SnmpSettings
from exporters.alertmanager.settings import AlertmanagerSettings
from exporters.api.settings import ApiSettings
from exporters.heartbeat.settings import HeartbeatSettings
from exporters.prometheus.settings import ListenAddress, WebSettings
from exporters.witness.settings import WitnessSettings
from netmon.api import Target
from netmon.app.settings.base import Model
from netmon.app.settings.inventory import Device, Inventory, Server
from netmon.app.settings.schedule import ScheduleSettings
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.settings.words import Name
from netmon.app.text import Language
from netmon.core.alerts.settings import AlertSettings
from netmon.core.history.settings import HistorySettings
from netmon.core.ledger.checkpoint_settings import CheckpointSettings
from netmon.core.ledger.index_settings import IndexSettings
from netmon.core.ledger.settings import LedgerSettings
from netmon.core.link.settings import LinkSettings
from netmon.core.notices.settings import NotifySettings
from rules.baselines.settings import BaselineSettings
from rules.forecasts.settings import ForecastSettings
from rules.panel.settings import WatchSettings


class LogSettings(Model):
    """How netmon writes its log."""

    format: Literal["auto", "logfmt", "json", "console"] = "auto"  # auto: console on a terminal, else logfmt
    level: Literal["debug", "info", "warning", "error"] = "info"


class CoreWebSettings(Model):
    """Where a daemon of the role `core` serves its own pages: beside a poller on the same host, which has `web`'s."""

    listen: tuple[ListenAddress, ...] = Field(default=("127.0.0.1:19101",), min_length=1)


class NetmonSettings(Model):
    """What stands in netmon.yaml."""

    state_dir: Path | None = None  # None: see state.py
    language: Language | None = None  # None: the environment's
    log: LogSettings = Field(default_factory=LogSettings)
    scheduler: ScheduleSettings = Field(default_factory=ScheduleSettings)
    web: WebSettings = Field(default_factory=WebSettings)
    snmp: SnmpSettings = Field(default_factory=SnmpSettings)
    host: HostSettings = Field(default_factory=HostSettings)
    watch: WatchSettings = Field(default_factory=WatchSettings)
    baselines: BaselineSettings = Field(default_factory=BaselineSettings)
    forecasts: ForecastSettings = Field(default_factory=ForecastSettings)
    traffic: TrafficSettings = Field(default_factory=TrafficSettings)
    history: HistorySettings = Field(default_factory=HistorySettings)
    credentials: Mapping[Name, Credential] = Field(default_factory=dict)
    core: CoreWebSettings = Field(default_factory=CoreWebSettings)
    link: LinkSettings = Field(default_factory=LinkSettings)
    ledger: LedgerSettings = Field(default_factory=LedgerSettings)
    checkpoints: CheckpointSettings = Field(default_factory=CheckpointSettings)
    witness: WitnessSettings = Field(default_factory=WitnessSettings)
    index: IndexSettings = Field(default_factory=IndexSettings)
    alerts: AlertSettings = Field(default_factory=AlertSettings)
    notify: NotifySettings = Field(default_factory=NotifySettings)
    alertmanager: AlertmanagerSettings = Field(default_factory=AlertmanagerSettings)
    heartbeat: HeartbeatSettings = Field(default_factory=HeartbeatSettings)
    api: ApiSettings = Field(default_factory=ApiSettings)


@dataclass(frozen=True, slots=True)
class Settings:
    """One directory's settings, whole and checked."""

    directory: Path
    netmon: NetmonSettings
    inventory: Inventory

    def targets(self) -> tuple[Target, ...]:
        """Return the devices and servers that are polled, in the order of the inventory.

        Options: `collector` (snmp, host), `role` (devices), and where they are set `credential`, `interval_s` (float)
        and `profiles` (name → ProfileSettings).
        """
        things: tuple[Device | Server, ...] = (*self.inventory.devices, *self.inventory.servers)
        return tuple(_target(thing) for thing in things if thing.collector != "none")


def _target(thing: Device | Server) -> Target:
    options: dict[str, object] = {"collector": thing.collector}
    if isinstance(thing, Device):
        options["role"] = thing.role.value
    if thing.collector == "snmp":
        options["credential"] = thing.credential
        options["profiles"] = dict(thing.profiles)
    if thing.interval_s is not None:
        options["interval_s"] = thing.interval_s
    kind = "device" if isinstance(thing, Device) else "server"
    return Target(thing.name, thing.address, thing.site, kind, tuple(sorted(thing.labels.items())), options)
