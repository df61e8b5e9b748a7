"""What a packet does to its flow: which one it belongs to, who began it, how far it came, what was sent twice."""

from typing import Any

import numpy as np
from numba import njit

from collectors.traffic.flowtable.layout import CHUNK, NONE, Count, Phase
from collectors.traffic.flowtable.rows_kernel import (
    ACK_SEEN,
    FIN_SEEN,
    NEXT_KNOWN,
    REPLY_FIN_SEEN,
    REPLY_NEXT_KNOWN,
    REPLY_SEEN,
    SENT_SEEN,
    SYN_SEEN,
    append,
    end,
    enter,
    find,
    make_room,
    part,
    unlink,
    write,
)
from netmon.api.traffic import EndReason, FlowState, Fragment, Verdict

_ZERO, _ONE = np.uint64(0), np.uint64(1)
_LOW, _HALF = np.uint64(0xFFFF_FFFF), np.uint64(32)
_16, _48, _56 = np.uint64(16), np.uint64(48), np.uint64(56)
_NONE = np.uint64(NONE)
_OCTET = np.uint64(8)
_MAPPED = np.uint64(0xFFFF)
_MULTIPLIER = np.uint64(0x9E37_79B9_7F4A_7C15)
_SHIFT = np.uint64(29)
_BACK = np.uint64(0x8000_0000)  # half of the sequence space: beyond it a number lies behind (RFC 9293, 3.4)

_ICMP, _TCP, _UDP, _ICMP6 = 1, 6, 17, 58
_FIN, _SYN, _RST, _ACK = 1, 2, 4, 16


@njit(inline="always")
def _u16(buffer: Any, at: Any) -> Any:
    return np.uint64(buffer[at]) << _OCTET | np.uint64(buffer[at + _ONE])


@njit(inline="always")
def _u32(buffer: Any, at: Any) -> Any:
    return _u16(buffer, at) << _16 | _u16(buffer, at + np.uint64(2))


@njit(cache=True, nogil=True)
def _hash(key: Any, seeds: Any) -> Any:
    """Return 32 bits that nobody can aim at without knowing the seeds.

    Pairs of 32-bit words, each plus a secret, are multiplied and added up (Multilinear-HM: Lemire and Kaser, Strongly
    universal string hashing is fast, 2014); the bits are then spread for linear probing.
    """
    total = seeds[0]
    total += (seeds[1] + (key.a_hi & _LOW)) * (seeds[2] + (key.a_hi >> _HALF))
    total += (seeds[3] + (key.a_lo & _LOW)) * (seeds[4] + (key.a_lo >> _HALF))
    total += (seeds[5] + (key.b_hi & _LOW)) * (seeds[6] + (key.b_hi >> _HALF))
    total += (seeds[7] + (key.b_lo & _LOW)) * (seeds[8] + (key.b_lo >> _HALF))
    total += (seeds[9] + (key.rest & _LOW)) * (seeds[10] + (key.rest >> _HALF))
    total ^= total >> _HALF
    total *= _MULTIPLIER
    total ^= total >> _SHIFT
    total *= _MULTIPLIER
    return total >> _HALF


@njit(cache=True, nogil=True)
def _fill(key: Any, s_hi: Any, s_lo: Any, s_port: Any, d_hi: Any, d_lo: Any, d_port: Any, rest: Any) -> None:
    """Put the two ends in the order that both directions share: by address, then by port."""
    if s_hi != d_hi:
        swap = s_hi > d_hi
    elif s_lo != d_lo:
        swap = s_lo > d_lo
    else:
        swap = s_port > d_port
    if swap:
        key.a_hi, key.a_lo, key.b_hi, key.b_lo = d_hi, d_lo, s_hi, s_lo
        key.rest = rest | s_port << _16 | d_port
    else:
        key.a_hi, key.a_lo, key.b_hi, key.b_lo = s_hi, s_lo, d_hi, d_lo
        key.rest = rest | d_port << _16 | s_port
    key.from_b = swap


