"""What crosses the network, in columns: the one record of a packet or a flow, and what one second of them comes to.

Everything after the decoders sees only this. Addresses are two unsigned 64-bit halves in host order, the high one
first; an IPv4 address stands in them as IPv4-mapped (RFC 4291, 2.5.5.2), so that one key serves both versions. MAC
addresses are the low 48 bits of a number. A number that the source does not tell is 0, and where 0 is also a value,
the field says how the two are told apart.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from netmon.api.words import Finding

RECORD: Final = np.dtype(
    [
        ("start_ns", "u8"),  # Unix nanoseconds of the packet, or of a flow's first one
        ("end_ns", "u8"),  # of a flow's last packet; of a packet: the same as start_ns
        ("source_hi", "u8"),
        ("source_lo", "u8"),
        ("destination_hi", "u8"),
        ("destination_lo", "u8"),
        (
            "bytes",
            "u8",
        ),  # octets, times the sampling rate. A packet: its whole frame as on the wire; a flow: as exported
        ("packets", "u8"),  # times the sampling rate
        ("source_mac", "u8"),  # 0: not known
        ("destination_mac", "u8"),  # 0: not known
        ("exporter", "u4"),  # who reported it: a row in the collector's list of exporters; 0: this sensor's own eyes
        ("sampling", "u4"),  # one in so many was seen, and bytes and packets were multiplied by it; 1: all
        ("in_interface", "u4"),  # ifIndex at the exporter; 0: not known
        ("out_interface", "u4"),
        ("payload_at", "u4"),  # packets: where the transport's payload begins, in octets from the frame's first one
        ("payload_length", "u4"),  # packets: octets of it that were captured
        ("mpls", "u4"),  # the top label stack entry (label, TC, S, TTL: RFC 3032, 2.1); 0: none
        ("source_port", "u2"),  # TCP, UDP, SCTP; 0 for others and for later fragments
        ("destination_port", "u2"),
        ("vlan", "u2"),  # the outer VLAN ID (802.1Q); 0: untagged
        ("ethertype", "u2"),  # of what the link layer carries, behind all tags and labels; below 1536: 802.3 length
        ("version", "u1"),  # 4 or 6; 0: not IP (ARP, spanning tree, …)
        ("protocol", "u1"),  # IP protocol, behind the extension headers
        ("tcp_flags", "u1"),  # FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128; a flow: all of its packets'
        ("icmp_type", "u1"),  # ICMP and ICMPv6
        ("icmp_code", "u1"),
        ("tos", "u1"),  # type of service, traffic class
        ("ttl", "u1"),  # time to live, hop limit; a flow: of its first packet where told
        ("verdict", "u1"),  # see Verdict
        ("fragment", "u1"),  # see Fragment
        ("tunnel", "u1"),  # see Tunnel: what the addresses were found inside
        ("inner_vlan", "u2"),  # the inner VLAN ID (802.1ad); 0: none
        # From here on: flows only. Packets leave it 0.
        ("reply_bytes", "u8"),  # the other direction of the same flow, where both were seen
        ("reply_packets", "u8"),
        ("source_as", "u4"),
        ("destination_as", "u4"),
        ("handshake_us", "u4"),  # from the first SYN to the ACK that completes the handshake; 0: not seen
        ("domain", "u4"),  # observation domain, source id or sub-agent at the exporter
        ("retransmissions", "u2"),  # of both directions; 65535 means that many or more
        ("reply_tcp_flags", "u1"),
        ("state", "u1"),  # see FlowState
        ("end_reason", "u1"),  # see EndReason
        ("direction", "u1"),  # as exported: 0 ingress or not told, 1 egress (IPFIX flowDirection)
        ("reserved", "u2"),
    ],
    align=False,
)
"""One packet or one flow: 168 bytes. A packet's part is the first 128, two cache lines."""

FRAME: Final = np.dtype([("at", "u8"), ("captured", "u4"), ("wire", "u4")])
"""Where a packet's octets lie in the buffer they came in, how many were captured, how many were on the wire."""


class Verdict(IntEnum):
    """What became of the decoding of a frame. Malformed ones are records too: what was read before the fault stands."""

    OK = 0
    NOT_IP = 1  # well-formed, but neither IPv4 nor IPv6; `ethertype` tells what
    SHORT_LINK = 2  # the frame ends inside its link layer header, tags or labels
    BAD_NETWORK = 3  # an IP header that cannot be (version, length) or ends early
    BAD_EXTENSION = 4  # an IPv6 extension header that cannot be, ends early, or is one too many
    SHORT_TRANSPORT = 5  # the frame ends inside the transport's header; ports and flags stand where they were there
    BAD_TRANSPORT = 6  # a transport header that cannot be (TCP data offset below 5, UDP length below 8)
    BAD_TUNNEL = 7  # the inner packet of a tunnel cannot be read; the addresses are the outer ones
    UNKNOWN_LINK = 8  # a link type that we do not decode


class Fragment(IntEnum):
    """Where in a datagram a packet stands."""

    NONE = 0
    FIRST = 1  # offset 0 and more to come: has the transport's header
    LATER = 2  # no ports


