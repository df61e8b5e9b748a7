"""Frames from their fields: Ethernet, IPv4, TCP and UDP with right checksums. Pure."""

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final, NamedTuple

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
TCP, UDP = 6, 17
MTU: Final = 1_500  # octets of an IPv4 packet
MSS: Final = MTU - 40  # octets of a segment without options

_ETHERTYPE: Final = b"\x08\x00"
_IPV4: Final = struct.Struct("!BBHHHBBH4s4s")  # RFC 791, 3.1
_TCP: Final = struct.Struct("!HHIIBBHHH")  # RFC 9293, 3.1
_UDP: Final = struct.Struct("!HHHH")  # RFC 768
_MSS_OPTION: Final = struct.pack("!BBH", 2, 4, MSS)  # RFC 9293, 3.2
_MORE: Final = 0x2000  # more fragments follow


@dataclass(frozen=True, slots=True)
class Host:
    """Who sends and receives: an IPv4 address, and the MAC address that stands for it where the sensor looks."""

    address: bytes  # 4 octets
    mac: bytes  # 6 octets

    @classmethod
    def at(cls, address: IPv4Address | str, gateway: int = 0) -> "Host":
        """Return a host; `gateway` 0: it is on the wire itself, else it is behind that one."""
        packed = IPv4Address(address).packed
        return cls(packed, bytes((2, 0, gateway)) + (b"\0\0\0" if gateway else packed[1:]))


class End(NamedTuple):
    """A host's port."""

    host: Host
    port: int


def tcp(source: End, to: End, flags: int, seq: int, ack: int, payload: bytes = b"") -> bytes:  # noqa: PLR0913, PLR0917 - the header's
    """Return the frame of one segment. A SYN carries its maximum segment size, as every stack's does."""
    options = _MSS_OPTION if flags & SYN else b""
    offset = (20 + len(options)) << 2
    head = _TCP.pack(source.port, to.port, seq & 0xFFFF_FFFF, ack & 0xFFFF_FFFF, offset, flags, 64_240, 0, 0) + options
    check = _transport_sum(source.host, to.host, TCP, head + payload)
    return _frame(source.host, to.host, TCP, head[:16] + check + head[18:] + payload)


def udp(source: End, to: End, payload: bytes, number: int = 0) -> list[bytes]:
    """Return the frames of one datagram: more than one where it does not fit. `number`: the IPv4 identification."""
    head = _UDP.pack(source.port, to.port, 8 + len(payload), 0)
    check = _transport_sum(source.host, to.host, UDP, head + payload)
    whole = head[:6] + (b"\xff\xff" if check == b"\0\0" else check) + payload
    room = (MTU - 20) // 8 * 8  # fragments begin at multiples of eight octets
    return [
        _frame(
            source.host,
            to.host,
            UDP,
            whole[at : at + room],
            number,
            (at >> 3) | (_MORE if at + room < len(whole) else 0),
        )
        for at in range(0, len(whole), room)
    ]


def _frame(source: Host, to: Host, protocol: int, payload: bytes, number: int = 0, fragment: int = 0) -> bytes:  # noqa: PLR0913, PLR0917
    fields = (0x45, 0, 20 + len(payload), number & 0xFFFF, fragment, 64, protocol)
    check = _checksum(_IPV4.pack(*fields, 0, source.address, to.address))
    head = _IPV4.pack(*fields, int.from_bytes(check), source.address, to.address)
    return to.mac + source.mac + _ETHERTYPE + head + payload


def _transport_sum(source: Host, to: Host, protocol: int, segment: bytes) -> bytes:
    pseudo = source.address + to.address + struct.pack("!HH", protocol, len(segment))
    return _checksum(pseudo + segment)


def _checksum(octets: bytes) -> bytes:
    """Return the Internet checksum (RFC 1071). A sum of 16-bit words without carries is a remainder by 65535."""
    padded = octets + b"\0" * (len(octets) % 2)
    rest = int.from_bytes(padded) % 0xFFFF
    return (0xFFFF - rest if rest or not any(padded) else 0).to_bytes(2)
