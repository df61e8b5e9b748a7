"""The compiled walk over NetFlow v5, v9 and IPFIX datagrams: headers, sequence numbers, sets, records.

A template is a small program: which octets go to which slot. Slots are then put together to one record. Whatever is
rare (a domain seen first, a template that changed, options data that changed) stops the walk for Python to decide;
a template that is sent again unchanged does not. Every length from outside is checked against the end of its set, its
set's against the end of its datagram. Sources: RFC 3954 (v9), RFC 7011 (IPFIX), RFC 5103 (flows of two directions).
"""

from enum import IntEnum
from typing import Any

import numpy as np
from numba import njit

U = np.uint64
PROGRAM = 128  # ops of one template: every element that we know once, and the gaps between; 1 kB a template
_P = U(PROGRAM)
_M32 = U(0xFFFF_FFFF)
_MIX = U(0x9E37_79B9_7F4A_7C15)  # 2^64 divided by the golden ratio: spreads keys over a table (Knuth, TAOCP 6.4)
_MS = U(1_000_000)
_S = U(1_000_000_000)
_MAPPED = U(0xFFFF_0000_0000)
_NTP = U(2_208_988_800)  # seconds from 1900 to 1970
_FAR_FORWARD = U(1 << 28)  # a jump of more is no loss: nobody loses 2^28 records between two datagrams
_FAR_BACK_RECORDS = U(16_384)  # reordering in a network is of some datagrams; further back the exporter restarted
_FAR_BACK_DATAGRAMS = U(256)
_LATE_RUN = 4  # datagrams that continue each other in the past: a restart so early that it looks like reordering
_FITS = 4  # messages that another style of counting explains, before it is taken
_RESTART_MS = U(60_000)  # an uptime that went back by more than reordering explains
_AHEAD_MS = U(600_000)  # or forward by this much more than our own clock did: it wrapped through a restart


class Slot(IntEnum):
    """Where a field's value waits until its record is put together."""

    NOWHERE = 0
    SOURCE4 = 1
    DESTINATION4 = 2
    SOURCE_HI = 3
    SOURCE_LO = 4
    DESTINATION_HI = 5
    DESTINATION_LO = 6
    BYTES = 7
    PACKETS = 8
    REPLY_BYTES = 9
    REPLY_PACKETS = 10
    START = 11
    END = 12
    BOOT = 13
    SOURCE_PORT = 14
    DESTINATION_PORT = 15
    PROTOCOL = 16
    FLAGS = 17
    REPLY_FLAGS = 18
    ICMP = 19
    ICMP_CODE = 20
    TOS = 21
    TTL = 22
    VLAN = 23
    INNER_VLAN = 24
    SOURCE_MAC = 25
    DESTINATION_MAC = 26
    IN_INTERFACE = 27
    OUT_INTERFACE = 28
    SOURCE_AS = 29
    DESTINATION_AS = 30
    MPLS = 31
    MPLS_TTL = 32
    DIRECTION = 33
    END_REASON = 34
    ETHERTYPE = 35
    IP_VERSION = 36
    SAMPLER = 37
    RATE = 38
    INTERVAL = 39
    SPACE = 40
    FRAGMENT_OFFSET = 41
    EVENT = 42


SLOTS = 43


class Kind(IntEnum):
    """What data of a template are."""

    ABSENT = 0  # withdrawn
    FLOWS = 1
    OPTIONS = 2
    IGNORED = 3  # options of which we want nothing


class Clock(IntEnum):
    """In what a time is told."""

    NONE = 0
    UPTIME = 1  # milliseconds since the exporter started, modulo 2^32
    SECONDS = 2
    MILLISECONDS = 3
    MICROSECONDS = 4  # NTP's 64 bits, of which the last 11 say nothing (RFC 7011, 6.1.9)
    NANOSECONDS = 5  # NTP's 64 bits (6.1.10)
    DELTA = 6  # microseconds before the export
    LASTED_MS = 7  # the flow's duration: the time is that of the other end
    LASTED_US = 8


class Style(IntEnum):
    """How an IPFIX exporter counts its sequence numbers."""

    BEFORE = 0  # data records sent before this message (RFC 7011, 3.1)
    WITH_OWN = 1  # flow records sent, those of this message included (softflowd 1.1)
    MESSAGES = 2  # messages sent, as v9 does


