"""The compiled pass over flows that reads contacts out of them."""

from typing import Any, Final

import numpy as np
from numba import njit

from netmon.api.traffic import FlowState, Fragment
from rules.traffic.numbering_kernel import mixed, place_of, slot_of
from rules.traffic.scans.contact import ACK, FIN, PSH, RST, SYN, URG, Kind, Outcome
from rules.traffic.tables.prefetch import prefetch

U = np.uint64
_0, _1 = U(0), U(1)
_M1 = U(0x9E3779B97F4A7C15)
_TRACE_PORT: Final = 33_434  # traceroute's first port; what it sends has few hops to live
_TRACE_HOPS: Final = 32
_TRACE_PORTS: Final = 96  # from the first on, one a probe: all that tells its probes where an exporter tells no hops
_ASKED = U(40)  # of a number for a host's port: the bits that choose its place
_PROBE_OCTETS: Final = U(600)  # of a UDP probe's frame: nmap's payloads are shorter; what is larger is a flood
_PLAIN, _PLAIN_LIVE, _IPV6_MORE = U(50), U(64), U(20)  # octets of a SYN: a stack's carries more options than a tool's

_BEGUN, _ONE_WAY, _ANSWERED = int(FlowState.BEGUN), int(FlowState.ONE_WAY), int(FlowState.ANSWERED)
_UNKNOWN, _REFUSED = int(FlowState.UNKNOWN), int(FlowState.REFUSED)
_CLOSED, _RESET = int(FlowState.CLOSED), int(FlowState.RESET)
_LATER: Final = int(Fragment.LATER)
_NO_KIND, _SYN_KIND, _CONNECT = int(Kind.NONE), int(Kind.SYN), int(Kind.CONNECT)
_FIN_KIND, _NULL, _XMAS, _ODD = int(Kind.FIN), int(Kind.NULL), int(Kind.XMAS), int(Kind.ODD)
_MAIMON, _ACK_KIND, _UDP_KIND, _ICMP_KIND = int(Kind.MAIMON), int(Kind.ACK), int(Kind.UDP), int(Kind.ICMP)
_SCTP_KIND, _PROTOCOL = int(Kind.SCTP), int(Kind.PROTOCOL)
_NOTHING, _FAILED, _GOOD, _HALF = int(Outcome.NONE), int(Outcome.FAILED), int(Outcome.GOOD), int(Outcome.HALF)
_EMPTY, _PENDING, _SILENT = int(Outcome.EMPTY), int(Outcome.PENDING), int(Outcome.SILENT)
_ONLY_RESET: Final = RST | ACK


@njit(inline="always")
def _is_unicast(record: Any) -> Any:
    """Leave out multicast and what looks like a subnet's broadcast address."""
    if record.version == 4:
        low = U(record.destination_lo) & U(0xFFFF_FFFF)
        first = low >> U(24)
        return first < U(224) and first != _0 and low & U(0xFF) != U(0xFF)
    return record.version != 0 and U(record.destination_hi) >> U(56) != U(0xFF)


@njit(inline="always")
def _is_odd(record: Any) -> Any:
    """Tell whether a segment has flags that no stack begins with, and had no answer but RST."""
    flags = record.tcp_flags
    strange = flags & (SYN | ACK | RST) == 0 or flags & (SYN | FIN | ACK) == SYN | FIN
    return strange and record.reply_tcp_flags & ~_ONLY_RESET == 0


@njit(inline="always")
def _odd_kind(flags: Any) -> Any:
    if flags == 0:
        return _NULL
    if flags == FIN:
        return _FIN_KIND
    return _XMAS if flags == FIN | PSH | URG else _ODD


