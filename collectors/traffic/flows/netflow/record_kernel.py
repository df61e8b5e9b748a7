"""From the fields of a flow, by slot, to a record.

Sources: RFC 3954 (v9), RFC 7011 (IPFIX), RFC 5103 (flows of two directions).
"""

from typing import Any

import numpy as np
from numba import njit

from collectors.traffic.flows.netflow.codes_kernel import MS, SLOTS, Clock, S, Slot

U = np.uint64
_M32 = U(0xFFFF_FFFF)
MAPPED = U(0xFFFF_0000_0000)
PLACES, MASKS = U(SLOTS), U(2 * SLOTS)  # of `values`: what `read` finds a slot's octets by
# Slots that few exporters fill, together: which of these a template has is asked once for all of them.
_REPLY = U(sum(1 << slot for slot in (Slot.REPLY_BYTES, Slot.REPLY_PACKETS, Slot.REPLY_FLAGS, Slot.EVENT)))
_ROUTED = U(
    sum(
        1 << slot
        for slot in (
            Slot.TTL,
            Slot.SOURCE_AS,
            Slot.DESTINATION_AS,
            Slot.DIRECTION,
            Slot.END_REASON,
            Slot.FRAGMENT_OFFSET,
        )
    )
)
_SWITCHED = U(
    sum(
        1 << slot
        for slot in (Slot.VLAN, Slot.INNER_VLAN, Slot.SOURCE_MAC, Slot.DESTINATION_MAC, Slot.MPLS, Slot.MPLS_TTL)
    )
)
_NTP = U(2_208_988_800)  # seconds from 1900 to 1970


uncounted: Any = njit(nogil=True, error_model="numpy", _nrt=False)  # type: ignore[call-overload]  # not in its types
"""For functions that make no arrays: without numba's counting of references, which is atomic, for each that is read."""


inlined: Any = njit(nogil=True, error_model="numpy", _nrt=False, forceinline=True)  # type: ignore[call-overload]
"""The same, for those that are called from one place: what they take is dozens of words where it is passed on."""


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
def times(starts: Any, ends: Any, start: Any, end: Any, export_ns: Any, uptime: Any) -> Any:
    """Return when a flow started and ended, in Unix nanoseconds; `starts` and `ends` are the clocks of the numbers."""
    lasted = U(1_000_000) if starts == Clock.LASTED_MS or ends == Clock.LASTED_MS else U(1000)
    if ends == Clock.NONE:
        end_ns = export_ns if starts == Clock.NONE or starts >= Clock.LASTED_MS else U(0)
    elif ends >= Clock.LASTED_MS:
        end_ns = _moment(starts, start, export_ns, uptime) + end * lasted
    else:
        end_ns = _moment(ends, end, export_ns, uptime)
    if starts == Clock.NONE:
        start_ns = end_ns
    elif starts >= Clock.LASTED_MS:
        start_ns = end_ns - start * lasted
    else:
        start_ns = _moment(starts, start, export_ns, uptime)
    if end_ns == U(0):  # nobody told when it ended
        end_ns = start_ns
    return min(start_ns, end_ns), end_ns


@njit(inline="always")
def times_rate(x: Any, rate: Any) -> Any:
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


@njit(inline="always")
def _kept(_buffer: Any, _at: Any, v: Any, slot: Any) -> Any:
    """Return a slot's number, which was put there before."""
    return v[slot]


@njit(inline="always")
def load(buffer: Any, p: Any, mask: Any) -> Any:
    """Return the eight octets at a place as a number, of it what `mask` leaves."""
    return (
        (U(buffer[p]) << U(56))
        | (U(buffer[p + U(1)]) << U(48))
        | (U(buffer[p + U(2)]) << U(40))
        | (U(buffer[p + U(3)]) << U(32))
        | (U(buffer[p + U(4)]) << U(24))
        | (U(buffer[p + U(5)]) << U(16))
        | (U(buffer[p + U(6)]) << U(8))
        | U(buffer[p + U(7)])
    ) & mask


@njit(inline="always")
def read(buffer: Any, at: Any, v: Any, slot: Any) -> Any:
    """Return a slot's number from the record that begins at `at`: of the eight octets that end with its field those
    that are the field's. Of a slot without a field none are, of the eight octets before the record.
    """
    return load(buffer, at + v[PLACES + U(slot)], v[MASKS + U(slot)])


