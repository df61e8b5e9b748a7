"""Windows of traffic become counters: against sums made the plain way."""

from ipaddress import ip_network
from typing import Any

import numpy as np

from collectors.traffic.meter.meter import Meter
from collectors.traffic.meter.settings import MeterSettings
from netmon.api.networks import Networks, Place
from netmon.api.traffic import PORT_LOAD, RECORD, EndReason, FlowState, Second, halves
from rules.traffic.tables.settings import TablesSettings
from rules.traffic.tables.tables import Tables

OURS = Networks(
    [Place(ip_network("10.1.0.0/16"), "dc"), Place(ip_network("10.2.0.0/16"), "hub")], {halves("10.1.0.5"): "web-1"}
)
A, B, X, Y = "10.1.0.5", "10.2.0.6", "203.0.113.7", "198.51.100.9"


def record(source: str, destination: str, octets: int, **fields: Any) -> np.ndarray:
    row = np.zeros(1, RECORD)
    row["source_hi"], row["source_lo"] = halves(source)
    row["destination_hi"], row["destination_lo"] = halves(destination)
    row["version"], row["protocol"], row["bytes"], row["packets"], row["sampling"] = 4, 6, octets, 1, 1
    row["source_port"], row["destination_port"] = 50_000, 443
    for name, value in fields.items():
        row[name] = value
    return row


def window(*records: np.ndarray, end: float = 1.0) -> Second:
    tables = Tables(TablesSettings(rows=256, kept=16))
    tables.add(np.concatenate(records))
    return tables.drain(end - 1, end, live=True)


def flows(*records: np.ndarray, end: float = 10.0) -> Second:
    return Second(end - 10, end, live=False, ended=np.concatenate(records))


def meter(networks: Networks = OURS, **settings: Any) -> Meter:
    return Meter(MeterSettings(**settings), networks, target="sensor", exporter_name=lambda row: f"r{row}")


def values(meter: Meter, metric: str, now: float = 10.0) -> dict[tuple[str, ...], float]:
    reading = meter.reading(now)
    assert reading is not None
    return {
        tuple(value for _, value in sample.labels): float(sample.value)  # type: ignore[arg-type] # none is missing
        for part in reading.parts
        for table in part.tables
        for sample in table.samples()
        if sample.metric == metric
    }


CROSSING = [record(A, X, 100), record(X, A, 1_000), record(A, B, 300), record(X, Y, 70)]
DIRECTIONS = {("dc", "in"): 1_000, ("dc", "out"): 100, ("dc", "internal"): 300, ("", "transit"): 70}


def test_before_the_first_window_there_is_no_reading() -> None:
    assert meter().reading(1.0) is None


def test_each_octet_of_packets_counts_once_by_site_and_direction() -> None:
    seen = meter()
    seen.see(window(*CROSSING))
    assert values(seen, "netmon_traffic_bytes_total") == DIRECTIONS
    seen.see(window(*CROSSING, end=2.0))
    assert values(seen, "netmon_traffic_bytes_total") == {key: 2 * value for key, value in DIRECTIONS.items()}
    assert values(seen, "netmon_traffic_site_sent_bytes_total") == {("dc",): 800, ("hub",): 0, ("",): 0}
    assert values(seen, "netmon_traffic_site_received_bytes_total") == {("dc",): 2_000, ("hub",): 600, ("",): 0}


def test_each_octet_of_exported_flows_counts_once_both_ways() -> None:
    there_and_back = [
        record(A, X, 100, reply_bytes=1_000, reply_packets=3),
        record(A, B, 300),
        record(X, Y, 70),
    ]
    seen = meter()
    seen.see(flows(*there_and_back))
    assert values(seen, "netmon_traffic_bytes_total") == DIRECTIONS
    assert values(seen, "netmon_traffic_packets_total")[("dc", "in")] == 3
    assert values(seen, "netmon_traffic_flows_total") == {
        ("dc", "out"): 1,
        ("dc", "internal"): 1,
        ("", "transit"): 1,
        ("dc", "in"): 0,
    }


def test_a_part_of_a_flow_that_goes_on_is_no_flow_more() -> None:
    seen = meter()
    seen.see(flows(record(A, X, 100, end_reason=EndReason.ACTIVE), record(A, X, 10, end_reason=EndReason.END)))
    assert values(seen, "netmon_traffic_flows_total") == {("dc", "out"): 1}
    assert values(seen, "netmon_traffic_bytes_total") == {("dc", "out"): 110}


def test_flows_of_a_sensor_count_when_they_begin() -> None:
    seen, second = meter(), window(*CROSSING)
    begun = record(X, A, 60, state=FlowState.BEGUN)
    seen.see(Second(0, 1, destinations=second.destinations, sources=second.sources, sample=second.sample, begun=begun))
    assert values(seen, "netmon_traffic_flows_total")[("dc", "in")] == 1


def test_without_any_prefix_all_is_internal() -> None:
    seen = meter(Networks())
    seen.see(window(*CROSSING))
    assert values(seen, "netmon_traffic_bytes_total") == {("", "internal"): 1_470}


