"""Sets of flows on the straight way to columns: where flows are kept and nobody looks at them as records.

Templates that are ordinary (`TEMPLATE.straight`) go this way, a set as a whole or not at all: its times are read first,
and whether all of it may go there. The other fields follow one by one, over all flows of some sets (fields_kernel.py).
"""

from typing import Any

import numpy as np
from numba import njit

from collectors.traffic.flows.netflow.codes_kernel import MS, PROGRAM, Clock, Count, Slot, Went
from collectors.traffic.flows.netflow.fields_kernel import let_go
from collectors.traffic.flows.netflow.record_kernel import MASKS, PLACES, inlined, load, times, uncounted
from collectors.traffic.flows.netflow.set_kernel import sampled
from collectors.traffic.packet.sums_kernel import EARLIEST as FIRST
from collectors.traffic.packet.sums_kernel import LATEST as LAST
from collectors.traffic.packet.sums_kernel import VERDICT
from netmon.api.flowcolumns import BEHIND, EARLIEST, LATEST, ROW

U = np.uint64
MOST = U(1_024)  # flows of a set: a larger one is rare, and as records it may be cut
_ENOUGH = U(128)  # flows whose octets, and columns of a field, stay in the first-level cache until all fields are read
PLACES_HELD = 2_048  # room for those that are held: no more than MOST + _ENOUGH
_P = U(PROGRAM)
_0, _1, _8 = U(0), U(1), U(8)
_ALL = ~U(0)
_M32 = U(0xFFFF_FFFF)
_NOWHERE = ~U(0) - U(7)  # eight octets before


@uncounted
def _prepare(row: Any, t: Any, ops: Any, values: Any) -> Any:
    """Note where a template's fields end, by slot, and which octets are theirs; return a bit for each slot."""
    there = _0
    for k in range(PLACES, MASKS):
        values[k] = _NOWHERE
    for k in range(MASKS, U(len(values))):
        values[k] = _0
    for k in range(row * _P, row * _P + U(t.ops)):
        slot, size = U(ops[U(k)].slot), U(ops[U(k)].length)
        values[PLACES + slot] = U(ops[U(k)].at) + size - _8
        values[MASKS + slot] = _ALL >> (U(64) - (size << U(3)))
        there |= _1 << slot
    return there


@njit(inline="always")
def _read_times(
    buffer: Any, at: Any, count: Any, t: Any, w: Any, values: Any, row: Any, columns: Any, starts: Any, ends: Any
) -> Any:
    """Read when flows started and ended, by clocks of these kinds, into their columns from `row` on.

    Returns the earliest start, the earliest end and the latest, in Unix nanoseconds.
    """
    narrow, wide, _ = columns
    length = U(t.length)
    export_ns, told, has_uptime = w.export_ns, U(w.uptime_ms), w.has_uptime != 0
    start_place, start_mask = values[PLACES + U(Slot.START)], values[MASKS + U(Slot.START)]
    end_place, end_mask = values[PLACES + U(Slot.END)], values[MASKS + U(Slot.END)]
    first, earliest, latest = _ALL, _ALL, _0
    for i in range(count):
        start, end = load(buffer, at + start_place, start_mask), load(buffer, at + end_place, end_mask)
        # An uptime, but nobody told since when: let the flow have ended with the export.
        uptime = told if has_uptime else end if ends == Clock.UPTIME else start
        start_ns, end_ns = times(starts, ends, start, end, export_ns, uptime)
        first, earliest, latest = min(first, start_ns), min(earliest, end_ns), max(latest, end_ns)
        start_ms, end_ms = start_ns // MS, end_ns // MS
        wide[_0, row + i] = end_ms
        narrow[_0, row + i] = np.uint32(min(end_ms - start_ms, _M32))
        at += length
    return first, earliest, latest


