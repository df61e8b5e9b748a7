"""What cannot be is a verdict, and what was read before the fault stands: octets, verdict, fields."""

import struct
from typing import Any, Final

import pytest

from netmon.api.traffic import Fragment, Tunnel, Verdict
from tests.support.packet_stacks import ALL_TUNNELS
from tests.support.packets import SYN, Segment, arp, decoded, ethernet, icmp, ipv4, ipv6, llc, sctp, tcp, udp

PORTS: Final = {"source_port": 40000, "destination_port": 80}
V4: Final = {"version": 4, "source_lo": 0xFFFF_C000_0201}
JUMBO: Final = bytes([0, 0, 0xC2, 4])


def with_octet(frame: bytes, at: int, value: int) -> bytes:
    return frame[:at] + bytes([value]) + frame[at + 1 :]


def udp_of(length: int, payload: bytes = b"abcd", protocol: int = 17) -> Segment:
    return Segment(struct.pack("!HHHH", 40000, 80, length, 0) + payload, protocol)


def jumbogram(size: int, claimed: int) -> bytes:
    option = bytes([6]) + JUMBO[1:] + struct.pack("!I", claimed)
    return ethernet(ipv6(tcp(bytes(size)), extensions=option, first_header=0, length=0))


def gre(flags: int, kind: int, rest: bytes) -> bytes:
    return ethernet(ipv4(Segment(struct.pack("!HH", flags, kind) + rest, 47)))


def many_extensions(count: int) -> bytes:
    chain = b"".join(bytes([60 if row + 1 < count else 6, 0, 1, 4, 0, 0, 0, 0]) for row in range(count))
    return ethernet(ipv6(tcp(), extensions=chain, first_header=60))


