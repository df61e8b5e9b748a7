"""Variable bindings: names and values of every SNMP type, to bytes and back. RFC 2578 section 7, RFC 3416 section 3.

This is the hot path of polling: 160 of them stand in one reply. What agents get wrong and we read all the same:

- A Counter, Gauge or TimeTicks whose encoder forgot the zero octet before a set high bit: all octets count as
  unsigned (`41 04 ff ff ff fe` is 4294967294). Shorter ones too, as gosnmp and Wireshark read them.
- A 32-bit one that was sign-extended to more octets (`41 08 ff … ff fe`): cut back to 32 bits.
- Leading octets that carry nothing, lengths in the long form, and numbers wider than their type up to 64 bits.
- A number of no octets: it says nothing, so it becomes NULL, not 0.
"""

import struct
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from collectors.snmp.ber import Tag, WireError, expect, header, integer, tlv
from collectors.snmp.oid import MAX_OCTETS

Value: TypeAlias = int | float | bytes | None

_MAX_32 = 2**32 - 1
_MAX_64 = 2**64 - 1
_LIMITS = {  # a plain dict: the interpreter has a short cut for it
    int(Tag.COUNTER32): _MAX_32,
    int(Tag.GAUGE32): _MAX_32,
    int(Tag.TIME_TICKS): _MAX_32,
    int(Tag.COUNTER64): _MAX_64,
    int(Tag.UINTEGER32): _MAX_32,
}
_NO_VALUE = frozenset({Tag.NULL, Tag.NO_SUCH_OBJECT, Tag.NO_SUCH_INSTANCE, Tag.END_OF_MIB_VIEW})
_OPAQUE_NUMBERS = MappingProxyType(
    {
        (b"\x9f\x78\x04", 7): ">f",  # draft-perkins-opaque-01 section 3: a float in an Opaque
        (b"\x9f\x79\x08", 11): ">d",  # and a double
    }
)

# What the first four octets of a varbind say when both lengths are short: SEQUENCE, its length, OBJECT IDENTIFIER, its
# length → (octets of the whole, of all before the value's tag, of the value's contents). One look-up does the work of
# four comparisons and most of the arithmetic. Filled as shapes are met: some hundred of the 7,750 that there can be.
_SHAPES: dict[bytes, tuple[int, int, int]] = {}


def _is_shape(start: bytes) -> bool:
    """Tell whether a varbind that begins like this has a shape, and put it with the known ones."""
    if len(start) < 4:
        return False
    sequence, size, identifier, name = start
    if sequence != Tag.SEQUENCE or identifier != Tag.OBJECT_IDENTIFIER or not 4 + name <= size < 0x80:
        return False
    _SHAPES[start] = (size + 2, name + 4, size - name - 4)
    return True


@dataclass(slots=True)
class VarBinds:
    """Three parallel lists: no object for each varbind.

    `oids` are contents octets (see `oid.py`), `tags` the values' (see `Tag`). Values: int for INTEGER and the unsigned
    types, float for Opaque float and double, None for NULL and the exceptions and nothing else, bytes for the rest.
    """

    oids: list[bytes] = field(default_factory=list)
    tags: list[int] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.oids)


def decode_varbinds(data: bytes, at: int, end: int) -> VarBinds:
    """Return the VarBindList at octet `at`, which must end at octet `end`. WireError names the octet that is wrong."""
    first, stop = expect(data, at, end, Tag.SEQUENCE)
    if stop != end:
        raise WireError(f"{end - stop} octets after the list of varbinds, inside its PDU", stop)
    result = VarBinds()
    try:
        if _decode_fast(data, first, end, result) == end:
            return result
    except (IndexError, WireError):
        pass
    return decode_carefully(data, first, end)  # something is wrong: this says what is first


def _decode_fast(data: bytes, at: int, end: int, result: VarBinds) -> int:
    """Append the varbinds from `at` on; return the octet after the last, not `end` when a length was wrong.

    Checks within a varbind are complete; whether the last one reaches past `end` is left to the caller.
    """
    oids, tags, values = result.oids, result.tags, result.values
    from_bytes, shapes, limits = int.from_bytes, _SHAPES, _LIMITS
    while at < end:
        try:
            size, name_size, width = shapes[data[at : at + 4]]
        except KeyError:
            if not _is_shape(data[at : at + 4]):
                at = _decode_one(data, at, end, result)
            continue
        value_at = at + name_size
        tag = data[value_at]
        if data[value_at + 1] != width:
            at = _decode_one(data, at, end, result)
            continue
        oids.append(data[at + 4 : value_at])
        tags.append(tag)
        at += size
        if tag == 0x04:
            values.append(data[value_at + 2 : at])
        elif tag in limits and width and (number := from_bytes(data[value_at + 2 : at])) <= limits[tag]:
            values.append(number)
        elif tag == 0x02 and 1 < width <= 8:
            values.append(from_bytes(data[value_at + 2 : at], "big", signed=True))
        elif tag == 0x02 and width == 1:
            octet = data[value_at + 2]
            values.append(octet if octet < 0x80 else octet - 0x100)
        else:
            tags[-1], value = _value(data, tag, value_at + 2, at)
            values.append(value)
    return at