class Count(IntEnum):
    """What is counted; from SHORT on: what was dropped, and why."""

    DATAGRAMS = 0
    RECORDS = 1
    OPTIONS = 2  # options data records
    TEMPLATES = 3  # definitions taken: new ones, and changes
    WITHDRAWN = 4
    WAITED = 5  # records that were decoded after waiting for their template
    SETS_KEPT = 6  # data sets that were kept to wait for their template
    TRAILING = 7  # octets behind the end of a message
    SHORT = 8  # datagrams that end inside their header, or before the end that it tells
    VERSION = 9  # datagrams of another version
    DOMAIN_REFUSED = 10  # datagrams of a domain for which there was no room
    BAD_SET = 11  # datagrams left in the middle: a set's length is below 4 or beyond the end
    RESERVED_SET = 12  # sets of a number that no standard gives a meaning
    BAD_RECORD = 13  # a field's length reaches beyond its set: the rest of the set
    BAD_TEMPLATE = 14  # definitions that cannot be
    TEMPLATE_REFUSED = 15  # definitions without room for them; definitions or sets beyond the changes of a second
    WAITING_FULL = 16  # data sets without template, and no room to wait
    WAITING_OLD = 17  # data sets whose template did not come in time
    OUTPUT_FULL = 18  # sets beyond the most records of one batch
    OPTIONS_REFUSED = 19  # samplers and interface names without room for them; sets of too many options in a second


class Stop(IntEnum):
    """Why the walk stopped."""

    DONE = 0
    DOMAIN = 1
    TEMPLATES = 2
    OPTIONS = 3
    OUTPUT = 4  # no room for the records of this set


@njit(inline="always")
def _u16(b: Any, p: Any) -> Any:
    return (U(b[p]) << U(8)) | U(b[p + U(1)])


@njit(inline="always")
def _u32(b: Any, p: Any) -> Any:
    return (U(b[p]) << U(24)) | (U(b[p + U(1)]) << U(16)) | (U(b[p + U(2)]) << U(8)) | U(b[p + U(3)])


@njit(inline="always")
def _place(key: Any, mask: Any) -> Any:
    """Return where a key's search begins in a table of `mask` + 1 slots."""
    x = (key ^ (key >> U(29))) * _MIX
    return (x ^ (x >> U(32))) & mask


