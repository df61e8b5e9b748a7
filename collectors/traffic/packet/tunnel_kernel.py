"""The packet inside a packet: GRE, VXLAN, Geneve, IP in IP. One level."""

from typing import Any, Final

import numpy as np
from numba import njit

from collectors.traffic.packet.link_kernel import IPV4, IPV6, behind_tags
from collectors.traffic.packet.network_kernel import network
from collectors.traffic.packet.octets_kernel import compiled, u8, u16
from netmon.api.traffic import Fragment, Tunnel, Verdict

U = np.uint64

_GRE: Final = U(Tunnel.GRE)
_VXLAN: Final = U(Tunnel.VXLAN)
_GENEVE: Final = U(Tunnel.GENEVE)
_IP_IN_IP: Final = U(Tunnel.IP_IN_IP)

VXLAN_PORT: Final = U(4789)
GENEVE_PORT: Final = U(6081)

_NOTHING: Final = U(0)  # no ethertype: what is inside is none of ours, the outer packet stands
_FAULT: Final = U(1)  # the tunnel's own header cannot be read
_ETHERNET: Final = U(0x6558)  # RFC 1701: transparent Ethernet bridging
_ERSPAN_2: Final = U(0x88BE)
_ERSPAN_3: Final = U(0x22EB)


@compiled
def _gre(buffer: Any, position: Any, end: Any) -> Any:
    """Return ethertype and position of what a GRE packet carries: RFC 2784, 2890, 7637 and ERSPAN."""
    if position + U(4) > end:
        return _FAULT, position
    flags = u16(buffer, position)
    inside = u16(buffer, position + U(2))
    if flags & U(7) != U(0):  # version 1 is PPTP's (RFC 2637)
        return _NOTHING, position
    if flags & U(0x4000) != U(0):  # source routes: to be discarded by who does not do RFC 1701 (RFC 2784, 2.3)
        return _FAULT, position
    sequence = flags & U(0x1000) != U(0)
    position += U(4)
    position += U(4) if flags & U(0x8000) != U(0) else U(0)
    position += U(4) if flags & U(0x2000) != U(0) else U(0)
    position += U(4) if sequence else U(0)
    if inside == _ERSPAN_2:
        position += U(8) if sequence else U(0)  # type I has no header and no sequence number
        inside = _ETHERNET
    elif inside == _ERSPAN_3:
        if position + U(12) > end:
            return _FAULT, position
        position += U(20) if u8(buffer, position + U(11)) & U(1) != U(0) else U(12)
        inside = _ETHERNET
    return inside, position


@njit(inline="always")
def may_be_tunnel(record: Any) -> Any:
    """Tell quickly whether a record is worth a call of `inner`."""
    protocol = record.protocol
    port = record.destination_port
    return (
        protocol == 4
        or protocol == 41
        or protocol == 47
        or (protocol == 17 and (port == VXLAN_PORT or port == GENEVE_PORT))
    )


@compiled
def inner(buffer: Any, records: Any, row: Any, keep: Any, first: Any, end: Any, limit: Any, tunnels: Any) -> None:
    """Replace the addresses and what lies above them by the inner packet's, where the record is of a tunnel to look in.

    The link layer's fields (MAC addresses, VLANs, labels, ethertype) stay the outer frame's. `keep` has
    room for the outer packet's record meanwhile: it stands where the inner one is not IP, and with BAD_TUNNEL where it
    cannot be read.
    """
    record = records[row]
    if record.fragment == U(Fragment.LATER):
        return
    position = first + U(record.payload_at)
    end = min(end, position + U(record.payload_length))
    protocol = U(record.protocol)
    port = U(record.destination_port)
    inside = _NOTHING
    kind = U(0)
    if (protocol == U(4) or protocol == U(41)) and tunnels >> _IP_IN_IP & U(1) != U(0):  # RFC 2003, 2473, 4213
        kind = _IP_IN_IP
        inside = IPV4 if protocol == U(4) else IPV6
    elif protocol == U(47) and tunnels >> _GRE & U(1) != U(0):
        kind = _GRE
        inside, position = _gre(buffer, position, end)
    elif protocol == U(17) and port == VXLAN_PORT and tunnels >> _VXLAN & U(1) != U(0):  # RFC 7348, 5
        kind = _VXLAN
        if position + U(8) > end:
            inside = _FAULT
        elif u8(buffer, position) & U(8) != U(0):  # without a valid VNI it is no VXLAN
            inside = _ETHERNET
            position += U(8)
    elif protocol == U(17) and port == GENEVE_PORT and tunnels >> _GENEVE & U(1) != U(0):  # RFC 8926, 3.4
        kind = _GENEVE
        if position + U(8) > end:
            inside = _FAULT
        elif u8(buffer, position) >> U(6) == U(0):
            inside = u16(buffer, position + U(2))
            position += U(8) + ((u8(buffer, position) & U(63)) << U(2))
    if inside == _NOTHING:
        return
    if position <= end and inside == _ETHERNET:
        if position + U(14) > end:
            inside = _FAULT
        else:
            inside = u16(buffer, position + U(12))
            position += U(14)
    if position > end or inside == _FAULT:
        record.verdict = U(Verdict.BAD_TUNNEL)
        return
    keep[0] = records[row]
    record.vlan = 0
    inside, position, end, limit = behind_tags(buffer, record, position, end, limit, inside)
    is_ip = inside == IPV4 or inside == IPV6
    if is_ip and record.verdict == U(Verdict.OK):
        network(buffer, record, first, position, end, limit, inside)
    verdict = U(record.verdict)
    if not is_ip or verdict == U(Verdict.SHORT_LINK) or verdict == U(Verdict.BAD_NETWORK):
        records[row] = keep[0]
        if verdict != U(Verdict.OK):
            records[row].verdict = U(Verdict.BAD_TUNNEL)
        return
    record.vlan = keep[0].vlan
    record.inner_vlan = keep[0].inner_vlan
    record.mpls = keep[0].mpls
    record.ethertype = keep[0].ethertype
    record.tunnel = kind
