"""IPv4, IPv6 with its extension headers, and the transport headers above them."""

from typing import Any, Final

import numpy as np

from collectors.traffic.packet.link_kernel import IPV4
from collectors.traffic.packet.octets_kernel import compiled, u8, u16, u32, u64
from netmon.api.traffic import MAPPED, Fragment, Verdict

U = np.uint64

_MAPPED: Final = U(MAPPED)
_NONE: Final = U(Fragment.NONE)
_FIRST: Final = U(Fragment.FIRST)
_LATER: Final = U(Fragment.LATER)
_OK: Final = U(Verdict.OK)
_BAD_NETWORK: Final = U(Verdict.BAD_NETWORK)
_BAD_EXTENSION: Final = U(Verdict.BAD_EXTENSION)
_SHORT_TRANSPORT: Final = U(Verdict.SHORT_TRANSPORT)
_BAD_TRANSPORT: Final = U(Verdict.BAD_TRANSPORT)

UNBOUNDED: Final = U(1 << 62)
"""The limit of a datagram of which more follows in other fragments."""

_BIG: Final = U(1500)  # a length of 0 means "too big for the field" only where more than an Ethernet's worth follows
_EXTENSIONS: Final = 16  # RFC 8200, 4.1 lists seven in one packet; Linux takes what comes, and so do we, up to here
_JUMBO: Final = U(0xC2)  # RFC 2675, 2


@compiled
def _jumbo(buffer: Any, position: Any, end: Any) -> Any:
    """Return the length that a jumbo payload option in this hop-by-hop header gives, 0 without one."""
    if position + U(8) > end:
        return U(0)
    last = min(end, position + (u8(buffer, position + U(1)) + U(1)) * U(8))
    position += U(2)
    while position < last:
        if u8(buffer, position) == U(0):  # Pad1 (RFC 8200, 4.2)
            position += U(1)
            continue
        if position + U(6) <= last and u8(buffer, position) == _JUMBO and u8(buffer, position + U(1)) == U(4):
            length = u32(buffer, position + U(2))
            return length if length > U(65535) else U(0)
        if position + U(2) > last:
            return U(0)
        position += U(2) + u8(buffer, position + U(1))
    return U(0)


