"""From the octets of a data set to records: a template is a small program, which octets go to which slot.

Slots are then put together to one record. Every length from outside is checked against the end of the set. Sources:
RFC 3954 (v9), RFC 7011 (IPFIX), RFC 5103 (flows of two directions).
"""

from typing import Any

import numpy as np
from numba import njit

from collectors.traffic.flows.netflow.codes_kernel import MS, PROGRAM, Clock, Count, Kind, S, Slot, place, u16

U = np.uint64
_P = U(PROGRAM)
_M32 = U(0xFFFF_FFFF)
_MAPPED = U(0xFFFF_0000_0000)
_NTP = U(2_208_988_800)  # seconds from 1900 to 1970


@njit(inline="always")
def _moment(clock: Any, x: Any, export_ns: Any, uptime: Any) -> Any:
    """Return Unix nanoseconds. An uptime in the future of the export's by less than half its range is that."""
    if clock == Clock.UPTIME:
        age = (uptime - x) & _M32
        ns = export_ns - age * MS if age < U(0x8000_0000) else export_ns + (U(0x1_0000_0000) - age) * MS
    elif clock == Clock.SECONDS:
        ns = x * S
    elif clock == Clock.MILLISECONDS:
        ns = x * MS
    elif clock == Clock.MICROSECONDS or clock == Clock.NANOSECONDS:
        seconds = x >> U(32)
        if seconds < U(0x8000_0000):  # the era from 2036 on (RFC 5905, 6)
            seconds += U(0x1_0000_0000)
        fraction = x & _M32 if clock == Clock.NANOSECONDS else x & U(0xFFFF_F800)
        ns = (seconds - _NTP) * S + ((fraction * S) >> U(32))
    else:
        ns = export_ns - x * U(1000)
    return ns


@njit(inline="always")
def _times(r: Any, t: Any, start: Any, end: Any, export_ns: Any, uptime: Any) -> None:
    lasted = U(1_000_000) if t.start == Clock.LASTED_MS or t.end == Clock.LASTED_MS else U(1000)
    if t.end == Clock.NONE:
        end_ns = export_ns if t.start == Clock.NONE or t.start >= Clock.LASTED_MS else U(0)
    elif t.end >= Clock.LASTED_MS:
        end_ns = _moment(t.start, start, export_ns, uptime) + end * lasted
    else:
        end_ns = _moment(t.end, end, export_ns, uptime)
    if t.start == Clock.NONE:
        start_ns = end_ns
    elif t.start >= Clock.LASTED_MS:
        start_ns = end_ns - start * lasted
    else:
        start_ns = _moment(t.start, start, export_ns, uptime)
    if end_ns == U(0):  # nobody told when it ended
        end_ns = start_ns
    r.end_ns = end_ns
    r.start_ns = min(start_ns, end_ns)


@njit(inline="always")
def _times_rate(x: Any, rate: Any) -> Any:
    """Return a count times its sampling rate; the largest number where that would wrap."""
    y = x * rate
    if rate != U(1) and x >= U(1) << U(32) and y // rate != x:
        y = ~U(0)
    return y


@njit(inline="always")
def _state(event: Any, protocol: Any, flags: Any, reply_flags: Any, reply: Any) -> Any:
    """Return the FlowState of a record that tells both directions (RFC 5103) or an event (firewallEvent, IE 233)."""
    state = 0
    if event == U(1):
        state = 1  # created: a record with its counts follows
    elif reply == U(0):
        state = 2
    elif protocol != U(6):
        state = 3
    else:
        both = flags & reply_flags
        state = 3
        if flags & U(2) and reply_flags & U(4) and not reply_flags & U(2):
            state = 7
        elif both & U(2) and (flags | reply_flags) & U(4):
            state = 6
        elif both & U(1):
            state = 5
        elif both & U(2) and flags & U(16):
            state = 4
    return state


