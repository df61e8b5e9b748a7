"""One-way records find their reverse: who waits, who fits, what the two are together."""

from enum import IntEnum
from typing import Any, Final

import numba
import numpy as np
from numba import njit

from collectors.traffic.flowtable import compiled as compiling
from collectors.traffic.flowtable import key_kernel, layout, rows_kernel
from collectors.traffic.flowtable.compiled import OPTIONS, compiled
from collectors.traffic.flowtable.key_kernel import hash_of, make_key
from collectors.traffic.flowtable.layout import CHUNK, KEY, LINK, NONE, Place
from collectors.traffic.flowtable.rows_kernel import append, enter, find, leave, unlink
from collectors.traffic.packet.stamp import stamp
from netmon.api import traffic
from netmon.api.traffic import RECORD, FlowState

_ZERO, _ONE = np.uint64(0), np.uint64(1)
_NONE, _LOW = np.uint64(NONE), np.uint64(0xFFFF_FFFF)
_48, _HALF, _16, _56 = np.uint64(48), np.uint64(32), np.uint64(16), np.uint64(56)
_PORTS_AND_PROTOCOL = np.uint64(0x00FF_0000_FFFF_FFFF)
_LOW_16 = np.uint64(0xFFFF)
_HEAD, _WAITING = np.uint64(Place.HEADS), np.uint64(Place.LENGTHS)
_TCP = 6
_FIN, _SYN, _RST, _ACK = 1, 2, 4, 16

EXPORTERS: Final = 4096
"""Exporters of which is learned whether they report both directions: 64 kB. Of those beyond it stays unknown."""

_REMEMBERED = np.uint64(65_536)
"""When an exporter's tally comes to so many records it is halved, so that it follows what changes."""


class Tally(IntEnum):
    """Places in the array of counts and limits."""

    RECORDS = 0  # taken
    PAIRS = 1  # flows with both directions, of two records each
    ONE_WAY = 2  # records without partner, of exporters that report both directions
    UNKNOWN = 3  # the same of others
    PASSED = 4  # records that had both directions, or are not IP
    SUPERSEDED = 5  # of ONE_WAY and UNKNOWN: went out since another of the same direction came
    EVICTED = 6  # the same: for want of room
    LOST = 7  # ready, but there was no room; and what was in them
    LOST_PACKETS = 8
    LOST_BYTES = 9
    READY = 10
    FREE = 11
    SPANNED = 12
    WAIT_NS = 13
    APART_NS = 14
    SHARE = 15  # in 1/65,536
    ENOUGH = 16
    TOUCHED = 17  # what was read ahead, so that it is read
    SIZE = 18


@compiled
def _put(record: Any, ready: Any, tally: Any) -> Any:
    """Copy a record to those that are ready; return its row, or NONE where there is no room."""
    at = tally[Tally.READY]
    if at >= np.uint64(len(ready)):
        tally[Tally.LOST] += _ONE
        tally[Tally.LOST_PACKETS] += record.packets + record.reply_packets
        tally[Tally.LOST_BYTES] += record.bytes + record.reply_bytes
        return _NONE
    ready[at] = record
    tally[Tally.READY] += _ONE
    return at


@compiled
def _learn(exporters: Any, exporter: Any, paired: Any, single: Any) -> None:
    if exporter >= np.uint64(EXPORTERS):
        return
    held = exporters[exporter]
    held.paired += paired
    held.single += single
    if held.paired + held.single > _REMEMBERED:
        held.paired >>= _ONE
        held.single >>= _ONE


@compiled
def _alone(record: Any, ready: Any, tally: Any, exporters: Any) -> None:
    """Let a record go without partner. It was never answered, if its exporter would have told."""
    exporter = np.uint64(record.exporter)
    _learn(exporters, exporter, _ZERO, _ONE)
    known = False
    if exporter < np.uint64(EXPORTERS):
        held = exporters[exporter]
        total = held.paired + held.single
        known = total >= tally[Tally.ENOUGH] and held.paired << _16 >= total * tally[Tally.SHARE]
    tally[Tally.ONE_WAY if known else Tally.UNKNOWN] += _ONE
    at = _put(record, ready, tally)
    if at != _NONE:
        ready[at].state = FlowState.ONE_WAY if known else FlowState.UNKNOWN


