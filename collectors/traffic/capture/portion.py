"""How much of each frame the kernel captures: the whole of what is read, the first octets of bulk.

Bulk are TCP and UDP but for the ports of DNS, DHCP and tunnels: of them headers are read, and the rest is evidence.
What is short comes into fewer lines of memory that have to be fetched, and the ring holds it for longer.

The decision is the end of the socket's filter: instructions of the classic packet filter (`struct sock_filter`,
Documentation/networking/filter.rst of Linux), put in the place of each return that lets a frame pass.
"""

import struct
from typing import Final

from collectors.traffic.capture.filter import MOST, Filter

TALK: Final = (53, 67, 68, 546, 547, 4789, 6081, 8472)
"""Ports, on either side, of what is read beyond headers: DNS, DHCP, DHCPv6; VXLAN and Geneve, which may carry it."""

_INSTRUCTION: Final = struct.Struct("=HBBI")
_JUMP: Final = 0x05  # BPF_JMP | BPF_JA: by k instructions, from the next one on
_EQUAL: Final = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_AT_LEAST: Final = 0x35  # … | BPF_JGE
_ANY_BIT: Final = 0x45  # … | BPF_JSET
_LENGTH: Final = 0x80  # BPF_LD | BPF_W | BPF_LEN
_HALF: Final = 0x28  # BPF_LD | BPF_H | BPF_ABS
_OCTET: Final = 0x30  # BPF_LD | BPF_B | BPF_ABS
_HALF_BEHIND: Final = 0x48  # BPF_LD | BPF_H | BPF_IND: at X + k
_HEADER_TO_X: Final = 0xB1  # BPF_LDX | BPF_B | BPF_MSH: four times the low four bits of the octet at k
_RETURN: Final = 0x06  # BPF_RET | BPF_K
_SHORTEST: Final = 78
"""Octets of the longest headers up to both ports: 14 of Ethernet, 60 of IPv4, 4. What is shorter is captured whole, so
that no load lies outside of a frame: that would drop it."""
_ETHERNET: Final = 1  # LINKTYPE_ETHERNET
_TCP: Final = 6
_UDP: Final = 17


class _Writer:
    """Instructions with jumps to names, which lie further down."""

    def __init__(self) -> None:
        self._lines: list[tuple[int, int, str, str]] = []  # code, k, where to if it holds, if not; "": on
        self._places: dict[str, int] = {}

    def put(self, code: int, k: int, then: str = "", otherwise: str = "") -> None:
        self._lines.append((code, k, then, otherwise))

    def name(self, place: str) -> None:
        self._places[place] = len(self._lines)

    def octets(self) -> bytes:
        return b"".join(self._packed(at, *line) for at, line in enumerate(self._lines))

    def _packed(self, at: int, code: int, k: int, then: str, otherwise: str) -> bytes:
        there, elsewhere = (self._places[place] - at - 1 if place else 0 for place in (then, otherwise))
        return _INSTRUCTION.pack(code, 0, 0, there) if code == _JUMP else _INSTRUCTION.pack(code, there, elsewhere, k)


def shortened(passing: Filter, link_type: int, whole_bytes: int, bulk_bytes: int) -> Filter:
    """Return a filter that lets the same frames pass, and of bulk captures no more than `bulk_bytes`.

    Only on Ethernet, and where a tag or anything else stands between Ethernet and IP a frame is captured whole (the
    kernel takes the outermost tag out first). The filter stays as it is where it is too long for the addition.
    """
    tail = _tail(whole_bytes, bulk_bytes)
    own = list(_INSTRUCTION.iter_unpack(passing.program))
    if link_type != _ETHERNET or bulk_bytes >= whole_bytes or len(own) + len(tail) // _INSTRUCTION.size > MOST:
        return passing
    joined = (
        (_JUMP, 0, 0, len(own) - at - 1) if code == _RETURN and k else (code, then, otherwise, k)
        for at, (code, then, otherwise, k) in enumerate(own)
    )
    return Filter(b"".join(_INSTRUCTION.pack(*each) for each in joined) + tail)


def _tail(whole_bytes: int, bulk_bytes: int) -> bytes:
    """Return instructions that end with one of these two numbers."""
    w = _Writer()
    w.put(_LENGTH, 0)
    w.put(_AT_LEAST, _SHORTEST, "", "whole")
    w.put(_HALF, 12)
    w.put(_EQUAL, 0x86DD, "version 6")
    w.put(_EQUAL, 0x0800, "", "whole")
    w.put(_OCTET, 14 + 9)
    w.put(_EQUAL, _TCP, "version 4")
    w.put(_EQUAL, _UDP, "", "whole")
    w.name("version 4")
    w.put(_HALF, 14 + 6)
    w.put(_ANY_BIT, 0x1FFF, "bulk")  # a later fragment has no ports
    w.put(_HEADER_TO_X, 14)
    _ports(w, _HALF_BEHIND, 14)
    w.put(_JUMP, 0, "bulk")
    w.name("version 6")
    w.put(_OCTET, 14 + 6)
    w.put(_EQUAL, _TCP, "ports")
    w.put(_EQUAL, _UDP, "", "whole")
    w.name("ports")
    _ports(w, _HALF, 14 + 40)
    w.name("bulk")
    w.put(_RETURN, bulk_bytes)
    w.name("whole")
    w.put(_RETURN, whole_bytes)
    return w.octets()


def _ports(w: _Writer, load: int, at: int) -> None:
    for port in (at, at + 2):
        w.put(load, port)
        for talk in TALK:
            w.put(_EQUAL, talk, "whole")
