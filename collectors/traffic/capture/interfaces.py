"""What interfaces there are, and what kind of link one is."""

import fcntl
import socket
import struct
from collections.abc import Iterable
from typing import Final

from collectors.traffic.capture.faults import CaptureFault

_SIOCGIFFLAGS: Final = 0x8913  # linux/sockios.h
_SIOCGIFHWADDR: Final = 0x8927
_SIOCGIFINDEX: Final = 0x8933
_IFREQ: Final = 40  # octets of struct ifreq: a name of 16, then its union
_LONGEST_NAME: Final = 15

IFF_UP: Final = 1
LOOPBACK: Final = 772  # ARPHRD_LOOPBACK, linux/if_arp.h
_LINK_TYPES: Final = {  # ARPHRD_ to LINKTYPE_
    1: 1,  # Ethernet
    LOOPBACK: 1,  # its frames have an Ethernet header too
    519: 101,  # ARPHRD_RAWIP: a mobile modem
    768: 101,  # ARPHRD_TUNNEL: IPv4 in IPv4
    769: 101,  # ARPHRD_TUNNEL6
    776: 101,  # ARPHRD_SIT: IPv6 in IPv4
    65_534: 101,  # ARPHRD_NONE: tun, WireGuard
}


def names() -> list[str]:
    """Return the interfaces that there are, sorted."""
    return sorted(name for _, name in socket.if_nameindex())


def unknown(name: str, there_are: Iterable[str]) -> CaptureFault:
    """Return the fault of an interface that is not there."""
    return CaptureFault(name, f"there is no interface {name}", f"there are {', '.join(there_are) or 'none'}")


def index(sock: socket.socket, name: str) -> int | None:
    """Return an interface's number in the socket's network namespace; None where there is none of this name."""
    request = _ask(sock, _SIOCGIFINDEX, name)
    return None if request is None else int(struct.unpack_from("=i", request, 16)[0])


def up(sock: socket.socket, name: str) -> bool:
    """Tell whether an interface is there and was switched on."""
    request = _ask(sock, _SIOCGIFFLAGS, name)
    return request is not None and bool(struct.unpack_from("=H", request, 16)[0] & IFF_UP)


def hardware(sock: socket.socket, name: str) -> int:
    """Return the kind of an interface, an ARPHRD_ value; 0 where there is none of this name."""
    request = _ask(sock, _SIOCGIFHWADDR, name)
    return 0 if request is None else int(struct.unpack_from("=H", request, 16)[0])


def link_type(name: str, kind: int) -> int:
    """Return the LINKTYPE_ of an ARPHRD_; CaptureFault for a kind that we do not decode."""
    if kind not in _LINK_TYPES:
        problem = f"the interface {name} is neither Ethernet nor plain IP (link type {kind} of linux/if_arp.h)"
        raise CaptureFault(name, problem, "name an Ethernet interface, or the one that this one runs over")
    return _LINK_TYPES[kind]


def _ask(sock: socket.socket, what: int, name: str) -> bytes | None:
    octets = name.encode()
    if not octets or len(octets) > _LONGEST_NAME or b"\0" in octets:
        return None
    try:
        return fcntl.ioctl(sock.fileno(), what, octets.ljust(_IFREQ, b"\0"))
    except OSError:  # ENODEV; a socket that is open answers nothing else
        return None
