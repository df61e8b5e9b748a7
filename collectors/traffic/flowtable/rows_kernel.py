"""Rows of the flow table: finding one by its key, ending it, writing its record, and whom to give up for want of room.

Rows are found through an index: open addressing with linear probing over entries of 32 bits of hash and 32 bits of row
(plus 1; 0 is empty). An entry knows its home by its hash, so that removal shifts back what follows and touches no row.
"""

from typing import Any, Final

import numpy as np

from collectors.traffic.flowtable.compiled import compiled, inlined
from collectors.traffic.flowtable.layout import NONE, RANKS, Phase, Place
from collectors.traffic.packet.prefetch_kernel import prefetch
from netmon.api.traffic import EndReason, FlowState

_ZERO, _ONE, _HALF = np.uint64(0), np.uint64(1), np.uint64(32)
_LOW = np.uint64(0xFFFF_FFFF)
_NONE = np.uint64(NONE)
_HEADS, _TAILS, _LENGTHS = np.uint64(Place.HEADS), np.uint64(Place.TAILS), np.uint64(Place.LENGTHS)
_TIMEOUTS = np.uint64(Place.TIMEOUTS)
_AHEAD = np.uint64(12)  # rows
_FREE_RANK = np.uint8(255)

# Marks of a row.
SENT_SEEN: Final = np.uint8(1)  # a packet from the initiator
SYN_SEEN: Final = np.uint8(2)
NEXT_KNOWN: Final = np.uint8(4)
REPLY_NEXT_KNOWN: Final = np.uint8(8)
FIN_SEEN: Final = np.uint8(16)
REPLY_FIN_SEEN: Final = np.uint8(32)
ACK_SEEN: Final = np.uint8(64)  # from the initiator
REPLY_SEEN: Final = np.uint8(128)
_BOTH = SENT_SEEN | REPLY_SEEN

_KEPT_SHARE = np.uint64(4)
"""Each rank may keep a 16th (2 to the -4) of the table, so that newcomers have time to prove themselves."""

SCOUTED: Final = 16
"""Packets between two looks at the rows that new flows will get."""

_CHANCES = 8
"""So many heads of the highest rank are passed over because they are in use, before one goes all the same."""


@inlined
def find(rows: Any, slots: Any, key: Any) -> Any:
    """Return the row of this key, or NONE."""
    mask = np.uint64(len(slots) - 1)
    tag = np.uint64(key.hash)
    at = tag & mask
    found = _NONE
    while True:
        entry = slots[at]
        if entry == _ZERO:
            break
        if entry >> _HALF == tag:
            held = rows[(entry & _LOW) - _ONE]
            if (
                held.rest == key.rest
                and held.a_lo == key.a_lo
                and held.b_lo == key.b_lo
                and held.a_hi == key.a_hi
                and held.b_hi == key.b_hi
            ):
                found = (entry & _LOW) - _ONE
                break
        at = (at + _ONE) & mask
    return found


@compiled
def enter(slots: Any, row: Any, tag: Any) -> None:
    """Put a row into the index."""
    mask = np.uint64(len(slots) - 1)
    at = tag & mask
    while slots[at] != _ZERO:
        at = (at + _ONE) & mask
    slots[at] = tag << _HALF | (row + _ONE)


@compiled
def leave(rows: Any, slots: Any, row: Any) -> None:
    """Take a row out of the index; entries that had to go past it move up (Knuth, 6.4, algorithm R)."""
    index = slots
    mask = np.uint64(len(index) - 1)
    tag = np.uint64(rows[row].hash)
    entry = tag << _HALF | (row + _ONE)
    hole = tag & mask
    while index[hole] != entry:
        hole = (hole + _ONE) & mask
    at = hole
    while True:
        at = (at + _ONE) & mask
        follower = index[at]
        if follower == _ZERO:
            break
        home = (follower >> _HALF) & mask
        if ((at - home) & mask) >= ((at - hole) & mask):
            index[hole] = follower
            hole = at
    index[hole] = _ZERO


@compiled
def append(rows: Any, links: Any, state: Any, row: Any, rank: Any) -> None:
    """Make a row the youngest of a rank."""
    rows[row].rank = rank
    link = links[row]
    link.after = NONE
    if state[_LENGTHS + rank] == _ZERO:
        link.before = NONE
        state[_HEADS + rank] = row
    else:
        link.before = state[_TAILS + rank]
        links[state[_TAILS + rank]].after = row
    state[_TAILS + rank] = row
    state[_LENGTHS + rank] += _ONE


