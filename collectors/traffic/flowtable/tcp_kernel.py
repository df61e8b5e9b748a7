"""What a TCP packet tells about its connection: how far it came, and whether it was sent before."""

from typing import Any

import numpy as np

from collectors.traffic.flowtable.compiled import inlined
from collectors.traffic.flowtable.key_kernel import u16, u32
from collectors.traffic.flowtable.layout import Phase
from collectors.traffic.flowtable.rows_kernel import (
    ACK_SEEN,
    FIN_SEEN,
    NEXT_KNOWN,
    REPLY_FIN_SEEN,
    REPLY_NEXT_KNOWN,
    REPLY_SEEN,
    SYN_SEEN,
)

FIN, SYN, RST, ACK = 1, 2, 4, 16
_ZERO, _ONE = np.uint64(0), np.uint64(1)
_LOW = np.uint64(0xFFFF_FFFF)
_BACK = np.uint64(0x8000_0000)  # half of the sequence space: beyond it a number lies behind (RFC 9293, 3.4)


@inlined
def sent_again(held: Any, record: Any, forward: Any, buffer: Any, base: Any, stop: Any, wire: Any) -> Any:
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
            and u16(buffer, start) == np.uint64(record.source_port)
            and u16(buffer, start + np.uint64(2)) == np.uint64(record.destination_port)
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
    if flags & SYN:
        taken += _ONE
    if flags & FIN:
        taken += _ONE
    if taken == _ZERO or flags & RST:
        return False
    first = u32(buffer, at + np.uint64(4))
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
    return not (taken <= _ONE and flags & (SYN | FIN) == 0 and ((expected - first) & _LOW) == _ONE)


@inlined
def tcp_phase(held: Any, flags: Any, forward: Any, now_ns: Any) -> Any:
    """Return how far a connection came with these flags; notes FIN, ACK and the handshake's time in its row."""
    phase = held.phase
    if phase == Phase.RESET or phase == Phase.REFUSED:
        return phase
    if flags & RST:
        if phase == Phase.CLOSED:
            return phase
        if not forward and (
            phase == Phase.OPENING or (phase == Phase.MIDSTREAM and held.marks & (REPLY_SEEN | ACK_SEEN) == 0)
        ):
            return np.uint8(Phase.REFUSED)
        return np.uint8(Phase.RESET)
    if flags & SYN:
        if flags & ACK:
            if not forward and phase == Phase.OPENING:
                phase = np.uint8(Phase.SYN_ACKED)
        elif forward and held.marks & SYN_SEEN == 0:
            held.marks |= SYN_SEEN
            held.syn_ns = now_ns
    elif flags & ACK:
        if phase == Phase.SYN_ACKED:
            phase = np.uint8(Phase.ESTABLISHED)
            if forward and held.marks & SYN_SEEN and now_ns >= held.syn_ns:
                taken = (now_ns - held.syn_ns) // np.uint64(1000)
                held.handshake_us = np.uint32(min(max(taken, _ONE), _LOW))
        elif phase == Phase.OPENING and forward:
            # It goes on as if it had been answered: the answers take a way that we do not see.
            phase = np.uint8(Phase.MIDSTREAM)
    if flags & ACK and forward:
        held.marks |= ACK_SEEN
    if phase == Phase.MIDSTREAM and held.marks & ACK_SEEN and (not forward or held.marks & REPLY_SEEN):
        phase = np.uint8(Phase.JOINED)
    if flags & FIN:
        held.marks |= FIN_SEEN if forward else REPLY_FIN_SEEN
        if held.marks & (FIN_SEEN | REPLY_FIN_SEEN) == FIN_SEEN | REPLY_FIN_SEEN:
            phase = np.uint8(Phase.CLOSED)
    return phase
