from contextlib import suppress
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.snmp import ber, oid, usm, usm_ciphers, wire
from collectors.snmp.ber import WireError
from collectors.snmp.settings import AuthProtocol, PrivProtocol
from collectors.snmp.usm import AuthError, Engine, Keys, SecurityLevel, User, decode_v3, encode_v3, localise
from collectors.snmp.wire import PduType
from tests.support.snmp_samples import AUTH_PASSWORD, ENGINE, PRIV_PASSWORD, SYS_DESCR, keys, user_messages

ANSWER = wire.encode_response(77, 0, 0, [(SYS_DESCR, wire.encode_value(wire.Tag.OCTET_STRING, b"a switch"))])
REPORT = wire.encode_response(
    0, 0, 0, [(usm.USM_NOT_IN_TIME_WINDOWS, wire.encode_value(wire.Tag.COUNTER32, 4))], PduType.REPORT
)
MESSAGES = user_messages()
names = pytest.mark.parametrize("name", MESSAGES)
ALL = [(auth, priv) for auth in AuthProtocol for priv in (None, *PrivProtocol)]


def seal(pdu: bytes, user: Keys, engine: Engine = ENGINE) -> bytes:
    return encode_v3(pdu, msg_id=5, engine=engine, keys=user)


@pytest.mark.parametrize(("auth", "priv"), [(None, None), *ALL])
def test_round_trip(auth: AuthProtocol | None, priv: PrivProtocol | None) -> None:
    user = keys(auth, priv)
    data = encode_v3(
        ANSWER, msg_id=2**31 - 1, engine=ENGINE, keys=user, context_name=b"vrf1", reportable=False, max_size=1472
    )
    found = decode_v3(data, user)
    assert (found.msg_id, found.max_size, found.reportable, found.trailing) == (2**31 - 1, 1472, False, 0)
    assert (found.engine, found.user, found.level) == (ENGINE, b"netmon", user.level)
    assert (found.context_engine_id, found.context_name) == (ENGINE.id, b"vrf1")
    assert found.pdu == wire.decode_message(wire.encode_message(1, b"", ANSWER)).pdu
    assert found.authenticated is (auth is not None)
    assert found.report == b""
    assert (b"a switch" in data) is (priv is None)


def test_peek_tells_whose_a_message_is() -> None:
    header = wire.peek(seal(ANSWER, keys()))
    assert header == wire.Header(3, 0, 5, 7, ENGINE.id, ENGINE.boots, ENGINE.time, b"netmon")


def test_discovery_both_ways() -> None:
    asked = decode_v3(usm.encode_discovery(9, 10), Keys(b""))
    assert (asked.msg_id, asked.pdu.request_id, asked.pdu.type) == (9, 10, PduType.GET)
    assert (asked.engine, asked.user, asked.reportable) == (Engine(b"", 0, 0), b"", True)
    report = wire.encode_response(10, 0, 0, [(usm.USM_UNKNOWN_ENGINE_IDS, b"\x41\x01\x01")], PduType.REPORT)
    told = decode_v3(encode_v3(report, msg_id=9, engine=ENGINE, keys=Keys(b""), reportable=False), Keys(b""))
    assert (told.engine, told.report, told.authenticated) == (ENGINE, usm.USM_UNKNOWN_ENGINE_IDS, False)


def test_context_engine_id_may_differ_from_the_authoritative_one() -> None:
    data = encode_v3(ANSWER, msg_id=1, engine=ENGINE, keys=keys(), context_engine_id=b"behind a proxy")
    assert decode_v3(data, keys()).context_engine_id == b"behind a proxy"


@names
def test_cut_off_at_every_octet(name: str) -> None:
    data, user = MESSAGES[name]
    for size in range(len(data)):
        with pytest.raises(WireError):
            decode_v3(data[:size], user)
        with pytest.raises(WireError):
            wire.decode_message(data[:size])


@names
def test_octets_after_the_message_are_ignored_and_counted(name: str) -> None:
    data, user = MESSAGES[name]
    found = decode_v3(data + b"\x00\xff", user)
    assert found.trailing == 2
    assert found.pdu == decode_v3(data, user).pdu