@compiled
def _state(record: Any) -> Any:
    """Return the FlowState that the flags of both directions come to."""
    asked, answered = record.tcp_flags, record.reply_tcp_flags
    state = FlowState.ANSWERED
    if record.protocol == _TCP:
        if asked & _SYN and answered & _RST and answered & _SYN == 0:
            state = FlowState.REFUSED
        elif asked & _FIN and answered & _FIN:
            state = FlowState.CLOSED
        elif (asked | answered) & _RST:
            state = FlowState.RESET
        elif asked & (_SYN | _ACK) == _SYN | _ACK and answered & _SYN:
            state = FlowState.ESTABLISHED
    return np.uint8(state)


@compiled
def _began(one: Any, other: Any) -> Any:
    """Tell whether `one` is the initiator's record: by start, by SYN without ACK, by who has not the server's port."""
    if one.start_ns != other.start_ns:
        return one.start_ns < other.start_ns
    opens = one.tcp_flags & (_SYN | _ACK) == _SYN
    if one.protocol == _TCP and opens != (other.tcp_flags & (_SYN | _ACK) == _SYN):
        return opens
    return one.source_port >= one.destination_port


@compiled
def _together(one: Any, other: Any, ready: Any, tally: Any) -> None:
    """Make one record of an initiator's and its answer."""
    at = _put(one, ready, tally)
    if at == _NONE:
        tally[Tally.LOST_PACKETS] += other.packets
        tally[Tally.LOST_BYTES] += other.bytes
        return
    both = ready[at]
    both.reply_bytes, both.reply_packets = other.bytes, other.packets
    both.reply_tcp_flags = other.tcp_flags
    both.end_ns = max(one.end_ns, other.end_ns)
    both.start_ns = min(one.start_ns, other.start_ns)
    if both.destination_as == 0:
        both.destination_as = other.source_as
    if both.end_reason == 0:
        both.end_reason = other.end_reason
    both.state = _state(both)


@compiled
def _apart(one: Any, other: Any) -> Any:
    """Return the nanoseconds between the end of the earlier and the start of the later; 0 where they overlap."""
    # An end before its start (exporters with odd clocks) is taken for the start.
    first_end = min(max(one.end_ns, one.start_ns), max(other.end_ns, other.start_ns))
    last_start = max(one.start_ns, other.start_ns)
    return last_start - first_end if last_start > first_end else _ZERO


@compiled
def _release(row: Any, keys: Any, slots: Any, links: Any, state: Any, tally: Any) -> None:
    """Free the row of a record that waits no longer."""
    leave(keys, slots, row)
    unlink(keys, links, state, row)
    links[row].after = np.uint32(tally[Tally.FREE])
    tally[Tally.FREE] = row


@compiled
def _wait(
    record: Any, key: Any, now_ns: Any, waiting: Any, keys: Any, slots: Any, links: Any, state: Any, tally: Any,
    ready: Any, exporters: Any,
) -> None:  # fmt: skip
    """Let a record wait; the one that waited longest goes where there is no room."""
    if tally[Tally.FREE] == _NONE and tally[Tally.SPANNED] == np.uint64(len(waiting)):
        oldest = state[_HEAD]
        tally[Tally.EVICTED] += _ONE
        _alone(waiting[oldest], ready, tally, exporters)
        _release(oldest, keys, slots, links, state, tally)
    row = tally[Tally.FREE]
    if row != _NONE:
        tally[Tally.FREE] = np.uint64(links[row].after)
    else:
        row = tally[Tally.SPANNED]
        tally[Tally.SPANNED] += _ONE
    waiting[row] = record
    keys[row] = key
    enter(slots, row, np.uint64(key.hash))
    append(keys, links, state, row, _ZERO)
    links[row].due = now_ns + tally[Tally.WAIT_NS]


@compiled
def _meet(
    record: Any, key: Any, now_ns: Any, waiting: Any, keys: Any, slots: Any, links: Any, state: Any, tally: Any,
    ready: Any, exporters: Any,
) -> None:  # fmt: skip
    """Join a record with the one that waits for it; else let it wait itself."""
    row = find(keys, slots, key)
    if row != _NONE:
        held = waiting[row]
        fits = keys[row].from_b != key.from_b and _apart(held, record) <= tally[Tally.APART_NS]
        if fits:
            tally[Tally.PAIRS] += _ONE
            _learn(exporters, np.uint64(record.exporter), np.uint64(2), _ZERO)
            if _began(held, record):
                _together(held, record, ready, tally)
            else:
                _together(record, held, ready, tally)
        else:
            tally[Tally.SUPERSEDED] += _ONE
            _alone(held, ready, tally, exporters)
        _release(row, keys, slots, links, state, tally)
        if fits:
            return
    _wait(record, key, now_ns, waiting, keys, slots, links, state, tally, ready, exporters)


