"""From block to block through pcapng, compiled: draft-ietf-opsawg-pcapng, whose sections are named below."""

from typing import Any, Final

import numpy as np
from numba import njit, uint64

from collectors.traffic.capture.settings import LARGEST
from collectors.traffic.capture.walk_kernel import DAMAGED, FULL, MORE, SWITCH, u16, u32

INTERFACE: Final = np.dtype(
    [
        ("factor", "u8"),  # nanoseconds are ticks times it, or by it, or its bits are those of the fraction
        ("offset_s", "u8"),  # seconds to add, or to take away where `before`
        ("link_type", "u4"),
        ("snaplen", "u4"),
        ("kind", "u1"),  # _TIMES, _BY, _BINARY
        ("before", "u1"),
    ],
    align=True,
)
"""An Interface Description Block: draft-ietf-opsawg-pcapng, 4.2."""

_TIMES, _BY, _BINARY = 0, 1, 2

_0, _1, _2, _3, _4, _8 = (np.uint64(each) for each in (0, 1, 2, 3, 4, 8))
_9, _10, _12, _14, _16, _20, _24, _28, _32, _34 = (np.uint64(each) for each in (9, 10, 12, 14, 16, 20, 24, 28, 32, 34))
_64 = np.uint64(64)
_LARGEST = np.uint64(LARGEST)
_OPTIONS_END = np.uint64(65_536)  # of a description's octets only so many are read: what matters are two short options
_NS = np.uint64(1_000_000_000)
_LATEST_S = np.uint64(18_446_744_072)  # the last second that 64 bits of nanoseconds hold whole
_LATEST_NS = np.uint64(18_446_744_073_709_551_615)
_LITTLE, _BIG = np.uint64(0x1A2B3C4D), np.uint64(0x4D3C2B1A)
_SECTION, _DESCRIPTION, _OLD_PACKET, _SIMPLE, _ENHANCED = (np.uint64(each) for each in (0x0A0D0D0A, 1, 2, 3, 6))
_TSRESOL, _TSOFFSET = _9, _14


@njit(cache=True, nogil=True)
def _describe(buffer: Any, at: Any, end: Any, big: Any, row: Any) -> None:
    """Read an Interface Description Block's body and options, from `at` to `end`, into an INTERFACE."""
    row.link_type = u16(buffer, at, big)
    row.snaplen = u32(buffer, at + _4, big)
    row.kind, row.factor, row.offset_s, row.before = _TIMES, 1000, 0, 0  # microseconds where no option tells
    at += _8
    while end - at >= _4:
        code, length = u16(buffer, at, big), u16(buffer, at + _2, big)
        at += _4
        if code == _0 or end - at < length:
            break
        if code == _TSRESOL and length == _1:
            exponent = uint64(buffer[at]) & np.uint64(0x7F)
            if buffer[at] & 0x80:
                row.kind = _BINARY
                row.factor = exponent
            else:
                row.kind = _TIMES if exponent <= _9 else _BY
                factor = _1
                steps = _9 - exponent if exponent <= _9 else min(exponent - _9, np.uint64(19))
                while steps > _0:
                    factor *= _10
                    steps -= _1
                row.factor = factor
        elif code == _TSOFFSET and length == _8:
            high, low = (u32(buffer, at, big), u32(buffer, at + _4, big))
            offset = (high << _32 | low) if big else (low << _32 | high)
            row.before = 1 if offset >> np.uint64(63) else 0
            row.offset_s = (_0 - offset) if row.before else offset
        padded = (length + _3) & ~_3
        at += min(padded, end - at)


@njit(cache=True, nogil=True)
def _nanoseconds(ticks: Any, row: Any) -> Any:
    """Return an interface's ticks as Unix nanoseconds; 0 where 64 bits cannot hold them."""
    factor, offset = uint64(row.factor), uint64(row.offset_s)
    if row.kind == _TIMES:
        if ticks > _LATEST_NS // factor:
            return _0
        time_ns = ticks * factor
    elif row.kind == _BY:
        time_ns = ticks // factor
    else:
        seconds = ticks >> factor if factor < _64 else _0
        fraction = ticks - (seconds << factor) if factor < _64 else ticks
        bits = factor
        if bits > _34:  # 34 bits are finer than a nanosecond, and leave room for the multiplication
            drop = bits - _34
            fraction = fraction >> drop if drop < _64 else _0
            bits = _34
        if seconds > _LATEST_S:
            return _0
        time_ns = seconds * _NS + (fraction * _NS >> bits)
    if offset > _LATEST_S:
        return _0
    if row.before:
        return time_ns - offset * _NS if time_ns >= offset * _NS else _0
    return time_ns + offset * _NS if time_ns <= _LATEST_NS - offset * _NS else _0


