import numpy as np
import pytest

from collectors.traffic.flows.settings import SFlowSettings
from collectors.traffic.flows.sflow.sflow import SFlow
from netmon.api.traffic import Tunnel, Verdict, address_text, halves
from tests.support.packets import SYN, Segment, ethernet, ipv4, ipv6, tcp, udp
from tests.support.sflow import (
    INTERNAL,
    batch,
    captured_datagrams,
    counter_sample,
    datagram,
    decoded,
    ethernet_counters,
    expanded_counter_sample,
    expanded_flow_sample,
    extended_gateway,
    extended_switch,
    flow_sample,
    generic_counters,
    part,
    processor_counters,
    raw_header,
    sampled_ethernet,
    sampled_ip,
)

FRAME = ethernet(ipv4(tcp(source_port=40_000, destination_port=80, flags=SYN), source="192.0.2.7"))
IP4 = ipv4(udp(source_port=53, destination_port=1_234), source="192.0.2.8", destination="192.0.2.9")
IP6 = ipv6(tcp(source_port=1, destination_port=443), source="2001:db8::1", destination="2001:db8::2")


@pytest.fixture
def sflow() -> SFlow:
    return SFlow()


def test_a_sampled_header_becomes_a_record_that_stands_for_as_many_packets_as_the_rate_says(sflow: SFlow) -> None:
    sample = flow_sample(raw_header(FRAME, length=1_518), rate=512, inward=7, outward=9)
    (record,) = decoded(sflow, [datagram(sample, sub_agent=5)], exporter=3)
    assert (record["bytes"], record["packets"], record["sampling"]) == (1_518 * 512, 512, 512)
    assert (record["in_interface"], record["out_interface"]) == (7, 9)
    assert (record["exporter"], record["domain"]) == (3, 5)
    assert (record["source_port"], record["destination_port"], record["tcp_flags"]) == (40_000, 80, SYN)
    assert address_text(record["source_hi"], record["source_lo"]) == "192.0.2.7"
    assert record["start_ns"] == record["end_ns"] == 1_700_000_000_000_000_000
    assert record["payload_length"] == 0  # nobody keeps the frame


def test_an_expanded_sample_says_the_same_with_wider_numbers(sflow: SFlow) -> None:
    plain = decoded(sflow, [datagram(flow_sample(raw_header(FRAME), rate=9, inward=7, outward=8))])
    wide = expanded_flow_sample(raw_header(FRAME), rate=9, inward=(0, 7), outward=(0, 8), source=(0, 70_000_000))
    assert decoded(SFlow(), [datagram(wide)]).tobytes() == plain.tobytes()
    huge = expanded_flow_sample(raw_header(FRAME), inward=(0, 0x7FFF_FFFF))
    assert decoded(SFlow(), [datagram(huge)])["in_interface"] == [0x7FFF_FFFF]


@pytest.mark.parametrize(
    ("outward", "counted"),
    [(INTERNAL, "to_device"), (1 << 30 | 2, "discarded"), (2 << 30 | 5, "to_many")],
)
def test_an_output_that_is_no_interface_is_unknown_and_counted(sflow: SFlow, outward: int, counted: str) -> None:
    compact = flow_sample(raw_header(FRAME), outward=outward)
    wide = expanded_flow_sample(raw_header(FRAME), outward=(outward >> 30, outward & INTERNAL), sequence=2)
    assert decoded(sflow, [datagram(compact, wide)])["out_interface"].tolist() == [0, 0]
    assert sflow.counts[counted] == 2


def test_headers_of_ip_without_a_link_layer_are_decoded_beside_ethernet_ones(sflow: SFlow) -> None:
    samples = [
        flow_sample(raw_header(IP4, protocol=11), rate=2),
        flow_sample(raw_header(FRAME), sequence=2, rate=3),
        flow_sample(sampled_ip(99, 17, "192.0.2.1", "192.0.2.2", (5, 6)), sequence=3, rate=4),
        flow_sample(raw_header(IP6, protocol=12), sequence=4, rate=5),
    ]
    records = decoded(sflow, [datagram(*samples)])
    seen = {int(each["sampling"]): (int(each["version"]), int(each["destination_port"])) for each in records}
    assert seen == {2: (4, 1_234), 3: (4, 80), 4: (4, 6), 5: (6, 443)}
    assert (records["verdict"] == Verdict.OK).all()
    assert sflow.counts["records"] == 4


def test_a_header_of_another_protocol_is_counted(sflow: SFlow) -> None:
    assert len(decoded(sflow, [datagram(flow_sample(raw_header(FRAME, protocol=2)))])) == 0
    assert (sflow.counts["unknown_header"], sflow.counts["no_packet"]) == (1, 1)