def decode_carefully(data: bytes, at: int, end: int) -> VarBinds:
    """Return the varbinds from octet `at` to `end`: the plain way, which knows where each length is wrong."""
    result = VarBinds()
    while at < end:
        at = _decode_one(data, at, end, result)
    return result


def _decode_one(data: bytes, at: int, end: int, result: VarBinds) -> int:
    """Append the varbind at octet `at`; return the octet after it."""
    start, stop = expect(data, at, end, Tag.SEQUENCE)
    name, name_end = expect(data, start, stop, Tag.OBJECT_IDENTIFIER)
    tag, begin, value_end = header(data, name_end, stop)
    if value_end != stop:
        raise WireError(f"{stop - value_end} octets after the value, inside its varbind", value_end)
    tag, value = _value(data, tag, begin, stop)
    if name_end - name > MAX_OCTETS:
        raise WireError(f"OBJECT IDENTIFIER of {name_end - name} octets, more than {MAX_OCTETS}", name)
    result.oids.append(data[name:name_end])
    result.tags.append(tag)
    result.values.append(value)
    return stop


def _value(data: bytes, tag: int, start: int, stop: int) -> tuple[int, Value]:
    """Return (tag, value) of contents; the tag changes only for a number of no octets, which becomes NULL."""
    contents = data[start:stop]
    if tag == Tag.INTEGER or tag in _LIMITS:
        return (tag, read_number(data, tag, start, stop)) if contents else (int(Tag.NULL), None)
    if tag in _NO_VALUE:
        return tag, None
    if tag == Tag.OPAQUE:
        return tag, _opaque(contents)
    if tag & 0x1F == 0x1F:
        raise WireError(f"tag 0x{tag:02x} of more than one octet, which SNMP does not have", start)
    return tag, contents


def read_number(data: bytes, tag: int, start: int, stop: int) -> int:
    """Return a whole number, tolerant as the head of this file says. WireError for none, or for one past 64 bits."""
    contents = data[start:stop]
    signed = int.from_bytes(contents, "big", signed=True)
    highest = 2**63 - 1 if tag == Tag.INTEGER else _MAX_64
    if not contents or not -(2**63) <= signed <= highest:
        raise WireError(f"number of {len(contents)} octets where one of 1 to 64 bits belongs", start)
    if signed >= 0 or tag == Tag.INTEGER:
        return signed
    if tag != Tag.COUNTER64 and len(contents) > 4 and signed >= -(2**31):
        return signed & _MAX_32  # sign-extended from 32 bits
    return signed & (1 << 8 * min(len(contents), 8)) - 1  # the sign bit is a bit like any other


def _opaque(contents: bytes) -> float | bytes:
    """Return the number in an Opaque float or double, or the octets of any other Opaque."""
    layout = _OPAQUE_NUMBERS.get((contents[:3], len(contents)))
    return contents if layout is None else float(struct.unpack(layout, contents[3:])[0])


def encode_value(tag: int, value: Value) -> bytes:
    """Return a value as TLV. ValueError when it does not fit its type.

    A float becomes an Opaque float where that keeps it exactly, or else an Opaque double. OBJECT IDENTIFIER takes
    contents octets (see `oid.py`), and so do the types that hold octets.
    """
    if value is None:
        if tag not in _NO_VALUE:
            raise ValueError(f"no value for tag 0x{tag:02x}")
        return bytes((tag, 0))
    if tag in _NO_VALUE:
        raise ValueError(f"tag 0x{tag:02x} carries no value, so not {value!r}")
    if isinstance(value, bytes):
        return _encode_octets(tag, value)
    if isinstance(value, float):
        return _encode_float(tag, value)
    lowest, highest = (-(2**31), 2**31 - 1) if tag == Tag.INTEGER else (0, _LIMITS.get(tag, -1))
    if not lowest <= value <= highest:
        raise ValueError(f"{value} does not fit tag 0x{tag:02x}, which holds {lowest} to {highest}")
    return integer(value, tag)


def _encode_octets(tag: int, value: bytes) -> bytes:
    if tag == Tag.INTEGER or tag in _LIMITS:
        raise ValueError(f"octets where tag 0x{tag:02x} holds a number")
    if tag == Tag.IP_ADDRESS and len(value) != 4:
        raise ValueError(f"an IpAddress has 4 octets, not {len(value)}")
    return tlv(tag, value)


def _encode_float(tag: int, value: float) -> bytes:
    if tag != Tag.OPAQUE:
        raise ValueError(f"a float where tag 0x{tag:02x} belongs; only Opaque holds one")
    try:
        short = struct.pack(">f", value)
    except OverflowError:
        short = b""
    if short and struct.unpack(">f", short)[0] == value:
        return tlv(tag, b"\x9f\x78\x04" + short)
    return tlv(tag, b"\x9f\x79\x08" + struct.pack(">d", value))
