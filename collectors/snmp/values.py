"""Variable bindings: names and values of all SNMP types. The hot path of polling. RFC 2578 section 7, RFC 3416."""

import struct
from dataclasses import dataclass
from typing import TypeAlias

from collectors.snmp.ber import Tag, WireError, expect, header, integer, tlv

Value: TypeAlias = int | float | bytes | None

_UNSIGNED = frozenset({Tag.COUNTER32, Tag.GAUGE32, Tag.TIME_TICKS, Tag.COUNTER64, Tag.UINTEGER32})
_NO_VALUE = frozenset({Tag.NULL, Tag.NO_SUCH_OBJECT, Tag.NO_SUCH_INSTANCE, Tag.END_OF_MIB_VIEW})


@dataclass(slots=True)
class VarBinds:
    """Three parallel lists: no object for each varbind.

    `oids` are contents octets (see `oid.py`), `tags` the values' (see `Tag`). Values: int for INTEGER and the unsigned
    types, float for Opaque float and double, bytes for the rest, None for NULL and the exceptions.
    """

    oids: list[bytes]
    tags: list[int]
    values: list[Value]

    def __len__(self) -> int:
        return len(self.oids)


def decode_varbinds(data: bytes, at: int, end: int) -> VarBinds:
    """Return the VarBindList at octet `at`, which must end at octet `end`."""
    at, stop = expect(data, at, end, Tag.SEQUENCE)
    if stop != end:
        raise WireError(f"{end - stop} octets after the list of varbinds, inside its PDU", stop)
    result = VarBinds([], [], [])
    while at < end:
        start, stop = expect(data, at, end, Tag.SEQUENCE)
        first, last = expect(data, start, stop, Tag.OBJECT_IDENTIFIER)
        tag, begin, at = header(data, last, stop)
        if at != stop:
            raise WireError(f"{stop - at} octets after the value, inside its varbind", at)
        value = data[begin:at]
        result.oids.append(data[first:last])
        result.tags.append(tag)
        if tag == Tag.INTEGER:
            result.values.append(int.from_bytes(value, "big", signed=True))
        elif tag in _UNSIGNED:
            result.values.append(int.from_bytes(value, "big"))
        elif tag in _NO_VALUE:
            result.values.append(None)
        elif tag == Tag.OPAQUE:
            result.values.append(_opaque(value))
        else:
            result.values.append(value)
    return result


def _opaque(contents: bytes) -> float | bytes:
    """Return the number in an Opaque float or double (draft-perkins-opaque-01), or the octets of any other Opaque."""
    if len(contents) == 7 and contents[:3] == b"\x9f\x78\x04":
        return float(struct.unpack(">f", contents[3:])[0])
    if len(contents) == 11 and contents[:3] == b"\x9f\x79\x08":
        return float(struct.unpack(">d", contents[3:])[0])
    return contents


def encode_value(tag: int, value: Value) -> bytes:
    """Return a value as TLV. ValueError when it does not fit its type.

    A float with tag OPAQUE becomes an Opaque float (`struct` ">f"); give the octets for anything else.
    """
    if value is None:
        return bytes((tag, 0))
    if isinstance(value, bytes):
        return tlv(tag, value)
    if isinstance(value, float):
        return tlv(Tag.OPAQUE, b"\x9f\x78\x04" + struct.pack(">f", value))
    return integer(value, tag)
