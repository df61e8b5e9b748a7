"""Packets for tests, made of octets: one function a layer, each takes what it carries. And the decoder over them.

`ethernet(ipv4(tcp(source_port=40000, destination_port=80, flags=SYN), source="192.0.2.1"))` is a frame. Checksums are
right, lengths too, where not given otherwise.
"""

import struct
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Final, Self

from collectors.traffic.packet.decode import decode_frames
from netmon.api.traffic import Traffic

FIN: Final = 1
SYN: Final = 2
RST: Final = 4
PSH: Final = 8
ACK: Final = 16
URG: Final = 32

CLIENT_MAC: Final = "02:00:00:00:00:01"
SERVER_MAC: Final = "02:00:00:00:00:02"


def decoded(
    frames: Sequence[bytes],
    link_type: int = 1,
    tunnels: int = 0,
    *,
    start_ns: Sequence[int] = (),
    wire: Sequence[int] = (),
) -> Traffic:
    """Return what the decoder makes of frames. `start_ns`: times; `wire`: lengths before the snap length."""
    return decode_frames(frames, link_type, tunnels, start_ns=start_ns, wire=wire)


def mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def checksum(data: bytes) -> int:
    """RFC 1071."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Segment(bytes):
    """What an IP packet carries: its protocol number, and where in it a checksum over the addresses belongs."""

    protocol: int
    checksum_at: int | None
    pseudo: bool

    def __new__(cls, data: bytes, protocol: int, checksum_at: int | None = None, *, pseudo: bool = True) -> Self:
        self = super().__new__(cls, data)
        self.protocol, self.checksum_at, self.pseudo = protocol, checksum_at, pseudo
        return self

    def between(self, source: bytes, destination: bytes) -> bytes:
        """Return the octets with the checksum in place."""
        at = self.checksum_at
        if at is None or at + 2 > len(self) or self[at : at + 2] != b"\0\0":
            return bytes(self)
        length, protocol = struct.pack("!I", len(self)), struct.pack("!I", self.protocol)
        if len(source) == 4:
            length, protocol = struct.pack("!H", len(self) & 0xFFFF), struct.pack("!H", self.protocol)
        pseudo = source + destination + (protocol + length if len(source) == 4 else length + protocol)
        value = checksum((pseudo if self.pseudo else b"") + self)
        return self[:at] + struct.pack("!H", value or 0xFFFF) + self[at + 2 :]


def tcp(
    payload: bytes = b"",
    *,
    source_port: int = 40000,
    destination_port: int = 80,
    flags: int = ACK,
    sequence: int = 1000,
    acknowledgement: int = 0,
    window: int = 64240,
    options: bytes = b"",
) -> Segment:
    options += b"\0" * (-len(options) % 4)
    offset = (20 + len(options)) // 4 << 4
    head = struct.pack(
        "!HHIIBBHHH", source_port, destination_port, sequence, acknowledgement, offset, flags, window, 0, 0
    )
    return Segment(head + options + payload, 6, 16)


def udp(payload: bytes = b"", *, source_port: int = 40000, destination_port: int = 53) -> Segment:
    return Segment(struct.pack("!HHHH", source_port, destination_port, 8 + len(payload), 0) + payload, 17, 6)


def sctp(payload: bytes = b"", *, source_port: int = 40000, destination_port: int = 2905) -> Segment:
    return Segment(struct.pack("!HHII", source_port, destination_port, 1, 0) + payload, 132)


def icmp(payload: bytes = b"", *, kind: int = 8, code: int = 0, rest: bytes = b"\0\1\0\1") -> Segment:
    return Segment(struct.pack("!BBH", kind, code, 0) + rest + payload, 1, 2, pseudo=False)


def icmp6(payload: bytes = b"", *, kind: int = 128, code: int = 0, rest: bytes = b"\0\1\0\1") -> Segment:
    return Segment(struct.pack("!BBH", kind, code, 0) + rest + payload, 58, 2)


def ipv4(
    payload: bytes,
    *,
    source: str = "192.0.2.1",
    destination: str = "198.51.100.1",
    protocol: int | None = None,
    ttl: int = 64,
    tos: int = 0,
    identification: int = 1,
    fragment: int = 0,
    more: bool = False,
    options: bytes = b"",
    total: int | None = None,
) -> Segment:
    """An IPv4 packet (which itself can be carried: protocol 4). `fragment`: offset in units of 8 octets."""
    addresses = IPv4Address(source).packed, IPv4Address(destination).packed
    whole = not fragment and not more
    body = payload.between(*addresses) if isinstance(payload, Segment) and whole else bytes(payload)
    number = protocol if protocol is not None else getattr(payload, "protocol", 255)
    options += b"\0" * (-len(options) % 4)
    size = 20 + len(options)
    head = struct.pack(
        "!BBHHHBBH",
        0x40 | size // 4,
        tos,
        (size + len(body)) & 0xFFFF if total is None else total,
        identification,
        fragment | (0x2000 if more else 0),
        ttl,
        number,
        0,
    )
    head += addresses[0] + addresses[1] + options
    return Segment(head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body, 4)


def ipv6(
    payload: bytes,
    *,
    source: str = "2001:db8::1",
    destination: str = "2001:db8::2",
    protocol: int | None = None,
    hop_limit: int = 64,
    traffic_class: int = 0,
    flow_label: int = 0,
    extensions: bytes = b"",
    first_header: int | None = None,
    length: int | None = None,
) -> Segment:
    """An IPv6 packet (carried: protocol 41). `extensions` stand before the payload, `first_header` tells the first."""
    addresses = IPv6Address(source).packed, IPv6Address(destination).packed
    body = payload.between(*addresses) if isinstance(payload, Segment) and first_header != 44 else bytes(payload)
    number = protocol if protocol is not None else getattr(payload, "protocol", 59)
    head = struct.pack(
        "!IHBB",
        6 << 28 | traffic_class << 20 | flow_label,
        (len(extensions) + len(body)) & 0xFFFF if length is None else length,
        number if first_header is None else first_header,
        hop_limit,
    )
    return Segment(head + addresses[0] + addresses[1] + extensions + body, 41)


def arp(
    *,
    operation: int = 1,
    sender_mac: str = CLIENT_MAC,
    sender: str = "192.0.2.1",
    target_mac: str = "00:00:00:00:00:00",
    target: str = "192.0.2.2",
) -> bytes:
    """RFC 826; operation 1 asks, 2 answers. Goes into `ethernet(…, ethertype=0x0806)`, which sees it by itself."""
    head = struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation)
    return Arp(head + mac(sender_mac) + IPv4Address(sender).packed + mac(target_mac) + IPv4Address(target).packed)


class Arp(bytes):
    """An ARP packet."""


def ethernet(
    payload: bytes,
    *,
    source: str = CLIENT_MAC,
    destination: str = SERVER_MAC,
    ethertype: int | None = None,
    vlans: Iterable[int] = (),
    tag: int = 0x8100,
    pad: bool = False,
) -> bytes:
    """An Ethernet II frame. `vlans`: tags (with priority bits, if any), the outer first; `pad`: to 60 octets."""
    if ethertype is None:
        by_protocol = {4: 0x0800, 41: 0x86DD}
        ethertype = 0x0806 if isinstance(payload, Arp) else by_protocol[getattr(payload, "protocol", 0)]
    tags = b"".join(struct.pack("!HH", tag, vlan) for vlan in vlans)
    frame = mac(destination) + mac(source) + tags + struct.pack("!H", ethertype) + payload
    return frame + b"\0" * (60 - len(frame)) if pad and len(frame) < 60 else frame


def llc(payload: bytes, *, source: str = CLIENT_MAC, destination: str = "01:80:c2:00:00:00", sap: int = 0x42) -> bytes:
    """An IEEE 802.3 frame with an LLC header (0x42: spanning tree)."""
    body = bytes([sap, sap, 3]) + payload
    return mac(destination) + mac(source) + struct.pack("!H", len(body)) + body


def pcap(
    frames: Sequence[bytes],
    *,
    link_type: int = 1,
    start_ns: Sequence[int] = (),
    wire: Sequence[int] = (),
) -> bytes:
    """The octets of a pcap file with nanoseconds; times are 1 ms apart from 2026-01-01 on where not given."""
    out = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, link_type)]
    for row, frame in enumerate(frames):
        at = start_ns[row] if len(start_ns) else 1_767_225_600_000_000_000 + row * 1_000_000
        length = wire[row] if len(wire) else len(frame)
        out += [struct.pack("<IIII", at // 1_000_000_000, at % 1_000_000_000, len(frame), length), frame]
    return b"".join(out)


def write_pcap(path: Path, frames: Sequence[bytes], *, link_type: int = 1, start_ns: Sequence[int] = ()) -> Path:
    path.write_bytes(pcap(frames, link_type=link_type, start_ns=start_ns))
    return path
