"""sFlow version 5 datagrams walked in one compiled pass: where packet headers lie, and rows of counters.

Only the compiled loops belong here. numba checks no bounds: `p <= end` holds throughout, and every length from outside
is compared with `end - p`, which cannot overflow, before it is added.
"""

from typing import Any, Final

import numba
import numpy as np
from numba import njit

from collectors.traffic.flows.datagrams import DATAGRAM
from collectors.traffic.flows.sflow.words import AGENT, COUNTER_WORDS, COUNTS, SIDE, TRACK
from collectors.traffic.packet.octets_kernel import compiled, u32, u48
from netmon.api.traffic import FRAME, RECORD

U = np.uint64

(
    DATAGRAMS,
    FLOW_SAMPLES,
    COUNTER_SAMPLES,
    RECORDS,
    INTERFACES,
    PROCESSORS,
    MALFORMED_DATAGRAM,
    MALFORMED_SAMPLE,
    MALFORMED_RECORD,
    UNKNOWN_SAMPLE,
    UNKNOWN_HEADER,
    NO_PACKET,
    IMPLAUSIBLE,
    RATE_0,
    TO_DEVICE,
    TO_MANY,
    DISCARDED,
    DATAGRAMS_LOST,
    SAMPLES_LOST,
    SAMPLES_DROPPED,
    DUPLICATES,
    LATE,
    RESTARTS,
    TRACKS_REPLACED,
    COUNTERS_UNREAD,
) = (U(place) for place in range(len(COUNTS)))

PARSED: Final = 0  # what a pass writes: records that need no decoding of a header,
ETHERNET: Final = 1  # those with Ethernet headers,
IP: Final = 2  # or those with IPv4 and IPv6 headers
NONE: Final = 3

LARGEST_RATE: Final = U(1 << 24)  # 1 in 16 million; agents sample 1 in 1 to 1 in 100,000
LARGEST_FRAME: Final = U(1 << 18)  # octets; offloads build frames of up to 64 kB, jumbograms are not sampled
WINDOW: Final = U(4096)  # sequence numbers: a jump by more is a restart, not a loss
LATE_BY: Final = U(64)  # a step back by up to so many is one that was overtaken; by more, a device that starts anew
PROBES: Final = U(8)  # slots of the table of sequences where one series may stand
GENERIC_WORDS: Final = U(22)  # of the records that are kept: generic interface counters,
ETHERNET_WORDS: Final = U(13)
PROCESSOR_WORDS: Final = U(7)
MAPPED_WORD: Final = U(0xFFFF_0000_0000)
DATAGRAM_SERIES: Final = U(0xFFFF_FFFF_FFFF_FFFF)  # no data source: its type would be 32 ones


@compiled
def _u32(buffer: Any, at: Any) -> Any:
    """Return four octets. LLVM puts it in its place: numba's own way doubles what compiling takes."""
    return u32(buffer, at)


@compiled
def _u64(buffer: Any, at: Any) -> Any:
    return (_u32(buffer, at) << U(32)) | _u32(buffer, at + U(4))


@compiled
def _track(tracks: Any, exporter: Any, sub_agent: Any, source: Any, now_ns: Any, counts: Any) -> Any:
    """Return the slot of a series and whether it is new there. The least recently heard of its slots gives way."""
    mask = U(len(tracks) - 1)
    mixed = (source ^ (U(exporter) << U(40)) ^ (U(sub_agent) << U(17))) * U(0x9E37_79B9_7F4A_7C15)
    mixed ^= mixed >> U(29)
    mixed *= U(0xBF58_476D_1CE4_E5B9)
    slot = mixed >> U(32)
    oldest = slot & mask
    for step in range(PROBES):
        place = (slot + U(step)) & mask
        track = tracks[place]
        if track.heard_ns == U(0):  # free: rows are never freed, so the series is not behind it
            oldest = place
            break
        if track.exporter == exporter and track.sub_agent == sub_agent and track.source == source:
            return place, False
        if track.heard_ns < tracks[oldest].heard_ns:
            oldest = place
    track = tracks[oldest]
    if track.heard_ns != U(0):
        counts[TRACKS_REPLACED] += U(1)
    track.source = source
    track.exporter = exporter
    track.sub_agent = sub_agent
    track.heard_ns = max(now_ns, U(1))
    return oldest, True


