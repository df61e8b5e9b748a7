"""A directory of segments in which things wait for the core. Blocking: called from one thread of its own.

Segments are named after their first number and end at the first gap, so that file names tell most of what they hold. A
process never appends to a segment of an earlier one: what a crash left torn at an end stays there, is skipped when it
is read, and goes with its segment.
"""

import errno
import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from netmon.core.link import lines
from netmon.core.link.wire import Batch

if TYPE_CHECKING:
    from io import BufferedReader

SUFFIX: Final = ".spool"

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Segment:
    """One file: the numbers `first` to `last`, without gaps but for damaged lines."""

    path: Path
    first: int
    last: int
    size: int
    fd: int = -1  # open until all that this process wrote is forced to disk

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


class Spool:
    """Appends, reads in order, and forgets what was acknowledged.

    `bytes` is what its files take. A failed append leaves nothing behind that reading could mistake for a line.
    """

    def __init__(self, directory: Path, segment_bytes: int) -> None:
        self.bytes = 0
        self.torn_bytes = 0  # at the ends of segments of earlier processes
        self._directory = directory
        self._segment_bytes = segment_bytes
        self._segments: list[Segment] = []
        self._newest: Segment | None = None  # that is appended to
        self._new_name = False  # the directory itself is still to be forced to disk
        self._cursor = _Cursor()

    def open(self) -> list[tuple[int, int]]:
        """Return the runs of numbers that files hold, in order. Raises OSError."""
        found = sorted(path for path in self._directory.glob(f"*{SUFFIX}") if path.stem.isdecimal())
        for path in found:
            first = int(path.stem)
            last, good = _last_line(path)
            size = path.stat().st_size
            self.torn_bytes += size - good
            if last < first:
                log.warning("a file of the spool holds nothing whole", file=path.name, bytes=size)
                path.unlink()
                continue
            if self._segments and first <= self._segments[-1].last:
                log.error("a file of the spool repeats numbers of another, and is left alone", file=path.name)
                continue
            self._segments.append(Segment(path, first, last, size))
            self.bytes += size
        return [(segment.first, segment.last) for segment in self._segments]

    def append(self, batch: Batch) -> int:
        """Add lines at the end, as many as fit into one segment; return the number of the last. Raises OSError.

        They survive the end of this process, and a power cut after `sync`.
        """
        segment = self._current(batch.first)
        parts, size = list[bytes](), 0
        for number, line in enumerate(batch.lines, batch.first):
            stored = lines.encode(number, line)
            if parts and segment.size + size + len(stored) > self._segment_bytes:
                break
            parts.append(stored)
            size += len(stored)
        try:
            _write_all(segment.fd, b"".join(parts))
        except OSError:
            self._undo(segment)
            raise
        segment.last += len(parts)
        segment.size += size
        self.bytes += size
        return segment.last

    def sync(self) -> None:
        """Force everything appended so far to disk. Raises OSError; what was appended is doubtful then."""
        if self._new_name:
            directory = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
            self._new_name = False
        try:
            for segment in self._segments:
                if segment.fd >= 0:
                    os.fdatasync(segment.fd)
        except OSError:
            self._newest = None  # after a failure the kernel calls the same pages clean: trust no file further
            raise
        finally:
            self._close_sealed()

    def forget(self, through: int) -> None:
        """Delete the segments that hold nothing above this number, the newest too. Raises OSError."""
        while self._segments and self._segments[0].last <= through:
            gone = self._segments[0]
            gone.path.unlink(missing_ok=True)
            gone.close()  # what is acknowledged need not be forced to disk any more
            self._cursor.forget(gone)
            self._newest = None if gone is self._newest else self._newest
            self._segments.pop(0)
            self.bytes -= gone.size

    def read(self, start: int, records: int, max_bytes: int) -> Batch | None:
        """Return whole lines from the lowest number on that is `start` or above, up to the first gap.

        None where files hold none. What cannot be read (the file is gone, the disk returns an error) counts as a gap;
        other OSErrors are raised, and reading again may help.
        """
        first, found, total = start, list[bytes](), 0
        for number, line in self._cursor.lines(self._segments, start):
            if not found:
                first = number
            elif number != first + len(found) or total + len(line) > max_bytes:
                self._cursor.hold(number, line)
                break
            found.append(line)
            total += len(line)
            if len(found) == records:
                break
        return Batch(first, found) if found else None

    def close(self) -> None:
        """Let go of every file; safe to call twice."""
        self._newest = None
        self._close_sealed()
        self._cursor.close()

    def _current(self, first: int) -> Segment:
        """Return the segment to append to: a new one where there is none, it is full, or a gap lies before it."""
        newest = self._newest
        if newest is None or newest.last + 1 != first or newest.size >= self._segment_bytes:
            path = self._directory / f"{first:020d}{SUFFIX}"
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
            newest = self._newest = Segment(path, first, first - 1, 0, fd)
            self._segments.append(newest)
            self._new_name = True
        return newest

    def _undo(self, segment: Segment) -> None:
        """Take back what a failed append may have left; where even that fails, append to this file no more."""
        if segment.size == 0:
            segment.close()
            self._newest = None
            self._segments.pop()
            with suppress(OSError):
                segment.path.unlink()
            return
        try:
            os.ftruncate(segment.fd, segment.size)
        except OSError:
            self._newest = None

    def _close_sealed(self) -> None:
        for segment in self._segments:
            if segment is not self._newest:
                segment.close()


