"""Giving up what a sensor does not need: an unprivileged user who may open packet sockets, and nothing else.

A user id is the whole process's, but capabilities are each thread's (capabilities(7)): `drop` belongs before threads
are started. It looks at all threads afterwards, in /proc, rather than believe that what it asked for was done.
"""

import ctypes
import os
import pwd
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netmon.api import ConfigError, Fault

NET_RAW: Final = 13  # CAP_NET_RAW, linux/capability.h
_ONLY: Final = 1 << NET_RAW
_VERSION_3: Final = 0x2008_0522  # _LINUX_CAPABILITY_VERSION_3: 64 bits of capabilities, in two halves
_SET_KEEPCAPS, _CAPBSET_READ, _CAPBSET_DROP, _SET_NO_NEW_PRIVS, _CAP_AMBIENT = 8, 23, 24, 38, 47  # linux/prctl.h
_AMBIENT_CLEAR_ALL: Final = 4
_SETS: Final = ("CapInh", "CapPrm", "CapEff", "CapAmb")
_REMEDY: Final = (
    "start it by systemd with AmbientCapabilities=CAP_NET_RAW, or by sudo: it becomes an unprivileged user itself"
    " (a capability set on the python program's file would be everybody's)"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """Who we are now, and whether packet sockets can still be opened."""

    user: str
    uid: int
    may_capture: bool


def drop(user: str | None) -> Kept:
    """Become `user` where we are root, and keep no capability but CAP_NET_RAW. None: stay who we are.

    ConfigError where there is no such user, where CAP_NET_RAW is not there, or where something else is left over.
    """
    if not _held() & _ONLY:
        raise _fault("a sensor takes CAP_NET_RAW, which this process does not have", _REMEDY)
    root = os.geteuid() == 0
    if root:
        for capability in range(64):
            if capability != NET_RAW and _prctl(_CAPBSET_READ, capability) == 1:
                _prctl(_CAPBSET_DROP, capability)
    if root and user is not None:
        _become(user)
    _prctl(_CAP_AMBIENT, _AMBIENT_CLEAR_ALL)
    _keep_only(_ONLY)
    _prctl(_SET_NO_NEW_PRIVS, 1)
    _verify(os.getuid() if user is None or not root else pwd.getpwnam(user).pw_uid)
    return Kept(_name(os.getuid()), os.getuid(), bool(_held() & _ONLY))


def leave_root(user: str) -> None:
    """Become `user`, without any capability, for good; called as root. ConfigError where that cannot be."""
    entry = _entry(user)
    os.setgroups([])
    os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
    os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)  # the kernel takes all capabilities away: capabilities(7)
    _prctl(_SET_NO_NEW_PRIVS, 1)
    _verify(entry.pw_uid)
    if _held():
        raise _fault("capabilities were not given up", "this is a fault of netmon's: report it")


def _become(user: str) -> None:
    """Take on a user and the user's group, without other groups, and keep the capabilities through it."""
    entry = _entry(user)
    _prctl(_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
    os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)


def _entry(user: str) -> pwd.struct_passwd:
    """Return who a user is; ConfigError where there is none of that name, or it is root."""
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise _fault(f"there is no user {user}", "name one that has no rights, for example nobody") from None
    if entry.pw_uid == 0:
        raise _fault(f"{user} is root", "name a user that has no rights, for example nobody")
    return entry


def _keep_only(capabilities: int) -> None:
    """Make these the thread's permitted and effective capabilities, with none to hand on: capset(2)."""
    low, high = capabilities & 0xFFFF_FFFF, capabilities >> 32
    header = struct.pack("=Ii", _VERSION_3, 0)
    data = struct.pack("=6I", low, low, 0, high, high, 0)
    if _libc().capset(header, data) != 0:
        number = ctypes.get_errno()
        raise _fault(f"capabilities cannot be given up: {os.strerror(number)}", _REMEDY)


def _verify(uid: int) -> None:
    """Look at every thread. Those that libraries started earlier must hold no more than we do."""
    if any(int(each) != uid for each in _status(Path("/proc/self/status"))["Uid"].split()):
        raise _fault("the user was not changed", "this is a fault of netmon's: report it")
    if _status(Path("/proc/thread-self/status"))["NoNewPrivs"].strip() != "1":
        raise _fault("programs could still gain rights", "this takes Linux 3.5 or later")
    for thread in _threads():
        status = _status(thread)
        more = 0
        for name in _SETS:
            more |= int(status[name], 16) & ~_ONLY
        if more:
            numbers = ", ".join(str(each) for each in range(64) if more >> each & 1)
            raise _fault(
                f"a thread still has more capabilities than CAP_NET_RAW: {numbers} of linux/capability.h",
                "give the service no others: AmbientCapabilities=CAP_NET_RAW",
            )


def _threads() -> Iterator[Path]:
    for each in Path("/proc/self/task").iterdir():
        status = each / "status"
        if status.exists():
            yield status


def _status(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


def _held() -> int:
    """Return this thread's effective capabilities, a bit mask."""
    return int(_status(Path("/proc/thread-self/status"))["CapEff"], 16)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _prctl(option: int, *arguments: int) -> int:
    padded = [ctypes.c_ulong(each) for each in (*arguments, 0, 0, 0, 0)[:4]]
    return int(_libc().prctl(option, *padded))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _fault(problem: str, remedy: str) -> ConfigError:
    return ConfigError(Fault("privileges", 0, 0, problem, remedy))