def test_what_an_agent_parsed_itself_serves_where_there_is_no_header(sflow: SFlow) -> None:
    mac = bytes.fromhex("0200000000aa")
    samples = [
        flow_sample(sampled_ip(60, 6, "192.0.2.1", "198.51.100.2", (1_000, 22), SYN, 0xB8), rate=10),
        flow_sample(sampled_ip(80, 58, "2001:db8::a", "2001:db8::b", (128, 0)), sequence=2, rate=10),
        flow_sample(sampled_ethernet(64, mac, b"\xff" * 6, 0x0806), sequence=3, rate=10),
        flow_sample(raw_header(FRAME), sampled_ip(60, 17, "192.0.2.1", "192.0.2.2"), sequence=4, rate=10),
    ]
    raw, four, six, arp = decoded(sflow, [datagram(*samples)])
    assert raw["protocol"] == 6  # the header says it better
    assert (four["protocol"], four["source_port"], four["destination_port"]) == (6, 1_000, 22)
    assert (four["tcp_flags"], four["tos"], four["bytes"], four["version"]) == (SYN, 0xB8, 600, 4)
    assert address_text(four["destination_hi"], four["destination_lo"]) == "198.51.100.2"
    assert (six["icmp_type"], six["source_port"], six["version"], six["ethertype"]) == (128, 0, 6, 0x86DD)
    assert (six["source_hi"], six["source_lo"]) == halves("2001:db8::a")
    assert (arp["source_mac"], arp["destination_mac"]) == (0x0200000000AA, 0xFFFFFFFFFFFF)
    assert (arp["ethertype"], arp["verdict"], arp["version"]) == (0x0806, Verdict.NOT_IP, 0)


def test_what_the_switch_and_the_router_know_is_in_the_record(sflow: SFlow) -> None:
    gateway = extended_gateway(64_496, [[64_500, 64_501], [64_502, 64_503]])
    (record,) = decoded(sflow, [datagram(flow_sample(extended_switch(42), gateway, raw_header(FRAME)))])
    assert (record["vlan"], record["source_as"], record["destination_as"]) == (42, 64_496, 64_503)


def test_a_tag_in_the_header_counts_more_than_the_switchs_word(sflow: SFlow) -> None:
    tagged = FRAME[:12] + bytes.fromhex("81000064") + FRAME[12:]
    (record,) = decoded(sflow, [datagram(flow_sample(raw_header(tagged), extended_switch(42)))])
    assert record["vlan"] == 100


def test_a_reused_row_keeps_nothing_of_the_one_before(sflow: SFlow) -> None:
    rich = flow_sample(extended_switch(42), extended_gateway(1, [[2]]), raw_header(FRAME), rate=100)
    decoded(sflow, [datagram(rich, sub_agent=9)])
    for number, bare in enumerate((raw_header(FRAME), sampled_ip(60, 47, "192.0.2.1", "192.0.2.2")), 2):
        again = decoded(sflow, [datagram(flow_sample(bare), sequence=number)])
        assert len(again) == 1
        assert again.tobytes() == decoded(SFlow(), [datagram(flow_sample(bare))]).tobytes()


def test_tunnels_are_looked_into_where_the_settings_say_so() -> None:
    inner = ipv4(tcp(destination_port=8_080), source="198.51.100.1", destination="198.51.100.2")
    frame = ethernet(ipv4(Segment(inner, 4), source="192.0.2.1", destination="192.0.2.2"))
    data = [datagram(flow_sample(raw_header(frame)))]
    (outside,) = decoded(SFlow(), data)
    (inside,) = decoded(SFlow(SFlowSettings(tunnels=("ip_in_ip",))), data)
    assert (outside["tunnel"], outside["protocol"]) == (Tunnel.NONE, 4)
    assert (inside["tunnel"], inside["destination_port"]) == (Tunnel.IP_IN_IP, 8_080)


def test_interface_counters_are_rows(sflow: SFlow) -> None:
    samples = [
        counter_sample(generic_counters(3, octets=(1 << 40, 1 << 41)), ethernet_counters()),
        expanded_counter_sample(processor_counters(), generic_counters(4), sequence=1, source=(0, 4)),
    ]
    decoded(sflow, [datagram(*samples, sub_agent=2)], exporter=6)
    rows = sflow.counters()
    first, second = rows.interfaces
    assert (first["in_octets"], first["out_octets"], first["speed_bps"]) == (1 << 40, 1 << 41, 10**9)
    assert (first["exporter"], first["sub_agent"], first["if_index"], first["status"]) == (6, 2, 3, 3)
    names = ("in_unicast", "in_multicast", "in_broadcast", "in_discards", "in_errors", "in_unknown_protocols")
    assert [int(first[name]) for name in names] == [11, 12, 13, 14, 15, 16]
    names = ("out_unicast", "out_multicast", "out_broadcast", "out_discards", "out_errors", "promiscuous")
    assert [int(first[name]) for name in names] == [21, 22, 23, 24, 25, 2]
    assert (first["alignment_errors"], first["fcs_errors"], first["symbol_errors"]) == (101, 102, 113)
    assert (first["has_ethernet"], second["has_ethernet"], second["if_index"]) == (1, 0, 4)
    (cpu,) = rows.processors
    assert (cpu["cpu_5s"], cpu["cpu_5m"], cpu["memory_free_bytes"]) == (1_234, 3_456, 3 << 30)
    assert len(sflow.counters().interfaces) == 0


