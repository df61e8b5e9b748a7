"""One-way records find their reverse: each meets the one that waits for it, or waits itself."""

from typing import Any, Final

import numba
import numpy as np
from numba import njit

from collectors.traffic.flowtable import compiled as compiling
from collectors.traffic.flowtable import joining_kernel, key_kernel, layout, pairing_layout, waiting_kernel
from collectors.traffic.flowtable.compiled import OPTIONS, compiled
from collectors.traffic.flowtable.joining_kernel import alone, apart, began, learn, put, together
from collectors.traffic.flowtable.key_kernel import hash_of, make_key
from collectors.traffic.flowtable.layout import CHUNK, KEY, NONE
from collectors.traffic.flowtable.pairing_layout import EXPORTER, MARK, PLACE, Tally
from collectors.traffic.flowtable.waiting_kernel import AHEAD, close_ranks, find, give_up, oldest, release
from collectors.traffic.packet import prefetch_kernel
from collectors.traffic.packet.prefetch_kernel import prefetch
from collectors.traffic.packet.stamp import stamp
from netmon.api import traffic
from netmon.api.traffic import RECORD

_ZERO, _ONE, _TWO = np.uint64(0), np.uint64(1), np.uint64(2)
_NONE, _LOW = np.uint64(NONE), np.uint64(0xFFFF_FFFF)
_HALF, _16, _56 = np.uint64(32), np.uint64(16), np.uint64(56)
_LINE, _LAST = np.uint64(64), np.uint64(RECORD.itemsize - 1)
_PORTS_AND_PROTOCOL = np.uint64(0x00FF_0000_FFFF_FFFF)
_LOW_16 = np.uint64(0xFFFF)


@compiled
def _wait(
    record: Any, key: Any, now_ns: Any, waiting: Any, marks: Any, slots: Any, queue: Any, free: Any, tally: Any,
    ready: Any, exporters: Any,
) -> None:  # fmt: skip
    """Let a record wait; the one that waited longest goes where there is no room."""
    if tally[Tally.WAITING] == np.uint64(len(waiting)):
        tally[Tally.EVICTED] += _ONE
        at = oldest(marks, queue, tally)
        give_up(at, waiting, marks, slots, queue, free, tally, ready, exporters)
    if tally[Tally.TAIL] == np.uint64(len(queue)):
        close_ranks(marks, queue, tally)
    if tally[Tally.FREE] != _ZERO:
        tally[Tally.FREE] -= _ONE
        row = np.uint64(free[tally[Tally.FREE]])
    else:
        row = tally[Tally.SPANNED]
        tally[Tally.SPANNED] += _ONE
    waiting[row] = record
    mask = np.uint64(len(slots) - 1)
    tag = np.uint64(key.hash)
    slot = tag & mask
    while slots[slot] != _ZERO:
        slot = (slot + _ONE) & mask
    slots[slot] = tag << _HALF | (row + _ONE)
    spot = tally[Tally.TAIL]
    marks[row].hash, marks[row].spot = key.hash, spot
    queue[spot].row, queue[spot].due = row, now_ns + tally[Tally.WAIT_NS]
    tally[Tally.TAIL] += _ONE
    tally[Tally.WAITING] += _ONE


@compiled
def _meet(
    record: Any, key: Any, now_ns: Any, waiting: Any, marks: Any, slots: Any, queue: Any, free: Any, tally: Any,
    ready: Any, exporters: Any, seeds: Any, spare: Any, no_octets: Any,
) -> None:  # fmt: skip
    """Join a record with the one that waits for it; else let it wait itself."""
    slot, reverse = find(record, key, waiting, slots, spare, no_octets, seeds)
    if slot != _NONE:
        row = (slots[slot] & _LOW) - _ONE
        held = waiting[row]
        fits = reverse and apart(held, record) <= tally[Tally.APART_NS]
        if fits:
            tally[Tally.PAIRS] += _ONE
            learn(exporters, np.uint64(record.exporter), _TWO, _ZERO)
            if began(held, record):
                together(held, record, ready, tally)
            else:
                together(record, held, ready, tally)
        else:
            tally[Tally.SUPERSEDED] += _ONE
            alone(held, ready, tally, exporters)
        release(row, slot, marks, slots, free, tally)
        if fits:
            return
    _wait(record, key, now_ns, waiting, marks, slots, queue, free, tally, ready, exporters)


@compiled
def _ask(waiting: Any, row: Any) -> None:
    """Ask for a record that is wanted soon: three or four cache lines."""
    prefetch(waiting, row, _ZERO)
    prefetch(waiting, row, _LINE)
    prefetch(waiting, row, _LINE + _LINE)
    prefetch(waiting, row, _LAST)


