"""Capture files made octet by octet, so that every field of them can be chosen."""

import struct
from collections.abc import Iterable
from typing import Final

FRAME: Final = bytes.fromhex(  # an Ethernet frame: UDP from 192.0.2.1:53 to 192.0.2.2:9
    "020000000002020000000001080045000020000100004011f6c7c0000201c000020200350009000c000041424344"
)
IP: Final = FRAME[14:]


def pcap(
    packets: Iterable[tuple[int, bytes]],
    *,
    order: str = "<",
    magic: int = 0xA1B2C3D4,
    link_type: int = 1,
    snaplen: int = 65_535,
    wire: int | None = None,
) -> bytes:
    """Return a pcap file. Packets: Unix nanoseconds and octets; times lose what the format's fraction cannot hold."""
    unit = 1 if magic == 0xA1B23C4D else 1000
    parts = [struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, snaplen, link_type)]
    for time_ns, octets in packets:
        seconds, rest = divmod(time_ns, 10**9)
        length = len(octets) if wire is None else wire
        parts.append(struct.pack(f"{order}IIII", seconds, rest // unit, len(octets), length))
        if magic == 0xA1B2CD34:
            parts.append(struct.pack(f"{order}IHBB", 2, 0x0800, 0, 0))
        parts.append(octets)
    return b"".join(parts)


class Pcapng:
    """Blocks of a pcapng file in one order of octets."""

    def __init__(self, order: str = "<") -> None:
        self.order = order

    def block(self, kind: int, body: bytes, *, trailer: int | None = None) -> bytes:
        """Return any block, its body padded."""
        body += bytes(-len(body) % 4)
        length = len(body) + 12
        last = length if trailer is None else trailer
        return struct.pack(f"{self.order}II", kind, length) + body + struct.pack(f"{self.order}I", last)

    def section(self, *, major: int = 1) -> bytes:
        """Return a Section Header Block."""
        return self.block(0x0A0D0D0A, struct.pack(f"{self.order}IHHq", 0x1A2B3C4D, major, 0, -1))

    def interface(
        self, *, link_type: int = 1, snaplen: int = 0, resolution: int | None = None, offset_s: int | None = None
    ) -> bytes:
        """Return an Interface Description Block."""
        options = self.option(2, b"eth0")
        if resolution is not None:
            options += self.option(9, bytes([resolution]))
        if offset_s is not None:
            options += self.option(14, struct.pack(f"{self.order}q", offset_s))
        return self.block(1, struct.pack(f"{self.order}HHI", link_type, 0, snaplen) + options + self.option(0, b""))

    def option(self, code: int, value: bytes) -> bytes:
        """Return an option, padded."""
        return struct.pack(f"{self.order}HH", code, len(value)) + value + bytes(-len(value) % 4)

    def enhanced(
        self, octets: bytes, ticks: int, *, interface: int = 0, wire: int | None = None, captured: int | None = None
    ) -> bytes:
        """Return an Enhanced Packet Block with a comment."""
        lengths = (len(octets) if captured is None else captured, len(octets) if wire is None else wire)
        fixed = struct.pack(f"{self.order}IIIII", interface, ticks >> 32, ticks & 0xFFFF_FFFF, *lengths)
        return self.block(
            6, fixed + octets + bytes(-len(octets) % 4) + self.option(1, b"comment") + self.option(0, b"")
        )

    def simple(self, octets: bytes, wire: int) -> bytes:
        """Return a Simple Packet Block."""
        return self.block(3, struct.pack(f"{self.order}I", wire) + octets)

    def obsolete(self, octets: bytes, ticks: int, *, interface: int = 0) -> bytes:
        """Return a Packet Block, as files before 2009 have it."""
        lengths = (len(octets), len(octets))
        fixed = struct.pack(f"{self.order}HHIIII", interface, 0, ticks >> 32, ticks & 0xFFFF_FFFF, *lengths)
        return self.block(2, fixed + octets)