@inlined
def _hold(
    buffer: Any, at: Any, count: Any, t: Any, w: Any, values: Any, held: Any, places: Any, columns: Any, sums: Any
) -> Any:
    """Read the times of so many flows into their columns, behind those that are held.

    True: all ended in the time that the columns are for, and the flows are held. False: nothing has happened.
    """
    room = columns[2]
    behind = held.count
    row = room[U(ROW)] + behind
    # The usual clocks have loops of their own, in which nothing is asked for each flow.
    if t.start == Clock.UPTIME and t.end == Clock.UPTIME:
        read = _read_times(buffer, at, count, t, w, values, row, columns, Clock.UPTIME, Clock.UPTIME)
    elif t.start == Clock.MILLISECONDS and t.end == Clock.MILLISECONDS:
        read = _read_times(buffer, at, count, t, w, values, row, columns, Clock.MILLISECONDS, Clock.MILLISECONDS)
    else:
        read = _read_times(buffer, at, count, t, w, values, row, columns, t.start, t.end)
    first, earliest, latest = read
    if earliest < room[U(EARLIEST)] or latest > room[U(LATEST)]:
        return False
    for i in range(count):
        places[_0, behind + i] = at + i * U(t.length)
    held.count = behind + count
    sums[FIRST] = min(sums[FIRST], first)
    sums[LAST] = max(sums[LAST], latest)
    sums[VERDICT] += count
    return True


@uncounted
def _sampled(buffer: Any, at: Any, count: Any, t: Any, w: Any, samplers: Any, values: Any, rate: Any) -> Any:
    """Return the sampling rate of a set's flows, which name a sampler; 0 where they name several."""
    place, mask = values[PLACES + U(Slot.SAMPLER)], values[MASKS + U(Slot.SAMPLER)]
    others = _0
    for i in range(count):
        others |= load(buffer, at + place, mask) ^ load(buffer, at + i * U(t.length) + place, mask)
    if others == _0 and count > _0:
        rate = sampled(samplers, U(w.domain), load(buffer, at + place, mask), rate)
    return rate if others == _0 else _0


@inlined
def take(
    buffer: Any,
    at: Any,
    end: Any,
    row: Any,
    templates: Any,
    ops: Any,
    domains: Any,
    state: Any,
    samplers: Any,
    values: Any,
    counts: Any,
    holding: Any,
    places: Any,
    plan: Any,
    fields: Any,
    used: Any,
    columns: Any,
    sums: Any,
) -> Any:
    """Take a data set of an ordinary template to the columns; return what went of it (Went)."""
    w, held, t = state[_0], holding[_0], templates[row]
    d = domains[U(w.domain)]
    room = columns[2]
    count = (end - at) // U(t.length)
    if count > MOST:
        return Went.NOT
    if w.has_uptime == 0 and d.boot_ms != _0:  # IPFIX: options told since when
        w.uptime_ms, w.has_uptime = (w.export_ns // MS - d.boot_ms) & _M32, 1
    rate = U(w.rate) if w.rate > 1 else U(d.rate)
    if held.count > _0 and (held.template != row or held.domain != w.domain or held.rate != rate or t.has_sampler):
        let_go(buffer, templates, domains, values, held, places, plan, fields, used, columns, sums)
    if held.count == _0:
        held.template, held.domain = row, w.domain
        held.there = _prepare(row, t, ops, values)
        if t.has_sampler:
            rate = _sampled(buffer, at, count, t, w, samplers, values, rate)
        held.rate = rate
    if rate == _0:
        return Went.NOT
    if room[U(ROW)] + held.count + count > room[U(BEHIND)]:
        return Went.NO_ROOM
    if not _hold(buffer, at, count, t, w, values, held, places, columns, sums):
        return Went.NOT
    t.used_ns = w.received_ns
    w.straight += count
    d.records += count
    counts[Count.RECORDS] += count
    if held.count >= _ENOUGH:
        let_go(buffer, templates, domains, values, held, places, plan, fields, used, columns, sums)
    return Went.ALL
