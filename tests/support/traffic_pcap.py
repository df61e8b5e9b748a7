"""A small capture of ordinary traffic for exporters to read: TCP, UDP, ICMP over IPv4 and IPv6, made octet by octet."""

import random
import socket
import struct
from collections.abc import Sequence
from pathlib import Path

_ETHERNET = b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01"


def _ip4(source: str, destination: str, protocol: int, payload: bytes, tos: int = 0) -> bytes:
    header = struct.pack(">BBHHHBBH", 0x45, tos, 20 + len(payload), 1, 0, 63, protocol, 0)
    body = header + socket.inet_aton(source) + socket.inet_aton(destination) + payload
    return _ETHERNET + b"\x08\0" + body


def _ip6(source: str, destination: str, protocol: int, payload: bytes) -> bytes:
    header = struct.pack(">IHBB", 0x6000_0000, len(payload), protocol, 63)
    addresses = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, destination)
    return _ETHERNET + b"\x86\xdd" + header + addresses + payload


def _tcp(ports: tuple[int, int], flags: int, size: int) -> bytes:
    return struct.pack(">HHIIBBHHH", *ports, 1, 1, 0x50, flags, 8192, 0, 0) + b"x" * size


def _udp(ports: tuple[int, int], size: int) -> bytes:
    return struct.pack(">HHHH", *ports, 8 + size, 0) + b"y" * size


def write(path: Path, conversations: int = 60, begun_s: int = 1_790_000_000) -> int:
    """Write conversations, one after the other within some seconds; return how many packets."""
    rng = random.Random(11)
    packets: list[tuple[int, bytes]] = []
    for number in range(conversations):
        at = begun_s * 10**6 + rng.randrange(5 * 10**6)
        client, server = f"10.1.{number % 7}.{number + 1}", f"192.0.2.{number % 5 + 1}"
        client6, server6 = f"2001:db8:1::{number + 1:x}", f"2001:db8:2::{number % 5 + 1:x}"
        port = 20_000 + number
        match number % 6:
            case 0 | 1:
                for flags, forth, size in ((2, 1, 0), (18, 0, 0), (16, 1, 0), (24, 1, 300), (24, 0, 1200), (17, 1, 0)):
                    at += rng.randrange(1, 40_000)
                    ends = (client, server) if forth else (server, client)
                    packets.append((at, _ip4(*ends, 6, _tcp((port, 443) if forth else (443, port), flags, size), 8)))
            case 2:
                packets.append((at, _ip4(client, server, 17, _udp((port, 53), 40))))
                packets.append((at + 9_000, _ip4(server, client, 17, _udp((53, port), 200))))
            case 3:
                echo = struct.pack(">BBHHH", 8, 0, 0, port, 1)
                packets.append((at, _ip4(client, server, 1, echo + b"z" * 56)))
            case 4:
                for flags, forth in ((2, 1), (18, 0), (16, 1), (4, 1)):
                    at += rng.randrange(1, 40_000)
                    ends = (client6, server6) if forth else (server6, client6)
                    packets.append((at, _ip6(*ends, 6, _tcp((port, 80) if forth else (80, port), flags, 100))))
            case _:
                packets.append((at, _ip6(client6, server6, 17, _udp((port, 123), 48))))
    packets.sort()
    with path.open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1))
        for at, frame in packets:
            out.write(struct.pack("<IIII", at // 10**6, at % 10**6, len(frame), len(frame)) + frame)
    return len(packets)


def write_udp(path: Path, payloads: Sequence[bytes], port: int) -> None:
    """Write datagrams to this port, one a second."""
    with path.open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1))
        for number, payload in enumerate(payloads):
            udp = struct.pack(">HHHH", 40_000, port, 8 + len(payload), 0) + payload
            frame = _ip4("192.0.2.1", "192.0.2.2", 17, udp)
            out.write(struct.pack("<IIII", 1_790_000_000 + number, 0, len(frame), len(frame)) + frame)
