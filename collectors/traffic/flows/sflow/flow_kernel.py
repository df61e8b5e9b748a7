"""Flow samples: where the packet's header lies, or what the agent read out of it, and what the switch adds."""

from typing import Any, Final

import numpy as np

from collectors.traffic.flows.sflow.octets_kernel import wide, word
from collectors.traffic.flows.sflow.places import (
    ETHERNET,
    IMPLAUSIBLE,
    IP,
    MALFORMED_RECORD,
    NO_PACKET,
    NONE,
    PARSED,
    UNKNOWN_HEADER,
)
from collectors.traffic.packet.octets_kernel import compiled, u48

U = np.uint64

LARGEST_RATE: Final = U(1 << 24)  # 1 in 16 million; agents sample 1 in 1 to 1 in 100,000
LARGEST_FRAME: Final = U(1 << 18)  # octets; offloads build frames of up to 64 kB, jumbograms are not sampled
MAPPED_WORD: Final = U(0xFFFF_0000_0000)


@compiled
def _last_as(buffer: Any, at: Any, end: Any) -> Any:
    """Return the source AS and the last AS of the path of an extended gateway record; 0 for what it does not tell."""
    if end - at < U(4):
        return U(0), U(0)
    kind = word(buffer, at)
    hop = U(4) if kind == U(1) else U(16) if kind == U(2) else U(0)
    if end - at < U(4) + hop + U(16):
        return U(0), U(0)
    p = at + U(4) + hop
    source = word(buffer, p + U(4))
    segments = word(buffer, p + U(12))
    p += U(16)
    last = U(0)
    while segments > U(0) and end - p >= U(8):
        length = word(buffer, p + U(4))
        p += U(8)
        if length > (end - p) >> U(2):
            break
        p += length << U(2)
        if length > U(0):
            last = word(buffer, p - U(4))
        segments -= U(1)
    return source, last


@compiled
def _parsed(buffer: Any, ethernet: Any, address: Any, version: Any, r: Any) -> None:
    """Fill a record from what the agent parsed itself: `ethernet` and `address` are where those records begin."""
    r.ethertype = 0
    r.source_mac = U(0)
    r.destination_mac = U(0)
    if ethernet != U(0):
        r.source_mac = u48(buffer, ethernet + U(4))
        r.destination_mac = u48(buffer, ethernet + U(12))
        r.ethertype = word(buffer, ethernet + U(20)) & U(0xFFFF)
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
        r.source_lo = MAPPED_WORD | word(buffer, address + U(8))
        r.destination_lo = MAPPED_WORD | word(buffer, address + U(12))
    else:
        after = U(40)
        r.ethertype = 0x86DD
        r.source_hi = wide(buffer, address + U(8))
        r.source_lo = wide(buffer, address + U(16))
        r.destination_hi = wide(buffer, address + U(24))
        r.destination_lo = wide(buffer, address + U(32))
    protocol = word(buffer, address + U(4)) & U(0xFF)
    r.protocol = protocol
    r.tos = word(buffer, address + after + U(12)) & U(0xFF)
    if protocol == U(6) or protocol == U(17) or protocol == U(132):
        r.source_port = word(buffer, address + after) & U(0xFFFF)
        r.destination_port = word(buffer, address + after + U(4)) & U(0xFFFF)
    elif protocol == U(1) or protocol == U(58):  # "or ICMP type", "or ICMP code"
        r.icmp_type = word(buffer, address + after) & U(0xFF)
        r.icmp_code = word(buffer, address + after + U(4)) & U(0xFF)
    if protocol == U(6):
        r.tcp_flags = word(buffer, address + after + U(8)) & U(0xFF)


@compiled
def flow(
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
        if end - p < U(8) or word(buffer, p + U(4)) > end - p - U(8):
            if keep:
                counts[MALFORMED_RECORD] += U(1)
                agents[agent].malformed += U(1)
            break
        form = word(buffer, p)
        length = word(buffer, p + U(4))
        p += U(8)
        if form == U(1):
            if length < U(16) or word(buffer, p + U(12)) > length - U(16):
                if keep:
                    counts[MALFORMED_RECORD] += U(1)
                    agents[agent].malformed += U(1)
            elif kind != ETHERNET and kind != IP:
                protocol = word(buffer, p)
                if protocol == U(1) or protocol == U(11) or protocol == U(12):
                    kind = ETHERNET if protocol == U(1) else IP
                    wire = word(buffer, p + U(4))
                    header = p + U(16)
                    captured = word(buffer, p + U(12))
                elif keep:
                    counts[UNKNOWN_HEADER] += U(1)
        elif form == U(2) and length >= U(24):
            ethernet = p
            if kind == NONE:
                kind = PARSED
                wire = word(buffer, p)
        elif (form == U(3) and length >= U(32)) or (form == U(4) and length >= U(56)):
            address = p
            version = U(4) if form == U(3) else U(6)
            if kind == NONE:
                kind = PARSED
                wire = word(buffer, p)
        elif form == U(1001) and length >= U(16):
            vlan = word(buffer, p) & U(0xFFF)
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
