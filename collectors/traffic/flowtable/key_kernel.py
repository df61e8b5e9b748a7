"""Which flow a packet belongs to: its key in the order that both directions share, and the key's hash."""

from typing import Any

import numpy as np

from collectors.traffic.flowtable.compiled import compiled, inlined
from collectors.traffic.flowtable.layout import Place
from netmon.api.traffic import Fragment, Verdict

_ZERO, _ONE = np.uint64(0), np.uint64(1)
_LOW, _HALF = np.uint64(0xFFFF_FFFF), np.uint64(32)
_16, _48, _56 = np.uint64(16), np.uint64(48), np.uint64(56)
_OCTET = np.uint64(8)
_MULTIPLIER = np.uint64(0x9E37_79B9_7F4A_7C15)
_SHIFT = np.uint64(29)
_ICMP, _ICMP6 = 1, 58


@compiled
def u16(buffer: Any, at: Any) -> Any:
    """Return the two octets at a place as a number; whoever calls has checked that they are there."""
    return np.uint64(buffer[at]) << _OCTET | np.uint64(buffer[at + _ONE])


@compiled
def u32(buffer: Any, at: Any) -> Any:
    """Return four of them."""
    return u16(buffer, at) << _16 | u16(buffer, at + np.uint64(2))


@inlined
def hash_of(key: Any, seeds: Any) -> Any:
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


@inlined
def fill(key: Any, s_hi: Any, s_lo: Any, s_port: Any, d_hi: Any, d_lo: Any, d_port: Any, rest: Any) -> None:
    """Put the two ends in the order that both directions share: by address, then by port."""
    # Without branches: nothing foretells a packet's direction.
    swap = (s_hi > d_hi) | ((s_hi == d_hi) & ((s_lo > d_lo) | ((s_lo == d_lo) & (s_port > d_port))))
    mask = _ZERO - np.uint64(swap)
    hi, lo, port = (s_hi ^ d_hi) & mask, (s_lo ^ d_lo) & mask, (s_port ^ d_port) & mask
    key.a_hi, key.a_lo, key.b_hi, key.b_lo = s_hi ^ hi, s_lo ^ lo, d_hi ^ hi, d_lo ^ lo
    key.rest = rest | (d_port ^ port) << _16 | (s_port ^ port)
    key.from_b = swap


@inlined
def make_key(record: Any, key: Any, buffer: Any, base: Any, stop: Any, by_vlan: Any, seeds: Any) -> None:
    """Tell which flow a packet belongs to. Its frame is buffer[base:stop]; both 0 without frames."""
    key.skip = 0
    key.answer = 0
    verdict = record.verdict
    if record.version == 0 or verdict == Verdict.NOT_IP:
        key.skip = Place.MALFORMED if verdict > Verdict.NOT_IP else Place.NOT_IP
        return
    if verdict == Verdict.BAD_NETWORK:
        key.skip = Place.MALFORMED
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
                s_port = u16(buffer, at - np.uint64(4))
            if reply:
                s_port, d_port = d_port, s_port
                key.answer = 1
    rest = np.uint64(protocol) << _48 | np.uint64(record.tunnel) << _56
    if by_vlan:
        rest |= np.uint64(record.vlan) << _HALF
    fill(
        key,
        record.source_hi,
        record.source_lo,
        s_port,
        record.destination_hi,
        record.destination_lo,
        d_port,
        rest,
    )
    key.hash = np.uint32(hash_of(key, seeds))
