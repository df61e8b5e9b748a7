"""SNMP messages of version 1 and 2c and the PDUs of all versions: bytes to values and back. RFC 1157, 1901, 3416.

What an agent gets wrong and we read all the same, as other managers do: see `values.py`. Octets after the end of a
message are ignored and counted in `Message.trailing`; a length that contradicts the one around it is an error.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import TypeAlias

from collectors.snmp.ber import (
    MAX_MESSAGE,
    Tag,
    WireError,
    expect,
    header,
    integer,
    length,
    read_integer,
    read_octets,
    tlv,
)
from collectors.snmp.values import Value, VarBinds, decode_varbinds, encode_value, read_number

__all__ = [
    "ErrorStatus",
    "Header",
    "Message",
    "Pdu",
    "PduType",
    "Tag",
    "TrapV1",
    "Value",
    "VarBinds",
    "Version",
    "WireError",
    "decode_message",
    "decode_pdu",
    "encode_message",
    "encode_pdu",
    "encode_response",
    "encode_value",
    "peek",
]


class Version(IntEnum):
    """The number in a message's first field: RFC 1157, RFC 1901, RFC 3412."""

    V1 = 0
    V2C = 1
    V3 = 3


class PduType(IntEnum):
    """Tags of PDUs: RFC 1157 section 4.1, RFC 3416 section 3."""

    GET = 0xA0
    GETNEXT = 0xA1
    RESPONSE = 0xA2
    SET = 0xA3
    TRAP1 = 0xA4
    GETBULK = 0xA5
    INFORM = 0xA6
    TRAP2 = 0xA7
    REPORT = 0xA8


class ErrorStatus(IntEnum):
    """RFC 3416 section 3; the first six are RFC 1157's too."""

    NO_ERROR = 0
    TOO_BIG = 1
    NO_SUCH_NAME = 2
    BAD_VALUE = 3
    READ_ONLY = 4
    GEN_ERR = 5
    NO_ACCESS = 6
    WRONG_TYPE = 7
    WRONG_LENGTH = 8
    WRONG_ENCODING = 9
    WRONG_VALUE = 10
    NO_CREATION = 11
    INCONSISTENT_VALUE = 12
    RESOURCE_UNAVAILABLE = 13
    COMMIT_FAILED = 14
    UNDO_FAILED = 15
    AUTHORIZATION_ERROR = 16
    NOT_WRITABLE = 17
    INCONSISTENT_NAME = 18


@dataclass(slots=True)
class Pdu:
    """Any PDU but version 1's trap. In a GETBULK the two error fields are non-repeaters and max-repetitions.

    `type` is a `PduType`; `error_status` an `ErrorStatus`, or a number that the standard does not know.
    """

    type: int
    request_id: int
    error_status: int
    error_index: int
    varbinds: VarBinds


@dataclass(slots=True)
class TrapV1:
    """Version 1's trap: RFC 1157 section 4.1.6. `agent_address` is 4 octets, `time_stamp` hundredths of a second."""

    enterprise: bytes
    agent_address: bytes
    generic_trap: int
    specific_trap: int
    time_stamp: int
    varbinds: VarBinds
    type: int = PduType.TRAP1


AnyPdu: TypeAlias = Pdu | TrapV1


@dataclass(slots=True)
class Message:
    """A message of version 1 or 2c. `trailing` counts the octets that followed its end."""

    version: int
    community: bytes
    pdu: AnyPdu
    trailing: int = 0


@dataclass(slots=True)
class Header:
    """What routes a message before it is decoded, and before it is authenticated: believe none of it.

    Version 1 and 2c: `request_id` (0 for version 1's trap). Version 3: the rest.
    """

    version: int
    request_id: int = 0
    msg_id: int = 0
    flags: int = 0
    engine_id: bytes = b""
    engine_boots: int = 0
    engine_time: int = 0
    user: bytes = b""


@lru_cache(maxsize=16_384)  # columns and the rows where pages of walks begin; about 3 MB
def _null_varbind(oid: bytes) -> bytes:
    return tlv(Tag.SEQUENCE, tlv(Tag.OBJECT_IDENTIFIER, oid) + b"\x05\x00")


def encode_pdu(type: int, request_id: int, a: int, b: int, oids: Sequence[bytes]) -> bytes:  # noqa: A002 - the field's name in RFC 3416
    """Return a request whose values are all NULL: GET, GETNEXT, or GETBULK with `a` non-repeaters, `b` repetitions.

    `oids` are contents octets (see `oid.py`).
    """
    varbinds = b"".join(map(_null_varbind, oids))
    return _pdu(type, request_id, a, b, varbinds)


