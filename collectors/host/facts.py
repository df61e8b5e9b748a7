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
from netmon.api.timex import Timex, timex

_NETLINK_SOCK_DIAG = 4  # <linux/netlink.h>
_NETLINK_TIMEOUT_S = 5
_NETLINK_CHUNK = 1 << 17  # the kernel fills at most 32 kB at once
_NETLINK_MAX_BYTES = 64 << 20  # half a million sockets
_SYSTEMD_TIMEOUT_S = 5
"""Asking for a thousand units takes systemd a tenth of a second."""


_TIMEX_NUMBERS = tuple(row[0] for row in Timex._fields_ if row[1] in (ctypes.c_long, ctypes.c_int))


def clock_state() -> bytes:
    """Ask adjtimex(2), changing nothing. Raises OSError, for instance where a sandbox forbids the call."""
    state, said = timex()
    rows = [f"state {state}", *(f"{name} {getattr(said, name)}" for name in _TIMEX_NUMBERS)]
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
    "@timex": clock_state,
    "@machine": machine,
    "@pagesize": page_size,
    "@systemd": units,
    "@tcp_diag": tcp_sockets,
}
