"""Columns in which flows are kept: what a decoder has to know of them to write flows there and nowhere before.

Only the words that who keeps flows and who decodes them share belong here. A record that is written first and copied
to columns afterwards crosses the memory three times more.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

FIELD: Final = np.dtype(
    [
        ("word", "u8"),  # of the record
        ("shift", "u8"),
        ("mask", "u8"),
        ("default", "u8"),
        ("wide", "u8"),  # 1: a column of 64 bits
        ("present", "u8"),  # 0: all so far was the default, and nothing was written; else its column's row and one
    ]
)
"""Where a column's field stands in a RECORD, and where the column is."""

ROW, BEHIND, EARLIEST, LATEST = range(4)
"""Of `Columns.room`: the first row that is free and the first that is not there; the times, in Unix nanoseconds, of
which the end of each flow is none before and none behind."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Memory for flows: each column is a row of `narrow` (32 bits) or of `wide` (64 bits).

    Row 0 of `wide` is the end, in Unix milliseconds; row 0 of `narrow` how long the flow lasted, in milliseconds (a
    flow of 2**32 ms and more: 2**32 - 1). The others are given to fields when they first differ from their default:
    the next of `used`, filled with the default up to the flow that differs. Where there is no flow yet, a default may
    be set to what the first ones have in common. Who writes moves room[ROW] on.
    """

    names: tuple[str, ...]  # of `fields`, as in RECORD
    fields: NDArray[np.void]  # FIELD
    narrow: NDArray[np.uint32]  # [column, row]
    wide: NDArray[np.uint64]  # [column, row]
    used: NDArray[np.uint64]  # [2]: how many columns of `narrow` and of `wide` are given to fields
    room: NDArray[np.uint64]  # [4]


class Lender(Protocol):
    """Gives columns to one who writes, as long as nobody else has them."""

    @property
    def columns(self) -> Columns:
        """Return where to write."""

    def renew(self) -> bool:
        """Take these columns as full and have others; False where there are none, and then nothing may be written."""


Lend: TypeAlias = Callable[[], AbstractContextManager[Lender | None]]
"""What gives columns for as long as its context is open, or none. What was written is kept when it ends."""