@compiled
def _advance(track: Any, sequence: Any, new: Any, now_ns: Any) -> Any:
    """Take the next sequence number of a series; return what was lost before it; 1 late, 2 the same, 3 a restart."""
    track.heard_ns = max(now_ns, U(1))
    step = (sequence - U(track.sequence)) & U(0xFFFF_FFFF)
    if new or step == U(1):
        track.sequence = sequence
        return U(0), 0
    if step == U(0):
        return U(0), 2
    if step <= WINDOW:
        track.sequence = sequence
        return step - U(1), 0
    if step >= U(0x1_0000_0000) - LATE_BY:
        return U(0), 1
    track.sequence = sequence
    return U(0), 3


@njit(inline="always")
def _interface(form: Any, value: Any, counts: Any, keep: Any) -> Any:
    """Return the ifIndex that a sample's input or output is, 0 where it is none."""
    if form == U(0) and value != U(0x3FFF_FFFF):
        return value
    if keep:
        if form == U(0):
            counts[TO_DEVICE] += U(1)
        elif form == U(1):
            counts[DISCARDED] += U(1)
        elif form == U(2):
            counts[TO_MANY] += U(1)
    return U(0)


@compiled
def _last_as(buffer: Any, at: Any, end: Any) -> Any:
    """Return the source AS and the last AS of the path of an extended gateway record; 0 for what it does not tell."""
    if end - at < U(4):
        return U(0), U(0)
    kind = _u32(buffer, at)
    hop = U(4) if kind == U(1) else U(16) if kind == U(2) else U(0)
    if end - at < U(4) + hop + U(16):
        return U(0), U(0)
    p = at + U(4) + hop
    source = _u32(buffer, p + U(4))
    segments = _u32(buffer, p + U(12))
    p += U(16)
    last = U(0)
    while segments > U(0) and end - p >= U(8):
        length = _u32(buffer, p + U(4))
        p += U(8)
        if length > (end - p) >> U(2):
            break
        p += length << U(2)
        if length > U(0):
            last = _u32(buffer, p - U(4))
        segments -= U(1)
    return source, last


@compiled
def _keep(buffer: Any, at: Any, count: Any, who: Any, sub_agent: Any, row: Any) -> None:
    """Copy the words of a counter record into a row; those behind them become 0."""
    row.at_ns = who.received_ns
    row.exporter = who.exporter
    row.sub_agent = sub_agent
    words = row.words
    for i in range(len(words)):
        words[i] = _u32(buffer, at + (U(i) << U(2))) if U(i) < count else U(0)


@compiled
def _counters(
    buffer: Any,
    at: Any,
    end: Any,
    rows: Any,
    who: Any,
    interfaces: Any,
    processors: Any,
    filled: Any,
    counts: Any,
    agents: Any,
    agent: Any,
) -> None:
    """Read the records of one counter sample. `who`: a DATAGRAM row; `filled`: interfaces, processors in use."""
    p = at
    row = U(len(interfaces))  # the interface that this sample is of
    sub_agent = filled[2]
    while rows > U(0):
        rows -= U(1)
        if end - p < U(8) or _u32(buffer, p + U(4)) > end - p - U(8):
            counts[MALFORMED_RECORD] += U(1)
            agents[agent].malformed += U(1)
            return
        form = _u32(buffer, p)
        length = _u32(buffer, p + U(4))
        p += U(8)
        if form == U(1) and length >= U(4) * GENERIC_WORDS:
            if filled[0] >= U(len(interfaces)):
                counts[COUNTERS_UNREAD] += U(1)
            else:
                row = filled[0]
                filled[0] += U(1)
                counts[INTERFACES] += U(1)
                _keep(buffer, p, GENERIC_WORDS, who, sub_agent, interfaces[row])
        elif form == U(2) and length >= U(4) * ETHERNET_WORDS and row < U(len(interfaces)):
            words = interfaces[row].words
            words[GENERIC_WORDS] = _u32(buffer, p)  # dot3StatsAlignmentErrors
            words[GENERIC_WORDS + U(1)] = _u32(buffer, p + U(4))  # dot3StatsFCSErrors
            words[GENERIC_WORDS + U(2)] = _u32(buffer, p + U(48))  # dot3StatsSymbolErrors
            words[GENERIC_WORDS + U(3)] = 1
        elif form == U(1001) and length >= U(4) * PROCESSOR_WORDS:
            if filled[1] >= U(len(processors)):
                counts[COUNTERS_UNREAD] += U(1)
            else:
                _keep(buffer, p, PROCESSOR_WORDS, who, sub_agent, processors[filled[1]])
                filled[1] += U(1)
                counts[PROCESSORS] += U(1)
        elif form == U(1) or form == U(1001):
            counts[MALFORMED_RECORD] += U(1)
            agents[agent].malformed += U(1)
        p += length


