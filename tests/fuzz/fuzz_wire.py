"""Feeds mutated octets to every SNMP decoder: `python tests/fuzz/fuzz_wire.py -max_total_time=60 [CORPUS]`.

Options are libFuzzer's. The first octet chooses the decoder, the rest is its input; behind `authentic` the input is
put into a message with a right HMAC, so that what lies past the check is reached too. Anything but a WireError ends
the run, and so does an answer that breaks what the decoders promise.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["collectors.snmp"], enable_loader_override=False):
    from collectors.snmp import ber, oid, usm, usm_ciphers, values, wire
    from collectors.snmp.settings import AuthProtocol, PrivProtocol

from tests.support.snmp_samples import ENGINE, community_messages, keys, user_messages

PLAIN = keys(None, None)
AES = keys()
DES = keys(AuthProtocol.MD5, PrivProtocol.DES)
NO_VALUE = {0x05, 0x80, 0x81, 0x82}


def community(data: bytes) -> None:
    header = peek(data)
    message = wire.decode_message(data)
    check(message.pdu.varbinds)
    if isinstance(message.pdu, wire.Pdu):
        assert header == wire.Header(message.version, message.pdu.request_id)


def user(data: bytes) -> None:
    header = peek(data)
    try:
        message = usm.decode_v3(data, PLAIN)
    except usm.AuthError:
        message = usm.decode_v3(data, usm.Keys(header.user, header.engine_id))
    assert (header.msg_id, header.engine_id, header.user) == (message.msg_id, message.engine.id, message.user)
    check(message.pdu.varbinds)


def forged(data: bytes) -> None:
    message = usm.decode_v3(data, AES)
    assert message.pdu.type == wire.PduType.REPORT or data.startswith(GENUINE)
    check(message.pdu.varbinds)


def authentic(data: bytes) -> None:
    """Encrypt the input as if it were a scoped PDU, under a right HMAC."""
    user_keys = DES if len(data) % 2 else AES
    salt = bytes(8)
    sealed = ber.tlv(0x04, usm_ciphers.encrypt(user_keys, ENGINE.boots, ENGINE.time, salt, data))

    def around(mac: bytes) -> bytes:
        inside = ber.tlv(4, ENGINE.id) + ber.integer(ENGINE.boots) + ber.integer(ENGINE.time)
        inside += ber.tlv(4, user_keys.user) + ber.tlv(4, mac) + ber.tlv(4, salt)
        fields = ber.integer(1) + ber.integer(65_507) + b"\x04\x01\x03" + ber.integer(3)
        return ber.tlv(0x30, ber.integer(3) + ber.tlv(0x30, fields) + ber.tlv(4, ber.tlv(0x30, inside)) + sealed)

    check(usm.decode_v3(around(usm._mac(user_keys, around(bytes(12)))), user_keys).pdu.varbinds)


def varbinds(data: bytes) -> None:
    try:
        expected: values.VarBinds | str = values.decode_carefully(data, 0, len(data))
    except ber.WireError as error:
        expected = error.problem
    try:
        found: values.VarBinds | str = values.decode_varbinds(ber.tlv(0x30, data), 0, len(ber.tlv(0x30, data)))
    except ber.WireError as error:
        found = error.problem
    assert repr(found) == repr(expected)  # by their text: a NaN is not equal to itself


def names(data: bytes) -> None:
    arcs = oid.decode(data)
    assert len(arcs) > oid.MAX_ARCS or oid.decode(oid.encode(arcs)) == arcs  # we read longer ones than we write
    assert len(oid.suffix_arcs(data)) <= len(data)


def peek(data: bytes) -> wire.Header:
    return wire.peek(data)


def check(found: values.VarBinds) -> None:
    assert len(found.oids) == len(found.tags) == len(found.values)
    for tag, value in zip(found.tags, found.values, strict=True):
        assert (value is None) == (tag in NO_VALUE)
        assert not isinstance(value, int) or -(2**63) <= value < 2**64


TARGETS = (community, user, forged, authentic, varbinds, names)
GENUINE = user_messages()["v3 authPriv AES"][0]


def one_input(data: bytes) -> None:
    if not data:
        return
    try:
        TARGETS[data[0] % len(TARGETS)](data[1:])
    except ber.WireError as error:
        assert 0 <= error.offset <= len(data) + 200  # noqa: PT017 - `authentic` puts an envelope around the input
    except ValueError as error:
        if "do not fit a message" not in str(error):  # what `authentic` and `varbinds` cannot wrap
            raise


def seeds() -> dict[str, bytes]:
    """Return good messages to begin with, each behind the octet that chooses its decoder."""
    found = {f"c{number}": b"\x00" + data for number, data in enumerate(community_messages().values())}
    for number, (data, _) in enumerate(user_messages().values()):
        found[f"u{number}"] = b"\x01" + data
        found[f"f{number}"] = b"\x02" + data
    answer = community_messages()["v2c response of all types"]
    start = answer.index(b"\xa2")
    found["scoped"] = b"\x03" + ber.tlv(0x30, b"\x04\x00\x04\x00" + answer[start:])
    found["varbinds"] = b"\x04" + b"".join(
        ber.tlv(0x30, b"\x06\x02\x2b\x06" + value) for value in (b"\x41\x01\x07", b"\x02\x02\x01\x00", b"\x04\x01a")
    )
    found["names"] = b"\x05" + oid.encode((1, 3, 6, 1, 2**32 - 1))
    return found


def main() -> int:
    """Fuzz in a child: libFuzzer ends its process without letting it clear up."""
    if sys.argv[1:2] == ["--child"]:
        atheris.Setup([sys.argv[0], *sys.argv[2:]], one_input)
        atheris.Fuzz()
    with tempfile.TemporaryDirectory() as begin:
        for name, data in seeds().items():
            Path(begin, name).write_bytes(data)
        found = [argument for argument in sys.argv[1:] if not argument.startswith("-")]  # new inputs go to the first
        options = [argument for argument in sys.argv[1:] if argument.startswith("-")]
        return subprocess.run([sys.executable, __file__, "--child", *options, *found, begin], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
