"""Unix sockets: how the core listens on one, and who may connect."""

import errno
import grp
import os
import socket
import stat
import struct
from contextlib import suppress
from pathlib import Path
from typing import Final

from netmon.api import ConfigError, Fault

MAX_PATH_BYTES: Final = 107  # unix(7): sun_path has 108, the last of them is zero
_SO_PEERGROUPS: Final = 59  # socket(7), include/uapi/asm-generic/socket.h; Python has no name for it
_UCRED = struct.Struct("3i")  # unix(7), struct ucred: pid, uid, gid
_BACKLOG: Final = 64


def check_path(path: Path) -> None:
    """Raise ConfigError where no socket can have this path."""
    length = len(os.fsencode(path))
    if length > MAX_PATH_BYTES:
        problem = f"the path of the socket is {length} bytes long; the system allows {MAX_PATH_BYTES}"
        raise ConfigError(Fault(str(path), 0, 0, problem, "choose a shorter directory for it"))


class ListeningSocket:
    """A socket in the file system that nobody but us, root and the members of a group can use."""

    def __init__(self, path: Path, group: str | None = None) -> None:
        self._path = path
        self._group = group
        self._gid: int | None = None
        self._inode = 0
        self._sock: socket.socket | None = None

    def open(self) -> socket.socket:
        """Listen; ConfigError where the operator can mend it. What a killed daemon left behind is taken over."""
        check_path(self._path)
        self._gid = _gid(self._path, self._group)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            self._path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            _clear(self._path)
            sock.bind(str(self._path))
            self._path.chmod(0o600 if self._gid is None else 0o660)  # before `listen` nobody can connect
            if self._gid is not None:
                os.chown(self._path, -1, self._gid)
            self._inode = self._path.stat().st_ino
            sock.listen(_BACKLOG)
        except OSError as error:
            sock.close()
            problem = f"cannot listen on this socket: {error.strerror or error}"
            raise ConfigError(Fault(str(self._path), 0, 0, problem, "let this user write to its directory")) from error
        except ConfigError:
            sock.close()
            raise
        self._sock = sock
        return sock

    def admits(self, client: socket.socket) -> bool:
        """Tell whether the process at the other end may talk to us: our own user, root, or a member of the group."""
        _, uid, gid = _UCRED.unpack(client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
        if uid in {0, os.geteuid()}:
            return True
        return self._gid is not None and self._gid in {gid, *_groups(client)}

    def close(self) -> None:
        """Stop listening and take the file away if it is still ours; safe to call twice."""
        if self._sock is None:
            return
        self._sock.close()
        self._sock = None
        with suppress(OSError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()


def _groups(client: socket.socket) -> tuple[int, ...]:
    """Return the supplementary groups that the peer had when it connected."""
    with suppress(OSError):
        raw = client.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, 1_024)  # 256 groups; Python reads no more
        return struct.unpack(f"{len(raw) // 4}I", raw)
    return ()


def _gid(path: Path, group: str | None) -> int | None:
    if group is None:
        return None
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        problem = f"the group {group!r} that may use the socket does not exist"
        raise ConfigError(Fault(str(path), 0, 0, problem, "create it, or leave socket_group out")) from None


def _clear(path: Path) -> None:
    """Remove a socket that nobody listens on; ConfigError where something else has the path."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ConfigError(Fault(str(path), 0, 0, "something that is no socket has this path", "choose another path"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
        failed = probe.connect_ex(str(path))
    if failed == errno.ECONNREFUSED:  # unix(7): the file is there, nobody listens
        path.unlink(missing_ok=True)
    elif failed != errno.ENOENT:
        problem = "another daemon listens on this socket"
        raise ConfigError(Fault(str(path), 0, 0, problem, "stop that one, or give this one its own socket"))
