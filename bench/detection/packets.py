"""Packets in columns, and the capture file that they make: headers whole, payload cut off as `tcpdump -s` does.

What the lab makes up is made here. Addresses are IPv4 numbers; those of IPv6 are kept in `WIDE` and have their row's
number, from 240.0.0.0 on. Payload that detectors read (DNS) and frames that are no IP are kept beside the columns.
"""

import struct
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

PACKET: Final = np.dtype(
    [
        ("at_ns", "u8"),  # Unix nanoseconds
        ("source", "u4"),
        ("destination", "u4"),
        ("seq", "u4"),
        ("ack", "u4"),
        ("size", "u4"),  # octets of the transport's payload
        ("payload", "u4"),  # row in `PAYLOADS`; 0: zeros that are cut off
        ("source_port", "u2"),  # ICMP: type * 256 + code
        ("destination_port", "u2"),  # ICMP: identifier
        ("fragment", "u2"),  # IPv4: flags and offset
        ("protocol", "u1"),  # 0: `payload` is the whole frame
        ("flags", "u1"),
        ("ttl", "u1"),
        ("version", "u1"),
    ]
)
Packets: TypeAlias = NDArray[np.void]

TCP, UDP, ICMP = 6, 17, 1
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
HEADER: Final = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262_144, 1)

_RECORD: Final = [("s", "<u4"), ("ns", "<u4"), ("captured", "<u4"), ("wire", "<u4")]
_ETHERNET: Final = [("to", ">u4"), ("to_low", ">u2"), ("by_high", ">u2"), ("by", ">u4"), ("type", ">u2")]
_IPV4: Final = [
    ("vihl", "u1"),
    ("tos", "u1"),
    ("length", ">u2"),
    ("id", ">u2"),
    ("fragment", ">u2"),
    ("ttl", "u1"),
    ("protocol", "u1"),
    ("sum", ">u2"),
    ("source", ">u4"),
    ("destination", ">u4"),
]
_IPV6: Final = [
    ("first", ">u4"),
    ("length", ">u2"),
    ("protocol", "u1"),
    ("ttl", "u1"),
    ("source", ">u4", 4),
    ("destination", ">u4", 4),
]
_TCP: Final = [
    ("source_port", ">u2"),
    ("destination_port", ">u2"),
    ("seq", ">u4"),
    ("ack", ">u4"),
    ("offset", "u1"),
    ("flags", "u1"),
    ("window", ">u2"),
    ("tsum", ">u2"),
    ("urgent", ">u2"),
]
_UDP: Final = [("source_port", ">u2"), ("destination_port", ">u2"), ("ulength", ">u2"), ("tsum", ">u2")]
_ICMP: Final = [("kind", ">u2"), ("tsum", ">u2"), ("ident", ">u2"), ("number", ">u2")]
_TRANSPORTS: Final = {TCP: _TCP, UDP: _UDP, ICMP: _ICMP}

PAYLOADS: Final[list[bytes]] = [b""]
_KNOWN: Final[dict[bytes, int]] = {}
GATEWAY_MAC: Final = 0x0200_0000_0001
WIDE: Final[list[tuple[int, int]]] = []  # IPv6 addresses, with the MAC addresses that have them
FIRST_WIDE: Final = 0xF000_0000
_WIDE_KNOWN: Final[dict[int, int]] = {}


def payload(octets: bytes) -> int:
    """Return the row of these octets, which are kept once."""
    row = _KNOWN.get(octets)
    if row is None:
        row = _KNOWN[octets] = len(PAYLOADS)
        PAYLOADS.append(octets)
    return row


def address(text: str) -> int:
    """Return an IPv4 address as a number."""
    return int(IPv4Address(text))


def wide(number: int, mac: int = GATEWAY_MAC) -> int:
    """Return the number by which packets know an IPv6 address; who has no MAC address is behind the gateway."""
    row = _WIDE_KNOWN.get(number)
    if row is None:
        row = _WIDE_KNOWN[number] = FIRST_WIDE + len(WIDE)
        WIDE.append((number, mac))
    return row


def wide_address(text: str, mac: int = GATEWAY_MAC) -> int:
    """Return the same of an address as people write it."""
    return wide(int(IPv6Address(text)), mac)


