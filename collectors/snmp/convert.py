"""A cell as text for a label, or a column of cells as packed numbers: what the syntax of a MIB object means."""

import ipaddress
from array import array
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import lru_cache
from math import isfinite
from typing import Any

from collectors.snmp import oid
from collectors.snmp.answers import Cell
from collectors.snmp.ber import WireError
from collectors.snmp.index import IndexType
from netmon.api import Column, Missing, Reason, Value

MAX_CACHED_TEXT = 64  # octets: the names of ports are shorter, and a cache of long texts is a way to fill our memory
MAX_TEXT = 1024  # octets of a label: sysDescr may have 255 (RFC 3418), an octet string 65,535


class Syntax(StrEnum):
    """How an object's value is read: the base types of RFC 2578 and the textual conventions of RFC 2579 in use."""

    INTEGER = "integer"  # Integer32 and enumerations
    GAUGE32 = "gauge32"  # Gauge32 and Unsigned32
    TIMETICKS = "timeticks"  # hundredths of a second
    COUNTER32 = "counter32"
    COUNTER64 = "counter64"
    GAUGE64 = "gauge64"  # CounterBasedGauge64, RFC 2856
    FLOAT = "float"  # Opaque float or double
    NUMBER = "number"  # a number written as text, such as laLoad
    STRING = "string"  # DisplayString, SnmpAdminString
    OCTETS = "octets"  # shown as 0x0a1b
    MAC = "mac"  # shown as 00:1A:2B:3C:4D:5E
    ADDRESS = "address"  # 4 octets of IPv4 or 16 of IPv6
    OID = "oid"
    DATE_AND_TIME = "date_and_time"  # RFC 2579; a number: Unix seconds


RANGES = {  # the least and the greatest value
    Syntax.INTEGER: (-(2**31), 2**31 - 1),
    Syntax.GAUGE32: (0, 2**32 - 1),
    Syntax.TIMETICKS: (0, 2**32 - 1),
    Syntax.COUNTER32: (0, 2**32 - 1),
    Syntax.COUNTER64: (0, 2**64 - 1),
    Syntax.GAUGE64: (0, 2**64 - 1),
}
TEXTUAL = frozenset({Syntax.STRING, Syntax.OCTETS, Syntax.MAC, Syntax.ADDRESS, Syntax.OID})

_UNPRINTABLE = {code: f"\\x{code:02x}" for code in (*range(9), 11, 12, *range(14, 32), *range(127, 160))}


def as_string(raw: bytes) -> str:
    """Return octets as text: UTF-8, in hex what is not, or not printable; NULs at the end go."""
    return raw.rstrip(b"\0").decode("utf-8", "backslashreplace").translate(_UNPRINTABLE)


def as_mac(raw: bytes) -> str:
    """Return octets as `00:1A:2B:3C:4D:5E`, filled up to 48 bits as snmp_exporter does; what is text, as text."""
    if len(raw) > 8 and raw.isascii() and as_string(raw).isprintable():
        return as_string(raw)
    return raw.ljust(6, b"\0").hex(":").upper()


def as_octets(raw: bytes) -> str:
    """Return octets as `0x0A1B`; empty stays empty."""
    return f"0x{raw.hex().upper()}" if raw else ""


def as_address(raw: bytes) -> str:
    """Return 4 or 16 octets as an IP address, also with IANA's address family before them (LLDP's networkAddress);
    anything else as octets.
    """
    if (len(raw), raw[:1]) in ((5, b"\1"), (17, b"\2")):
        raw = raw[1:]
    return str(ipaddress.ip_address(raw)) if len(raw) in (4, 16) else as_octets(raw)


def as_oid(raw: bytes) -> str:
    """Return an OBJECT IDENTIFIER's contents as `1.3.6.1`; what is none, as octets."""
    try:
        return oid.text(oid.decode(raw))
    except WireError:
        return as_octets(raw)


_TEXT: dict[Syntax, Callable[[bytes], str]] = {
    Syntax.MAC: as_mac,
    Syntax.OCTETS: as_octets,
    Syntax.ADDRESS: as_address,
    Syntax.OID: as_oid,
}


def _octets_text(syntax: Syntax, raw: bytes) -> str:
    return _TEXT.get(syntax, as_string)(raw[:MAX_TEXT])


_cached_text = lru_cache(maxsize=65_536)(_octets_text)  # label texts of about 1,000 switches: at most 20 MB


def text(syntax: Syntax, cell: Cell) -> str:
    """Return a cell as the text of a label. The same octets give the same object, while they are few."""
    if not isinstance(cell, bytes):
        return str(cell)
    return _cached_text(syntax, cell) if len(cell) <= MAX_CACHED_TEXT else _octets_text(syntax, cell)


@lru_cache(maxsize=65_536)  # the rows of about 1,000 devices; 10 MB when full
def dotted(raw_suffix: bytes) -> str:
    """Return an index as `10101` or `1.7`. The same octets give the same object."""
    return oid.text(oid.suffix_arcs(raw_suffix))