@compiled
def _ask_for(scratch: Any, width: Any, waiting: Any, marks: Any, slots: Any, free: Any, tally: Any) -> None:
    """Ask for the records that those of a chunk may meet, and for the rows that they may wait in."""
    mask = np.uint64(len(slots) - 1)
    left = tally[Tally.FREE]
    for i in range(width):
        tag = np.uint64(scratch[i].hash)
        at = tag & mask
        while slots[at] != _ZERO and slots[at] >> _HALF != tag:
            at = (at + _ONE) & mask
        if slots[at] != _ZERO:
            row = (slots[at] & _LOW) - _ONE
            prefetch(marks, row, _ZERO)
            _ask(waiting, row)
        elif left != _ZERO:
            left -= _ONE
            prefetch(marks, np.uint64(free[left]), _ZERO)
            _ask(waiting, np.uint64(free[left]))


@compiled
def _take(
    records: Any, first: Any, now_ns: Any, waiting: Any, marks: Any, slots: Any, queue: Any, free: Any, tally: Any,
    ready: Any, exporters: Any, seeds: Any, scratch: Any, no_octets: Any,
) -> Any:  # fmt: skip
    total = np.uint64(len(records))
    mask = np.uint64(len(slots) - 1)
    room = np.uint64(len(ready))
    may_grow = room < tally[Tally.MOST]
    begin = first
    while begin < total:
        width = min(np.uint64(CHUNK), total - begin)
        if may_grow and tally[Tally.READY] + width + width > room:  # a record gives two at most
            break
        for i in range(width):
            record, key = records[begin + i], scratch[i]
            make_key(record, key, no_octets, _ZERO, _ZERO, False, seeds)
            # The exporter stands where VLAN and tunnel stand in a packet's key.
            exporter = np.uint64(record.exporter)
            key.rest = key.rest & _PORTS_AND_PROTOCOL | (exporter & _LOW_16) << _HALF | exporter >> _16 << _56
            key.hash = np.uint32(hash_of(key, seeds))
            prefetch(slots, np.uint64(key.hash) & mask, _ZERO)
        _ask_for(scratch, width, waiting, marks, slots, free, tally)
        for i in range(width):
            record, key = records[begin + i], scratch[i]
            if key.skip or record.reply_packets != _ZERO:
                tally[Tally.PASSED] += _ONE
                put(record, ready, tally)
            else:
                _meet(
                    record, key, now_ns, waiting, marks, slots, queue, free, tally, ready, exporters, seeds,
                    scratch[CHUNK], no_octets,
                )  # fmt: skip
        begin += width
    tally[Tally.RECORDS] += begin - first
    return begin


def _array(kind: Any, *, readonly: bool = False) -> Any:
    return numba.types.Array(kind, 1, "C", readonly=readonly)


_WORDS: Final = _array(numba.uint64)
_RECORDS: Final = _array(numba.from_dtype(RECORD))
_ALL: Final = (
    _RECORDS,
    _array(numba.from_dtype(MARK)),
    _WORDS,
    _array(numba.from_dtype(PLACE)),
    _array(numba.uint32),
    _WORDS,
    _RECORDS,
    _array(numba.from_dtype(EXPORTER)),
)
_ADD: Final = numba.uint64(
    _array(numba.from_dtype(RECORD), readonly=True),
    numba.uint64,
    numba.uint64,
    *_ALL,
    _WORDS,
    _array(numba.from_dtype(KEY)),
    _array(numba.uint8),
)


def _entries(sources: int) -> tuple[Any, Any]:
    @njit(_ADD, cache=True, **OPTIONS)
    def add(
        records: Any, first: Any, now_ns: Any, waiting: Any, marks: Any, slots: Any, queue: Any, free: Any, tally: Any,
        ready: Any, exporters: Any, seeds: Any, scratch: Any, no_octets: Any,
    ) -> Any:  # fmt: skip
        """Take records from `first` on; return how far it came: not to the end where `ready` is to be larger."""
        sources  # noqa: B018  # in the key of the cache: see packet/stamp.py
        return _take(
            records, first, now_ns, waiting, marks, slots, queue, free, tally, ready, exporters, seeds, scratch,
            no_octets,
        )  # fmt: skip

    @njit(numba.boolean(numba.uint64, *_ALL), cache=True, **OPTIONS)
    def expire(
        now_ns: Any, waiting: Any, marks: Any, slots: Any, queue: Any, free: Any, tally: Any, ready: Any, exporters: Any
    ) -> Any:  # fmt: skip
        """Let go who has waited long enough; return whether there are more of them than `ready` has room for."""
        sources  # noqa: B018  # the same
        while tally[Tally.WAITING] != _ZERO:
            at = oldest(marks, queue, tally)
            if queue[at].due > now_ns:
                return False
            if tally[Tally.READY] == np.uint64(len(ready)):
                return True
            if at + AHEAD < tally[Tally.TAIL]:
                row = queue[at + AHEAD].row
                prefetch(slots, np.uint64(marks[row].hash) & np.uint64(len(slots) - 1), _ZERO)
                _ask(waiting, row)
            give_up(at, waiting, marks, slots, queue, free, tally, ready, exporters)
        return False

    return add, expire


add, expire = _entries(
    stamp(compiling, joining_kernel, key_kernel, layout, pairing_layout, prefetch_kernel, traffic, waiting_kernel)
)
