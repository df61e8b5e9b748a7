"""Packets with times for the flow table, and what it says of them in words."""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.flowtable.settings import FlowTableSettings
from collectors.traffic.flowtable.table import FlowTable
from netmon.api.traffic import MAPPED, RECORD, Traffic, address_text
from tests.support.packets import ACK, SYN, Segment, decoded, ethernet, icmp, ipv4, ipv6, tcp, udp

START_NS: Final = 1_767_225_600_000_000_000
CLIENT: Final = "192.0.2.1"
SERVER: Final = "198.51.100.1"

Timed = tuple[float, bytes]
"""Seconds since START_NS, and the frame."""


def at(second: float) -> int:
    """Return a time in nanoseconds, exact to the microsecond."""
    return START_NS + round(second * 1_000_000) * 1000


def there(second: float, segment: Segment, **of_ip: Any) -> Timed:
    """A packet from the client to the server."""
    return second, ethernet(ipv4(segment, source=CLIENT, destination=SERVER, **of_ip))


def back(second: float, segment: Segment, **of_ip: Any) -> Timed:
    """A packet from the server to the client."""
    return second, ethernet(ipv4(segment, source=SERVER, destination=CLIENT, **of_ip))


def sent(second: float, flags: int, payload: bytes = b"", *, sequence: int = 1000, port: int = 40000) -> Timed:
    """A segment from port 40000 of the client to port 80 of the server."""
    return there(second, tcp(payload, flags=flags, sequence=sequence, source_port=port))


def answered(second: float, flags: int, payload: bytes = b"", *, sequence: int = 9000, port: int = 40000) -> Timed:
    """A segment of the server's."""
    return back(second, tcp(payload, flags=flags, sequence=sequence, source_port=80, destination_port=port))


def handshake(second: float = 0.0, *, port: int = 40000) -> list[Timed]:
    """SYN at once, SYN and ACK 10 ms later, ACK 20 ms after the SYN."""
    return [
        sent(second, SYN, port=port),
        answered(second + 0.01, SYN | ACK, port=port),
        sent(second + 0.02, ACK, sequence=1001, port=port),
    ]


def traffic(packets: Iterable[Timed]) -> Traffic:
    """Return what the decoder makes of them."""
    listed = list(packets)
    return decoded([frame for _, frame in listed], start_ns=[at(second) for second, _ in listed])


def small(**settings: Any) -> FlowTable:
    """Return a table of few rows."""
    return FlowTable(FlowTableSettings(**{"flows": 1024, "ended_rows": 4096, "begun_rows": 1024, **settings}), seed=7)


def feed(table: FlowTable, packets: Iterable[Timed]) -> int:
    """Let the table take packets with their frames."""
    seen = traffic(packets)
    return table.add(seen.records, seen.frames)


def flows(packets: Iterable[Timed], **settings: Any) -> NDArray[np.void]:
    """Return the flows of packets, all of them at the end."""
    table = small(**settings)
    feed(table, packets)
    return table.finish()


def only(packets: Iterable[Timed], **settings: Any) -> np.void:
    """Return the one flow of packets; AssertionError where there are more."""
    found = flows(packets, **settings)
    assert len(found) == 1, found
    row: np.void = found[0]
    return row


def ends(row: np.void) -> tuple[str, int, str, int]:
    """Return source, its port, destination, its port."""
    return (
        address_text(int(row["source_hi"]), int(row["source_lo"])),
        int(row["source_port"]),
        address_text(int(row["destination_hi"]), int(row["destination_lo"])),
        int(row["destination_port"]),
    )


def sums(*rows: NDArray[np.void]) -> tuple[int, int]:
    """Return packets and bytes, both directions."""
    joined = np.concatenate(rows)
    return (
        int(joined["packets"].sum() + joined["reply_packets"].sum()),
        int(joined["bytes"].sum() + joined["reply_bytes"].sum()),
    )


def plain(count: int, *, flags: int = SYN, start_ns: int = START_NS, step_ns: int = 1000, first: int = 0) -> Any:
    """Return records of as many packets, each from another source, without frames."""
    records = np.zeros(count, RECORD)
    number = np.arange(first, first + count, dtype=np.uint64)
    records["source_lo"] = MAPPED | (number * np.uint64(2654435761)) % np.uint64(2**32)
    records["destination_lo"] = MAPPED | 0xC0A8_0001
    records["source_port"] = number % np.uint64(60000)
    records["destination_port"] = 443
    records["start_ns"] = start_ns + np.arange(count, dtype=np.uint64) * np.uint64(step_ns)
    records["tcp_flags"] = flags
    records["version"], records["protocol"], records["packets"], records["sampling"] = 4, 6, 1, 1
    records["bytes"] = 60
    return records


__all__ = [
    "CLIENT",
    "SERVER",
    "START_NS",
    "Timed",
    "answered",
    "at",
    "back",
    "ends",
    "feed",
    "flows",
    "handshake",
    "icmp",
    "ipv6",
    "only",
    "plain",
    "sent",
    "small",
    "sums",
    "there",
    "traffic",
    "udp",
]