@njit(inline="always")
def _moment(clock: Any, x: Any, export_ns: Any, uptime: Any) -> Any:
    """Return Unix nanoseconds. An uptime in the future of the export's by less than half its range is that."""
    if clock == Clock.UPTIME:
        age = (uptime - x) & _M32
        ns = export_ns - age * _MS if age < U(0x8000_0000) else export_ns + (U(0x1_0000_0000) - age) * _MS
    elif clock == Clock.SECONDS:
        ns = x * _S
    elif clock == Clock.MILLISECONDS:
        ns = x * _MS
    elif clock == Clock.MICROSECONDS or clock == Clock.NANOSECONDS:
        seconds = x >> U(32)
        if seconds < U(0x8000_0000):  # the era from 2036 on (RFC 5905, 6)
            seconds += U(0x1_0000_0000)
        fraction = x & _M32 if clock == Clock.NANOSECONDS else x & U(0xFFFF_F800)
        ns = (seconds - _NTP) * _S + ((fraction * _S) >> U(32))
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
        uptime = (w.export_ns // _MS - v[Slot.BOOT]) & _M32
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
    k = _place((domain << U(40)) ^ sampler, mask)
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
        w.uptime_ms, w.has_uptime = (w.export_ns // _MS - d.boot_ms) & _M32, 1
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
                        size = _u16(buffer, at)
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


@njit(inline="always")
def _style(d: Any, sequence: Any, own: Any) -> None:
    """Learn how an IPFIX exporter counts: change the style where the present one fails and another fits each time."""
    step = (sequence - U(d.previous)) & _M32
    fits_now = False
    better = d.style
    for style in range(3):
        expected = U(d.previous_units) if style == Style.BEFORE else own if style == Style.WITH_OWN else U(1)
        if step == expected:
            d.fits[style] = min(d.fits[style] + 1, 100)
            if style == d.style:
                fits_now = True
            elif d.fits[style] >= _FITS and (better == d.style or d.fits[style] > d.fits[better]):
                better = np.uint8(style)
        else:
            d.fits[style] = d.fits[style] >> 2
    if not fits_now and better != d.style:
        d.style = better
        d.expected = (sequence - own if better == Style.WITH_OWN else sequence) & _M32
        d.outstanding = U(0)
        if d.restyled == 0:  # what was counted until now was counted wrongly
            d.missed, d.late, d.repeated, d.resets = U(0), U(0), U(0), U(0)
            d.restyled = 1


@njit(inline="always")
def _sequence(d: Any, sequence: Any, units: Any, options: Any, uncounted: Any) -> None:
    """Compare a message's sequence number with the expected one; `units`: what the message adds to it."""
    if d.version == 10:
        own = units - options
        if d.sequenced and not uncounted:
            _style(d, sequence, own)
        d.previous, d.previous_units = sequence, units
        if d.style == Style.WITH_OWN:
            sequence, units = (sequence - own) & _M32, own
        elif d.style == Style.MESSAGES:
            units, uncounted = U(1), 0
    gap = (sequence - U(d.expected)) & _M32
    following = (sequence + units) & _M32
    far_back = _FAR_BACK_DATAGRAMS if d.version == 9 or d.style == Style.MESSAGES else _FAR_BACK_RECORDS
    forward = True
    if d.sequenced == 0:
        d.outstanding = U(0)
    elif gap < _FAR_FORWARD:
        d.missed += gap
        d.outstanding += gap
    else:
        back = (U(0x1_0000_0000) - gap) & _M32
        run = d.late_run + 1 if d.late_run > 0 and sequence == U(d.late_next) else 1
        d.late_next = following
        d.late_run = run
        if back > far_back or run >= _LATE_RUN:
            d.resets += U(1)
            d.outstanding = U(0)
        else:
            forward = False
            if units > U(0) and d.outstanding >= units:
                d.outstanding -= units
                d.late += units
            else:
                d.repeated += U(1)
    if forward:
        d.expected = following
        d.late_run = 0
        d.sequenced = 0 if uncounted else 1


@njit(inline="always")
def _uptime(d: Any, uptime: Any, received_ns: Any) -> None:
    """Keep an exporter's uptime; where it went back, its sequence begins anew."""
    if d.datagrams > U(0):
        back = (U(d.uptime_ms) - uptime) & _M32
        passed = (received_ns - d.seen_ns) // _MS if received_ns > d.seen_ns else U(0)
        if back < U(0x8000_0000):
            restarted = back > _RESTART_MS
        else:  # forward
            restarted = U(0x1_0000_0000) - back > passed + _AHEAD_MS
        if restarted:
            if d.sequenced:
                d.resets += U(1)
            d.sequenced = 0
    d.uptime_ms = uptime


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
    version = _u16(buffer, p) if size >= U(2) else U(0)
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
            length = _u16(buffer, p + U(2))
            w.export_ns, w.sequence, w.id = _u32(buffer, p + U(4)) * _S, _u32(buffer, p + U(8)), _u32(buffer, p + U(12))
            w.units, w.options, w.has_uptime, w.uptime_ms = U(0), U(0), 0, 0
            if length < U(16) or length > size:
                good = False
            else:
                w.end = p + length
        else:
            w.uptime_ms, w.has_uptime = _u32(buffer, p + U(4)), 1
            w.export_ns, w.units = _u32(buffer, p + U(8)) * _S, U(1)
            if version == U(9):  # RFC 3954, 5.1
                w.sequence, w.id = _u32(buffer, p + U(12)), _u32(buffer, p + U(16))
            else:
                w.export_ns += _u32(buffer, p + U(12)) % _S
                w.sequence, w.id = _u32(buffer, p + U(16)), _u16(buffer, p + U(20))
                w.units = _u16(buffer, p + U(2))
                w.rate = _u16(buffer, p + U(22)) & U(0x3FFF)  # the two bits above tell the mode
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
    k = _place((U(w.exporter) << U(36)) ^ (U(w.version) << U(32)) ^ U(w.id), mask)
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
    k = _place((U(domain) << U(16)) | number, mask)
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
        x = (x ^ _u32(buffer, p)) * U(0x0000_0100_0000_01B3)
        x ^= x >> U(32)
        p += U(4)
    while p < at + length:
        x = (x ^ U(buffer[p])) * U(0x0000_0100_0000_01B3)
        p += U(1)
    return x


@njit(inline="always")
def _known(w: Any, d: Any, known: Any) -> Any:
    """Tell whether this set was read before, with nothing changed since in its domain."""
    key = (w.hash ^ (U(w.domain) << U(32)) ^ U(d.generation)) * _MIX
    return known[key >> U(52)] == key


@njit(cache=True, nogil=True, error_model="numpy")
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
    waiting WAITING[], limits u8[2] (octets and sets that one exporter may have waiting), values u8[SLOTS],
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
                _uptime(d, U(w.uptime_ms), w.received_ns)
            d.datagrams += U(1)
            d.seen_ns = w.received_ns
            d.skew_ms = np.int64(w.export_ns // _MS) - np.int64(w.received_ns // _MS)
        row = U(w.domain)
        d = domains[row]
        if w.version == 5:
            decode_set(buffer, w.at, w.end, U(0), templates, ops, domains, state, samplers, values, records, counts)
            w.at = w.end
        while w.at + U(4) <= w.end:
            number, length = _u16(buffer, w.at), _u16(buffer, w.at + U(2))
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
        _sequence(d, U(w.sequence), w.units, w.options, w.uncounted)
        counts[Count.TRAILING] += U(index[w.datagram].at) + U(index[w.datagram].length) - w.end
        w.datagram += U(1)
        w.at = U(0)
    return Stop.DONE