def encode_response(
    request_id: int,
    error_status: int,
    error_index: int,
    varbinds: Sequence[tuple[bytes, bytes]],
    type: int = PduType.RESPONSE,  # noqa: A002 - the field's name in RFC 3416
) -> bytes:
    """Return a PDU with values: pairs of an OID's contents octets and a value as `encode_value` gives it."""
    encoded = [tlv(Tag.SEQUENCE, tlv(Tag.OBJECT_IDENTIFIER, oid) + value) for oid, value in varbinds]
    return _pdu(type, request_id, error_status, error_index, b"".join(encoded))


def _pdu(tag: int, request_id: int, a: int, b: int, varbinds: bytes) -> bytes:
    fields = integer(request_id) + integer(a) + integer(b)
    return tlv(tag, fields + b"\x30" + length(len(varbinds)) + varbinds)


def encode_message(version: int, community: bytes, pdu: bytes) -> bytes:
    """Return a message of version 1 or 2c around an encoded PDU."""
    return tlv(Tag.SEQUENCE, integer(version) + tlv(Tag.OCTET_STRING, community) + pdu)


def decode_message(data: bytes) -> Message:
    """Return the message of version 1 or 2c that `data` begins with. WireError for anything else."""
    at, end = open_message(data)
    version, at = read_integer(data, at, end)
    if version not in (Version.V1, Version.V2C):
        raise WireError(f"version {version} where 0 (v1) or 1 (v2c) belongs", at - 1)
    community, at = read_octets(data, at, end)
    return Message(version, community, decode_pdu(data, at, end), len(data) - end)


def open_message(data: bytes) -> tuple[int, int]:
    """Return (first octet inside, octet after) of the message that `data` begins with."""
    if len(data) > MAX_MESSAGE:
        raise WireError(f"{len(data)} octets, more than a datagram of {MAX_MESSAGE}", 0)
    return expect(data, 0, len(data), Tag.SEQUENCE)


def decode_pdu(data: bytes, at: int, end: int) -> AnyPdu:
    """Return the PDU at octet `at`, which must end at octet `end`."""
    tag, start, stop = header(data, at, end)
    if stop != end:
        raise WireError(f"{end - stop} octets after the PDU, inside its message", stop)
    if tag == PduType.TRAP1:
        return _decode_trap1(data, start, stop)
    if not PduType.GET <= tag <= PduType.REPORT:
        raise WireError(f"tag 0x{tag:02x} where a PDU belongs", at)
    request_id, at = read_integer(data, start, stop)
    error_status, at = read_integer(data, at, stop)
    error_index, at = read_integer(data, at, stop)
    return Pdu(tag, request_id, error_status, error_index, decode_varbinds(data, at, stop))


def _decode_trap1(data: bytes, at: int, end: int) -> TrapV1:
    start, stop = expect(data, at, end, Tag.OBJECT_IDENTIFIER)
    enterprise = data[start:stop]
    start, stop = expect(data, stop, end, Tag.IP_ADDRESS)
    if stop - start != 4:
        raise WireError(f"agent-addr of {stop - start} octets where 4 belong", start)
    address = data[start:stop]
    generic, at = read_integer(data, stop, end)
    specific, at = read_integer(data, at, end)
    start, stop = expect(data, at, end, Tag.TIME_TICKS)
    ticks = read_number(data, Tag.TIME_TICKS, start, stop)
    return TrapV1(enterprise, address, generic, specific, ticks, decode_varbinds(data, stop, end))


def peek(data: bytes) -> Header:
    """Return what routes the message, without decoding the rest. WireError when even that cannot be read."""
    at, end = open_message(data)
    version, at = read_integer(data, at, end)
    if version == Version.V3:
        return _peek_v3(data, at, end)
    if version not in (Version.V1, Version.V2C):
        raise WireError(f"version {version} where 0 (v1), 1 (v2c) or 3 belongs", at - 1)
    _, at = expect(data, at, end, Tag.OCTET_STRING)
    tag, start, stop = header(data, at, end)
    request_id = 0 if tag == PduType.TRAP1 else read_integer(data, start, stop)[0]
    return Header(version, request_id)


def _peek_v3(data: bytes, at: int, end: int) -> Header:
    """Read the fields of RFC 3412 section 6 and RFC 3414 section 2.4 that tell whose the message is."""
    start, stop = expect(data, at, end, Tag.SEQUENCE)
    msg_id, at = read_integer(data, start, stop)
    _, at = read_integer(data, at, stop)
    flags, at = read_octets(data, at, stop)
    if len(flags) != 1:
        raise WireError(f"msgFlags of {len(flags)} octets where 1 belongs", at)
    start, stop = expect(data, stop, end, Tag.OCTET_STRING)
    start, stop = expect(data, start, stop, Tag.SEQUENCE)
    engine_id, at = read_octets(data, start, stop)
    boots, at = read_integer(data, at, stop)
    time, at = read_integer(data, at, stop)
    user, _ = read_octets(data, at, stop)
    return Header(Version.V3, 0, msg_id, flags[0], engine_id, boots, time, user)