@compiled
def _take(
    records: Any, now_ns: Any, waiting: Any, keys: Any, slots: Any, links: Any, state: Any, tally: Any, ready: Any,
    exporters: Any, seeds: Any, scratch: Any, no_octets: Any,
) -> None:  # fmt: skip
    total = np.uint64(len(records))
    mask = np.uint64(len(slots) - 1)
    touched = _ZERO
    for begin in range(_ZERO, total, np.uint64(CHUNK)):
        width = min(np.uint64(CHUNK), total - begin)
        for i in range(width):
            record, key = records[begin + i], scratch[i]
            make_key(record, key, no_octets, _ZERO, _ZERO, False, seeds)
            # The exporter stands where VLAN and tunnel stand in a packet's key.
            exporter = np.uint64(record.exporter)
            key.rest = key.rest & _PORTS_AND_PROTOCOL | (exporter & _LOW_16) << _HALF | exporter >> _16 << _56
            key.hash = np.uint32(hash_of(key, seeds))
            # Read now what will be needed soon, as the flow table does.
            touched += slots[np.uint64(key.hash) & mask]
        for i in range(width):
            entry = slots[np.uint64(scratch[i].hash) & mask]
            if entry != _ZERO:
                row = (entry & _LOW) - _ONE
                touched += keys[row].rest + waiting[row].start_ns + waiting[row].source_mac + waiting[row].reply_bytes
        for i in range(width):
            record, key = records[begin + i], scratch[i]
            tally[Tally.RECORDS] += _ONE
            if key.skip or record.reply_packets != _ZERO:
                tally[Tally.PASSED] += _ONE
                _put(record, ready, tally)
            else:
                _meet(record, key, now_ns, waiting, keys, slots, links, state, tally, ready, exporters)
    tally[Tally.TOUCHED] = touched


def _array(kind: Any, *, readonly: bool = False) -> Any:
    return numba.types.Array(kind, 1, "C", readonly=readonly)


EXPORTER: Final = np.dtype([("paired", "u8"), ("single", "u8")])
"""How many records of an exporter found a partner and did not."""

_WORDS: Final = _array(numba.uint64)
_RECORDS: Final = _array(numba.from_dtype(RECORD))
_ALL: Final = (
    _RECORDS,
    _array(numba.from_dtype(KEY)),
    _WORDS,
    _array(numba.from_dtype(LINK)),
    _WORDS,
    _WORDS,
    _RECORDS,
    _array(numba.from_dtype(EXPORTER)),
)
_ADD: Final = numba.void(
    _array(numba.from_dtype(RECORD), readonly=True),
    numba.uint64,
    *_ALL,
    _WORDS,
    _array(numba.from_dtype(KEY)),
    _array(numba.uint8),
)


def _entries(sources: int) -> tuple[Any, Any]:
    @njit(_ADD, cache=True, **OPTIONS)
    def add(
        records: Any, now_ns: Any, waiting: Any, keys: Any, slots: Any, links: Any, state: Any, tally: Any, ready: Any,
        exporters: Any, seeds: Any, scratch: Any, no_octets: Any,
    ) -> None:  # fmt: skip
        sources  # noqa: B018  # in the key of the cache: see packet/stamp.py
        _take(
            records, now_ns, waiting, keys, slots, links, state, tally, ready, exporters, seeds, scratch, no_octets
        )  # fmt: skip

    @njit(numba.void(numba.uint64, *_ALL), cache=True, **OPTIONS)
    def expire(
        now_ns: Any, waiting: Any, keys: Any, slots: Any, links: Any, state: Any, tally: Any, ready: Any, exporters: Any
    ) -> None:
        sources  # noqa: B018  # the same
        while state[_WAITING] != _ZERO and tally[Tally.READY] < np.uint64(len(ready)):
            oldest = state[_HEAD]
            if links[oldest].due > now_ns:
                break
            _alone(waiting[oldest], ready, tally, exporters)
            _release(oldest, keys, slots, links, state, tally)

    return add, expire


add, expire = _entries(stamp(compiling, key_kernel, layout, rows_kernel, traffic))
