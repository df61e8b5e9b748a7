"""Keys that sign checkpoints: Ed25519 in the encodings of C2SP signed notes, and where they lie on disk."""

import os
import re
import stat
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from netmon.api import NetmonError
from netmon.core.ledger.note import Note, NoteError, Signature, parse, strict_base64, valid_name

KEY_FILE: Final = "ledger.key"
PUBLIC_FILE: Final = "ledger.pub"

_ED25519: Final = b"\x01"  # the type of signature (C2SP signed-note)
_PRIVATE: Final = "PRIVATE+KEY+"
_ID: Final = re.compile(r"[0-9a-f]{8}")
_MAX_BYTES: Final = 65_536  # of a file with keys


class KeyProblem(NetmonError):
    """A key that is none, or that others can read."""


def key_id(name: str, public: bytes) -> bytes:
    """Return the four bytes that tell keys of one name apart (C2SP signed-note, Ed25519 signatures)."""
    return sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half: what others are given to check checkpoints with."""

    name: str
    public: bytes  # 32 bytes

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Return the key that is written so; KeyProblem when it is none."""
        name, public = _parse(text.strip())
        return cls(name, public)

    def encode(self) -> str:
        """Return it as `name+id+key`."""
        return _encode(self.name, self.id, self.public)

    @property
    def id(self) -> bytes:
        """The id that stands before its signatures."""
        return key_id(self.name, self.public)

    def opens(self, note: Note) -> bool:
        """Tell whether the note carries this key's signature. A signature of its that is wrong spoils the note."""
        mine = [one for one in note.signatures if (one.name, one.key_id) == (self.name, self.id)]
        key = Ed25519PublicKey.from_public_bytes(self.public)
        try:
            for one in mine:
                key.verify(one.signature, note.text.encode())
        except InvalidSignature:
            return False
        return bool(mine)


class SigningKey:
    """The private half. Never shown: its `repr` has the name alone."""

    def __init__(self, name: str, seed: bytes) -> None:
        if not valid_name(name):
            raise KeyProblem(f"{name!r} cannot be a key's name: it may not be empty, nor have spaces or plus signs")
        self._seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = VerifierKey(name, self._key.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"SigningKey({self.verifier.name!r})"

    @classmethod
    def generate(cls, name: str) -> "SigningKey":
        """Make a new key."""
        return cls(name, os.urandom(32))

    @classmethod
    def parse(cls, text: str) -> "SigningKey":
        """Return the key that is written so; KeyProblem when it is none."""
        text = text.strip()
        if not text.startswith(_PRIVATE):
            raise KeyProblem("this is not a private key")
        name, seed = _parse(text.removeprefix(_PRIVATE), private=True)
        return cls(name, seed)

    def encode(self) -> str:
        """Return it as `PRIVATE+KEY+name+id+key`. A secret."""
        return _PRIVATE + _encode(self.verifier.name, self.verifier.id, self._seed)

    def sign(self, text: str) -> bytes:
        """Return the text as a signed note."""
        mine = Signature(self.verifier.name, self.verifier.id, self._key.sign(text.encode()))
        return Note(text, (mine,)).encode()


def _encode(name: str, identity: bytes, key: bytes) -> str:
    return f"{name}+{identity.hex()}+{b64encode(_ED25519 + key).decode()}"


def _parse(text: str, *, private: bool = False) -> tuple[str, bytes]:
    name, _, rest = text.partition("+")
    identity, _, encoded = rest.partition("+")
    try:
        key = strict_base64(encoded)
    except NoteError:
        key = b""
    if not valid_name(name) or not _ID.fullmatch(identity) or len(key) != 33 or key[:1] != _ED25519:
        raise KeyProblem("a key is written as name+id+key, with an id of 8 hexadecimal digits and an Ed25519 key")
    public = Ed25519PrivateKey.from_private_bytes(key[1:]).public_key().public_bytes_raw() if private else key[1:]
    if identity != key_id(name, public).hex():
        raise KeyProblem(f"the key's id is not {identity}: the name or the key was mistyped")
    return name, key[1:]


def signed(data: bytes, keys: Sequence[VerifierKey]) -> Note:
    """Return a note that one of the keys signed; NoteError when none did."""
    note = parse(data)
    if not any(key.opens(note) for key in keys):
        raise NoteError("no key that we trust has signed this note")
    return note


def load(path: Path) -> SigningKey:
    """Return the key in a file; KeyProblem when others than its owner can read it, or it holds none. Raises OSError."""
    with path.open("rb") as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeyProblem(f"{path} must be a file that only its owner can read (chmod 0600)")
        return SigningKey.parse(stream.read(_MAX_BYTES).decode("utf-8", "replace"))


def read_public(path: Path) -> tuple[VerifierKey, ...]:
    """Return the keys in a file, one a line, the newest last. Raises OSError, and KeyProblem at a line that is none."""
    with path.open("rb") as stream:
        lines = stream.read(_MAX_BYTES).decode("utf-8", "replace").splitlines()
    return tuple(VerifierKey.parse(line) for line in lines if line.strip())


def save(key: SigningKey, folder: Path) -> None:
    """Put a new key into the folder: the private half for us alone, the public one added to those before it."""
    public = folder / PUBLIC_FILE
    before = public.read_text(encoding="utf-8") if public.exists() else ""
    if key.verifier.encode() not in before.splitlines():
        _write(public, f"{before}{key.verifier.encode()}\n", 0o644)
    _write(folder / KEY_FILE, key.encode() + "\n", 0o600)


def _write(path: Path, text: str, mode: int) -> None:
    """Put a file in place whole, or not at all."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(fd, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(path)