def test_counters_that_nobody_fetches_are_counted_not_kept_for_ever(sflow: SFlow) -> None:
    samples = [counter_sample(generic_counters(port)) for port in range(500)]
    sflow.decode(batch([datagram(*samples, sequence=number) for number in range(34)]))
    assert len(sflow.counters().interfaces) == 16_384
    assert sflow.counts["counters_unread"] == 34 * 500 - 16_384
    assert sflow.counts["interfaces"] == 16_384


def test_lost_late_and_restarted_sequences_are_told_apart(sflow: SFlow) -> None:
    def send(number: int, uptime: int = 0) -> int:
        return len(
            decoded(sflow, [datagram(flow_sample(raw_header(FRAME), sequence=number), sequence=number, uptime=uptime)])
        )

    for number in (1, 2, 6, 4):
        assert send(number) == 1
    assert (sflow.counts["datagrams_lost"], sflow.counts["late"], sflow.counts["samples_lost"]) == (2, 1, 2)
    assert send(7) == 1
    assert send(7) == 0  # came twice
    assert send(7, uptime=9) == 1  # another, from an agent that does not count
    assert sflow.counts["duplicates"] == 1
    assert send(900_000) == 1
    assert (sflow.counts["restarts"], sflow.counts["datagrams_lost"]) == (1, 2)
    assert sflow.agents[1]["datagrams_lost"] == 2


def test_sequences_go_round_at_32_bits(sflow: SFlow) -> None:
    decoded(sflow, [datagram(sequence=number) for number in (0xFFFF_FFFE, 0xFFFF_FFFF, 0, 2)])
    assert (sflow.counts["datagrams_lost"], sflow.counts["restarts"]) == (1, 0)


def test_an_agent_that_starts_anew_has_lost_nothing(sflow: SFlow) -> None:
    decoded(sflow, [datagram(sequence=number) for number in (3_000, 3_001, 1, 2, 3)])
    assert (sflow.counts["datagrams_lost"], sflow.counts["restarts"], sflow.counts["late"]) == (0, 1, 0)


def test_sub_agents_and_exporters_count_for_themselves(sflow: SFlow) -> None:
    for exporter in (1, 2):
        for sub_agent in (0, 1):
            for number in (5, 6):
                decoded(sflow, [datagram(sequence=number, sub_agent=sub_agent)], exporter)
    assert (sflow.counts["datagrams_lost"], sflow.counts["duplicates"], sflow.counts["late"]) == (0, 0, 0)


def test_what_the_exporter_dropped_for_want_of_resources_is_told(sflow: SFlow) -> None:
    for number, drops in ((1, 100), (2, 100), (3, 107)):
        decoded(sflow, [datagram(flow_sample(raw_header(FRAME), sequence=number, drops=drops), sequence=number)])
    assert sflow.counts["samples_dropped"] == 7
    assert sflow.agents[1]["samples_dropped"] == 7


def test_a_flood_of_made_up_sources_replaces_the_oldest_and_grows_nothing(sflow: SFlow) -> None:
    for start in range(0, 150_000, 500):
        data = [datagram(sequence=1, sub_agent=start + number) for number in range(500)]
        sflow.decode(batch(data, received_ns=start + 1))
    assert sflow.counts["tracks_replaced"] > 80_000
    assert sflow.counts["datagrams"] == 150_000


@pytest.mark.parametrize("length", [1 << 19, 0xFFFF_FFFF])
def test_a_frame_that_cannot_be_counts_for_nothing(sflow: SFlow, length: int) -> None:
    assert len(decoded(sflow, [datagram(flow_sample(raw_header(FRAME, length=length), rate=100))])) == 0
    assert len(decoded(sflow, [datagram(flow_sample(raw_header(FRAME), rate=0xFFFF_FFFF), sequence=2)])) == 0
    assert sflow.counts["implausible"] == 2


def test_a_rate_of_0_counts_as_1(sflow: SFlow) -> None:
    (record,) = decoded(sflow, [datagram(flow_sample(raw_header(FRAME, length=70), rate=0))])
    assert (record["bytes"], record["sampling"], sflow.counts["rate_0"]) == (70, 1, 1)


def test_vendors_samples_and_records_are_passed_over(sflow: SFlow) -> None:
    vendor = part(4_413 << 12 | 1, b"\0" * 24)
    data = datagram(vendor, flow_sample(part(8_800 << 12 | 3, b"\1" * 12), raw_header(FRAME)), vendor)
    assert len(decoded(sflow, [data])) == 1
    assert sflow.counts["unknown_sample"] == 2


def test_recorded_datagrams_come_to_what_was_captured(sflow: SFlow) -> None:
    records = decoded(sflow, captured_datagrams())
    assert len(records) == 157
    assert int(records["bytes"].sum()) == 79_358 + 4 * 157  # the frames' octets, and a check sequence each
    assert np.unique(records["verdict"]).tolist() == [Verdict.OK]
    assert sflow.counts["datagrams_lost"] == sflow.counts["samples_lost"] == 0
