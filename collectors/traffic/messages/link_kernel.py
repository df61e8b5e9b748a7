"""ARP (RFC 826), neighbour and router discovery (RFC 4861), bridges' BPDUs (IEEE 802.1D, 802.1Q, Cisco's PVST+)."""

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.messages.layout import (
    BRIDGE_ROW,
    MALFORMED,
    NEIGHBOUR_ROW,
    OTHER,
    OVER_CAP,
    ROUTER_ROW,
    TAKEN,
    Row,
)
from collectors.traffic.packet.octets_kernel import compiled, u8, u16, u32, u48, u64
from netmon.api.traffic import MAPPED

U = np.uint64
_MAPPED = U(MAPPED)
_0, _1, _2, _3, _4, _5, _6, _8, _12, _14, _16, _24, _40 = (U(n) for n in (0, 1, 2, 3, 4, 5, 6, 8, 12, 14, 16, 24, 40))
_ETHERNET, _SLL, _SLL2 = 1, 113, 276
_EXTENSIONS_MAX = 8


@compiled
def network_at(b: NDArray[np.uint8], p: np.uint64, end: np.uint64, link_type: int, ethertype: np.uint64) -> np.uint64:
    """Return where what the link layer carries begins, behind VLAN tags; `end` where it is not of this EtherType.

    Below 1536 any length will do (IEEE 802.3). `b[p:end]` is a frame. Labels and PPPoE carry no local messages.
    """
    if link_type == _ETHERNET:
        at = p + _12
        q = p + _14
    elif link_type == _SLL:
        at = p + _14
        q = p + _16
    elif link_type == _SLL2:
        at = p
        q = p + U(20)
    else:
        return end
    for _ in range(4):
        if q > end:
            return end
        kind = u16(b, at)
        if kind == U(0x8100) or kind == U(0x88A8) or kind == U(0x9100):
            at = q + _2
            q += _4
        elif kind == ethertype or (kind < U(1536) and ethertype < U(1536)):
            return q
        else:
            return end
    return end


@compiled
def arp(
    b: NDArray[np.uint8],
    p: np.uint64,
    end: np.uint64,
    r: Row,
    neighbours: NDArray[np.void],
    used: NDArray[np.uint64],
    counts: NDArray[np.uint64],
) -> None:
    """Read the ARP packet in `b[p:end]` into the next row of `neighbours` (NEIGHBOUR)."""
    if p + _8 > end:
        counts[NEIGHBOUR_ROW, MALFORMED] += _1
        return
    kind = u16(b, p + _6)
    # IPv4 over Ethernet, request or reply; also where the hardware type is IEEE 802's.
    hardware = u16(b, p)
    if (hardware != _1 and hardware != _6) or u16(b, p + _2) != U(0x0800) or u16(b, p + _4) != U(0x0604):
        counts[NEIGHBOUR_ROW, OTHER] += _1
        return
    if kind != _1 and kind != _2:
        counts[NEIGHBOUR_ROW, OTHER] += _1
        return
    if p + U(28) > end:
        counts[NEIGHBOUR_ROW, MALFORMED] += _1
        return
    row = used[NEIGHBOUR_ROW]
    if row >= U(len(neighbours)):
        counts[NEIGHBOUR_ROW, OVER_CAP] += _1
        return
    claimed = u32(b, p + _14)
    o = neighbours[row]
    o.at_ns = r.start_ns
    o.frame_mac = r.source_mac
    o.claimed_mac = u48(b, p + _8)
    o.hi = _0
    o.lo = _MAPPED | claimed
    o.asked_hi = _0
    o.asked_lo = _MAPPED | u32(b, p + _24)
    o.vlan = r.vlan
    o.kind = kind
    o.probe = 0
    if claimed == _0:
        o.probe = 1  # RFC 5227, 2.1.1
    used[NEIGHBOUR_ROW] = row + _1
    counts[NEIGHBOUR_ROW, TAKEN] += _1