class Tunnel(IntEnum):
    """What the inner packet was found in."""

    NONE = 0
    GRE = 1
    VXLAN = 2
    GENEVE = 3
    IP_IN_IP = 4


class FlowState(IntEnum):
    """How far a flow came."""

    UNKNOWN = 0  # an exporter's record: see its flags
    BEGUN = 1  # its first packet was just seen; a fuller record follows
    ONE_WAY = 2  # never answered (for TCP: SYN without SYN and ACK)
    ANSWERED = 3  # packets both ways (not TCP, or TCP whose beginning was not seen)
    ESTABLISHED = 4  # TCP: handshake complete, still open
    CLOSED = 5  # TCP: ended by FIN both ways
    RESET = 6  # TCP: ended by RST after it was established
    REFUSED = 7  # TCP: RST instead of SYN and ACK; UDP: ICMP port unreachable where it was matched


class EndReason(IntEnum):
    """Why a flow's record was written (IPFIX flowEndReason, IE 136)."""

    UNKNOWN = 0
    IDLE = 1
    ACTIVE = 2  # a part of a flow that goes on
    END = 3
    FORCED = 4  # the sensor stopped
    EVICTED = 5  # for want of room


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

DNS: Final = np.dtype(
    [
        ("at_ns", "u8"),
        ("client_hi", "u8"),  # who asks, also in an answer
        ("client_lo", "u8"),
        ("server_hi", "u8"),
        ("server_lo", "u8"),
        ("query_type", "u2"),
        ("answers", "u2"),
        ("size", "u2"),  # octets of the message
        ("response", "u1"),  # 0 question, 1 answer
        ("code", "u1"),  # RCODE
        ("over_tcp", "u1"),
        ("name_length", "u1"),
        ("name", "S255"),  # as in the question, lower case, labels joined by dots, octets that are not printable as '?'
    ]
)
NEIGHBOUR: Final = np.dtype(
    [
        ("at_ns", "u8"),
        ("frame_mac", "u8"),  # who sent the frame
        ("claimed_mac", "u8"),  # who is said to have the address: ARP's sender, the option of a neighbour advertisement
        ("hi", "u8"),  # the address claimed
        ("lo", "u8"),
        ("asked_hi", "u8"),  # the address asked for, or the same as the one claimed
        ("asked_lo", "u8"),
        ("vlan", "u2"),
        ("kind", "u1"),  # 1 ARP request, 2 ARP reply, 3 neighbour solicitation, 4 neighbour advertisement
        ("probe", "u1"),  # 1: an address probe (RFC 5227) or duplicate address detection (RFC 4862): claims nothing
    ]
)
LEASE: Final = np.dtype(
    [
        ("at_ns", "u8"),
        ("frame_mac", "u8"),
        ("client_mac", "u8"),
        ("server_hi", "u8"),  # the server's own word (option 54), or the sender of the packet; DHCPv6: the sender
        ("server_lo", "u8"),
        ("offered_hi", "u8"),
        ("offered_lo", "u8"),
        ("router_hi", "u8"),  # the gateway that it gives (option 3); 0: none
        ("router_lo", "u8"),
        ("resolver_hi", "u8"),  # the first DNS server that it gives (option 6, DHCPv6 option 23)
        ("resolver_lo", "u8"),
        ("vlan", "u2"),
        (
            "kind",
            "u1",
        ),  # DHCP message type (RFC 2132, 9.6): 2 OFFER, 5 ACK, 6 NAK; DHCPv6 + 100: 102 ADVERTISE, 107 REPLY
        ("version", "u1"),  # 4 or 6
    ]
)
ROUTER: Final = np.dtype(
    [
        ("at_ns", "u8"),
        ("frame_mac", "u8"),
        ("hi", "u8"),  # who advertises
        ("lo", "u8"),
        ("prefix_hi", "u8"),  # the first prefix advertised; 0: none
        ("prefix_lo", "u8"),
        ("vlan", "u2"),
        ("lifetime_s", "u2"),  # 0: not a default router
        ("prefix_length", "u1"),
        ("managed", "u1"),  # the M flag
    ]
)
BRIDGE: Final = np.dtype(
    [
        ("at_ns", "u8"),
        ("frame_mac", "u8"),
        ("root", "u8"),  # root bridge identifier: priority in the high 16 bits, MAC in the low 48
        ("bridge", "u8"),  # the sender's
        ("cost", "u4"),
        ("vlan", "u2"),
        ("change", "u1"),  # topology change flag, or a TCN BPDU
        ("version", "u1"),  # 0 STP, 2 RSTP, 3 MSTP; 255: per-VLAN (PVST+)
    ]
)
"""Messages of the local network that a sensor sees: address claims, leases, routers, spanning tree."""

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
class Traffic:
    """A batch of records (RECORD), with their frames where the source saw packets."""

    records: NDArray[np.void]
    frames: Frames | None = None

    def __len__(self) -> int:
        return len(self.records)


def empty(dtype: np.dtype[np.void]) -> NDArray[np.void]:
    """Return no rows of this dtype."""
    return np.zeros(0, dtype)


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
    ended: NDArray[np.void] = field(default_factory=partial(empty, RECORD))  # flows that ended or were reported
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
