"""What crosses the network, in columns: what one second of records and messages comes to, and who judges it.

The columns of a record stand in `netmon.api.record`, those of messages in `netmon.api.messages`; both are given from
here as well, so that whoever deals with traffic has one place to ask.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from netmon.api.messages import BRIDGE, DNS, LEASE, NEIGHBOUR, ROUTER
from netmon.api.record import FRAME, RECORD, EndReason, FlowState, Fragment, Tunnel, Verdict
from netmon.api.words import Finding

__all__ = [
    "BRIDGE",
    "DNS",
    "ENDPOINT",
    "FRAME",
    "LEASE",
    "MAC_SEEN",
    "MAPPED",
    "NEIGHBOUR",
    "PORT_LOAD",
    "RECORD",
    "ROUTER",
    "SAMPLE",
    "EndReason",
    "FlowState",
    "Flows",
    "Fragment",
    "Frames",
    "JudgesFlows",
    "Second",
    "Traffic",
    "TrafficRule",
    "Tunnel",
    "Verdict",
    "address_text",
    "empty",
    "halves",
    "mac_text",
]

ENDPOINT: Final = np.dtype(
    [
        # What every packet changes: one cache line.
        ("hi", "u8"),
        ("lo", "u8"),
        ("bytes", "u8"),
        ("tcp_bytes", "u8"),
        ("udp_bytes", "u8"),
        ("packets", "u4"),
        ("tcp", "u4"),
        ("udp", "u4"),
        ("ack", "u4"),  # ACK without SYN, FIN or RST, with or without PSH and payload
        ("port_votes", "u4"),
        ("port", "u2"),  # the destination port of most packets, by majority vote (Boyer and Moore)
        ("reflected_port", "u2"),  # the amplifier's port of most reflected packets, by majority vote
        # What some packets change.
        ("icmp_bytes", "u8"),
        ("reflected_bytes", "u8"),
        ("fragment_bytes", "u8"),
        ("icmp", "u4"),  # ICMP and ICMPv6
        ("syn", "u4"),  # SYN without ACK
        ("syn_ack", "u4"),
        ("rst", "u4"),
        ("fin", "u4"),
        ("odd_flags", "u4"),  # no flags at all, FIN alone, FIN PSH URG, SYN with FIN or RST: what no stack sends
        ("fragments", "u4"),  # first and later ones
        ("handshakes", "u4"),  # ACKs that follow a SYN of the same ends in this window or the one before
        ("reflected", "u4"),  # UDP from (destinations) or to (sources) a port that amplifiers answer on
        ("reflected_votes", "u4"),
        # Linear-counting sketches (Whang et al. 1990): `rules.traffic.tables.distinct` reads them.
        ("peers", "u8", 8),  # 512 bits: the addresses at the other end
        ("ports", "u8", 4),  # 256 bits: the destination ports
        ("flows", "u8", 4),  # 256 bits: the other ends with their ports
    ]
)
"""What one address received, or sent, in one window: 256 bytes. Counts are numbers of packets, sampling applied; one
that would pass 4,294,967,295 stays there. A flow's record counts with the share of it that fits into the window."""

PORT_LOAD: Final = np.dtype([("protocol", "u1"), ("port", "u2"), ("bytes", "u8"), ("packets", "u8"), ("flows", "u8")])
"""What one application port carried in one window, both directions; the lower of the two ports is the application's.
Port 0: what has no ports. `flows`: TCP connections that were begun, and the records of flow exporters."""

MAC_SEEN: Final = np.dtype(
    [("mac", "u8"), ("vlan", "u2"), ("port", "u4"), ("packets", "u4"), ("hi", "u8"), ("lo", "u8")]
)
"""A MAC address that sent frames in one window; `port`: the sensor's interface it came in at, or an exporter's."""


@dataclass(frozen=True, slots=True)
class Frames:
    """The octets that records were decoded from: valid until the source goes on, so copy what is to be kept."""

    buffer: NDArray[np.uint8]
    index: NDArray[np.void]  # FRAME, one for each record
    link_type: int = 1  # LINKTYPE_ value (pcap): 1 Ethernet, 101 raw IP, 0 null, 113 SLL, 276 SLL2


@dataclass(frozen=True, slots=True)
class Notes:
    """What a decoder noted of a batch while it had each packet at hand: saves others a look at all of them.

    Valid as long as the batch.
    """

    sums: NDArray[np.uint64]  # over the records: see packet/sums_kernel.py
    rows: NDArray[np.uint32]  # those that may hold a message of the local network, or of DNS
    stations: NDArray[np.uint64]  # of each row the source's MAC address, and its VLAN in the high 16 bits


@dataclass(frozen=True, slots=True)
class Traffic:
    """A batch of records (RECORD), with their frames where the source saw packets."""

    records: NDArray[np.void]
    frames: Frames | None = None
    notes: Notes | None = None
    beside: NDArray[np.uint64] | None = None
    """Sums (packet/sums_kernel.py) over flows that came with them, but are kept already and not among the records."""

    def __len__(self) -> int:
        return len(self.records)


