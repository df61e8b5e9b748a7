"""The compiled walk over NetFlow v5, v9 and IPFIX datagrams: headers, sequence numbers, sets.

Whatever is rare (a domain seen first, a template that changed, options data that changed) stops the walk for Python to
decide; a template that is sent again unchanged does not. Every length from outside is checked against the end of its
set, its set's against the end of its datagram. Sources: RFC 3954 (v9), RFC 7011 (IPFIX).
"""

from typing import Any

import numpy as np
from numba import njit

from collectors.traffic.flows.netflow.codes_kernel import MIX, MS, Count, Kind, S, Stop, place, u16, u32
from collectors.traffic.flows.netflow.sequence_kernel import follow, keep_uptime
from collectors.traffic.flows.netflow.set_kernel import decode_set

U = np.uint64


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
def _header(buffer: Any, row: Any, w: Any, counts: Any) -> Any:
    """Read a datagram's header into the walk; False where it cannot be read, counted."""
    p = U(row.at)
    size = U(row.length)
    end = p + size
    w.received_ns, w.exporter = row.received_ns, row.exporter
    version = u16(buffer, p) if size >= U(2) else U(0)
    need = U(24) if version == U(5) else U(20) if version == U(9) else U(16)
    good = False
    if size < U(2) or size < need:
        counts[Count.SHORT] += U(1)
    elif version != U(5) and version != U(9) and version != U(10):
        counts[Count.VERSION] += U(1)
    else:
        good = True
        w.version, w.uncounted, w.rate, w.end = version, 0, 0, end
        if version == U(10):  # RFC 7011, 3.1
            length = u16(buffer, p + U(2))
            w.export_ns, w.sequence, w.id = u32(buffer, p + U(4)) * S, u32(buffer, p + U(8)), u32(buffer, p + U(12))
            w.units, w.options, w.has_uptime, w.uptime_ms = U(0), U(0), 0, 0
            if length < U(16) or length > size:
                good = False
            else:
                w.end = p + length
        else:
            w.uptime_ms, w.has_uptime = u32(buffer, p + U(4)), 1
            w.export_ns, w.units = u32(buffer, p + U(8)) * S, U(1)
            if version == U(9):  # RFC 3954, 5.1
                w.sequence, w.id = u32(buffer, p + U(12)), u32(buffer, p + U(16))
            else:
                w.export_ns += u32(buffer, p + U(12)) % S
                w.sequence, w.id = u32(buffer, p + U(16)), u16(buffer, p + U(20))
                w.units = u16(buffer, p + U(2))
                w.rate = u16(buffer, p + U(22)) & U(0x3FFF)  # the two bits above tell the mode
                w.end = p + U(24) + w.units * U(48)
                good = w.end <= end
        if not good:
            counts[Count.SHORT] += U(1)
        else:
            w.at = p + need
    return good


@njit(inline="always")
def _find_domain(w: Any, domains: Any, slots: Any) -> Any:
    """Return the row of the walk's domain; 0 where there is none (row 0 is nobody's)."""
    mask = U(len(slots) - 1)
    k = place((U(w.exporter) << U(36)) ^ (U(w.version) << U(32)) ^ U(w.id), mask)
    row = U(slots[k])
    while row != U(0):
        d = domains[row]
        if d.id == w.id and d.exporter == w.exporter and d.version == w.version:
            break
        k = (k + U(1)) & mask
        row = U(slots[k])
    return row


@njit(inline="always")
def _find_template(domain: Any, number: Any, templates: Any, slots: Any) -> Any:
    """Return the row of a template; 0 where there is none (row 0 is v5's)."""
    mask = U(len(slots) - 1)
    k = place((U(domain) << U(16)) | number, mask)
    row = U(slots[k])
    while row != U(0):
        t = templates[row]
        if t.id == number and t.domain == domain:
            break
        k = (k + U(1)) & mask
        row = U(slots[k])
    return row


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
) -> Any:
    """Go on over the datagrams of `index` until all are read or Python has to decide; return a Stop.

    buffer u8[], index DATAGRAM[], state WALK[1], domains DOMAIN[], domain_slots u4[2^n], owners EXPORTER[],
    templates TEMPLATE[], template_slots u4[2^n], ops OP[], samplers SAMPLER[2^n], known u8[4096], pool u1[],
    waiting WAITING[], limits u8[2] (octets and sets that one exporter may have waiting), values u8[VALUES],
    records RECORD[], counts u8[].
    """
    w = state[U(0)]
    while w.datagram < U(len(index)):
        if w.at == U(0):
            if not _header(buffer, index[w.datagram], w, counts):
                w.datagram += U(1)
                w.at = U(0)
                counts[Count.DATAGRAMS] += U(1)
                continue
            row = _find_domain(w, domains, domain_slots)
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
        if w.version == 5:
            decode_set(buffer, w.at, w.end, U(0), templates, ops, domains, state, samplers, values, records, counts)
            w.at = w.end
        while w.at + U(4) <= w.end:
            number, length = u16(buffer, w.at), u16(buffer, w.at + U(2))
            if length < U(4) or w.at + length > w.end:
                counts[Count.BAD_SET] += U(1)
                w.uncounted = 1
                break
            if number >= U(256):
                found = _find_template(w.domain, number, templates, template_slots)
                t = templates[found]
                kind = t.kind if found != U(0) else np.uint8(0)  # row 0 is v5
                seen = U(0)
                if kind == Kind.ABSENT:
                    w.uncounted = 1
                    _wait(buffer, w.at + U(4), length - U(4), number, w, d, owners, pool, waiting, limits, counts)
                elif kind == Kind.OPTIONS:
                    w.hash = _hash(buffer, w.at, length)
                    w.template = found
                    if not _known(w, d, known):
                        return Stop.OPTIONS
                    if t.variable:
                        w.uncounted = 1
                    else:
                        seen = (length - U(4)) // U(t.length)
                else:
                    if kind == Kind.FLOWS and (length - U(4)) // U(t.length) > U(len(records)) - w.records:
                        return Stop.OUTPUT
                    begin, end = w.at + U(4), w.at + length
                    seen = decode_set(
                        buffer, begin, end, found, templates, ops, domains, state, samplers, values, records, counts
                    )
                if kind >= Kind.OPTIONS:
                    counts[Count.OPTIONS] += seen
                    w.options += seen
                if w.version == 10:
                    w.units += seen
            elif (w.version == 9 and number <= U(1)) or (w.version == 10 and (number == U(2) or number == U(3))):
                w.hash = _hash(buffer, w.at, length)
                if not _known(w, d, known):
                    return Stop.TEMPLATES
            else:
                counts[Count.RESERVED_SET] += U(1)
            w.at += length
        follow(d, U(w.sequence), w.units, w.options, w.uncounted, w.received_ns)
        counts[Count.TRAILING] += U(index[w.datagram].at) + U(index[w.datagram].length) - w.end
        w.datagram += U(1)
        w.at = U(0)
    return Stop.DONE
