"""pysnmp reads what we write and writes what we read: every version, every pair of authentication and privacy."""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.snmp import oid, wire
from collectors.snmp.ber import Tag
from collectors.snmp.settings import AuthProtocol, PrivProtocol
from collectors.snmp.usm import (
    USM_NOT_IN_TIME_WINDOWS,
    USM_UNKNOWN_ENGINE_IDS,
    USM_UNKNOWN_USER_NAMES,
    USM_WRONG_DIGESTS,
    Engine,
    Keys,
    User,
    decode_v3,
    encode_discovery,
    encode_v3,
    localise,
)
from collectors.snmp.values import Value
from collectors.snmp.wire import PduType, Version
from tests.support.pysnmp_echo import PysnmpEcho

ENGINE_ID = bytes.fromhex("80001f8880aabbccdd")
USERS = [
    User(f"{auth}/{priv}".encode(), auth, b"authpassword", priv, b"privpassword" if priv else b"")
    for auth in AuthProtocol
    for priv in (None, *PrivProtocol)
]
USERS.append(User(b"nobody"))

ARC = st.one_of(st.integers(0, 300), st.integers(0, 2**32 - 1))
OIDS = st.lists(ARC, max_size=20).map(lambda tail: (1, 3, *tail))
TYPED: dict[int, st.SearchStrategy[Any]] = {
    Tag.INTEGER: st.integers(-(2**31), 2**31 - 1),
    Tag.OCTET_STRING: st.binary(max_size=300),
    Tag.OBJECT_IDENTIFIER: OIDS.map(oid.encode),
    Tag.IP_ADDRESS: st.binary(min_size=4, max_size=4),
    Tag.COUNTER32: st.integers(0, 2**32 - 1),
    Tag.GAUGE32: st.integers(0, 2**32 - 1),
    Tag.TIME_TICKS: st.integers(0, 2**32 - 1),
    Tag.OPAQUE: st.floats(allow_nan=False) | st.binary(max_size=6),
    Tag.COUNTER64: st.integers(0, 2**64 - 1),
    Tag.NULL: st.none(),
    Tag.NO_SUCH_OBJECT: st.none(),
    Tag.NO_SUCH_INSTANCE: st.none(),
    Tag.END_OF_MIB_VIEW: st.none(),
}
BINDING = st.sampled_from(sorted(TYPED)).flatmap(lambda tag: st.tuples(OIDS, st.just(tag), TYPED[tag]))
BINDINGS = st.lists(BINDING, max_size=12)
Binding = tuple[tuple[int, ...], int, Value]


@cache
def echo() -> PysnmpEcho:
    return PysnmpEcho(ENGINE_ID, USERS)


def engine() -> Engine:
    """Discover: boots and time as the agent says them."""
    return decode_v3(echo().ask(encode_discovery(1, 2)), Keys(b"")).engine


def set_request(ident: int, bindings: list[Binding]) -> bytes:
    encoded = [(oid.encode(name), wire.encode_value(tag, value)) for name, tag, value in bindings]
    return wire.encode_response(ident, 0, 0, encoded, PduType.SET)


def found(pdu: Any) -> list[Binding]:
    names = [oid.decode(name) for name in pdu.varbinds.oids]
    return list(zip(names, pdu.varbinds.tags, pdu.varbinds.values, strict=True))


@given(BINDINGS, st.integers(0, 2**31 - 1))
def test_v2c_echo(bindings: list[Binding], ident: int) -> None:
    answer = echo().ask(wire.encode_message(Version.V2C, b"public", set_request(ident, bindings)))
    message = wire.decode_message(answer)
    assert (message.version, message.community, message.trailing) == (1, b"public", 0)
    assert isinstance(message.pdu, wire.Pdu)
    assert (message.pdu.type, message.pdu.request_id) == (PduType.RESPONSE, ident)
    assert found(message.pdu) == bindings


@given(BINDINGS.map(lambda bindings: [b for b in bindings if b[1] not in (Tag.COUNTER64, 0x80, 0x81, 0x82)]))
def test_v1_echo(bindings: list[Binding]) -> None:
    answer = echo().ask(wire.encode_message(Version.V1, b"public", set_request(7, bindings)))
    message = wire.decode_message(answer)
    assert message.version == 0
    assert found(message.pdu) == bindings


@pytest.mark.parametrize("user", USERS, ids=lambda user: user.name.decode())
def test_v3_echo(user: User) -> None:
    bindings: list[Binding] = [((1, 3, 6, 1), Tag.COUNTER64, 2**64 - 1), ((1, 3, 6, 2), Tag.OCTET_STRING, b"x" * 200)]
    keys = localise(user, ENGINE_ID)
    data = encode_v3(set_request(3, bindings), msg_id=4, engine=engine(), keys=keys)
    message = decode_v3(echo().ask(data), keys)
    assert (message.msg_id, message.level, message.pdu.request_id) == (4, keys.level, 3)
    assert (message.engine.id, message.user, message.context_engine_id) == (ENGINE_ID, user.name, ENGINE_ID)
    assert found(message.pdu) == bindings


@given(st.sampled_from(USERS), BINDINGS, st.integers(0, 2**31 - 1))
def test_v3_echo_of_any_values(user: User, bindings: list[Binding], ident: int) -> None:
    keys = localise(user, ENGINE_ID)
    data = encode_v3(set_request(ident, bindings), msg_id=ident, engine=engine(), keys=keys)
    message = decode_v3(echo().ask(data), keys)
    assert (message.msg_id, message.pdu.request_id) == (ident, ident)
    assert found(message.pdu) == bindings


AES = User(b"MD5/AES-128", AuthProtocol.MD5, b"authpassword", PrivProtocol.AES128, b"privpassword")


@pytest.mark.parametrize(
    ("changes", "boots", "report", "authenticated"),
    [
        ({}, 1000, USM_NOT_IN_TIME_WINDOWS, True),
        ({"user": b"who"}, 0, USM_UNKNOWN_USER_NAMES, False),
        ({"auth_key": bytes(16)}, 0, USM_WRONG_DIGESTS, False),
    ],
)
def test_v3_reports(changes: dict[str, Any], boots: int, report: bytes, authenticated: bool) -> None:
    right = localise(AES, ENGINE_ID)
    wrong = replace(right, **changes)
    now = engine()
    there = Engine(ENGINE_ID, now.boots + boots, now.time)
    answer = echo().ask(encode_v3(set_request(1, []), msg_id=2, engine=there, keys=wrong))
    message = decode_v3(answer, right)
    assert (message.report, message.authenticated, message.msg_id) == (report, authenticated, 2)


def test_v3_discovery() -> None:
    message = decode_v3(echo().ask(encode_discovery(1, 2)), Keys(b""))
    assert (message.msg_id, message.report, message.authenticated) == (1, USM_UNKNOWN_ENGINE_IDS, False)
    assert (message.engine.id, message.user) == (ENGINE_ID, b"")