@njit(cache=True, nogil=True)
def _make_key(record: Any, key: Any, buffer: Any, base: Any, stop: Any, by_vlan: Any, seeds: Any) -> None:
    """Tell which flow a packet belongs to. Its frame is buffer[base:stop]; both 0 without frames."""
    key.skip = 0
    key.answer = 0
    verdict = record.verdict
    if record.version == 0 or verdict == Verdict.NOT_IP:
        key.skip = Count.MALFORMED if verdict > Verdict.NOT_IP else Count.NOT_IP
        return
    if verdict == Verdict.BAD_NETWORK:
        key.skip = Count.MALFORMED
        return
    protocol = record.protocol
    s_port, d_port = np.uint64(record.source_port), np.uint64(record.destination_port)
    if (protocol == _ICMP or protocol == _ICMP6) and record.fragment != Fragment.LATER:
        # The requests' and replies' identifier stands in the last four octets before the payload (RFC 792, RFC 4443).
        kind, code = np.uint64(record.icmp_type), np.uint64(record.icmp_code)
        request, reply = kind, False
        paired = False
        if protocol == _ICMP6:
            if kind == np.uint64(128) or kind == np.uint64(129):
                paired, reply, request = True, kind == np.uint64(129), np.uint64(128)
        elif kind == np.uint64(8) or kind == np.uint64(0):
            paired, reply, request = True, kind == np.uint64(0), np.uint64(8)
        elif kind == np.uint64(13) or kind == np.uint64(14):
            paired, reply, request = True, kind == np.uint64(14), np.uint64(13)
        elif kind == np.uint64(17) or kind == np.uint64(18):
            paired, reply, request = True, kind == np.uint64(18), np.uint64(17)
        s_port, d_port = _ZERO, request << _OCTET | code
        if paired:
            at = base + np.uint64(record.payload_at)
            if record.payload_at >= 4 and at <= stop:
                s_port = _u16(buffer, at - np.uint64(4))
            if reply:
                s_port, d_port = d_port, s_port
                key.answer = 1
    rest = np.uint64(protocol) << _48 | np.uint64(record.tunnel) << _56
    if by_vlan:
        rest |= np.uint64(record.vlan) << _HALF
    _fill(
        key,
        record.source_hi,
        record.source_lo,
        s_port,
        record.destination_hi,
        record.destination_lo,
        d_port,
        rest,
    )
    key.hash = np.uint32(_hash(key, seeds))


@njit(inline="always")
def _from_answerer(record: Any, key: Any) -> Any:
    """Tell whether the sender of a flow's first packet is the one who was asked.

    An ICMP reply and a SYN with ACK say so. A TCP packet from the middle of a connection has ACK: then the end with the
    lower port is the server where it is a well-known one (RFC 6335, 6) or the other one is above 32767, where systems
    take the ports of their own connections from. All else is begun by its sender.
    """
    if key.answer:
        return True
    if record.protocol != _TCP or record.fragment == Fragment.LATER:
        return False
    flags = record.tcp_flags
    if flags & _ACK == 0:
        return False
    if flags & _SYN:
        return True
    port, other = record.source_port, record.destination_port
    return port < 1024 <= other or port < 32768 <= other


