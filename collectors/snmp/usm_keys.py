"""Users of the User-based Security Model and their keys: from pass-phrase to key to engine. RFC 3414 section 2.6."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from collectors.snmp.settings import AuthProtocol, PrivProtocol

_STRETCHED = 1_048_576  # octets of repeated pass-phrase that make a key: RFC 3414 section A.2


class SecurityLevel(IntEnum):
    """msgFlags without the reportable bit: RFC 3412 section 6.4."""

    NO_AUTH_NO_PRIV = 0
    AUTH_NO_PRIV = 1
    AUTH_PRIV = 3


class Digest(NamedTuple):
    """A message digest: its name in hashlib, and how many octets of an HMAC cross the wire."""

    name: str
    mac_size: int


DIGESTS = MappingProxyType(
    {
        AuthProtocol.MD5: Digest("md5", 12),  # RFC 3414 section 6.3.1
        AuthProtocol.SHA1: Digest("sha1", 12),  # RFC 3414 section 7.3.1
        AuthProtocol.SHA224: Digest("sha224", 16),  # RFC 7860 section 4.1, these and the next
        AuthProtocol.SHA256: Digest("sha256", 24),
        AuthProtocol.SHA384: Digest("sha384", 32),
        AuthProtocol.SHA512: Digest("sha512", 48),
    }
)
PRIV_KEY_SIZES = MappingProxyType(
    {
        PrivProtocol.DES: 16,  # 8 octets of key, 8 of pre-IV: RFC 3414 section 8.1.1.1
        PrivProtocol.AES128: 16,  # RFC 3826 section 3.1.2.1
        PrivProtocol.AES192: 24,
        PrivProtocol.AES256: 32,
        PrivProtocol.AES192C: 24,
        PrivProtocol.AES256C: 32,
    }
)


@dataclass(frozen=True, slots=True)
class User:
    """Who asks, with pass-phrases. A protocol that is None is not used; privacy needs authentication."""

    name: bytes
    auth: AuthProtocol | None = None
    auth_password: bytes = b""
    priv: PrivProtocol | None = None
    priv_password: bytes = b""

    def __repr__(self) -> str:  # never the pass-phrases
        return f"User({self.name!r}, auth={self.auth}, priv={self.priv})"


@dataclass(frozen=True, slots=True)
class Keys:
    """A user's keys for one engine: make them with `localise`. `Keys(b"")` is nobody, as in discovery."""

    user: bytes
    engine_id: bytes = b""
    auth: AuthProtocol | None = None
    auth_key: bytes = b""
    priv: PrivProtocol | None = None
    priv_key: bytes = b""

    @property
    def level(self) -> SecurityLevel:
        """The security that these keys give."""
        if self.auth is None:
            return SecurityLevel.NO_AUTH_NO_PRIV
        return SecurityLevel.AUTH_NO_PRIV if self.priv is None else SecurityLevel.AUTH_PRIV

    def __repr__(self) -> str:  # never the keys
        return f"Keys({self.user!r}, {self.engine_id.hex()}, auth={self.auth}, priv={self.priv})"


@lru_cache(maxsize=16_384)  # engines a process polls, some with two users; about 400 octets each
def localise(user: User, engine_id: bytes) -> Keys:
    """Return the user's keys for this engine. About a millisecond for a new pass-phrase, then microseconds an engine
    (a millisecond again with Reeder's extension); the same engine comes from the cache.
    """
    if user.auth is None:
        if user.priv is not None:
            raise ValueError(f"user {user.name!r}: privacy needs authentication")
        return Keys(user.name, engine_id)
    digest = DIGESTS[user.auth].name
    auth_key = localised_key(digest, user.auth_password, engine_id)
    if user.priv is None:
        return Keys(user.name, engine_id, user.auth, auth_key)
    priv_key = localised_key(digest, user.priv_password, engine_id)
    extend = _extend_reeder if user.priv in (PrivProtocol.AES192C, PrivProtocol.AES256C) else _extend_blumenthal
    size = PRIV_KEY_SIZES[user.priv]
    while len(priv_key) < size:
        priv_key = extend(digest, priv_key, engine_id)
    return Keys(user.name, engine_id, user.auth, auth_key, user.priv, priv_key[:size])


def localised_key(digest: str, password: bytes, engine_id: bytes) -> bytes:
    """Return Kul = H(Ku, engineID, Ku): RFC 3414 section 2.6."""
    ku = password_to_key(digest, password)
    return _hash(digest)(ku + engine_id + ku)


@lru_cache(maxsize=256)  # pass-phrases times digests: an organisation has few, and each costs a millisecond
def password_to_key(digest: str, password: bytes) -> bytes:
    """Return Ku, the digest of a million octets of the pass-phrase over and over: RFC 3414 section A.2."""
    return _stretch(digest, password)


def _stretch(digest: str, password: bytes) -> bytes:
    if not password:
        raise ValueError("a pass-phrase of no octets gives no key")
    repeated = password * (_STRETCHED // len(password) + 1)
    return _hash(digest)(repeated[:_STRETCHED])


def _extend_blumenthal(digest: str, key: bytes, _engine_id: bytes) -> bytes:
    """Append the digest of all the key so far: draft-blumenthal-aes-usm-04 section 3.1.2.1."""
    return key + _hash(digest)(key)


def _extend_reeder(digest: str, key: bytes, engine_id: bytes) -> bytes:
    """Append the last part of the key made into a key as if it were a pass-phrase: draft-reeder-snmpv3-usm-3desede-00
    section 2.1, which Cisco took over for AES.
    """
    size = hashlib.new(digest, usedforsecurity=False).digest_size
    ku = _stretch(digest, key[-size:])  # not cached: every engine has its own
    return key + _hash(digest)(ku + engine_id + ku)


def _hash(digest: str) -> Callable[[bytes], bytes]:
    """Return one digest as a function. The flag lets MD5 and SHA-1 run where OpenSSL's policy forbids them: the peer
    chose the protocol, and refusing it would leave no security at all.
    """
    return lambda octets: hashlib.new(digest, octets, usedforsecurity=False).digest()
