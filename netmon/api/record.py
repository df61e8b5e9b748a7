"""A packet or a flow as one record: what each column holds, and the numbers that stand in it.

Everything after the decoders sees only this. Addresses are two unsigned 64-bit halves in host order, the high one
first; an IPv4 address stands in them as IPv4-mapped (RFC 4291, 2.5.5.2), so that one key serves both versions. MAC
addresses are the low 48 bits of a number. A number that the source does not tell is 0, and where 0 is also a value,
the field says how the two are told apart.
"""

from enum import IntEnum
from typing import Final

import numpy as np

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
