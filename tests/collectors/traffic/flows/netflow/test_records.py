"""What each field of NetFlow v5, v9 and IPFIX becomes in the record."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.traffic.flows.netflow.decoder import NetFlow
from collectors.traffic.flows.netflow.elements import ELEMENTS
from netmon.api.traffic import FlowState, Verdict, address_text
from tests.support import exporters as make
from tests.support.exporters import NOW_S, Field, batch, flowset, ipfix, number, template, v5, v5_record, v9
from tests.support.flow_fields import ADDRESSES, END, PEN, START, TCP, V6, one


def test_version_5() -> None:
    records = NetFlow().decode(batch(v5([v5_record(), v5_record(protocol=1, ports=(0, 0x0301), flags=0)])))
    first, second = records
    assert address_text(first["source_hi"], first["source_lo"]) == "10.0.0.1"
    assert address_text(first["destination_hi"], first["destination_lo"]) == "10.0.0.2"
    told = ("bytes", "packets", "source_port", "destination_port", "tcp_flags", "protocol", "tos", "version")
    assert [int(first[name]) for name in told] == [180, 3, 1234, 80, 0x1B, 6, 16, 4]
    also = ("in_interface", "out_interface", "source_as", "destination_as", "exporter", "domain", "sampling")
    assert [int(first[name]) for name in also] == [3, 4, 64_500, 64_501, 1, 0x0102, 1]
    assert (int(first["start_ns"]), int(first["end_ns"])) == ((NOW_S - 10) * 10**9, (NOW_S - 1) * 10**9)
    assert [int(second[name]) for name in ("icmp_type", "icmp_code", "source_port", "destination_port")] == [3, 1, 0, 0]


PLAIN = {  # element, octets of it → field, value
    (1, 8): ("bytes", 2**40 + 1),
    (1, 3): ("bytes", 0xABCDEF),  # reduced-size encoding (RFC 7011, 6.2)
    (85, 8): ("bytes", 77),
    (352, 8): ("bytes", 78),
    (23, 4): ("bytes", 79),
    (2, 4): ("packets", 5),
    (86, 8): ("packets", 6),
    (5, 1): ("tos", 0xB8),
    (7, 2): ("source_port", 50_001),
    (11, 2): ("destination_port", 443),
    (6, 1): ("tcp_flags", 0x12),
    (10, 4): ("in_interface", 70_000),
    (10, 2): ("in_interface", 7),
    (14, 4): ("out_interface", 70_001),
    (16, 4): ("source_as", 4_200_000_001),
    (17, 2): ("destination_as", 64_512),
    (192, 1): ("ttl", 63),
    (52, 1): ("ttl", 61),
    (58, 2): ("vlan", 100),
    (243, 2): ("vlan", 101),
    (59, 2): ("vlan", 102),
    (245, 2): ("inner_vlan", 103),
    (56, 6): ("source_mac", 0x0200_0000_0001),
    (81, 6): ("source_mac", 0x0200_0000_0002),
    (80, 6): ("destination_mac", 0x0200_0000_0003),
    (57, 6): ("destination_mac", 0x0200_0000_0004),
    (61, 1): ("direction", 1),
    (136, 1): ("end_reason", 3),
    (256, 2): ("ethertype", 0x0800),
}


@pytest.mark.parametrize(("field", "wanted"), PLAIN.items())
@pytest.mark.parametrize("version", [9, 10])
def test_plain_fields(field: Field, wanted: tuple[str, int], version: int) -> None:
    name, value = wanted
    record = one([*TCP, (field, number(value, field[1]))], version=version)
    assert int(record[name]) == value


def test_flags_of_16_bits_and_mpls() -> None:
    record = one([*TCP, ((6, 2), b"\x01\x12"), ((70, 3), bytes.fromhex("012345")), ((200, 1), b"\x40")])
    assert (int(record["tcp_flags"]), int(record["mpls"])) == (0x12, 0x01234540)


@pytest.mark.parametrize(
    ("fields", "protocol"),
    [
        ([((32, 2), b"\3\1")], 1),
        ([((139, 2), b"\3\1")], 58),
        ([((176, 1), b"\3"), ((177, 1), b"\1")], 1),
        ([((179, 1), b"\1"), ((178, 1), b"\3")], 58),
        ([((11, 2), b"\3\1")], 1),
    ],
)
def test_icmp(fields: list[tuple[Field, bytes]], protocol: int) -> None:
    record = one([*ADDRESSES, ((4, 1), bytes([protocol])), ((7, 2), b"\0\5"), *fields])
    told = ("icmp_type", "icmp_code", "source_port", "destination_port")
    assert [int(record[name]) for name in told] == [3, 1, 0, 0]


def test_version_6() -> None:
    record = one([*V6, ((4, 1), b"\x3a")])
    assert address_text(record["source_hi"], record["source_lo"]) == "2001:db8::1"
    assert address_text(record["destination_hi"], record["destination_lo"]) == "ff02::1"
    assert (int(record["version"]), int(record["ethertype"])) == (6, 0x86DD)


@pytest.mark.parametrize("both", ["4", "6"])
def test_a_template_with_addresses_of_both_versions(both: str) -> None:
    four = TCP if both == "4" else [(field, b"\0" * len(octets)) for field, octets in ADDRESSES]
    six = V6 if both == "6" else [(field, b"\0" * 16) for field, _ in V6]
    assert int(one([*four, *six])["version"]) == int(both)


def test_without_addresses_it_is_not_ip() -> None:
    record = one([((56, 6), b"\2" * 6), ((256, 2), b"\x08\x06"), ((1, 4), number(60, 4))])
    assert (int(record["version"]), int(record["verdict"]), int(record["ethertype"])) == (0, Verdict.NOT_IP, 0x0806)


def test_fields_unknown_of_enterprises_and_twice() -> None:
    record = one(
        [
            *TCP,
            ((1, 4, 2011), number(9, 4)),  # the enterprise's own element 1
            ((1, 4), number(50, 4)),
            ((1, 4), number(51, 4)),
            ((4_000, 5), b"abcde"),
            ((2, 0), b""),
            ((7, 2), b"\0\x50"),
        ]
    )
    assert [int(record[name]) for name in ("bytes", "packets", "source_port")] == [50, 0, 80]


def test_delta_counts_before_totals() -> None:
    assert int(one([*TCP, ((85, 8), number(9_000, 8)), ((1, 8), number(100, 8))])["bytes"]) == 100


@pytest.mark.parametrize("version", [9, 10])  # 9: against its RFC, but there are such exporters
@pytest.mark.parametrize("size", [0, 1, 254, 255, 256, 1_000])
def test_fields_of_variable_length(size: int, version: int) -> None:
    length = bytes([size]) if size < 255 else b"\xff" + number(size, 2)
    text = length + b"\x80" * size
    fields = [*TCP, ((371, make.VARIABLE), text), ((1, 4), number(50, 4)), ((999, 3), b"abc"), ((2, 2), b"\0\7")]
    record = one(fields, version=version)
    assert [int(record[name]) for name in ("bytes", "packets")] == [50, 7]


def test_several_sets_records_and_padding() -> None:
    layout = template(300, *(field for field, _ in TCP))
    data = b"".join(octets for _, octets in TCP)  # 9 octets
    message = v9(flowset(0, layout, padding=8), flowset(300, data, data, padding=2), flowset(300, data, padding=3))
    netflow = NetFlow()
    assert len(netflow.decode(batch(message))) == 3
    assert not any(netflow.counts.dropped.values())


BIFLOWS = {  # flags of either direction, packets of the reply → state
    "never answered": (2, 0, 0, FlowState.ONE_WAY),
    "refused": (2, 0x14, 1, FlowState.REFUSED),
    "established": (0x1A, 0x1A, 5, FlowState.ESTABLISHED),
    "closed": (0x1B, 0x1B, 5, FlowState.CLOSED),
    "reset": (0x1E, 0x1A, 5, FlowState.RESET),
    "in the middle": (0x18, 0x18, 5, FlowState.ANSWERED),
}


@pytest.mark.parametrize("case", BIFLOWS)
def test_flows_of_two_directions(case: str) -> None:
    flags, reply_flags, packets, state = BIFLOWS[case]
    record = one(
        [
            *TCP,
            ((1, 4), number(900, 4)),
            ((6, 1), bytes([flags])),
            ((1, 4, PEN), number(40 * packets, 4)),
            ((2, 4, PEN), number(packets, 4)),
            ((6, 1, PEN), bytes([reply_flags])),
        ]
    )
    told = ("bytes", "reply_bytes", "reply_packets", "reply_tcp_flags", "state")
    assert [int(record[name]) for name in told] == [900, 40 * packets, packets, reply_flags, state]


@pytest.mark.parametrize(("event", "state"), [(1, FlowState.BEGUN), (2, FlowState.ANSWERED), (3, FlowState.ANSWERED)])
def test_events_of_a_firewall(event: int, state: FlowState) -> None:
    record = one(
        [
            *TCP,
            ((152, 8), number(START, 8)),
            ((323, 8), number(END, 8)),
            ((233, 1), bytes([event])),
            ((231, 4), number(700, 4)),
            ((232, 4), number(90, 4)),
        ],
        version=9,
    )
    assert [int(record[name]) for name in ("bytes", "reply_bytes", "state")] == [700, 90, state]
    assert (int(record["start_ns"]), int(record["end_ns"])) == (START * 10**6, END * 10**6)


def test_records_are_written_whole() -> None:
    netflow = NetFlow()
    rich: list[tuple[Field, bytes]] = [
        *V6,
        ((4, 1), b"\6"),
        ((1, 4), number(5, 4)),
        ((243, 2), b"\0\7"),
        ((136, 1), b"\3"),
        ((1, 4, PEN), b"1234"),
    ]
    first = ipfix(flowset(2, template(300, *(f for f, _ in rich))), flowset(300, *(o for _, o in rich)))
    netflow.decode(batch(first))
    poor = ipfix(flowset(2, template(301, *(f for f, _ in TCP))), flowset(301, *(o for _, o in TCP)), sequence=1)
    (record,) = netflow.decode(batch(poor)).copy()
    assert record == one(TCP)


def test_counts_do_not_wrap() -> None:
    record = one([*TCP, ((1, 8), number(2**63, 8)), ((34, 4), number(1_000, 4))])
    assert int(record["bytes"]) == 2**64 - 1


@given(
    st.lists(
        st.sampled_from(sorted(element for element in ELEMENTS if element < 0x8000)),
        min_size=1,
        max_size=20,
        unique=True,
    ),
    st.data(),
)
def test_any_layout_reads_each_field_at_its_place(elements: list[int], data: st.DataObject) -> None:
    """A known field among any others is read, whatever stands before and behind it."""
    fields: list[tuple[Field, bytes]] = [
        ((element, size), data.draw(st.binary(min_size=size, max_size=size)))
        for element in elements
        if element not in (1, 10)
        for size in [data.draw(st.integers(1, 8))]
        if element not in (34, 50, 305, 306)  # these would multiply
    ]
    fields.insert(data.draw(st.integers(0, len(fields))), ((1, 5), number(0x1234567890, 5)))
    fields.insert(data.draw(st.integers(0, len(fields))), ((10, 3), number(0x123456, 3)))
    if data.draw(st.booleans()):
        fields.insert(data.draw(st.integers(0, len(fields))), ((95, make.VARIABLE), b"\4abcd"))
    record = one(fields)
    assert (int(record["bytes"]), int(record["in_interface"])) == (0x1234567890, 0x123456)
    assert int(record["start_ns"]) <= int(record["end_ns"])
