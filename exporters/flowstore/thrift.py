"""Thrift's compact protocol, as far as writing Parquet's headers takes it. Pure.

A value is its type and its octets, so that values nest without being told twice what they are.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

Value: TypeAlias = tuple[int, bytes]

_TRUE, _FALSE, _I8, _I32, _I64, _BINARY, _LIST, _STRUCT = 1, 2, 3, 5, 6, 8, 9, 12
_OCTETS: Final = tuple(bytes([number]) for number in range(0x100))
_SHORT: Final = 15  # from here on a list tells its length behind its first octet


@lru_cache(1 << 12)  # of the numbers of a file most stand in it several times
def varint(number: int) -> bytes:
    """Return a number, not negative, as seven bits an octet, the lowest first (ULEB128)."""
    octets = bytearray()
    while number > 0x7F:
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    octets.append(number)
    return bytes(octets)


def i8(number: int) -> Value:
    """Return an octet."""
    return _I8, bytes([number])


def i32(number: int) -> Value:
    """Return a number of up to 31 bits, not negative."""
    return _I32, varint(number << 1)


def i64(number: int) -> Value:
    """Return a number of up to 63 bits, not negative."""
    return _I64, varint(number << 1)


def yes(answer: bool) -> Value:
    """Return a field's truth; it has no octets of its own."""
    return _TRUE if answer else _FALSE, b""


def binary(octets: bytes) -> Value:
    """Return octets, or a text in UTF-8."""
    return _BINARY, varint(len(octets)) + octets


def several(values: Sequence[Value]) -> Value:
    """Return a list of values of one type, at least one."""
    kind, count = values[0][0], len(values)
    head = bytes([count << 4 | kind]) if count < _SHORT else bytes([0xF0 | kind]) + varint(count)
    return _LIST, head + b"".join(octets for _, octets in values)


def opened(fields: Mapping[int, Value]) -> Value:
    """Return the first fields of a structure, as `struct` goes on with them: those that are the same in many."""
    return max(fields), struct(fields)[1][:-1]


def struct(fields: Mapping[int, Value], begun: Value = (0, b"")) -> Value:
    """Return fields by their ids, which are in ascending order and less than 16 apart; `begun`: those before them."""
    last, told = begun
    for number, (kind, body) in fields.items():
        told += _OCTETS[number - last << 4 | kind] + body
        last = number
    return _STRUCT, told + b"\0"