@compiled
def discovery(
    b: NDArray[np.uint8],
    p: np.uint64,
    end: np.uint64,
    r: Row,
    neighbours: NDArray[np.void],
    routers: NDArray[np.void],
    used: NDArray[np.uint64],
    counts: NDArray[np.uint64],
) -> None:
    """Read the IPv6 packet in `b[p:end]`: a neighbour solicitation or advertisement, or a router advertisement.

    Extension headers before it are walked: hiding an advertisement behind one is how filters are passed (RFC 7113).
    """
    which = NEIGHBOUR_ROW
    if r.icmp_type == 134:
        which = ROUTER_ROW
    if p + _40 > end:
        counts[which, MALFORMED] += _1
        return
    end = min(end, p + _40 + u16(b, p + _4))  # what follows the packet is the link layer's padding
    following = u8(b, p + _6)
    hops = u8(b, p + U(7))
    q = p + _40
    for _ in range(_EXTENSIONS_MAX):
        if following != _0 and following != U(43) and following != U(44) and following != U(60):
            break
        if q + _8 > end:
            counts[which, MALFORMED] += _1
            return
        if following == U(44):
            step = _8
        else:
            step = (u8(b, q + _1) + _1) << _3
        following = u8(b, q)
        q += step
    # A neighbour message that came through a router is none: RFC 4861, 6.1.2 and 7.1.
    if following != U(58) or hops != U(255) or q + _16 > end or u8(b, q + _1) != _0:
        counts[which, MALFORMED] += _1
        return
    kind = u8(b, q)
    options = q + _24
    if kind == U(134):
        options = q + _16
    if options > end or kind < U(134) or kind > U(136):
        counts[which, MALFORMED] += _1
        return
    link_address = _0
    prefix_hi = _0
    prefix_lo = _0
    prefix_length = _0
    wanted = _1  # source link-layer address
    if kind == U(136):
        wanted = _2  # target link-layer address
    k = options
    while k < end:
        if k + _2 > end or u8(b, k + _1) == _0 or k + (u8(b, k + _1) << _3) > end:
            counts[which, MALFORMED] += _1
            return
        length = u8(b, k + _1) << _3
        code = u8(b, k)
        if code == wanted and link_address == _0:
            link_address = u48(b, k + _2)
        elif code == _3 and length == U(32) and kind == U(134) and prefix_hi == _0:
            prefix_length = u8(b, k + _2)
            prefix_hi = u64(b, k + _16)
            prefix_lo = u64(b, k + _24)
        k += length
    row = used[which]
    if kind == U(134):
        if row >= U(len(routers)):
            counts[which, OVER_CAP] += _1
            return
        o = routers[row]
        o.at_ns = r.start_ns
        o.frame_mac = r.source_mac
        o.hi = u64(b, p + _8)
        o.lo = u64(b, p + _16)
        o.prefix_hi = prefix_hi
        o.prefix_lo = prefix_lo
        o.vlan = r.vlan
        o.lifetime_s = u16(b, q + _6)
        o.prefix_length = prefix_length
        o.managed = u8(b, q + _5) >> U(7)
    else:
        if row >= U(len(neighbours)):
            counts[which, OVER_CAP] += _1
            return
        m = neighbours[row]
        m.at_ns = r.start_ns
        m.frame_mac = r.source_mac
        m.claimed_mac = link_address
        m.asked_hi = u64(b, q + _8)
        m.asked_lo = u64(b, q + _16)
        m.vlan = r.vlan
        m.probe = 0
        if kind == U(135):
            m.kind = 3
            m.hi = u64(b, p + _8)
            m.lo = u64(b, p + _16)
            if m.hi == _0 and m.lo == _0:
                m.probe = 1  # duplicate address detection: RFC 4862, 5.4.2
        else:
            m.kind = 4
            m.hi = m.asked_hi
            m.lo = m.asked_lo
    used[which] = row + _1
    counts[which, TAKEN] += _1


@compiled
def bridge(
    b: NDArray[np.uint8],
    p: np.uint64,
    end: np.uint64,
    r: Row,
    per_vlan: bool,
    bridges: NDArray[np.void],
    used: NDArray[np.uint64],
    counts: NDArray[np.uint64],
) -> None:
    """Read the BPDU behind the LLC header in `b[p:end]` into the next row of `bridges` (BRIDGE)."""
    if per_vlan:
        q = p + _8  # AA AA 03, 00000C, 010B
        sound = q <= end and u32(b, p) == U(0xAAAA0300) and u32(b, p + _4) == U(0x000C010B)
    else:
        q = p + _3
        sound = q <= end and u16(b, p) == U(0x4242)
    if not sound:
        counts[BRIDGE_ROW, OTHER] += _1
        return
    if q + _4 > end or u16(b, q) != _0:
        counts[BRIDGE_ROW, MALFORMED] += _1
        return
    kind = u8(b, q + _3)
    if kind != U(0x80) and (q + U(35) > end or (kind != _0 and kind != _2)):
        counts[BRIDGE_ROW, MALFORMED] += _1
        return
    row = used[BRIDGE_ROW]
    if row >= U(len(bridges)):
        counts[BRIDGE_ROW, OVER_CAP] += _1
        return
    o = bridges[row]
    o.at_ns = r.start_ns
    o.frame_mac = r.source_mac
    o.root = _0
    o.bridge = _0
    o.cost = _0
    o.vlan = r.vlan
    o.change = 1  # a TCN BPDU says nothing else
    o.version = u8(b, q + _2)
    if kind != U(0x80):
        o.change = u8(b, q + _4) & _1
        o.root = u64(b, q + _5)
        o.cost = u32(b, q + U(13))
        o.bridge = u64(b, q + U(17))
    if per_vlan:
        o.version = 255
        if q + U(42) <= end and u32(b, q + U(36)) == _2:  # the VLAN that it speaks of: type 0, length 2
            o.vlan = u16(b, q + _40)
    used[BRIDGE_ROW] = row + _1
    counts[BRIDGE_ROW, TAKEN] += _1
