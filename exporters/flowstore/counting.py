"""A frame of zstd (RFC 8878) of the numbers from 0 on, which no search finds as short. Pure.

From 1,024 octets on, each number of 32 bits is the one 256 before it, but for its second octet, which is the same in
256 of them. So a block is 256 times "this octet, then three as they stood 1,024 octets before", and takes 14 octets.
"""

from typing import Final

_ROW: Final = 256  # numbers that differ in their lowest octet only
_RAW, _COMPRESSED = 0, 2
_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_SEQUENCES: Final = 128  # from here on their number takes two octets
_FAR: Final = bytes([0x54, 1, 10, 0]) + (3 | 1 << 10).to_bytes(2, "little")
_AS_BEFORE: Final = bytes([0x54, 1, 0, 0]) + b"\1"
"""One code each for all sequences: one literal, how far back (1,024, of which ten bits tell the rest; as before), three
octets. The 1 ends the bits."""


def counting(count: int) -> bytes:
    """Return a frame of so many numbers from 0 on, of 32 bits: a multiple of 256, at least 512."""
    plain = b"".join(number.to_bytes(4, "little") for number in range(_ROW + 1))
    begin = 4 * _ROW + 1  # a block begins behind the lowest octet of its first number
    parts = [_MAGIC, b"\xa0", (4 * count).to_bytes(4, "little"), _block(_RAW, begin), plain[:begin]]
    last = count // _ROW - 1
    for row in range(1, last + 1):
        several = _ROW - (row == last)  # the last number would end in a copy of two octets, which are too few
        if row == 1:
            parts.append(_copies(1, row, _FAR))
            several -= 1
        parts.append(_copies(several, row, _AS_BEFORE))
    return b"".join((*parts, _block(_RAW, 3, last=True), bytes([last, 0, 0])))


def _block(kind: int, size: int, *, last: bool = False) -> bytes:
    return (size << 3 | kind << 1 | last).to_bytes(3, "little")


def _copies(count: int, octet: int, codes: bytes) -> bytes:
    """Return a block of so many sequences that all have this octet as their literal."""
    literals = bytes([0x05 | (count & 0xF) << 4, count >> 4, octet])
    number = bytes([count]) if count < _SEQUENCES else bytes([_SEQUENCES + (count >> 8), count & 0xFF])
    body = literals + number + codes
    return _block(_COMPRESSED, len(body)) + body
