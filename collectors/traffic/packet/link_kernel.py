"""The link layer: from a frame's first octet to where the network layer begins, behind all tags and labels.

Each function returns (ethertype, position, end, limit): `end` is the first octet that may not be read, `limit` where
the frame ended on the wire, which is further where only its beginning was captured. An ethertype may also be one of
the two marks below. What is found on the way goes into the record; a fault goes into its verdict.
"""

from typing import Any, Final

import numpy as np

from collectors.traffic.packet.octets_kernel import compiled, u8, u16, u32, u48
from netmon.api.traffic import Verdict

U = np.uint64

IPV4: Final = U(0x0800)
IPV6: Final = U(0x86DD)
BY_VERSION: Final = U(0x1_0000)  # IP, and its first four bits say which
OTHER: Final = U(0x1_0001)  # certainly not IP; the record's ethertype says what, if anything

SHORT_LINK: Final = U(Verdict.SHORT_LINK)

_LLC: Final = U(1536)  # below: a length (IEEE 802.3, 3.2.6)
_MAPPED_FAMILY: Final = U(0xFFFF)


@compiled
def behind_tags(buffer: Any, record: Any, position: Any, end: Any, limit: Any, ethertype: Any) -> Any:
    """Go on behind VLAN tags, LLC with SNAP, MPLS labels and PPPoE. Each step takes octets, so that the frame ends it.

    A VLAN that the kernel stripped stands in the record already and is the outer one.
    """
    tags = U(1) if record.vlan != 0 else U(0)
    llc = False
    while True:
        if ethertype == U(0x8100) or ethertype == U(0x88A8) or ethertype == U(0x9100):  # IEEE 802.1Q, 9.6
            if position + U(4) > end:
                record.verdict = SHORT_LINK
                break
            if tags == U(0):
                record.vlan = u16(buffer, position) & U(0xFFF)
            elif tags == U(1):
                record.inner_vlan = u16(buffer, position) & U(0xFFF)
            tags += U(1)
            ethertype = u16(buffer, position + U(2))
            position += U(4)
        elif ethertype == U(0x8847) or ethertype == U(0x8848):  # RFC 3032, 2.1 and 5
            record.ethertype = ethertype
            if position + U(4) > end:
                record.verdict = SHORT_LINK
                break
            entry = u32(buffer, position)
            if record.mpls == 0:
                record.mpls = entry
            position += U(4)
            if entry & U(0x100) == U(0):
                continue
            # No field tells what is inside: its first four bits do, as every router guesses (RFC 4928, 2).
            if position >= end:
                if limit > position:
                    record.verdict = SHORT_LINK
                return OTHER, position, end, limit
            version = u8(buffer, position) >> U(4)
            if version != U(4) and version != U(6):
                return OTHER, position, end, limit
            ethertype = IPV4 if version == U(4) else IPV6
            break
        elif ethertype == U(0x8864):  # RFC 2516, 4 and 6: version and type 1, code 0, session, length, then PPP
            record.ethertype = ethertype
            if position + U(8) > end:
                record.verdict = SHORT_LINK
                break
            if u16(buffer, position) != U(0x1100):
                return OTHER, position, end, limit
            length = u16(buffer, position + U(4))
            end = min(end, position + U(6) + length)
            limit = min(limit, position + U(6) + length)
            if length < U(2):
                record.verdict = SHORT_LINK
                break
            inside = u16(buffer, position + U(6))  # RFC 1661, 2: the protocol field
            if inside == U(0x0021):
                ethertype = IPV4
            elif inside == U(0x0057):
                ethertype = IPV6
            elif inside == U(0x0281):  # RFC 3032, 4.3
                ethertype = U(0x8847)
            elif inside == U(0x0283):
                ethertype = U(0x8848)
            else:
                return OTHER, position, end, limit
            position += U(8)
        elif ethertype < _LLC and not llc:
            llc = True  # once: an LLC frame inside an LLC frame is none
            record.ethertype = ethertype
            end = min(end, position + ethertype)
            limit = min(limit, position + ethertype)
            # RFC 1042: SNAP with the organization code 0 carries an ethertype; 00-00-F8 is 802.1H's tunnel for the same
            if position + U(3) > end:
                if position + U(3) <= limit:
                    record.verdict = SHORT_LINK
                return OTHER, position, end, limit
            if u16(buffer, position) != U(0xAAAA) or u8(buffer, position + U(2)) != U(3):
                return OTHER, position, end, limit
            if position + U(8) > end:
                record.verdict = SHORT_LINK
                return OTHER, position, end, limit
            organization = u32(buffer, position + U(2)) & U(0xFFFFFF)
            inside = u16(buffer, position + U(6))
            if (organization != U(0) and organization != U(0xF8)) or inside < _LLC:
                return OTHER, position, end, limit
            ethertype = inside
            position += U(8)
        else:
            break
    record.ethertype = ethertype
    return ethertype, position, end, limit


@compiled
def cooked(buffer: Any, record: Any, position: Any, end: Any, limit: Any, second: Any) -> Any:
    """Read the header of Linux cooked captures (LINKTYPE_LINUX_SLL, or the second version's, _SLL2)."""
    size = U(20) if second else U(16)
    if position + size > end:
        record.verdict = SHORT_LINK
        return OTHER, position, end, limit
    if second:
        ethertype = u16(buffer, position)
        record.in_interface = u32(buffer, position + U(4))
        hardware = u16(buffer, position + U(8))
        length = u8(buffer, position + U(11))
        address = position + U(12)
    else:
        hardware = u16(buffer, position + U(2))
        length = u16(buffer, position + U(4))
        address = position + U(6)
        ethertype = u16(buffer, position + U(14))
    if length == U(6):
        record.source_mac = u48(buffer, address)
    position += size
    # Netlink and 802.11 put something else than an ethertype there.
    if hardware == U(824) or (hardware >= U(801) and hardware <= U(803)):
        return OTHER, position, end, limit
    if ethertype == U(4):  # LLC; its length is what is there
        ethertype = min(limit - position, _LLC - U(1))
    elif ethertype < _LLC:  # other numbers of Linux's own (if_ether.h): CAN, Novell's 802.3, …
        record.ethertype = ethertype
        return OTHER, position, end, limit
    return behind_tags(buffer, record, position, end, limit, ethertype)


@compiled
def loopback(buffer: Any, record: Any, position: Any, end: Any, limit: Any) -> Any:
    """Read the four octets of LINKTYPE_NULL and LINKTYPE_LOOP: an address family in either byte order."""
    if position + U(4) > end:
        record.verdict = SHORT_LINK
        return OTHER, position, end, limit
    family = u32(buffer, position)
    if family > _MAPPED_FAMILY:  # in the other order: no family has a number as high
        family = u8(buffer, position) | (u8(buffer, position + U(1)) << U(8))
    position += U(4)
    if family == U(2):
        record.ethertype = IPV4
        return IPV4, position, end, limit
    if family == U(10) or family == U(24) or family == U(28) or family == U(30):  # Linux, NetBSD, FreeBSD, Darwin
        record.ethertype = IPV6
        return IPV6, position, end, limit
    return OTHER, position, end, limit
