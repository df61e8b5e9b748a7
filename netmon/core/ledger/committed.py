"""The file `committed`: how far the ledger surely is on disk, and its tree there. Written after each commit.

It is a hint that is always true, though after a power cut perhaps some seconds old: it is never synced itself. Readers
stop where it says, a restart tells by it a torn end from damage to what was acknowledged, and where records are damaged
the tree goes on from the hashes in it. Without it, everything is worked out from the segments.

Two blocks are written in turn, so that a write that was cut short spoils one of them only.
"""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from netmon.core.ledger.files import Disk
from netmon.core.ledger.merkle import Frontier

NAME: Final = "committed"
BLOCK: Final = 4_096  # bytes: a page; a tree of 2**50 records fits


@dataclass(frozen=True, slots=True)
class Committed:
    """The tree over everything that was committed at some moment."""

    origin: str
    tree: Frontier


class _Line(msgspec.Struct):
    origin: str
    size: int
    frontier: list[str]


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Line)


def encode(origin: str, tree: Frontier) -> bytes:
    """Return one block's content: the checksum of what follows, a space, JSON, a newline."""
    text = _encoder.encode(_Line(origin, tree.size, [each.hex() for each in tree.hashes]))
    return b"%s %s\n" % (sha256(text).hexdigest().encode(), text)


def decode(block: bytes) -> Committed | None:
    """Return what a block says; None when it was not written whole."""
    checksum, _, text = block.partition(b"\n")[0].partition(b" ")
    if sha256(text).hexdigest().encode() != checksum:
        return None
    found = _decoder.decode(text)
    return Committed(found.origin, Frontier([bytes.fromhex(each) for each in found.frontier], found.size))


def load(directory: Path) -> Committed | None:
    """Return the newest that can be read, None when there is none. OSError when the file is there but unreadable."""
    try:
        content = (directory / NAME).read_bytes()
    except FileNotFoundError:
        return None
    found = [each for each in (decode(content[:BLOCK]), decode(content[BLOCK : 2 * BLOCK])) if each is not None]
    return max(found, key=lambda each: each.tree.size, default=None)


class CommittedFile:
    """Writes it."""

    def __init__(self, directory: Path, disk: Disk) -> None:
        self._path = directory / NAME
        self._disk = disk
        self._fd: int | None = None
        self._turn = 0

    def write(self, origin: str, tree: Frontier) -> None:
        """Say how far the ledger is. A disk that refuses is no matter: the older hint is as true."""
        try:
            if self._fd is None:
                self._fd = self._disk.open(self._path)
            self._disk.write(self._fd, encode(origin, tree), self._turn * BLOCK)
            self._turn ^= 1
        except OSError:
            self.close()

    def close(self) -> None:
        """Let go of the file; the next write opens it again."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
