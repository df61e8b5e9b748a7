"""The compiled passes over a window's flows and over its tables of addresses. Everything they write is handed in."""

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from netmon.api.prefix_kernel import Lookup, longest

IN, OUT, INTERNAL, TRANSIT = range(4)
BYTES, PACKETS, FLOWS = range(3)
TCP, UDP, ICMP, OTHER = range(4)
LINK_BYTES_IN, LINK_BYTES_OUT, LINK_PACKETS_IN, LINK_PACKETS_OUT = range(4)
LINK_COUNT, LINK_DROPPED = range(2)

_OPTIONS: Final[dict[str, Any]] = {"cache": True, "nogil": True, "_nrt": False}
"""The loops make no arrays: without numba's counting of references they are shorter."""

U = np.uint64
_0, _1, _32 = U(0), U(1), U(32)
_29 = U(29)
_ODD = U(0x9E37_79B9_7F4A_7C15)
_ACTIVE: Final = U(2)  # EndReason.ACTIVE: a part of a flow that goes on

_longest: Any = njit(inline="always")(longest)


@njit(inline="always")
def _placed(lookup: Lookup, last: np.uint64, hi: np.uint64, lo: np.uint64) -> Any:
    found = _longest(lookup, hi, lo)
    return last if found < 0 else U(found)


@njit(inline="always")
def _way(from_own: bool, to_own: bool) -> Any:
    if from_own:
        return U(INTERNAL) if to_own else U(OUT)
    return U(IN) if to_own else U(TRANSIT)


@njit(inline="always")
def _kind(protocol: np.uint64) -> Any:
    if protocol == U(6):
        return U(TCP)
    if protocol == U(17):
        return U(UDP)
    return U(ICMP) if protocol == U(1) or protocol == U(58) else U(OTHER)


@njit(inline="always")
def _link(key: np.uint64, slots: NDArray[np.uint32], keys: NDArray[np.uint64], state: NDArray[np.uint64]) -> Any:
    """Return the row of an interface, a new one where it has none; where there is no room, the one behind all."""
    mask = U(len(slots)) - _1
    at = (key * _ODD >> _32) & mask
    row = U(slots[at])
    while row != _0 and keys[row - _1] != key:
        at = (at + _1) & mask
        row = U(slots[at])
    if row == _0:
        row = state[U(LINK_COUNT)] + _1
        if row > U(len(keys)):
            state[U(LINK_DROPPED)] += _1
        else:
            keys[row - _1] = key
            slots[at] = row
            state[U(LINK_COUNT)] = row
    return row - _1


