"""From the octets of a data set to records: a template is a small program, which octets go to which slot.

Every length from outside is checked against the end of the set. Sources: RFC 3954 (v9), RFC 7011 (IPFIX).
"""

from typing import Any

import numpy as np
from numba import njit

from collectors.traffic.flows.netflow.codes_kernel import MS, PROGRAM, Count, Kind, Slot, place, u16
from collectors.traffic.flows.netflow.record_kernel import MASKS, PLACES, read, record_kept, record_read, uncounted

U = np.uint64
_P = U(PROGRAM)
_M32 = U(0xFFFF_FFFF)
_EIGHT = U(8)
_NOWHERE = ~U(0) - U(7)  # eight octets before
_ALL = ~U(0)


@uncounted
def sampled(samplers: Any, domain: Any, sampler: Any, rate: Any) -> Any:
    """Return the rate of a domain's sampler; `rate` where that is not known."""
    mask = U(len(samplers) - 1)
    k = place((domain << U(40)) ^ sampler, mask)
    while samplers[k].rate != 0:
        if samplers[k].id == sampler and samplers[k].domain == domain:
            rate = U(samplers[k].rate)
            break
        k = (k + U(1)) & mask
    return rate


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)  # type: ignore[call-overload]  # not in its types
def decode_set(
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
    records: Any,
    counts: Any,
) -> Any:
    """Decode the records between `at` and `end` with the template of this row; return how many there were.

    `records` has room for (end - at) // length of them behind `state[0].records`: the caller saw to that. Records of
    options that we want nothing of are counted only.
    """
    w = state[U(0)]
    t = templates[row]
    d = domains[U(w.domain)]
    length = U(t.length)
    n = U(t.ops)
    first = row * _P
    base_rate = U(w.rate) if w.rate > 1 else U(d.rate)
    out = w.records
    begun = out
    seen = U(0)
    t.used_ns = w.received_ns
    if w.has_uptime == 0 and d.boot_ms != U(0):  # IPFIX: options told since when
        w.uptime_ms, w.has_uptime = (w.export_ns // MS - d.boot_ms) & _M32, 1
    if t.variable == 0 and t.kind != Kind.FLOWS:
        return (end - at) // length
    for k in range(U(len(values))):
        values[k] = U(0)
    there = _ALL
    plain = t.variable == 0 and at >= _EIGHT  # what waited for its template may begin at 0
    if plain:
        there = U(0)
        for k in range(PLACES, MASKS):
            values[k] = _NOWHERE
        for k in range(first, first + n):
            slot, size = U(ops[U(k)].slot), U(ops[U(k)].length)
            values[PLACES + slot] = U(ops[U(k)].at) + size - _EIGHT
            values[MASKS + slot] = _ALL >> (U(64) - (size << U(3)))
            there |= U(1) << slot
            plain = plain and size <= _EIGHT
    if plain:
        while at + length <= end:
            rate = base_rate
            if t.has_sampler:
                rate = sampled(samplers, U(w.domain), read(buffer, at, values, Slot.SAMPLER), rate)
            record_read(records[out], t, buffer, at, values, there, d, w, rate)
            out += U(1)
            at += length
        seen = out - begun
    while at + length <= end:
        if t.variable == 0:
            for k in range(first, first + n):
                op = ops[U(k)]
                x = U(0)
                for j in range(U(op.length)):
                    x = (x << U(8)) | U(buffer[at + U(op.at) + U(j)])
                values[U(op.slot)] = x
            at += length
        else:
            good = True
            for k in range(first, first + n):
                op = ops[U(k)]
                at += U(op.at)
                size = U(op.length)
                if size == U(0xFFFF):  # RFC 7011, 7
                    if at >= end:
                        good = False
                        break
                    size = U(buffer[at])
                    at += U(1)
                    if size == U(255):
                        if at + U(2) > end:
                            good = False
                            break
                        size = u16(buffer, at)
                        at += U(2)
                if at + size > end:
                    good = False
                    break
                if op.slot != 0:
                    x = U(0)
                    for j in range(size):
                        x = (x << U(8)) | U(buffer[at + U(j)])
                    values[U(op.slot)] = x
                at += size
            if not good or at > end:
                counts[Count.BAD_RECORD] += U(1)
                break
        seen += U(1)
        if t.kind == Kind.FLOWS:
            rate = base_rate
            if t.has_sampler:
                rate = sampled(samplers, U(w.domain), values[Slot.SAMPLER], rate)
            record_kept(records[out], t, buffer, at, values, _ALL, d, w, rate)
            out += U(1)
    w.records = out
    d.records += out - begun
    counts[Count.RECORDS] += out - begun
    return seen
