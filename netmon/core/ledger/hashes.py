"""The side files `segments/<first seq>.hashes`: each line's hash, to tell a changed line from its neighbours.

A checkpoint's signature covers a root, not a line. The hashes prove nothing by themselves and can be made again from
the segments at any time; but hashes that give the root that was signed are those of the lines that were signed. Per
line of the segment, its header first, 32 bytes (record.leaf_hash). They are 32 bytes of about 400, and no record's
content, so that a purge leaves them as they are.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from netmon.core.ledger.segments import FOLDER

HASH_BYTES: Final = 32
SUFFIX: Final = ".hashes"
_AT_ONCE: Final = 4_096  # hashes


def path_of(directory: Path, first_seq: int) -> Path:
    """Return the side file of the segment that begins with this record."""
    return directory / FOLDER / f"{first_seq:020d}{SUFFIX}"


def hash_lines(lines: Iterable[bytes]) -> bytes:
    """Return the leaf hashes of lines, one after the other (RFC 9162, 2.1.1)."""
    return b"".join([sha256(b"\0" + line).digest() for line in lines])


class SideFiles:
    """Reads the hashes of a ledger's records in order, over the borders of its segments. Keeps one file open."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._firsts = side_files(directory)
        self._first = -1
        self._file: BinaryIO | None = None

    def header(self, first_seq: int) -> bytes:
        """Return the hash of the segment's header; b"" where there is none."""
        return self._read(first_seq, 0, 1) if first_seq in self._firsts else b""

    def take(self, seq: int, count: int) -> bytes:
        """Return the hashes of `count` records from `seq` on, one after the other; fewer where they end."""
        found = b""
        while count:
            at = bisect_right(self._firsts, seq) - 1
            if at < 0:
                break
            end = self._firsts[at + 1] if at + 1 < len(self._firsts) else seq + count
            wanted = min(end - seq, count)
            part = self._read(self._firsts[at], seq - self._firsts[at] + 1, wanted)
            found += part
            got = len(part) // HASH_BYTES
            seq, count = seq + got, count - got
            if got < wanted:
                break
        return found

    def each(self, start: int, stop: int) -> Iterator[bytes]:
        """Give the hashes of the records from `start` on and below `stop`, as far as they are there."""
        while start < stop and (found := self.take(start, min(_AT_ONCE, stop - start))):
            yield from split(found)
            start += len(found) // HASH_BYTES

    def close(self) -> None:
        """Close the file that is open."""
        if self._file is not None:
            self._file.close()
            self._file, self._first = None, -1

    def _read(self, first_seq: int, place: int, count: int) -> bytes:
        try:
            if self._file is None or first_seq != self._first:
                self.close()
                self._file, self._first = path_of(self._directory, first_seq).open("rb"), first_seq
            self._file.seek(place * HASH_BYTES)
            found = self._file.read(count * HASH_BYTES)
        except OSError:
            return b""
        return found[: len(found) // HASH_BYTES * HASH_BYTES]


def side_files(directory: Path) -> list[int]:
    """Return the first records of the side files that are there, in order."""
    try:
        names = [path.name for path in (directory / FOLDER).iterdir() if path.suffix == SUFFIX]
    except OSError:
        return []
    return sorted(
        int(name[:20])
        for name in names
        if len(name) == 20 + len(SUFFIX) and name[:20].isascii() and name[:20].isdecimal()
    )


def split(hashes: bytes) -> Sequence[bytes]:
    """Return hashes that stand one after the other each by itself."""
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
