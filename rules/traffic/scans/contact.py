"""What a contact is: who tried which port of which host, in what manner, and what came of it."""

from enum import IntEnum
from typing import Final

import numpy as np

CONTACT: Final = np.dtype(
    [
        ("source", "u8"),  # hashed
        ("destination", "u8"),  # hashed
        ("contact", "u8"),  # all three hashed
        ("source_hi", "u8"),
        ("source_lo", "u8"),
        ("destination_hi", "u8"),
        ("destination_lo", "u8"),
        ("at_ns", "u8"),
        ("port", "u2"),
        ("protocol", "u1"),
        ("kind", "u1"),
        ("outcome", "u1"),
        ("reserved", "u1"),
        ("aligned", "u2"),
    ]
)
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
TCP, UDP, SCTP = 6, 17, 132


class Kind(IntEnum):
    """In what manner a port or host is tried."""

    NONE = 0
    SYN = 1
    CONNECT = 2
    FIN = 3
    NULL = 4
    XMAS = 5
    ODD = 6
    MAIMON = 7
    ACK = 8
    UDP = 9
    ICMP = 10
    ARP = 11
    SCTP = 12
    PROTOCOL = 13  # an IP protocol of which there are no ports: its number stands for one
    NEIGHBOUR = 14  # asked for by IPv6's neighbour discovery


ODD_KINDS: Final = (Kind.FIN, Kind.NULL, Kind.XMAS, Kind.ODD)
PORTLESS: Final = (Kind.ICMP, Kind.ARP, Kind.NEIGHBOUR)
STRAY_KINDS: Final = (Kind.MAIMON, Kind.ACK)


class Outcome(IntEnum):
    """What came of it."""

    NONE = 0
    FAILED = 1  # refused or silent
    GOOD = 2  # answered, with data
    HALF = 3  # the port is open; the source broke off before the handshake was complete
    EMPTY = 4  # the handshake was complete, and nothing was said
    PENDING = 5  # just begun
    SILENT = 6  # a stray segment without any answer: also what a mirror of one direction shows; a protocol was tried


BAD: Final = (Outcome.FAILED, Outcome.HALF, Outcome.SILENT)
"""What a scan leaves."""