@names
def test_any_one_octet_changed_never_passes_the_hmac(name: str) -> None:
    data, user = MESSAGES[name]
    for at in range(len(data)):
        for flip in (0x01, 0x02, 0x04, 0x80, 0xFF):
            changed = data[:at] + bytes((data[at] ^ flip,)) + data[at + 1 :]
            try:
                found = decode_v3(changed, user)
            except WireError:
                continue
            assert user.auth is None or (found.pdu.type == PduType.REPORT and not found.authenticated)


@pytest.mark.parametrize("lower", [keys(None, None), keys(priv=None)])
def test_an_answer_below_the_level_that_was_asked_for_is_refused(lower: Keys) -> None:
    with pytest.raises(AuthError, match=f"security level {lower.level.name} where AUTH_PRIV was agreed"):
        decode_v3(seal(ANSWER, lower), keys())


def test_an_answer_above_the_level_that_was_asked_for_is_refused() -> None:
    with pytest.raises(AuthError, match="user b'netmon' has no key to verify it"):
        decode_v3(seal(ANSWER, keys()), keys(None, None))
    with pytest.raises(AuthError, match="user b'netmon' has no key to decrypt it"):
        decode_v3(seal(ANSWER, keys()), keys(priv=None))


@pytest.mark.parametrize(
    ("sender", "authenticated"),
    [(Keys(b""), False), (keys(None, None), False), (keys(priv=None), True), (keys(), True)],
)
def test_reports_come_at_any_level_and_say_whether_to_believe_them(sender: Keys, authenticated: bool) -> None:
    found = decode_v3(seal(REPORT, sender), keys())
    assert (found.report, found.authenticated) == (usm.USM_NOT_IN_TIME_WINDOWS, authenticated)


def test_a_report_without_varbinds_has_no_reason() -> None:
    empty = wire.encode_response(0, 0, 0, [], PduType.REPORT)
    assert decode_v3(seal(empty, keys()), keys()).report == b""


OTHERS = {
    "password": localise(
        User(b"netmon", AuthProtocol.SHA1, b"otherpassword", PrivProtocol.AES128, PRIV_PASSWORD), ENGINE.id
    ),
    "user": replace(keys(), user=b"someone"),
    "protocol": keys(AuthProtocol.SHA256),
}


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ("password", "wrong HMAC: another password, or the message was changed on its way"),
        ("user", "from user b'someone' of engine 80001f8880aabbccdd, not from b'netmon' of 80001f8880aabbccdd"),
        ("protocol", "HMAC of 24 octets where 12 belong"),
    ],
)
def test_what_is_not_from_the_user_is_refused(other: str, why: str) -> None:
    with pytest.raises(AuthError, match=why):
        decode_v3(seal(ANSWER, OTHERS[other]), keys())


def test_an_answer_of_another_engine_is_refused() -> None:
    other = Engine(b"\x80\x00\x00\x01\x05another", 1, 1)
    with pytest.raises(AuthError, match="from user b'netmon' of engine 8000000105"):
        decode_v3(seal(ANSWER, replace(keys(), engine_id=other.id), other), keys())
    with pytest.raises(AuthError, match="from user b'netmon' of engine 8000000105"):
        decode_v3(seal(ANSWER, Keys(b"netmon", other.id), other), keys(None, None))


@pytest.mark.parametrize("priv", PrivProtocol)
def test_another_privacy_password_is_told_from_a_broken_message(priv: PrivProtocol) -> None:
    other = localise(User(b"netmon", AuthProtocol.SHA1, AUTH_PASSWORD, priv, b"otherpassword"), ENGINE.id)
    data = encode_v3(ANSWER, msg_id=5, engine=ENGINE, keys=other, salt=bytes(8))
    with pytest.raises(AuthError, match="no scoped PDU after decryption, so another privacy password"):
        decode_v3(data, keys(AuthProtocol.SHA1, priv))


def test_the_hmac_is_verified_before_anything_is_decrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    data = seal(ANSWER, OTHERS["password"])
    monkeypatch.setattr(usm, "decrypt", lambda *_: pytest.fail("decrypted what was not authentic"))
    with pytest.raises(AuthError, match="wrong HMAC"):
        decode_v3(data, keys())