@compiled
def _parsed(buffer: Any, ethernet: Any, address: Any, version: Any, r: Any) -> None:
    """Fill a record from what the agent parsed itself: `ethernet` and `address` are where those records begin."""
    r.ethertype = 0
    r.source_mac = U(0)
    r.destination_mac = U(0)
    if ethernet != U(0):
        r.source_mac = u48(buffer, ethernet + U(4))
        r.destination_mac = u48(buffer, ethernet + U(12))
        r.ethertype = _u32(buffer, ethernet + U(20)) & U(0xFFFF)
    r.source_hi = U(0)
    r.source_lo = U(0)
    r.destination_hi = U(0)
    r.destination_lo = U(0)
    r.version = version
    r.verdict = 0 if version != U(0) else 1
    r.protocol = 0
    r.source_port = 0
    r.destination_port = 0
    r.tcp_flags = 0
    r.tos = 0
    r.icmp_type = 0
    r.icmp_code = 0
    if version == U(0):
        return
    after = U(16)
    if version == U(4):
        r.ethertype = 0x0800
        r.source_lo = MAPPED_WORD | _u32(buffer, address + U(8))
        r.destination_lo = MAPPED_WORD | _u32(buffer, address + U(12))
    else:
        after = U(40)
        r.ethertype = 0x86DD
        r.source_hi = _u64(buffer, address + U(8))
        r.source_lo = _u64(buffer, address + U(16))
        r.destination_hi = _u64(buffer, address + U(24))
        r.destination_lo = _u64(buffer, address + U(32))
    protocol = _u32(buffer, address + U(4)) & U(0xFF)
    r.protocol = protocol
    r.tos = _u32(buffer, address + after + U(12)) & U(0xFF)
    if protocol == U(6) or protocol == U(17) or protocol == U(132):
        r.source_port = _u32(buffer, address + after) & U(0xFFFF)
        r.destination_port = _u32(buffer, address + after + U(4)) & U(0xFFFF)
    elif protocol == U(1) or protocol == U(58):  # "or ICMP type", "or ICMP code"
        r.icmp_type = _u32(buffer, address + after) & U(0xFF)
        r.icmp_code = _u32(buffer, address + after + U(4)) & U(0xFF)
    if protocol == U(6):
        r.tcp_flags = _u32(buffer, address + after + U(8)) & U(0xFF)


@compiled
def _flow(
    buffer: Any,
    at: Any,
    end: Any,
    rows: Any,
    who: Any,
    sub_agent: Any,
    want: Any,
    keep: Any,
    row: Any,
    frames: Any,
    records: Any,
    side: Any,
    found: Any,
    counts: Any,
    agents: Any,
    agent: Any,
) -> Any:
    """Read the records of one flow sample into row `row` of the output; return whether it was written."""
    p = at
    kind = NONE
    header = U(0)
    captured = U(0)
    wire = U(0)
    ethernet = U(0)
    address = U(0)
    version = U(0)
    vlan = U(0)
    source_as = U(0)
    destination_as = U(0)
    while rows > U(0):
        rows -= U(1)
        if end - p < U(8) or _u32(buffer, p + U(4)) > end - p - U(8):
            if keep:
                counts[MALFORMED_RECORD] += U(1)
                agents[agent].malformed += U(1)
            break
        form = _u32(buffer, p)
        length = _u32(buffer, p + U(4))
        p += U(8)
        if form == U(1):
            if length < U(16) or _u32(buffer, p + U(12)) > length - U(16):
                if keep:
                    counts[MALFORMED_RECORD] += U(1)
                    agents[agent].malformed += U(1)
            elif kind != ETHERNET and kind != IP:
                protocol = _u32(buffer, p)
                if protocol == U(1) or protocol == U(11) or protocol == U(12):
                    kind = ETHERNET if protocol == U(1) else IP
                    wire = _u32(buffer, p + U(4))
                    header = p + U(16)
                    captured = _u32(buffer, p + U(12))
                elif keep:
                    counts[UNKNOWN_HEADER] += U(1)
        elif form == U(2) and length >= U(24):
            ethernet = p
            if kind == NONE:
                kind = PARSED
                wire = _u32(buffer, p)
        elif (form == U(3) and length >= U(32)) or (form == U(4) and length >= U(56)):
            address = p
            version = U(4) if form == U(3) else U(6)
            if kind == NONE:
                kind = PARSED
                wire = _u32(buffer, p)
        elif form == U(1001) and length >= U(16):
            vlan = _u32(buffer, p) & U(0xFFF)
        elif form == U(1003):
            source_as, destination_as = _last_as(buffer, p, p + length)
        p += length
    if kind == NONE:
        if keep:
            counts[NO_PACKET] += U(1)
        return False
    if wire > LARGEST_FRAME or side[row].rate > LARGEST_RATE:
        if keep:
            counts[IMPLAUSIBLE] += U(1)
        return False
    if kind != want:
        found[kind] += U(1)
        return False
    side[row].vlan = vlan
    frame = frames[row]
    frame.at = header
    frame.captured = captured
    frame.wire = wire
    r = records[row]
    r.start_ns = who.received_ns
    r.vlan = 0
    r.reply_bytes = U(0)
    r.reply_packets = U(0)
    r.source_as = source_as
    r.destination_as = destination_as
    r.handshake_us = 0
    r.domain = sub_agent
    r.retransmissions = 0
    r.reply_tcp_flags = 0
    r.state = 0
    r.end_reason = 0
    r.direction = 0
    r.reserved = 0
    if kind == PARSED:
        _parsed(buffer, ethernet, address, version, r)
        r.end_ns = who.received_ns
        r.bytes = wire
        r.ttl = 0
        r.mpls = 0
        r.inner_vlan = 0
        r.fragment = 0
        r.tunnel = 0
    return True


