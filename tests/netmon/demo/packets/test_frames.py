"""Frames are what scapy, another implementation, makes of the same fields: checksums and fragments too."""

from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP, defragment
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw

from netmon.demo.packets.frames import ACK, MTU, SYN, End, Host, tcp, udp

HERE, THERE = End(Host.at("10.77.3.9", 1), 40_001), End(Host.at("127.77.3.1"), 443)


def checked(frame: bytes) -> Packet:
    """Return a frame as scapy reads it; AssertionError where scapy computes other checksums or lengths."""
    read = Ether(frame)
    again = Ether(frame)
    for layer, fields in ((IP, ("chksum", "len")), (TCP, ("chksum",)), (UDP, ("chksum", "len"))):
        if layer in again and not (layer is UDP and again[IP].flags.MF):  # of a fragment's datagram not all is here
            for field in fields:
                delattr(again[layer], field)
    assert bytes(again) == frame
    return read


@given(st.binary(max_size=200), st.integers(0, 2**32 + 1), st.integers(0, 2**32 + 1))
def test_segments_have_right_checksums(payload: bytes, seq: int, ack: int) -> None:
    read = checked(tcp(HERE, THERE, ACK, seq, ack, payload))
    assert (read[TCP].sport, read[TCP].dport, read[IP].src, read[IP].dst) == (40_001, 443, "10.77.3.9", "127.77.3.1")
    assert (read[TCP].seq, read[TCP].ack) == (seq % 2**32, ack % 2**32)
    assert bytes(read[TCP].payload) == payload


def test_a_syn_tells_its_segment_size() -> None:
    assert dict(checked(tcp(HERE, THERE, SYN, 1, 0))[TCP].options) == {"MSS": MTU - 40}


@given(st.integers(0, 6_000), st.integers(0, 70_000))
def test_datagrams_come_in_as_many_pieces_as_they_need(octets: int, number: int) -> None:
    payload = bytes(place % 251 for place in range(octets))
    frames = udp(HERE, THERE, payload, number)
    assert len(frames) == max(1, -(-(octets + 8) // 1_480))
    assert max(map(len, frames)) <= 14 + MTU
    pieces = [checked(frame)[IP] for frame in frames]
    (whole,) = defragment(pieces)  # type: ignore[no-untyped-call]  # scapy's
    whole = IP(bytes(whole))
    assert bytes(whole[UDP].payload) == payload
    wanted = whole[UDP].chksum
    del whole[UDP].chksum
    assert IP(bytes(whole))[UDP].chksum == wanted


def test_a_checksum_that_comes_to_zero_is_written_as_ones() -> None:
    sums = {
        checked(udp(HERE, THERE, bytes(pair))[0])[UDP].chksum for pair in ((a, b) for a in range(256) for b in (0, 7))
    }
    assert 0 not in sums


def test_who_is_behind_a_gateway_comes_with_its_mac_address() -> None:
    assert {Host.at(f"192.0.2.{host}", 2).mac for host in (1, 9)} == {bytes((2, 0, 2, 0, 0, 0))}
    assert Host.at("127.77.3.1").mac == bytes((2, 0, 0, 77, 3, 1))
    assert Raw not in Ether(tcp(HERE, THERE, SYN, 1, 0))