def test_the_hmac_covers_the_message_and_not_what_follows_it() -> None:
    data = seal(ANSWER, keys())
    assert decode_v3(data + bytes(100), keys()).trailing == 100


def test_des_wants_whole_blocks_and_ignores_its_padding() -> None:
    user = keys(AuthProtocol.MD5, PrivProtocol.DES)
    plain = usm_ciphers.decrypt(user, 1, 2, bytes(8), usm_ciphers.encrypt(user, 1, 2, bytes(8), b"13 octets now"))
    assert plain == b"13 octets now" + bytes(3)
    with pytest.raises(ValueError, match="length"):
        usm_ciphers.decrypt(user, 1, 2, bytes(8), b"13 octets now")


@pytest.mark.parametrize("priv", [p for p in PrivProtocol if p is not PrivProtocol.DES])
def test_aes_is_a_stream_and_takes_boots_time_and_salt_into_its_iv(priv: PrivProtocol) -> None:
    user = keys(AuthProtocol.SHA512, priv)
    first = usm_ciphers.encrypt(user, 1, 2, bytes(8), bytes(21))
    assert len(first) == 21
    for boots, time, salt in ((2, 2, bytes(8)), (1, 3, bytes(8)), (1, 2, b"12345678")):
        assert usm_ciphers.encrypt(user, boots, time, salt, bytes(21)) != first


def test_salts_do_not_repeat() -> None:
    salts = {wire_salt(seal(ANSWER, user)) for _ in range(500) for user in (keys(), keys(priv=PrivProtocol.DES))}
    assert len(salts) == 1000


def wire_salt(data: bytes) -> bytes:
    return usm._open(data).salt


def test_the_counter_of_salts_goes_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usm_ciphers, "_salts", count(2**64 - 1))
    assert [usm_ciphers.new_salt() for _ in range(2)] == [b"\xff" * 8, bytes(8)]


FIELDS = ber.integer(5) + ber.integer(65_507)
SECURITY = ber.tlv(0x04, ber.tlv(0x30, b"\x04\x00\x02\x01\x00\x02\x01\x00\x04\x00\x04\x00\x04\x00"))
SCOPED = ber.tlv(0x30, b"\x04\x00\x04\x00" + ANSWER)


def message(
    version: int = 3, fields: bytes = FIELDS, flags: bytes = b"\x04\x01\x00", model: int = 3, rest: bytes = b""
) -> bytes:
    inside = ber.tlv(0x30, fields + flags + ber.integer(model))
    return ber.tlv(0x30, ber.integer(version) + inside + (rest or SECURITY + SCOPED))


def parameters(engine: bytes = b"", boots: int = 0, time: int = 0, user: bytes = b"") -> bytes:
    inside = ber.tlv(4, engine) + ber.integer(boots) + ber.integer(time) + ber.tlv(4, user) + b"\x04\x00\x04\x00"
    return ber.tlv(0x04, ber.tlv(0x30, inside)) + SCOPED


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (message(version=1), "octet 4: version 1 where 3 belongs"),
        (message(fields=ber.integer(-1) + ber.integer(484)), "octet 7: -1 is outside 0 to 2147483647"),
        (message(fields=ber.integer(1) + ber.integer(2**31)), "octet 10: 2147483648 is outside"),
        (message(flags=b"\x04\x01\x02"), "msgFlags 0x02: one octet belongs, and privacy only with authentication"),
        (message(flags=b"\x04\x00"), "msgFlags 0x: one octet belongs"),
        (message(flags=b"\x04\x02\x00\x00"), "msgFlags 0x0000: one octet belongs"),
        (message(model=2), r"security model 2 where 3 \(USM\) belongs"),
        (message(rest=parameters(boots=2**31)), "2147483648 is outside 0 to"),
        (message(rest=parameters(time=-1)), "-1 is outside 0 to"),
        (message(rest=parameters(engine=bytes(33))), "more than 32 octets"),
        (message(rest=parameters(user=bytes(33))), "more than 32 octets"),
        (message(rest=SECURITY + SCOPED + b"\x05\x00"), "2 octets after the scoped PDU, inside its message"),
        (message(rest=SECURITY + b"\x04\x00"), "tag 0x04 where 0x30 belongs"),
    ],
)
def test_errors_say_where_and_what(data: bytes, why: str) -> None:
    with pytest.raises(WireError, match=why):
        decode_v3(data, Keys(b""))


