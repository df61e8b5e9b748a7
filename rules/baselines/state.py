"""What is remembered of each series: a column for each quantity, with a place for each slot. No judgement here."""

from enum import IntEnum
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api.columns import Arrays, Floats, Singles, Slots

BINS: Final = 48  # of a day
LEVELS: Final = 8  # that values are rounded to, to tell patterns apart
CELLS: Final = LEVELS**3  # one for each way in which a value and the two levels come together

Bytes: TypeAlias = NDArray[np.uint8]


class Of(IntEnum):
    """The rows of `State.columns`. Values are relative to the series' first one."""

    FAST = 0  # level of the last two hours
    SLOW = 1  # level of the last eight hours
    SHIFT = 2  # distance from what is usual at this time of day, smoothed
    PREVIOUS = 3  # value
    RUN = 4  # steps of time for which the value has been the same
    AGE = 5  # steps of time
    KNOWN = 6  # days that it has been seen, gaps left out
    PEAK = 7  # surprise below which an anomaly is no news
    LOW = 8  # of the values of this season
    HIGH = 9
    RESIDUAL_LOW = 10  # of the distances from what is usual at the time of day
    RESIDUAL_HIGH = 11
    TAILS = 16  # from here on: the largest known errors, one row for each part


EXTREMES: Final = slice(Of.LOW, Of.RESIDUAL_HIGH + 1)
EXTREMES_BEFORE: Final = slice(Of.RESIDUAL_HIGH + 1, Of.TAILS)  # the same four, of the season before
PARTS: Final = 4  # that measure an error: level, season, pattern, stuck
TAILS: Final = slice(Of.TAILS, Of.TAILS + PARTS)
ROWS: Final = Of.TAILS + PARTS

_NAMES: Final = ("columns", "origin", "last", "daily", "seen")


class State:
    """The arrays; `size` places each. A place is free while its origin is NaN; the rest of it is then undefined.

    Memory that no series has had yet is zero and not touched, so that room for more costs none.
    """

    def __init__(self, size: int = 0) -> None:
        self.columns: Singles = np.zeros((ROWS, size), np.float32)
        self.origin: Floats = np.full(size, np.nan)  # the first value
        self.last: Floats = np.zeros(size)  # Unix seconds of the last value
        self.daily: Singles = np.zeros((size, BINS), np.float32)  # what is usual at a time of day; NaN: not seen
        self.seen: Bytes = np.zeros((size, CELLS), np.uint8)  # how often value and levels came together

    @property
    def size(self) -> int:
        """Return how many places there are."""
        return len(self.origin)

    @property
    def arrays(self) -> Arrays:
        """Return the arrays themselves by name."""
        return {name: getattr(self, name) for name in _NAMES}

    def begin(self, slots: Slots, values: Floats, at: Floats) -> None:
        """Take series whose first values these are."""
        self.columns[:, slots] = 0
        self.origin[slots] = values
        self.last[slots] = at
        self.daily[slots] = np.nan
        self.seen[slots] = 0

    def free(self, slots: Slots) -> None:
        """Forget what is at these places."""
        self.origin[slots[slots < self.size]] = np.nan

    def grow(self, size: int) -> None:
        """Make room for that many."""
        more = State(size)
        for name, array in more.arrays.items():
            held = self.arrays[name]
            array[tuple(slice(length) for length in held.shape)] = held
            setattr(self, name, array)

    def load(self, arrays: Arrays) -> None:
        """Take copies of these in place of all; ValueError where one does not fit, and then nothing has changed."""
        size = len(arrays["origin"]) if "origin" in arrays else 0
        for name, array in State(0).arrays.items():
            given = arrays.get(name)
            shape = (ROWS, size) if name == "columns" else (size, *array.shape[1:])
            if given is None or given.dtype != array.dtype or given.shape != shape:
                raise ValueError(f"{name} of the baselines is no {array.dtype} of the shape {shape}")
        for name in self.arrays:
            setattr(self, name, arrays[name].copy())
