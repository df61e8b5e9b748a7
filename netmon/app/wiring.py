"""From a configuration directory to the parts of a daemon: what is read, checked and handed to whom."""

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from collectors.host.collector import HostCollector
from collectors.snmp.client import SnmpClient
from collectors.snmp.collector import SnmpCollector
from collectors.snmp.profile import Profile
from exporters.notify.urls import understanding
from exporters.prometheus.exporter import PrometheusExporter
from exporters.prometheus.scrape_config import render
from exporters.prometheus.webconfig import WebConfig
from netmon.api import Collector, ConfigError, Fault, Target
from netmon.app.catalog import COLLECTORS, Role
from netmon.app.faultwords import worded
from netmon.app.packs import read_packs
from netmon.app.profiles import read_profiles
from netmon.app.settings import Settings, configured_language, load_directory, load_file
from netmon.app.settings.inventory import Inventory
from netmon.app.text import speaking, t
from netmon.app.traffic.checking import faults_of
from netmon.core.link.uplink import SpoolingUplink
from rules.pack import Pack

if TYPE_CHECKING:
    from netmon.app.corepart import CorePart
    from rules.limits.rule import Limits

LINK_SOCKET: Final = "link.sock"
"""Where the core listens for other daemons, in the state directory."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole configuration, read and checked: nothing of it can be refused later but by the system."""

    directory: Path
    settings: Settings
    profiles: tuple[Profile, ...]
    packs: tuple[Pack, ...] = ()
    tells: bool = (
        False  # whether it is for a daemon that tells people, so that the URLs of their channels were looked at
    )

    def same_for(self, collector: str, other: "Plan") -> bool:
        """Tell whether this collector was built from the same settings, so that it can go on with what it knows."""
        ours, theirs = self.settings.netmon, other.settings.netmon
        if collector == "snmp":
            return (ours.snmp, ours.credentials, self.profiles) == (theirs.snmp, theirs.credentials, other.profiles)
        return ours.host == theirs.host

    def without_inventory(self) -> "Plan":
        """Return what a later plan is compared with. The inventory, 5 kB a device, is in the timetable by then."""
        return replace(self, settings=replace(self.settings, inventory=Inventory()))


def load_plan(directory: Path, *, tells: bool = False) -> Plan:
    """Read everything that the directory says; ConfigError with every fault of every file, in its own language.

    `tells`: look at the URLs of people's channels too, which takes apprise, a quarter of a second and 20 MB.
    """
    with speaking(configured_language(directory)):
        return _load_plan(directory, tells=tells)


def _load_plan(directory: Path, *, tells: bool) -> Plan:
    profiles, faults = read_profiles(directory)
    names = None if faults else {profile.name for profile in profiles}
    packs, wrong = read_packs(directory)
    faults += wrong
    try:
        settings = load_directory(directory, profiles=names, understands=_understanding() if tells else None)
    except ConfigError as error:
        raise ConfigError(*faults, *error.faults) from None
    plan = Plan(directory, settings, profiles, packs, tells)
    try:
        read_web_config(plan)  # it is read again when it is used: its file may change meanwhile
    except ConfigError as error:
        faults += error.faults
    faults += map(worded, faults_of(settings.netmon.traffic, directory))
    if faults:
        raise ConfigError(*faults)
    return plan


def _understanding() -> Callable[[str], bool] | None:
    """Return what tells whether messages can be sent to a URL; None where apprise is not installed."""
    try:
        return understanding()
    except ImportError:
        return None


FIXED: Final = (
    "web",
    "state_dir",
    "core",
    "link",
    "ledger",
    "checkpoints",
    "witness",
    "index",
    "history",
    "api.control_socket",
    "api.control_group",
)
"""Sections, and settings in them, that only a restart can change."""


def load_successor(plan: Plan) -> Plan:
    """Read the directory again for a daemon that runs `plan`; ConfigError also for what only a restart can change."""
    new = load_plan(plan.directory, tells=plan.tells)
    ours, theirs = plan.settings.netmon, new.settings.netmon
    faults = [
        Fault(
            str(plan.directory / "netmon.yaml"),
            0,
            0,
            t("cli.reload.fixed", section=section),
            t("cli.reload.fixed.remedy"),
        )
        for section in FIXED
        if attrgetter(section)(ours) != attrgetter(section)(theirs)
    ]
    if faults:
        raise ConfigError(*faults)
    return new


@dataclass(slots=True)
class Built:
    """A collector that runs, and the metrics of its own making: they leave with it when it is replaced."""

    collector: Collector
    registry: CollectorRegistry


def build_collector(name: str, plan: Plan) -> Built:
    """Build one of ours by its name in the catalog."""
    registry = CollectorRegistry()
    return _BUILDERS[name](plan, registry)