def test_version_1s_trap_has_no_place_in_version_3() -> None:
    trap = bytes.fromhex("a419 06062b0601040109 4004c0000201 020106 020163 430104 3000".replace(" ", ""))
    with pytest.raises(WireError, match="version 1's trap in a version 3 message"):
        decode_v3(seal(trap, keys(None, None)), keys(None, None))


def test_an_authentic_message_may_still_be_badly_encrypted() -> None:
    user = keys(AuthProtocol.MD5, PrivProtocol.DES)
    with pytest.raises(WireError, match="salt of 3 octets where 8 belong"):
        decode_v3(resealed(user, salt=b"abc"), user)
    with pytest.raises(WireError, match="cannot be decrypted"):
        decode_v3(resealed(user, data=ber.tlv(4, b"no whole block")), user)
    with pytest.raises(WireError, match="2 octets after the encrypted PDU"):
        decode_v3(resealed(user, data=ber.tlv(4, bytes(8)) + b"\x05\x00"), user)


def resealed(user: Keys, salt: bytes = bytes(8), data: bytes = b"\x04\x00") -> bytes:
    """Return a message with a right HMAC around wrong contents, as only the agent itself could send."""

    def around(mac: bytes) -> bytes:
        inside = ber.tlv(4, ENGINE.id) + ber.integer(3) + ber.integer(4711) + ber.tlv(4, user.user)
        security = ber.tlv(4, ber.tlv(0x30, inside + ber.tlv(4, mac) + ber.tlv(4, salt)))
        return message(flags=b"\x04\x01\x03", rest=security + data)

    return around(usm._mac(user, around(bytes(12))))


def test_levels() -> None:
    assert [level.value for level in SecurityLevel] == [0, 1, 3]  # RFC 3412 section 6.4


@given(st.binary(max_size=200))
def test_any_octets_are_read_or_refused(data: bytes) -> None:
    for inside in (data, message(rest=SECURITY + data), message(rest=data)):
        for user in (Keys(b""), keys()):
            with suppress(WireError):
                decode_v3(inside, user)


@given(st.binary(max_size=300))
def test_any_authentic_octets_are_read_or_refused(plain: bytes) -> None:
    for priv in (PrivProtocol.AES128, PrivProtocol.DES):
        user = keys(AuthProtocol.MD5, priv)
        encrypted = usm_ciphers.encrypt(user, ENGINE.boots, ENGINE.time, bytes(8), plain)
        with suppress(WireError):
            decode_v3(resealed(user, data=ber.tlv(4, encrypted)), user)


def test_the_names_of_reports_are_the_standards() -> None:
    names = {name: oid.text(oid.decode(raw)) for name, raw in vars(usm).items() if name.startswith(("USM_", "MPD_"))}
    assert names == {
        "USM_UNSUPPORTED_SEC_LEVELS": "1.3.6.1.6.3.15.1.1.1.0",  # RFC 3414 section 5
        "USM_NOT_IN_TIME_WINDOWS": "1.3.6.1.6.3.15.1.1.2.0",
        "USM_UNKNOWN_USER_NAMES": "1.3.6.1.6.3.15.1.1.3.0",
        "USM_UNKNOWN_ENGINE_IDS": "1.3.6.1.6.3.15.1.1.4.0",
        "USM_WRONG_DIGESTS": "1.3.6.1.6.3.15.1.1.5.0",
        "USM_DECRYPTION_ERRORS": "1.3.6.1.6.3.15.1.1.6.0",
        "MPD_UNKNOWN_SECURITY_MODELS": "1.3.6.1.6.3.11.2.1.1.0",  # RFC 3412 section 5
        "MPD_INVALID_MSGS": "1.3.6.1.6.3.11.2.1.2.0",
        "MPD_UNKNOWN_PDU_HANDLERS": "1.3.6.1.6.3.11.2.1.3.0",
    }
