"""The packets that most are, in one go: TCP and UDP over IPv4 or IPv6, whole, without options of IP or fragments.

Their headers are read, and their record is written, in words of 64 bits: a fifth of the loads and stores of reading
field by field. Whatever is not as plain as that is left to the decoder that knows everything: see decode_kernel.py.
"""

from typing import Any, Final

import numpy as np
from numba import njit

from collectors.traffic.packet.link_kernel import IPV4, IPV6
from collectors.traffic.packet.octets_kernel import load64, put64
from collectors.traffic.packet.tunnel_kernel import GENEVE_PORT, VXLAN_PORT
from netmon.api.traffic import MAPPED, RECORD

U = np.uint64

_0, _8, _16, _32, _48 = (U(n) for n in (0, 8, 16, 32, 48))
_TCP, _UDP = U(6), U(17)
_OCTET, _PAIR, _FOUR = U(0xFF), U(0xFFFF), U(0xFFFF_FFFF)
_LINK: Final = U(14)
_PLAIN_4: Final = U(0x45)  # version 4, a header of five words
_PIECE: Final = U(0x3FFF)  # more fragments, or the offset of this one
_MAPPED: Final = U(MAPPED)
_OFFSET, _HEADER = U(28), U(0x3C)  # TCP's data offset, in words of four octets


def _offset(name: str) -> Any:
    return U(RECORD.fields[name][1])  # type: ignore[index]


def _shift(name: str) -> Any:
    """Return where in its word of 64 bits a field begins; little-endian, as all processors that numba compiles for."""
    return U(RECORD.fields[name][1] % 8 * 8)  # type: ignore[index]


(
    _START,
    _END,
    _SOURCE_HI,
    _SOURCE_LO,
    _DESTINATION_HI,
    _DESTINATION_LO,
    _BYTES,
    _PACKETS,
    _SOURCE_MAC,
    _DESTINATION_MAC,
    _EXPORTER,
    _IN_INTERFACE,
    _PAYLOAD_AT,
    _MPLS,
    _VLAN,
    _ICMP_CODE,
) = (
    _offset(name)
    for name in (
        "start_ns",
        "end_ns",
        "source_hi",
        "source_lo",
        "destination_hi",
        "destination_lo",
        "bytes",
        "packets",
        "source_mac",
        "destination_mac",
        "exporter",
        "in_interface",
        "payload_at",
        "mpls",
        "vlan",
        "icmp_code",
    )
)
_SAMPLED_ONE: Final = U(1) << _shift("sampling")
_LENGTH: Final = _shift("payload_length")
_SOURCE_PORT, _DESTINATION_PORT = _shift("source_port"), _shift("destination_port")
_ETHERTYPE, _VERSION, _PROTOCOL, _FLAGS = (_shift(n) for n in ("ethertype", "version", "protocol", "tcp_flags"))
_TOS, _TTL = _shift("tos"), _shift("ttl")


@njit(inline="always")
def plain(
    buffer: Any, records: Any, row: Any, first: Any, captured: Any, wire: Any, at_ns: Any, vlan: Any, mask: Any
) -> Any:
    """Decode an Ethernet frame into a row of `records` where it is plain; tell whether it was, else nothing is written.

    `mask`: as for the decoder; with one, what may be a tunnel is not plain.
    """
    if captured < U(42):
        return False
    link = load64(buffer, first + U(6))
    ethertype = link & _PAIR
    position = _0
    if ethertype == IPV4:
        head = load64(buffer, first + U(14))
        more = load64(buffer, first + U(22))
        total = head >> _32 & _PAIR
        if head >> U(56) != _PLAIN_4 or head & _PIECE != _0 or total < U(20):
            return False
        tos, ttl, protocol = head >> _48 & _OCTET, more >> U(56), more >> _48 & _OCTET
        source_hi, destination_hi = _0, _0
        source_lo = _MAPPED | (more & _FOUR)
        destination_lo = _MAPPED | (load64(buffer, first + U(26)) & _FOUR)
        version = U(4)
        position = U(34)
        limit = _LINK + total
    elif ethertype == IPV6:
        head = load64(buffer, first + U(14))
        total = head >> _16 & _PAIR
        if captured < U(62) or head >> U(60) != U(6) or total == _0:
            return False
        tos, ttl, protocol = head >> U(52) & _OCTET, head & _OCTET, head >> _8 & _OCTET
        source_hi, source_lo = load64(buffer, first + U(22)), load64(buffer, first + U(30))
        destination_hi, destination_lo = load64(buffer, first + U(38)), load64(buffer, first + U(46))
        version = U(6)
        position = U(54)
        limit = U(54) + total
    else:
        return False
    end = min(captured, limit)
    if limit > max(wire, captured) or position + _8 > end:
        return False
    transport = load64(buffer, first + position)
    flags = _0
    if protocol == _TCP:  # RFC 9293, 3.1
        if position + U(20) > end:
            return False
        control = load64(buffer, first + position + _8)  # acknowledgement, data offset, flags, window
        flags = control >> _16 & _OCTET
        size = control >> _OFFSET << U(2) & _HEADER
        position += size
        if size < U(20) or position > end:
            return False
    elif protocol == _UDP:  # RFC 768
        length = transport >> _16 & _PAIR
        if length < _8 or position + length > limit:
            return False
        port = transport >> _32 & _PAIR
        if mask != _0 and (port == VXLAN_PORT or port == GENEVE_PORT):
            return False
        end = min(end, position + length)
        position += _8
    else:
        return False
    put64(records, row, _START, at_ns)
    put64(records, row, _END, at_ns)
    put64(records, row, _SOURCE_HI, source_hi)
    put64(records, row, _SOURCE_LO, source_lo)
    put64(records, row, _DESTINATION_HI, destination_hi)
    put64(records, row, _DESTINATION_LO, destination_lo)
    put64(records, row, _BYTES, wire)
    put64(records, row, _PACKETS, U(1))
    put64(records, row, _SOURCE_MAC, link >> _16)
    put64(records, row, _DESTINATION_MAC, load64(buffer, first) >> _16)
    put64(records, row, _EXPORTER, _SAMPLED_ONE)
    put64(records, row, _IN_INTERFACE, _0)
    put64(records, row, _PAYLOAD_AT, position | (end - position) << _LENGTH)
    source, destination = transport >> _48, transport >> _32 & _PAIR
    put64(records, row, _MPLS, source << _SOURCE_PORT | destination << _DESTINATION_PORT)
    kinds = version << _VERSION | protocol << _PROTOCOL | flags << _FLAGS
    put64(records, row, _VLAN, vlan | ethertype << _ETHERTYPE | kinds)
    put64(records, row, _ICMP_CODE, tos << _TOS | ttl << _TTL)
    return True


@njit(inline="always")
def may_be_message(record: Any) -> Any:
    """Tell of a plain packet whether it may be DNS, or what a DHCP server says to a client."""
    to = record.destination_port
    return (record.source_port == 53) | (to == 53) | (to == 68) | (to == 546)