def _words(numbers: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return IPv6 addresses (u4[n, 4]); an IPv4 address stands at the end of a documentation prefix."""
    table = np.array([[number >> shift & 0xFFFF_FFFF for shift in (96, 64, 32, 0)] for number, _ in WIDE], np.uint32)
    made = np.zeros((len(numbers), 4), np.uint32)
    made[:, 0], made[:, 3] = 0x2001_0DB8, numbers
    known = numbers >= FIRST_WIDE
    made[known] = table.reshape(-1, 4)[numbers[known] - np.uint32(FIRST_WIDE)]
    return made


def packets(**columns: object) -> Packets:
    """Make packets; columns broadcast. `at`: Unix seconds."""
    at = columns.pop("at")
    arrays = np.broadcast_arrays(np.asarray(at, np.float64), *(np.asarray(value) for value in columns.values()))
    made = np.zeros(arrays[0].shape, PACKET)
    made["ttl"], made["version"] = 63, 4
    made["at_ns"] = (arrays[0] * 1e9).astype(np.uint64)
    for name, values in zip(columns, arrays[1:], strict=True):
        made[name] = values
    return made.reshape(-1)


def joined(parts: Sequence[Packets]) -> Packets:
    """Return all packets of these, in the order of time."""
    made = np.concatenate(parts) if parts else np.zeros(0, PACKET)
    return made[np.argsort(made["at_ns"], kind="stable")]


def _macs(addresses: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Return a MAC address of its own for each host of 10.0.0.0/8; everybody else is behind the gateway."""
    own = (addresses >> np.uint32(24)) == 10
    made = np.where(own, addresses.astype(np.uint64) | np.uint64(0x0210_0000_0000), np.uint64(GATEWAY_MAC))
    made = np.where(addresses >= np.uint32(0xE000_0000), np.uint64(0xFFFF_FFFF_FFFF), made)
    known = addresses >= np.uint32(FIRST_WIDE)
    if known.any():
        made[known] = np.array([mac for _, mac in WIDE], np.uint64)[addresses[known] - np.uint32(FIRST_WIDE)]
    return made


def _headers(rows: Packets, version: int, protocol: int) -> NDArray[np.void]:
    """Return the octets of packets of one kind, as records of one shape."""
    transport = _TRANSPORTS[protocol]
    shape = np.dtype(_RECORD + _ETHERNET + (_IPV4 if version == 4 else _IPV6) + transport)
    made = np.zeros(len(rows), shape)
    to, by = _macs(rows["destination"]), _macs(rows["source"])
    made["to"], made["to_low"] = to >> np.uint64(16), to & np.uint64(0xFFFF)
    made["by_high"], made["by"] = by >> np.uint64(32), by & np.uint64(0xFFFF_FFFF)
    length = rows["size"] + np.dtype(transport).itemsize
    made["ttl"] = rows["ttl"]
    if version == 4:
        made["source"], made["destination"] = rows["source"], rows["destination"]
        made["type"], made["vihl"], made["protocol"] = 0x0800, 0x45, protocol
        made["length"] = np.minimum(length + 20, 65_535)
        made["fragment"], made["id"] = rows["fragment"], rows["seq"] & np.uint32(0xFFFF)
    else:
        made["type"], made["first"], made["length"] = 0x86DD, 0x6000_0000, length
        made["protocol"] = 58 if protocol == ICMP else protocol
        made["source"], made["destination"] = _words(rows["source"]), _words(rows["destination"])
    if protocol == ICMP:
        made["kind"], made["ident"] = rows["source_port"], rows["destination_port"]
        made["number"] = rows["seq"] & np.uint32(0xFFFF)
    else:
        made["source_port"], made["destination_port"] = rows["source_port"], rows["destination_port"]
    if protocol == TCP:
        made["seq"], made["ack"], made["flags"] = rows["seq"], rows["ack"], rows["flags"]
        made["offset"], made["window"] = 0x50, 64_240
    elif protocol == UDP:
        made["ulength"] = np.minimum(length, 65_535)
    made["s"], made["ns"] = np.divmod(rows["at_ns"], np.uint64(10**9))
    made["captured"] = shape.itemsize - 16
    made["wire"] = np.maximum(rows["size"] + np.uint32(shape.itemsize - 16), 60)
    return made


def octets(rows: Packets) -> bytes:
    """Return the packets as records of a capture file (its HEADER goes before the first)."""
    texts: dict[int, bytes] = {}
    lengths = np.zeros(len(rows), np.int64)
    groups: list[tuple[NDArray[np.int64], NDArray[np.void]]] = []
    for version in (4, 6):
        for protocol in _TRANSPORTS:
            which = np.flatnonzero((rows["version"] == version) & (rows["protocol"] == protocol))
            if len(which):
                made = _headers(rows[which], version, protocol)
                lengths[which] = made.dtype.itemsize
                groups.append((which, made))
    for row in np.flatnonzero(rows["payload"]).tolist():
        texts[row] = PAYLOADS[int(rows["payload"][row])]
        if rows["protocol"][row] == 0:
            second, ns = divmod(int(rows["at_ns"][row]), 10**9)
            texts[row] = struct.pack("<IIII", second, ns, len(texts[row]), len(texts[row])) + texts[row]
        lengths[row] += len(texts[row])
    ends = np.cumsum(lengths)
    begins = ends - lengths
    out = np.empty(int(ends[-1]) if len(ends) else 0, np.uint8)
    for which, made in groups:
        made["captured"] += np.array([len(PAYLOADS[row]) for row in rows["payload"][which].tolist()], np.uint32)
        width = made.dtype.itemsize
        out[begins[which][:, None] + np.arange(width)] = made.view(np.uint8).reshape(-1, width)
    for row, text in texts.items():
        out[int(ends[row]) - len(text) : int(ends[row])] = np.frombuffer(text, np.uint8)
    return out.tobytes()


def file_of(parts: Iterator[Packets]) -> Iterator[bytes]:
    """Yield a capture file piece by piece; what each part holds is in order and not before the part that went ahead."""
    yield HEADER
    for part in parts:
        for begin in range(0, len(part), 200_000):
            yield octets(part[begin : begin + 200_000])
