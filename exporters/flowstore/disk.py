"""What the store asks of the operating system, in one place, so that a test can let any of it fail."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from exporters.flowstore.memory import Octets
from exporters.flowstore.names import UNFINISHED, hour_of
from netmon.api import ConfigError, Fault

_LOCK_MODE: Final = 0o600
_PIECES: Final = os.sysconf("SC_IOV_MAX")  # of one call
_AT_ONCE: Final = 1 << 18  # octets: for more the kernel looks for large pages, which are dear where it has none at hand
_ALL: Final = os.R_OK | os.W_OK | os.X_OK


def writable(directory: Path) -> str | None:
    """Return why this process, with the rights that it has now, cannot keep flows there; None where it can.

    Makes nothing: of a directory that is not there yet, those above it tell.
    """
    for place in (*reversed(directory.parents), directory):
        try:
            is_folder = place.is_dir()
            there = is_folder or place.exists()
        except PermissionError:  # what is above it was looked at, and let us in: a file system's own rules
            return f"{place} cannot be entered"
        if not there:
            return None if _allowed(place.parent, os.W_OK) else f"nothing can be made in {place.parent}"
        if not is_folder:
            return f"{place} is no directory"
        if not _allowed(place, os.X_OK):
            return f"{place} cannot be entered"
    return _closed(directory)


def _closed(directory: Path) -> str | None:
    """Return what in a store cannot be written to, None where all can."""
    if not _allowed(directory, _ALL):
        return f"nothing can be made in {directory}"
    lock = directory / "lock"
    if lock.exists() and not _allowed(lock, os.R_OK | os.W_OK):
        return f"{lock} is somebody else's"
    hours = (place for place in directory.iterdir() if hour_of(place.name) is not None)
    closed = next((place for place in hours if not _allowed(place, _ALL)), None)
    return None if closed is None else f"nothing can be made in {closed}"


def _allowed(path: Path, how: int) -> bool:
    return os.access(path, how, effective_ids=True)


class Disk:
    """Writes, renames and removes. Everything raises OSError."""

    def make(self, folder: Path) -> None:
        """Make a directory that survives a power cut, with its parents."""
        if not folder.is_dir():
            self.make(folder.parent)
            folder.mkdir(mode=0o750, exist_ok=True)
            self.sync_directory(folder.parent)

    def write(self, content: Sequence[Octets], path: Path) -> int:
        """Write a file so that after a crash it is there entirely or not at all; return its size."""
        new = path.with_name(path.name + UNFINISHED)
        try:
            self.fill(content, new)
            self.sync(new)
            size = new.stat().st_size
            self.rename(new, path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
        try:
            self.sync_directory(path.parent)
        except BaseException:
            path.unlink(missing_ok=True)  # it will be written again, with what came meanwhile
            raise
        return size

    def fill(self, content: Sequence[Octets], path: Path) -> None:
        """Write octets, many pieces at a time: a call for each would cost as much as what it writes."""
        with path.open("wb", buffering=0) as file:
            for several in _together(content):
                left = several
                while left:  # the kernel takes less where the disk is nearly full
                    taken = os.writev(file.fileno(), left)
                    while left and taken >= len(left[0]):
                        taken -= len(left.pop(0))
                    if left:
                        left[0] = left[0][taken:]

    def sync(self, path: Path) -> None:
        """Return when the file's content would survive a power cut."""
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fdatasync(fd)
        finally:
            os.close(fd)

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name."""
        old.replace(new)

    def sync_directory(self, path: Path) -> None:
        """Return when the directory's names would survive a power cut."""
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def remove(self, path: Path) -> None:
        """Remove a file; no error where it is gone."""
        path.unlink(missing_ok=True)

    def remove_directory(self, path: Path) -> None:
        """Remove an empty directory."""
        path.rmdir()


def _together(content: Sequence[Octets]) -> Iterator[list[memoryview]]:
    """Give the pieces that are written with one call: few enough of them, and not too many octets."""
    several: list[memoryview] = []
    room = _AT_ONCE
    for octets in content:
        piece = memoryview(octets)
        while piece:
            several.append(piece[:room])
            room -= len(several[-1])
            piece = piece[len(several[-1]) :]
            if not room or len(several) == _PIECES:
                yield several
                several, room = [], _AT_ONCE
    if several:
        yield several


class Lock:
    """One writer for each store; the kernel gives the lock up when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None

    def take(self) -> None:
        """Lock; ConfigError when another process has it."""
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _LOCK_MODE)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            remedy = "stop it, or give this one another directory"
            raise ConfigError(Fault(str(self._path), 0, 0, "another process writes these flows", remedy)) from None
        self._fd = fd

    def release(self) -> None:
        """Give it up; safe twice."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
