"""What a stream measures: the meter over its windows, and the interfaces that sFlow agents count themselves."""

from collections.abc import Iterable
from typing import Final

import numpy as np

from collectors.traffic.flows.collector import FlowSource
from collectors.traffic.meter.meter import Meter
from collectors.traffic.meter.settings import MeterSettings
from collectors.traffic.meter.sheet import Sheet, counter, gauge
from netmon.api import Missing, Part, Reading, Reason, Table
from netmon.api.networks import Networks
from netmon.api.traffic import Second, TrafficRule
from netmon.app.settings import Settings
from netmon.app.settings.inventory import Inventory
from netmon.app.traffic.build import Built, networks_of
from netmon.app.traffic.capacities import CapacityTables, Loaded, link_capacities
from rules.traffic.overload.rule import Overload

_NO_SPEED: Final = Missing(Reason.NOT_SUPPORTED, "the agent does not tell it")
_UNKNOWN: Final = 0xFFFF_FFFF_FFFF_FFFF
_INTERFACES: Final = 16_384
"""Interfaces whose last counters are kept: 300 switches of 52 ports; further ones are not told."""
_FALLEN_SILENT_S: Final = 300.0
"""Counters that no agent renewed for so long are told no more: agents send them every 20 to 60 s."""


class Metering:
    """Between a stream's thread, which counts, and the event loop, which reads."""

    def __init__(self, meter: Meter, flows: FlowSource | None = None) -> None:
        """`flows`: a flow collector's source, for the counters that come with sFlow."""
        self._meter = meter
        self._flows = flows
        self._agents = None if flows is None else AgentCounters(flows)
        self._capacities = CapacityTables()
        self._built: Built | None = None
        self._inventory = Inventory()

    def follow(self, built: Built, inventory: Inventory, *, asked: bool = True) -> None:
        """See every window from now on, beside who sees them already; and what `overload` makes of capacities.

        `asked`: somebody reads what is measured; else nothing is, and only `equip` is of use.
        """
        self._built, self._inventory = built, inventory
        hooks, before = built.hooks, built.hooks.watch
        if self._agents is not None:
            hooks.gather = self._agents.take
        if not asked:
            return

        def watch(second: Second) -> None:
            if before is not None:
                before(second)
            self.see(second)

        hooks.watch = watch

    def configure(self, settings: Settings) -> None:
        """Go on with another inventory."""
        self._inventory = settings.inventory
        self._meter.configure(networks_of(settings.inventory))

    def equip(self, rules: Iterable[TrafficRule]) -> None:
        """Tell the detectors what exporters and interfaces are called, and what the inventory's links can carry."""
        for rule in rules:
            if isinstance(rule, Overload):
                rule.follow(self._named, link_capacities(self._inventory))

    def see(self, second: Second) -> None:
        """Count one window; called by who judges."""
        self._meter.see(second)

    def reading(self, now: float) -> Reading | None:
        """Return what was counted so far; None before the first window."""
        reading = self._meter.reading(now)
        if reading is None:
            return None
        table = None if self._agents is None else self._agents.table(now)
        counted = () if table is None else (Part("sflow_counters", (table,), 0.0),)
        parts = (*reading.parts, *counted, *self._capacities.parts(self._loads(), now))
        return Reading(reading.target, reading.collector, reading.at, reading.duration_s, parts)

    def _loads(self) -> list[Loaded]:
        rules = () if self._built is None else self._built.judges.rules
        return [load for rule in rules if isinstance(rule, Overload) for load in rule.drain()]

    def _named(self, exporter: int, index: int) -> tuple[str, str]:
        if self._flows is None:
            return "", ""
        told = self._flows.interface(exporter, index)
        return self._flows.exporters.name(exporter), "" if told is None else told.name


def meter_of(settings: MeterSettings, networks: Networks, target: str, flows: FlowSource | None) -> Meter:
    """Return a stream's meter, which calls exporters and their interfaces as they are known to the flow collector."""
    if flows is None:
        return Meter(settings, networks, target=target)

    def interface(exporter: int, index: int) -> str:
        told = flows.interface(exporter, index)
        return "" if told is None else told.name

    return Meter(settings, networks, target=target, exporter_name=flows.exporters.name, interface_name=interface)


class AgentCounters:
    """The last counters of each interface that sFlow agents sent: whole numbers of the agents' own."""

    def __init__(self, flows: FlowSource) -> None:
        self._flows = flows
        self._last: dict[tuple[int, int], tuple[int, int, int, int]] = {}  # never changed: replaced
        self._sheet = Sheet(
            [
                counter("netmon_traffic_agent_in_bytes_total", "sFlow counters: ifInOctets of an agent's interface"),
                counter("netmon_traffic_agent_out_bytes_total", "sFlow counters: ifOutOctets of an agent's interface"),
                gauge("netmon_traffic_agent_speed_bits_per_second", "sFlow counters: ifSpeed of an agent's interface"),
            ],
            ["exporter", "ifIndex", "ifName"],
        )

    def take(self) -> None:
        """Take what came since the last time; in the thread that decodes."""
        rows = self._flows.counters().interfaces
        rows = rows[(rows["in_octets"] != np.uint64(_UNKNOWN)) & (rows["out_octets"] != np.uint64(_UNKNOWN))]
        if not len(rows):
            return
        newest = max(int(rows["at_ns"].max()), *(each[3] for each in self._last.values()), 0)
        oldest = newest - int(_FALLEN_SILENT_S * 1e9)
        last = {key: each for key, each in self._last.items() if each[3] >= oldest}
        names = ("exporter", "if_index", "in_octets", "out_octets", "speed_bps", "at_ns")
        for exporter, index, came, went, speed, at_ns in zip(*(rows[name].tolist() for name in names), strict=True):
            if (exporter, index) in last or len(last) < _INTERFACES:
                last[exporter, index] = (came, went, speed, at_ns)
        self._last = last

    def table(self, now: float) -> Table | None:
        """Return the counters, as of `now`; None where there are none."""
        rows = sorted(self._last.items())
        if not rows:
            return None
        labels = [(self._flows.exporters.name(key[0]), str(key[1]), self._name(*key)) for key, _ in rows]
        speeds = [_NO_SPEED if each[2] in (0, _UNKNOWN) else float(each[2]) for _, each in rows]
        return self._sheet.table(labels, [[each[0] for _, each in rows], [each[1] for _, each in rows], speeds], now)

    def _name(self, exporter: int, index: int) -> str:
        told = self._flows.interface(exporter, index)
        return "" if told is None else told.name