def empty(dtype: np.dtype[np.void]) -> NDArray[np.void]:
    """Return no rows of this dtype."""
    return np.zeros(0, dtype)


class Flows(Protocol):
    """Flows in parts, in less room than all of them take as records."""

    @property
    def nbytes(self) -> int:
        """Return the octets of memory that they take."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[NDArray[np.void]]:
        """Give part after part (RECORD[n]), each the caller's for as long as he holds it; again from the first."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Second:
    """What was seen in one window of time, for the rules: tables of it, its flows, its messages.

    A sensor's window is one second; a flow collector's is longer (its exporters report late), so that rates are
    counts divided by `length_s`. Windows follow each other without gap, also where nothing was seen. Where nothing
    judges, `destinations` and `sources` have of ENDPOINT's fields only `hi`, `lo`, `bytes` and `packets`.
    """

    start: float  # Unix seconds
    end: float
    live: bool = True  # from packets; False: from the records of flow exporters
    records: int = 0  # how many were seen
    packets: int = 0  # sampling applied
    bytes: int = 0
    destinations: NDArray[np.void] = field(default_factory=partial(empty, ENDPOINT))  # by who received
    sources: NDArray[np.void] = field(default_factory=partial(empty, ENDPOINT))  # by who sent
    unlisted: Mapping[str, int] = field(default_factory=dict)  # records that the tables had no room for, by table
    ports: NDArray[np.void] = field(default_factory=partial(empty, PORT_LOAD))
    begun: NDArray[np.void] = field(
        default_factory=partial(empty, RECORD)
    )  # flows whose first packet was seen (sensors only), state BEGUN
    ended: NDArray[np.void] = field(
        default_factory=partial(empty, RECORD)
    )  # flows that ended or were reported; of a flow collector's window of a great many the first
    more: Flows | None = None  # the others: `parts` gives them
    follows: bool = False  # of a window in parts: another part of it follows
    sample: NDArray[np.void] = field(
        default_factory=partial(empty, RECORD)
    )  # a uniform sample of the records, at most SAMPLE of them
    dns: NDArray[np.void] = field(default_factory=partial(empty, DNS))
    neighbours: NDArray[np.void] = field(default_factory=partial(empty, NEIGHBOUR))
    leases: NDArray[np.void] = field(default_factory=partial(empty, LEASE))
    routers: NDArray[np.void] = field(default_factory=partial(empty, ROUTER))
    bridges: NDArray[np.void] = field(default_factory=partial(empty, BRIDGE))
    macs: NDArray[np.void] = field(default_factory=partial(empty, MAC_SEEN))

    @property
    def length_s(self) -> float:
        """Return how long the window is, in seconds."""
        return self.end - self.start

    def parts(self) -> "Iterator[Second]":
        """Give the flows of `more` in windows of their own, that end with this one and have no tables.

        Each is as long as its share of all flows is of this window, so that rates hold.
        """
        given = len(self.ended)
        flows = given + (0 if self.more is None else len(self.more))
        for part in () if self.more is None else self.more:
            given += len(part)
            start = self.end - self.length_s * len(part) / flows
            yield Second(start, self.end, self.live, ended=part, follows=given < flows)
            del part  # so that its memory serves for the next


SAMPLE: Final = 2048
"""Records in a second's sample: shares of 1% are told within 0.5 points, and it is 340 kB."""


class TrafficRule(Protocol):
    """Turns seconds of traffic into findings. Pure: no I/O, no clock, so that a capture can be replayed through it."""

    name: str

    def observe(self, second: Second) -> Iterator[Finding]:
        """Judge one window, and what follows from its time having passed."""

    def save(self) -> Mapping[str, NDArray[np.generic]]:
        """Return what it learned, to go on with after a restart; empty where it learns nothing."""

    def restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Go on with what `save` gave; ValueError where that cannot be."""


@runtime_checkable
class JudgesFlows(Protocol):
    """A rule that takes the flows of `Second.more` as well, in windows of them alone, behind the one with the tables.

    Others see that one, and what they need of `more` they look up there.
    """

    judges_flows: bool


MAPPED: Final = 0xFFFF_0000_0000
"""The low half of an IPv4-mapped address, without the address."""


def halves(address: str | IPv4Address | IPv6Address) -> tuple[int, int]:
    """Return an address as its high and low 64 bits; ValueError for what is none."""
    parsed = ip_address(address)
    number = int(parsed) | MAPPED if parsed.version == 4 else int(parsed)
    return number >> 64, number & 0xFFFF_FFFF_FFFF_FFFF


def address_text(high: int, low: int) -> str:
    """Return an address as people write it: IPv4 where it is IPv4-mapped."""
    if high == 0 and int(low) >> 32 == 0xFFFF:
        return str(IPv4Address(int(low) & 0xFFFF_FFFF))
    return str(IPv6Address(int(high) << 64 | int(low)))


def mac_text(mac: int) -> str:
    """Return a MAC address in the usual six pairs."""
    return ":".join(f"{int(mac) >> shift & 0xFF:02x}" for shift in range(40, -8, -8))