@njit(cache=True, nogil=True)
def walk_pcapng(buffer: Any, end: Any, walk: Any, interfaces: Any, frames: Any, records: Any) -> Any:
    """Fill frames and times from pcapng blocks in `buffer` up to `end`; return how many.

    `walk`: WALK[1]; `interfaces`: INTERFACE[n], the table of the section's interfaces.
    """
    w = walk[0]
    at, skip, last, limit = uint64(w.at), uint64(w.skip), uint64(w.last_ns), uint64(end)
    big, known, link_type = w.big != 0, uint64(w.interfaces), uint64(w.link_type)
    table, room, count, octets = uint64(len(interfaces)), uint64(len(frames)), _0, _0
    w.stop = FULL
    while count < room:
        if skip > _0:
            step = min(skip, limit - at)
            at += step
            skip -= step
        if limit - at < _12 or skip > _0:
            w.stop = MORE
            break
        kind = u32(buffer, at, big)
        if kind == _SECTION:  # 4.1: its type reads the same in both orders
            magic = u32(buffer, at + _8, False)
            if magic != _LITTLE and magic != _BIG:
                w.stop = DAMAGED
                break
            if limit - at < _16:
                w.stop = MORE
                break
            order = magic == _BIG
            length = u32(buffer, at + _4, order)
            if length < _28 or length & _3 or u16(buffer, at + _12, order) != _1:  # only major version 1 is defined
                w.stop = DAMAGED
                break
            big, known = order, _0
            w.sections += 1
            skip = length
            continue
        length = u32(buffer, at + _4, big)
        if length < _12 or length & _3 or w.sections == 0:
            w.stop = DAMAGED
            break
        if kind == _DESCRIPTION:
            if length < _20:
                w.bad_block += 1
            elif known >= table:
                w.too_many_interfaces += 1
            else:
                body = min(length, _OPTIONS_END) - _4
                if limit - at < body:
                    w.stop = MORE
                    break
                _describe(buffer, at + _8, at + body, big, interfaces[known])
                known += _1
            skip = length
            continue
        if kind != _ENHANCED and kind != _SIMPLE and kind != _OLD_PACKET:
            w.other_blocks += 1
            skip = length
            continue
        fixed = _12 if kind == _SIMPLE else _28  # octets before the packet's own
        if length < fixed + _4:
            w.bad_block += 1
            skip = length
            continue
        if limit - at < fixed:
            w.stop = MORE
            break
        if kind == _SIMPLE:  # 4.4: of the first interface, without a time
            interface = _0
            wire = u32(buffer, at + _8, big)
            captured = wire
            if known > _0 and interfaces[_0].snaplen != 0:
                captured = min(wire, uint64(interfaces[_0].snaplen))
        else:
            interface = u32(buffer, at + _8, big) if kind == _ENHANCED else u16(buffer, at + _8, big)
            captured, wire = u32(buffer, at + _20, big), u32(buffer, at + _24, big)
        if captured > length - fixed - _4:
            w.bad_block += 1
            skip = length
            continue
        if interface >= known:
            w.unknown_interface += 1
            skip = length
            continue
        if captured > _LARGEST:
            w.too_long += 1
            skip = length
            continue
        if limit - at < min(length, _LARGEST + _OPTIONS_END):
            w.stop = MORE
            break
        row = interfaces[interface]
        if uint64(row.link_type) != link_type:
            if count > _0:
                w.stop = SWITCH
                break
            link_type = uint64(row.link_type)
        time_ns = _0
        if kind != _SIMPLE:
            time_ns = _nanoseconds(u32(buffer, at + _12, big) << _32 | u32(buffer, at + _16, big), row)
        if time_ns == _0:
            w.no_time += 1
            time_ns = last
        elif time_ns < last:
            w.backwards += 1
        last = time_ns
        if wire < captured:
            w.lying_length += 1
            wire = captured
        frame = frames[count]
        frame.at = at + fixed
        frame.captured = captured
        frame.wire = wire
        record = records[count]
        record.start_ns = time_ns
        record.vlan = 0
        count += _1
        octets += captured
        if limit - at < length:  # its options alone are longer than any buffer need be
            skip = length
        else:
            if u32(buffer, at + length - _4, big) != length:
                w.bad_trailer += 1
            at += length
    w.at, w.skip, w.last_ns = at, skip, last
    w.big, w.interfaces, w.link_type = 1 if big else 0, known, link_type
    w.packets += count
    w.octets += octets
    return count
