"""Where checkpoints are kept: the signing key, checkpoints.jsonl, and the latest one as a file by itself."""

import os
from pathlib import Path
from typing import Final

import structlog

from netmon.core.ledger import keys, note
from netmon.core.ledger.handover import Checkpoint
from netmon.core.ledger.record import timestamp, unix_seconds
from netmon.core.ledger.seals import CHECKPOINTS_FILE, LATEST_FILE, Line, decode_line, encode_line

_TAIL_BYTES: Final = 4 * note.MAX_BYTES  # holds the last line

log = structlog.get_logger(__name__)


class Signed:
    """The checkpoint that was signed last."""

    def __init__(self, data: bytes, signed_at: float) -> None:
        self.note = data
        self.head = note.parse_head(note.parse(data).text)
        self.time = signed_at


class Book:
    """The key and the files of checkpoints. Everything raises OSError, and KeyProblem for a key that cannot be used."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.size = 0  # records under the last one
        self._number = 0  # of the next one
        self._offset = 0  # where it goes
        self._key: keys.SigningKey | None = None

    def open(self, origin: str) -> Signed | None:
        """Read the key, or make it; cut a line off that a crash left torn; return the last checkpoint."""
        try:
            self._key = keys.load(self.directory / keys.KEY_FILE)
        except FileNotFoundError:
            self._key = keys.SigningKey.generate(origin)
            keys.save(self._key, self.directory)
            log.info("a key for the ledger's checkpoints was made", key=self._key.verifier.encode())
        if self._key.verifier.name != origin:
            raise keys.KeyProblem(f"{keys.KEY_FILE} is the key of {self._key.verifier.name}, and this is {origin}")
        return self._read_last()

    def _read_last(self) -> Signed | None:
        path = self.directory / CHECKPOINTS_FILE
        self.size = self._number = self._offset = 0
        if not path.exists():
            return None
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - _TAIL_BYTES))
            tail = file.read()
        whole, _, torn = tail.rpartition(b"\n")
        self._offset = end - len(torn)
        if not whole:
            return None
        line = decode_line(whole.rpartition(b"\n")[2])
        last = Signed(line.note.encode(), unix_seconds(line.time))
        self.size, self._number = last.head.size, (line.number or 0) + 1
        return last

    def add(self, head: note.TreeHead, now: float) -> Checkpoint:
        """Sign, append and put in place."""
        if self._key is None:
            raise keys.KeyProblem("there is no key yet")
        signed = self._key.sign(head.encode())
        line = encode_line(Line(timestamp(now), signed.decode(), self._number)) + b"\n"
        fd = os.open(self.directory / CHECKPOINTS_FILE, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(fd, self._offset)  # what an attempt before this one may have left
            if os.pwrite(fd, line, self._offset) != len(line):
                raise OSError("the disk took only a part of a checkpoint")
            os.fsync(fd)
        finally:
            os.close(fd)
        self._offset += len(line)
        self._number += 1
        self.size = head.size
        self._put_latest(signed)
        return Checkpoint(head.size, signed, now)

    def _put_latest(self, signed: bytes) -> None:
        new = self.directory / (LATEST_FILE + ".new")
        with new.open("wb") as file:
            file.write(signed)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.directory / LATEST_FILE)