TCP_FRAME: Final = ethernet(ipv4(tcp(b"abc", flags=SYN)))
CASES: Final[list[tuple[str, bytes, Verdict, dict[str, int]]]] = [
    ("Ethernet of 13 octets", TCP_FRAME[:13], Verdict.SHORT_LINK, {"source_mac": 0x020000000001, "ethertype": 0}),
    ("Ethernet of 7 octets", TCP_FRAME[:7], Verdict.SHORT_LINK, {"source_mac": 0, "destination_mac": 0x020000000002}),
    ("half a VLAN tag", ethernet(b"\0\5", ethertype=0x8100), Verdict.SHORT_LINK, {"vlan": 0, "ethertype": 0x8100}),
    ("two tags, the second cut", ethernet(b"\0\5\x81\0\0", ethertype=0x88A8), Verdict.SHORT_LINK, {"vlan": 5}),
    ("labels without a bottom", ethernet(b"\0\1\0\x40", ethertype=0x8847), Verdict.SHORT_LINK, {"mpls": 0x00010040}),
    ("half a label", ethernet(b"\0\1\0", ethertype=0x8847), Verdict.SHORT_LINK, {"mpls": 0}),
    ("PPPoE cut", ethernet(b"\x11\0\0\1\0", ethertype=0x8864), Verdict.SHORT_LINK, {"ethertype": 0x8864}),
    ("PPPoE of length 1", ethernet(b"\x11\0\0\1\0\1\0\x21", ethertype=0x8864), Verdict.SHORT_LINK, {}),
    ("PPPoE, a control packet", ethernet(b"\x11\0\0\1\0\6\xc0\x21abcd", ethertype=0x8864), Verdict.NOT_IP, {}),
    ("PPPoE, not session data", ethernet(b"\x11\x65\0\1\0\2\0\x21", ethertype=0x8864), Verdict.NOT_IP, {"version": 0}),
    ("SNAP cut", ethernet(b"\xaa\xaa\3\0\0\0\x08", ethertype=8), Verdict.SHORT_LINK, {"ethertype": 8}),
    (
        "a jumbo option behind which the header ends",
        ethernet(ipv6(tcp(), extensions=bytes([6, 0, 0, 0, 0xC2, 4, 0, 1]), first_header=0, length=0)),
        Verdict.BAD_EXTENSION,
        {"version": 6},
    ),
    (
        "a length of 0",
        ethernet(b"\xaa\xaa\3\0\0\0\x08\0" + ipv4(tcp()), ethertype=0),
        Verdict.NOT_IP,
        {"payload_length": 0},
    ),
    ("LLC", llc(bytes(35)), Verdict.NOT_IP, {"ethertype": 38, "payload_at": 14, "payload_length": 38}),
    (
        "SNAP of another organization (PVST+)",
        ethernet(b"\xaa\xaa\3\0\0\x0c\x01\x0b" + bytes(8), ethertype=16),
        Verdict.NOT_IP,
        {"ethertype": 16, "payload_at": 14, "payload_length": 16},
    ),
    ("ARP", ethernet(arp()), Verdict.NOT_IP, {"payload_at": 14, "payload_length": 28, "version": 0}),
    ("tagged ARP", ethernet(arp(), vlans=[3]), Verdict.NOT_IP, {"payload_at": 18, "vlan": 3, "ethertype": 0x0806}),
    (
        "labels over what is no IP",
        ethernet(b"\0\1\x01\x40\0\0\0\0", ethertype=0x8847),
        Verdict.NOT_IP,
        {"payload_at": 18},
    ),
    ("IPv4 without a whole header", TCP_FRAME[:33], Verdict.BAD_NETWORK, {"version": 0, "ethertype": 0x0800}),
    ("IPv4 of version 5", with_octet(TCP_FRAME, 14, 0x55), Verdict.BAD_NETWORK, {"version": 0, "source_lo": 0}),
    ("IPv6 in an IPv4 frame", ethernet(ipv6(tcp()), ethertype=0x0800), Verdict.BAD_NETWORK, {"version": 0}),
    ("IPv4 of header length 4", with_octet(TCP_FRAME, 14, 0x44), Verdict.BAD_NETWORK, {**V4, "source_port": 0}),
    ("IPv4 header longer than the frame", with_octet(TCP_FRAME, 14, 0x4F)[:60], Verdict.BAD_NETWORK, V4),
    ("IPv4 total below the header", ethernet(ipv4(tcp(), total=19)), Verdict.BAD_NETWORK, {**V4, "payload_at": 0}),
    ("IPv4 total beyond the wire", ethernet(ipv4(tcp(b"abc"), total=99)), Verdict.BAD_NETWORK, {**V4, **PORTS}),
    ("IPv4 total 0 in a small frame", ethernet(ipv4(tcp(), total=0)), Verdict.BAD_NETWORK, V4),
    ("IPv4 total 0, segmented later", ethernet(ipv4(tcp(bytes(4000)), total=0)), Verdict.OK, {"payload_length": 4000}),
    ("IPv6 without a whole header", ethernet(ipv6(tcp()))[:53], Verdict.BAD_NETWORK, {"version": 0}),
    ("IPv6 beyond the wire", ethernet(ipv6(tcp(), length=21)), Verdict.BAD_NETWORK, {"version": 6, **PORTS}),
    ("IPv6 of length 0", ethernet(ipv6(tcp(), length=0)), Verdict.SHORT_TRANSPORT, {"version": 6, "source_port": 0}),
    ("IPv6 of length 0, segmented later", ethernet(ipv6(tcp(bytes(4000)), length=0)), Verdict.OK, PORTS),
    ("IPv6, no next header", ethernet(ipv6(b"abc", protocol=59)), Verdict.OK, {"protocol": 59, "payload_length": 3}),
    ("a jumbogram", jumbogram(70_000, 70_028), Verdict.OK, {**PORTS, "payload_length": 70_000}),
    ("a jumbogram beyond the wire", jumbogram(100, 70_028), Verdict.BAD_NETWORK, {"version": 6}),
    ("a jumbogram that is none", jumbogram(100, 128), Verdict.BAD_EXTENSION, {"version": 6}),
    (
        "an extension header beyond",
        ethernet(ipv6(b"\6\xff" + bytes(6), protocol=60)),
        Verdict.BAD_EXTENSION,
        {"version": 6},
    ),
    ("half an extension header", ethernet(ipv6(b"\6\0\0\0", protocol=0)), Verdict.BAD_EXTENSION, {"protocol": 0}),
    (
        "an AH of less than 8 octets",
        ethernet(ipv6(b"\6\0" + bytes(20), protocol=51)),
        Verdict.SHORT_TRANSPORT,
        {"protocol": 6},
    ),
    ("16 extension headers", many_extensions(16), Verdict.OK, PORTS),
    ("17 extension headers", many_extensions(17), Verdict.BAD_EXTENSION, {"protocol": 60, "source_port": 0}),
    ("ESP", ethernet(ipv6(bytes(20), protocol=50)), Verdict.OK, {"protocol": 50, "payload_at": 54}),
    ("AH over IPv4, as exporters say it", ethernet(ipv4(bytes(24), protocol=51)), Verdict.OK, {"protocol": 51}),
    ("TCP of 3 octets", ethernet(ipv4(tcp()[:3], protocol=6)), Verdict.SHORT_TRANSPORT, {**V4, "source_port": 0}),
    ("TCP of 4 octets", ethernet(ipv4(tcp()[:4], protocol=6)), Verdict.SHORT_TRANSPORT, {**PORTS, "tcp_flags": 0}),
    ("TCP of 14 octets", ethernet(ipv4(tcp(flags=SYN)[:14], protocol=6)), Verdict.SHORT_TRANSPORT, {"tcp_flags": SYN}),
    (
        "TCP, padding instead of the rest",
        ethernet(ipv4(tcp()[:8], protocol=6), pad=True),
        Verdict.SHORT_TRANSPORT,
        PORTS,
    ),
    ("TCP of data offset 4", with_octet(TCP_FRAME, 46, 0x40), Verdict.BAD_TRANSPORT, {**PORTS, "tcp_flags": SYN}),
    (
        "TCP options beyond the end",
        with_octet(TCP_FRAME, 46, 0x60),
        Verdict.SHORT_TRANSPORT,
        {**PORTS, "tcp_flags": SYN},
    ),
    ("UDP of 7 octets", ethernet(ipv4(udp_of(8)[:7], protocol=17)), Verdict.SHORT_TRANSPORT, PORTS),
    ("UDP of length 7", ethernet(ipv4(udp_of(7))), Verdict.BAD_TRANSPORT, PORTS),
    ("UDP of length 0", ethernet(ipv4(udp_of(0))), Verdict.BAD_TRANSPORT, PORTS),
    ("UDP beyond its datagram", ethernet(ipv4(udp_of(13)), pad=True), Verdict.BAD_TRANSPORT, PORTS),
    ("UDP shorter than its datagram", ethernet(ipv4(udp_of(9))), Verdict.OK, {"payload_length": 1}),
    (
        "UDP, first fragment",
        ethernet(ipv4(udp_of(2008, bytes(1472)), more=True)),
        Verdict.OK,
        {"fragment": Fragment.FIRST},
    ),
    ("UDP, later fragment", ethernet(ipv4(b"\1" * 8, protocol=17, fragment=185)), Verdict.OK, {"source_port": 0}),
    ("UDP-Lite that covers all", ethernet(ipv4(udp_of(0, protocol=136))), Verdict.OK, {**PORTS, "payload_length": 4}),
    ("UDP-Lite that covers 7", ethernet(ipv4(udp_of(7, protocol=136))), Verdict.BAD_TRANSPORT, PORTS),
    (
        "ICMP of 1 octet",
        ethernet(ipv4(icmp(kind=3, code=1)[:1], protocol=1)),
        Verdict.SHORT_TRANSPORT,
        {"icmp_type": 3},
    ),
    ("ICMP of 2", ethernet(ipv4(icmp(kind=3, code=1)[:2], protocol=1)), Verdict.SHORT_TRANSPORT, {"icmp_code": 1}),
    ("SCTP of 11", ethernet(ipv4(sctp()[:11], protocol=132)), Verdict.SHORT_TRANSPORT, {"destination_port": 2905}),
    (
        "DCCP of data offset 2",
        ethernet(ipv4(struct.pack("!HHBB", 40000, 80, 2, 0) + bytes(10), protocol=33)),
        Verdict.BAD_TRANSPORT,
        PORTS,
    ),
    ("GRE cut", ethernet(ipv4(b"\0\0\x08", protocol=47)), Verdict.BAD_TUNNEL, {**V4, "tunnel": 0}),
    ("GRE with source routes", gre(0x4000, 0x0800, ipv4(tcp())), Verdict.BAD_TUNNEL, V4),
    ("GRE whose key is cut", gre(0x2000, 0x0800, b"\0\0"), Verdict.BAD_TUNNEL, V4),
    ("GRE over a bad IPv4", gre(0, 0x0800, b"\x44" + bytes(30)), Verdict.BAD_TUNNEL, {**V4, "protocol": 47}),
    ("GRE over ARP stays as it is", gre(0, 0x0806, arp()), Verdict.OK, {**V4, "tunnel": Tunnel.NONE, "protocol": 47}),
    ("GRE of version 1 (PPTP)", gre(0x3001, 0x880B, bytes(20)), Verdict.OK, {"protocol": 47, "tunnel": Tunnel.NONE}),
    ("ERSPAN II", gre(0x1000, 0x88BE, bytes(12) + TCP_FRAME), Verdict.OK, {"tunnel": Tunnel.GRE, "protocol": 6}),
    ("ERSPAN I", gre(0, 0x88BE, TCP_FRAME), Verdict.OK, {"tunnel": Tunnel.GRE, "protocol": 6}),
    ("ERSPAN III", gre(0x1000, 0x22EB, bytes(16) + TCP_FRAME), Verdict.OK, {"tunnel": Tunnel.GRE, "protocol": 6}),
    (
        "VXLAN cut",
        ethernet(ipv4(udp(b"\x08\0\0", destination_port=4789))),
        Verdict.BAD_TUNNEL,
        {"destination_port": 4789},
    ),
    ("VXLAN without its flag", ethernet(ipv4(udp(bytes(40), destination_port=4789))), Verdict.OK, {"tunnel": 0}),
    (
        "VXLAN over ARP",
        ethernet(ipv4(udp(b"\x08" + bytes(7) + ethernet(arp()), destination_port=4789))),
        Verdict.OK,
        {"tunnel": 0},
    ),
    (
        "Geneve whose options are cut",
        ethernet(ipv4(udp(b"\x3f\0\x08\0" + bytes(9), destination_port=6081))),
        Verdict.BAD_TUNNEL,
        V4,
    ),
    (
        "Geneve over IPv4",
        ethernet(ipv4(udp(b"\0\0\x08\0" + bytes(4) + ipv4(tcp()), destination_port=6081))),
        Verdict.OK,
        {"tunnel": Tunnel.GENEVE},
    ),
    (
        "a tunnel in a tunnel: one level",
        ethernet(ipv4(ipv4(ipv4(tcp())))),
        Verdict.OK,
        {"tunnel": Tunnel.IP_IN_IP, "protocol": 4},
    ),
    (
        "a first fragment holds the beginning of the inner packet",
        ethernet(ipv4(ipv4(tcp(bytes(2000)))[:1480], protocol=4, more=True)),
        Verdict.OK,
        {"tunnel": Tunnel.IP_IN_IP, **PORTS, "payload_length": 1440},
    ),
]