@njit(**_OPTIONS)
def count_flows(
    flows: NDArray[np.void],
    whole: bool,
    lookup: Lookup,
    own: NDArray[np.bool_],
    codes: NDArray[np.int64],
    sites: int,
    crossed: NDArray[np.uint64],
    received: NDArray[np.uint64],
    protocols: NDArray[np.uint64],
    both: NDArray[np.bool_],
    slots: NDArray[np.uint32],
    keys: NDArray[np.uint64],
    links: NDArray[np.uint64],
    state: NDArray[np.uint64],
) -> bool:
    """Add flows to sums: without `whole` only their number, by site and direction.

    `crossed` has shape (directions, sites, 3), `received` (sites, 2), `protocols` (2 versions, 4 kinds, 2), `links`
    (most + 1, 4), the last for want of room, for `keys` of exporter << 32 | ifIndex, found by `slots`, a power of two
    of at least twice as many. `both` tells by the low bits of its row which exporter reports output by itself. Tells
    whether one was met that is not yet marked so, and marks it: the sums of links are wrong then.
    """
    last, nowhere = U(len(own) - 1), U(sites - 1)
    mask = U(len(both)) - _1
    wrong = False
    for number in range(len(flows)):
        flow = flows[U(number)]
        source = _placed(lookup, last, flow.source_hi, flow.source_lo)
        destination = _placed(lookup, last, flow.destination_hi, flow.destination_lo)
        from_own, to_own = own[source], own[destination]
        from_site, to_site = U(codes[source]), U(codes[destination])
        way = _way(from_own, to_own)
        site = from_site if from_own else to_site if to_own else nowhere
        if not whole:
            crossed[way, site, U(FLOWS)] += _1
            continue
        octets, packets = flow.bytes, flow.packets
        crossed[way, site, U(BYTES)] += octets
        crossed[way, site, U(PACKETS)] += packets
        crossed[way, site, U(FLOWS)] += _0 if U(flow.end_reason) == _ACTIVE else _1
        if to_own:
            received[to_site, U(BYTES)] += octets
            received[to_site, U(PACKETS)] += packets
        back_octets, back_packets = flow.reply_bytes, flow.reply_packets
        if back_octets != _0 or back_packets != _0:
            back = _way(to_own, from_own)
            site = to_site if to_own else from_site if from_own else nowhere
            crossed[back, site, U(BYTES)] += back_octets
            crossed[back, site, U(PACKETS)] += back_packets
            if from_own:
                received[from_site, U(BYTES)] += back_octets
                received[from_site, U(PACKETS)] += back_packets
        kind, version = _kind(U(flow.protocol)), _1 if U(flow.version) == U(6) else _0
        protocols[version, kind, U(BYTES)] += octets + back_octets
        protocols[version, kind, U(PACKETS)] += packets + back_packets
        exporter = U(flow.exporter)
        if exporter == _0:
            continue
        egress = flow.direction == 1
        if egress and not both[exporter & mask]:
            both[exporter & mask] = True
            wrong = True
        once = egress or not both[exporter & mask]
        came, went = U(flow.in_interface), U(flow.out_interface)
        if came != _0:
            row = _link(exporter << _32 | came, slots, keys, state)
            if not egress:
                links[row, U(LINK_BYTES_IN)] += octets
                links[row, U(LINK_PACKETS_IN)] += packets
            if once:
                links[row, U(LINK_BYTES_OUT)] += back_octets
                links[row, U(LINK_PACKETS_OUT)] += back_packets
        if went != _0:
            row = _link(exporter << _32 | went, slots, keys, state)
            if once:
                links[row, U(LINK_BYTES_OUT)] += octets
                links[row, U(LINK_PACKETS_OUT)] += packets
            if not egress:
                links[row, U(LINK_BYTES_IN)] += back_octets
                links[row, U(LINK_PACKETS_IN)] += back_packets
    return wrong


@njit(**_OPTIONS)
def count_ends(
    rows: NDArray[np.void],
    lookup: Lookup,
    own: NDArray[np.bool_],
    codes: NDArray[np.int64],
    sums: NDArray[np.uint64],
    protocols: NDArray[np.uint64],
) -> None:
    """Add the rows of addresses (ENDPOINT) to sums of shape (sites, 2), of ours, and to those of all by version.

    `protocols` has shape (2, 4, 2), as in `count_flows`, but its last kind is all; with shape (0, 4, 2) it is left.
    """
    last = U(len(own) - 1)
    by_kind = len(protocols) > 0
    for number in range(len(rows)):
        row = rows[U(number)]
        octets, packets = row.bytes, U(row.packets)
        place = _placed(lookup, last, row.hi, row.lo)
        if own[place]:
            sums[U(codes[place]), U(BYTES)] += octets
            sums[U(codes[place]), U(PACKETS)] += packets
        if by_kind:
            version = _0 if row.hi == _0 and row.lo >> _32 == U(0xFFFF) else _1
            protocols[version, U(TCP), U(BYTES)] += row.tcp_bytes
            protocols[version, U(UDP), U(BYTES)] += row.udp_bytes
            protocols[version, U(ICMP), U(BYTES)] += row.icmp_bytes
            protocols[version, U(OTHER), U(BYTES)] += octets
            protocols[version, U(TCP), U(PACKETS)] += U(row.tcp)
            protocols[version, U(UDP), U(PACKETS)] += U(row.udp)
            protocols[version, U(ICMP), U(PACKETS)] += U(row.icmp)
            protocols[version, U(OTHER), U(PACKETS)] += packets


@njit("void(uint64[:], uint64[:], uint64, uint64[:])", **_OPTIONS)
def hash_keys(hi: NDArray[np.uint64], lo: NDArray[np.uint64], seed: np.uint64, hashes: NDArray[np.uint64]) -> None:
    """Mix pairs of numbers to 64 bits that nobody outside can foretell."""
    for number in range(len(hashes)):
        row = U(number)
        mixed = (hi[row] ^ seed) * _ODD
        mixed ^= mixed >> _29
        mixed = (mixed + lo[row]) * seed
        mixed ^= mixed >> _29
        hashes[row] = mixed * _ODD
