"""SNMP version 3 messages under the User-based Security Model: RFC 3412 section 6, RFC 3414, RFC 3826, RFC 7860.

Both directions, for managers and for agents. Offsets in errors count from the start of the message, or of the
decrypted scoped PDU where that is what is wrong.
"""

import hmac
from dataclasses import dataclass

from collectors.snmp import oid
from collectors.snmp.ber import MAX_MESSAGE, Tag, WireError, expect, integer, read_integer, read_octets, tlv
from collectors.snmp.usm_ciphers import SALT_SIZE, decrypt, encrypt, new_salt
from collectors.snmp.usm_keys import DIGESTS, Keys, SecurityLevel, User, localise
from collectors.snmp.wire import Pdu, PduType, Version, decode_pdu, encode_pdu, open_message

__all__ = [
    "AuthError",
    "Engine",
    "Keys",
    "SecurityLevel",
    "User",
    "V3Message",
    "decode_v3",
    "encode_discovery",
    "encode_v3",
    "localise",
]

REPORTABLE = 0x04  # msgFlags: RFC 3412 section 6.4
_AUTH = 0x01
_PRIV = 0x02
_USM = 3  # msgSecurityModel: RFC 3411 section 5
MAX_NAME = 32  # octets of an SnmpEngineID (RFC 3411 section 5) and of a user's name (RFC 3414 section 2.4)
MAX_INT = 2**31 - 1  # of msgID, msgMaxSize, snmpEngineBoots and snmpEngineTime

# Counters of RFC 3414 section 5 that a Report carries, as OID contents octets, instance included.
USM_UNSUPPORTED_SEC_LEVELS = oid.encode((1, 3, 6, 1, 6, 3, 15, 1, 1, 1, 0))
USM_NOT_IN_TIME_WINDOWS = oid.encode((1, 3, 6, 1, 6, 3, 15, 1, 1, 2, 0))
USM_UNKNOWN_USER_NAMES = oid.encode((1, 3, 6, 1, 6, 3, 15, 1, 1, 3, 0))
USM_UNKNOWN_ENGINE_IDS = oid.encode((1, 3, 6, 1, 6, 3, 15, 1, 1, 4, 0))
USM_WRONG_DIGESTS = oid.encode((1, 3, 6, 1, 6, 3, 15, 1, 1, 5, 0))
USM_DECRYPTION_ERRORS = oid.encode((1, 3, 6, 1, 6, 3, 15, 1, 1, 6, 0))
# And of RFC 3412 section 5.
MPD_UNKNOWN_SECURITY_MODELS = oid.encode((1, 3, 6, 1, 6, 3, 11, 2, 1, 1, 0))
MPD_INVALID_MSGS = oid.encode((1, 3, 6, 1, 6, 3, 11, 2, 1, 2, 0))
MPD_UNKNOWN_PDU_HANDLERS = oid.encode((1, 3, 6, 1, 6, 3, 11, 2, 1, 3, 0))


class AuthError(WireError):
    """The message is not shown to be from whom it says, or not at the level of security that was agreed."""


@dataclass(frozen=True, slots=True)
class Engine:
    """An authoritative engine: snmpEngineID, snmpEngineBoots, snmpEngineTime in seconds (of the moment of sending)."""

    id: bytes
    boots: int = 0
    time: int = 0


@dataclass(slots=True)
class V3Message:
    """A decoded message. `authenticated` says whether its HMAC was verified; `trailing` counts octets after its end."""

    msg_id: int
    max_size: int
    level: SecurityLevel
    reportable: bool
    engine: Engine
    user: bytes
    context_engine_id: bytes
    context_name: bytes
    pdu: Pdu
    trailing: int = 0

    @property
    def authenticated(self) -> bool:
        """Whether the HMAC was verified. Only a Report may come without it to a user who has a key."""
        return self.level != SecurityLevel.NO_AUTH_NO_PRIV

    @property
    def report(self) -> bytes:
        """The first OID (contents octets) of a Report, such as `USM_NOT_IN_TIME_WINDOWS`; empty when it is none."""
        return self.pdu.varbinds.oids[0] if self.pdu.type == PduType.REPORT and self.pdu.varbinds.oids else b""


def encode_discovery(msg_id: int, request_id: int) -> bytes:
    """Return the empty request that an engine answers with a Report that shows its id, boots and time.

    RFC 3414 section 4. Decode the answer with `Keys(b"")`; boots and time are not to be believed until authenticated.
    """
    return encode_v3(encode_pdu(PduType.GET, request_id, 0, 0, ()), msg_id=msg_id, engine=Engine(b""), keys=Keys(b""))


