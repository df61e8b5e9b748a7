"""sFlow version 5 datagrams for tests, made of octets, and read from captures. And the decoder over them."""

import struct
from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.flows.datagrams import DATAGRAM, Datagrams

RECORDED = Path(__file__).parents[1] / "data" / "sflow" / "pmacctd.pcap"
INTERNAL = 0x3FFF_FFFF


def batch(datagrams: Sequence[bytes], exporter: int = 1, received_ns: int = 1_700_000_000_000_000_000) -> Datagrams:
    """Return datagrams as a receiver gives them; the buffer ends with the last one's last octet."""
    index = np.zeros(len(datagrams), DATAGRAM)
    index["length"] = [len(each) for each in datagrams]
    index["at"][1:] = np.cumsum(index["length"])[:-1]
    index["exporter"] = exporter
    index["received_ns"] = received_ns
    return Datagrams(np.frombuffer(b"".join(datagrams), np.uint8), index)


def decoded(sflow: object, datagrams: Sequence[bytes], exporter: int = 1) -> NDArray[np.void]:
    """Return a copy of what the decoder makes of datagrams."""
    records: NDArray[np.void] = sflow.decode(batch(datagrams, exporter))  # type: ignore[attr-defined]
    return records.copy()


def captured_datagrams(path: Path = RECORDED) -> list[bytes]:
    """Return the UDP payloads of a pcap file with Ethernet, IPv4 without options and UDP in it."""
    data = path.read_bytes()
    at, found = 24, []
    while at < len(data):
        length = struct.unpack_from("<8xI", data, at)[0]
        found.append(data[at + 16 + 14 + 20 + 8 : at + 16 + length])
        at += 16 + length
    return found


def pcap_of(datagrams: Iterable[bytes], port: int = 6343) -> bytes:
    """Return a pcap file of datagrams, for tshark."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1)]
    for data in datagrams:
        udp = struct.pack("!HHHH", 40_000, port, 8 + len(data), 0) + data
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\xc0\0\x02\x09", b"\xc0\0\x02\x0a")
        frame = bytes.fromhex("020000000002020000000001") + b"\x08\x00" + ip + udp
        parts.append(struct.pack("<IIII", 1_700_000_000, 0, len(frame), len(frame)) + frame)
    return b"".join(parts)


def _address(text: str) -> bytes:
    packed = ip_address(text).packed
    return struct.pack("!I", 1 if len(packed) == 4 else 2) + packed


def datagram(
    *samples: bytes, sequence: int = 1, sub_agent: int = 0, agent: str = "192.0.2.1", uptime: int = 0
) -> bytes:
    head = struct.pack("!I", 5) + _address(agent) + struct.pack("!IIII", sub_agent, sequence, uptime, len(samples))
    return head + b"".join(samples)


def part(form: int, body: bytes) -> bytes:
    """A sample or a record: its format, its length, itself."""
    return struct.pack("!II", form, len(body)) + body


def flow_sample(
    *records: bytes,
    sequence: int = 1,
    source: int = 3,
    rate: int = 1,
    pool: int = 0,
    drops: int = 0,
    inward: int = 3,
    outward: int = 4,
) -> bytes:
    body = struct.pack("!8I", sequence, source, rate, pool, drops, inward, outward, len(records))
    return part(1, body + b"".join(records))


def expanded_flow_sample(
    *records: bytes,
    sequence: int = 1,
    source: tuple[int, int] = (0, 3),
    rate: int = 1,
    drops: int = 0,
    inward: tuple[int, int] = (0, 3),
    outward: tuple[int, int] = (0, 4),
) -> bytes:
    body = struct.pack("!11I", sequence, *source, rate, 0, drops, *inward, *outward, len(records))
    return part(3, body + b"".join(records))


def raw_header(header: bytes, *, protocol: int = 1, length: int | None = None, stripped: int = 4) -> bytes:
    wire = len(header) + stripped if length is None else length
    padded = header + bytes(-len(header) % 4)
    return part(1, struct.pack("!IIII", protocol, wire, stripped, len(header)) + padded)


def sampled_ethernet(length: int, source: bytes, destination: bytes, ethertype: int) -> bytes:
    return part(2, struct.pack("!I6sxx6sxxI", length, source, destination, ethertype))


def sampled_ip(  # noqa: PLR0917 - the order is the standard's
    length: int,
    protocol: int,
    source: str,
    destination: str,
    ports: tuple[int, int] = (0, 0),
    flags: int = 0,
    tos: int = 0,
) -> bytes:
    addresses = ip_address(source).packed + ip_address(destination).packed
    body = struct.pack("!II", length, protocol) + addresses + struct.pack("!IIII", *ports, flags, tos)
    return part(3 if len(addresses) == 8 else 4, body)


def extended_switch(vlan: int, out_vlan: int = 0) -> bytes:
    return part(1001, struct.pack("!IIII", vlan, 0, out_vlan, 0))


def extended_gateway(source_as: int, path: Sequence[Sequence[int]], hop: str = "192.0.2.254") -> bytes:
    body = _address(hop) + struct.pack("!IIII", 65_000, source_as, 65_001, len(path))
    for segment in path:
        body += struct.pack(f"!II{len(segment)}I", 2, len(segment), *segment)
    return part(1003, body + struct.pack("!II", 0, 100))


def generic_counters(if_index: int, *, octets: tuple[int, int] = (0, 0), speed: int = 10**9) -> bytes:
    first = struct.pack("!IIQII", if_index, 6, speed, 1, 3)
    inward = struct.pack("!Q6I", octets[0], 11, 12, 13, 14, 15, 16)
    outward = struct.pack("!Q5I", octets[1], 21, 22, 23, 24, 25)
    return part(1, first + inward + outward + struct.pack("!I", 2))


def ethernet_counters() -> bytes:
    return part(2, struct.pack("!13I", *range(101, 114)))


def processor_counters() -> bytes:
    return part(1001, struct.pack("!IIIQQ", 1_234, 2_345, 3_456, 8 << 30, 3 << 30))


def counter_sample(*records: bytes, sequence: int = 1, source: int = 3) -> bytes:
    return part(2, struct.pack("!III", sequence, source, len(records)) + b"".join(records))


def expanded_counter_sample(*records: bytes, sequence: int = 1, source: tuple[int, int] = (0, 3)) -> bytes:
    return part(4, struct.pack("!IIII", sequence, *source, len(records)) + b"".join(records))
