"""What two one-way records come to: who began, what the two are together; and what one without partner tells."""

from typing import Any

import numpy as np

from collectors.traffic.flowtable.compiled import compiled
from collectors.traffic.flowtable.layout import NONE
from collectors.traffic.flowtable.pairing_layout import EXPORTERS, Tally
from netmon.api.traffic import FlowState

_ZERO, _ONE, _16 = np.uint64(0), np.uint64(1), np.uint64(16)
_NONE = np.uint64(NONE)
_TCP = 6
_FIN, _SYN, _RST, _ACK = 1, 2, 4, 16

_REMEMBERED = np.uint64(65_536)
"""When an exporter's tally comes to so many records it is halved, so that it follows what changes."""


@compiled
def put(record: Any, ready: Any, tally: Any) -> Any:
    """Copy a record to those that are ready; return its row, or NONE where there is no room."""
    at = tally[Tally.READY]
    if at >= np.uint64(len(ready)):
        tally[Tally.LOST] += _ONE
        tally[Tally.LOST_PACKETS] += record.packets + record.reply_packets
        tally[Tally.LOST_BYTES] += record.bytes + record.reply_bytes
        return _NONE
    ready[at] = record
    tally[Tally.READY] += _ONE
    return at


@compiled
def learn(exporters: Any, exporter: Any, paired: Any, single: Any) -> None:
    """Count whether records of an exporter found a partner."""
    if exporter >= np.uint64(EXPORTERS):
        return
    held = exporters[exporter]
    held.paired += paired
    held.single += single
    if held.paired + held.single > _REMEMBERED:
        held.paired >>= _ONE
        held.single >>= _ONE


@compiled
def alone(record: Any, ready: Any, tally: Any, exporters: Any) -> None:
    """Let a record go without partner. It was never answered, if its exporter would have told."""
    exporter = np.uint64(record.exporter)
    learn(exporters, exporter, _ZERO, _ONE)
    known = False
    if exporter < np.uint64(EXPORTERS):
        held = exporters[exporter]
        total = held.paired + held.single
        known = total >= tally[Tally.ENOUGH] and held.paired << _16 >= total * tally[Tally.SHARE]
    tally[Tally.ONE_WAY if known else Tally.UNKNOWN] += _ONE
    at = put(record, ready, tally)
    if at != _NONE:
        ready[at].state = FlowState.ONE_WAY if known else FlowState.UNKNOWN


@compiled
def _state(record: Any) -> Any:
    """Return the FlowState that the flags of both directions come to."""
    asked, answered = record.tcp_flags, record.reply_tcp_flags
    state = FlowState.ANSWERED
    if record.protocol == _TCP:
        if asked & _SYN and answered & _RST and answered & _SYN == 0:
            state = FlowState.REFUSED
        elif asked & _FIN and answered & _FIN:
            state = FlowState.CLOSED
        elif (asked | answered) & _RST:
            state = FlowState.RESET
        elif asked & (_SYN | _ACK) == _SYN | _ACK and answered & _SYN:
            state = FlowState.ESTABLISHED
    return np.uint8(state)


@compiled
def began(one: Any, other: Any) -> Any:
    """Tell whether `one` is the initiator's record: by start, by SYN without ACK, by who has not the server's port."""
    if one.start_ns != other.start_ns:
        return one.start_ns < other.start_ns
    opens = one.tcp_flags & (_SYN | _ACK) == _SYN
    if one.protocol == _TCP and opens != (other.tcp_flags & (_SYN | _ACK) == _SYN):
        return opens
    return one.source_port >= one.destination_port


@compiled
def together(one: Any, other: Any, ready: Any, tally: Any) -> None:
    """Make one record of an initiator's and its answer."""
    at = put(one, ready, tally)
    if at == _NONE:
        tally[Tally.LOST_PACKETS] += other.packets
        tally[Tally.LOST_BYTES] += other.bytes
        return
    both = ready[at]
    both.reply_bytes, both.reply_packets = other.bytes, other.packets
    both.reply_tcp_flags = other.tcp_flags
    both.end_ns = max(one.end_ns, other.end_ns)
    both.start_ns = min(one.start_ns, other.start_ns)
    if both.destination_as == 0:
        both.destination_as = other.source_as
    if both.end_reason == 0:
        both.end_reason = other.end_reason
    both.state = _state(both)


@compiled
def apart(one: Any, other: Any) -> Any:
    """Return the nanoseconds between the end of the earlier and the start of the later; 0 where they overlap."""
    # An end before its start (exporters with odd clocks) is taken for the start.
    first_end = min(max(one.end_ns, one.start_ns), max(other.end_ns, other.start_ns))
    last_start = max(one.start_ns, other.start_ns)
    return last_start - first_end if last_start > first_end else _ZERO