@njit(cache=True, nogil=True)
def _begin(table: Any, key: Any, record: Any) -> Any:
    """Open a flow for a packet, without counting the packet; return its row."""
    counts = table.counts
    if counts[Count.FREE] == _NONE and counts[Count.SPANNED] == np.uint64(len(table.rows)):
        make_room(table, record.start_ns)
    row = counts[Count.FREE]
    if row != _NONE:
        counts[Count.FREE] = np.uint64(table.links[row].after)
    else:
        row = counts[Count.SPANNED]
        counts[Count.SPANNED] += _ONE
    held = table.rows[row]
    held.a_hi, held.a_lo, held.b_hi, held.b_lo = key.a_hi, key.a_lo, key.b_hi, key.b_lo
    held.rest, held.hash = key.rest, key.hash
    held.first_ns = held.last_ns = record.start_ns
    held.marks = 0
    held.bytes = held.packets = held.reply_bytes = held.reply_packets = 0
    held.tcp_flags = held.reply_tcp_flags = held.retransmissions = held.handshake_us = 0
    answerer = _from_answerer(record, key)
    held.begun_by_b = (key.from_b != 0) != answerer
    phase = np.uint8(Phase.OTHER)
    if record.protocol == _TCP and record.fragment != Fragment.LATER:
        if record.tcp_flags & _SYN == 0 or record.tcp_flags & _RST:
            phase = np.uint8(Phase.MIDSTREAM)
        elif record.tcp_flags & _ACK:
            phase = np.uint8(Phase.SYN_ACKED)
        else:
            phase = np.uint8(Phase.OPENING)
    held.phase = phase
    if answerer:
        held.source_mac, held.destination_mac = record.destination_mac, record.source_mac
        held.source_port, held.destination_port = record.destination_port, record.source_port
    else:
        held.source_mac, held.destination_mac = record.source_mac, record.destination_mac
        held.source_port, held.destination_port = record.source_port, record.destination_port
    held.exporter, held.sampling = record.exporter, record.sampling
    held.in_interface, held.out_interface = record.in_interface, record.out_interface
    held.mpls, held.payload_length = record.mpls, record.payload_length
    held.vlan, held.inner_vlan, held.ethertype = record.vlan, record.inner_vlan, record.ethertype
    held.version, held.icmp_type, held.icmp_code = record.version, record.icmp_type, record.icmp_code
    held.tos, held.ttl, held.verdict, held.fragment = record.tos, record.ttl, record.verdict, record.fragment
    enter(table, row, np.uint64(key.hash))
    append(table, row, _ZERO)
    table.due[row] = record.start_ns + table.timeouts[phase]
    counts[Count.OPEN] += _ONE
    counts[Count.BEGUN] += _ONE
    return row


@njit(inline="always")
def _rank(phase: Any) -> Any:
    """Return the rank of a flow with more than one packet."""
    if phase == Phase.ESTABLISHED or phase == Phase.JOINED:
        return np.uint64(2)
    if phase == Phase.CLOSED or phase == Phase.RESET or phase == Phase.REFUSED:
        return np.uint64(0)
    return np.uint64(1)


@njit(cache=True, nogil=True)
def _enter_phase(table: Any, row: Any, phase: Any, now_ns: Any) -> None:
    """Note how far a flow came; it is looked at again when that may be over."""
    held = table.rows[row]
    held.phase = phase
    long = held.first_ns + table.timeouts[Phase.SIZE]
    table.due[row] = min(now_ns + table.timeouts[phase], long)