@njit(inline="always")
def _tcp(record: Any, live: Any) -> Any:
    """Return kind and outcome of a TCP flow with handshake, or of a stray segment."""
    flags, reply, state = record.tcp_flags, record.reply_tcp_flags, record.state
    packets = U(record.packets)
    kind, outcome = _NO_KIND, _NOTHING
    opened = reply & (SYN | ACK) == SYN | ACK
    if flags & (SYN | ACK) == SYN | ACK:
        if (packets > _1 or opened) and (state == _UNKNOWN or opened):
            outcome = _GOOD
            if state in (_CLOSED, _RESET) and (flags | reply) & PSH == 0:
                kind, outcome = _CONNECT, _EMPTY
        return kind, outcome
    if packets == _0:
        return kind, outcome
    only_reset = reply & ~_ONLY_RESET == 0
    if flags & (SYN | FIN) == SYN:
        # One packet in many is no evidence of what a flow lacked.
        alone = state in (_ONE_WAY, _REFUSED) or (state == _UNKNOWN and packets <= U(3) and record.sampling <= 1)
        plain = (_PLAIN_LIVE if live else _PLAIN) + (_IPV6_MORE if record.version == 6 else _0)
        kind = _SYN_KIND if U(record.bytes) < plain * packets else _CONNECT
        if alone:
            outcome = _FAILED
        elif state == _BEGUN and flags & RST == 0:
            outcome = _PENDING
        if opened and state in (_RESET, _ANSWERED):
            kind, outcome = _SYN_KIND, _HALF
        return kind, outcome
    if flags in (ACK, FIN | ACK) and only_reset and packets <= U(2) and U(record.reply_packets) <= U(2):
        reset = state != _ONE_WAY and reply & RST != 0
        if state in (_ONE_WAY, _REFUSED) or (reset and state == _RESET):
            kind = _ACK_KIND if flags == ACK else _MAIMON
            outcome = _FAILED if reset else _SILENT
    return kind, outcome


@njit(inline="always")
def _udp(record: Any, answering: Any) -> Any:
    """Return the outcome of a UDP flow that may be a probe."""
    # From a low port, or an amplifier's, it is an answer of which the question was not seen, or one that came too late.
    if record.source_port < 1024 or answering[U(record.source_port)] != 0:
        return _NOTHING
    packets, state, ttl = U(record.packets), record.state, record.ttl
    if packets == _0 or U(record.bytes) > _PROBE_OCTETS * packets:
        return _NOTHING
    past = record.destination_port - _TRACE_PORT
    if past >= 0 and (past < _TRACE_PORTS if ttl == 0 else ttl <= _TRACE_HOPS):
        return _NOTHING
    if state == _BEGUN:
        return _PENDING
    if state in (_ONE_WAY, _REFUSED):
        return _FAILED
    if state == _ANSWERED:
        return _GOOD
    lower = record.destination_port < record.source_port
    few = state == _UNKNOWN and packets <= U(2) and record.sampling <= 1
    return _FAILED if few and lower else _NOTHING


@njit(inline="always")
def _ask(hi: Any, lo: Any, port: Any) -> Any:
    """Return a number for a host's port, never 0."""
    return mixed(U(hi) ^ ((U(port) + _1) * _M1), U(lo)) | _1


@njit(inline="always")
def _note(record: Any, asking: Any) -> None:
    """Note which port of whom asks everybody (SSDP, LLMNR, WS-Discovery): answers come from any port of anybody."""
    key = _ask(record.source_hi, record.source_lo, record.source_port)
    asking[key >> _ASKED & U(len(asking) - 1)] = key


@njit(inline="always")
def _is_asked_for(record: Any, asking: Any) -> Any:
    key = _ask(record.destination_hi, record.destination_lo, record.destination_port)
    return asking[key >> _ASKED & U(len(asking) - 1)] == key


@njit(inline="always")
def _icmp(record: Any) -> Any:
    """Return the outcome of an echo, timestamp or mask request."""
    number, state = record.icmp_type, record.state
    asks = number in (8, 13, 17) if record.protocol == 1 else number == 128
    if not asks or U(record.packets) == _0:
        return _NOTHING
    if state == _BEGUN:
        return _PENDING
    if state == _ONE_WAY:
        return _FAILED
    return _GOOD if state == _ANSWERED else _NOTHING


@njit(inline="always")
def _sctp(record: Any) -> Any:
    """Return the outcome of an SCTP flow: an association has two packets from either side (RFC 9260, 5.1).

    What is answered with ABORT has one, and so has a heartbeat, whose answer is as long as itself (8.3).
    """
    packets, reply, state = U(record.packets), U(record.reply_packets), record.state
    if packets == _0:
        return _NOTHING
    if state == _BEGUN:
        return _PENDING
    if state in (_ONE_WAY, _REFUSED):
        return _FAILED
    few = packets <= U(3) and reply <= _1
    if state == _UNKNOWN:
        return _SILENT if few and record.sampling <= 1 else _NOTHING
    return _FAILED if few and record.reply_bytes != record.bytes else _GOOD


@njit(inline="always")
def _protocol(record: Any) -> Any:
    """Return the outcome of a flow of a protocol without ports: failed, where a packet or some were not answered.

    Otherwise silent: that it was tried. A tunnel of which one direction is seen has many packets.
    """
    packets = U(record.packets)
    if packets == _0:
        return _NOTHING
    return _FAILED if record.state in (_ONE_WAY, _REFUSED) and packets <= U(3) else _SILENT


