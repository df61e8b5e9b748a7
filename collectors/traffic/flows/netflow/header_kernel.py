"""Where a datagram of NetFlow v5, v9 or IPFIX begins: its header, and what is known of its domain and its templates.

Sources: RFC 3954 (v9), RFC 7011 (IPFIX).
"""

from typing import Any

import numpy as np
from numba import njit

from collectors.traffic.flows.netflow.codes_kernel import Count, S, place, u16, u32
from collectors.traffic.packet.prefetch_kernel import prefetch

U = np.uint64
_LINE = U(64)  # octets of a cache line


@njit(inline="always")
def header(buffer: Any, row: Any, w: Any, counts: Any) -> Any:
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
def foretell(buffer: Any, index: Any, datagram: Any) -> None:
    """Ask for the octets of a datagram, if there is one: each lies elsewhere, and no processor foretells where."""
    if datagram < U(len(index)):
        at = U(index[datagram].at)
        for p in range(at, at + U(index[datagram].length), _LINE):
            prefetch(buffer, p, U(0))


@njit(inline="always")
def find_domain(w: Any, domains: Any, slots: Any) -> Any:
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
def find_template(domain: Any, number: Any, templates: Any, slots: Any) -> Any:
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
