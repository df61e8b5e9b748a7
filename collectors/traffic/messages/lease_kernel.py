"""What DHCP servers say to their clients: RFC 2131 and RFC 2132, DHCPv6 RFC 8415."""

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.messages.layout import LEASE_ROW, MALFORMED, OTHER, OVER_CAP, TAKEN, Row
from collectors.traffic.packet.octets_kernel import compiled, u8, u16, u32, u48, u64
from netmon.api.traffic import MAPPED

U = np.uint64
_MAPPED = U(MAPPED)
_0, _1, _2, _3, _4, _6, _8, _16 = (U(n) for n in (0, 1, 2, 3, 4, 6, 8, 16))
_FIXED = U(240)  # the fixed fields and the magic cookie
_COOKIE = U(0x63825363)


@compiled
def lease4(
    b: NDArray[np.uint8],
    p: np.uint64,
    end: np.uint64,
    r: Row,
    leases: NDArray[np.void],
    used: NDArray[np.uint64],
    counts: NDArray[np.uint64],
) -> None:
    """Read a DHCP server's message in `b[p:end]` into the next row of `leases` (LEASE)."""
    if p + _FIXED > end or u32(b, p + U(236)) != _COOKIE:
        counts[LEASE_ROW, MALFORMED] += _1
        return
    if u8(b, p) != _2:  # BOOTREPLY
        counts[LEASE_ROW, OTHER] += _1
        return
    row = used[LEASE_ROW]
    if row >= U(len(leases)):
        counts[LEASE_ROW, OVER_CAP] += _1
        return
    kind = _0
    server = _0
    router = _0
    default_route = _0
    resolver = _0
    overload = _0
    # Options may go on in `file` and then in `sname` (option 52: RFC 2132, 9.3).
    for part in range(3):
        q = p + _FIXED
        stop = end
        if part == 1:
            if overload & _1 == _0:
                continue
            q = p + U(108)
            stop = p + U(236)
        elif part == 2:
            if overload & _2 == _0:
                continue
            q = p + U(44)
            stop = p + U(108)
        while q < stop:
            code = u8(b, q)
            q += _1
            if code == U(255):
                break
            if code == _0:
                continue
            if q >= stop or q + _1 + u8(b, q) > stop:
                counts[LEASE_ROW, MALFORMED] += _1
                return
            length = u8(b, q)
            q += _1
            if code == U(53) and length == _1:
                kind = u8(b, q)
            elif code == U(54) and length == _4:
                server = u32(b, q)
            elif code == _3 and length >= _4 and router == _0:
                router = u32(b, q)
            elif code == _6 and length >= _4 and resolver == _0:
                resolver = u32(b, q)
            elif code == U(52) and length == _1 and part == 0:
                overload = u8(b, q)
            elif code == U(121) and length >= U(5) and default_route == _0:
                # Classless routes: a client that knows them ignores option 3 (RFC 3442). Width 0 is the default route.
                k = q
                while k + U(5) <= q + length:
                    width = u8(b, k)
                    if width > U(32):
                        break
                    if width == _0:
                        default_route = u32(b, k + _1)
                        break
                    k += U(5) + ((width + U(7)) >> _3)
            q += length
    if kind == _0:  # plain BOOTP
        counts[LEASE_ROW, OTHER] += _1
        return
    if default_route != _0:
        router = default_route
    offered = u32(b, p + _16)
    o = leases[row]
    o.at_ns = r.start_ns
    o.frame_mac = r.source_mac
    o.client_mac = _0
    if u8(b, p + _1) == _1 and u8(b, p + _2) == _6:
        o.client_mac = u48(b, p + U(28))
    o.server_hi = _0
    if server != _0:
        o.server_lo = _MAPPED | server
    else:
        o.server_hi = r.source_hi
        o.server_lo = r.source_lo
    o.offered_hi = _0
    o.offered_lo = _0
    if offered != _0:
        o.offered_lo = _MAPPED | offered
    o.router_hi = _0
    o.router_lo = _0
    if router != _0:
        o.router_lo = _MAPPED | router
    o.resolver_hi = _0
    o.resolver_lo = _0
    if resolver != _0:
        o.resolver_lo = _MAPPED | resolver
    o.vlan = r.vlan
    o.kind = kind
    o.version = 4
    used[LEASE_ROW] = row + _1
    counts[LEASE_ROW, TAKEN] += _1


@compiled
def lease6(
    b: NDArray[np.uint8],
    p: np.uint64,
    end: np.uint64,
    r: Row,
    leases: NDArray[np.void],
    used: NDArray[np.uint64],
    counts: NDArray[np.uint64],
) -> None:
    """Read a DHCPv6 server's ADVERTISE or REPLY in `b[p:end]` into the next row of `leases` (LEASE)."""
    if p + _4 > end:
        counts[LEASE_ROW, MALFORMED] += _1
        return
    kind = u8(b, p)
    if kind != _2 and kind != U(7):
        counts[LEASE_ROW, OTHER] += _1
        return
    row = used[LEASE_ROW]
    if row >= U(len(leases)):
        counts[LEASE_ROW, OVER_CAP] += _1
        return
    client = _0
    offered_hi = _0
    offered_lo = _0
    resolver_hi = _0
    resolver_lo = _0
    q = p + _4
    while q < end:
        if q + _4 > end or q + _4 + u16(b, q + _2) > end:
            counts[LEASE_ROW, MALFORMED] += _1
            return
        code = u16(b, q)
        length = u16(b, q + _2)
        q += _4
        if code == _1 and length >= U(10) and u16(b, q + _2) == _1:  # the client's DUID, of Ethernet
            if u16(b, q) == _3:  # DUID-LL
                client = u48(b, q + _4)
            elif u16(b, q) == _1 and length >= U(14):  # DUID-LLT
                client = u48(b, q + _8)
        elif code == _3 and length >= U(12) and offered_hi == _0:  # IA_NA: IAID, T1, T2, then options
            k = q + U(12)
            while k + _4 <= q + length:
                inner = u16(b, k + _2)
                if k + _4 + inner > q + length:
                    counts[LEASE_ROW, MALFORMED] += _1
                    return
                if u16(b, k) == U(5) and inner >= U(24):  # IAADDR
                    offered_hi = u64(b, k + _4)
                    offered_lo = u64(b, k + U(12))
                    break
                k += _4 + inner
        elif code == U(23) and length >= _16:  # DNS servers: RFC 3646
            resolver_hi = u64(b, q)
            resolver_lo = u64(b, q + _8)
        q += length
    o = leases[row]
    o.at_ns = r.start_ns
    o.frame_mac = r.source_mac
    o.client_mac = client
    o.server_hi = r.source_hi
    o.server_lo = r.source_lo
    o.offered_hi = offered_hi
    o.offered_lo = offered_lo
    o.router_hi = _0
    o.router_lo = _0
    o.resolver_hi = resolver_hi
    o.resolver_lo = resolver_lo
    o.vlan = r.vlan
    o.kind = kind + U(100)
    o.version = 6
    used[LEASE_ROW] = row + _1
    counts[LEASE_ROW, TAKEN] += _1
