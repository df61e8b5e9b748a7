"""Template sets: octets to definitions. RFC 3954, 5.2 and 6.1 (v9); RFC 7011, 3.4 and 8.1 (IPFIX).

What exporters get wrong and we read all the same: padding behind the templates of a v9 set, of any length (MikroTik),
and IPFIX's fields of variable length in v9 (H3C NetStream's names of VRFs).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

VARIABLE: Final = 0xFFFF  # a field that tells its own length (RFC 7011, 7)
LONGEST: Final = 0xFFFF  # octets of a record: a longer one fits no set
_PAIR = struct.Struct(">HH")
_TRIPLE = struct.Struct(">HHH")
_ENTERPRISE = 0x8000
_FIRST = 256  # the lowest template number (RFC 7011, 3.4.1)


class BadTemplate(ValueError):
    """A definition that cannot be; those before it in its set stand."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a template: information element, enterprise (0: IANA's), octets (VARIABLE: it tells itself)."""

    element: int
    length: int
    enterprise: int = 0


@dataclass(frozen=True, slots=True)
class Definition:
    """A template: what a record's octets are. Without fields it is the template's withdrawal."""

    number: int
    fields: tuple[Field, ...]
    scope: int = 0  # the first so many fields say what the others are about: options
    scope_v9: bool = False  # scope fields have RFC 3954's own numbers (6.1)
    options: bool = False

    @property
    def variable(self) -> bool:
        """Tell whether records have different lengths."""
        return any(field.length == VARIABLE for field in self.fields)

    @property
    def length(self) -> int:
        """Return the octets of a record, the least where they vary."""
        return sum(1 if field.length == VARIABLE else field.length for field in self.fields)


def read(octets: bytes, version: int, *, options: bool, most_fields: int) -> Iterator[Definition]:
    """Yield the definitions of a set, given without its header; BadTemplate for what cannot be."""
    at = 0
    while at + 4 <= len(octets):
        number, count = _PAIR.unpack_from(octets, at)
        if number < _FIRST:
            if version == 10 and count == 0 and number in (2, 3):  # withdraws all (RFC 7011, 8.1)
                yield Definition(number, (), options=number == 3)
                at += 4
                continue
            if number == 0:  # padding
                return
            raise BadTemplate(f"template number {number} is below {_FIRST}")
        if version == 10:
            definition, at = _ipfix(octets, at, options=options, most_fields=most_fields)
        else:
            definition, at = _v9(octets, at, options=options, most_fields=most_fields)
        yield definition


def _ipfix(octets: bytes, at: int, *, options: bool, most_fields: int) -> tuple[Definition, int]:
    number, count = _PAIR.unpack_from(octets, at)
    if count == 0:
        return Definition(number, (), options=options), at + 4
    scope = 0
    at += 4
    if options:
        if at + 2 > len(octets):
            raise BadTemplate("an options template ends inside its header")
        scope = int.from_bytes(octets[at : at + 2], "big")
        at += 2
        if not 0 < scope <= count:  # RFC 7011, 3.4.2.2
            raise BadTemplate(f"{scope} scope fields of {count}")
    if count > most_fields:
        raise BadTemplate(f"{count} fields")
    fields = []
    for _ in range(count):
        if at + 4 > len(octets):
            raise BadTemplate("a template ends inside its fields")
        element, length = _PAIR.unpack_from(octets, at)
        at += 4
        enterprise = 0
        if element & _ENTERPRISE:
            if at + 4 > len(octets):
                raise BadTemplate("a template ends inside an enterprise number")
            enterprise = int.from_bytes(octets[at : at + 4], "big")
            element &= ~_ENTERPRISE
            at += 4
        fields.append(Field(element, length, enterprise))
    return _checked(Definition(number, tuple(fields), scope, options=options)), at


def _v9(octets: bytes, at: int, *, options: bool, most_fields: int) -> tuple[Definition, int]:
    if options:
        if at + 6 > len(octets):
            raise BadTemplate("an options template ends inside its header")
        number, scope_octets, option_octets = _TRIPLE.unpack_from(octets, at)
        if scope_octets % 4 or option_octets % 4:
            raise BadTemplate("an options template's lengths are no multiples of 4")
        scope, count = scope_octets // 4, (scope_octets + option_octets) // 4
        at += 6
    else:
        number, count = _PAIR.unpack_from(octets, at)
        scope = 0
        at += 4
    if count > most_fields:
        raise BadTemplate(f"{count} fields")
    if count == 0 or at + 4 * count > len(octets):
        raise BadTemplate("a template has no fields, or ends inside them")
    fields = tuple(Field(*_PAIR.unpack_from(octets, place)) for place in range(at, at + 4 * count, 4))
    return _checked(Definition(number, fields, scope, scope_v9=True, options=options)), at + 4 * count


def _checked(definition: Definition) -> Definition:
    if not 0 < definition.length <= LONGEST:
        raise BadTemplate(f"a record of {definition.length} octets")
    return definition
