"""The compiled passes over flows that read conversations with services out of them."""

from typing import Any, Final

import numpy as np
from numba import njit

from netmon.api.traffic import EndReason, FlowState
from rules.traffic.numbering_kernel import mixed

U = np.uint64
_0, _1 = U(0), U(1)
_SPREAD = U(0x9E3779B97F4A7C15)
_MOST = U(0xFFFF_FFFF)
_ACTIVE: Final = int(EndReason.ACTIVE)
_ESTABLISHED, _REFUSED = int(FlowState.ESTABLISHED), int(FlowState.REFUSED)
_SYN, _RST, _PSH, _SYN_ACK = 2, 4, 8, 18
_ETHERNET, _IPV6_MORE = U(14), U(20)
_UDP, _TCP, _STAMPED = U(28), U(40), U(52)  # octets of headers with IPv4's 20; RFC 7323's timestamps take 12
_STAMPED_SYN = U(74)  # a frame of Ethernet with a SYN that offers timestamps; without, Linux and Windows send 66
_SYNS = U(16)  # octets of options that two SYNs have beyond timestamps
_PLAIN = _1


@njit(inline="always")
def _flow(record: Any) -> Any:
    """Return a number for a flow's ends, never 0, and even."""
    ports = U(record.source_port) << U(16) | U(record.destination_port)
    one = mixed(U(record.source_hi), U(record.source_lo))
    return (mixed(one ^ ports, mixed(U(record.destination_hi), U(record.destination_lo))) | U(2)) & ~_1


@njit(cache=True, nogil=True)
def note(begun: Any, places: Any, plain: Any) -> None:
    """Note of flows that just began with a service (RECORD[n]) whether their SYN offers timestamps.

    `plain`: u8[power of two], a flow's number, and 1 with it where it offers none; a later flow takes the place.
    """
    mask = U(len(plain) - 1)
    for i in range(len(begun)):
        record = begun[i]
        if record.protocol != 6 or places[U(record.destination_port)] < 0 or record.tcp_flags & _SYN_ACK != _SYN:
            continue
        key = _flow(record)
        size = _STAMPED_SYN + (_IPV6_MORE if record.version == 6 else _0)
        plain[key >> U(20) & mask] = key | (_PLAIN if U(record.bytes) < size * U(record.packets) else _0)


@njit(inline="always")
def _is_short(octets: Any, packets: Any, flags: Any, header: Any) -> Any:
    """Tell whether packets are too small to have timestamps, which all have but RST once they are agreed on."""
    least = header * packets
    slack = U(24) if flags & _RST else _0  # two of them
    return octets + slack < least


@njit(inline="always")
def _payload(octets: Any, packets: Any, header: Any) -> Any:
    return octets - header * packets if octets > header * packets else _0


@njit(cache=True, nogil=True)
def read(records: Any, live: Any, places: Any, services: Any, plain: Any, told: Any) -> Any:
    """Read conversations with services among flows (RECORD[n]) into ATTEMPT rows; return how many.

    `places`: i2[65536], a service by port, -1: none; `services`: its bounds, u8[s, 3]: least and most octets of
    payload, nanoseconds; `plain`: see `note`.
    """
    mask = U(len(plain) - 1)
    count = _0
    for i in range(len(records)):
        record = records[i]
        place = places[U(record.destination_port)]
        if place < 0 or (record.protocol != 6 and record.protocol != 17) or record.sampling > 1:
            continue
        sent, received = U(record.packets), U(record.reply_packets)
        if sent == _0 or received == _0:
            continue
        flags, reply = record.tcp_flags, record.reply_tcp_flags
        tcp = record.protocol == 6
        if tcp and (flags & _SYN_ACK != _SYN_ACK or record.state == _REFUSED):
            continue
        least, most, longest = services[place, 0], services[place, 1], services[place, 2]
        octets, replied = U(record.bytes), U(record.reply_bytes)
        more = (_ETHERNET if live else _0) + (_IPV6_MORE if record.version == 6 else _0)
        header, plain_header = (_STAMPED if tcp else _UDP) + more, (_TCP if tcp else _UDP) + more
        known = not tcp
        if tcp and live:
            key = _flow(record)
            entry = plain[key >> U(20) & mask]
            known = entry & ~_1 == key
            if known and entry & _PLAIN:
                header = plain_header
        answer = _payload(replied, received, header)
        total = _payload(octets, sent, header) + answer
        alike = total  # by one measure for all of somebody's conversations
        if not known:
            wide_answer = _payload(replied, received, plain_header)
            wide = _payload(octets, sent, plain_header) + wide_answer
            if _is_short(octets, sent, flags, header) or _is_short(replied, received, reply, header):
                answer, total = wide_answer, wide
            elif total < least and wide >= least and flags & reply & _PSH and total >= least // U(2) + _SYNS:
                # Both sides said something, and without timestamps it is enough: a log-in, or not quite.
                answer, total = wide_answer, least
        if total < least:
            continue
        over = not tcp or (record.end_reason != _ACTIVE and record.state != _ESTABLISHED)
        lasted = record.end_ns - record.start_ns if record.end_ns > record.start_ns else _0
        row = told[count]
        row.source_hi = record.source_hi
        row.source_lo = record.source_lo
        row.destination_hi = record.destination_hi
        row.destination_lo = record.destination_lo
        row.at_ns = record.end_ns
        row.port = record.destination_port
        row.service = place
        row.octets = min(alike, _MOST)
        row.reply_octets = min(answer, _MOST)
        row.fits = 1 if over and answer > _0 and total <= most and lasted <= longest else 0
        row.source = mixed(U(record.source_hi), U(record.source_lo))
        service = (U(place) + _1) * _SPREAD
        row.host = mixed(U(record.destination_hi) ^ service, U(record.destination_lo))
        row.pair = mixed(U(row.source), U(row.host))
        count += _1
    return count
