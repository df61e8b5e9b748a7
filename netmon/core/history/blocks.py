"""The format of the files: blocks of one period's records, each with a checksum. Octets in, columns out; no I/O.

A block is a header of 32 octets, then the columns one after the other, all little-endian: ids and counts as u32,
minimum, mean, maximum and 95th percentile as float32, 24 octets a record. The header is the magic, the length of the
period in seconds (u32), when it begins in Unix seconds (i64), the number of records (u32), the last id (u32), the
CRC 32 of the columns and that of the header before it (u32 each).
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from netmon.core.history.periods import LENGTHS, Columns

MAGIC: Final = b"NMH1"
_HEADER: Final = struct.Struct("<4sIqIIII")
_CHECKSUM: Final = struct.Struct("<I")
HEADER_BYTES: Final = _HEADER.size
RECORD_BYTES: Final = 24
TYPES: Final = ("<u4", "<u4", "<f4", "<f4", "<f4", "<f4")
_LATEST: Final = 253_402_214_400  # the year 9999, the last that calendars here have


@dataclass(frozen=True, slots=True)
class Header:
    """What a block says of itself."""

    length_s: int
    begins: int
    rows: int
    last_id: int
    checksum: int

    @property
    def size(self) -> int:
        """Return the octets of the whole block."""
        return HEADER_BYTES + RECORD_BYTES * self.rows


@dataclass(frozen=True, slots=True)
class Found:
    """A block in a file, or octets that are none (`header` is None)."""

    offset: int
    size: int
    header: Header | None


class Octets(Protocol):
    """A file, or something like it."""

    @property
    def size(self) -> int:
        """Return how many octets it has."""

    def read(self, offset: int, size: int) -> bytes:
        """Return octets from an offset on; fewer at the end."""


def encode(length_s: int, begins: int, columns: Columns) -> bytes:
    """Return a block."""
    body = b"".join(
        np.ascontiguousarray(column, kind).tobytes() for column, kind in zip(columns.all, TYPES, strict=True)
    )
    last = int(columns.ids[-1]) if len(columns) else 0
    head = _HEADER.pack(MAGIC, length_s, begins, len(columns), last, zlib.crc32(body), 0)[: -_CHECKSUM.size]
    return head + _CHECKSUM.pack(zlib.crc32(head)) + body


def header(octets: bytes) -> Header | None:
    """Return what the first octets of a block say; None where they are no header."""
    if len(octets) < HEADER_BYTES:
        return None
    magic, length_s, begins, rows, last_id, checksum, own = _HEADER.unpack_from(octets)
    if magic != MAGIC or own != zlib.crc32(octets[: HEADER_BYTES - _CHECKSUM.size]):
        return None
    if length_s not in LENGTHS or begins % length_s or not 0 <= begins < _LATEST:
        return None
    return Header(length_s, begins, rows, last_id, checksum)


def decode(head: Header, body: bytes) -> Columns | None:
    """Return the columns of a block from what follows its header; None where they are not what was written."""
    if len(body) != head.size - HEADER_BYTES or zlib.crc32(body) != head.checksum:
        return None
    step = 4 * head.rows
    return Columns(*(np.frombuffer(body, kind, head.rows, step * i) for i, kind in enumerate(TYPES)))


def scan(octets: Octets) -> Iterator[Found]:
    """Give the blocks of a file in order, and what lies between them; only headers are read and checked.

    After damage the next block is looked for by its magic. A block that is longer than the file is none.
    """
    offset = 0
    while offset < octets.size:
        head = header(octets.read(offset, HEADER_BYTES))
        if head is not None and offset + head.size <= octets.size:
            yield Found(offset, head.size, head)
            offset += head.size
            continue
        following = _next(octets, offset + 1)
        yield Found(offset, following - offset, None)
        offset = following


def _next(octets: Octets, offset: int) -> int:
    """Return where the next whole block begins; the end of the file where there is none."""
    rest = octets.read(offset, octets.size - offset)
    at = rest.find(MAGIC)
    while at >= 0:
        head = header(rest[at : at + HEADER_BYTES])
        if head is not None and at + head.size <= len(rest):
            return offset + at
        at = rest.find(MAGIC, at + 1)
    return octets.size
