"""What is counted of one address, in its row of ENDPOINT; and which rows a window leaves to the next."""

from typing import Any

import numpy as np
from numba import njit

from rules.traffic.tables.ends_kernel import ABSENT, OPTIONS, claim, is_at, mix

U = np.uint64
_0, _1, _6, _63 = U(0), U(1), U(6), U(63)
_MOST = U(0xFFFF_FFFF)


@njit(inline="always")
def more(count: Any, by: Any) -> Any:
    """Add and stay at the highest number that a count can be."""
    return min(U(count) + by, _MOST)


@njit(inline="always")
def begin(row: Any) -> None:
    """Empty an address's row, whatever stood in it, but for the address."""
    row.bytes = row.tcp_bytes = row.udp_bytes = _0
    row.packets = row.tcp = row.udp = row.ack = row.port_votes = row.port = row.reflected_port = _0
    row.icmp_bytes = row.reflected_bytes = row.fragment_bytes = _0
    row.icmp = row.syn = row.syn_ack = row.rst = row.fin = row.odd_flags = _0
    row.fragments = row.handshakes = row.reflected = row.reflected_votes = _0
    for word in range(8):
        row.peers[word] = _0
    for word in range(4):
        row.ports[word] = row.flows[word] = _0


@njit(inline="always")
def row_of(rows: Any, index: Any, used: Any, ahead: Any, hi: Any, lo: Any, mixed: Any) -> Any:
    """Return the row of an address, an empty one where it is new; and how many are in use then.

    `ahead`: the row that it seemed to have when it was looked ahead at; ABSENT: none. The number of rows: no room.
    """
    row = U(len(rows))
    if is_at(rows, ahead, hi, lo):
        row = ahead
    elif ahead != ABSENT:
        row = claim(rows, index, used, hi, lo, mixed)
        if row == used and row < U(len(rows)):
            begin(rows[row])
            used += _1
    return row, used


@njit(inline="always")
def sketch(row: Any, peer: Any, flow: Any, votes: Any, port: Any) -> None:
    """Note in an address's row whom it met.

    `peer` and `flow` are the other end without and with its port, `port` the destination port, all of them mixed.
    """
    row.peers[(peer >> _6) & U(7)] |= _1 << (peer & _63)
    if votes:
        row.ports[(port >> _6) & U(3)] |= _1 << (port & _63)
        row.flows[(flow >> _6) & U(3)] |= _1 << (flow & _63)


@njit(inline="always")
def tally(
    row: Any,
    packets: Any,
    octets: Any,
    tcp: Any,
    tcp_octets: Any,
    udp: Any,
    udp_octets: Any,
    ack: Any,
    port: Any,
    ballots: Any,
) -> None:
    """Count packets in the line of an address's row that all change: without a branch that could be foretold wrongly.

    `ballots`: the packets that vote for the port.
    """
    row.bytes += octets
    row.tcp_bytes += tcp_octets
    row.udp_bytes += udp_octets
    votes = U(row.port_votes)
    same = port == U(row.port)
    row.port = U(row.port) if same | (votes >= ballots) else port
    if (packets <= _MOST) & (U(row.packets) + packets <= _MOST):
        # No other count, nor the votes, can be more than the packets.
        row.packets += packets
        row.tcp += tcp
        row.udp += udp
        row.ack += ack
        row.port_votes = voted(votes, ballots, same)
    else:
        row.packets = more(row.packets, packets)
        row.tcp = more(row.tcp, tcp)
        row.udp = more(row.udp, udp)
        row.ack = more(row.ack, ack)
        row.port_votes = min(voted(votes, ballots, same), _MOST)


@njit(inline="always")
def voted(votes: Any, ballots: Any, same: Any) -> Any:
    """Return the votes after some more for the same or for another (Boyer and Moore)."""
    apart = votes - ballots if votes >= ballots else ballots - votes
    return votes + ballots if same else apart


@njit(inline="always")
def tally_rare(
    row: Any,
    syn: Any,
    syn_ack: Any,
    rst: Any,
    fin: Any,
    odd: Any,
    handshakes: Any,
    icmp: Any,
    cut: Any,
    amplifier: Any,
    reflected: Any,
    octets: Any,
) -> None:
    """Count in the second line what transfers leave alone. Of what a packet is not the count is 0.

    `cut`: packets that are fragments; `reflected`: those from or to an amplifier's port. A packet is of one of three
    kinds as a rule, and whatever asks or answers comes in floods.
    """
    if syn | syn_ack | rst | fin | odd | handshakes:
        row.syn = more(row.syn, syn)
        row.syn_ack = more(row.syn_ack, syn_ack)
        row.rst = more(row.rst, rst)
        row.fin = more(row.fin, fin)
        row.odd_flags = more(row.odd_flags, odd)
        row.handshakes = more(row.handshakes, handshakes)
    if reflected:
        row.reflected = more(row.reflected, reflected)
        row.reflected_bytes += octets
        votes = U(row.reflected_votes)
        same = amplifier == U(row.reflected_port)
        row.reflected_port = U(row.reflected_port) if same | (votes >= reflected) else amplifier
        row.reflected_votes = min(voted(votes, reflected, same), _MOST)
    if icmp | cut:
        row.icmp = more(row.icmp, icmp)
        row.icmp_bytes += octets if icmp else _0
        row.fragments = more(row.fragments, cut)
        row.fragment_bytes += octets if cut else _0


@njit(**OPTIONS)
def settle(rows: Any, reserved: Any, used: Any, least: Any, busy: Any) -> Any:
    """Close a window's rows up; return how many there are, and how many have at least so many packets (`busy`: which).

    Of the first rows, that were `reserved` for addresses, those that nothing was counted in get the last ones' place.
    """
    at = _0
    while at < min(reserved, used):
        if rows[at].packets == 0:
            used -= _1
            rows[at] = rows[used]
        else:
            at += _1
    count = _0
    for row in range(used):
        if rows[row].packets >= least:
            busy[count] = row
            count += _1
    return used, count


@njit(**OPTIONS)
def vacate(rows: Any, index: Any, used: Any, seed: Any) -> None:
    """Empty the index of a table of few rows, as they were claimed: from where each address begins to be looked for."""
    mask = U(len(index) - 1)
    for row in range(used):
        slot = mix(U(rows[row].hi) ^ seed, U(rows[row].lo)) & mask
        while index[slot] != _0:
            index[slot] = _0
            slot = (slot + _1) & mask


@njit(**OPTIONS)
def reserve(rows: Any, index: Any, keys: Any, seed: Any) -> Any:
    """Give these addresses (u8[n, 2]) the first rows of a table; return how many have one."""
    used = _0
    for i in range(len(keys)):
        hi, lo = keys[i, 0], keys[i, 1]
        if claim(rows, index, used, hi, lo, mix(hi ^ seed, lo)) == used and used < U(len(rows)):
            begin(rows[used])
            used += _1
    return used