@compiled
def network(buffer: Any, record: Any, first: Any, position: Any, end: Any, limit: Any, ethertype: Any) -> Any:
    """Decode an IP datagram at `position` into the record and return where it ends on the wire (UNBOUNDED: a fragment).

    `first` is the frame's first octet, `end` the first that may not be read, `limit` where the wire's frame ended. A
    datagram that claims more than the wire had is BAD_NETWORK; its transport header is read all the same.
    """
    version = U(0)
    protocol = U(0)
    source_hi = U(0)
    source_lo = U(0)
    destination_hi = U(0)
    destination_lo = U(0)
    tos = U(0)
    ttl = U(0)
    fragment = _NONE
    verdict = _OK
    reached = False  # the transport's first octet
    if ethertype == IPV4:  # RFC 791, 3.1
        verdict = _BAD_NETWORK
        if position + U(20) <= end and u8(buffer, position) >> U(4) == U(4):
            version = U(4)
            header = (u8(buffer, position) & U(15)) << U(2)
            tos = u8(buffer, position + U(1))
            total = u16(buffer, position + U(2))
            piece = u16(buffer, position + U(6))
            ttl = u8(buffer, position + U(8))
            protocol = u8(buffer, position + U(9))
            source_lo = _MAPPED | u32(buffer, position + U(12))
            destination_lo = _MAPPED | u32(buffer, position + U(16))
            if piece & U(0x1FFF) != U(0):
                fragment = _LATER
            elif piece & U(0x2000) != U(0):
                fragment = _FIRST
            if total == U(0) and limit > position + _BIG:  # segmented later by the network card
                total = limit - position
            if header >= U(20) and total >= header:
                if position + total <= limit:
                    verdict = _OK
                    limit = position + total
                end = min(end, limit)
                position += header
                if position <= end:
                    reached = True
                else:
                    verdict = _BAD_NETWORK
    else:  # RFC 8200, 3
        verdict = _BAD_NETWORK
        if position + U(40) <= end and u8(buffer, position) >> U(4) == U(6):
            version = U(6)
            verdict = _OK
            tos = (u16(buffer, position) >> U(4)) & U(0xFF)
            total = u16(buffer, position + U(4))
            protocol = u8(buffer, position + U(6))
            ttl = u8(buffer, position + U(7))
            source_hi = u64(buffer, position + U(8))
            source_lo = u64(buffer, position + U(16))
            destination_hi = u64(buffer, position + U(24))
            destination_lo = u64(buffer, position + U(32))
            position += U(40)
            if total == U(0):
                if protocol == U(0):
                    total = _jumbo(buffer, position, end)
                if total == U(0) and limit > position + _BIG:
                    total = limit - position
            if position + total <= limit:
                limit = position + total
            else:
                verdict = _BAD_NETWORK
            end = min(end, limit)
            reached = True
            steps = 0
            # Hop-by-hop, routing, fragment, destination, mobility, HIP, shim6 (RFC 8200, 6275, 7401, 5533), AH (4302)
            while (
                protocol == U(0)
                or protocol == U(43)
                or protocol == U(44)
                or protocol == U(51)
                or protocol == U(60)
                or protocol == U(135)
                or protocol == U(139)
                or protocol == U(140)
            ):
                steps += 1
                if steps > _EXTENSIONS or position + U(8) > end:
                    reached = False
                    break
                if protocol == U(44):
                    size = U(8)
                elif protocol == U(51):
                    size = (u8(buffer, position + U(1)) + U(2)) << U(2)
                else:
                    size = (u8(buffer, position + U(1)) + U(1)) << U(3)
                if position + size > end or size < U(8):
                    reached = False
                    break
                if protocol == U(44):  # RFC 8200, 4.5
                    piece = u16(buffer, position + U(2))
                    if piece & U(0xFFF8) != U(0):
                        fragment = _LATER
                    elif piece & U(1) != U(0):
                        fragment = _FIRST
                protocol = u8(buffer, position)
                position += size
                if fragment == _LATER:
                    break
            if not reached and verdict == _OK:
                verdict = _BAD_EXTENSION
    source_port = U(0)
    destination_port = U(0)
    flags = U(0)
    kind = U(0)
    code = U(0)
    payload_at = U(0)
    payload_length = U(0)
    if reached:
        short = False
        bad = False
        if fragment != _LATER:
            there = end - position
            if protocol == U(6):  # RFC 9293, 3.1
                if there >= U(4):
                    source_port = u16(buffer, position)
                    destination_port = u16(buffer, position + U(2))
                if there >= U(14):
                    flags = u8(buffer, position + U(13))
                if there < U(20):
                    short = True
                else:
                    size = (u8(buffer, position + U(12)) >> U(4)) << U(2)
                    bad = size < U(20)
                    short = size > there
                    position += size
            elif protocol == U(17) or protocol == U(136):  # RFC 768; RFC 3828, 3.1
                if there >= U(4):
                    source_port = u16(buffer, position)
                    destination_port = u16(buffer, position + U(2))
                if there < U(8):
                    short = True
                else:
                    length = u16(buffer, position + U(4))
                    room = limit - position if fragment == _NONE and verdict == _OK else UNBOUNDED
                    if protocol == U(136):  # the field is how much of it the checksum covers; 0: all
                        bad = (length != U(0) and length < U(8)) or length > room
                    elif length == U(0) and room > _BIG:  # a jumbogram (RFC 2675, 4), or segmented later
                        bad = False
                    else:
                        bad = length < U(8) or length > room
                        limit = min(limit, position + length)
                        end = min(end, limit)
                    position += U(8)
            elif protocol == U(1) or protocol == U(58):  # RFC 792; RFC 4443, 2.1
                if there >= U(1):
                    kind = u8(buffer, position)
                if there >= U(2):
                    code = u8(buffer, position + U(1))
                short = there < U(8)
                position += U(8)
            elif protocol == U(132):  # RFC 9260, 3.1
                if there >= U(4):
                    source_port = u16(buffer, position)
                    destination_port = u16(buffer, position + U(2))
                short = there < U(12)
                position += U(12)
            elif protocol == U(33):  # RFC 4340, 5.1
                if there >= U(4):
                    source_port = u16(buffer, position)
                    destination_port = u16(buffer, position + U(2))
                if there < U(12):
                    short = True
                else:
                    size = u8(buffer, position + U(4)) << U(2)
                    bad = size < (U(16) if u8(buffer, position + U(8)) & U(1) != U(0) else U(12))
                    short = size > there
                    position += size
        if bad:
            if verdict == _OK:
                verdict = _BAD_TRANSPORT
        elif short:
            if verdict == _OK:
                verdict = _SHORT_TRANSPORT
        else:
            payload_at = position - first
            payload_length = end - position
    record.source_hi = source_hi
    record.source_lo = source_lo
    record.destination_hi = destination_hi
    record.destination_lo = destination_lo
    record.payload_at = payload_at
    record.payload_length = payload_length
    record.source_port = source_port
    record.destination_port = destination_port
    record.version = version
    record.protocol = protocol
    record.tcp_flags = flags
    record.icmp_type = kind
    record.icmp_code = code
    record.tos = tos
    record.ttl = ttl
    record.verdict = verdict
    record.fragment = fragment
    return limit if fragment == _NONE else UNBOUNDED
