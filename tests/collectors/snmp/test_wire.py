from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.snmp import ber, wire
from collectors.snmp.ber import WireError
from collectors.snmp.values import VarBinds
from collectors.snmp.wire import Header, Message, Pdu, PduType, TrapV1, Version
from tests.support.snmp_samples import IF_NAME, SYS_DESCR, VALUES, community_messages

MESSAGES = community_messages()
DECODED: dict[str, Message] = {
    "v2c getbulk": Message(
        1, b"public", Pdu(PduType.GETBULK, 2**31 - 1, 0, 25, VarBinds([SYS_DESCR, IF_NAME], [5, 5], [None, None]))
    ),
    "v2c response of all types": Message(
        1,
        b"public",
        Pdu(
            PduType.RESPONSE,
            1,
            0,
            0,
            VarBinds([IF_NAME] * len(VALUES), [tag for tag, _, _ in VALUES], [value for _, value, _ in VALUES]),
        ),
    ),
    "v2c empty": Message(1, b"", Pdu(PduType.GET, 0, 0, 0, VarBinds())),
    "v1 error": Message(0, b"public", Pdu(PduType.RESPONSE, -5, 2, 1, VarBinds([SYS_DESCR], [5], [None]))),
    "v1 trap": Message(
        0,
        b"public",
        TrapV1(bytes.fromhex("2b0601040109"), bytes((192, 0, 2, 1)), 6, 99, 4, VarBinds(), PduType.TRAP1),
    ),
}
HEADERS = {
    "v2c getbulk": Header(1, 2**31 - 1),
    "v2c response of all types": Header(1, 1),
    "v2c empty": Header(1, 0),
    "v1 error": Header(0, -5),
    "v1 trap": Header(0, 0),
}
names = pytest.mark.parametrize("name", MESSAGES)


@names
def test_whole(name: str) -> None:
    assert wire.decode_message(MESSAGES[name]) == DECODED[name]
    assert wire.peek(MESSAGES[name]) == HEADERS[name]


@names
def test_cut_off_at_every_octet(name: str) -> None:
    for size in range(len(MESSAGES[name])):
        with pytest.raises(WireError):
            wire.decode_message(MESSAGES[name][:size])
        with pytest.raises(WireError):
            wire.peek(MESSAGES[name][:size])


@names
def test_cut_off_at_every_octet_with_its_outermost_length_mended(name: str) -> None:
    _, start, _ = ber.header(MESSAGES[name], 0, len(MESSAGES[name]))
    for size in range(len(MESSAGES[name]) - start):
        with pytest.raises(WireError):
            wire.decode_message(ber.tlv(0x30, MESSAGES[name][start : start + size]))


@names
def test_octets_after_the_message_are_ignored_and_counted(name: str) -> None:
    message = wire.decode_message(MESSAGES[name] + b"\x00\xff\x30")
    assert message.trailing == 3
    assert (message.version, message.community, message.pdu) == (
        DECODED[name].version,
        DECODED[name].community,
        DECODED[name].pdu,
    )
    assert wire.peek(MESSAGES[name] + b"\x00") == HEADERS[name]


@names
def test_any_one_octet_changed_is_read_or_refused(name: str) -> None:
    good = MESSAGES[name]
    for at in range(min(len(good), 400)):
        for octet in (0x00, 0x01, 0x02, 0x30, 0x7F, 0x80, 0x81, 0x84, 0xFF, good[at] ^ 1, good[at] ^ 0x80):
            data = good[:at] + bytes((octet,)) + good[at + 1 :]
            for read in (wire.decode_message, wire.peek):
                try:
                    read(data)
                except WireError as error:
                    assert 0 <= error.offset <= len(data)  # noqa: PT017 - that nothing else is raised is the test


def body(*parts: bytes) -> bytes:
    return ber.tlv(0x30, b"".join(parts))


