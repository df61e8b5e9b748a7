"""The compiled walk over NetFlow v5, v9 and IPFIX datagrams, set by set.

Whatever is rare (a domain seen first, a template that changed, options data that changed) stops the walk for Python to
decide; a template that is sent again unchanged does not. Every length from outside is checked against the end of its
set, its set's against the end of its datagram. Sources: RFC 3954 (v9), RFC 7011 (IPFIX).
"""

from typing import Any

import numpy as np
from numba import njit

from collectors.traffic.flows.netflow.codes_kernel import MIX, MS, Count, Kind, Stop, Went, u16, u32
from collectors.traffic.flows.netflow.fields_kernel import let_go
from collectors.traffic.flows.netflow.header_kernel import find_domain, find_template, foretell, header
from collectors.traffic.flows.netflow.record_kernel import inlined
from collectors.traffic.flows.netflow.sequence_kernel import follow, keep_uptime
from collectors.traffic.flows.netflow.set_kernel import decode_set
from collectors.traffic.flows.netflow.straight_kernel import take
from netmon.api.flowcolumns import BEHIND

U = np.uint64
_0 = U(0)
_FIRST = U(256)  # the lowest number of a template


@njit(inline="always")
def _wait(
    buffer: Any,
    at: Any,
    length: Any,
    template: Any,
    w: Any,
    d: Any,
    owners: Any,
    pool: Any,
    waiting: Any,
    limits: Any,
    counts: Any,
) -> None:
    """Keep a data set until its template comes, where there is room for it."""
    owner = owners[U(d.owner)]
    row = w.waiting_sets
    if (
        row >= U(len(waiting))
        or w.waiting_octets + length > U(len(pool))
        or U(owner.waiting_octets) + length > limits[U(0)]
        or U(owner.waiting_sets) >= limits[U(1)]
    ):
        counts[Count.WAITING_FULL] += U(1)
    else:
        x = waiting[row]
        x.received_ns, x.export_ns, x.domain, x.template = w.received_ns, w.export_ns, w.domain, template
        x.uptime_ms, x.has_uptime, x.at, x.length = w.uptime_ms, w.has_uptime, w.waiting_octets, length
        for j in range(length):
            pool[w.waiting_octets + U(j)] = buffer[at + U(j)]
        w.waiting_octets += length
        w.waiting_sets += U(1)
        owner.waiting_octets += length
        owner.waiting_sets += U(1)
        counts[Count.SETS_KEPT] += U(1)


@njit(inline="always")
def _hash(buffer: Any, at: Any, length: Any) -> Any:
    """Return a number that stands for these octets (FNV-1a over words of 32 bits)."""
    x = U(0xCBF2_9CE4_8422_2325) ^ length
    p = at
    while p + U(4) <= at + length:
        x = (x ^ u32(buffer, p)) * U(0x0000_0100_0000_01B3)
        x ^= x >> U(32)
        p += U(4)
    while p < at + length:
        x = (x ^ U(buffer[p])) * U(0x0000_0100_0000_01B3)
        p += U(1)
    return x


@njit(inline="always")
def _known(w: Any, d: Any, known: Any) -> Any:
    """Tell whether this set was read before, with nothing changed since in its domain."""
    key = (w.hash ^ (U(w.domain) << U(32)) ^ U(d.generation)) * MIX
    return known[key >> U(52)] == key


@inlined
def _flows(
    buffer: Any,
    at: Any,
    end: Any,
    row: Any,
    domains: Any,
    state: Any,
    known: Any,
    output: Any,
    straight: Any,
    columns: Any,
) -> Any:
    """Decode a set of flows, to columns or to records; return how many there were, or why it must wait.

    The second number is a Stop. Records have room behind those of the walk, or the walk has to be told.
    """
    templates, ops, samplers, values = known
    records, counts = output
    held, places, plan, fields, used, sums = straight
    w, t = state[_0], templates[row]
    if t.straight and columns[2][U(BEHIND)] > _0:
        went = take(
            buffer, at, end, row, templates, ops, domains, state, samplers, values, counts, held, places, plan, fields,
            used, columns, sums,
        )  # fmt: skip
        if went == Went.ALL:
            return (end - at) // U(t.length), Stop.DONE
        if went == Went.NO_ROOM:
            return _0, Stop.COLUMNS
    if held[_0].count > _0:  # what was prepared for them is about to be lost
        let_go(buffer, templates, domains, values, held[_0], places, plan, fields, used, columns, sums)
    if t.kind == Kind.FLOWS and (end - at) // U(t.length) > U(len(records)) - w.records:
        return _0, Stop.OUTPUT
    seen = decode_set(buffer, at, end, row, templates, ops, domains, state, samplers, values, records, counts)
    return seen, Stop.DONE