def _snmp(plan: Plan, registry: CollectorRegistry) -> Built:
    settings = plan.settings.netmon
    client = SnmpClient(settings.snmp, registry)
    collector = SnmpCollector(client, plan.profiles, settings.credentials, settings.snmp)
    return Built(collector, registry)


def _host(plan: Plan, registry: CollectorRegistry) -> Built:
    collector = HostCollector(plan.settings.netmon.host, registry=registry)
    return Built(collector, registry)


_BUILDERS: Final[dict[str, Callable[[Plan, CollectorRegistry], Built]]] = {"snmp": _snmp, "host": _host}


def read_web_config(plan: Plan) -> WebConfig:
    """Read the web configuration file that the settings name; plain HTTP without passwords where they name none."""
    path = plan.settings.netmon.web.web_config_file
    if path is None:
        return WebConfig()
    return load_file(path, WebConfig).relative_to(path.parent)


def build_exporter(
    plan: Plan, role: Role, registry: CollectorRegistry, mounts: Mapping[str, ASGIApp]
) -> PrometheusExporter:
    """Build the exporter that serves what the collectors read, and the core's interface where there is one."""
    settings = plan.settings.netmon.web
    read = partial(read_web_config, plan) if settings.web_config_file else None
    own = {
        Role.CORE: plan.settings.netmon.core.listen,
        Role.SENSOR: plan.settings.netmon.traffic.sensor_listen,
        Role.FLOW_COLLECTOR: plan.settings.netmon.traffic.flow_listen,
    }
    if role in own:
        settings = settings.model_copy(update={"listen": own[role]})
    return PrometheusExporter(settings, registry, web_config=read, mounts=mounts)


def daemon_name(role: Role) -> str:
    """Return what a daemon calls itself towards others: its role and its machine."""
    return f"{role.daemon_name}.{socket.gethostname()}"


def build_core_part(plan: Plan, state: Path, role: Role, registry: CollectorRegistry) -> "CorePart | None":
    """Build what keeps the ledger and tells people; None for a role that does not. ConfigError without the packages."""
    if not role.keeps:
        return None
    try:
        from netmon.app.corepart import CorePart  # noqa: PLC0415 - a poller does not have these packages
    except ModuleNotFoundError as error:
        raise ConfigError(
            Fault("netmon", 0, 0, t("core.not_installed", problem=error), t("core.not_installed.remedy"))
        ) from error
    return CorePart(plan.settings, state, daemon_name(role), registry)


def build_uplink(plan: Plan, state: Path, role: Role, registry: CollectorRegistry) -> SpoolingUplink:
    """Build the way to a core in another process on this machine."""
    link = plan.settings.netmon.link
    spool = role_directory(state, role) / "spool"
    return SpoolingUplink(link.socket or state / LINK_SOCKET, spool, link.name or daemon_name(role), link, registry)


def role_directory(state: Path, role: Role) -> Path:
    """Return where a daemon of this role keeps what is its own: roles that see traffic stand beside one that polls."""
    return state if role.polls or role.keeps else state / role.value


def build_rules(plan: Plan) -> tuple["Limits", ...]:
    """Build the rules that judge what the collectors read."""
    from rules.limits.rule import Limits  # noqa: PLC0415 - numpy, which a core has no use for

    return (Limits(plan.packs),)


def change_rules(rules: Sequence["Limits"], plan: Plan) -> None:
    """Let the rules judge by another configuration from now on; they keep what they know."""
    for rule in rules:
        rule.configure(plan.packs)


def scrape_config(plan: Plan) -> str:
    """Return a prometheus.yml that scrapes this netmon as often as it polls."""
    settings = plan.settings.netmon
    traffic = settings.traffic
    pages = (traffic.sensor_listen[:1] if traffic.sensors else ()) + (traffic.flow_listen[:1] if traffic.flows else ())
    interval_s = min(settings.snmp.interval_s, settings.host.interval_s)
    return render(settings.web, read_web_config(plan), interval_s, traffic=pages)


def wanted(role: Role) -> tuple[str, ...]:
    """Return the collectors that a daemon of this role runs."""
    return tuple(listing.name for listing in COLLECTORS if listing.name in _BUILDERS) if role.polls else ()


def work(plan: Plan, collectors: Mapping[str, Collector]) -> list[tuple[Target, Collector]]:
    """Return who reads what. This machine is always watched, also where the inventory does not name it."""
    targets = list(plan.settings.targets())
    if not any(target.options.get("collector") == "host" for target in targets):
        name = socket.gethostname()
        taken = {target.name for target in targets}
        own = Target(
            f"{name} (netmon)" if name in taken else name, "localhost", "", "server", (), {"collector": "host"}
        )
        targets.append(own)
    return [(t, collectors[str(t.options["collector"])]) for t in targets if t.options["collector"] in collectors]
