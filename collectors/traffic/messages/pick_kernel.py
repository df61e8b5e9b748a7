"""One pass over a batch: which records are messages of the local network, and who sent frames at all."""

from typing import Final

import numba
import numpy as np
from numba import njit
from numpy.typing import NDArray

from collectors.traffic.messages.dns_kernel import dns_message, dns_segment
from collectors.traffic.messages.layout import MAC_ROW, OVER_CAP, TAKEN, Row
from collectors.traffic.messages.lease_kernel import lease4, lease6
from collectors.traffic.messages.link_kernel import arp, bridge, discovery, network_at
from collectors.traffic.messages.share_kernel import SEED, asker_of
from collectors.traffic.packet.octets_kernel import u16, u48
from collectors.traffic.packet.prefetch_kernel import prefetch
from netmon.api.traffic import BRIDGE, DNS, FRAME, LEASE, MAC_SEEN, MAPPED, NEIGHBOUR, RECORD, ROUTER

U = np.uint64
_MAPPED = U(MAPPED)
_0, _1, _2, _4, _8, _16 = (U(n) for n in (0, 1, 2, 4, 8, 16))
_ETHERNET = 1
_BRIDGES = U(0x0180_C200_0000)  # the group address of bridges
_PROVIDER_BRIDGES = U(0x0180_C200_0008)  # IEEE 802.1ad
_PVST = U(0x0100_0CCC_CCCD)
_GROUP = U(1 << 40)  # no station sends from a group address
_MAC = U((1 << 48) - 1)
_VLAN_AT, _SLOT_AT = U(48), U(40)
_LINE = U(64)
_FAR, _NEAR = U(8), U(4)  # messages whose records, and whose frames, are asked for before they are read
_MIX = U(0x9E37_79B9_7F4A_7C15)  # Fibonacci hashing

# One signature, so that nothing is compiled while packets wait. What is only read may be read-only.
_SIGNATURE: Final = numba.void(
    numba.types.Array(numba.uint8, 1, "C", readonly=True),
    *(numba.types.Array(numba.from_dtype(dtype), 1, "C", readonly=True) for dtype in (FRAME, RECORD)),
    numba.types.Array(numba.uint32, 1, "C", readonly=True),
    numba.types.Array(numba.uint64, 1, "C", readonly=True),
    numba.int64,
    *(
        numba.types.Array(numba.from_dtype(dtype), 1, "C")
        for dtype in (DNS, NEIGHBOUR, LEASE, ROUTER, BRIDGE, MAC_SEEN)
    ),
    numba.types.Array(numba.uint8, 2, "A"),
    numba.types.Array(numba.uint32, 1, "C"),
    numba.types.Array(numba.uint32, 1, "C"),
    numba.types.Array(numba.uint64, 1, "C"),
    numba.types.Array(numba.uint64, 1, "C"),
    numba.types.Array(numba.uint64, 2, "C"),
)


@njit(inline="always")
def see_mac(
    r: Row, macs: NDArray[np.void], slots: NDArray[np.uint32], used: NDArray[np.uint64], counts: NDArray[np.uint64]
) -> None:
    """Count a frame of a MAC address in `macs` (MAC_SEEN). `slots`: u4[2^k], 1 + its row, more than twice as long."""
    mask = U(len(slots) - 1)
    mac = r.source_mac
    slot = ((mac ^ (U(r.vlan) << _VLAN_AT) ^ (U(r.in_interface) << U(20))) * _MIX) >> _SLOT_AT & mask
    row = U(slots[slot])
    while row != _0:
        row -= _1
        if macs[row].mac == mac and macs[row].vlan == r.vlan and macs[row].port == r.in_interface:
            macs[row].packets += 1
            if macs[row].hi == _0 and macs[row].lo == _0 and r.version != 0 and r.source_lo != _MAPPED:
                macs[row].hi = r.source_hi
                macs[row].lo = r.source_lo
            return
        slot = (slot + _1) & mask
        row = U(slots[slot])
    row = used[MAC_ROW]
    if row >= U(len(macs)):
        counts[MAC_ROW, OVER_CAP] += _1
        return
    slots[slot] = row + _1
    used[MAC_ROW] = row + _1
    counts[MAC_ROW, TAKEN] += _1
    macs[row].mac = mac
    macs[row].vlan = r.vlan
    macs[row].port = r.in_interface
    macs[row].packets = 1
    macs[row].hi = _0
    macs[row].lo = _0
    if r.version != 0 and r.source_lo != _MAPPED:
        macs[row].hi = r.source_hi
        macs[row].lo = r.source_lo