@njit(cache=True, nogil=True)
def _sent_again(held: Any, record: Any, forward: Any, buffer: Any, base: Any, stop: Any, wire: Any) -> Any:
    """Follow the sequence numbers of one direction; tell whether this packet sends again what was sent.

    The header stands in front of the payload, but its length is not in the record: it is the one of 20 to 60 octets
    whose ports and data offset (RFC 9293, 3.1) fit. A keep-alive, one octet at most and just behind, is not counted.
    """
    end_of_header = base + np.uint64(record.payload_at)
    if end_of_header > stop:
        return False
    at = _ZERO
    for words in range(5, 16):
        length = np.uint64(words) << np.uint64(2)
        if base + length > end_of_header:
            return False
        start = end_of_header - length
        if (
            np.uint64(buffer[start + np.uint64(12)]) >> np.uint64(4) == np.uint64(words)
            and _u16(buffer, start) == np.uint64(record.source_port)
            and _u16(buffer, start + np.uint64(2)) == np.uint64(record.destination_port)
        ):
            at = start
            break
    if at == _ZERO:
        return False
    length = np.uint64(record.payload_length)
    captured = stop - base
    if wire > captured and (length > _ZERO or wire > np.uint64(64)):
        # Cut short by the capture: the rest of the frame is payload. (Below 64 octets Ethernet fills up instead.)
        length += wire - captured
    flags = record.tcp_flags
    taken = length
    if flags & _SYN:
        taken += _ONE
    if flags & _FIN:
        taken += _ONE
    if taken == _ZERO or flags & _RST:
        return False
    first = _u32(buffer, at + np.uint64(4))
    following = (first + taken) & _LOW
    mark = NEXT_KNOWN if forward else REPLY_NEXT_KNOWN
    expected = np.uint64(held.next) if forward else np.uint64(held.reply_next)
    known = held.marks & mark != 0
    if not known or ((following - expected) & _LOW) - _ONE < _BACK - _ONE:
        if forward:
            held.next = np.uint32(following)
        else:
            held.reply_next = np.uint32(following)
        held.marks |= mark
    if not known or ((first - expected) & _LOW) < _BACK:
        return False
    return not (taken <= _ONE and flags & (_SYN | _FIN) == 0 and ((expected - first) & _LOW) == _ONE)


@njit(cache=True, nogil=True)
def _tcp_phase(held: Any, flags: Any, forward: Any, now_ns: Any) -> Any:
    """Return how far a connection came with these flags; notes FIN, ACK and the handshake's time in its row."""
    phase = held.phase
    if phase == Phase.RESET or phase == Phase.REFUSED:
        return phase
    if flags & _RST:
        if phase == Phase.CLOSED:
            return phase
        if not forward and (
            phase == Phase.OPENING or (phase == Phase.MIDSTREAM and held.marks & (REPLY_SEEN | ACK_SEEN) == 0)
        ):
            return np.uint8(Phase.REFUSED)
        return np.uint8(Phase.RESET)
    if flags & _SYN:
        if flags & _ACK:
            if not forward and phase == Phase.OPENING:
                phase = np.uint8(Phase.SYN_ACKED)
        elif forward and held.marks & SYN_SEEN == 0:
            held.marks |= SYN_SEEN
            held.syn_ns = now_ns
    elif flags & _ACK:
        if phase == Phase.SYN_ACKED:
            phase = np.uint8(Phase.ESTABLISHED)
            if forward and held.marks & SYN_SEEN and now_ns >= held.syn_ns:
                taken = (now_ns - held.syn_ns) // np.uint64(1000)
                held.handshake_us = np.uint32(min(max(taken, _ONE), _LOW))
        elif phase == Phase.OPENING and forward:
            # It goes on as if it had been answered: the answers take a way that we do not see.
            phase = np.uint8(Phase.MIDSTREAM)
    if flags & _ACK and forward:
        held.marks |= ACK_SEEN
    if phase == Phase.MIDSTREAM and held.marks & ACK_SEEN and (not forward or held.marks & REPLY_SEEN):
        phase = np.uint8(Phase.JOINED)
    if flags & _FIN:
        held.marks |= FIN_SEEN if forward else REPLY_FIN_SEEN
        if held.marks & (FIN_SEEN | REPLY_FIN_SEEN) == FIN_SEEN | REPLY_FIN_SEEN:
            phase = np.uint8(Phase.CLOSED)
    return phase


