"""How the flow table lies in memory: its row, its key, and the numbers by which the compiled loops know things.

A row is three cache lines: what is compared and aged with every packet, what is counted, what only the first packet
tells. Links and deadlines stand apart, so that lists and the sweep for expiry touch 16 bytes a flow and no row.
"""

from enum import IntEnum
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

FLOW: Final = np.dtype(
    [
        # The key: the end with the lower address (then port) is a.
        ("a_hi", "u8"),
        ("a_lo", "u8"),
        ("b_hi", "u8"),
        ("b_lo", "u8"),
        ("rest", "u8"),  # port of a, port of b << 16, VLAN << 32, protocol << 48, tunnel << 56
        ("last_ns", "u8"),
        ("first_ns", "u8"),  # of the part that is being counted
        ("hash", "u4"),
        ("phase", "u1"),
        ("rank", "u1"),  # which list it is in
        ("begun_by_b", "u1"),
        ("marks", "u1"),
        # Counted.
        ("bytes", "u8"),
        ("packets", "u8"),
        ("reply_bytes", "u8"),
        ("reply_packets", "u8"),
        ("syn_ns", "u8"),  # of the first SYN
        ("next", "u4"),  # the sequence number after the highest that the initiator sent
        ("reply_next", "u4"),
        ("handshake_us", "u4"),
        ("retransmissions", "u2"),
        ("tcp_flags", "u1"),
        ("reply_tcp_flags", "u1"),
        # Of the first packet.
        ("source_mac", "u8"),
        ("destination_mac", "u8"),
        ("exporter", "u4"),
        ("sampling", "u4"),
        ("in_interface", "u4"),
        ("out_interface", "u4"),
        ("mpls", "u4"),
        ("payload_length", "u4"),
        ("vlan", "u2"),
        ("inner_vlan", "u2"),
        ("ethertype", "u2"),
        ("source_port", "u2"),  # as in the record; the key of ICMP holds its identifier there
        ("destination_port", "u2"),
        ("version", "u1"),
        ("icmp_type", "u1"),
        ("icmp_code", "u1"),
        ("tos", "u1"),
        ("ttl", "u1"),
        ("verdict", "u1"),
        ("fragment", "u1"),
        ("padding", "u1", 15),
    ]
)
"""An open flow: 192 bytes."""

KEY: Final = np.dtype(
    [
        ("a_hi", "u8"),
        ("a_lo", "u8"),
        ("b_hi", "u8"),
        ("b_lo", "u8"),
        ("rest", "u8"),
        ("hash", "u4"),
        ("from_b", "u1"),  # the packet goes from b to a
        ("skip", "u1"),  # no flow: see Place
        ("answer", "u1"),  # an ICMP reply: who gets it has begun
        ("rank", "u1"),  # of a record that waits for its reverse: see pairing_kernel.py
    ]
)
"""What one packet belongs to."""

LINK: Final = np.dtype([("before", "u4"), ("after", "u4"), ("due", "u8")])
"""A row's neighbours in the list of its rank, and when it is to be looked at again (Unix ns). Of a free row: `after` is
the next free one, `due` all ones."""

RANKS: Final = 3
"""Lists of open flows by how much is lost with one: 0 one packet, or over; 1 several packets; 2 TCP that is established
or seen both ways, other protocols after some packets both ways. The oldest is the head."""

CHUNK: Final = 64
"""Keys of packets that are on their way: made, but not counted yet, while memory brings what they need."""

NONE: Final = 0xFFFF_FFFF

SEEDS: Final = 11
"""Secret words of the hash."""


class Phase(IntEnum):
    """How far a flow came, finer than FlowState; also the index of its timeout."""

    OTHER = 0  # not TCP
    OPENING = 1  # SYN
    SYN_ACKED = 2
    ESTABLISHED = 3
    MIDSTREAM = 4  # TCP whose beginning was not seen, one side of it
    JOINED = 5  # both sides of it
    CLOSED = 6
    RESET = 7
    REFUSED = 8


class Place(IntEnum):
    """Places in the array of state: what is counted, where the lists begin and end, the timeouts."""

    PACKETS = 0  # taken into flows
    BYTES = 1
    NOT_IP = 2  # skipped: neither IPv4 nor IPv6
    MALFORMED = 3  # skipped: no addresses
    BEGUN = 4
    UNTOLD = 5  # begun, but there was no room to tell it
    PARTS = 6
    ENDED = 7  # + EndReason: 7 … 12
    OPEN = 13
    LOST = 14  # records for which there was no room, and what was in them
    LOST_PACKETS = 15
    LOST_BYTES = 16
    FREE = 17  # the first free row
    SPANNED = 18  # rows that were ever in use: the sweep goes no further
    BEGUN_ROWS = 19  # filled since the last drain
    ENDED_ROWS = 20
    HEADS = 21  # of the lists, by rank: 21 … 23
    TAILS = 24
    LENGTHS = 27
    TIMEOUTS = 30  # by phase: 30 … 38
    ACTIVE = 39
    SIZE = 40


_LINE: Final = 64
_HUGE_PAGE: Final = 1 << 21


def aligned(count: int, dtype: DTypeLike) -> NDArray[Any]:
    """Return `count` zeroed rows that begin at a cache line, large arrays where huge pages do.

    numpy asks the kernel for these (madvise) where an array has 4 MB or more.
    """
    size = count * np.dtype(dtype).itemsize
    boundary = _HUGE_PAGE if size >= _HUGE_PAGE else _LINE
    octets = np.zeros(size + boundary, np.uint8)  # what is not used of it takes no memory
    skip = -octets.ctypes.data % boundary
    return octets[skip : skip + size].view(dtype)
