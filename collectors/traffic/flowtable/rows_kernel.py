"""Rows of the flow table: finding one by its key, ending it, writing its record, and whom to give up for want of room.

Rows are found through an index: open addressing with linear probing over entries of 32 bits of hash and 32 bits of row
(plus 1; 0 is empty). An entry knows its home by its hash, so that removal shifts back what follows and touches no row.
"""

from typing import Any, Final

import numpy as np
from numba import njit

from collectors.traffic.flowtable.layout import NONE, RANKS, Count, Phase
from netmon.api.traffic import EndReason, FlowState

_ZERO, _ONE, _HALF = np.uint64(0), np.uint64(1), np.uint64(32)
_LOW = np.uint64(0xFFFF_FFFF)
_NONE = np.uint64(NONE)
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

_CHANCES = 8
"""So many heads of the highest rank are passed over because they are in use, before one goes all the same."""


@njit(inline="always")
def find(table: Any, key: Any) -> Any:
    """Return the row of this key, or NONE."""
    mask = np.uint64(len(table.slots) - 1)
    tag = np.uint64(key.hash)
    at = tag & mask
    found = _NONE
    while True:
        entry = table.slots[at]
        if entry == _ZERO:
            break
        if entry >> _HALF == tag:
            held = table.rows[(entry & _LOW) - _ONE]
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


@njit(inline="always")
def enter(table: Any, row: Any, tag: Any) -> None:
    """Put a row into the index."""
    mask = np.uint64(len(table.slots) - 1)
    at = tag & mask
    while table.slots[at] != _ZERO:
        at = (at + _ONE) & mask
    table.slots[at] = tag << _HALF | (row + _ONE)


@njit(cache=True, nogil=True)
def _leave(table: Any, row: Any) -> None:
    """Take a row out of the index; entries that had to go past it move up (Knuth, 6.4, algorithm R)."""
    index = table.slots
    mask = np.uint64(len(index) - 1)
    tag = np.uint64(table.rows[row].hash)
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


@njit(inline="always")
def append(table: Any, row: Any, rank: Any) -> None:
    """Make a row the youngest of a rank."""
    table.rows[row].rank = rank
    queue = table.lists[rank]
    link = table.links[row]
    link.before = queue.tail
    link.after = NONE
    if queue.length == _ZERO:
        queue.head = row
    else:
        table.links[np.uint64(queue.tail)].after = row
    queue.tail = row
    queue.length += _ONE


@njit(cache=True, nogil=True)
def unlink(table: Any, row: Any) -> None:
    """Take a row out of the list of its rank."""
    queue = table.lists[np.uint64(table.rows[row].rank)]
    link = table.links[row]
    before, after = np.uint64(link.before), np.uint64(link.after)
    if before == _NONE:
        queue.head = after
    else:
        table.links[before].after = after
    if after == _NONE:
        queue.tail = before
    else:
        table.links[after].before = before
    queue.length -= _ONE


@njit(inline="always")
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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def tell(table: Any, row: Any, reason: Any) -> None:
    """Write what a flow came to since its last part; nothing where nothing came."""
    counts = table.counts
    held = table.rows[row]
    if held.packets + held.reply_packets == _ZERO:
        return
    at = counts[Count.ENDED_ROWS]
    if at < np.uint64(len(table.ended)):
        write(held, table.ended[at], state_of(held), reason)
        counts[Count.ENDED_ROWS] += _ONE
    else:
        counts[Count.LOST] += _ONE
        counts[Count.LOST_PACKETS] += held.packets + held.reply_packets
        counts[Count.LOST_BYTES] += held.bytes + held.reply_bytes


@njit(cache=True, nogil=True)
def end(table: Any, row: Any, reason: Any) -> None:
    """Write a flow's record and free its row."""
    counts = table.counts
    tell(table, row, reason)
    _leave(table, row)
    unlink(table, row)
    table.due[row] = ~_ZERO
    table.rows[row].rank = _FREE_RANK
    table.links[row].after = np.uint32(counts[Count.FREE])
    counts[Count.FREE] = row
    counts[Count.OPEN] -= _ONE
    counts[np.uint64(Count.ENDED) + np.uint64(reason)] += _ONE


@njit(cache=True, nogil=True)
def part(table: Any, row: Any) -> None:
    """Write a part of a flow that goes on: what is counted begins anew, how far it came stays."""
    tell(table, row, EndReason.ACTIVE)
    table.counts[Count.PARTS] += _ONE
    held = table.rows[row]
    held.bytes = held.packets = held.reply_bytes = held.reply_packets = 0
    held.tcp_flags = held.reply_tcp_flags = held.retransmissions = 0


@njit(cache=True, nogil=True)
def make_room(table: Any, now_ns: Any) -> None:
    """End the flow with which least is lost: the oldest of the lowest rank that has more than its kept share."""
    kept = np.uint64(len(table.rows)) >> _KEPT_SHARE
    rank = np.uint64(0)
    while rank < np.uint64(RANKS - 1) and table.lists[rank].length <= kept:
        rank += _ONE
    row = np.uint64(table.lists[rank].head)
    if rank == np.uint64(RANKS - 1):
        for _ in range(_CHANCES):
            if table.rows[row].last_ns + table.timeouts[Phase.OTHER] < now_ns:
                break
            unlink(table, row)
            append(table, row, rank)
            row = np.uint64(table.lists[rank].head)
    end(table, row, EndReason.EVICTED)


@njit(cache=True, nogil=True)
def expire(table: Any, now_ns: Any) -> None:
    """End what was quiet for long enough and write parts of what goes on, as far as there is room to write.

    Reads 8 bytes for each row that was ever in use; a row itself only when its time may have come.
    """
    for at in range(table.counts[Count.SPANNED]):
        row = np.uint64(at)
        if table.due[row] > now_ns:
            continue
        if table.counts[Count.ENDED_ROWS] >= np.uint64(len(table.ended)):
            break
        held = table.rows[row]
        quiet = held.last_ns + table.timeouts[held.phase]
        long = held.first_ns + table.timeouts[Phase.SIZE]
        empty = held.packets + held.reply_packets == _ZERO
        if quiet <= now_ns:
            over = held.phase == Phase.CLOSED or held.phase == Phase.RESET or held.phase == Phase.REFUSED
            end(table, row, EndReason.END if over else EndReason.IDLE)
        elif not empty and long <= now_ns:
            part(table, row)
            table.due[row] = quiet
        else:
            table.due[row] = quiet if empty else min(quiet, long)


@njit(cache=True, nogil=True)
def end_all(table: Any) -> None:
    """End every flow, as far as there is room to write."""
    for at in range(table.counts[Count.SPANNED]):
        row = np.uint64(at)
        if table.rows[row].rank != _FREE_RANK:
            end(table, row, EndReason.FORCED)
