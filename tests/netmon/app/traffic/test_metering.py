"""What a flow collector's page shows beside its meter: counters of sFlow agents, capacities, names of interfaces."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from collectors.traffic.flows.collector import FlowSource
from collectors.traffic.flows.sflow.sflow import SFlowCounters
from collectors.traffic.flows.sflow.words import INTERFACE, PROCESSOR
from collectors.traffic.meter.settings import MeterSettings
from netmon.api import Missing
from netmon.api.networks import Networks
from netmon.api.traffic import RECORD, Second, halves
from netmon.app.settings.inventory import Inventory
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.traffic.build import build_collector
from netmon.app.traffic.metering import AgentCounters, Metering, meter_of

NS = 1_000_000_000
UNTOLD = 0xFFFF_FFFF_FFFF_FFFF


class Flows:
    """What a metering asks of a flow collector's source."""

    def __init__(self) -> None:
        self.exporters = SimpleNamespace(name=lambda row: f"r{row}")
        self.rows = np.zeros(0, INTERFACE)

    def interface(self, exporter: int, index: int) -> SimpleNamespace | None:
        return SimpleNamespace(name=f"Gi{exporter}/{index}") if index < 10 else None

    def counters(self) -> SFlowCounters:
        rows, self.rows = self.rows, np.zeros(0, INTERFACE)
        return SFlowCounters(rows, np.zeros(0, PROCESSOR))


def sample(exporter: int, index: int, came: int, went: int, at_s: int, *, speed: int = 10**9) -> np.ndarray:
    row = np.zeros(1, INTERFACE)
    row["exporter"], row["if_index"], row["in_octets"], row["out_octets"] = exporter, index, came, went
    row["at_ns"], row["speed_bps"] = at_s * NS, speed
    return row


def source(flows: Flows) -> FlowSource:
    return cast("FlowSource", flows)


def agents(flows: Flows) -> AgentCounters:
    return AgentCounters(source(flows))


def told(counters: AgentCounters) -> dict[tuple[str, ...], tuple[Any, ...]]:
    table = counters.table(1.0)
    return {} if table is None else dict(zip(table.rows, zip(*table.columns, strict=True), strict=True))


def test_the_last_counters_of_each_interface() -> None:
    flows = Flows()
    counters = agents(flows)
    assert counters.table(1.0) is None
    flows.rows = np.concatenate(
        [sample(1, 3, 100, 200, 50), sample(1, 30, 1, 2, 50, speed=0), sample(1, 3, 150, 250, 60)]
    )
    counters.take()
    rows = told(counters)
    assert rows["r1", "3", "Gi1/3"] == (150, 250, 10**9)
    assert rows["r1", "30", ""][:2] == (1, 2)
    assert isinstance(rows["r1", "30", ""][2], Missing)


def test_counters_that_an_agent_does_not_keep_are_not_told() -> None:
    flows = Flows()
    counters = agents(flows)
    flows.rows = sample(1, 3, UNTOLD, 5, 50)
    counters.take()
    assert told(counters) == {}


def test_an_agent_that_fell_silent_leaves_the_page() -> None:
    flows = Flows()
    counters = agents(flows)
    for index, at_s in ((1, 100), (2, 300), (3, 500)):
        flows.rows = sample(1, index, 1, 1, at_s)
        counters.take()
    assert [row[1] for row in told(counters)] == ["2", "3"]


def test_where_nobody_asks_no_window_is_measured() -> None:
    flows, built = Flows(), build_collector(TrafficSettings(), Networks())
    metering = Metering(meter_of(MeterSettings(), Networks(), "collector", source(flows)), source(flows))
    metering.follow(built, Inventory(), asked=False)
    assert built.hooks.watch is None
    assert built.hooks.gather is not None  # counters of sFlow agents do not pile up
    built.see(Second(0, 10, live=False))
    assert metering.reading(10.0) is None


def test_windows_links_and_capacities_on_one_page() -> None:
    link = {
        "name": "ring",
        "a": {"device": "r1", "port": "Gi1/3"},
        "b": {"device": "r2"},
        "length_km": 1,
        "capacity_mbps": 10,
    }
    inventory, flows, seen = Inventory.model_validate({"links": [link]}), Flows(), list[float]()
    built = build_collector(TrafficSettings(), Networks())
    built.hooks.watch = lambda second: seen.append(second.end)
    metering = Metering(meter_of(MeterSettings(), Networks(), "collector", source(flows)), source(flows))
    metering.follow(built, inventory)
    metering.equip(built.judges.rules)
    assert metering.reading(1.0) is None
    row = np.zeros(1, RECORD)
    row["source_hi"], row["source_lo"] = halves("192.0.2.1")
    row["destination_hi"], row["destination_lo"] = halves("192.0.2.2")
    row["exporter"], row["in_interface"], row["bytes"], row["packets"], row["version"] = 1, 3, 1_250_000, 1_000, 4
    flows.rows = sample(1, 3, 5, 6, 1)
    second = Second(0, 10, live=False, ended=row)
    built.lay_by(second)
    built.see(second)
    reading = metering.reading(10.0)
    assert seen == [10]
    assert reading is not None
    assert (reading.target, reading.collector) == ("collector", "traffic")
    values = {
        (each.metric, *dict(each.labels).values()): each.value
        for part in reading.parts
        for table in part.tables
        for each in table.samples()
    }
    assert values["netmon_traffic_link_in_bytes_total", "r1", "3", "Gi1/3"] == 1_250_000
    assert values["netmon_traffic_agent_out_bytes_total", "r1", "3", "Gi1/3"] == 6
    assert values["netmon_traffic_load_bits_per_second", "ring (r1)", "in"] == pytest.approx(1e6)
    assert values["netmon_traffic_capacity_bits_per_second", "ring (r1)", "in"] == 10e6
