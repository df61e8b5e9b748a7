"""A compiled loop that writes numbers of 64 bits as a frame of zstd (RFC 8878), where their high octets repeat.

Addresses of one network, sizes and counts agree with their neighbours in their high octets and in nothing else. What
zstd finds there by search is known beforehand: of each number some octets stand for themselves, and the others are
those of the number before. With codes that are the same for all numbers of a block, this takes no bits at all.
"""

from typing import Any, Final

import numba
import numpy as np
from numba import njit

U = np.uint64
_0, _1, _8 = U(0), U(1), U(8)
_OCTET = U(0xFF)
_LAG = U(8)  # numbers back: of what was just written, readers wait for the writing
_BLOCK = U(512)  # numbers: one large one spoils no more than its block
_COPIED = U(3)  # octets at least (the shortest match of the format)
_HEAD: Final = 14  # octets of a block that are none of its numbers', at most
_MAGIC = U(0xFD2FB528)
_LONG = U(128)  # sequences whose number takes two octets
_RAW, _COMPRESSED = U(0), U(2)

_FAR = U(6)  # the code of offsets from 64 on, of which six bits tell the rest
_FAR_BITS = U(0b1_000011)  # 8 * _LAG + 3, less 64, behind the bit that ends a bitstream

_OPTIONS: Final[dict[str, Any]] = {"cache": True, "nogil": True, "_nrt": False}
_U8, _U64 = (numba.types.Array(kind, 1, "C") for kind in (numba.uint8, numba.uint64))


def room(numbers: int) -> int:
    """Return how many octets `frame` may write."""
    return 8 * numbers + _HEAD * (numbers // int(_BLOCK) + 4) + 16


@njit(numba.uint64(_U8, numba.uint64, numba.uint64, numba.uint64), inline="always")
def _put(out: Any, at: Any, number: Any, octets: Any) -> Any:
    for i in range(_0, octets):
        out[at + i] = np.uint8(number >> _8 * i & _OCTET)
    return at + octets


@njit(numba.uint64(_U64, _U8), **_OPTIONS)
def frame(values: Any, out: Any) -> Any:
    """Write a frame; return its octets, of which `room` tells how many may be needed. At least one value."""
    count = U(len(values))
    at = _put(out, _0, _MAGIC, U(4))
    out[at] = np.uint8(0xA0)  # one segment, whose size follows in four octets
    at = _put(out, at + _1, _8 * count, U(4))
    last = at
    begin = min(count, _LAG)
    at = _put(out, at, _8 * begin << U(3) | _RAW << _1, U(3))
    for i in range(_0, begin):
        at = _put(out, at, values[i], _8)
    known = False  # to the decoder, how far back what is copied is
    while begin < count:
        behind = min(count, begin + _BLOCK)
        bits = _0
        for i in range(begin, behind):
            bits |= values[i] ^ values[i - _LAG]
        own = _1
        while own < _8 and bits >> _8 * own:
            own += _1
        last = at
        if own + _COPIED > _8:
            at = _put(out, at, _8 * (behind - begin) << U(3) | _RAW << _1, U(3))
            for i in range(begin, behind):
                at = _put(out, at, values[i], _8)
            begin = behind
            continue
        if not known:
            behind = begin + _1
        sequences = behind - begin
        size = U(3) + own * sequences + (_1 if sequences < _LONG else U(2)) + U(5)
        at = _put(out, at, size << U(3) | _COMPRESSED << _1, U(3))
        at = _put(out, at, own * sequences << U(4) | U(12), U(3))  # literals as they are, their number in 20 bits
        for i in range(begin, behind):
            number = values[i]
            for octet in range(_0, own):
                out[at + octet] = np.uint8(number >> _8 * octet & _OCTET)
            at += own
        if sequences < _LONG:
            at = _put(out, at, sequences, _1)
        else:
            at = _put(out, at, _LONG + (sequences >> _8) | (sequences & _OCTET) << _8, U(2))
        # One code each for all sequences: how many literals, how far back (0: as before), how many octets are copied
        # (less 3). The last octet ends with a 1 behind the bits, if any.
        far, rest = (_0, _1) if known else (_FAR, _FAR_BITS)
        at = _put(out, at, U(0x54) | own << _8 | far << U(16) | (_8 - own - _COPIED) << U(24) | rest << U(32), U(5))
        known = True
        begin = behind
    out[last] |= np.uint8(1)
    return at
