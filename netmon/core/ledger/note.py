"""Signed notes (C2SP signed-note) and the checkpoints in them (C2SP tlog-checkpoint): text ↔ values. Pure.

What a note says counts only after one of its signatures was verified: `keys.VerifierKey.opens`.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from netmon.api import NetmonError

MAX_BYTES: Final = 1 << 20
"""Of one note: the specification asks for at least 16 signatures, of up to 5 kB each."""

MAX_SIGNATURES: Final = 100  # so that a hostile note does not keep a verifier busy
MAX_SIZE: Final = 1 << 63  # leaves of a tree: what a signed 64-bit number holds

_DASH: Final = "\N{EM DASH} "
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")  # every one but the newline
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_NOTE: Final = re.compile(
    rb"^[^\n]+\n(?:0|[1-9][0-9]{0,18})\n[A-Za-z0-9+/]{43}=\n(?:[^\n]+\n){0,8}\n"  # the text: tlog-checkpoint
    rb"(?:\xe2\x80\x94 [^ \n]+ [A-Za-z0-9+/=]+\n)+",  # its signatures
    re.MULTILINE,
)


class NoteError(NetmonError):
    """The text is no signed note, or no checkpoint."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who says to have signed, with which key."""

    name: str
    key_id: bytes  # 4 bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and its signatures."""

    text: str
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """Return the note as it is stored and sent."""
        lines = [f"{_DASH}{s.name} {b64encode(s.key_id + s.signature).decode()}\n" for s in self.signatures]
        return f"{self.text}\n{''.join(lines)}".encode()


@dataclass(frozen=True, slots=True)
class TreeHead:
    """What a checkpoint says: this log had so many records, and this is the root of the tree over them."""

    origin: str
    size: int
    root: bytes  # 32 bytes

    def encode(self) -> str:
        """Return the text of its note."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


def parse(data: bytes) -> Note:
    """Return a signed note; NoteError says what is wrong with it."""
    if len(data) > MAX_BYTES:
        raise NoteError(f"a note has at most {MAX_BYTES} bytes")
    try:
        whole = data.decode()
    except UnicodeDecodeError:
        raise NoteError("a note is UTF-8 text") from None
    if _CONTROL.search(whole):
        raise NoteError("a note has no control characters but newlines")
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise NoteError("a note is a text, an empty line, and lines with signatures")
    signatures = lines[:-1].split("\n")
    if len(signatures) > MAX_SIGNATURES:
        raise NoteError(f"a note has at most {MAX_SIGNATURES} signatures")
    return Note(text + "\n", tuple(map(_signature, signatures)))


def _signature(line: str) -> Signature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not valid_name(name):
        raise NoteError("a line with a signature is a dash, the key's name, and the signature")
    value = strict_base64(encoded)
    if len(value) < 5:
        raise NoteError("a signature is a key's id of 4 bytes and what the key made")
    return Signature(name, value[:4], value[4:])


def parse_head(text: str) -> TreeHead:
    """Return what a checkpoint's text says; NoteError when it is none. Lines after the third are not ours to judge."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):
        raise NoteError("a checkpoint is at least three lines, none of them empty")
    if not _NUMBER.fullmatch(lines[1]) or int(lines[1]) >= MAX_SIZE:
        raise NoteError("a checkpoint's second line is the number of records")
    root = strict_base64(lines[2])
    if len(root) != 32:
        raise NoteError("a checkpoint's third line is a hash of 32 bytes")
    return TreeHead(lines[0], int(lines[1]), root)


def find(data: bytes) -> Iterator[bytes]:
    """Give every checkpoint that stands somewhere in a text: in a file of notes, or in a letter."""
    for found in _NOTE.finditer(data.replace(b"\r\n", b"\n")):
        yield found[0]


def valid_name(name: str) -> bool:
    """Tell whether a key may be called so: not empty, no space of any kind, no plus sign."""
    return bool(name) and not any(each.isspace() or each == "+" for each in name)


def strict_base64(text: str) -> bytes:
    """Return the bytes; NoteError when they would not be written like this (RFC 4648, 4)."""
    try:
        value = b64decode(text.encode("ascii"), validate=True)
    except ValueError:
        raise NoteError("this is not base64") from None
    if b64encode(value).decode() != text:
        raise NoteError("this is not base64 as it is written")
    return value
