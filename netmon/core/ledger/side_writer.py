"""Writes the side files of hashes: from lines as they are committed, else from the segments. For one thread."""

import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from netmon.core.ledger.hashes import HASH_BYTES, hash_lines, path_of
from netmon.core.ledger.record import Stub, decode
from netmon.core.ledger.segments import read, segments

UNKNOWN: Final = bytes(HASH_BYTES)  # of a line that cannot be read: it is the hash of no line
_PURGED: Final = b'"purged":"'
_AT_ONCE: Final = 10_000  # lines that are read before their hashes are written


class SideWriter:
    """Knows how far the hashes go. After an OSError, `resume` finds that out again."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._end = 0  # the first record whose hash is not written yet
        self._firsts: list[int] = []
        self._first = -1
        self._file: BinaryIO | None = None

    @property
    def end(self) -> int:
        """How many records' hashes are written."""
        return self._end

    def resume(self, sealed: int) -> None:
        """Go on behind the last checkpoint, of so many records: what is after it was never synced."""
        self.close()
        firsts = [segment.first_seq for segment in segments(self._directory)]
        ends = [*firsts[1:], None]
        have = [
            self._trim(first, sealed if end is None else min(sealed, end))
            for first, end in zip(firsts, ends, strict=True)
        ]
        short = (one for one, end in zip(have, ends, strict=True) if one != end)
        self._end = next(short, 0)

    def _trim(self, first: int, stop: int) -> int:
        """Cut off a side file's hashes of records from `stop` on; return the first record that it lacks."""
        path = path_of(self._directory, first)
        keep = max(stop - first, 0)
        try:
            have = max(path.stat().st_size // HASH_BYTES - 1, 0)
            os.truncate(path, (1 + min(have, keep)) * HASH_BYTES)
        except FileNotFoundError:
            have = 0
        return first + min(have, keep)

    def note(self, first_seq: int, lines: Sequence[bytes]) -> None:
        """Take lines that were committed. What is missing before them is read from the segments."""
        self.extend_to(first_seq)
        fresh = lines[self._end - first_seq :] if self._end > first_seq else lines
        if fresh and self._end >= first_seq:
            self._append(hash_lines(fresh))

    def extend_to(self, size: int) -> None:
        """Read from the segments what is still missing below `size`."""
        if self._end >= size:
            return
        found = _hashes(self._directory, self._end, size)
        while part := b"".join(islice(found, _AT_ONCE)):
            self._append(part)

    def sync(self) -> None:
        """Return when what was written would survive a power cut."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file that is open."""
        if self._file is not None:
            self._file.close()
            self._file, self._first = None, -1

    def _append(self, hashes: bytes) -> None:
        """Write hashes of records from `end` on, each into its segment's file."""
        while hashes:
            first, next_first = self._segment_of(self._end)
            here = len(hashes) if next_first is None else min(len(hashes), (next_first - self._end) * HASH_BYTES)
            file = self._open(first)
            file.seek((self._end - first + 1) * HASH_BYTES)
            file.write(hashes[:here])
            file.flush()
            self._end += here // HASH_BYTES
            hashes = hashes[here:]

    def _segment_of(self, seq: int) -> tuple[int, int | None]:
        """Return the segment that a record is in, and the one after it. A commit never spans two but at its first."""
        self._firsts = [segment.first_seq for segment in segments(self._directory)]
        at = bisect_right(self._firsts, seq) - 1
        if at < 0:
            raise FileNotFoundError(f"no segment has record {seq}")
        return self._firsts[at], self._firsts[at + 1] if at + 1 < len(self._firsts) else None

    def _open(self, first: int) -> BinaryIO:
        if self._file is None or first != self._first:
            self.sync()
            self.close()
            fd = os.open(path_of(self._directory, first), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._file, self._first = os.fdopen(fd, "r+b"), first
            if os.fstat(fd).st_size <= HASH_BYTES:
                with path_of(self._directory, first).with_suffix(".jsonl").open("rb") as segment:
                    self._file.write(hash_lines([segment.readline(1 << 20).removesuffix(b"\n")]))
        return self._file


def _hashes(directory: Path, start: int, stop: int) -> Iterator[bytes]:
    """Give the hash of each record from `start` on and below `stop`, as the segments have it."""
    for seq, line in _within(read(directory, start), stop):
        while start < seq:
            yield UNKNOWN
            start += 1
        yield leaf_of(line)
        start += 1


def _within(lines: Iterable[tuple[int, bytes]], stop: int) -> Iterator[tuple[int, bytes]]:
    for seq, line in lines:
        if seq >= stop:
            return
        yield seq, line


def leaf_of(line: bytes) -> bytes:
    """Return the hash of a line, or the one that a stub holds."""
    if _PURGED in line[:48]:
        try:
            found = decode(line)
        except ValueError:
            return UNKNOWN
        if isinstance(found, Stub):
            return found.leaf
    return sha256(b"\0" + line).digest()
