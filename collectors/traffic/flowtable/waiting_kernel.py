"""Records that wait for their reverse: found by their ends, let go in the order in which they came.

They are found through an index as in the flow table, by 32 bits of hash, and compared with the record itself. The order
of coming is a queue that nobody is taken out of: who went leaves a gap, known by its row telling another spot, and when
the queue is at its end the gaps are pushed out of it.
"""

from typing import Any

import numpy as np

from collectors.traffic.flowtable.compiled import compiled
from collectors.traffic.flowtable.joining_kernel import alone
from collectors.traffic.flowtable.key_kernel import make_key
from collectors.traffic.flowtable.layout import NONE
from collectors.traffic.flowtable.pairing_layout import Tally
from collectors.traffic.packet.prefetch_kernel import prefetch

_ZERO, _ONE = np.uint64(0), np.uint64(1)
_NONE, _LOW, _HALF = np.uint64(NONE), np.uint64(0xFFFF_FFFF), np.uint64(32)
_ICMP, _ICMP6 = 1, 58
AHEAD = np.uint64(16)
"""Places of the queue whose marks are asked for before they are looked at."""


@compiled
def find(record: Any, key: Any, waiting: Any, slots: Any, spare: Any, no_octets: Any, seeds: Any) -> Any:
    """Return the slot of the record that waits with this key and whether that is the reverse; NONE: none waits."""
    mask = np.uint64(len(slots) - 1)
    tag = np.uint64(key.hash)
    at = tag & mask
    icmp = record.protocol == _ICMP or record.protocol == _ICMP6
    found, reverse = _NONE, False
    while slots[at] != _ZERO:
        if slots[at] >> _HALF == tag:
            held = waiting[(slots[at] & _LOW) - _ONE]
            same = held.protocol == record.protocol and held.exporter == record.exporter
            if same and icmp:  # whose types stand for ports
                make_key(held, spare, no_octets, _ZERO, _ZERO, False, seeds)
                same = spare.a_lo == key.a_lo and spare.b_lo == key.b_lo
                same &= spare.a_hi == key.a_hi and spare.b_hi == key.b_hi
                same &= (spare.rest ^ key.rest) & _LOW == _ZERO
                reverse = spare.from_b != key.from_b
            elif same:
                there = held.source_lo == record.source_lo and held.destination_lo == record.destination_lo
                there &= held.source_hi == record.source_hi and held.destination_hi == record.destination_hi
                there &= held.source_port == record.source_port and held.destination_port == record.destination_port
                back = held.source_lo == record.destination_lo and held.destination_lo == record.source_lo
                back &= held.source_hi == record.destination_hi and held.destination_hi == record.source_hi
                back &= held.source_port == record.destination_port and held.destination_port == record.source_port
                same = there or back
                reverse = not there
            if same:
                found = at
                break
        at = (at + _ONE) & mask
    return found, reverse


@compiled
def leave(slots: Any, hole: Any) -> None:
    """Empty a slot of the index; entries that had to go past it move up (Knuth, 6.4, algorithm R)."""
    mask = np.uint64(len(slots) - 1)
    at = hole
    while True:
        at = (at + _ONE) & mask
        follower = slots[at]
        if follower == _ZERO:
            break
        home = (follower >> _HALF) & mask
        if ((at - home) & mask) >= ((at - hole) & mask):
            slots[hole] = follower
            hole = at
    slots[hole] = _ZERO


@compiled
def release(row: Any, slot: Any, marks: Any, slots: Any, free: Any, tally: Any) -> None:
    """Free the row of a record that waits no longer."""
    leave(slots, slot)
    marks[row].spot = NONE
    free[tally[Tally.FREE]] = row
    tally[Tally.FREE] += _ONE
    tally[Tally.WAITING] -= _ONE


@compiled
def oldest(marks: Any, queue: Any, tally: Any) -> Any:
    """Return the place of who waits longest, the gaps before it passed over; the queue's end where nobody waits."""
    at, end = tally[Tally.HEAD], tally[Tally.TAIL]
    while at < end and np.uint64(marks[queue[at].row].spot) != at:
        at += _ONE
        if at + AHEAD < end:
            prefetch(marks, queue[at + AHEAD].row, _ZERO)
    tally[Tally.HEAD] = at
    return at


@compiled
def give_up(
    at: Any, waiting: Any, marks: Any, slots: Any, queue: Any, free: Any, tally: Any, ready: Any, exporters: Any
) -> None:
    """Let who stands at this place of the queue go without partner."""
    mask = np.uint64(len(slots) - 1)
    row = queue[at].row
    tag = np.uint64(marks[row].hash)
    entry, slot = tag << _HALF | (row + _ONE), tag & mask
    while slots[slot] != entry:
        slot = (slot + _ONE) & mask
    alone(waiting[row], ready, tally, exporters)
    release(row, slot, marks, slots, free, tally)


@compiled
def close_ranks(marks: Any, queue: Any, tally: Any) -> None:
    """Push the gaps out of the queue. It has twice as many places as rows: there is at least half of it to gain."""
    at, end, to = tally[Tally.HEAD], tally[Tally.TAIL], _ZERO
    while at < end:
        if at + AHEAD < end:
            prefetch(marks, queue[at + AHEAD].row, _ZERO)
        row = queue[at].row
        if np.uint64(marks[row].spot) == at:
            queue[to].row, queue[to].due = row, queue[at].due
            marks[row].spot = to
            to += _ONE
        at += _ONE
    tally[Tally.HEAD], tally[Tally.TAIL] = _ZERO, to
