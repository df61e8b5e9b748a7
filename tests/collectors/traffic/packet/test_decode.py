"""What the decoder makes of single frames: one case a rule."""

from netmon.api.traffic import Verdict, address_text
from tests.support.packets import SYN, arp, decoded, ethernet, ipv4, ipv6, tcp, udp


def test_a_tcp_packet_in_columns() -> None:
    frame = ethernet(ipv4(tcp(b"abc", source_port=1234, destination_port=443, flags=SYN), ttl=9, tos=0xB8))
    record = decoded([frame], start_ns=[17]).records[0]
    assert (record["verdict"], record["version"], record["protocol"]) == (Verdict.OK, 4, 6)
    assert (record["source_port"], record["destination_port"], record["tcp_flags"]) == (1234, 443, SYN)
    assert address_text(int(record["source_hi"]), int(record["source_lo"])) == "192.0.2.1"
    assert address_text(int(record["destination_hi"]), int(record["destination_lo"])) == "198.51.100.1"
    assert (record["source_mac"], record["destination_mac"]) == (0x020000000001, 0x020000000002)
    assert (record["ttl"], record["tos"], record["ethertype"]) == (9, 0xB8, 0x0800)
    assert (record["start_ns"], record["end_ns"]) == (17, 17)
    assert (record["bytes"], record["packets"], record["sampling"]) == (len(frame), 1, 1)
    assert (record["payload_at"], record["payload_length"]) == (54, 3)


def test_version_6_and_tags() -> None:
    record = decoded([ethernet(ipv6(udp(b"abcd")), vlans=[0xE007, 9])]).records[0]
    assert (record["verdict"], record["version"], record["protocol"]) == (Verdict.OK, 6, 17)
    assert (record["vlan"], record["inner_vlan"]) == (7, 9)
    assert address_text(int(record["source_hi"]), int(record["source_lo"])) == "2001:db8::1"
    assert record["payload_length"] == 4


def test_arp_is_not_ip() -> None:
    record = decoded([ethernet(arp(), pad=True)]).records[0]
    assert (record["verdict"], record["ethertype"]) == (Verdict.NOT_IP, 0x0806)
    assert (record["payload_at"], record["payload_length"]) == (14, 46)