@njit(nogil=True, error_model="numpy")
def _record(r: Any, t: Any, v: Any, d: Any, w: Any, rate: Any) -> None:
    """Put one record together from its slots; every field is written, since the output is used again."""
    uptime = U(w.uptime_ms)
    if t.has_boot and v[Slot.BOOT] != U(0):
        uptime = (w.export_ns // MS - v[Slot.BOOT]) & _M32
    elif w.has_uptime == 0:  # an uptime, but nobody told since when: let the flow have ended with the export
        uptime = v[Slot.END] if t.end == Clock.UPTIME else v[Slot.START]
    _times(r, t, v[Slot.START], v[Slot.END], w.export_ns, uptime)
    if t.has_rate:
        if v[Slot.RATE] != U(0):
            rate = min(v[Slot.RATE], _M32)
        elif v[Slot.INTERVAL] != U(0) and v[Slot.SPACE] != U(0):
            rate = min((v[Slot.INTERVAL] + v[Slot.SPACE] + v[Slot.INTERVAL] // U(2)) // v[Slot.INTERVAL], _M32)
    r.sampling = rate
    r.bytes = _times_rate(v[Slot.BYTES], rate)
    r.packets = _times_rate(v[Slot.PACKETS], rate)
    version = U(0)
    if t.has_v4 and (not t.has_v6 or v[Slot.IP_VERSION] == U(4) or v[Slot.SOURCE4] | v[Slot.DESTINATION4] != U(0)):
        version = U(4)
        r.source_hi, r.source_lo = U(0), _MAPPED | v[Slot.SOURCE4]
        r.destination_hi, r.destination_lo = U(0), _MAPPED | v[Slot.DESTINATION4]
    else:
        if t.has_v6:
            version = U(6)
        r.source_hi, r.source_lo = v[Slot.SOURCE_HI], v[Slot.SOURCE_LO]
        r.destination_hi, r.destination_lo = v[Slot.DESTINATION_HI], v[Slot.DESTINATION_LO]
    r.version = version
    r.verdict = 0 if version != U(0) else 1
    ethertype = v[Slot.ETHERTYPE]
    if ethertype == U(0) and version != U(0):
        ethertype = U(0x0800) if version == U(4) else U(0x86DD)
    r.ethertype = ethertype
    protocol = v[Slot.PROTOCOL]
    r.protocol = protocol
    source_port, destination_port, icmp_type, icmp_code = U(0), U(0), U(0), U(0)
    if protocol == U(6) or protocol == U(17) or protocol == U(132):
        source_port, destination_port = v[Slot.SOURCE_PORT], v[Slot.DESTINATION_PORT]
    elif protocol == U(1) or protocol == U(58):
        if t.icmp == 2:
            icmp_type, icmp_code = v[Slot.ICMP], v[Slot.ICMP_CODE]
        else:  # type * 256 + code, in its own field or, as v5 does, in the destination port
            x = v[Slot.ICMP] if t.icmp == 1 else v[Slot.DESTINATION_PORT]
            icmp_type, icmp_code = (x >> U(8)) & U(255), x & U(255)
    r.source_port, r.destination_port = source_port, destination_port
    r.icmp_type, r.icmp_code = icmp_type, icmp_code
    r.tcp_flags = v[Slot.FLAGS] & U(255)  # tcpControlBits may have 16 bits (RFC 7125): the low ones are these
    r.reply_tcp_flags = v[Slot.REPLY_FLAGS] & U(255)
    r.reply_bytes = _times_rate(v[Slot.REPLY_BYTES], rate)
    r.reply_packets = _times_rate(v[Slot.REPLY_PACKETS], rate)
    state = 0
    if t.has_reply or v[Slot.EVENT] != U(0):
        reply = v[Slot.REPLY_BYTES] | v[Slot.REPLY_PACKETS]
        state = _state(v[Slot.EVENT], protocol, v[Slot.FLAGS], v[Slot.REPLY_FLAGS], reply)
    r.state = state
    r.tos, r.ttl = v[Slot.TOS], v[Slot.TTL]
    r.vlan, r.inner_vlan = v[Slot.VLAN] & U(0xFFF), v[Slot.INNER_VLAN] & U(0xFFF)
    r.source_mac, r.destination_mac = v[Slot.SOURCE_MAC], v[Slot.DESTINATION_MAC]
    r.in_interface, r.out_interface = v[Slot.IN_INTERFACE], v[Slot.OUT_INTERFACE]
    r.source_as, r.destination_as = v[Slot.SOURCE_AS], v[Slot.DESTINATION_AS]
    r.mpls = (v[Slot.MPLS] << U(8)) | (v[Slot.MPLS_TTL] & U(255)) if v[Slot.MPLS] != U(0) else U(0)
    r.direction = v[Slot.DIRECTION] & U(1)
    r.end_reason = v[Slot.END_REASON] if v[Slot.END_REASON] <= U(5) else U(0)
    r.fragment = 2 if v[Slot.FRAGMENT_OFFSET] & U(0x1FFF) != U(0) else 0
    r.exporter, r.domain = d.exporter, d.id
    r.payload_at, r.payload_length, r.tunnel = 0, 0, 0
    r.handshake_us, r.retransmissions, r.reserved = 0, 0, 0


@njit(nogil=True, error_model="numpy")
def _sampled(samplers: Any, domain: Any, sampler: Any, rate: Any) -> Any:
    """Return the rate of a domain's sampler; `rate` where that is not known."""
    mask = U(len(samplers) - 1)
    k = place((domain << U(40)) ^ sampler, mask)
    while samplers[k].rate != 0:
        if samplers[k].id == sampler and samplers[k].domain == domain:
            rate = U(samplers[k].rate)
            break
        k = (k + U(1)) & mask
    return rate


@njit(cache=True, nogil=True, error_model="numpy")
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
    # Octets are put together here and not by a helper: an array that an inlined helper takes costs two atomic
    # operations on its reference count at each call, which was four fifths of the time.
    while at + length <= end:
        if t.variable == 0:
            for k in range(first, first + n):
                op = ops[U(k)]
                p, size = at + U(op.at), U(op.length)
                if size == U(4):
                    values[U(op.slot)] = (
                        (U(buffer[p]) << U(24))
                        | (U(buffer[p + U(1)]) << U(16))
                        | (U(buffer[p + U(2)]) << U(8))
                        | U(buffer[p + U(3)])
                    )
                elif size == U(2):
                    values[U(op.slot)] = (U(buffer[p]) << U(8)) | U(buffer[p + U(1)])
                elif size == U(1):
                    values[U(op.slot)] = U(buffer[p])
                elif size == U(8):
                    values[U(op.slot)] = (
                        (U(buffer[p]) << U(56))
                        | (U(buffer[p + U(1)]) << U(48))
                        | (U(buffer[p + U(2)]) << U(40))
                        | (U(buffer[p + U(3)]) << U(32))
                        | (U(buffer[p + U(4)]) << U(24))
                        | (U(buffer[p + U(5)]) << U(16))
                        | (U(buffer[p + U(6)]) << U(8))
                        | U(buffer[p + U(7)])
                    )
                else:
                    x = U(0)
                    for j in range(size):
                        x = (x << U(8)) | U(buffer[p + U(j)])
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
                rate = _sampled(samplers, U(w.domain), values[Slot.SAMPLER], rate)
            _record(records[out], t, values, d, w, rate)
            out += U(1)
    w.records = out
    d.records += out - begun
    counts[Count.RECORDS] += out - begun
    return seen