@compiled
def unlink(rows: Any, links: Any, state: Any, row: Any) -> None:
    """Take a row out of the list of its rank."""
    rank = np.uint64(rows[row].rank)
    link = links[row]
    before, after = np.uint64(link.before), np.uint64(link.after)
    if before == _NONE:
        state[_HEADS + rank] = after
    else:
        links[before].after = after
    if after == _NONE:
        state[_TAILS + rank] = before
    else:
        links[after].before = before
    state[_LENGTHS + rank] -= _ONE


@compiled
def state_of(row: Any) -> Any:
    """Return the FlowState of a row."""
    phase = row.phase
    answered = row.marks & _BOTH == _BOTH
    if phase == Phase.REFUSED:
        state = FlowState.REFUSED
    elif phase == Phase.CLOSED:
        state = FlowState.CLOSED
    elif phase == Phase.RESET and answered:
        state = FlowState.RESET
    elif phase == Phase.ESTABLISHED:
        state = FlowState.ESTABLISHED
    elif answered:
        state = FlowState.ANSWERED
    else:
        state = FlowState.ONE_WAY
    return np.uint8(state)


@compiled
def write(row: Any, record: Any, state: Any, reason: Any) -> None:
    """Write a row as a record, every field of it; the initiator is the source."""
    if row.begun_by_b:
        record.source_hi, record.source_lo = row.b_hi, row.b_lo
        record.destination_hi, record.destination_lo = row.a_hi, row.a_lo
    else:
        record.source_hi, record.source_lo = row.a_hi, row.a_lo
        record.destination_hi, record.destination_lo = row.b_hi, row.b_lo
    record.start_ns, record.end_ns = row.first_ns, row.last_ns
    record.bytes, record.packets = row.bytes, row.packets
    record.source_mac, record.destination_mac = row.source_mac, row.destination_mac
    record.exporter, record.sampling = row.exporter, row.sampling
    record.in_interface, record.out_interface = row.in_interface, row.out_interface
    record.payload_at, record.payload_length = 0, row.payload_length
    record.mpls = row.mpls
    record.source_port, record.destination_port = row.source_port, row.destination_port
    record.vlan, record.inner_vlan, record.ethertype = row.vlan, row.inner_vlan, row.ethertype
    record.version, record.protocol = row.version, np.uint8(row.rest >> np.uint64(48))
    record.tunnel = np.uint8(row.rest >> np.uint64(56))
    record.tcp_flags, record.reply_tcp_flags = row.tcp_flags, row.reply_tcp_flags
    record.icmp_type, record.icmp_code = row.icmp_type, row.icmp_code
    record.tos, record.ttl = row.tos, row.ttl
    record.verdict, record.fragment = row.verdict, row.fragment
    record.reply_bytes, record.reply_packets = row.reply_bytes, row.reply_packets
    record.source_as, record.destination_as, record.domain = 0, 0, 0
    record.handshake_us, record.retransmissions = row.handshake_us, row.retransmissions
    record.state, record.end_reason = state, reason
    record.direction, record.reserved = 0, 0


@compiled
def tell(rows: Any, state: Any, ended: Any, row: Any, reason: Any) -> None:
    """Write what a flow came to since its last part; nothing where nothing came."""
    held = rows[row]
    at = state[Place.ENDED_ROWS]
    if held.packets + held.reply_packets == _ZERO:
        pass
    elif at < np.uint64(len(ended)):
        write(held, ended[at], state_of(held), reason)
        state[Place.ENDED_ROWS] += _ONE
    else:
        state[Place.LOST] += _ONE
        state[Place.LOST_PACKETS] += held.packets + held.reply_packets
        state[Place.LOST_BYTES] += held.bytes + held.reply_bytes


@compiled
def end(rows: Any, slots: Any, links: Any, state: Any, ended: Any, row: Any, reason: Any) -> None:
    """Write a flow's record and free its row."""
    tell(rows, state, ended, row, reason)
    leave(rows, slots, row)
    unlink(rows, links, state, row)
    links[row].due = ~_ZERO
    rows[row].rank = _FREE_RANK
    links[row].after = np.uint32(state[Place.FREE])
    state[Place.FREE] = row
    state[Place.OPEN] -= _ONE
    state[np.uint64(Place.ENDED) + np.uint64(reason)] += _ONE