@njit(cache=True, nogil=True)
def _quoted(table: Any, record: Any, buffer: Any, base: Any, stop: Any, key: Any, by_vlan: Any, seeds: Any) -> None:
    """Note in an open flow that an ICMP port unreachable quotes its packet (RFC 792; RFC 4443, 3.1).

    Only a flow that was not answered is refused so, by a quote of what its initiator sent: a forged message ends
    nothing else.
    """
    at = base + np.uint64(record.payload_at)
    if base == stop or at + np.uint64(24) > stop:
        return
    version = np.uint64(buffer[at]) >> np.uint64(4)
    rest = np.uint64(record.tunnel) << _56
    if by_vlan:
        rest |= np.uint64(record.vlan) << _HALF
    if record.protocol == _ICMP and version == np.uint64(4):
        length = (np.uint64(buffer[at]) & np.uint64(15)) << np.uint64(2)
        if length < np.uint64(20) or at + length + np.uint64(4) > stop:
            return
        protocol = np.uint64(buffer[at + np.uint64(9)])
        s_hi = d_hi = _ZERO
        s_lo = _MAPPED << _HALF | _u32(buffer, at + np.uint64(12))
        d_lo = _MAPPED << _HALF | _u32(buffer, at + np.uint64(16))
    elif record.protocol == _ICMP6 and version == np.uint64(6):
        length = np.uint64(40)
        if at + length + np.uint64(4) > stop:
            return
        protocol = np.uint64(buffer[at + np.uint64(6)])
        s_hi = _u32(buffer, at + np.uint64(8)) << _HALF | _u32(buffer, at + np.uint64(12))
        s_lo = _u32(buffer, at + np.uint64(16)) << _HALF | _u32(buffer, at + np.uint64(20))
        d_hi = _u32(buffer, at + np.uint64(24)) << _HALF | _u32(buffer, at + np.uint64(28))
        d_lo = _u32(buffer, at + np.uint64(32)) << _HALF | _u32(buffer, at + np.uint64(36))
    else:
        return
    if protocol != np.uint64(_UDP) and protocol != np.uint64(_TCP):
        return
    ports = at + length
    _fill(
        key,
        s_hi,
        s_lo,
        _u16(buffer, ports),
        d_hi,
        d_lo,
        _u16(buffer, ports + np.uint64(2)),
        rest | protocol << _48,
    )
    key.hash = np.uint32(_hash(key, seeds))
    row = find(table, key)
    if row == _NONE:
        return
    held = table.rows[row]
    if (
        (key.from_b != 0) == (held.begun_by_b != 0)
        and held.marks & REPLY_SEEN == 0
        and (held.phase == Phase.OTHER or held.phase == Phase.OPENING)
    ):
        _enter_phase(table, row, Phase.REFUSED, max(held.last_ns, record.start_ns))
        unlink(table, row)
        append(table, row, _ZERO)


@njit(inline="always")
def _is_port_unreachable(record: Any) -> Any:
    return (record.protocol == _ICMP and record.icmp_type == 3 and record.icmp_code == 3) or (
        record.protocol == _ICMP6 and record.icmp_type == 1 and record.icmp_code == 4
    )


@njit(cache=True, nogil=True)
def _row_of(table: Any, key: Any, record: Any) -> Any:
    """Return the open flow of a packet, begun if need be; one that is over or was quiet for too long ends first."""
    now = record.start_ns
    row = find(table, key)
    if row != _NONE:
        held = table.rows[row]
        phase = held.phase
        over = phase == Phase.CLOSED or phase == Phase.RESET or phase == Phase.REFUSED
        quiet = held.last_ns + table.timeouts[phase] < now
        if record.protocol == _TCP and record.tcp_flags & (_SYN | _ACK | _RST) == _SYN:
            # A port is used again: after the end, or where the end of the old connection was not seen.
            quiet |= over or held.last_ns + table.timeouts[Phase.OTHER] < now
        if quiet:
            end(table, row, EndReason.END if over else EndReason.IDLE)
            row = _NONE
        elif held.packets + held.reply_packets == _ZERO:
            held.first_ns = now
            table.due[row] = min(table.due[row], now + table.timeouts[Phase.SIZE])
        elif held.first_ns + table.timeouts[Phase.SIZE] <= now:
            part(table, row)
            held.first_ns = now
    return row


