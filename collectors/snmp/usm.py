"""SNMP version 3 messages under the User-based Security Model: RFC 3412 section 6, RFC 3414, RFC 3826, RFC 7860."""

from dataclasses import dataclass
from enum import IntEnum

from collectors.snmp.ber import WireError
from collectors.snmp.settings import AuthProtocol, PrivProtocol
from collectors.snmp.wire import Pdu


class AuthError(WireError):
    """The message is not shown to be from whom it says, or not at the level of security that was agreed."""


class SecurityLevel(IntEnum):
    """msgFlags without the reportable bit: RFC 3412 section 6.4."""

    NO_AUTH_NO_PRIV = 0
    AUTH_NO_PRIV = 1
    AUTH_PRIV = 3


@dataclass(frozen=True, slots=True)
class User:
    """Who asks, with pass-phrases. A protocol that is None is not used."""

    name: bytes
    auth: AuthProtocol | None = None
    auth_password: bytes = b""
    priv: PrivProtocol | None = None
    priv_password: bytes = b""


@dataclass(frozen=True, slots=True)
class Keys:
    """A user's keys for one engine: make them with `localise`."""

    user: bytes
    auth: AuthProtocol | None = None
    auth_key: bytes = b""
    priv: PrivProtocol | None = None
    priv_key: bytes = b""

    @property
    def level(self) -> SecurityLevel:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Engine:
    """An authoritative engine: snmpEngineID, snmpEngineBoots, snmpEngineTime in seconds (of the moment of sending)."""

    id: bytes
    boots: int = 0
    time: int = 0


@dataclass(slots=True)
class V3Message:
    """A decoded message. `authenticated` says whether its HMAC was verified; only reports come without it."""

    msg_id: int
    max_size: int
    level: SecurityLevel
    reportable: bool
    engine: Engine
    user: bytes
    context_engine_id: bytes
    context_name: bytes
    pdu: Pdu
    authenticated: bool
    trailing: int = 0

    @property
    def report(self) -> bytes:
        """The first OID (contents octets) of a Report, such as `USM_NOT_IN_TIME_WINDOWS`; empty when it is none."""
        raise NotImplementedError


def localise(user: User, engine_id: bytes) -> Keys:
    """Return the user's keys for this engine. Costs milliseconds the first time, then comes from a capped cache."""
    raise NotImplementedError


def encode_v3(
    pdu: bytes,
    *,
    msg_id: int,
    engine: Engine,
    keys: Keys,
    context_name: bytes = b"",
    context_engine_id: bytes | None = None,
    reportable: bool = True,
    max_size: int = 65_507,
) -> bytes:
    """Return a message at `keys.level`. The salt is taken from a counter of this process that begins at random."""
    raise NotImplementedError


def decode_v3(data: bytes, keys: Keys) -> V3Message:
    """Verify, decrypt and decode. AuthError, before anything is decrypted, for a message that is not at `keys.level`
    (unless it is a Report) or whose HMAC or user is wrong. For discovery's answer give `Keys(b"")`.
    """
    raise NotImplementedError


def encode_discovery(msg_id: int, request_id: int) -> bytes:
    """Return the empty request that an engine answers with a Report which carries its id, boots and time."""
    raise NotImplementedError
