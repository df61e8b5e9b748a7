"""What Parquet's pages and footers say about a column of a row group. Pure.

Layout: https://parquet.apache.org/docs/file-format/, parquet.thrift. A file has some hundred of these, so what is the
same in many of them is made once.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any, Final

from exporters.flowstore.memory import Octets
from exporters.flowstore.thrift import Value, binary, i32, i64, opened, several, struct, yes

_DICTIONARY, _DATA = 2, 3  # types of pages
_KEPT: Final = 256  # parts of heads: the columns and row groups of a file, several times over
_NONE_IS_MISSING: Final = opened({3: i64(0)})


class Encoding(IntEnum):
    """Parquet's numbers of encodings."""

    PLAIN = 0
    RLE = 3
    DELTA_BINARY_PACKED = 5
    RLE_DICTIONARY = 8


class Codec(IntEnum):
    """Parquet's numbers of compressions."""

    UNCOMPRESSED = 0
    ZSTD = 6


@dataclass(frozen=True, slots=True)
class Chunk:
    """A column of a row group: its octets, and what the footer tells of them."""

    octets: tuple[Octets, ...]
    rows: int
    size: int  # of the octets
    unpacked: int  # before compression
    dictionary: int  # octets of the dictionary's page, which comes first; 0: none
    encoding: Encoding  # of the values, or of their places in the dictionary
    codec: Codec
    statistics: Value


def statistics(limits: tuple[Any, Any] | None) -> Value:
    """Return what a chunk says of its values, given the least and the largest; None: nothing but that none is missing.

    A limit is one of numpy's numbers, of as many octets as a value has.
    """
    if limits is None:
        return struct({}, _NONE_IS_MISSING)
    least, most = limits
    return struct({5: binary(most.tobytes()), 6: binary(least.tobytes())}, _NONE_IS_MISSING)


def dictionary_head(entries: int, unpacked: int, size: int) -> bytes:
    """Return the header of a dictionary's page."""
    told = struct({1: i32(entries), 2: i32(Encoding.PLAIN)})
    return struct({1: i32(_DICTIONARY), 2: i32(unpacked), 3: i32(size), 7: told})[1]


def data_head(rows: int, encoding: Encoding, unpacked: int, size: int, *, squeezed: bool) -> bytes:
    """Return the header of a page of the second kind: no levels, because no value is missing or repeated."""
    told = _values(rows, encoding, squeezed)
    return struct({1: i32(_DATA), 2: i32(unpacked), 3: i32(size), 8: told})[1]


@lru_cache(_KEPT)
def _values(rows: int, encoding: Encoding, squeezed: bool) -> Value:
    return struct({1: i32(rows), 2: i32(0), 3: i32(rows), 4: i32(encoding), 5: i32(0), 6: i32(0), 7: yes(squeezed)})


def described(chunk: Chunk, kind: int, name: str, at: int) -> Value:
    """Return what the footer tells of a chunk that begins at an octet of the file."""
    fields: dict[int, Value] = {
        5: i64(chunk.rows),
        6: i64(chunk.unpacked),
        7: i64(chunk.size),
        9: i64(at + chunk.dictionary),
    }
    if chunk.dictionary:
        fields[11] = i64(at)
    fields[12] = chunk.statistics
    begun = _column(kind, name, chunk.encoding, chunk.codec, bool(chunk.dictionary))
    return struct({2: i64(at), 3: struct(fields, begun)})


@lru_cache(_KEPT)
def _column(kind: int, name: str, encoding: Encoding, codec: Codec, dictionary: bool) -> Value:
    encodings = (Encoding.PLAIN, Encoding.RLE, encoding) if dictionary else (Encoding.RLE, encoding)
    return opened(
        {
            1: i32(kind),
            2: several([i32(each) for each in encodings]),
            3: several([binary(name.encode())]),
            4: i32(codec),
        }
    )
