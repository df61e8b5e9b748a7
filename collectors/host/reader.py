"""Reads the files of this host: the only place here that opens any. Each file is read once a poll, and capped."""

import errno
import fnmatch
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Self

from collectors.host.facts import FACTS
from collectors.host.procfs.disks import Space
from collectors.host.procfs.textfile import Written
from netmon.api import Missing, Reason

_CHUNK = 1 << 16
_DENIED = frozenset((errno.EACCES, errno.EPERM))


class TooLarge(Exception):
    """A file is longer than we are willing to read."""


class Snapshot:
    """The files of one poll, below `root`. What was read stays, so that two parts can use one file.

    `denied` holds the paths that we may not read; a file that is not there, or whose driver answers with an error as
    drivers do for what a device cannot tell, is left out of what `read` returns.
    """

    def __init__(self, root: str = "/", facts: Mapping[str, Callable[[], bytes]] = FACTS) -> None:
        self._root = root if root.endswith("/") else f"{root}/"
        self._facts = facts
        self._read: dict[str, bytes | None] = {}
        self._expanded: dict[str, list[str]] = {}
        self._listed: dict[str, list[str]] = {}
        self.denied: set[str] = set()

    def read(self, patterns: Iterable[str], max_bytes: int) -> dict[str, bytes]:
        """Return the contents of every file that the patterns name; see `Source.paths`. Raises TooLarge."""
        wanted = tuple(patterns)
        shared = _shared_folders(wanted)
        files = {}
        known = self._read
        with _Folders(self._root) as folders:
            for pattern in wanted:
                inside = folders if pattern.rpartition("/")[0] in shared else None
                for path in self._expand(pattern):
                    if path in known:
                        text = known[path]
                    else:
                        text = known[path] = self._one(path, max_bytes, inside)
                    if text is not None:
                        files[path] = text
        return files

    def space(self, mountpoint: str) -> Space | Missing:
        """Ask statvfs(3) how full a filesystem is. May hang for as long as its server is dead."""
        try:
            said = os.statvfs(self._root + mountpoint.lstrip("/"))
        except OSError as error:
            if error.errno == errno.ENOENT:  # init sees it, but a container, chroot or service sandbox hides it from us
                return Missing(Reason.NOT_SUPPORTED, f"{mountpoint} cannot be seen from where netmon runs")
            reason = Reason.REFUSED if error.errno in _DENIED else Reason.INVALID
            return Missing(reason, f"{mountpoint}: {error.strerror}")
        unit = said.f_frsize
        return Space(said.f_blocks * unit, said.f_bfree * unit, said.f_bavail * unit, said.f_files, said.f_ffree)

    def folder(self, folder: str, suffix: str, max_bytes: int) -> dict[str, Written | Missing]:
        """Return the files of a folder whose names end so, with their times; why a file could not be read, if so."""
        found: dict[str, Written | Missing] = {}
        for name in self._list(folder.strip("/")):
            if name.endswith(suffix):
                path = f"{folder.strip('/')}/{name}"
                try:
                    text = read_file(self._root + path, max_bytes)
                    found[path] = Written(text, os.stat(self._root + path).st_mtime)  # noqa: PTH116 - a plain string
                except OSError as error:
                    found[path] = Missing(Reason.REFUSED, f"/{path}: {error.strerror}")
                except TooLarge as error:
                    found[path] = Missing(Reason.TRUNCATED, str(error))
        return found

    def _one(self, path: str, max_bytes: int, folders: "_Folders | None") -> bytes | None:
        try:
            if path.startswith("@"):
                return self._facts[path]()
            if path.endswith("@"):
                return self._link(path[:-1])
            if folders is not None:
                folder, _, name = path.rpartition("/")
                return read_file(name, max_bytes, once=path.startswith("sys/"), folder=folders[folder])
            return read_file(self._root + path, max_bytes, once=path.startswith("sys/"))
        except OSError as error:
            if error.errno in _DENIED:
                self.denied.add(path)
            return None

    def _link(self, path: str) -> bytes:
        """Return where a symbolic link leads, below the root; a path that is none is not there."""
        full = self._root + path
        if not os.path.islink(full):  # noqa: PTH114 - beside the other calls on plain strings
            raise FileNotFoundError(errno.ENOENT, "no symbolic link", full)
        real, root = os.path.realpath(full), os.path.realpath(self._root)
        return os.fsencode(os.path.relpath(real, root))

    def _expand(self, pattern: str) -> list[str]:
        """Return the paths that a pattern matches. Below the last wildcard nothing is checked: opening will tell."""
        found = self._expanded.get(pattern)
        if found is None:
            found = self._expanded[pattern] = self._matches(pattern)
        return found

    def _matches(self, pattern: str) -> list[str]:
        if not _wild(pattern):
            return [pattern]
        folder, _, name = pattern.rpartition("/")
        folders = self._expand(folder)
        if not _wild(name):
            return [f"{above}/{name}" for above in folders]
        matches = _compiled(name)
        return [f"{above}/{entry}" for above in folders for entry in self._list(above) if matches(entry)]

    def _list(self, folder: str) -> list[str]:
        names = self._listed.get(folder)
        if names is None:
            try:
                names = sorted(os.listdir(self._root + folder))  # noqa: PTH208 - a hot path
            except OSError:
                names = []
            self._listed[folder] = names
        return names


class _Folders:
    """Folders that are open while many of their files are read: finding /sys/class/net/eth0 costs as much as a file."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._open: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for fd in self._open.values():
            os.close(fd)

    def __getitem__(self, folder: str) -> int:
        fd = self._open.get(folder)
        if fd is None:
            fd = self._open[folder] = os.open(self._root + folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        return fd


_WORTH_OPENING = 3
"""Files of one folder from which on it is cheaper to open the folder first."""


@lru_cache(maxsize=256)
def _shared_folders(patterns: tuple[str, ...]) -> frozenset[str]:
    counts = Counter(pattern.rpartition("/")[0] for pattern in patterns if pattern.startswith("sys/"))
    return frozenset(folder for folder, count in counts.items() if count >= _WORTH_OPENING)


@lru_cache(maxsize=1024)
def _wild(pattern: str) -> bool:
    return any(sign in pattern for sign in "*?[")


@lru_cache(maxsize=256)
def _compiled(name: str) -> Callable[[str], re.Match[str] | None]:
    return re.compile(fnmatch.translate(name)).match


def read_file(path: str, max_bytes: int, *, once: bool = False, folder: int | None = None) -> bytes:
    """Return the contents of a file, one of the open `folder` when that is given. Raises OSError, and TooLarge.

    An attribute of /sys is at most a page and comes in one read; /proc is read until it gives no more.
    A named pipe in our way must not block us, hence O_NONBLOCK.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=folder)
    try:
        if once:
            return os.read(fd, 4096)
        chunks, length = [], 0
        while chunk := os.read(fd, _CHUNK):
            chunks.append(chunk)
            length += len(chunk)
            if length > max_bytes:
                raise TooLarge(f"{path} is longer than {max_bytes} bytes")
        return b"".join(chunks)
    finally:
        os.close(fd)
