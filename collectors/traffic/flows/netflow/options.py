"""Options data: what exporters tell about themselves. Samplers, the time of their start, their interfaces' names.

RFC 3954, 6 and Cisco's field types 34, 35, 48 to 50, 82, 83 (v9); RFC 5477 and RFC 7012 (IPFIX).
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from collectors.traffic.flows.netflow.templates import VARIABLE, Definition

_SCOPE_INTERFACE_V9 = 2  # RFC 3954, 6.1
_RATES = frozenset({34, 50, 305, 306, 309, 310, 311})
_NAMES = frozenset({82, 83})  # interfaceName, interfaceDescription
_BOOT = 160  # systemInitTimeMilliseconds
_SAMPLERS = (302, 48)  # selectorId, samplerId
_WANTED: Final = _RATES | _NAMES | {_BOOT}
_TEXT = 64  # characters of a name that we keep: an ifAlias (RFC 2863) has no more
_MOST = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Sampling:
    """One in `rate` was seen, by this sampler; None: by all of the domain that name none."""

    rate: int
    sampler: int | None


@dataclass(frozen=True, slots=True)
class Interface:
    """What an interface is called; a name that is not told is empty."""

    index: int
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Boot:
    """When the exporter started, in Unix milliseconds."""

    at_ms: int


def wanted(definition: Definition) -> bool:
    """Tell whether records of these options tell something that we use."""
    return any(field.enterprise == 0 and field.element in _WANTED for field in definition.fields[definition.scope :])


def records(octets: bytes, definition: Definition) -> Iterator[dict[int, bytes]]:
    """Yield each record of a set (given without its header) as element → octets.

    Elements of enterprises are left out; where one occurs twice, the first counts. The scope of v9 is an interface or
    nothing. A set that ends inside a record yields those before it.
    """
    at = 0
    while at + definition.length <= len(octets):
        record: dict[int, bytes] = {}
        for position, field in enumerate(definition.fields):
            size = field.length
            if size == VARIABLE:
                if at >= len(octets):
                    return
                size, at = octets[at], at + 1
                if size == 255:
                    size, at = int.from_bytes(octets[at : at + 2], "big"), at + 2
            if at + size > len(octets):
                return
            element = field.element
            if position < definition.scope and definition.scope_v9:
                element = 10 if element == _SCOPE_INTERFACE_V9 else -1
            if field.enterprise == 0 and element >= 0 and size:
                record.setdefault(element, octets[at : at + size])
            at += size
        yield record


def told(record: Mapping[int, bytes]) -> Iterator[Sampling | Interface | Boot]:
    """Yield what one record tells."""
    rate = _rate(record)
    if rate:
        sampler = next((_number(record, element) for element in _SAMPLERS if element in record), None)
        yield Sampling(rate, sampler)
    if _NAMES & record.keys() and (10 in record or 14 in record):
        index = _number(record, 10) or _number(record, 14)
        yield Interface(index & _MOST, _text(record.get(82, b"")), _text(record.get(83, b"")))
    if len(record.get(_BOOT, b"")) == 8:
        yield Boot(_number(record, _BOOT))


def _rate(record: Mapping[int, bytes]) -> int:
    """Return one in how many is sampled; 0 where the record does not tell."""
    rate = _number(record, 50) or _number(record, 34)
    interval, space = _number(record, 305), _number(record, 306)
    size, population = _number(record, 309), _number(record, 310)
    if rate == 0 and interval:  # so many packets are taken, then so many are not (RFC 5477, 8.2.2)
        rate = round((interval + space) / interval)
    if rate == 0 and size:  # so many out of so many (8.2.4)
        rate = round(population / size)
    if rate == 0 and len(record.get(311, b"")) in (4, 8):  # samplingProbability
        octets = record[311]
        (probability,) = struct.unpack(">d" if len(octets) == 8 else ">f", octets)
        if 1 / _MOST <= probability <= 1:
            rate = round(1 / probability)
    return min(rate, _MOST)


def _number(record: Mapping[int, bytes], element: int) -> int:
    return int.from_bytes(record.get(element, b"")[:8], "big")


def _text(octets: bytes) -> str:
    """Return a name as people may read it: up to its first NUL, without what is not printable."""
    text = octets.partition(b"\0")[0].decode("utf-8", "replace")
    return "".join(character for character in text if character.isprintable())[:_TEXT].strip()