@lru_cache(maxsize=65_536)  # the same
def index_text(kind: IndexType, arcs: tuple[int, ...]) -> str:
    """Return one part of an index as the text of a label. `arcs` are octets wherever the kind says so."""
    if kind is IndexType.INTEGER:
        return str(arcs[0])
    if kind in (IndexType.OID, IndexType.IMPLIED_OID):
        return oid.text(arcs)
    return _INDEX_TEXT[kind](bytes(arcs))


_INDEX_TEXT: dict[IndexType, Callable[[bytes], str]] = {
    IndexType.STRING: as_string,
    IndexType.IMPLIED_STRING: as_string,
    IndexType.OCTETS: as_octets,
    IndexType.FIXED_OCTETS: as_octets,
    IndexType.MAC: as_mac,
    IndexType.IPV4: as_address,
    IndexType.INET_ADDRESS: as_address,
}


def pack(cells: Sequence[Cell | Missing], syntax: Syntax, bounds: tuple[Value, Value] | None) -> Column:
    """Return cells as numbers: packed where all are numbers inside their bounds, else a list with Missing."""
    code = "d" if syntax is Syntax.FLOAT else "q" if syntax is Syntax.INTEGER else "Q"
    column = _array(code, cells)
    if column is None or not _believed(column, bounds):
        return [_number(cell, syntax, bounds) for cell in cells]
    return column


def _array(code: str, cells: Sequence[Any]) -> "array[Any] | None":
    """Return cells packed; None where one is no number, missing, or not of this type."""
    try:
        return array(code, cells)
    except (TypeError, OverflowError):
        return None


def _believed(column: "array[Any]", bounds: tuple[Value, Value] | None) -> bool:
    if bounds is not None and column and not (bounds[0] <= min(column) and max(column) <= bounds[1]):
        return False
    return column.typecode != "d" or isfinite(sum(column))


def pack_results(values: Sequence[Value | Missing]) -> Column:
    """Return computed numbers packed where none is missing: 'q' or 'Q' for whole numbers, else 'd'."""
    if isinstance(values, array):
        return values
    for code in ("q", "Q", "d"):
        column = _array(code, values)
        if column is not None and _believed(column, None):
            return column
    return [_finite(value) for value in values]


def _finite(value: Value | Missing) -> Value | Missing:
    if isinstance(value, Missing) or isfinite(value):
        return value
    return Missing(Reason.INVALID, f"{value} is not a finite number")


def _number(cell: Cell | Missing, syntax: Syntax, bounds: tuple[Value, Value] | None) -> Value | Missing:
    """Return one cell as a number, or why it is none."""
    if isinstance(cell, Missing):
        return cell
    value = _PARSED[syntax](cell) if syntax in _PARSED and isinstance(cell, bytes) else cell
    if isinstance(value, bytes):
        return Missing(Reason.INVALID, f"{as_octets(value[:16])} where {syntax.value} is due")
    if isinstance(value, Missing):
        return value
    if isinstance(value, float) and (not isfinite(value) or syntax in RANGES):
        return Missing(Reason.INVALID, f"{value} where {syntax.value} is due")
    if bounds is not None and not bounds[0] <= value <= bounds[1]:
        return Missing(Reason.INVALID, f"{value} is outside {bounds[0]} to {bounds[1]}")
    return value


def _written_number(raw: bytes) -> Value | Missing:
    """Return a number that an agent writes as text, with or without a unit after it: `0.31`, `24.5 C`."""
    word = as_string(raw[:MAX_TEXT]).split(maxsplit=1)
    try:
        value = float(word[0])
    except (ValueError, IndexError):
        return Missing(Reason.INVALID, f"{as_string(raw[:32])!r} where a number is due")
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _date_and_time(raw: bytes) -> Value | Missing:
    """Return RFC 2579's DateAndTime as Unix seconds; without a zone it is taken as UTC, as snmp_exporter does."""
    if len(raw) not in (8, 11):
        return Missing(Reason.INVALID, f"{as_octets(raw[:16])} is no DateAndTime of 8 or 11 octets")
    year, month, day, hour, minute, second = (raw[0] << 8 | raw[1], *raw[2:7])
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second <= 60):
        return Missing(Reason.INVALID, f"{as_octets(raw)} is no date")
    seconds = _days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
    if len(raw) == 8:
        return seconds
    offset = raw[9] * 3600 + raw[10] * 60
    return seconds - offset if raw[8:9] == b"+" else seconds + offset


def _days(year: int, month: int, day: int) -> int:
    """Return the days from 1970-01-01 in the Gregorian calendar; the year begins in March to put leap days last."""
    year, month = (year - 1, month + 9) if month < 3 else (year, month - 3)
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + day - 719_469


_PARSED: dict[Syntax, Callable[[bytes], Value | Missing]] = {
    Syntax.NUMBER: _written_number,
    Syntax.DATE_AND_TIME: _date_and_time,
}