REQUEST = wire.encode_pdu(PduType.GET, 1, 0, 0, [SYS_DESCR])


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "octet 0: the message ends inside a tag or length"),
        (b"GET / HTTP/1.1", "octet 0: tag 0x47 where 0x30 belongs"),
        (bytes(65_508), "octet 0: 65508 octets, more than a datagram of 65507"),
        (b"\x30\x80" + bytes(20), "octet 1: indefinite length"),
        (body(ber.integer(2), b"\x04\x00", REQUEST), r"octet 4: version 2 where 0 \(v1\) or 1 \(v2c\) belongs"),
        (body(b"\x04\x01\x01", b"\x04\x00", REQUEST), "octet 2: tag 0x04 where 0x02 belongs"),
        (body(ber.integer(1), b"\x05\x00", REQUEST), "octet 5: tag 0x05 where 0x04 belongs"),
        (body(ber.integer(1), b"\x04\x00", b"\x30\x00"), "octet 7: tag 0x30 where a PDU belongs"),
        (body(ber.integer(1), b"\x04\x00", REQUEST, b"\x05\x00"), ": 2 octets after the PDU, inside its message"),
        (
            body(ber.integer(1), b"\x04\x00", ber.tlv(0xA2, ber.integer(1) * 3 + b"\x30\x00\x00")),
            "octet 20: 1 octets after the list of varbinds, inside its PDU",
        ),
        (
            body(ber.integer(0), b"\x04\x00", ber.tlv(0xA4, b"\x06\x01\x2b\x40\x03abc")),
            "octet 14: agent-addr of 3 octets where 4 belong",
        ),
    ],
)
def test_errors_say_where_and_what(data: bytes, why: str) -> None:
    with pytest.raises(WireError, match=why):
        wire.decode_message(data)


def test_peek_refuses_versions_that_do_not_exist() -> None:
    with pytest.raises(WireError, match="version 2 where"):
        wire.peek(body(ber.integer(2), b"\x04\x00", REQUEST))


@given(
    st.sampled_from(PduType).filter(lambda kind: kind != PduType.TRAP1),
    st.tuples(st.integers(-(2**31), 2**31 - 1), st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1)),
    st.lists(st.binary(min_size=1, max_size=200), max_size=20),
    st.binary(max_size=300),
)
def test_requests_round_trip(kind: PduType, fields: tuple[int, int, int], oids: list[bytes], community: bytes) -> None:
    for version in (Version.V1, Version.V2C):
        data = wire.encode_message(version, community, wire.encode_pdu(kind, *fields, oids))
        nothing = VarBinds(oids, [5] * len(oids), [None] * len(oids))
        assert wire.decode_message(data) == Message(version, community, Pdu(kind, *fields, nothing))
        assert wire.peek(data) == Header(version, fields[0])


@given(st.binary(max_size=200))
def test_any_octets_are_read_or_refused(data: bytes) -> None:
    for read in (wire.decode_message, wire.peek):
        with suppress(WireError):
            read(data)


def test_a_reply_of_64_kb() -> None:
    values = [(IF_NAME, wire.encode_value(wire.Tag.OCTET_STRING, bytes(1000)))] * 64
    data = wire.encode_message(Version.V2C, b"public", wire.encode_response(1, 0, 0, values))
    assert 64_000 < len(data) <= ber.MAX_MESSAGE
    assert len(wire.decode_message(data).pdu.varbinds) == 64


def test_the_cache_of_encoded_names_is_capped() -> None:
    assert wire._null_varbind.cache_info().maxsize is not None


def test_error_statuses_are_numbered_as_in_rfc_3416() -> None:
    assert " ".join(status.name.replace("_", "").lower() for status in sorted(wire.ErrorStatus)) == (
        "noerror toobig nosuchname badvalue readonly generr noaccess wrongtype wronglength wrongencoding wrongvalue "
        "nocreation inconsistentvalue resourceunavailable commitfailed undofailed authorizationerror notwritable "
        "inconsistentname"
    )
    assert [int(status) for status in sorted(wire.ErrorStatus)] == list(range(19))


def test_pdu_types_are_numbered_as_in_rfc_3416() -> None:
    assert [kind.name for kind in sorted(PduType)] == [
        "GET", "GETNEXT", "RESPONSE", "SET", "TRAP1", "GETBULK", "INFORM", "TRAP2", "REPORT",
    ]  # fmt: skip
    assert [int(kind) for kind in sorted(PduType)] == list(range(0xA0, 0xA9))
