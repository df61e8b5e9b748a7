"""The traffic part of a daemon, built from its settings and its role."""

import socket
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from prometheus_client import CollectorRegistry

from collectors.traffic.flows.exporters import Exporters
from exporters.actions.actor import Actor
from netmon.api import Target, Uplink
from netmon.api.networks import Networks
from netmon.api.traffic import TrafficRule
from netmon.app.catalog import Role
from netmon.app.settings import Settings
from netmon.app.settings.traffic import SensorSettings, TrafficSettings
from netmon.app.traffic.build import (
    build_collector,
    build_gathered,
    build_sensor,
    named_addresses,
    networks_of,
    protected_prefixes,
    tunnel_mask,
)
from netmon.app.traffic.chores import Chores
from netmon.app.traffic.fanout import Fan
from netmon.app.traffic.indicatorfiles import IndicatorFiles, IndicatorMetrics
from netmon.app.traffic.keeper import Keeper
from netmon.app.traffic.learned import Memory
from netmon.app.traffic.metering import Metering, meter_of
from netmon.app.traffic.metrics import TrafficMetrics
from netmon.app.traffic.moments import Moments, Write, writing
from netmon.app.traffic.part import Take, TrafficPart
from netmon.app.traffic.prefixfiles import PrefixFiles
from netmon.app.traffic.sources import Exports, Interface
from netmon.app.traffic.stream import Stream
from netmon.app.traffic.warming import Ways, warm_up


def build_part(  # noqa: PLR0913, PLR0917 - what a daemon has for it
    settings: Settings, role: Role, place: Path, uplink: Uplink, take: Take | None, registry: CollectorRegistry
) -> TrafficPart:
    """Build the streams that a daemon of this role runs. `place`: the directory that is its own.

    `take` gets what is measured; None: nobody asks for it, and nothing is.
    """
    traffic, networks = settings.netmon.traffic, networks_of(settings.inventory)
    warm_up(traffic, _ways(traffic, role))
    streams = [_sensor(one, traffic, networks, place) for one in traffic.sensors] if role.captures else []
    exporters = None
    if role.takes_flows and traffic.flows is not None:
        name = f"{socket.gethostname()}-flows"
        source = Exports(traffic, name, named_addresses(settings.inventory.devices))
        target, memory = Target(name, "localhost", "", "sensor"), Memory(place / "detectors", name)
        built = build_collector(traffic, networks)
        source.straight = built.straight
        streams.append(Stream(source, built, target, memory))
        exporters = source.flows.exporters
    indicators = IndicatorFiles(traffic.detectors.indicators, settings.directory)
    prefixes = PrefixFiles(traffic.detectors.first_seen, settings.directory)
    indicators.look()
    prefixes.look()
    for stream in streams:
        flows = stream.source.flows if isinstance(stream.source, Exports) else None
        metering = Metering(meter_of(traffic.meter, networks, stream.source.name, flows), flows)
        metering.follow(stream.built, settings.inventory, asked=take is not None)
        stream.measure = metering
        stream.built.hooks.equip = equip = partial(_equip, (indicators.hand_to, prefixes.hand_to, metering.equip))
        equip(stream.built.judges.rules)
    keeper = None
    if traffic.keep_flows:
        names = partial(_names, exporters)
        directory = traffic.store_directory or place / "flows"
        keeper = Keeper(traffic.store, directory, networks, registry, names)
    registry.register(TrafficMetrics(streams))
    registry.register(IndicatorMetrics(indicators))
    protected = protected_prefixes(settings.inventory)
    actor = Actor(traffic.actions, uplink, registry, source=socket.gethostname(), protected=protected)
    every_s = traffic.samples_every_s
    return TrafficPart(streams, actor, take, every_s, Chores(registry), (indicators, prefixes), keeper)


def _ways(traffic: TrafficSettings, role: Role) -> Ways:
    """Return how traffic comes in to a daemon of this role."""
    ways = Ways(0)
    for sensor in traffic.sensors if role.captures else ():
        ways |= Ways.PACKETS if sensor.processes == 1 else Ways.PROCESSES
    return ways | Ways.FLOWS if role.takes_flows and traffic.flows is not None else ways


def _names(exporters: Exporters | None) -> Sequence[str]:
    """Return what exporters are called, by row; row 0 is our own eyes."""
    return [""] if exporters is None else ["", *(exporters.name(row) for row in range(1, len(exporters) + 1))]


def _sensor(settings: SensorSettings, traffic: TrafficSettings, networks: Networks, place: Path) -> Stream:
    name = settings.name or f"{socket.gethostname()}-{settings.interface}"
    target, memory = Target(name, "localhost", "", "sensor"), Memory(place / "detectors", name)
    if settings.processes > 1:
        fan = Fan(settings, traffic, name)
        stream = Stream(fan, build_gathered(traffic, networks, fan.gathered.parts), target, memory)
        stream.tallies = fan.tallies
        write: Write = fan.capture
    else:
        source = Interface(settings, name, tunnels=tunnel_mask(traffic))
        stream = Stream(source, build_sensor(traffic, networks), target, memory)
        write = writing(source.ring.recent)
    moments = Moments(traffic.moments, place / "moments", stream.judging.by_reader(write), name=name)
    stream.built.hooks.attach = moments.attach
    return stream


def _equip(givers: Sequence[Callable[[Sequence[TrafficRule]], None]], rules: Sequence[TrafficRule]) -> None:
    """Give new detectors what they judge by."""
    for give in givers:
        give(rules)
