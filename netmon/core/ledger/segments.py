"""The segment files as readers see them: which there are, and the lines in them, with little memory."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import BinaryIO, Final

from netmon.core.ledger import committed, header, record

FOLDER: Final = "segments"
BUFFER_BYTES: Final = 1 << 18  # of a file that is read from its beginning
_NEAR_BYTES: Final = 1 << 16  # a search for a record ends with reading through this much

_FIRST_MAX: Final = 64 << 20  # bytes of a segment's first record: it names every sender

_SEQ = re.compile(rb'\{"seq":([0-9]{1,18}),')


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of records, by the number of its first."""

    path: Path
    first_seq: int

    def header(self) -> header.Header:
        """Return its header; ValueError when there is none that can be read, or it is another segment's."""
        with self.path.open("rb") as file:
            found = header.decode(file.readline(1 << 20))
        if found.first_seq != self.first_seq:
            raise ValueError(f"{self.path.name} says that it begins with record {found.first_seq}")
        return found

    def began(self) -> float:
        """Return when its first record was written (Unix seconds); ValueError when that cannot be read.

        That record is never purged, and sealed like any other; what the header says is not.
        """
        with self.path.open("rb") as file:
            file.readline(1 << 20)
            found = record.decode(file.readline(_FIRST_MAX).removesuffix(b"\n"))
        if not isinstance(found, record.Record) or found.seq != self.first_seq:
            raise ValueError(f"{self.path.name} does not begin with record {self.first_seq}")
        return record.unix_seconds(found.recorded)


def segments(directory: Path) -> list[Segment]:
    """Return a ledger's segments in order."""
    try:
        names = [(header.first_seq_of(path.name), path) for path in (directory / FOLDER).iterdir()]
    except FileNotFoundError:
        return []
    return sorted((Segment(path, seq) for seq, path in names if seq is not None), key=lambda each: each.first_seq)


def seq_of(line: bytes) -> int | None:
    """Return the sequence number that a line begins with, None when it begins otherwise. Much quicker than decoding."""
    match = _SEQ.match(line)
    return int(match[1]) if match else None


def read(directory: Path, first_seq: int = 0) -> Iterator[tuple[int, bytes]]:
    """Give (seq, line without its newline) of what was committed when asked, from this record on: records and stubs.

    For threads and other processes, beside the one that writes. What is damaged is passed over: verify names it.
    """
    hint = committed.load(directory)  # first: what is committed later is not given, but nothing before it is missed
    found = segments(directory)
    if hint is not None and not _same_ledger(found, hint):
        hint = None
    for segment, after in zip_longest(found, found[1:]):
        end = after.first_seq if after is not None else None
        limit = end if end is not None else hint.tree.size if hint else None
        if end is None or end > first_seq:
            yield from _lines(segment, first_seq, limit)


def _same_ledger(found: list[Segment], hint: committed.Committed) -> bool:
    try:
        return not found or found[-1].header().origin == hint.origin
    except ValueError:
        return True


def _lines(segment: Segment, first_seq: int, limit: int | None) -> Iterator[tuple[int, bytes]]:
    expected = max(first_seq, segment.first_seq)
    with segment.path.open("rb", buffering=BUFFER_BYTES) as file:
        _seek(file, first_seq)
        for line in file:
            seq = seq_of(line)
            if seq is None or seq < expected or not line.endswith(b"\n"):
                continue
            if limit is not None and seq >= limit:
                return
            yield seq, line[:-1]
            expected = seq + 1


def _seek(file: BinaryIO, seq: int) -> None:
    """Go to a line's beginning, shortly before this record: lines are in order, so halve the distance."""
    low, high = 0, file.seek(0, 2)
    while high - low > _NEAR_BYTES:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline()
        begin = file.tell()
        found = _next_seq(file, high)
        if found is None or found > seq:
            high = middle
        else:
            low = begin
    file.seek(low)


def _next_seq(file: BinaryIO, high: int) -> int | None:
    """Return the sequence number of the first line that has one."""
    while file.tell() < high and (line := file.readline()):
        if (seq := seq_of(line)) is not None:
            return seq
    return None
