"""sFlow version 5 datagrams walked in one compiled pass: where packet headers lie, and rows of counters.

Only the compiled loops belong here. numba checks no bounds: `p <= end` holds throughout, and every length from outside
is compared with `end - p`, which cannot overflow, before it is added.
"""

from typing import Any, Final

import numba
import numpy as np
from numba import njit

from collectors.traffic.flows.datagrams import DATAGRAM
from collectors.traffic.flows.sflow.counters_kernel import counters
from collectors.traffic.flows.sflow.flow_kernel import flow
from collectors.traffic.flows.sflow.octets_kernel import word
from collectors.traffic.flows.sflow.places import (
    COUNTER_SAMPLES,
    DATAGRAMS,
    DATAGRAMS_LOST,
    DISCARDED,
    DUPLICATES,
    ETHERNET,
    FLOW_SAMPLES,
    LATE,
    MALFORMED_DATAGRAM,
    MALFORMED_SAMPLE,
    RATE_0,
    RECORDS,
    RESTARTS,
    SAMPLES_DROPPED,
    SAMPLES_LOST,
    TO_DEVICE,
    TO_MANY,
    UNKNOWN_SAMPLE,
)
from collectors.traffic.flows.sflow.sequence_kernel import advance, track
from collectors.traffic.flows.sflow.words import AGENT, COUNTER_WORDS, SIDE, TRACK
from netmon.api.traffic import FRAME, RECORD

U = np.uint64

DATAGRAM_SERIES: Final = U(0xFFFF_FFFF_FFFF_FFFF)  # no data source: its type would be 32 ones


@njit(inline="always")
def interface(form: Any, value: Any, counts: Any, keep: Any) -> Any:
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
        if end - p >= U(8) and word(buffer, p) == U(5):
            kind = word(buffer, p + U(4))
            hop = U(4) if kind == U(1) else U(16) if kind == U(2) else U(0)
        if hop == U(0) or end - p < U(24) + hop:
            if keep:
                counts[MALFORMED_DATAGRAM] += U(1)
                agents[agent].malformed += U(1)
            continue
        p += U(8) + hop
        sub_agent = word(buffer, p)
        if keep:
            filled[2] = sub_agent
            place, new = track(tracks, who.exporter, sub_agent, DATAGRAM_SERIES, U(who.received_ns), counts)
            lost, odd = advance(tracks[place], word(buffer, p + U(4)), new, U(who.received_ns))
            counts[DATAGRAMS_LOST] += lost
            agents[agent].datagrams_lost += lost
            if odd == 1:
                counts[LATE] += U(1)
                if agents[agent].datagrams_lost > U(0):  # it came late, it was not lost
                    counts[DATAGRAMS_LOST] -= U(1)
                    agents[agent].datagrams_lost -= U(1)
            elif odd == 2 and U(tracks[place].uptime) == word(buffer, p + U(8)):  # else: an agent that does not count
                counts[DUPLICATES] += U(1)
                doubled[i] = True
                continue
            elif odd == 3:
                counts[RESTARTS] += U(1)
            tracks[place].uptime = word(buffer, p + U(8))
        samples = word(buffer, p + U(12))
        p += U(16)
        while samples > U(0):
            samples -= U(1)
            if end - p < U(8) or word(buffer, p + U(4)) > end - p - U(8):
                if keep:
                    counts[MALFORMED_SAMPLE] += U(1)
                    agents[agent].malformed += U(1)
                break
            form = word(buffer, p)
            length = word(buffer, p + U(4))
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
                    source = word(buffer, q + U(4))
                    source = ((source >> U(24)) << U(32)) | (source & U(0xFF_FFFF))
                    rest = q + U(8)
                    entry = word(buffer, q + U(20))
                    leave = word(buffer, q + U(24))
                    entry_form = entry >> U(30)
                    leave_form = leave >> U(30)
                    entry &= U(0x3FFF_FFFF)
                    leave &= U(0x3FFF_FFFF)
                else:
                    source = (word(buffer, q + U(4)) << U(32)) | word(buffer, q + U(8))
                    rest = q + U(12)
                    entry_form = word(buffer, q + U(24))
                    entry = word(buffer, q + U(28))
                    leave_form = word(buffer, q + U(32))
                    leave = word(buffer, q + U(36))
                if keep:
                    counts[FLOW_SAMPLES] += U(1)
                    agents[agent].flow_samples += U(1)
                    place, new = track(tracks, who.exporter, sub_agent, source, U(who.received_ns), counts)
                    lost, odd = advance(tracks[place], word(buffer, q), new, U(who.received_ns))
                    if odd == 1 and agents[agent].samples_lost > U(0):  # it came late, it was not lost
                        counts[SAMPLES_LOST] -= U(1)
                        agents[agent].samples_lost -= U(1)
                    counts[SAMPLES_LOST] += lost
                    agents[agent].samples_lost += lost
                    drops = word(buffer, rest + U(8))
                    more = (drops - U(tracks[place].drops)) & U(0xFFFF_FFFF)
                    if not new and odd == 0 and more < U(1 << 31):
                        counts[SAMPLES_DROPPED] += more
                        agents[agent].samples_dropped += more
                    if odd != 1:
                        tracks[place].drops = drops
                if o >= room:
                    return o  # cannot be: there is a row for each 64 octets
                rate = word(buffer, rest)
                if rate == U(0):
                    rate = U(1)
                    if keep:
                        counts[RATE_0] += U(1)
                other = side[o]
                other.exporter = who.exporter
                other.rate = rate
                other.in_interface = interface(entry_form, entry, counts, keep)
                other.out_interface = interface(leave_form, leave, counts, keep)
                rows = word(buffer, q + fixed - U(4))
                if flow(
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
                    rows = word(buffer, q + fixed - U(4))
                    counters(buffer, q + fixed, p, rows, who, interfaces, processors, filled, counts, agents, agent)
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
