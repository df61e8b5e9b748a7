"""The checkpoints that a verifier holds the records against: the ledger's own, and those that witnesses kept."""

import email
import email.policy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec

from netmon.core.ledger import note
from netmon.core.ledger.faults import Fault, Remark, Wrong
from netmon.core.ledger.keys import VerifierKey, signed

CHECKPOINTS_FILE: Final = "checkpoints.jsonl"
LATEST_FILE: Final = "checkpoint"
MAX_LINE_BYTES: Final = 2 * note.MAX_BYTES


class Line(msgspec.Struct, omit_defaults=True):
    """One line of checkpoints.jsonl, and of a witness's file. Numbers count from 0 and have no gaps."""

    time: str  # RFC 3339, by the clock of the machine that signed
    note: str
    number: int | None = None


encode_line = msgspec.json.Encoder().encode
decode_line = msgspec.json.Decoder(Line).decode


@dataclass(frozen=True, slots=True)
class Seal:
    """A checkpoint whose signature was verified, and where it came from."""

    head: note.TreeHead
    where: str
    line: int
    outside: bool
    time: str = ""  # by the clock of the machine that signed; nothing seals it
    signed: bool = True  # else only the ledger's own notes say so: `committed`, or how many hashes there are


@dataclass(slots=True)
class Seals:
    """Reads checkpoints and tells what is wrong with them."""

    keys: Sequence[VerifierKey]
    origin: str
    fault: Callable[[Fault], None]
    remark: Callable[[Remark], None]

    def own(self, directory: Path) -> Iterator[Seal]:
        """Give the ledger's own in their order: those that are there when it is asked for the first."""
        try:
            latest: bytes | None = (directory / LATEST_FILE).read_bytes()
        except OSError:
            latest = None
        last = Seal(note.TreeHead(self.origin, 0, b""), "", 0, outside=False)
        number = -1
        for place, raw in self._lines(directory / CHECKPOINTS_FILE):
            try:
                line = decode_line(raw)
            except ValueError:  # msgspec's own is one
                self.fault(Fault(Wrong.NOTE, CHECKPOINTS_FILE, place))
                number += 1
                continue
            seal = self.check(line.note.encode(), CHECKPOINTS_FILE, place, outside=False)
            expected, number = number + 1, line.number if line.number is not None else number + 1
            if number != expected or (seal and seal.head.size < last.head.size):
                self.fault(Fault(Wrong.CHECKPOINTS_GONE, CHECKPOINTS_FILE, place))
            if seal and seal.head.size >= last.head.size:
                last = seal
                yield replace(seal, time=line.time)
        if latest is not None:
            newest = self.check(latest, LATEST_FILE, 1, outside=False)
            if newest and newest.head.size > last.head.size:
                self.fault(Fault(Wrong.LATEST_GONE, CHECKPOINTS_FILE, values={"size": newest.head.size}))
                yield newest

    def _lines(self, path: Path) -> Iterator[tuple[int, bytes]]:
        try:
            with path.open("rb") as file:
                end = path.stat().st_size  # what is added from now on may be of records that are not read any more
                place = 0
                while file.tell() < end and (raw := file.readline(MAX_LINE_BYTES)):
                    place += 1
                    if raw.endswith(b"\n"):
                        yield place, raw
                    elif file.tell() >= end:
                        self.remark(Remark.TORN_CHECKPOINT)
                    else:
                        yield place, b""
        except OSError:
            return

    def outside(self, name: str, data: bytes) -> list[Seal]:
        """Return what stands in a file that a witness kept: lines as in checkpoints.jsonl, notes, or a letter."""
        found = [self.check(each, name, place, outside=True) for place, each in notes_in(data)]
        if not found:
            self.fault(Fault(Wrong.NOTE, name))
        return [seal for seal in found if seal is not None]

    def check(self, data: bytes, where: str, line: int, *, outside: bool) -> Seal | None:
        """Return a checkpoint that is what it should be; else tell the fault."""
        try:
            head = note.parse_head(note.parse(data).text)
        except note.NoteError:
            self.fault(Fault(Wrong.NOTE, where, line))
            return None
        try:
            signed(data, self.keys)
        except note.NoteError:
            self.fault(Fault(Wrong.SIGNATURE, where, line))
            return None
        if self.origin and head.origin != self.origin:
            self.fault(Fault(Wrong.OTHER_LEDGER, where, line, values={"origin": head.origin}))
            return None
        return Seal(head, where, line, outside)


def notes_in(data: bytes) -> list[tuple[int, bytes]]:
    """Return (line, note) of every checkpoint in a file, however a witness kept it. Lines count from 1."""
    if data.lstrip().startswith(b"{"):
        lines = [(place, raw) for place, raw in enumerate(data.split(b"\n"), start=1) if raw.strip()]
        return [(place, _note_of(raw)) for place, raw in lines]
    found = list(note.find(data)) or list(note.find(_letter(data)))
    return [(data[: max(data.find(each), 0)].count(b"\n") + 1, each) for each in found]


def _note_of(raw: bytes) -> bytes:
    try:
        return decode_line(raw).note.encode()
    except ValueError:
        return b""


def _letter(data: bytes) -> bytes:
    """Return the plain text of an e-mail as it was saved."""
    body = email.message_from_bytes(data, policy=email.policy.default).get_body(("plain",))
    try:
        return body.get_content().encode() if body is not None else b""
    except (LookupError, ValueError, AttributeError):  # an encoding that Python does not know, or that is wrong
        return b""
