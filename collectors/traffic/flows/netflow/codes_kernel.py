"""The numbers by which the compiled walk over NetFlow and the Python around it know things, and what both find rows by.

They stand in a module of compiled loops, so that a compiled copy on disk never outlives a change of them.
"""

from enum import IntEnum
from typing import Any

import numpy as np
from numba import njit

U = np.uint64
PROGRAM = 128  # ops of one template: every element that we know once, and the gaps between; 1 kB a template
MIX = U(0x9E37_79B9_7F4A_7C15)  # 2^64 divided by the golden ratio: spreads keys over a table (Knuth, TAOCP 6.4)
MS = U(1_000_000)  # nanoseconds
S = U(1_000_000_000)


class Slot(IntEnum):
    """Where a field's value waits until its record is put together."""

    NOWHERE = 0
    SOURCE4 = 1
    DESTINATION4 = 2
    SOURCE_HI = 3
    SOURCE_LO = 4
    DESTINATION_HI = 5
    DESTINATION_LO = 6
    BYTES = 7
    PACKETS = 8
    REPLY_BYTES = 9
    REPLY_PACKETS = 10
    START = 11
    END = 12
    BOOT = 13
    SOURCE_PORT = 14
    DESTINATION_PORT = 15
    PROTOCOL = 16
    FLAGS = 17
    REPLY_FLAGS = 18
    ICMP = 19
    ICMP_CODE = 20
    TOS = 21
    TTL = 22
    VLAN = 23
    INNER_VLAN = 24
    SOURCE_MAC = 25
    DESTINATION_MAC = 26
    IN_INTERFACE = 27
    OUT_INTERFACE = 28
    SOURCE_AS = 29
    DESTINATION_AS = 30
    MPLS = 31
    MPLS_TTL = 32
    DIRECTION = 33
    END_REASON = 34
    ETHERTYPE = 35
    IP_VERSION = 36
    SAMPLER = 37
    RATE = 38
    INTERVAL = 39
    SPACE = 40
    FRAGMENT_OFFSET = 41
    EVENT = 42


SLOTS = 43
VALUES = 3 * SLOTS  # by slot: its number; where the eight octets end that hold it, and which of them are its own


class Kind(IntEnum):
    """What data of a template are."""

    ABSENT = 0  # withdrawn
    FLOWS = 1
    OPTIONS = 2
    IGNORED = 3  # options of which we want nothing


class Clock(IntEnum):
    """In what a time is told."""

    NONE = 0
    UPTIME = 1  # milliseconds since the exporter started, modulo 2^32
    SECONDS = 2
    MILLISECONDS = 3
    MICROSECONDS = 4  # NTP's 64 bits, of which the last 11 say nothing (RFC 7011, 6.1.9)
    NANOSECONDS = 5  # NTP's 64 bits (6.1.10)
    DELTA = 6  # microseconds before the export
    LASTED_MS = 7  # the flow's duration: the time is that of the other end
    LASTED_US = 8


class Style(IntEnum):
    """How an IPFIX exporter counts its sequence numbers."""

    BEFORE = 0  # data records sent before this message (RFC 7011, 3.1)
    WITH_OWN = 1  # flow records sent, those of this message included (softflowd 1.1)
    MESSAGES = 2  # messages sent, as v9 does


class Count(IntEnum):
    """What is counted; from SHORT on: what was dropped, and why."""

    DATAGRAMS = 0
    RECORDS = 1
    OPTIONS = 2  # options data records
    TEMPLATES = 3  # definitions taken: new ones, and changes
    WITHDRAWN = 4
    WAITED = 5  # records that were decoded after waiting for their template
    SETS_KEPT = 6  # data sets that were kept to wait for their template
    TRAILING = 7  # octets behind the end of a message
    SHORT = 8  # datagrams that end inside their header, or before the end that it tells
    VERSION = 9  # datagrams of another version
    DOMAIN_REFUSED = 10  # datagrams of a domain for which there was no room
    BAD_SET = 11  # datagrams left in the middle: a set's length is below 4 or beyond the end
    RESERVED_SET = 12  # sets of a number that no standard gives a meaning
    BAD_RECORD = 13  # a field's length reaches beyond its set: the rest of the set
    BAD_TEMPLATE = 14  # definitions that cannot be
    TEMPLATE_REFUSED = 15  # definitions without room for them; definitions or sets beyond the changes of a second
    WAITING_FULL = 16  # data sets without template, and no room to wait
    WAITING_OLD = 17  # data sets whose template did not come in time
    OUTPUT_FULL = 18  # sets beyond the most records of one batch
    OPTIONS_REFUSED = 19  # samplers and interface names without room for them; sets of too many options in a second


class From(IntEnum):
    """What a kept column is made from; see program.PLAN."""

    CONSTANT = 0  # nothing of the record
    FIELD = 1
    COUNT = 2  # a field times the sampling rate
    PORT = 3  # a field, of protocols that have ports
    TYPE = 4  # ICMP's
    CODE = 5
    REASON = 6  # a field, where it is a reason
    ADDRESS_HI = 7
    ADDRESS_LO = 8
    RATE = 9  # from here on: the same for all flows of a set
    VERSION = 10
    ETHERTYPE = 11
    EXPORTER = 12
    DOMAIN = 13


class Went(IntEnum):
    """What of a set went straight to columns."""

    ALL = 0
    NOT = 1  # nothing of it may
    NO_ROOM = 2  # nothing, for want of rows


class Stop(IntEnum):
    """Why the walk stopped."""

    DONE = 0
    DOMAIN = 1
    TEMPLATES = 2
    OPTIONS = 3
    OUTPUT = 4  # no room for the records of this set
    COLUMNS = 5  # no rows in the columns for this set


@njit(inline="always")
def u16(b: Any, p: Any) -> Any:
    """Return the two octets at a place as a number; who calls has checked that they are there."""
    return (U(b[p]) << U(8)) | U(b[p + U(1)])


@njit(inline="always")
def u32(b: Any, p: Any) -> Any:
    """Return four of them."""
    return (U(b[p]) << U(24)) | (U(b[p + U(1)]) << U(16)) | (U(b[p + U(2)]) << U(8)) | U(b[p + U(3)])


@njit(inline="always")
def place(key: Any, mask: Any) -> Any:
    """Return where a key's search begins in a table of `mask` + 1 slots."""
    x = (key ^ (key >> U(29))) * MIX
    return (x ^ (x >> U(32))) & mask
