"""The dissector of tshark is the oracle: every field that both have, sample by sample."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from collectors.traffic.flows.sflow.sflow import SFlow
from netmon.api.traffic import address_text
from tests.support.packets import ethernet, ipv4, ipv6, tcp, udp
from tests.support.sflow import (
    captured_datagrams,
    counter_sample,
    datagram,
    decoded,
    ethernet_counters,
    expanded_counter_sample,
    extended_gateway,
    extended_switch,
    flow_sample,
    generic_counters,
    pcap_of,
    processor_counters,
    raw_header,
    sampled_ethernet,
    sampled_ip,
)

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def tshark(tmp_path: Path, datagrams: list[bytes], *fields: str) -> list[list[list[str]]]:
    """Return for each datagram the occurrences of each field, in their order."""
    path = tmp_path / "sflow.pcap"
    path.write_bytes(pcap_of(datagrams))
    options = [option for field in fields for option in ("-e", field)]
    done = subprocess.run(
        ["tshark", "-n", "-r", path, "-d", "udp.port==6343,sflow", "-T", "fields", "-E", "aggregator=;", *options],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return [[[one for one in each.split(";") if one] for each in line.split("\t")] for line in done.stdout.splitlines()]


def column(theirs: list[list[list[str]]], place: int, *, outer: int = 0) -> list[str]:
    """Return one field of all datagrams in a row; `outer`: how many belong to the datagram's own headers."""
    return [value for line in theirs for value in line[place][outer:]]


def addresses(records: NDArray[np.void], side: str) -> list[str]:
    return [address_text(each[f"{side}_hi"], each[f"{side}_lo"]) for each in records]


def test_recorded_samples_are_what_tshark_says(tmp_path: Path) -> None:
    datagrams = captured_datagrams()
    records = decoded(SFlow(), datagrams)
    fields = ["ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport", "tcp.flags", "udp.srcport"]
    fields += ["udp.dstport", "eth.src", "eth.dst", "vlan.id", "ip.ttl", "icmp.type", "icmpv6.type", "ip.dsfield"]
    theirs = tshark(tmp_path, datagrams, *fields, "sflow_245.header.frame_length", "sflow_245.sub_agent_id")
    four, six = records[records["version"] == 4], records[records["version"] == 6]
    segments, messages = records[records["protocol"] == 6], records[records["protocol"] == 17]
    assert addresses(four, "source") == column(theirs, 0, outer=1)
    assert addresses(four, "destination") == column(theirs, 1, outer=1)
    assert addresses(six, "source") == column(theirs, 2)
    assert addresses(six, "destination") == column(theirs, 3)
    assert segments["source_port"].tolist() == [int(each) for each in column(theirs, 4)]
    assert segments["destination_port"].tolist() == [int(each) for each in column(theirs, 5)]
    assert segments["tcp_flags"].tolist() == [int(each, 16) & 0xFF for each in column(theirs, 6)]
    assert messages["source_port"].tolist() == [int(each) for each in column(theirs, 7, outer=1)]
    assert messages["destination_port"].tolist() == [int(each) for each in column(theirs, 8, outer=1)]
    assert [f"{mac:012x}" for mac in records["source_mac"].tolist()] == [
        each.replace(":", "") for each in column(theirs, 9, outer=1)
    ]
    assert [f"{mac:012x}" for mac in records["destination_mac"].tolist()] == [
        each.replace(":", "") for each in column(theirs, 10, outer=1)
    ]
    assert records["vlan"][records["vlan"] > 0].tolist() == [int(each) for each in column(theirs, 11)]
    assert four["ttl"].tolist() == [int(each) for each in column(theirs, 12, outer=1)]
    assert records["icmp_type"][records["protocol"] == 1].tolist() == [int(each) for each in column(theirs, 13)]
    assert records["icmp_type"][records["protocol"] == 58].tolist() == [int(each) for each in column(theirs, 14)]
    assert four["tos"].tolist() == [int(each, 16) for each in column(theirs, 15, outer=1)]
    assert records["bytes"].tolist() == [int(each) for each in column(theirs, 16)]
    assert set(records["domain"].tolist()) == {int(each) for each in column(theirs, 17)}