def encode_v3(  # noqa: PLR0913 - each is a field of the message
    pdu: bytes,
    *,
    msg_id: int,
    engine: Engine,
    keys: Keys,
    context_name: bytes = b"",
    context_engine_id: bytes | None = None,
    reportable: bool = True,
    max_size: int = MAX_MESSAGE,
    salt: bytes | None = None,
) -> bytes:
    """Return a message at `keys.level` around an encoded PDU.

    `engine` is the authoritative one: the agent for requests and answers, the sender for traps. `context_engine_id`
    is its id unless given. `max_size` is what we can receive. `salt` is for tests: one that never repeats by itself.
    """
    level = keys.level
    context = tlv(Tag.OCTET_STRING, engine.id if context_engine_id is None else context_engine_id)
    data = tlv(Tag.SEQUENCE, context + tlv(Tag.OCTET_STRING, context_name) + pdu)
    priv_parameters = b""
    if level & _PRIV:
        priv_parameters = new_salt() if salt is None else salt
        data = tlv(Tag.OCTET_STRING, encrypt(keys, engine.boots, engine.time, priv_parameters, data))
    mac_size = DIGESTS[keys.auth].mac_size if keys.auth else 0
    tail = tlv(Tag.OCTET_STRING, priv_parameters)
    security = tlv(
        Tag.SEQUENCE,
        tlv(Tag.OCTET_STRING, engine.id)
        + integer(engine.boots)
        + integer(engine.time)
        + tlv(Tag.OCTET_STRING, keys.user)
        + tlv(Tag.OCTET_STRING, bytes(mac_size))
        + tail,
    )
    flags = level | REPORTABLE if reportable else level
    fields = integer(msg_id) + integer(max_size) + bytes((Tag.OCTET_STRING, 1, flags)) + integer(_USM)
    body = integer(Version.V3) + tlv(Tag.SEQUENCE, fields) + tlv(Tag.OCTET_STRING, security) + data
    message = tlv(Tag.SEQUENCE, body)
    if not mac_size:
        return message
    after = len(tail) + len(data)  # octets that follow the place of the HMAC
    mac = _mac(keys, message)
    return message[: -after - mac_size] + mac + message[-after:]


def _mac(keys: Keys, message: bytes) -> bytes:
    """Return the HMAC over a message with zeros in its place: RFC 3414 section 6.3.1, RFC 7860 section 4.2.1."""
    name, size = DIGESTS[keys.auth]  # type: ignore[index] # callers have looked
    return hmac.digest(keys.auth_key, message, name)[:size]


@dataclass(slots=True)
class _Envelope:
    """A message's header and security parameters, and where its parts stand."""

    msg_id: int
    max_size: int
    flags: int
    engine: Engine
    user: bytes
    mac: bytes
    mac_at: int
    salt: bytes
    data_at: int
    end: int


def decode_v3(data: bytes, keys: Keys) -> V3Message:
    """Verify, decrypt and decode the message that `data` begins with, for the user and engine of these keys.

    AuthError, before anything is decrypted, for another user or engine, a wrong HMAC, or a level other than
    `keys.level`; but a Report may come at a lower level, as engines must send them (RFC 3414 section 3.2): believe
    only what `authenticated` lets you. WireError for what is no version 3 message with this security model.
    """
    envelope = _open(data)
    level = SecurityLevel(envelope.flags & (_AUTH | _PRIV))
    if level & _AUTH:
        _authenticate(data, envelope, keys)
    if level & _PRIV:
        plain = _decrypt(data, envelope, keys)
        context_engine_id, context_name, at, end = _open_scoped(plain, 0, len(plain), encrypted=True)
    else:
        plain = data
        context_engine_id, context_name, at, end = _open_scoped(plain, envelope.data_at, envelope.end, encrypted=False)
    if plain[at : at + 1] != bytes((PduType.REPORT,)):
        _demand(level, envelope, keys)
    pdu = decode_pdu(plain, at, end)
    if not isinstance(pdu, Pdu):
        raise WireError("version 1's trap in a version 3 message", at)
    return V3Message(
        envelope.msg_id,
        envelope.max_size,
        level,
        bool(envelope.flags & REPORTABLE),
        envelope.engine,
        envelope.user,
        context_engine_id,
        context_name,
        pdu,
        len(data) - envelope.end,
    )


