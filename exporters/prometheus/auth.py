"""HTTP basic authentication (RFC 7617) against bcrypt hashes, without telling by its time which names exist."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping

from pydantic import SecretStr

_BCRYPT_BYTES = 72  # what bcrypt looks at of a password; other exporters ignore the rest too
_MAX_WAITING = 32  # checks that may wait: each costs a core 50 ms and more, and an attacker may send many


class TooManyChecksError(Exception):
    """More passwords wait for their check than we want to keep."""


def parse_basic(header: str) -> tuple[str, bytes] | None:
    """Return (name, password) of an Authorization header, None where it is not one of basic authentication."""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(token.strip(), validate=True).partition(b":")
        return (name.decode(), password) if colon else None
    except (binascii.Error, ValueError):
        return None


class Passwords:
    """Checks names and passwords. A password that was right once is remembered, as a keyed digest."""

    def __init__(self, users: Mapping[str, SecretStr]) -> None:
        self._hashes = {name: value.get_secret_value().encode() for name, value in users.items()}
        costs = [value.split(b"$")[2] for value in self._hashes.values()]
        # An unknown name is checked against this, so that it takes as long as a known one.
        self._nobody = b"$2b$" + max(costs, default=b"10") + b"$" + b"." * 53
        self._key = secrets.token_bytes(32)
        self._right: dict[str, bytes] = {}  # by name: at most one password each, so it cannot outgrow the users
        self._gate = asyncio.Semaphore(1)
        self._waiting = 0

    async def check(self, name: str, password: bytes) -> bool:
        """Tell whether the password is the user's; raise TooManyChecksError under a flood of guesses."""
        digest = hmac.new(self._key, name.encode() + b"\0" + password, hashlib.sha256).digest()
        if hmac.compare_digest(self._right.get(name, b""), digest):
            return True
        if self._waiting >= _MAX_WAITING:
            raise TooManyChecksError
        self._waiting += 1
        try:
            async with self._gate:
                right = await asyncio.to_thread(_matches, password, self._hashes.get(name, self._nobody))
        finally:
            self._waiting -= 1
        right = right and name in self._hashes
        if right:
            self._right[name] = digest
        return right


def _matches(password: bytes, hashed: bytes) -> bool:
    import bcrypt  # noqa: PLC0415 - only who sets passwords needs it

    try:
        return bcrypt.checkpw(password[:_BCRYPT_BYTES], hashed)
    except ValueError:  # a NUL in the password, which bcrypt does not know
        return False
