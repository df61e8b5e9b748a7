"""The compiled pass that adds up the tables of several windows: one row for each address, whoever counted it."""

from typing import Any

import numpy as np
from numba import njit

from rules.traffic.tables.ends_kernel import OPTIONS, mix
from rules.traffic.tables.prefetch import prefetch
from rules.traffic.tables.row_kernel import more, voted

U = np.uint64
_0, _1 = U(0), U(1)
_LOW, _MOST = U(0xFFFF_FFFF), U(0xFFFF_FFFF)
_NEAR, _FAR = U(8), U(16)
"""Rows that are looked ahead at: first their place in the index, then the row that it leads to."""
_LINES = (U(0), U(64), U(128), U(192))


@njit(**OPTIONS)
def fold(rows: Any, index: Any, used: Any, table: Any, seed: Any) -> Any:
    """Add a table's rows to `rows`, of which `used` are filled; return how many are filled then.

    `rows`, `table`: ENDPOINT, of `rows` as many as all tables have that are added; `index`: u8, a power of two and at
    least twice as many, zeros before the first table; `seed`: of the hash.
    """
    mask, total = U(len(index) - 1), U(len(table))
    for step in range(_0, total + _FAR):
        if step < total:
            prefetch(index, mix(U(table[step].hi) ^ seed, U(table[step].lo)) & mask, _0)
        if _NEAR <= step < total + _NEAR:
            row = table[step - _NEAR]
            entry = index[mix(U(row.hi) ^ seed, U(row.lo)) & mask]
            near = (entry & _LOW) - _1 if entry else used + _NEAR
            for line in _LINES:
                prefetch(rows, near, line)
        if step < _FAR:
            continue
        row = table[step - _FAR]
        hi, lo = U(row.hi), U(row.lo)
        mixed = mix(hi ^ seed, lo)
        tag, slot = mixed & ~_LOW, mixed & mask
        while True:
            entry = index[slot]
            if entry == _0:
                if used < U(len(rows)):
                    rows[used] = row
                    rows[used].hi, rows[used].lo = hi, lo
                    used += _1
                    index[slot] = tag | used
                break
            at = (entry & _LOW) - _1
            if ((entry ^ mixed) & ~_LOW) == _0 and rows[at].lo == lo and rows[at].hi == hi:
                _join(rows[at], row)
                break
            slot = (slot + _1) & mask
    return used


@njit(inline="always")
def _join(row: Any, other: Any) -> None:
    """Add to a row what another process counted of the same address."""
    row.bytes += other.bytes
    row.tcp_bytes += other.tcp_bytes
    row.udp_bytes += other.udp_bytes
    row.icmp_bytes += other.icmp_bytes
    row.reflected_bytes += other.reflected_bytes
    row.fragment_bytes += other.fragment_bytes
    row.packets = more(row.packets, U(other.packets))
    row.tcp = more(row.tcp, U(other.tcp))
    row.udp = more(row.udp, U(other.udp))
    row.ack = more(row.ack, U(other.ack))
    row.icmp = more(row.icmp, U(other.icmp))
    row.syn = more(row.syn, U(other.syn))
    row.syn_ack = more(row.syn_ack, U(other.syn_ack))
    row.rst = more(row.rst, U(other.rst))
    row.fin = more(row.fin, U(other.fin))
    row.odd_flags = more(row.odd_flags, U(other.odd_flags))
    row.fragments = more(row.fragments, U(other.fragments))
    row.handshakes = more(row.handshakes, U(other.handshakes))
    row.reflected = more(row.reflected, U(other.reflected))
    votes, ballots, same = U(row.port_votes), U(other.port_votes), row.port == other.port
    row.port = row.port if votes >= ballots else other.port
    row.port_votes = min(voted(votes, ballots, same), _MOST)
    votes, ballots, same = U(row.reflected_votes), U(other.reflected_votes), row.reflected_port == other.reflected_port
    row.reflected_port = row.reflected_port if votes >= ballots else other.reflected_port
    row.reflected_votes = min(voted(votes, ballots, same), _MOST)
    for word in range(8):
        row.peers[word] |= other.peers[word]
    for word in range(4):
        row.ports[word] |= other.ports[word]
        row.flows[word] |= other.flows[word]