def _open(data: bytes) -> _Envelope:
    """Read everything before msgData: RFC 3412 section 6, RFC 3414 section 2.4."""
    at, end = open_message(data)
    version, at = read_integer(data, at, end)
    if version != Version.V3:
        raise WireError(f"version {version} where 3 belongs", at - 1)
    start, stop = expect(data, at, end, Tag.SEQUENCE)
    msg_id, at = _read_unsigned(data, start, stop)
    max_size, at = _read_unsigned(data, at, stop)
    flags, at = read_octets(data, at, stop)
    if len(flags) != 1 or flags[0] & (_AUTH | _PRIV) == _PRIV:
        raise WireError(f"msgFlags 0x{flags.hex()}: one octet belongs, and privacy only with authentication", at - 1)
    model, _ = read_integer(data, at, stop)
    if model != _USM:
        raise WireError(f"security model {model} where 3 (USM) belongs", at)
    start, after = expect(data, stop, end, Tag.OCTET_STRING)
    start, stop = expect(data, start, after, Tag.SEQUENCE)
    engine_id, at = read_octets(data, start, stop)
    boots, at = _read_unsigned(data, at, stop)
    time, at = _read_unsigned(data, at, stop)
    user, at = read_octets(data, at, stop)
    if len(engine_id) > MAX_NAME or len(user) > MAX_NAME:
        raise WireError(f"msgAuthoritativeEngineID or msgUserName of more than {MAX_NAME} octets", start)
    mac_at, at = expect(data, at, stop, Tag.OCTET_STRING)
    salt, _ = read_octets(data, at, stop)
    engine = Engine(engine_id, boots, time)
    return _Envelope(msg_id, max_size, flags[0], engine, user, data[mac_at:at], mac_at, salt, after, end)


def _read_unsigned(data: bytes, at: int, end: int) -> tuple[int, int]:
    value, after = read_integer(data, at, end)
    if not 0 <= value <= MAX_INT:
        raise WireError(f"{value} is outside 0 to {MAX_INT}", at)
    return value, after


def _authenticate(data: bytes, envelope: _Envelope, keys: Keys) -> None:
    """Raise AuthError unless the HMAC is right: RFC 3414 section 6.3.2."""
    if keys.auth is None:
        raise AuthError(f"authenticated, and user {keys.user!r} has no key to verify it", envelope.mac_at)
    if envelope.user != keys.user or envelope.engine.id != keys.engine_id:
        raise AuthError(
            f"from user {envelope.user!r} of engine {envelope.engine.id.hex()}, "
            f"not from {keys.user!r} of {keys.engine_id.hex()}",
            envelope.mac_at,
        )
    size = DIGESTS[keys.auth].mac_size
    start, stop = envelope.mac_at, envelope.mac_at + size
    if len(envelope.mac) != size:
        raise AuthError(f"HMAC of {len(envelope.mac)} octets where {size} belong", start)
    if not hmac.compare_digest(_mac(keys, data[:start] + bytes(size) + data[stop : envelope.end]), envelope.mac):
        raise AuthError("wrong HMAC: another password, or the message was changed on its way", start)


def _decrypt(data: bytes, envelope: _Envelope, keys: Keys) -> bytes:
    """Return the scoped PDU in the clear, padding included. The HMAC has been verified."""
    start, stop = expect(data, envelope.data_at, envelope.end, Tag.OCTET_STRING)
    if keys.priv is None:
        raise AuthError(f"encrypted, and user {keys.user!r} has no key to decrypt it", start)
    if stop != envelope.end:
        raise WireError(f"{envelope.end - stop} octets after the encrypted PDU, inside its message", stop)
    if len(envelope.salt) != SALT_SIZE:
        raise WireError(f"salt of {len(envelope.salt)} octets where {SALT_SIZE} belong", envelope.data_at)
    engine = envelope.engine
    try:
        return decrypt(keys, engine.boots, engine.time, envelope.salt, data[start:stop])
    except ValueError as error:
        raise WireError(f"cannot be decrypted: {error}", start) from error


def _open_scoped(data: bytes, at: int, end: int, *, encrypted: bool) -> tuple[bytes, bytes, int, int]:
    """Return (contextEngineID, contextName, octet where the PDU begins, octet where it must end).

    What follows a decrypted scoped PDU is padding: RFC 3414 section 8.1.1.2.
    """
    try:
        start, stop = expect(data, at, end, Tag.SEQUENCE)
        engine_id, at = read_octets(data, start, stop)
        name, at = read_octets(data, at, stop)
    except WireError as error:
        if encrypted:
            raise AuthError(f"no scoped PDU after decryption, so another privacy password ({error})", 0) from error
        raise
    if stop != end and not encrypted:
        raise WireError(f"{end - stop} octets after the scoped PDU, inside its message", stop)
    return engine_id, name, at, stop


def _demand(level: SecurityLevel, envelope: _Envelope, keys: Keys) -> None:
    """Raise AuthError unless the message came at the keys' level (RFC 3412 section 7.2.10), user and engine."""
    if level != keys.level:
        raise AuthError(f"security level {level.name} where {keys.level.name} was agreed", envelope.mac_at)
    if envelope.user != keys.user or envelope.engine.id != keys.engine_id:
        raise AuthError(f"from user {envelope.user!r} of engine {envelope.engine.id.hex()}", envelope.mac_at)
