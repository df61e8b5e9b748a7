"""Recorded devices as encoded varbinds, for the responder: reads the form of snmpsim, lines of `OID|tag|value`."""

import re
from collections.abc import Iterator
from pathlib import Path

from collectors.snmp import oid
from collectors.snmp.ber import Tag
from collectors.snmp.values import encode_value

RECORDED = Path("../shared/fixtures/librenms/snmprec")
_NUMBERS = {Tag.INTEGER, Tag.COUNTER32, Tag.GAUGE32, Tag.TIME_TICKS, Tag.COUNTER64}
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}


def read(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Give (OID's contents octets, value's TLV), in the file's order."""
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            name, tag, value = line.split(b"|", 2)
            yield oid.encode(oid.parse(name.decode())), _value(tag.decode(), value)
        except ValueError as error:
            raise ValueError(f"{path}:{number}: {error}") from error


def _value(tag: str, text: bytes) -> bytes:
    kind = int(tag.rstrip("xe"))
    if kind in _NUMBERS:
        return encode_value(kind, int(text))
    if kind == Tag.NULL:
        return encode_value(kind, None)
    if kind == Tag.OBJECT_IDENTIFIER:
        return encode_value(kind, oid.encode(oid.parse(text.decode())))
    if tag.endswith("x"):
        return encode_value(kind, bytes.fromhex(text.decode()))
    if kind == Tag.IP_ADDRESS:
        return encode_value(kind, bytes(int(part) for part in text.split(b".")))
    return encode_value(kind, _ESCAPE.sub(_unescape, text) if tag.endswith("e") else text)


def _unescape(match: re.Match[bytes]) -> bytes:
    found = match[1]
    return bytes.fromhex(found[1:].decode()) if len(found) == 3 else _LETTERS.get(found, found)