def _array(dtype: Any, readonly: bool = False) -> Any:
    return numba.types.Array(numba.from_dtype(np.dtype(dtype)), 1, "C", readonly=readonly)


# One signature, so that nothing is compiled while datagrams wait. Read-only buffers (a file mapped) are taken too.
_WALK: Final = numba.int64(
    _array("u1", readonly=True),
    _array(DATAGRAM, readonly=True),
    numba.int64,
    numba.int64,
    _array(FRAME),
    _array(RECORD),
    _array(SIDE),
    _array("u8"),
    _array(TRACK),
    _array(AGENT),
    _array(COUNTER_WORDS),
    _array(COUNTER_WORDS),
    _array("u8"),
    _array("?"),
    _array("u8"),
)


@njit(_WALK, cache=True, nogil=True, _nrt=False)  # type: ignore[call-overload]  # see `compiled`
def walk(
    buffer: Any,
    index: Any,
    want: Any,
    row: Any,
    frames: Any,
    records: Any,
    side: Any,
    found: Any,
    tracks: Any,
    agents: Any,
    interfaces: Any,
    processors: Any,
    filled: Any,
    doubled: Any,
    counts: Any,
) -> Any:
    """Walk datagrams and write those flow samples whose packet is `want` from `row` on; return the row after the last.

    The pass for Ethernet headers is the first and does the counting, counters and sequences; it leaves in `found` how
    many samples of the other kinds there are (for passes of their own), and in `doubled` which datagrams came twice.
    The arrays `frames`, `records` and `side` hold at least one row for each 64 octets of datagrams.
    """
    keep = want == ETHERNET
    room = U(len(records))
    o = U(row)
    for i in range(len(index)):
        who = index[i]
        if not keep and doubled[i]:
            continue
        p = U(who.at)
        end = p + U(who.length)
        agent = U(who.exporter)
        if agent >= U(len(agents)):
            agent = U(0)
        if keep:
            doubled[i] = False
            counts[DATAGRAMS] += U(1)
            agents[agent].datagrams += U(1)
        hop = U(0)
        if end - p >= U(8) and _u32(buffer, p) == U(5):
            kind = _u32(buffer, p + U(4))
            hop = U(4) if kind == U(1) else U(16) if kind == U(2) else U(0)
        if hop == U(0) or end - p < U(24) + hop:
            if keep:
                counts[MALFORMED_DATAGRAM] += U(1)
                agents[agent].malformed += U(1)
            continue
        p += U(8) + hop
        sub_agent = _u32(buffer, p)
        if keep:
            filled[2] = sub_agent
            place, new = _track(tracks, who.exporter, sub_agent, DATAGRAM_SERIES, U(who.received_ns), counts)
            lost, odd = _advance(tracks[place], _u32(buffer, p + U(4)), new, U(who.received_ns))
            counts[DATAGRAMS_LOST] += lost
            agents[agent].datagrams_lost += lost
            if odd == 1:
                counts[LATE] += U(1)
                if agents[agent].datagrams_lost > U(0):  # it came late, it was not lost
                    counts[DATAGRAMS_LOST] -= U(1)
                    agents[agent].datagrams_lost -= U(1)
            elif odd == 2 and U(tracks[place].uptime) == _u32(buffer, p + U(8)):  # else: an agent that does not count
                counts[DUPLICATES] += U(1)
                doubled[i] = True
                continue
            elif odd == 3:
                counts[RESTARTS] += U(1)
            tracks[place].uptime = _u32(buffer, p + U(8))
        samples = _u32(buffer, p + U(12))
        p += U(16)
        while samples > U(0):
            samples -= U(1)
            if end - p < U(8) or _u32(buffer, p + U(4)) > end - p - U(8):
                if keep:
                    counts[MALFORMED_SAMPLE] += U(1)
                    agents[agent].malformed += U(1)
                break
            form = _u32(buffer, p)
            length = _u32(buffer, p + U(4))
            p += U(8)
            q = p
            p += length
            if form == U(1) or form == U(3):
                fixed = U(32) if form == U(1) else U(44)
                if length < fixed:
                    if keep:
                        counts[MALFORMED_SAMPLE] += U(1)
                        agents[agent].malformed += U(1)
                    continue
                if form == U(1):
                    source = _u32(buffer, q + U(4))
                    source = ((source >> U(24)) << U(32)) | (source & U(0xFF_FFFF))
                    rest = q + U(8)
                    entry = _u32(buffer, q + U(20))
                    leave = _u32(buffer, q + U(24))
                    entry_form = entry >> U(30)
                    leave_form = leave >> U(30)
                    entry &= U(0x3FFF_FFFF)
                    leave &= U(0x3FFF_FFFF)
                else:
                    source = (_u32(buffer, q + U(4)) << U(32)) | _u32(buffer, q + U(8))
                    rest = q + U(12)
                    entry_form = _u32(buffer, q + U(24))
                    entry = _u32(buffer, q + U(28))
                    leave_form = _u32(buffer, q + U(32))
                    leave = _u32(buffer, q + U(36))
                if keep:
                    counts[FLOW_SAMPLES] += U(1)
                    agents[agent].flow_samples += U(1)
                    place, new = _track(tracks, who.exporter, sub_agent, source, U(who.received_ns), counts)
                    lost, odd = _advance(tracks[place], _u32(buffer, q), new, U(who.received_ns))
                    if odd == 1 and agents[agent].samples_lost > U(0):  # it came late, it was not lost
                        counts[SAMPLES_LOST] -= U(1)
                        agents[agent].samples_lost -= U(1)
                    counts[SAMPLES_LOST] += lost
                    agents[agent].samples_lost += lost
                    drops = _u32(buffer, rest + U(8))
                    more = (drops - U(tracks[place].drops)) & U(0xFFFF_FFFF)
                    if not new and odd == 0 and more < U(1 << 31):
                        counts[SAMPLES_DROPPED] += more
                        agents[agent].samples_dropped += more
                    if odd != 1:
                        tracks[place].drops = drops
                if o >= room:
                    return o  # cannot be: there is a row for each 64 octets
                rate = _u32(buffer, rest)
                if rate == U(0):
                    rate = U(1)
                    if keep:
                        counts[RATE_0] += U(1)
                other = side[o]
                other.exporter = who.exporter
                other.rate = rate
                other.in_interface = _interface(entry_form, entry, counts, keep)
                other.out_interface = _interface(leave_form, leave, counts, keep)
                rows = _u32(buffer, q + fixed - U(4))
                if _flow(
                    buffer,
                    q + fixed,
                    p,
                    rows,
                    who,
                    sub_agent,
                    want,
                    keep,
                    o,
                    frames,
                    records,
                    side,
                    found,
                    counts,
                    agents,
                    agent,
                ):
                    o += U(1)
            elif form == U(2) or form == U(4):
                fixed = U(12) if form == U(2) else U(16)
                if keep:
                    if length < fixed:
                        counts[MALFORMED_SAMPLE] += U(1)
                        agents[agent].malformed += U(1)
                        continue
                    counts[COUNTER_SAMPLES] += U(1)
                    agents[agent].counter_samples += U(1)
                    rows = _u32(buffer, q + fixed - U(4))
                    _counters(buffer, q + fixed, p, rows, who, interfaces, processors, filled, counts, agents, agent)
            elif keep:
                counts[UNKNOWN_SAMPLE] += U(1)
    counts[RECORDS] += o - U(row)
    return o


@njit(numba.void(_array(RECORD), _array(SIDE), numba.int64), cache=True, nogil=True)
def scale(records: Any, side: Any, count: Any) -> None:
    """Put into decoded records what their samples say: one packet stands for as many as the sampling rate."""
    for i in range(count):
        r = records[i]
        s = side[i]
        r.exporter = s.exporter
        r.sampling = s.rate
        r.packets = U(s.rate)
        r.bytes *= U(s.rate)
        r.in_interface = s.in_interface
        r.out_interface = s.out_interface
        r.payload_at = 0  # of a frame that is not handed on
        r.payload_length = 0
        if r.vlan == 0:
            r.vlan = s.vlan