def _recorder(get: Any) -> Any:
    """Return what puts records together from the numbers that `get` gives."""

    @uncounted
    def record(r: Any, t: Any, b: Any, at: Any, v: Any, there: Any, d: Any, w: Any, rate: Any) -> None:
        """Put one record together; every field is written, since the output is used again. `there`: a bit a slot."""
        uptime = U(w.uptime_ms)
        start, end = get(b, at, v, Slot.START), get(b, at, v, Slot.END)
        if t.has_boot and get(b, at, v, Slot.BOOT) != U(0):
            uptime = (w.export_ns // MS - get(b, at, v, Slot.BOOT)) & _M32
        elif w.has_uptime == 0:  # an uptime, but nobody told since when: let the flow have ended with the export
            uptime = end if t.end == Clock.UPTIME else start
        r.start_ns, r.end_ns = times(t.start, t.end, start, end, w.export_ns, uptime)
        if t.has_rate:
            told, interval, space = get(b, at, v, Slot.RATE), get(b, at, v, Slot.INTERVAL), get(b, at, v, Slot.SPACE)
            if told != U(0):
                rate = min(told, _M32)
            elif interval != U(0) and space != U(0):
                rate = min((interval + space + interval // U(2)) // interval, _M32)
        r.sampling = rate
        r.bytes = times_rate(get(b, at, v, Slot.BYTES), rate)
        r.packets = times_rate(get(b, at, v, Slot.PACKETS), rate)
        version = U(0)
        source, destination = get(b, at, v, Slot.SOURCE4), get(b, at, v, Slot.DESTINATION4)
        if t.has_v4 and (not t.has_v6 or get(b, at, v, Slot.IP_VERSION) == U(4) or source | destination != U(0)):
            version = U(4)
            r.source_hi, r.source_lo = U(0), MAPPED | source
            r.destination_hi, r.destination_lo = U(0), MAPPED | destination
        else:
            if t.has_v6:
                version = U(6)
            r.source_hi, r.source_lo = get(b, at, v, Slot.SOURCE_HI), get(b, at, v, Slot.SOURCE_LO)
            r.destination_hi, r.destination_lo = get(b, at, v, Slot.DESTINATION_HI), get(b, at, v, Slot.DESTINATION_LO)
        r.version = version
        r.verdict = 0 if version != U(0) else 1
        protocol = get(b, at, v, Slot.PROTOCOL)
        r.protocol = protocol
        source_port, destination_port, icmp_type, icmp_code = U(0), U(0), U(0), U(0)
        if protocol == U(6) or protocol == U(17) or protocol == U(132):
            source_port, destination_port = get(b, at, v, Slot.SOURCE_PORT), get(b, at, v, Slot.DESTINATION_PORT)
        elif protocol == U(1) or protocol == U(58):
            if t.icmp == 2:
                icmp_type, icmp_code = get(b, at, v, Slot.ICMP), get(b, at, v, Slot.ICMP_CODE)
            else:  # type * 256 + code, in its own field or, as v5 does, in the destination port
                x = get(b, at, v, Slot.ICMP) if t.icmp == 1 else get(b, at, v, Slot.DESTINATION_PORT)
                icmp_type, icmp_code = (x >> U(8)) & U(255), x & U(255)
        r.source_port, r.destination_port = source_port, destination_port
        r.icmp_type, r.icmp_code = icmp_type, icmp_code
        flags = get(b, at, v, Slot.FLAGS)
        r.tcp_flags = flags & U(255)  # tcpControlBits may have 16 bits (RFC 7125): the low ones are these
        r.tos = get(b, at, v, Slot.TOS)
        r.in_interface, r.out_interface = get(b, at, v, Slot.IN_INTERFACE), get(b, at, v, Slot.OUT_INTERFACE)
        r.exporter, r.domain = d.exporter, d.id
        ethertype = get(b, at, v, Slot.ETHERTYPE)
        if ethertype == U(0) and version != U(0):
            ethertype = U(0x0800) if version == U(4) else U(0x86DD)
        r.ethertype = ethertype
        r.reply_tcp_flags, r.reply_bytes, r.reply_packets, r.state = 0, 0, 0, 0
        if there & _REPLY != U(0):
            reply_bytes, reply_packets = get(b, at, v, Slot.REPLY_BYTES), get(b, at, v, Slot.REPLY_PACKETS)
            reply_flags, event = get(b, at, v, Slot.REPLY_FLAGS), get(b, at, v, Slot.EVENT)
            r.reply_tcp_flags = reply_flags & U(255)
            r.reply_bytes, r.reply_packets = times_rate(reply_bytes, rate), times_rate(reply_packets, rate)
            if t.has_reply or event != U(0):
                r.state = _state(event, protocol, flags, reply_flags, reply_bytes | reply_packets)
        r.ttl, r.direction, r.end_reason, r.fragment = 0, 0, 0, 0
        r.source_as, r.destination_as = 0, 0
        if there & _ROUTED != U(0):
            r.ttl = get(b, at, v, Slot.TTL)
            r.source_as, r.destination_as = get(b, at, v, Slot.SOURCE_AS), get(b, at, v, Slot.DESTINATION_AS)
            r.direction = get(b, at, v, Slot.DIRECTION) & U(1)
            reason = get(b, at, v, Slot.END_REASON)
            r.end_reason = reason if reason <= U(5) else U(0)
            r.fragment = 2 if get(b, at, v, Slot.FRAGMENT_OFFSET) & U(0x1FFF) != U(0) else 0
        r.vlan, r.inner_vlan, r.mpls = 0, 0, 0
        r.source_mac, r.destination_mac = 0, 0
        if there & _SWITCHED != U(0):
            r.vlan, r.inner_vlan = get(b, at, v, Slot.VLAN) & U(0xFFF), get(b, at, v, Slot.INNER_VLAN) & U(0xFFF)
            r.source_mac, r.destination_mac = get(b, at, v, Slot.SOURCE_MAC), get(b, at, v, Slot.DESTINATION_MAC)
            label = get(b, at, v, Slot.MPLS)
            r.mpls = (label << U(8)) | (get(b, at, v, Slot.MPLS_TTL) & U(255)) if label != U(0) else U(0)
        r.payload_at, r.payload_length, r.tunnel = 0, 0, 0
        r.handshake_us, r.retransmissions, r.reserved = 0, 0, 0

    return record


record_kept = _recorder(_kept)
record_read = _recorder(read)
