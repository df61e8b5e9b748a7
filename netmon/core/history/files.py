"""What the history asks of the operating system. Everything raises OSError."""

import fcntl
import os
from pathlib import Path
from typing import Final, Self

from netmon.api import ConfigError, Fault

_MODE: Final = 0o600


def append(path: Path, size: int, data: bytes) -> None:
    """Write data behind the first `size` octets and return when a power cut would leave them there.

    What else is behind these octets is of a write that failed, and goes. After a failure the file is as before, or
    longer by octets that the next write takes away.
    """
    fresh = not path.exists()
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, _MODE)
    try:
        os.ftruncate(fd, size)
        try:
            _write(fd, data, size)
            os.fdatasync(fd)
        except OSError:
            os.ftruncate(fd, size)
            raise
    finally:
        os.close(fd)
    if fresh:
        sync_directory(path.parent)


def put(path: Path, data: bytes) -> None:
    """Write a whole file so that after a crash it is there entirely, or not at all."""
    new = path.with_name(path.name + ".new")
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _MODE)
    try:
        _write(fd, data, 0)
        os.fdatasync(fd)
    except OSError:
        new.unlink(missing_ok=True)
        raise
    finally:
        os.close(fd)
    new.replace(path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Return when the directory's names would survive a power cut."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _write(fd: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        done = os.pwrite(fd, view, at)
        view, at = view[done:], at + done


class OpenFile:
    """A file to read from."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.size = os.fstat(self._fd).st_size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def read(self, offset: int, size: int) -> bytes:
        """Return octets from an offset on; fewer at the end."""
        parts = []
        while size > 0 and (part := os.pread(self._fd, size, offset)):
            parts.append(part)
            offset, size = offset + len(part), size - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


class Lock:
    """One writer for each folder; the kernel gives the lock up when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None

    def take(self) -> None:
        """Lock; ConfigError when another process has it."""
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            remedy = "stop it, or give this daemon its own state_dir"
            raise ConfigError(Fault(str(self._path), 0, 0, "another process writes this history", remedy)) from None
        self._fd = fd

    def release(self) -> None:
        """Give it up; safe twice."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
