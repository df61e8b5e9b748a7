"""Two hosts on a cable, frames that one sends, and a ring that listens at the other."""

import contextlib
import socket
import struct
import time
from collections.abc import Callable, Iterable, Iterator

from collectors.traffic.capture.evidence import Captured
from collectors.traffic.capture.ring import Ring
from collectors.traffic.capture.settings import RingSettings
from netmon.api.traffic import Traffic
from tests.support.netns import INTERFACE, Host, Lan, lan

HEADER = bytes.fromhex("020000000002020000000001")
SMALL = {"block_bytes": 65_536, "blocks": 8, "kept_blocks": 0, "block_timeout_ms": 5, "bulk_bytes": 65_535}


def frame(number: int = 0, *, tags: bytes = b"", source: int = 4000, destination: int = 7777, size: int = 20) -> bytes:
    """Return an Ethernet frame with an IPv4 UDP datagram that carries a number."""
    payload = number.to_bytes(4, "big") + bytes(size - 4)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + size, 0, 0, 64, 17, 0, b"\xc0\0\2\1", b"\xc0\0\2\2")
    total = sum(struct.unpack("!10H", ip))
    total = (total & 0xFFFF) + (total >> 16)
    ip = ip[:10] + struct.pack("!H", ~total & 0xFFFF) + ip[12:]
    return HEADER + tags + b"\x08\x00" + ip + struct.pack("!HHHH", source, destination, 8 + size, 0) + payload


@contextlib.contextmanager
def sender(host: Host) -> Iterator[Callable[[Iterable[bytes]], None]]:
    with host.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
        sock.bind((INTERFACE, 0))

        def send(frames: Iterable[bytes]) -> None:
            for each in frames:
                sock.send(each)

        yield send


@contextlib.contextmanager
def cable() -> Iterator[tuple[Lan, Callable[[Iterable[bytes]], None]]]:
    """Give two hosts, and how to send from the left one to the right one."""
    with lan("left", "right") as net, sender(net["left"]) as send:
        yield net, send


def listening(host: Host, name: str = INTERFACE, **how: object) -> Ring:
    return Ring(name, RingSettings.model_validate({"filter": "udp", **SMALL, **how}), opener=host.socket)


def octets(batch: Traffic | Captured) -> list[bytes]:
    assert batch.frames is not None
    places = batch.frames.index[["at", "captured"]].tolist()
    return [batch.frames.buffer[at : at + captured].tobytes() for at, captured in places]


def drained(ring: Ring, enough: int, within_s: float = 5.0) -> list[tuple[bytes, int, int, int]]:
    """Return octets, octets on the wire, VLAN and destination port of so many frames, and of what follows at once."""
    got: list[tuple[bytes, int, int, int]] = []
    deadline = time.monotonic() + within_s
    while (batch := ring.next(0.05)) is not None or (len(got) < enough and time.monotonic() < deadline):
        if batch is not None:
            records = batch.records
            numbers = (records[name].tolist() for name in ("bytes", "vlan", "destination_port"))
            got += list(zip(octets(batch), *numbers, strict=True))
    return got
