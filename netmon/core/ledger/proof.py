"""Proves to others that a record stands in a ledger, without showing them the rest (C2SP tlog-proof).

The proof is one text file: the record's line as its extra data, its index, the hashes that lead from its leaf to the
root (RFC 9162, 2.1.3.1), and the signed checkpoint.
"""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from netmon.api import NetmonError
from netmon.core.ledger import note
from netmon.core.ledger.hashes import SideFiles
from netmon.core.ledger.keys import VerifierKey, signed
from netmon.core.ledger.merkle import inclusion_ranges, range_roots, verify_inclusion
from netmon.core.ledger.record import leaf_hash
from netmon.core.ledger.seals import LATEST_FILE
from netmon.core.ledger.segments import read
from netmon.core.ledger.side_writer import leaf_of

SUFFIX: Final = ".tlog-proof"
MAX_BYTES: Final = 64 << 20  # a record has at most 16 MiB, and a third more in base64
_MAGIC: Final = "c2sp.org/tlog-proof@v1"
_PURGED: Final = b'"purged":"'


class ProofError(NetmonError):
    """There is no such proof, or it proves nothing."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof says, before it is checked."""

    line: bytes
    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes  # a signed note

    def encode(self) -> bytes:
        """Return it as a file."""
        lines = [_MAGIC, f"extra {b64encode(self.line).decode()}", f"index {self.index}"]
        lines += [b64encode(each).decode() for each in self.hashes]
        return "\n".join(lines).encode() + b"\n\n" + self.checkpoint


def parse(data: bytes) -> Proof:
    """Return what a file says; ProofError when it is no proof."""
    head, blank, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
        if len(data) > MAX_BYTES or not blank or lines[0] != _MAGIC or len(lines) > 3 + 64:
            raise ProofError("this is not a proof: its first line should be " + _MAGIC)
        extra, index = lines[1].removeprefix("extra "), lines[2].removeprefix("index ")
        if lines[1] == extra or lines[2] == index or not index.isdecimal() or str(int(index)) != index:
            raise ProofError("this proof does not carry a record and its number")
        hashes = tuple(map(note.strict_base64, lines[3:]))
        return Proof(note.strict_base64(extra), int(index), hashes, checkpoint)
    except (UnicodeDecodeError, IndexError, note.NoteError) as error:
        raise ProofError(f"this is not a proof: {error}") from None


def check(data: bytes, keys: Sequence[VerifierKey]) -> tuple[Proof, note.TreeHead]:
    """Return the proof and the tree that its record stands in, if it proves that; else ProofError says why not."""
    proof = parse(data)
    try:
        head = note.parse_head(signed(proof.checkpoint, keys).text)
    except note.NoteError as error:
        raise ProofError(f"the checkpoint in the proof is not one that we can trust: {error}") from None
    if not verify_inclusion(leaf_hash(proof.line), proof.index, head.size, proof.hashes, head.root):
        raise ProofError(f"the record is not the one that stands in the ledger as number {proof.index}")
    return proof, head


def prove(directory: Path, seq: int, checkpoint: bytes | None = None) -> Proof:
    """Return the proof that a record stands under a checkpoint: the latest, unless another is given.

    ProofError when there is no such record, or the ledger does not fit its checkpoint. Raises OSError.
    """
    try:
        whole = (directory / LATEST_FILE).read_bytes() if checkpoint is None else checkpoint
        head = note.parse_head(note.parse(whole).text)
    except FileNotFoundError:
        raise ProofError("the ledger has no checkpoint yet") from None
    except note.NoteError as error:
        raise ProofError(f"this is not a checkpoint: {error}") from None
    if not 0 <= seq < head.size:
        _line(directory, seq)  # it says so where there is no such record at all
        raise ProofError(f"record {seq} is not under this checkpoint, which seals {head.size} records")
    line = _line(directory, seq)
    with closing(SideFiles(directory)) as side:  # first: a tenth of the bytes
        for leaves in (side.each(0, head.size), (leaf_of(each) for _, each in islice(read(directory), head.size))):
            hashes = _hashes(leaves, seq, head.size)
            if verify_inclusion(leaf_hash(line), seq, head.size, hashes, head.root):
                return Proof(line, seq, tuple(hashes), whole)
    raise ProofError("the ledger does not fit this checkpoint: netmon ledger verify says where")


def _line(directory: Path, seq: int) -> bytes:
    found, line = next(iter(read(directory, seq)), (None, b""))
    if found != seq:
        raise ProofError(f"there is no record {seq}")
    if _PURGED in line[:48]:
        raise ProofError(f"record {seq} was purged: only its hash is left, which proves nothing to others")
    return line


def _hashes(leaves: Iterable[bytes], seq: int, size: int) -> list[bytes]:
    try:
        return range_roots(leaves, inclusion_ranges(seq, size))
    except IndexError:  # there are not that many
        return []
