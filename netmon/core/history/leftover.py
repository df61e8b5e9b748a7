"""The format of values that a stop leaves behind before their period is over. Octets in, values out; no I/O.

For each period: the magic, the number of values (u32), when the period begins (i64), the CRC 32 of the rest (u32); then
the ids (u32) and the values (float32), all little-endian.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Final

import numpy as np

from netmon.api.columns import Singles
from netmon.core.history.periods import Ids

_MAGIC: Final = b"NMO1"
_HEADER: Final = struct.Struct("<4sIqI")


def encode(begins: int, ids: Ids, values: Singles) -> bytes:
    """Return the values of a period."""
    body = ids.astype("<u4").tobytes() + values.astype("<f4").tobytes()
    return _HEADER.pack(_MAGIC, len(ids), begins, zlib.crc32(body)) + body


def decode(octets: bytes) -> Iterator[tuple[int, Ids, Singles]]:
    """Give what is whole; what follows damage is left out."""
    at = 0
    while at + _HEADER.size <= len(octets):
        magic, count, begins, checksum = _HEADER.unpack_from(octets, at)
        body = octets[at + _HEADER.size : at + _HEADER.size + 8 * count]
        if magic != _MAGIC or len(body) != 8 * count or zlib.crc32(body) != checksum:
            return
        values = np.frombuffer(body, "<f4", count, 4 * count)
        if np.isfinite(values).all():
            yield begins, np.frombuffer(body, "<u4", count), values
        at += _HEADER.size + len(body)