@njit(cache=True, nogil=True)
def _count(table: Any, row: Any, record: Any, forward: Any) -> None:
    """Add a packet to its flow."""
    held = table.rows[row]
    if forward:
        held.bytes += record.bytes
        held.packets += record.packets
        held.tcp_flags |= record.tcp_flags
        held.marks |= SENT_SEEN
    else:
        held.reply_bytes += record.bytes
        held.reply_packets += record.packets
        held.reply_tcp_flags |= record.tcp_flags
        held.marks |= REPLY_SEEN
    held.last_ns = max(held.last_ns, record.start_ns)
    table.counts[Count.PACKETS] += record.packets
    table.counts[Count.BYTES] += record.bytes


@njit(cache=True, nogil=True)
def add(table: Any, records: Any, buffer: Any, frames: Any, seeds: Any, by_vlan: Any, keys: Any) -> Any:
    """Take packets into the table; return how many were taken. `frames` is empty or one row for each record."""
    counts = table.counts
    has_frames = len(frames) == len(records)
    mask = np.uint64(len(table.slots) - 1)
    size = np.uint64(len(buffer))
    total = np.uint64(len(records))
    quote = keys[CHUNK]
    taken = 0
    touched = _ZERO
    base = stop = wire = _ZERO
    for begin in range(_ZERO, total, np.uint64(CHUNK)):
        width = min(np.uint64(CHUNK), total - begin)
        for i in range(width):
            record = records[begin + i]
            if has_frames:
                frame = frames[begin + i]
                base, stop = frame.at, frame.at + frame.captured
                if base > size or stop > size or stop < base:
                    base = stop = _ZERO
            _make_key(record, keys[i], buffer, base, stop, by_vlan, seeds)
            # Read now what will be needed soon: the misses of the whole chunk overlap.
            touched += table.slots[np.uint64(keys[i].hash) & mask]
        for i in range(width):
            entry = table.slots[np.uint64(keys[i].hash) & mask]
            if entry != _ZERO:
                held = table.rows[(entry & _LOW) - _ONE]
                touched += held.a_hi + held.packets
        for i in range(width):
            key = keys[i]
            record = records[begin + i]
            if key.skip:
                counts[np.uint64(key.skip)] += _ONE
                continue
            if has_frames:
                frame = frames[begin + i]
                base, stop, wire = frame.at, frame.at + frame.captured, np.uint64(frame.wire)
                if base > size or stop > size or stop < base:
                    base = stop = _ZERO
            now = record.start_ns
            row = _row_of(table, key, record)
            begun = row == _NONE
            if begun:
                row = _begin(table, key, record)
            held = table.rows[row]
            forward = (key.from_b != 0) == (held.begun_by_b != 0)
            if record.protocol == _TCP and record.fragment != Fragment.LATER:
                again = stop > base and _sent_again(held, record, forward, buffer, base, stop, wire)
                if again and held.retransmissions < 65535:
                    held.retransmissions += 1
                phase = _tcp_phase(held, record.tcp_flags, forward, now)
            elif held.phase == Phase.REFUSED and not forward:
                phase = np.uint8(Phase.OTHER)
            else:
                phase = held.phase
            _count(table, row, record, forward)
            taken += 1
            if phase != held.phase:
                _enter_phase(table, row, phase, held.last_ns)
            if begun:
                at = counts[Count.BEGUN_ROWS]
                if at < np.uint64(len(table.begun)):
                    write(held, table.begun[at], FlowState.BEGUN, EndReason.UNKNOWN)
                    counts[Count.BEGUN_ROWS] += _ONE
                else:
                    counts[Count.UNTOLD] += _ONE
            else:
                rank = _rank(phase)
                if rank != np.uint64(held.rank):
                    unlink(table, row)
                    append(table, row, rank)
            if has_frames and _is_port_unreachable(record):
                _quoted(table, record, buffer, base, stop, quote, by_vlan, seeds)
    return taken, touched