@njit(_SIGNATURE, cache=True, nogil=True, _nrt=False)  # type: ignore[call-overload]  # see `compiled`
def pick(
    b: NDArray[np.uint8],
    frames: NDArray[np.void],
    records: NDArray[np.void],
    rows: NDArray[np.uint32],
    stations: NDArray[np.uint64],
    link_type: int,
    dns: NDArray[np.void],
    neighbours: NDArray[np.void],
    leases: NDArray[np.void],
    routers: NDArray[np.void],
    bridges: NDArray[np.void],
    macs: NDArray[np.void],
    names: NDArray[np.uint8],
    slots: NDArray[np.uint32],
    askers: NDArray[np.uint32],
    share: NDArray[np.uint64],
    used: NDArray[np.uint64],
    counts: NDArray[np.uint64],
) -> None:
    """Read what messages `records` (RECORD) with `frames` (FRAME in `b`) hold into the tables.

    `rows` and `stations`: as in netmon.api.traffic.Notes; where a record has no station, who sent it is read there.
    `askers`, `share`: see share_kernel; `used`: u8[6], rows in use of each; `counts`: u8[6, 4], see layout.
    """
    total = U(len(b))
    mask = U(len(slots) - 1)
    for place in range(U(len(records))):
        if place < U(len(stations)):
            station = stations[place]
            row = U(slots[(station * _MIX) >> _SLOT_AT & mask])
            if row != _0:
                seen = macs[row - _1]
                if seen.lo != _0 and seen.mac == station & _MAC and seen.vlan == station >> _VLAN_AT and seen.port == 0:
                    seen.packets += 1
                    continue
        r = records[place]
        if r.source_mac != _0 and r.source_mac & _GROUP == _0:
            see_mac(r, macs, slots, used, counts)
    for place in range(U(len(rows))):
        if place + _FAR < U(len(rows)):
            prefetch(records, U(rows[place + _FAR]), _0)
            prefetch(records, U(rows[place + _FAR]), _LINE)
            prefetch(frames, U(rows[place + _FAR]), _0)
        if place + _NEAR < U(len(rows)) and U(rows[place + _NEAR]) < U(len(records)):
            coming = records[rows[place + _NEAR]]
            prefetch(askers, asker_of(coming, coming.source_port == 53, share[SEED], askers), _0)
            near = U(frames[rows[place + _NEAR]].at)
            prefetch(b, near, _LINE)
            prefetch(b, near, _0)
        i = U(rows[place])
        if i >= U(len(records)):
            continue
        r = records[i]
        protocol = r.protocol
        local = r.tunnel == 0  # what comes out of a tunnel is no message of this link
        if r.version == 0:
            if not local or (r.ethertype != 0x0806 and (r.ethertype >= 1536 or link_type != _ETHERNET)):
                continue
        elif protocol == 17:
            # What goes to port 67 or 547 is a client's or a relay's question, or a server's answer to a relay far away.
            if not (r.source_port == 53 or r.destination_port == 53 or r.destination_port == 68
                    or r.destination_port == 546):  # fmt: skip
                continue
        elif protocol == 6:
            if (r.source_port != 53 and r.destination_port != 53) or r.payload_length == 0:
                continue
        elif protocol != 58 or r.icmp_type < 134 or r.icmp_type > 136 or not local or r.fragment == 2:
            continue
        at = frames[i].at
        if at > total:
            continue
        end = at + U(frames[i].captured)
        end = min(end, total)
        if r.version == 0:
            if r.ethertype == 0x0806:
                arp(b, network_at(b, at, end, link_type, U(0x0806)), end, r, neighbours, used, counts)
                continue
            if at + _8 > end:
                continue
            to = u48(b, at)
            if to == _BRIDGES or to == _PROVIDER_BRIDGES or to == _PVST:
                bridge(b, network_at(b, at, end, link_type, _0), end, r, to == _PVST, bridges, used, counts)
            continue
        if protocol == 58:
            p = network_at(b, at, end, link_type, U(0x86DD))
            discovery(b, p, end, r, neighbours, routers, used, counts)
            continue
        p = at + U(r.payload_at)
        stop = min(p + U(r.payload_length), end)
        if p > stop or r.payload_at < 8:
            p = stop
        if protocol == 6:
            dns_segment(b, p, stop, r, dns, names, askers, share, used, counts)
        elif r.source_port == 53 or r.destination_port == 53:
            size = stop - p
            if p < stop and u16(b, p - _4) > size + _8:
                size = u16(b, p - _4) - _8  # as sent, where less was captured
            dns_message(b, p, stop, size, _0, r, dns, names, askers, share, used, counts)
        elif not local:
            continue
        elif r.version == 4:
            if r.destination_port != 546:
                lease4(b, p, stop, r, leases, used, counts)
        elif r.destination_port == 546:
            lease6(b, p, stop, r, leases, used, counts)