class _Cursor:
    """Reads on where it stopped."""

    def __init__(self) -> None:
        self._segment: Segment | None = None
        self._file: BufferedReader | None = None
        self._held: tuple[int, bytes] | None = None
        self._next = 0  # every line below this number was given

    def hold(self, number: int, line: bytes) -> None:
        """Give this line again, first."""
        self._held = (number, line)
        self._next = number

    def lines(self, segments: Sequence[Segment], start: int) -> Iterator[tuple[int, bytes]]:
        """Give (number, line) from `start` on, to the end of the newest segment."""
        if start < self._next or self._segment is None or start > self._segment.last:
            self._go_to(segments, start)
        while self._segment is not None:
            for number, line in self._rest():
                if number >= max(start, self._next):
                    self._next = number + 1
                    yield number, line
            following = bisect_right(segments, self._segment.first, key=lambda segment: segment.first)
            if following == len(segments):
                return
            self._open(segments[following])

    def forget(self, segment: Segment) -> None:
        """Let go of a segment that is deleted."""
        if self._segment is segment:
            self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
        self._file = self._segment = self._held = None

    def _go_to(self, segments: Sequence[Segment], start: int) -> None:
        self.close()
        self._next = start
        at = max(0, bisect_right(segments, start, key=lambda segment: segment.first) - 1)
        if at < len(segments):
            self._open(segments[at])

    def _open(self, segment: Segment) -> None:
        self.close()
        with suppress(FileNotFoundError):
            self._file = segment.path.open("rb")
        self._segment = segment

    def _rest(self) -> Iterator[tuple[int, bytes]]:
        if self._held is not None:
            held, self._held = self._held, None
            yield held
        while self._file is not None:
            try:
                stored = self._file.readline(lines.MAX_LINE_BYTES)
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                log.exception("a file of the spool cannot be read", file=self._file.name)
                return
            if not stored:
                return
            found = lines.decode(stored)
            if found is not None:
                yield found


def _write_all(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _last_line(path: Path) -> tuple[int, int]:
    """Return the number of the last whole line (-1: there is none) and where it ends."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        for begin in dict.fromkeys((max(0, size - 4 * lines.MAX_LINE_BYTES), 0)):  # the end; all of it if that is torn
            file.seek(begin)
            number, end, at = -1, 0, begin
            while stored := file.readline(lines.MAX_LINE_BYTES):
                at += len(stored)
                found = lines.decode(stored)
                if found is not None:
                    number, end = found[0], at
            if number >= 0:
                return number, end
    return -1, 0