def test_records_of_other_kinds_are_what_tshark_says(tmp_path: Path) -> None:
    four = sampled_ip(60, 6, "192.0.2.1", "198.51.100.2", (1_000, 22), 0x12)
    mac = bytes.fromhex("0200000000aa")
    data = datagram(
        flow_sample(extended_switch(42), raw_header(ethernet(ipv4(udp())), length=99)),
        flow_sample(four),
        flow_sample(sampled_ip(80, 17, "2001:db8::a", "2001:db8::b", (5, 6)), sequence=2),
        flow_sample(sampled_ethernet(64, mac, b"\xff" * 6, 0x0806), sequence=3),
        flow_sample(extended_gateway(64_496, [[64_500, 64_501]]), raw_header(ethernet(ipv6(tcp()))), sequence=4),
        agent="2001:db8::1",
    )
    names = ["sflow_245.ipv4_src", "sflow_245.ipv4_dst", "sflow_245.ipv6_src", "sflow_245.ip.source_port"]
    names += ["sflow_245.ethernet.length", "sflow_245.ethernet.source_mac_address", "sflow_245.srcAS"]
    names += ["sflow_245.dstAS", "sflow_245.vlan.in"]
    (theirs,) = tshark(tmp_path, [data], *names)
    raw, routed, four_record, six_record, arp = decoded(SFlow(), [data])
    assert addresses([four_record], "source") == theirs[0]  # type: ignore[arg-type]
    assert addresses([four_record], "destination") == theirs[1]  # type: ignore[arg-type]
    assert addresses([six_record], "source") == theirs[2]  # type: ignore[arg-type]
    assert [str(each["source_port"]) for each in (four_record, six_record)] == theirs[3]
    assert [str(arp["bytes"])] == theirs[4]
    assert [f"{int(arp['source_mac']):012x}"] == [each.replace(":", "") for each in theirs[5]]
    assert [str(routed["source_as"])] == theirs[6]
    assert str(routed["destination_as"]) == theirs[7][-1]
    assert [str(raw["vlan"])] == theirs[8]


def test_counters_are_what_tshark_says(tmp_path: Path) -> None:
    data = datagram(
        counter_sample(generic_counters(3, octets=(1 << 40, 1 << 41)), ethernet_counters()),
        expanded_counter_sample(processor_counters(), sequence=2),
    )
    sflow = SFlow()
    recorded = captured_datagrams()
    decoded(sflow, [data, *recorded])
    rows = sflow.counters()
    names = {
        "if_index": "ifindex",
        "if_type": "iftype",
        "speed_bps": "ifspeed",
        "in_octets": "ifinoct",
        "in_unicast": "ifinpkt",
        "in_multicast": "ifinmcast",
        "in_broadcast": "ifinbcast",
        "in_discards": "ifindisc",
        "in_errors": "ifinerr",
        "in_unknown_protocols": "ifinunk",
        "out_octets": "ifoutoct",
        "out_unicast": "ifoutpkt",
        "out_multicast": "ifoutmcast",
        "out_broadcast": "ifoutbcast",
        "out_discards": "ifoutdisc",
        "out_errors": "ifouterr",
        "promiscuous": "ifpromisc",
    }
    theirs = tshark(tmp_path, [data, *recorded], *[f"sflow_245.{each}" for each in names.values()])
    for place, name in enumerate(names):
        assert rows.interfaces[name].tolist() == [int(each, 0) for each in column(theirs, place)], name
    dot3 = ["sflow_245.dot3StatsAlignmentErrors", "sflow_245.dot3StatsFCSErrors", "sflow_245.dot3StatsSymbolErrors"]
    cpu = ["sflow_5.cpu_5s", "sflow_5.cpu_1m", "sflow_5.cpu_5m", "sflow_5.total_memory", "sflow_5.free_memory"]
    (line,) = tshark(tmp_path, [data], *dot3, *cpu)
    first = rows.interfaces[0]
    assert [str(first[each]) for each in ("alignment_errors", "fcs_errors", "symbol_errors")] == [
        v for (v,) in line[:3]
    ]
    ours = [int(rows.processors[0][each]) for each in ("cpu_5s", "cpu_1m", "cpu_5m")]
    ours += [int(rows.processors[0][each]) for each in ("memory_total_bytes", "memory_free_bytes")]
    assert ours == [int(v) for (v,) in line[3:]]
