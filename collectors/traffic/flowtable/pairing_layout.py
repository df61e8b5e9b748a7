"""What lies in memory beside records that wait for their reverse, and the numbers by which the loops know things."""

from enum import IntEnum
from typing import Final

import numpy as np

EXPORTERS: Final = 4096
"""Exporters of which is learned whether they report both directions: 64 kB. Of those beyond it stays unknown."""

EXPORTER: Final = np.dtype([("paired", "u8"), ("single", "u8")])
"""How many records of an exporter found a partner and did not."""

MARK: Final = np.dtype([("hash", "u4"), ("spot", "u4")])
"""Of a row: its hash, and where it stands in the queue (NONE: the row is free)."""

PLACE: Final = np.dtype([("due", "u8"), ("row", "u8")])
"""A place in the queue: whose, and until when it waits (Unix ns)."""


class Tally(IntEnum):
    """Places in the array of counts and limits."""

    RECORDS = 0  # taken
    PAIRS = 1  # flows with both directions, of two records each
    ONE_WAY = 2  # records without partner, of exporters that report both directions
    UNKNOWN = 3  # the same of others
    PASSED = 4  # records that had both directions, or are not IP
    SUPERSEDED = 5  # of ONE_WAY and UNKNOWN: went out since another of the same direction came
    EVICTED = 6  # the same: for want of room
    LOST = 7  # ready, but there was no room; and what was in them
    LOST_PACKETS = 8
    LOST_BYTES = 9
    READY = 10
    MOST = 11  # rows that may be ready: below, the loops stop for larger ones
    WAITING = 12
    FREE = 13  # rows in the stack of those that were given back
    SPANNED = 14  # rows that were ever in use
    HEAD = 15  # of the queue, and the place behind its last
    TAIL = 16
    WAIT_NS = 17
    APART_NS = 18
    SHARE = 19  # in 1/65,536
    ENOUGH = 20
    SIZE = 21
