"""Good SNMP messages of every kind, for tests that cut, change and extend them."""

from collectors.snmp import oid, wire
from collectors.snmp.settings import AuthProtocol, PrivProtocol
from collectors.snmp.usm import Engine, Keys, User, encode_discovery, encode_v3, localise

ENGINE = Engine(bytes.fromhex("80001f8880aabbccdd"), 3, 4711)
SYS_DESCR = oid.encode((1, 3, 6, 1, 2, 1, 1, 1, 0))
IF_NAME = oid.encode((1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1, 10_101))
AUTH_PASSWORD = b"authpassword"
PRIV_PASSWORD = b"privpassword"

# One value of every type, and the octets that RFC 2578 gives it.
VALUES: list[tuple[int, wire.Value, str]] = [
    (0x02, 0, "02 01 00"),
    (0x02, -1, "02 01 ff"),
    (0x02, 127, "02 01 7f"),
    (0x02, 128, "02 02 00 80"),
    (0x02, -128, "02 01 80"),
    (0x02, -129, "02 02 ff 7f"),
    (0x02, 2**31 - 1, "02 04 7f ff ff ff"),
    (0x02, -(2**31), "02 04 80 00 00 00"),
    (0x04, b"", "04 00"),
    (0x04, b"Gi1/0/1", "04 07 47 69 31 2f 30 2f 31"),
    (0x04, b"x" * 200, "04 81 c8" + "78" * 200),
    (0x04, b"x" * 2000, "04 82 07 d0" + "78" * 2000),
    (0x05, None, "05 00"),
    (0x06, oid.encode((1, 3, 6, 1, 4, 1, 9)), "06 06 2b 06 01 04 01 09"),
    (0x40, bytes((192, 0, 2, 1)), "40 04 c0 00 02 01"),
    (0x41, 0, "41 01 00"),
    (0x41, 200, "41 02 00 c8"),
    (0x41, 2**32 - 1, "41 05 00 ff ff ff ff"),
    (0x42, 1_000_000_000, "42 04 3b 9a ca 00"),
    (0x43, 123_456, "43 03 01 e2 40"),
    (0x44, 21.5, "44 07 9f 78 04 41 ac 00 00"),
    (0x44, 0.1, "44 0b 9f 79 08 3f b9 99 99 99 99 99 9a"),
    (0x44, b"\x04\x01a", "44 03 04 01 61"),
    (0x45, b"\x49\x00", "45 02 49 00"),
    (0x46, 2**64 - 1, "46 09 00 ff ff ff ff ff ff ff ff"),
    (0x46, 2**40, "46 06 01 00 00 00 00 00"),
    (0x47, 5, "47 01 05"),
    (0x80, None, "80 00"),
    (0x81, None, "81 00"),
    (0x82, None, "82 00"),
]


def varbinds() -> list[tuple[bytes, bytes]]:
    """Return one varbind of every type."""
    return [(IF_NAME, bytes.fromhex(encoded)) for _, _, encoded in VALUES]


def community_messages() -> dict[str, bytes]:
    """Return messages of version 1 and 2c by name."""
    request = wire.encode_pdu(wire.PduType.GETBULK, 0x7FFF_FFFF, 0, 25, [SYS_DESCR, IF_NAME])
    refusal = wire.encode_response(-5, wire.ErrorStatus.NO_SUCH_NAME, 1, [(SYS_DESCR, b"\x05\x00")])
    trap = bytes.fromhex("a419 0606 2b0601040109 4004 c0000201 020106 020163 430104 3000".replace(" ", ""))
    return {
        "v2c getbulk": wire.encode_message(wire.Version.V2C, b"public", request),
        "v2c response of all types": wire.encode_message(
            wire.Version.V2C, b"public", wire.encode_response(1, 0, 0, varbinds())
        ),
        "v2c empty": wire.encode_message(wire.Version.V2C, b"", wire.encode_pdu(wire.PduType.GET, 0, 0, 0, ())),
        "v1 error": wire.encode_message(wire.Version.V1, b"public", refusal),
        "v1 trap": wire.encode_message(wire.Version.V1, b"public", trap),
    }


def keys(auth: AuthProtocol | None = AuthProtocol.SHA1, priv: PrivProtocol | None = PrivProtocol.AES128) -> Keys:
    """Return a user's keys at `ENGINE`; a protocol that is None is not used."""
    return localise(
        User(b"netmon", auth, AUTH_PASSWORD if auth else b"", priv, PRIV_PASSWORD if priv else b""), ENGINE.id
    )


def user_messages() -> dict[str, tuple[bytes, Keys]]:
    """Return messages of version 3 by name, each with the keys that open it."""
    answer = wire.encode_response(77, 0, 0, [*varbinds()[:9], (SYS_DESCR, b"\x82\x00")])
    given = {
        "v3 noAuthNoPriv": keys(None, None),
        "v3 authNoPriv": keys(priv=None),
        "v3 authPriv AES": keys(),
        "v3 authPriv DES": keys(AuthProtocol.SHA512, PrivProtocol.DES),
    }
    messages = {
        name: (encode_v3(answer, msg_id=9, engine=ENGINE, keys=user, context_name=b"vrf1", salt=bytes(8)), user)
        for name, user in given.items()
    }
    messages["v3 discovery"] = (encode_discovery(9, 10), Keys(b""))
    return messages
