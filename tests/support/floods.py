"""Floods of frames made by hand, from one host of a test's own network to another."""

import socket
import struct

from tests.support.netns import Host


def syn_flood(raw: socket.socket, source: Host, victim: Host, count: int) -> None:
    """Send SYNs from many addresses and ports: frames made by hand."""
    head = bytes.fromhex(f"{victim.mac} {source.mac} 0800".replace(":", ""))
    to = socket.inet_aton(victim.ipv4)
    for number in range(count):
        sender = struct.pack(">I", 0xC6120000 + number * 7 % 60_000)  # 198.18.0.0/15 (RFC 2544)
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 40, number & 0xFFFF, 0, 64, 6, 0) + sender + to
        tcp = struct.pack(">HHIIBBHHH", 1024 + number % 60_000, 80, number, 0, 0x50, 2, 1024, 0, 0)
        raw.send(head + ip + tcp)
