"""Goes through the segments' lines in order, as they stand there, for a verifier: believes nothing, repairs nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from netmon.core.ledger.segments import FOLDER, Segment, segments

CHUNK_BYTES: Final = 1 << 20
MAX_LINE_BYTES: Final = 64 << 20
"""A line that is longer is taken in pieces, each of them no record: a verifier's memory must not depend on a file."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some lines that follow each other in one segment, without their newlines."""

    segment: Segment
    seq: int  # of the first line, counted from the segment's beginning
    lines: list[bytes]
    header: bytes | None = None  # the segment's first line, with its first block

    @property
    def name(self) -> str:
        """The segment's place within the ledger."""
        return name_of(self.segment)

    def line_number(self, seq: int) -> int:
        """Return where a record stands in its file. The header is line 1."""
        return seq - self.segment.first_seq + 2


def name_of(segment: Segment) -> str:
    """Return a segment's place within the ledger."""
    return f"{FOLDER}/{segment.path.name}"


@dataclass(slots=True)
class Walk:
    """One pass over all lines. What it met is in its fields afterwards."""

    directory: Path
    next_seq: int = field(default=0, init=False)
    gap: Segment | None = field(default=None, init=False)  # it does not begin where the one before it ended
    torn: int = field(default=0, init=False)  # bytes after the last newline of all: being written, or never committed
    read_bytes: int = field(default=0, init=False)

    def blocks(self) -> Iterator[Block]:
        """Give every line, until the end or a gap."""
        found = segments(self.directory)
        for segment in found:
            if segment.first_seq != self.next_seq:
                self.gap = segment
                return
            yield from self._segment(segment, last=segment is found[-1])

    def _segment(self, segment: Segment, *, last: bool) -> Iterator[Block]:
        header: bytes | None = None
        for lines in self._lines(segment, last=last):
            if header is None:
                header = lines.pop(0)
                block = Block(segment, self.next_seq, lines, header)
            else:
                block = Block(segment, self.next_seq, lines)
            self.next_seq += len(lines)
            yield block

    def _lines(self, segment: Segment, *, last: bool) -> Iterator[list[bytes]]:
        rest = b""
        with segment.path.open("rb", buffering=0) as file:
            while chunk := file.read(CHUNK_BYTES):
                self.read_bytes += len(chunk)
                lines = (rest + chunk).split(b"\n")
                rest = lines.pop()
                if len(rest) > MAX_LINE_BYTES:
                    lines, rest = [*lines, rest], b""
                if lines:
                    yield lines
        if rest and last:
            self.torn = len(rest)
        elif rest:
            yield [rest + b"\n"]  # it is not the line that was written, which ends where its newline was
