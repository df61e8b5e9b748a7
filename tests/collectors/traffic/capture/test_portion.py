"""How much of a frame is captured: by libpcap's own interpreter of filters, and by the kernel."""

import ctypes
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dns import DNS, DNSQR
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_NOP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6, IPv6ExtHdrHopByHop
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Packet, Raw

from collectors.traffic.capture.filter import Filter, compile_filter, everything
from collectors.traffic.capture.portion import TALK, shortened
from collectors.traffic.capture.ring import Ring
from collectors.traffic.capture.settings import RingSettings
from netmon.api.traffic import Verdict
from tests.support.netns import INTERFACE, lan
from tests.support.waiting import eventually_sync

WHOLE, BULK = 65_535, 256
LONG = Raw(bytes(1_000))
LIBPCAP = ctypes.CDLL("libpcap.so.0.8")


def captured(passing: Filter, frame: bytes) -> int:
    """Return how many octets a filter captures: `bpf_filter` of libpcap."""
    LIBPCAP.bpf_filter.restype = ctypes.c_uint
    program = ctypes.create_string_buffer(passing.program, len(passing.program))
    return int(LIBPCAP.bpf_filter(program, frame, len(frame), len(frame)))


def kept(packet: Packet, expression: str = "") -> int:
    return captured(shortened(compile_filter(expression, 1, WHOLE), 1, WHOLE, BULK), bytes(Ether() / packet))


@pytest.mark.parametrize(
    ("packet", "length"),
    [
        (IP() / TCP(sport=40_000, dport=443) / LONG, BULK),
        (IP() / UDP(sport=443, dport=50_000) / LONG, BULK),
        (IP(options=[IPOption_NOP()] * 40) / TCP(sport=40_000, dport=443) / LONG, BULK),
        (IPv6() / TCP(sport=40_000, dport=443) / LONG, BULK),
        (IPv6() / UDP(sport=40_000, dport=443) / LONG, BULK),
        (IP(frag=100) / UDP(sport=53, dport=53) / LONG, BULK),
        (IP(flags="MF") / UDP(sport=53, dport=9_999) / LONG, WHOLE),
        (IP() / UDP(sport=40_000, dport=53) / DNS(qd=DNSQR(qname="web.kab.go.id")), WHOLE),
        (IP(options=[IPOption_NOP()] * 40) / UDP(sport=53, dport=9_999) / LONG, WHOLE),
        (IP() / TCP(sport=53, dport=9_999) / LONG, WHOLE),
        (IP() / UDP(sport=67, dport=68) / LONG, WHOLE),
        (IP() / UDP(sport=40_000, dport=4_789) / LONG, WHOLE),
        (IPv6() / UDP(sport=547, dport=546) / LONG, WHOLE),
        (IPv6() / TCP(sport=40_000, dport=53) / LONG, WHOLE),
        (IP() / ICMP() / LONG, WHOLE),
        (IPv6() / ICMPv6EchoRequest(data=bytes(1_000)), WHOLE),
        (IPv6() / IPv6ExtHdrHopByHop() / TCP() / LONG, WHOLE),
        (Dot1Q(vlan=7) / IP() / TCP() / LONG, WHOLE),
        (ARP(), WHOLE),
    ],
    ids=lambda value: value.summary() if isinstance(value, Packet) else str(value),
)
def test_bulk_is_short_and_what_is_read_is_whole(packet: Packet, length: int) -> None:
    assert kept(packet) == length


@pytest.mark.parametrize("expression", ["udp port 53 or tcp", "net 192.0.2.0/24 or ip6", "not port 80 and greater 100"])
@given(
    port=st.sampled_from((*TALK, 80, 443, 0, 65_535)),
    datagram=st.booleans(),
    inside=st.booleans(),
    size=st.integers(0, 400),
)
def test_a_filter_lets_the_same_frames_pass(
    expression: str, port: int, datagram: bool, inside: bool, size: int
) -> None:
    network = IP(src="192.0.2.1" if inside else "198.51.100.1") if datagram or inside else IPv6()
    frame = bytes(
        Ether()
        / network
        / (UDP(sport=40_000, dport=port) if datagram else TCP(sport=40_000, dport=port))
        / Raw(bytes(size))
    )
    passing = compile_filter(expression, 1, WHOLE)
    length = captured(shortened(passing, 1, WHOLE, BULK), frame)
    assert (length > 0) == (captured(passing, frame) > 0)
    assert length in {0, WHOLE if port in TALK or len(frame) < 78 else BULK}


@given(
    st.binary(max_size=120),
    st.sampled_from([b"", bytes(12) + b"\x08\x00\x4f", bytes(12) + b"\x86\xdd\x60", bytes(12) + b"\x81\x00"]),
)
def test_no_frame_is_lost_however_short_or_odd(rest: bytes, begin: bytes) -> None:
    frame = begin + rest
    if frame:
        assert captured(shortened(everything(WHOLE), 1, WHOLE, BULK), frame) in {BULK, WHOLE}


def test_a_filter_stays_as_it_is_where_there_is_nothing_to_shorten() -> None:
    passing = everything(WHOLE)
    assert shortened(passing, 101, WHOLE, BULK) is passing  # no Ethernet
    assert shortened(passing, 1, 200, BULK) is passing  # shorter in any case
    full = Filter(passing.program * 4_096)
    assert shortened(full, 1, WHOLE, BULK) is full


def test_the_kernel_cuts_bulk_and_nothing_else() -> None:
    packets = [
        IP(src="192.0.2.1", dst="192.0.2.2") / UDP(sport=40_000, dport=4_000) / LONG,
        IP(src="192.0.2.1", dst="192.0.2.2") / UDP(sport=53, dport=4_000) / LONG,
        IP(src="192.0.2.1", dst="192.0.2.2") / UDP(sport=40_000, dport=4_000) / Raw(b"short"),
    ]
    settings = RingSettings(
        block_bytes=65_536, blocks=8, kept_blocks=0, block_timeout_ms=5, filter="udp and net 192.0.2"
    )
    found: list[tuple[int, int]] = []
    with lan("left", "right") as net, Ring(INTERFACE, settings, opener=net["right"].socket) as ring:
        with net["left"].socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
            sock.bind((INTERFACE, 0))
            for packet in packets:
                sock.send(bytes(Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / packet))

        def all_came() -> bool:
            batch = ring.next(0.05)
            if batch is not None and batch.frames is not None:
                assert set(batch.records["verdict"].tolist()) == {Verdict.OK}
                found.extend(zip(batch.frames.index["captured"].tolist(), batch.records["bytes"].tolist(), strict=True))
            return len(found) >= len(packets)

        eventually_sync(all_came)
    assert found == [(BULK, 1_042), (1_042, 1_042), (47, 47)]


def test_instructions_are_the_kernel_s() -> None:
    program = shortened(everything(WHOLE), 1, WHOLE, BULK).program
    last = [struct.unpack_from("=HBBI", program, len(program) - 8 * back) for back in (2, 1)]
    assert last == [(0x06, 0, 0, BULK), (0x06, 0, 0, WHOLE)]
