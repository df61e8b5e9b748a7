"""A tcpdump expression as the kernel's socket filter, compiled by libpcap.

The kernel takes a frame's VLAN tag out before it runs the filter. libpcap knows that only of a handle on a live
interface: `vlan 7` then asks for the tag's own place (SKF_AD_VLAN_TAG, linux/filter.h) as well as for the frame's. So
the expression is compiled for the interface itself where that can be opened, as tcpdump does; otherwise for its link
type, and then `vlan` is refused.
"""

import ctypes
import re
import socket
import struct
from dataclasses import dataclass
from functools import cache
from typing import Final

from collectors.traffic.capture.faults import CaptureFault

_SO_ATTACH_FILTER: Final = 26  # asm-generic/socket.h
_LIBRARIES: Final = ("libpcap.so.0.8", "libpcap.so.1")  # Debian's name, everybody else's
_NO_NETMASK: Final = 0xFFFF_FFFF  # PCAP_NETMASK_UNKNOWN
_ERROR_BYTES: Final = 256  # PCAP_ERRBUF_SIZE
MOST: Final = 4_096  # BPF_MAXINSNS: the kernel takes no more
_DLT_OF: Final = {1: 1, 101: 12}  # LINKTYPE_ to this host's DLT_
_VLAN: Final = re.compile(r"\bvlan\b")
_INSTRUCTION: Final = struct.Struct("=HBBI")  # struct sock_filter
_RETURN: Final = 0x06  # BPF_RET | BPF_K
_REMEDY: Final = "write it as tcpdump takes it, for example: udp port 53 or net 192.0.2.0/24"


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint), ("instructions", ctypes.c_void_p))


@dataclass(frozen=True, slots=True)
class Filter:
    """A program of the kernel's classic packet filter: what it returns is how many octets of a frame are captured."""

    program: bytes

    def attach(self, sock: socket.socket) -> None:
        """Let the socket take only what passes. Replaces the filter that it has, without a gap."""
        octets = ctypes.create_string_buffer(self.program, len(self.program))
        length = len(self.program) // _INSTRUCTION.size
        sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", length, ctypes.addressof(octets)))


def everything(snaplen_bytes: int) -> Filter:
    """Return the filter that lets all frames pass, up to this length of them."""
    return Filter(_INSTRUCTION.pack(_RETURN, 0, 0, snaplen_bytes))


NOTHING: Final = Filter(_INSTRUCTION.pack(_RETURN, 0, 0, 0))


def compile_filter(expression: str, link_type: int, snaplen_bytes: int, interface: str = "") -> Filter:
    """Compile an expression. CaptureFault where it is wrong, where libpcap is missing, or where it is too long."""
    if not expression.strip():
        return everything(snaplen_bytes)
    library = _library()
    handle, live = (_live(library, interface, snaplen_bytes), True) if interface else (None, False)
    if handle is None:
        live = False
        handle = library.pcap_open_dead(_DLT_OF.get(link_type, link_type), snaplen_bytes)
    if handle is None:
        raise _fault(expression, f"libpcap has no filters for link type {link_type}", "leave the filter empty")
    try:
        program = _Program()
        if library.pcap_compile(handle, ctypes.byref(program), expression.encode(), 1, _NO_NETMASK) != 0:
            raise _fault(expression, library.pcap_geterr(handle).decode("utf-8", "replace"), _REMEDY)
        length = program.length * _INSTRUCTION.size
        octets = ctypes.string_at(program.instructions or 0, length)
        library.pcap_freecode(ctypes.byref(program))
    finally:
        library.pcap_close(handle)
    if _VLAN.search(expression) and interface and not live:
        problem = "`vlan` takes the interface itself to compile, and it cannot be opened"
        raise _fault(expression, problem, "start with CAP_NET_RAW, or leave `vlan` out")
    if program.length > MOST:
        raise _fault(expression, f"{program.length} instructions; the kernel takes {MOST}", "make it shorter")
    return Filter(octets)


def _live(library: ctypes.CDLL, interface: str, snaplen_bytes: int) -> int | None:
    """Open the interface as tcpdump would, only to compile for it; None where that cannot be."""
    error = ctypes.create_string_buffer(_ERROR_BYTES)
    handle: int | None = library.pcap_create(interface.encode(), error)
    if handle is None:
        return None
    library.pcap_set_snaplen(handle, snaplen_bytes)
    library.pcap_set_buffer_size(handle, 1 << 16)
    if library.pcap_activate(handle) < 0:
        library.pcap_close(handle)
        return None
    return handle


def _fault(expression: str, problem: str, remedy: str) -> CaptureFault:
    return CaptureFault("filter", f"{expression!r}: {problem}", remedy)


@cache
def _library() -> ctypes.CDLL:
    for name in _LIBRARIES:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        handle, text = ctypes.c_void_p, ctypes.c_char_p
        program = ctypes.POINTER(_Program)
        for function, result, arguments in (
            ("pcap_open_dead", handle, (ctypes.c_int, ctypes.c_int)),
            ("pcap_create", handle, (text, text)),
            ("pcap_set_snaplen", ctypes.c_int, (handle, ctypes.c_int)),
            ("pcap_set_buffer_size", ctypes.c_int, (handle, ctypes.c_int)),
            ("pcap_activate", ctypes.c_int, (handle,)),
            ("pcap_compile", ctypes.c_int, (handle, program, text, ctypes.c_int, ctypes.c_uint32)),
            ("pcap_geterr", text, (handle,)),
            ("pcap_freecode", None, (program,)),
            ("pcap_close", None, (handle,)),
        ):
            entry = getattr(library, function)
            entry.restype, entry.argtypes = result, arguments
        return library
    raise CaptureFault("filter", "libpcap is missing, which compiles filters", "install the Debian package libpcap0.8")