def test_a_large_window_is_split_by_its_sample() -> None:
    records = [record(A, X if one % 4 else B, 100) for one in range(20_000)]
    seen = meter()
    seen.see(window(*records))
    told = values(seen, "netmon_traffic_bytes_total")
    assert told[("dc", "out")] + told[("dc", "internal")] == 2_000_000
    assert abs(told[("dc", "internal")] - 500_000) < 100_000


def test_protocols_and_versions() -> None:
    rows = [
        record(A, X, 100),
        record(A, X, 50, protocol=17),
        record(A, X, 7, protocol=47),
        record("2001:db8::1", "2001:db8::2", 90, version=6, protocol=58),
    ]
    expected = {("4", "tcp"): 100, ("4", "udp"): 50, ("4", "other"): 7, ("6", "icmp"): 90}
    for second in (window(*rows), flows(*rows)):
        seen = meter()
        seen.see(second)
        told = values(seen, "netmon_traffic_protocol_bytes_total")
        assert {key: value for key, value in told.items() if value} == expected


def test_ports_that_are_listed_the_others_as_one_and_the_busiest_of_them() -> None:
    ports = np.zeros(4, PORT_LOAD)
    ports["protocol"], ports["port"] = [6, 17, 6, 1], [443, 443, 9_999, 0]
    ports["bytes"], ports["packets"], ports["flows"] = [10, 20, 30, 40], 1, 2
    seen = meter()
    seen.see(Second(0, 1, ports=ports))
    assert values(seen, "netmon_traffic_port_bytes_total") == {
        ("tcp", "443"): 10,
        ("udp", "443"): 20,
        ("other", "other"): 70,
    }
    assert values(seen, "netmon_traffic_top_port_bytes_total") == {("tcp", "9999"): 30}
    assert values(seen, "netmon_traffic_port_flows_total")[("other", "other")] == 4


def test_no_port_is_listed() -> None:
    ports = np.zeros(1, PORT_LOAD)
    ports["protocol"], ports["port"], ports["bytes"] = 6, 443, 10
    seen = meter(ports=())
    seen.see(Second(0, 1, ports=ports))
    assert values(seen, "netmon_traffic_port_bytes_total") == {("other", "other"): 10}


def test_the_busiest_addresses_with_their_names() -> None:
    seen = meter(top_addresses=1)
    seen.see(window(*CROSSING))
    assert values(seen, "netmon_traffic_top_source_bytes_total", 1.0) == {(X, "", ""): 1_070}
    assert values(seen, "netmon_traffic_top_destination_bytes_total", 1.0) == {(A, "web-1", "dc"): 1_000}


def test_the_page_stays_small_whoever_sends() -> None:
    seen = meter(top_addresses=5, followed=64)
    for end in range(1, 40):
        seen.see(window(*(record(f"198.18.{end}.{one}", A, 60 + one) for one in range(200)), end=end))
        assert len(values(seen, "netmon_traffic_top_source_bytes_total", end)) <= 15


def test_the_load_of_exporters_interfaces() -> None:
    row = record(A, X, 100, exporter=2, in_interface=3, out_interface=4, reply_bytes=900, reply_packets=2)
    seen = meter()
    seen.see(flows(row, record(A, X, 5)))
    assert values(seen, "netmon_traffic_link_in_bytes_total") == {("r2", "3", ""): 100, ("r2", "4", ""): 900}
    assert values(seen, "netmon_traffic_link_out_bytes_total") == {("r2", "3", ""): 900, ("r2", "4", ""): 100}


def test_an_exporter_that_reports_at_both_places_counts_its_output_once() -> None:
    came = record(A, X, 100, exporter=1, in_interface=3, out_interface=4)
    went = record(A, X, 100, exporter=1, in_interface=3, out_interface=4, direction=1)
    seen = meter()
    seen.see(flows(came, went))
    assert values(seen, "netmon_traffic_link_in_bytes_total")[("r1", "3", "")] == 100
    assert values(seen, "netmon_traffic_link_out_bytes_total")[("r1", "4", "")] == 100


def test_interfaces_beyond_the_cap_are_counted() -> None:
    seen = meter(interfaces=1)
    seen.see(flows(*(record(A, X, 100, exporter=1, in_interface=one) for one in (1, 2, 3))))
    assert values(seen, "netmon_traffic_link_dropped_total") == {(): 2}


def test_counters_of_a_site_go_on_when_the_inventory_changes() -> None:
    seen = meter()
    seen.see(window(*CROSSING))
    seen.configure(Networks([Place(ip_network("10.1.0.0/16"), "dc"), Place(ip_network("192.0.2.0/24"), "annex")]))
    assert values(seen, "netmon_traffic_bytes_total")[("dc", "in")] == 1_000
    seen.see(window(record(X, A, 5), end=2.0))
    assert values(seen, "netmon_traffic_bytes_total")[("dc", "in")] == 1_005


def test_labels_are_the_same_object_while_none_changed() -> None:
    seen = meter()
    seen.see(window(*CROSSING))
    first = seen.reading(1.0)
    seen.see(window(*CROSSING, end=2.0))
    second = seen.reading(2.0)
    assert first is not None
    assert second is not None
    for old, new in zip(first.parts, second.parts, strict=True):
        assert all(a.rows is b.rows for a, b in zip(old.tables, new.tables, strict=True))