@compiled
def part(rows: Any, state: Any, ended: Any, row: Any) -> None:
    """Write a part of a flow that goes on: what is counted begins anew, how far it came stays."""
    tell(rows, state, ended, row, EndReason.ACTIVE)
    state[Place.PARTS] += _ONE
    held = rows[row]
    held.bytes = held.packets = held.reply_bytes = held.reply_packets = 0
    held.tcp_flags = held.reply_tcp_flags = held.retransmissions = 0


@compiled
def _least(rows: Any, state: Any) -> Any:
    """Return the lowest rank that has more than its kept share."""
    kept = np.uint64(len(rows)) >> _KEPT_SHARE
    rank = np.uint64(0)
    while rank < np.uint64(RANKS - 1) and state[_LENGTHS + rank] <= kept:
        rank += _ONE
    return rank


@compiled
def make_room(rows: Any, slots: Any, links: Any, state: Any, ended: Any, now_ns: Any) -> None:
    """End the flow with which least is lost: the oldest of the lowest rank that has more than its kept share."""
    rank = _least(rows, state)
    row = state[_HEADS + rank]
    if rank == np.uint64(RANKS - 1):
        for _ in range(_CHANCES):
            if rows[row].last_ns + state[Place.TIMEOUTS] < now_ns:
                break
            unlink(rows, links, state, row)
            append(rows, links, state, row, rank)
            row = state[_HEADS + rank]
    end(rows, slots, links, state, ended, row, EndReason.EVICTED)


@compiled
def scout(rows: Any, slots: Any, links: Any, state: Any) -> None:
    """Have what the next new flows will need brought near: the rows that they get, and those rows' places in the index.

    Called every SCOUTED packets. Rows that are free, or that would be given up, are taken in the order of their list.
    """
    row = state[Place.FREE]
    if row == _NONE:
        if state[Place.SPANNED] < np.uint64(len(rows)):
            return
        row = state[_HEADS + _least(rows, state)]
    mask = np.uint64(len(slots) - 1)
    full = state[Place.FREE] == _NONE
    for step in range(2 * SCOUTED):
        if row == _NONE:
            break
        if step >= SCOUTED:
            prefetch(rows, row, _ZERO)
            prefetch(rows, row, np.uint64(64))
            prefetch(rows, row, np.uint64(128))
        elif full:
            prefetch(slots, np.uint64(rows[row].hash) & mask, _ZERO)
        row = np.uint64(links[row].after)


@compiled
def sweep(rows: Any, slots: Any, links: Any, state: Any, ended: Any, now_ns: Any) -> None:
    """End what was quiet for long enough and write parts of what goes on, as far as there is room to write.

    Reads 8 bytes for each row that was ever in use; a row itself only when its time may have come.
    """
    mask = np.uint64(len(slots) - 1)
    spanned = state[Place.SPANNED]
    for at in range(spanned):
        row = np.uint64(at)
        if links[row].due > now_ns:
            continue
        if row + _AHEAD + _AHEAD < spanned:
            prefetch(rows, row + _AHEAD + _AHEAD, _ZERO)
            prefetch(slots, np.uint64(rows[row + _AHEAD].hash) & mask, _ZERO)
        if state[Place.ENDED_ROWS] >= np.uint64(len(ended)):
            break
        held = rows[row]
        quiet = held.last_ns + state[_TIMEOUTS + np.uint64(held.phase)]
        long = held.first_ns + state[Place.ACTIVE]
        empty = held.packets + held.reply_packets == _ZERO
        if quiet <= now_ns:
            over = held.phase == Phase.CLOSED or held.phase == Phase.RESET or held.phase == Phase.REFUSED
            end(rows, slots, links, state, ended, row, EndReason.END if over else EndReason.IDLE)
        elif not empty and long <= now_ns:
            part(rows, state, ended, row)
            links[row].due = quiet
        else:
            links[row].due = quiet if empty else min(quiet, long)


@compiled
def every(rows: Any, slots: Any, links: Any, state: Any, ended: Any) -> None:
    """End every flow, as far as there is room to write."""
    for at in range(state[Place.SPANNED]):
        row = np.uint64(at)
        if rows[row].rank != _FREE_RANK:
            end(rows, slots, links, state, ended, row, EndReason.FORCED)
