"""What a packet does to its flow: who began it, what it is counted as, and when it is over."""

from typing import Any

import numpy as np

from collectors.traffic.flowtable.compiled import compiled, inlined
from collectors.traffic.flowtable.key_kernel import fill, hash_of, make_key, u16, u32
from collectors.traffic.flowtable.layout import CHUNK, NONE, Phase, Place
from collectors.traffic.flowtable.rows_kernel import (
    REPLY_SEEN,
    SCOUTED,
    SENT_SEEN,
    append,
    end,
    enter,
    find,
    make_room,
    part,
    scout,
    unlink,
    write,
)
from collectors.traffic.flowtable.tcp_kernel import ACK, FIN, RST, SYN, sent_again, tcp_phase
from collectors.traffic.packet.prefetch_kernel import prefetch
from netmon.api.traffic import EndReason, FlowState, Fragment

_ZERO, _ONE = np.uint64(0), np.uint64(1)
_LOW, _HALF = np.uint64(0xFFFF_FFFF), np.uint64(32)
_48, _56 = np.uint64(48), np.uint64(56)
_NONE = np.uint64(NONE)
_TIMEOUTS = np.uint64(Place.TIMEOUTS)
_MAPPED = np.uint64(0xFFFF)
_TALK = np.uint64(8)  # packets, both ways: a flow that is not TCP is then worth as much as an established one
_KEYS = np.uint64(CHUNK - 1)
_LEAD = np.uint64(CHUNK // 4)
_LINE = np.uint64(64)
_TCP_HEADER = np.uint64(20)
_ICMP, _TCP, _UDP, _ICMP6 = 1, 6, 17, 58


@compiled
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
    if flags & ACK == 0:
        return False
    if flags & SYN:
        return True
    port, other = record.source_port, record.destination_port
    return port < 1024 <= other or port < 32768 <= other


@compiled
def _begin(rows: Any, slots: Any, links: Any, state: Any, ended: Any, key: Any, record: Any) -> Any:
    """Open a flow for a packet, without counting the packet; return its row."""
    if state[Place.FREE] == _NONE and state[Place.SPANNED] == np.uint64(len(rows)):
        make_room(rows, slots, links, state, ended, record.start_ns)
    row = state[Place.FREE]
    if row != _NONE:
        state[Place.FREE] = np.uint64(links[row].after)
    else:
        row = state[Place.SPANNED]
        state[Place.SPANNED] += _ONE
    held = rows[row]
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
        if record.tcp_flags & SYN == 0 or record.tcp_flags & RST:
            phase = np.uint8(Phase.MIDSTREAM)
        elif record.tcp_flags & ACK:
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
    enter(slots, row, np.uint64(key.hash))
    append(rows, links, state, row, _ZERO)
    links[row].due = record.start_ns + state[_TIMEOUTS + np.uint64(phase)]
    state[Place.OPEN] += _ONE
    state[Place.BEGUN] += _ONE
    return row


@inlined
def _rank(held: Any, phase: Any) -> Any:
    """Return the rank of a flow with more than one packet. Parts begin to count anew, but no rank is lost by that."""
    if phase == Phase.CLOSED or phase == Phase.RESET or phase == Phase.REFUSED:
        return _ZERO
    both = held.marks & (SENT_SEEN | REPLY_SEEN) == SENT_SEEN | REPLY_SEEN
    talk = phase == Phase.OTHER and both and held.packets + held.reply_packets >= _TALK
    if phase == Phase.ESTABLISHED or phase == Phase.JOINED or talk:
        return np.uint64(2)
    return max(_ONE, np.uint64(held.rank))


@inlined
def _enter_phase(rows: Any, links: Any, state: Any, row: Any, phase: Any, now_ns: Any) -> None:
    """Note how far a flow came; it is looked at again when that may be over."""
    held = rows[row]
    held.phase = phase
    long = held.first_ns + state[Place.ACTIVE]
    links[row].due = min(now_ns + state[_TIMEOUTS + np.uint64(phase)], long)


@compiled
def _quoted(
    rows: Any,
    slots: Any,
    links: Any,
    state: Any,
    record: Any,
    buffer: Any,
    base: Any,
    stop: Any,
    key: Any,
    by_vlan: Any,
    seeds: Any,
) -> None:
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
        s_lo = _MAPPED << _HALF | u32(buffer, at + np.uint64(12))
        d_lo = _MAPPED << _HALF | u32(buffer, at + np.uint64(16))
    elif record.protocol == _ICMP6 and version == np.uint64(6):
        length = np.uint64(40)
        if at + length + np.uint64(4) > stop:
            return
        protocol = np.uint64(buffer[at + np.uint64(6)])
        s_hi = u32(buffer, at + np.uint64(8)) << _HALF | u32(buffer, at + np.uint64(12))
        s_lo = u32(buffer, at + np.uint64(16)) << _HALF | u32(buffer, at + np.uint64(20))
        d_hi = u32(buffer, at + np.uint64(24)) << _HALF | u32(buffer, at + np.uint64(28))
        d_lo = u32(buffer, at + np.uint64(32)) << _HALF | u32(buffer, at + np.uint64(36))
    else:
        return
    if protocol != np.uint64(_UDP) and protocol != np.uint64(_TCP):
        return
    ports = at + length
    fill(
        key,
        s_hi,
        s_lo,
        u16(buffer, ports),
        d_hi,
        d_lo,
        u16(buffer, ports + np.uint64(2)),
        rest | protocol << _48,
    )
    key.hash = np.uint32(hash_of(key, seeds))
    row = find(rows, slots, key)
    if row == _NONE:
        return
    held = rows[row]
    if (
        (key.from_b != 0) == (held.begun_by_b != 0)
        and held.marks & REPLY_SEEN == 0
        and (held.phase == Phase.OTHER or held.phase == Phase.OPENING)
    ):
        _enter_phase(rows, links, state, row, Phase.REFUSED, max(held.last_ns, record.start_ns))
        unlink(rows, links, state, row)
        append(rows, links, state, row, _ZERO)


@inlined
def _is_port_unreachable(record: Any) -> Any:
    return (record.protocol == _ICMP and record.icmp_type == 3 and record.icmp_code == 3) or (
        record.protocol == _ICMP6 and record.icmp_type == 1 and record.icmp_code == 4
    )


@inlined
def _row_of(rows: Any, slots: Any, links: Any, state: Any, ended: Any, key: Any, record: Any) -> Any:
    """Return the open flow of a packet, begun if need be; one that is over or was quiet for too long ends first."""
    now = record.start_ns
    row = find(rows, slots, key)
    if row != _NONE:
        held = rows[row]
        phase = held.phase
        over = phase == Phase.CLOSED or phase == Phase.RESET or phase == Phase.REFUSED
        quiet = held.last_ns + state[_TIMEOUTS + np.uint64(phase)] < now
        if record.protocol == _TCP and record.tcp_flags & (SYN | ACK | RST) == SYN:
            # A port is used again: after the end, or where the end of the old connection was not seen.
            quiet |= over or held.last_ns + state[Place.TIMEOUTS] < now
        if quiet:
            end(rows, slots, links, state, ended, row, EndReason.END if over else EndReason.IDLE)
            row = _NONE
        elif held.packets + held.reply_packets == _ZERO:
            held.first_ns = now
            links[row].due = min(links[row].due, now + state[Place.ACTIVE])
        elif held.first_ns + state[Place.ACTIVE] <= now:
            part(rows, state, ended, row)
            held.first_ns = now
    return row


@inlined
def _count(held: Any, record: Any, forward: Any) -> None:
    """Add a packet to its flow. Without branches: nothing foretells a packet's direction."""
    sent = np.uint64(forward)
    replied = _ONE - sent
    held.bytes += record.bytes * sent
    held.packets += record.packets * sent
    held.reply_bytes += record.bytes * replied
    held.reply_packets += record.packets * replied
    held.tcp_flags |= record.tcp_flags * np.uint8(sent)
    held.reply_tcp_flags |= record.tcp_flags * np.uint8(replied)
    held.marks |= SENT_SEEN if forward else REPLY_SEEN
    held.last_ns = max(held.last_ns, record.start_ns)


@compiled
def take(
    rows: Any,
    slots: Any,
    links: Any,
    state: Any,
    ended: Any,
    begun_rows: Any,
    records: Any,
    buffer: Any,
    frames: Any,
    seeds: Any,
    by_vlan: Any,
    keys: Any,
) -> Any:
    """Take packets into the table; return how many were taken. `frames` is empty or one row for each record."""
    has_frames = len(frames) == len(records)
    mask = np.uint64(len(slots) - 1)
    size = np.uint64(len(buffer))
    total = np.uint64(len(records))
    quote = keys[CHUNK]
    taken = 0
    begun_before = _ZERO
    packets = octets = _ZERO
    base = stop = wire = _ZERO
    for step in range(_ZERO, total + _LEAD + _LEAD):
        # Three packets in each step: of the first the key is made and its place in the index asked for, of the second
        # the row, the third is counted. Memory answers meanwhile.
        if step % np.uint64(SCOUTED) == _ZERO and state[Place.BEGUN] != begun_before:
            begun_before = state[Place.BEGUN]
            scout(rows, slots, links, state)
        if step < total:
            record = records[step]
            if has_frames:
                frame = frames[step]
                base, stop = frame.at, frame.at + frame.captured
                if base > size or stop > size or stop < base:
                    base = stop = _ZERO
                prefetch(buffer, base + np.uint64(record.payload_at), _ZERO - _TCP_HEADER)
            key = keys[step & _KEYS]
            make_key(record, key, buffer, base, stop, by_vlan, seeds)
            prefetch(slots, np.uint64(key.hash) & mask, _ZERO)
        if step >= _LEAD and step < total + _LEAD:
            tag = np.uint64(keys[(step - _LEAD) & _KEYS].hash)
            at = tag & mask
            while slots[at] != _ZERO:
                if slots[at] >> _HALF == tag:
                    prefetch(rows, (slots[at] & _LOW) - _ONE, _ZERO)
                    prefetch(rows, (slots[at] & _LOW) - _ONE, _LINE)
                    break
                at = (at + _ONE) & mask
        if step >= _LEAD + _LEAD:
            i = step - _LEAD - _LEAD
            key = keys[i & _KEYS]
            record = records[i]
            if key.skip:
                state[np.uint64(key.skip)] += _ONE
                continue
            if has_frames:
                frame = frames[i]
                base, stop, wire = frame.at, frame.at + frame.captured, np.uint64(frame.wire)
                if base > size or stop > size or stop < base:
                    base = stop = _ZERO
            now = record.start_ns
            row = _row_of(rows, slots, links, state, ended, key, record)
            begun = row == _NONE
            if begun:
                row = _begin(rows, slots, links, state, ended, key, record)
            held = rows[row]
            forward = (key.from_b != 0) == (held.begun_by_b != 0)
            if record.protocol == _TCP and record.fragment != Fragment.LATER:
                again = stop > base and sent_again(held, record, forward, buffer, base, stop, wire)
                if again and held.retransmissions < 65535:
                    held.retransmissions += 1
                phase = held.phase
                usual = record.tcp_flags & (FIN | SYN | RST) == 0
                if not (usual and (phase == Phase.ESTABLISHED or phase == Phase.JOINED)):
                    phase = tcp_phase(held, record.tcp_flags, forward, now)
            elif held.phase == Phase.REFUSED and not forward:
                phase = np.uint8(Phase.OTHER)
            else:
                phase = held.phase
            _count(held, record, forward)
            packets += record.packets
            octets += record.bytes
            taken += 1
            if phase != held.phase:
                _enter_phase(rows, links, state, row, phase, held.last_ns)
            if begun:
                at = state[Place.BEGUN_ROWS]
                if at < np.uint64(len(begun_rows)):
                    write(held, begun_rows[at], FlowState.BEGUN, EndReason.UNKNOWN)
                    state[Place.BEGUN_ROWS] += _ONE
                else:
                    state[Place.UNTOLD] += _ONE
            else:
                rank = _rank(held, phase)
                if rank != np.uint64(held.rank):
                    unlink(rows, links, state, row)
                    append(rows, links, state, row, rank)
            if has_frames and _is_port_unreachable(record):
                _quoted(rows, slots, links, state, record, buffer, base, stop, quote, by_vlan, seeds)
    state[Place.PACKETS] += packets
    state[Place.BYTES] += octets
    return taken
