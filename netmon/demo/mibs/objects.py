"""Collecting a device's MIB: columns and scalars with values that stay or are computed when asked for."""

from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeVar

from collectors.snmp import oid
from collectors.snmp.ber import Tag, integer, tlv
from netmon.demo.mib import Computed, Entry

T = TypeVar("T")
Now: TypeAlias = T | Callable[[float], T]
"""A value that stays, or one at a Unix time."""

Value: TypeAlias = bytes | Computed

_MASK32 = 2**32 - 1
_MASK64 = 2**64 - 1


class Objects:
    """A device's objects while they are put together."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def scalars(self, group: str, values: Mapping[int, Value]) -> None:
        """Add scalars: object's last arc → value."""
        prefix = oid.encode(oid.parse(group))
        self.entries += ((prefix + oid.encode_suffix((arc, 0)), value) for arc, value in values.items())

    def row(self, entry: str, index: int | tuple[int, ...], values: Mapping[int, Value]) -> None:
        """Add a row of a table whose entry has this OID: column → value."""
        prefix, arcs = oid.encode(oid.parse(entry)), (index,) if isinstance(index, int) else index
        self.entries += ((prefix + oid.encode_suffix((column, *arcs)), value) for column, value in values.items())


def whole(value: Now[int]) -> Value:
    """Return an INTEGER."""
    return _number(Tag.INTEGER, value)


def gauge(value: Now[int]) -> Value:
    """Return a Gauge32; what is above its range stays at its end (RFC 2578 section 7.1.7)."""
    if callable(value):
        return lambda now: integer(min(value(now), _MASK32), Tag.GAUGE32)
    return integer(min(value, _MASK32), Tag.GAUGE32)


def counter32(value: Now[int]) -> Value:
    """Return a Counter32 of a total that may be past its range: it wraps (RFC 2578 section 7.1.6)."""
    if callable(value):
        return lambda now: integer(value(now) & _MASK32, Tag.COUNTER32)
    return integer(value & _MASK32, Tag.COUNTER32)


def counter64(value: Now[int]) -> Value:
    """Return a Counter64."""
    if callable(value):
        return lambda now: integer(value(now) & _MASK64, Tag.COUNTER64)
    return integer(value & _MASK64, Tag.COUNTER64)


def ticks(seconds: Now[float]) -> Value:
    """Return TimeTicks, hundredths of a second, from seconds."""
    if callable(seconds):
        return lambda now: integer(int(seconds(now) * 100) & _MASK32, Tag.TIME_TICKS)
    return integer(int(seconds * 100) & _MASK32, Tag.TIME_TICKS)


def octets(value: Now[bytes]) -> Value:
    """Return an OCTET STRING."""
    if callable(value):
        return lambda now: tlv(Tag.OCTET_STRING, value(now))
    return tlv(Tag.OCTET_STRING, value)


def text(value: str) -> Value:
    """Return a DisplayString or SnmpAdminString."""
    return tlv(Tag.OCTET_STRING, value.encode())


def identifier(dotted: str) -> Value:
    """Return an OBJECT IDENTIFIER."""
    return tlv(Tag.OBJECT_IDENTIFIER, oid.encode(oid.parse(dotted)))


def _number(tag: Tag, value: Now[int]) -> Value:
    if callable(value):
        return lambda now: integer(value(now), tag)
    return integer(value, tag)
