"""A capture's octets as one buffer with a window that moves on: files, pipes, and packed ones unpacked.

A packed file (gzip, zstd) is told by its first octets (RFC 1952, 2.3.1; RFC 8878, 3.1.1). What unpacks to more than
any memory holds costs no more than the buffer.

Plain files are read, not mapped: from one packet header to the next every step waits for memory when the pages are
mapped (190 ns for 520 octets), while reading streams them into a buffer that stays in the core's cache (60 ns, copying
included). And a file that is shortened while it is read is then only shorter.
"""

import os
import select
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import zstandard
from isal import isal_zlib

from collectors.traffic.capture.faults import CaptureFault
from collectors.traffic.capture.settings import CaptureSettings

Fill: TypeAlias = Callable[[memoryview], int]  # puts octets into the memory given and says how many; 0: no more come

_GZIP: Final = b"\x1f\x8b\x08"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_CHUNK: Final = 1 << 18  # packed octets read at once
_ZSTD_WINDOW: Final = 1 << 27  # what `zstd --long` makes, and what its unpacking may cost in memory


class Octets:
    """A window on a capture: `buffer` up to `end`, whose first octet is the `base`-th of the unpacked file.

    `broken` says what ended the octets early, where something did.
    """

    def __init__(self, fill: Fill, buffer_bytes: int, descriptor: int, *, live: bool, owned: bool) -> None:
        """`descriptor`: where the octets come from, ours to close where `owned`.

        `live`: give what came rather than wait for a full buffer.
        """
        self.buffer = np.zeros(buffer_bytes, np.uint8)
        self.end = 0
        self.base = 0
        self.broken = ""
        self._fill = fill
        self._view = self.buffer.data
        self._descriptor = descriptor if owned else -1
        self._waiting = select.poll() if live else None
        if self._waiting is not None:
            self._waiting.register(descriptor, select.POLLIN)

    def more(self, at: int) -> bool:
        """Move what begins at `at` to the front and fill up behind it; return whether anything came."""
        keep = self.end - at
        if at > 0:
            self.buffer[:keep] = self.buffer[at : self.end]  # numpy copies as if through another place
            self.base += at
        self.end = keep
        while self.end < len(self.buffer) and self._ready(first=self.end == keep):
            try:
                length = self._fill(self._view[self.end :])
            except (isal_zlib.IsalError, zstandard.ZstdError, EOFError, OSError) as error:  # type: ignore[misc] # isal's stub calls it a value
                self.broken = str(error) or type(error).__name__
                break
            if length == 0:
                break
            self.end += length
        return self.end > keep

    @property
    def progress(self) -> tuple[int, int] | None:
        """Return how far the file itself was read, packed as it is, and its size; None where there is no telling."""
        try:
            found = os.fstat(self._descriptor)
            return (os.lseek(self._descriptor, 0, os.SEEK_CUR), found.st_size) if stat.S_ISREG(found.st_mode) else None
        except OSError:  # closed
            return None

    def _ready(self, *, first: bool) -> bool:
        return first or self._waiting is None or bool(self._waiting.poll(0))

    def close(self) -> None:
        """Close what the octets come from, unless it is our own input; safe to call twice."""
        self._fill, self._waiting = _nothing, None
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def open_octets(path: Path | str, settings: CaptureSettings) -> Octets:
    """Open a file, a pipe or, for "-", what comes in at our own input; unpack it where it is packed.

    CaptureFault where it cannot be opened.
    """
    name = str(path)
    descriptor = _open(name)
    try:
        live = not stat.S_ISREG(os.fstat(descriptor).st_mode)
        first = b""
        while len(first) < 4 and (piece := os.read(descriptor, 4 - len(first))):
            first += piece
    except OSError as error:
        if name != "-":
            os.close(descriptor)
        raise CaptureFault(name, f"cannot be read: {error}", "give a capture file that you may read") from error
    raw = _read(first, descriptor)
    if first.startswith(_GZIP):
        fill, live = _from_pieces(_gunzip(raw)), False
    elif first.startswith(_ZSTD) or _skippable(first):
        fill, live = _from_pieces(_unzstd(raw)), False
    else:
        fill = _plain(first, descriptor)
    return Octets(fill, settings.buffer_bytes, descriptor, live=live, owned=name != "-")


def _open(name: str) -> int:
    if name == "-":
        return sys.stdin.fileno()
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        problem = f"cannot be opened: {error.strerror}"
        raise CaptureFault(name, problem, "give a capture file that you may read") from error
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise CaptureFault(name, "is a folder", "give one capture file, as tcpdump -w writes it")
    return descriptor


def _nothing(_: memoryview) -> int:
    return 0


def _skippable(first: bytes) -> bool:
    """Tell a zstd frame that holds no data, which parallel packers write first: RFC 8878, 3.1.2."""
    return len(first) == 4 and first[1:4] == b"\x2a\x4d\x18" and first[0] >> 4 == 5


def _plain(first: bytes, descriptor: int) -> Fill:
    """Fill from the descriptor itself, after the octets that were read already."""
    ahead = first

    def fill(into: memoryview) -> int:
        nonlocal ahead
        if ahead:
            into[: len(ahead)] = ahead
            length, ahead = len(ahead), b""
            return length
        return os.readv(descriptor, [into])

    return fill


def _from_pieces(pieces: Iterator[bytes]) -> Fill:
    """Fill from pieces of any length."""
    rest = memoryview(b"")

    def fill(into: memoryview) -> int:
        nonlocal rest
        if not rest:
            rest = memoryview(next(pieces, b""))
        length = min(len(rest), len(into))
        into[:length] = rest[:length]
        rest = rest[length:]
        return length

    return fill


def _read(first: bytes, descriptor: int) -> Iterator[bytes]:
    if first:
        yield first
    while piece := os.read(descriptor, _CHUNK):
        yield piece


def _gunzip(raw: Iterator[bytes]) -> Iterator[bytes]:
    """Unpack gzip members one after the other; what follows the last and is none is left."""
    data, unpacker = b"", isal_zlib.decompressobj(31)
    while True:
        if not data:
            data = next(raw, b"")
            if not data:
                raise EOFError("the gzip file ends early")
        piece = unpacker.decompress(data, _CHUNK)
        if piece:
            yield piece
        if unpacker.eof:
            data = unpacker.unused_data
            while len(data) < 3 and (more := next(raw, b"")):
                data += more
            if not data.startswith(_GZIP):  # padding, as tapes have it, or the end
                return
            unpacker = isal_zlib.decompressobj(31)
        else:
            data = unpacker.unconsumed_tail


class _Reader:
    """An iterator's pieces as the file object that zstandard asks for."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def read(self, size: int) -> bytes:
        if not self._rest:
            self._rest = next(self._pieces, b"")
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece


def _unzstd(raw: Iterator[bytes]) -> Iterator[bytes]:
    """Unpack zstd frames one after the other."""
    unpacker = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    with unpacker.stream_reader(_Reader(raw), read_size=_CHUNK, read_across_frames=True) as reader:  # type: ignore[arg-type]
        while piece := reader.read(_CHUNK):
            yield piece