@njit(inline="always")
def _tell(records: Any, telling: Any) -> Any:
    """Mark the exporters that tell TCP's flags; those that tell none say 0."""
    for i in range(len(records)):
        if records[i].protocol == 6 and records[i].tcp_flags != 0:
            telling[U(records[i].exporter) & U(0xFFFF)] = 1


@njit
def _take(
    ahead: Any, waiting: Any, seed: Any, slots: Any, bad: Any, bads: Any, opened: Any, opens: Any
) -> tuple[Any, Any]:
    """Put the contacts that wait into their lists, those that are new; return how many these have."""
    mask = U(len(slots) - 1)
    for i in range(waiting):
        row = ahead[i]
        key = (U(row.contact) ^ seed) | _1
        slot = place_of(slots, mask, key)
        if slot <= mask:
            if slots[slot] == key:
                continue
            slots[slot] = key
        if row.outcome in (_FAILED, _HALF, _SILENT):
            bad[bads] = row
            bads += _1
        if row.outcome not in (_FAILED, _SILENT):
            opened[opens] = row
            opens += _1
    return bads, opens


@njit(cache=True, nogil=True)
def read(
    records: Any,
    live: Any,
    answering: Any,
    asking: Any,
    telling: Any,
    seed: Any,
    slots: Any,
    ahead: Any,
    bad: Any,
    opened: Any,
) -> tuple[Any, Any]:
    """Read flows (RECORD[n]) as contacts, each once, as it was first; return how many are in each of two lists.

    `bad`: what a scan leaves; `opened`: answered and pending ones (CONTACT[n] both, filled from the front; what is half
    open is in both). `slots`: zeros, a power of two. `answering`, `telling` (u1[65536]): UDP ports that answers come
    from; room to mark exporters. `asking` (u8, a power of two): see `_note`; kept from call to call. `ahead` (CONTACT):
    room for those that wait until their slots are near.
    """
    mask = U(len(slots) - 1)
    bads, opens, waiting = _0, _0, _0
    told = live
    for i in range(len(records)):
        if waiting == U(len(ahead)):
            bads, opens = _take(ahead, waiting, seed, slots, bad, bads, opened, opens)
            waiting = _0
        record = records[i]
        protocol = record.protocol
        if protocol == 6:
            if U(record.packets) != _0 and _is_odd(record):
                if not told:
                    _tell(records, telling)
                    told = True
                if not live and telling[U(record.exporter) & U(0xFFFF)] == 0:
                    continue
                kind, outcome = _odd_kind(record.tcp_flags), _PENDING if record.state == _BEGUN else _FAILED
            else:
                kind, outcome = _tcp(record, live)
        elif protocol == 17:
            if not _is_unicast(record):
                _note(record, asking)
                continue
            kind, outcome = _UDP_KIND, _udp(record, answering)
            if outcome != _NOTHING and _is_asked_for(record, asking):
                continue
        elif protocol in (1, 58):
            kind, outcome = _ICMP_KIND, _icmp(record)
        elif protocol == 132:
            kind, outcome = _SCTP_KIND, _sctp(record)
        elif protocol in (0, 2):  # hop-by-hop options, IGMP: any host's
            continue
        else:
            kind, outcome = _PROTOCOL, _protocol(record)
        if outcome == _NOTHING or record.fragment == _LATER or not _is_unicast(record):
            continue
        source = mixed(U(record.source_hi), U(record.source_lo))
        destination = mixed(U(record.destination_hi), U(record.destination_lo))
        port = record.destination_port if protocol in (6, 17, 132) else 0
        if kind == _PROTOCOL:
            port = protocol
        what = (U(port) << U(8)) | U(protocol)
        contact = mixed(source, destination ^ ((what + _1) * _M1))
        prefetch(slots, slot_of((contact ^ seed) | _1, mask), 0)
        row = ahead[waiting]
        row.source = source
        row.destination = destination
        row.contact = contact
        row.source_hi = record.source_hi
        row.source_lo = record.source_lo
        row.destination_hi = record.destination_hi
        row.destination_lo = record.destination_lo
        row.at_ns = record.start_ns
        row.port = port
        row.protocol = protocol
        row.kind = kind
        row.outcome = outcome
        waiting += _1
    bads, opens = _take(ahead, waiting, seed, slots, bad, bads, opened, opens)
    return bads, opens
