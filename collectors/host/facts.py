"""What no file tells: the clock, adjtimex(2), the machine's type. As text, see `procfs.shape.Files`."""

import ctypes
import errno
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping

from collectors.host.procfs import netlink
from collectors.host.procfs.units import PROPERTIES

_NETLINK_SOCK_DIAG = 4  # <linux/netlink.h>
_NETLINK_TIMEOUT_S = 5
_NETLINK_CHUNK = 1 << 17  # the kernel fills at most 32 kB at once
_NETLINK_MAX_BYTES = 64 << 20  # half a million sockets
_SYSTEMD_TIMEOUT_S = 5
"""Asking for a thousand units takes systemd a tenth of a second."""


class _Timeval(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("fraction", ctypes.c_long))


class _Timex(ctypes.Structure):
    """struct timex of <linux/timex.h>, as adjtimex(2) describes it."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("time", _Timeval),
        ("tick", ctypes.c_long),
        ("ppsfreq", ctypes.c_long),
        ("jitter", ctypes.c_long),
        ("shift", ctypes.c_int),
        ("stabil", ctypes.c_long),
        ("jitcnt", ctypes.c_long),
        ("calcnt", ctypes.c_long),
        ("errcnt", ctypes.c_long),
        ("stbcnt", ctypes.c_long),
        ("tai", ctypes.c_int),
        ("reserved", ctypes.c_int * 11),
    )


_NUMBERS = tuple(
    name for name, kind in ((row[0], row[1]) for row in _Timex._fields_) if kind in (ctypes.c_long, ctypes.c_int)
)
_LIBC = ctypes.CDLL(None, use_errno=True)


def timex() -> bytes:
    """Ask adjtimex(2), changing nothing. Raises OSError, for instance where a sandbox forbids the call."""
    said = _Timex(modes=0)
    state = _LIBC.adjtimex(ctypes.byref(said))
    if state < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "adjtimex")
    rows = [f"state {state}", *(f"{name} {getattr(said, name)}" for name in _NUMBERS)]
    return ("\n".join(rows) + "\n").encode()


def clock() -> bytes:
    """Return Unix seconds, the name of the local time zone and its offset from UTC in seconds."""
    now = time.time()
    local = time.localtime(now)
    return f"{now!r} {local.tm_zone or 'UTC'} {local.tm_gmtoff}\n".encode()


def machine() -> bytes:
    """Return the machine's type as uname(2) gives it."""
    return os.uname().machine.encode()


def page_size() -> bytes:
    """Return the bytes of a memory page: 4 kB on most machines, 16 or 64 kB on some arm64."""
    return str(os.sysconf("SC_PAGESIZE")).encode()


def units() -> bytes:
    """Ask systemd for its units. Raises OSError where it does not run, or does not answer in time."""
    if not os.path.isdir("/run/systemd/system"):  # noqa: PTH112 - sd_booted(3) asks just this
        raise FileNotFoundError(errno.ENOENT, "systemd does not run here", "/run/systemd/system")
    asked = ("systemctl", "show", "--no-pager", f"--property={','.join(PROPERTIES)}", "*")
    try:
        said = subprocess.run(asked, capture_output=True, check=True, timeout=_SYSTEMD_TIMEOUT_S)  # noqa: S603 - no input
    except subprocess.SubprocessError as error:
        raise OSError(errno.EIO, str(error), "systemctl") from error
    return said.stdout


def tcp_sockets() -> bytes:
    """Ask the kernel for all TCP sockets through sock_diag(7): netlink messages. Raises OSError where that is barred.

    /proc/net/tcp tells the same, but walks the whole hash table again for each 27 sockets.
    """
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as asked:
        asked.settimeout(_NETLINK_TIMEOUT_S)
        return b"".join(part for family in (socket.AF_INET, socket.AF_INET6) for part in _dump(asked, family))


def _dump(asked: socket.socket, family: int) -> Iterator[bytes]:
    asked.send(netlink.request(family))
    length = 0
    while True:
        part = asked.recv(_NETLINK_CHUNK)
        ended = netlink.ended(part)
        if ended is not None and ended != 0:
            raise OSError(ended, os.strerror(ended), "sock_diag")
        length += len(part)
        if length > _NETLINK_MAX_BYTES:
            raise OSError(errno.EMSGSIZE, "there are too many sockets", "sock_diag")
        yield part
        if ended == 0:
            return


FACTS: Mapping[str, Callable[[], bytes]] = {
    "@time": clock,
    "@timex": timex,
    "@machine": machine,
    "@pagesize": page_size,
    "@systemd": units,
    "@tcp_diag": tcp_sockets,
}
