"""The question of a DNS message (RFC 1035, 4.1; over TCP: RFC 1035, 4.2.2)."""

import sys
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from collectors.traffic.messages.layout import DNS_ROW, MALFORMED, NAME_AT, NAME_MAX, OTHER, OVER_CAP, TAKEN, Row
from collectors.traffic.messages.share_kernel import LEVEL, SEED, asker_of
from collectors.traffic.packet.octets_kernel import compiled, load64, put64, u8, u16
from collectors.traffic.packet.prefetch_kernel import prefetch

U = np.uint64
_0, _1, _2, _4, _6, _8, _12 = (U(n) for n in (0, 1, 2, 4, 6, 8, 12))
_LABEL_MAX = U(63)
_NAME_MAX = U(NAME_MAX)
_QUESTION, _SPACE, _DELETE, _DOT = U(0x3F), U(0x20), U(0x7F), U(0x2E)
_A, _Z = U(0x41), U(0x5A)

# The same of eight octets: sums of seven bits each, of which the eighth tells what is at least so much.
_ONES: Final = U(0x0101_0101_0101_0101)
_LOWS, _HIGHS, _DOTS = _ONES * U(0x7F), _ONES * U(0x80), _ONES * _DOT
_TO_SPACE, _TO_A, _TO_Z = _ONES * (U(0x80) - _SPACE), _ONES * (U(0x80) - _A), _ONES * (U(0x7F) - _Z)
_LITTLE: Final = sys.byteorder == "little"
_AHEAD = U(4)  # messages whose rows are asked for before they are written


@njit(inline="always")
def in_order(word: Any) -> Any:
    """Return eight octets in network order as the host writes them: a single instruction."""
    if _LITTLE:
        word = ((word & U(0x00FF00FF00FF00FF)) << U(8)) | ((word >> U(8)) & U(0x00FF00FF00FF00FF))
        word = ((word & U(0x0000FFFF0000FFFF)) << U(16)) | ((word >> U(16)) & U(0x0000FFFF0000FFFF))
        word = (word << U(32)) | (word >> U(32))
    return word


@compiled
def dns_message(
    b: NDArray[np.uint8],
    p: np.uint64,
    end: np.uint64,
    size: np.uint64,
    over_tcp: np.uint64,
    r: Row,
    dns: NDArray[np.void],
    names: NDArray[np.uint8],
    askers: NDArray[np.uint32],
    share: NDArray[np.uint64],
    used: NDArray[np.uint64],
    counts: NDArray[np.uint64],
) -> None:
    """Read the message in `b[p:end]` of a record into the next row of `dns` (DNS); `names` is u8[n, 255].

    What a row held before may still be in it, with zeros behind a name of the length that it says.

    A name must be spelled out: nothing stands before the question that a compression pointer could point at.
    `askers`, `share`: see share_kernel.
    """
    # Who asks is told by the ports first: of messages that there is no room for the frame, far away, is never read.
    answers = r.source_port == 53
    row = used[DNS_ROW]
    place = asker_of(r, answers, share[SEED], askers)
    if row >= U(len(dns)) or U(askers[place]) >= share[LEVEL]:
        counts[DNS_ROW, OVER_CAP] += _1
        return
    if p + _12 > end:
        counts[DNS_ROW, MALFORMED] += _1
        return
    flags = u16(b, p + _2)
    response = flags >> U(15)
    if answers != (response != _0):
        place = asker_of(r, response != _0, share[SEED], askers)
        if U(askers[place]) >= share[LEVEL]:
            counts[DNS_ROW, OVER_CAP] += _1
            return
    questions = u16(b, p + _4)
    q = p + _12
    n = _0
    query_type = _0
    if questions != _0:
        sound = False
        while q < end:  # first the lengths alone: what is malformed ends here, and nothing is to be undone
            length = u8(b, q)
            q += _1
            if length == _0:
                if q + _4 <= end:
                    sound = True
                break
            if length > _LABEL_MAX or q + length > end or q - p - _12 + length + _1 > _NAME_MAX:
                break
            q += length
        if not sound:
            counts[DNS_ROW, MALFORMED] += _1
            return
        last = q - _1
        q = p + _12
        while q < last:
            length = u8(b, q)
            q += _1
            if n != _0:
                names[row, n] = _DOT
                n += _1
            left = length
            while left != _0 and q + _8 <= end and n + _8 <= _NAME_MAX:  # eight octets at once
                taken = min(left, _8)
                others = (_8 - taken) << U(3)
                word = (load64(b, q) >> others) << others
                low = word & _LOWS
                if (
                    word | (low + _ONES) | ~(low + _TO_SPACE) | ~((((word ^ _DOTS) & _LOWS) + _LOWS) | (word ^ _DOTS))
                ) & ((_HIGHS >> others) << others) != _0:
                    break  # with one that is not printable, or a dot
                word |= ((low + _TO_A) & ~(low + _TO_Z) & _HIGHS) >> _2  # lower case
                put64(dns, row, U(NAME_AT) + n, in_order(word))
                n += taken
                q += taken
                left -= taken
            for _ in range(left):
                c = u8(b, q)
                q += _1
                if _A <= c <= _Z:
                    c |= _SPACE
                elif c < _SPACE or c >= _DELETE or c == _DOT:
                    c = _QUESTION
                names[row, n] = c
                n += _1
        q += _1
        query_type = u16(b, q)
    o = dns[row]
    for k in range(n, U(o.name_length)):
        names[row, k] = 0  # of the name that was here
    o.at_ns = r.start_ns
    if response == _0:
        o.client_hi, o.client_lo = r.source_hi, r.source_lo
        o.server_hi, o.server_lo = r.destination_hi, r.destination_lo
    else:
        o.client_hi, o.client_lo = r.destination_hi, r.destination_lo
        o.server_hi, o.server_lo = r.source_hi, r.source_lo
    o.query_type = query_type
    o.answers = u16(b, p + _6)
    o.size = size
    o.response = response
    o.code = flags & U(15)
    o.over_tcp = over_tcp
    o.name_length = n
    used[DNS_ROW] = row + _1
    askers[place] += 1
    prefetch(dns, row + _AHEAD, _0)
    prefetch(dns, row + _AHEAD, U(64))
    counts[DNS_ROW, TAKEN] += _1


@compiled
def dns_segment(
    b: NDArray[np.uint8],
    p: np.uint64,
    end: np.uint64,
    r: Row,
    dns: NDArray[np.void],
    names: NDArray[np.uint8],
    askers: NDArray[np.uint32],
    share: NDArray[np.uint64],
    used: NDArray[np.uint64],
    counts: NDArray[np.uint64],
) -> None:
    """Read the messages of a TCP segment, each behind its length. Only where they fill it exactly.

    What goes on in another segment is not put together: it is counted as other. Questions fit into one segment.
    """
    q = p
    while q + _2 <= end and u16(b, q) >= _12:
        q += _2 + u16(b, q)
    if q != end:
        counts[DNS_ROW, OTHER] += _1
        return
    while p < end:
        length = u16(b, p)
        dns_message(b, p + _2, p + _2 + length, length, _1, r, dns, names, askers, share, used, counts)
        p += _2 + length