@pytest.mark.parametrize(("octets", "verdict", "stands"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_frame_and_what_became_of_it(octets: bytes, verdict: Verdict, stands: dict[str, int]) -> None:
    record: Any = decoded([octets], 1, ALL_TUNNELS).records[0]
    assert Verdict(int(record["verdict"])) is verdict
    assert {name: int(record[name]) for name in stands} == stands


def test_a_capture_that_was_cut_is_not_malformed() -> None:
    frames = [ethernet(ipv4(tcp(bytes(1000)))), ethernet(ipv6(udp(bytes(1000))))]
    for record in decoded([frame[:80] for frame in frames], wire=[len(frame) for frame in frames]).records:
        assert record["verdict"] == Verdict.OK
        assert record["payload_at"] + record["payload_length"] == 80
        assert record["bytes"] > 1000


def test_a_tag_that_the_kernel_took_out_is_the_outer_one() -> None:
    import numpy as np

    from collectors.traffic.packet.decode import allocate
    from collectors.traffic.packet.decode_kernel import decode

    octets = np.frombuffer(ethernet(ipv4(tcp()), vlans=[7]), np.uint8)
    index, records = allocate(1)
    index["captured"] = index["wire"] = len(octets)
    records["vlan"] = 100
    decode(octets, index, records, 1, 1, 0)
    assert (records[0]["vlan"], records[0]["inner_vlan"], records[0]["version"]) == (100, 7, 4)


def test_many_tags_end_with_the_frame() -> None:
    record = decoded([ethernet(ipv4(udp()), vlans=range(1, 200))]).records[0]
    assert (record["vlan"], record["inner_vlan"], record["version"]) == (1, 2, 4)


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize(("family", "version"), [(2, 4), (10, 6), (24, 6), (28, 6), (30, 6)])
@pytest.mark.parametrize("link_type", [0, 108])
def test_families_of_the_loopback_in_both_byte_orders(order: Any, family: int, version: int, link_type: int) -> None:
    packet = ipv4(udp()) if version == 4 else ipv6(udp())
    record = decoded([family.to_bytes(4, order) + packet], link_type).records[0]
    assert (record["version"], record["destination_port"], record["payload_at"]) == (version, 53, 4 + len(packet))
    assert record["ethertype"] == (0x0800 if version == 4 else 0x86DD)


def test_links_that_say_no_more() -> None:
    assert decoded([(7).to_bytes(4, "little") + b"abc"], 0).records[0]["verdict"] == Verdict.NOT_IP
    assert decoded([b"\x55" + bytes(40)], 101).records[0]["verdict"] == Verdict.BAD_NETWORK
    assert decoded([ipv6(udp())], 228).records[0]["verdict"] == Verdict.BAD_NETWORK
    assert decoded([TCP_FRAME], 147).records[0]["verdict"] == Verdict.UNKNOWN_LINK


def test_cooked_captures() -> None:
    can = b"\0\1\1\x18" + bytes(10) + b"\0\x0c" + bytes(16)
    assert [int(decoded([can], 113).records[0][name]) for name in ("verdict", "ethertype")] == [Verdict.NOT_IP, 12]
    netlink = b"\0\4\x03\x38\0\0" + bytes(8) + b"\0\0"
    spanning = b"\0\2\0\1\0\6\2\0\0\0\0\7\0\0\0\4" + b"\x42\x42\3" + bytes(35)
    tagged = b"\0\0\0\1\0\6\2\0\0\0\0\7\0\0\x81\0" + b"\0\5\x08\0" + ipv4(udp())
    records = decoded([netlink + bytes(40), spanning, tagged], 113).records
    assert list(records["verdict"]) == [Verdict.NOT_IP, Verdict.NOT_IP, Verdict.OK]
    assert list(records["ethertype"]) == [0, 38, 0x0800]
    assert list(records["source_mac"]) == [0, 0x020000000007, 0x020000000007]
    assert (records["payload_at"][1], records["payload_length"][1], records["vlan"][2]) == (16, 38, 5)
    second = decoded([b"\x08\0\0\0\0\0\0\x09\0\1\0\6\2\0\0\0\0\7\0\0" + ipv4(udp())], 276).records[0]
    assert (second["in_interface"], second["source_mac"], second["version"]) == (9, 0x020000000007, 4)


def test_the_link_layer_is_the_outer_frames() -> None:
    labelled = struct.pack("!I", 77 << 12 | 0x140)
    tagged = ethernet(ipv4(tcp()), vlans=[500, 600], source="02:00:00:00:00:0a")
    bodies = [
        Segment(struct.pack("!HH", 0, 0x8847) + labelled + ipv4(tcp()), 47),
        Segment(struct.pack("!HH", 0, 0x6558) + tagged, 47),
    ]
    frames = [ethernet(ipv6(body), vlans=[5]) for body in bodies]
    frames += [ethernet(struct.pack("!I", 16 << 12 | 0x13F) + ipv4(body), ethertype=0x8847) for body in bodies]
    outer, inner = decoded(frames).records, decoded(frames, 1, ALL_TUNNELS).records
    assert list(inner["tunnel"]) == [Tunnel.GRE] * 4
    assert list(inner["protocol"]) == [6] * 4
    assert list(inner["vlan"]) == [5, 5, 0, 0]
    for name in ("vlan", "inner_vlan", "mpls", "ethertype", "source_mac", "destination_mac", "bytes"):
        assert list(inner[name]) == list(outer[name]), name
