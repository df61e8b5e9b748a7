"""The compiled pass over records of which only volumes are wanted: who sent and received how much, by which ports.

A row is half a cache line where that of the tables is four. Everything it writes is handed in.
"""

from typing import Any, Final

import numpy as np
from numba import njit

from rules.traffic.tables.ends_kernel import OPTIONS, claim, mix
from rules.traffic.tables.ports_kernel import count_port
from rules.traffic.tables.prefetch import prefetch

VOLUME: Final = np.dtype([("hi", "u8"), ("lo", "u8"), ("bytes", "u8"), ("packets", "u8")])
"""What one address received, or sent, as ENDPOINT names it."""
STATE: Final = np.dtype(
    [
        ("seed", "u8"),
        ("destinations", "u8"),  # rows in use
        ("sources", "u8"),
        ("ports", "u8"),
        ("no_destination", "u8"),  # records that there was no row for
        ("no_source", "u8"),
        ("records", "u8"),
        ("packets", "u8"),
        ("bytes", "u8"),
    ]
)
AHEAD: Final = 64  # records that are looked ahead at once

U = np.uint64
_0, _1 = U(0), U(1)
_LOW = U(0xFFFF_FFFF)


@njit(inline="always")
def _put(rows: Any, index: Any, used: Any, hi: Any, lo: Any, mixed: Any, octets: Any, packets: Any) -> Any:
    """Add to an address's row; return the number of rows in use, and 1 where there was no room."""
    row = claim(rows, index, used, hi, lo, mixed)
    if row >= U(len(rows)):
        return used, _1
    rows[row].bytes += octets
    rows[row].packets += packets
    return (used + _1 if row == used else used), _0


@njit(**OPTIONS)
def add_up(
    records: Any,
    states: Any,
    destinations: Any,
    destination_index: Any,
    sources: Any,
    source_index: Any,
    ports: Any,
    ports_used: Any,
    ahead: Any,
) -> None:
    """Add up records (RECORD).

    `states`: STATE[1]; `destinations`, `sources`: VOLUME, empty rows zero; indexes: u8, a power of two, at least twice
    the rows; `ports`: PORT[PORT_ROWS]; `ports_used`: u4[PORT_ROWS]; `ahead`: u8[AHEAD, 2], for hashes.
    """
    state = states[0]
    seed = state.seed
    used_d, used_s, used_p = state.destinations, state.sources, state.ports
    total = U(len(records))
    mask = U(len(destination_index) - 1)
    for begin in range(_0, total, U(AHEAD)):
        width = min(U(AHEAD), total - begin)
        for i in range(width):
            r = records[begin + i]
            ahead[i, _0] = mix(r.destination_hi ^ seed, r.destination_lo)
            ahead[i, _1] = mix(r.source_hi ^ seed, r.source_lo)
            prefetch(destination_index, ahead[i, _0] & mask, _0)
            prefetch(source_index, ahead[i, _1] & mask, _0)
        for i in range(width):
            entry, other = destination_index[ahead[i, _0] & mask], source_index[ahead[i, _1] & mask]
            if entry:
                prefetch(destinations, (entry & _LOW) - _1, _0)
            if other:
                prefetch(sources, (other & _LOW) - _1, _0)
        for i in range(width):
            r = records[begin + i]
            packets, octets = U(r.packets), U(r.bytes)
            reply_packets, reply_octets = U(r.reply_packets), U(r.reply_bytes)
            single = packets == U(r.sampling) and r.start_ns == r.end_ns
            if packets == _0 and octets > _0:
                packets = _1  # an exporter that does not count packets: there was one at least
            all_packets, all_octets = packets + reply_packets, octets + reply_octets
            state.packets += all_packets
            state.bytes += all_octets
            if r.version == 0 or all_packets == _0:
                continue
            used_p = count_port(ports, ports_used, used_p, r, single, packets, all_packets, all_octets)

            d_hi, d_lo, s_hi, s_lo = U(r.destination_hi), U(r.destination_lo), U(r.source_hi), U(r.source_lo)
            if packets:
                used_d, lost = _put(destinations, destination_index, used_d, d_hi, d_lo, ahead[i, _0], octets, packets)
                state.no_destination += lost
                used_s, lost = _put(sources, source_index, used_s, s_hi, s_lo, ahead[i, _1], octets, packets)
                state.no_source += lost
            if reply_packets:
                octets, packets = reply_octets, reply_packets
                used_d, lost = _put(destinations, destination_index, used_d, s_hi, s_lo, ahead[i, _1], octets, packets)
                state.no_destination += lost
                used_s, lost = _put(sources, source_index, used_s, d_hi, d_lo, ahead[i, _0], octets, packets)
                state.no_source += lost
    state.records += total
    state.destinations, state.sources, state.ports = used_d, used_s, used_p