@inlined
def _go_on(
    buffer: Any,
    index: Any,
    state: Any,
    domains: Any,
    domain_slots: Any,
    owners: Any,
    template_slots: Any,
    read: Any,
    pool: Any,
    waiting: Any,
    limits: Any,
    known: Any,
    output: Any,
    straight: Any,
    columns: Any,
) -> Any:
    templates, records, counts = known[0], output[0], output[1]
    w = state[_0]
    while w.datagram < U(len(index)):
        if w.at == U(0):
            foretell(buffer, index, w.datagram + U(1))
            if not header(buffer, index[w.datagram], w, counts):
                w.datagram += U(1)
                w.at = U(0)
                counts[Count.DATAGRAMS] += U(1)
                continue
            row = find_domain(w, domains, domain_slots)
            if row == U(0):
                return Stop.DOMAIN
            if w.version == 5 and w.units > U(len(records)) - w.records:
                return Stop.OUTPUT
            counts[Count.DATAGRAMS] += U(1)
            d = domains[row]
            w.domain = row
            if w.version != 10:
                keep_uptime(d, U(w.uptime_ms), w.received_ns)
            d.datagrams += U(1)
            d.seen_ns = w.received_ns
            d.skew_ms = np.int64(w.export_ns // MS) - np.int64(w.received_ns // MS)
        row = U(w.domain)
        d = domains[row]
        is_v5 = w.version == 5  # all behind its header is one set
        head = _0 if is_v5 else U(4)
        while w.at + head <= w.end and not (is_v5 and w.at == w.end):
            number, length = (_FIRST, w.end - w.at) if is_v5 else (u16(buffer, w.at), u16(buffer, w.at + U(2)))
            if length < head or w.at + length > w.end:
                counts[Count.BAD_SET] += U(1)
                w.uncounted = 1
                break
            if number >= _FIRST:
                found = _0 if is_v5 else find_template(w.domain, number, templates, template_slots)
                t = templates[found]
                kind = t.kind if found != _0 or is_v5 else np.uint8(0)  # row 0 is v5
                seen = U(0)
                if kind == Kind.ABSENT:
                    w.uncounted = 1
                    _wait(buffer, w.at + U(4), length - U(4), number, w, d, owners, pool, waiting, limits, counts)
                elif kind == Kind.OPTIONS:
                    w.hash = _hash(buffer, w.at, length)
                    w.template = found
                    if not _known(w, d, read):
                        return Stop.OPTIONS
                    if t.variable:
                        w.uncounted = 1
                    else:
                        seen = (length - U(4)) // U(t.length)
                else:
                    begin, end = w.at + head, w.at + length
                    seen, stop = _flows(buffer, begin, end, found, domains, state, known, output, straight, columns)
                    if stop != Stop.DONE:
                        return stop
                if kind >= Kind.OPTIONS:
                    counts[Count.OPTIONS] += seen
                    w.options += seen
                if w.version == 10:
                    w.units += seen
            elif (w.version == 9 and number <= U(1)) or (w.version == 10 and (number == U(2) or number == U(3))):
                w.hash = _hash(buffer, w.at, length)
                if not _known(w, d, read):
                    return Stop.TEMPLATES
            else:
                counts[Count.RESERVED_SET] += U(1)
            w.at += length
        follow(d, U(w.sequence), w.units, w.options, w.uncounted, w.received_ns)
        counts[Count.TRAILING] += U(index[w.datagram].at) + U(index[w.datagram].length) - w.end
        w.datagram += U(1)
        w.at = U(0)
    return Stop.DONE


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)  # type: ignore[call-overload]  # not in its types
def walk(
    buffer: Any,
    index: Any,
    state: Any,
    domains: Any,
    domain_slots: Any,
    owners: Any,
    templates: Any,
    template_slots: Any,
    ops: Any,
    samplers: Any,
    known: Any,
    pool: Any,
    waiting: Any,
    limits: Any,
    values: Any,
    records: Any,
    counts: Any,
    held: Any,
    places: Any,
    plan: Any,
    fields: Any,
    used: Any,
    narrow: Any,
    wide: Any,
    room: Any,
    sums: Any,
) -> Any:
    """Go on over the datagrams of `index` until all are read or Python has to decide; return a Stop.

    buffer u8[], index DATAGRAM[], state WALK[1], domains DOMAIN[], domain_slots u4[2^n], owners EXPORTER[],
    templates TEMPLATE[], template_slots u4[2^n], ops OP[], samplers SAMPLER[2^n], known u8[4096], pool u1[],
    waiting WAITING[], limits u8[2] (octets and sets that one exporter may have waiting), values u8[VALUES],
    records RECORD[], counts u8[]; held HELD[1], places u8[2, PLACES_HELD], plan PLAN[] and fields FIELD[] by column;
    used, narrow, wide and room as in Columns, of no rows where nothing goes straight to them; sums u8[SUMS].
    """
    columns = (narrow, wide, room)
    straight = (held, places, plan, fields, used, sums)
    stop = _go_on(
        buffer, index, state, domains, domain_slots, owners, template_slots, known, pool, waiting, limits,
        (templates, ops, samplers, values), (records, counts), straight, columns,
    )  # fmt: skip
    let_go(buffer, templates, domains, values, held[_0], places, plan, fields, used, columns, sums)
    return stop
