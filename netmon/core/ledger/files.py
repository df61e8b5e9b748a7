"""What the ledger asks of the operating system, in one place, so that a test can let any of it fail."""

import errno
import fcntl
import os
from pathlib import Path
from typing import Final

from netmon.api import ConfigError, Fault

FILE_MODE: Final = 0o600


class Disk:
    """Opens, writes and syncs. Everything raises OSError."""

    def create(self, path: Path) -> int:
        """Open an empty file for writing, in the place of an old one."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)

    def open(self, path: Path) -> int:
        """Open a file for writing, as it is; it is made when it is not there."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)

    def write(self, fd: int, data: bytes, at: int) -> None:
        """Write all of it at this offset."""
        view = memoryview(data)
        while view:
            done = os.pwrite(fd, view, at)
            view, at = view[done:], at + done

    def sync(self, fd: int) -> None:
        """Return when the file's content would survive a power cut."""
        os.fdatasync(fd)

    def truncate(self, fd: int, size: int) -> None:
        """Cut a file to this size."""
        os.ftruncate(fd, size)

    def replace(self, old: Path, new: Path) -> None:
        """Give a file another name, in the place of what had it, and return when that would survive a power cut."""
        old.replace(new)
        self.sync_directory(new.parent)
        if old.parent != new.parent:
            self.sync_directory(old.parent)

    def sync_directory(self, path: Path) -> None:
        """Return when the directory's names would survive a power cut."""
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def put(self, path: Path, data: bytes) -> None:
        """Write a whole file so that after a crash it is there entirely, or not at all."""
        new = path.with_name(path.name + ".new")
        fd = self.create(new)
        try:
            self.write(fd, data, 0)
            self.sync(fd)
        except OSError:
            new.unlink(missing_ok=True)
            raise
        finally:
            os.close(fd)
        self.replace(new, path)


class Lock:
    """One writer for each ledger; the kernel gives the lock up when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None

    def take(self) -> None:
        """Lock; ConfigError when another process has it, OSError when the file cannot be made."""
        if self._fd is not None:
            return
        fd = self._open()
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            problem = "another process writes this ledger"
            remedy = "stop it, or give this daemon its own state_dir"
            raise ConfigError(Fault(str(self._path), 0, 0, problem, remedy)) from None
        except OSError:
            os.close(fd)
            raise
        self._fd = fd

    def _open(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        except OSError as error:
            if error.errno != errno.EROFS:
                raise
            return os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)  # enough to lock a file that is there

    def release(self) -> None:
        """Give it up; safe twice."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
