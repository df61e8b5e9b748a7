"""Memory that writing a file takes, used for the next one again: memory touched for the first time is dear."""

import math
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Values: TypeAlias = NDArray[Any]
Octets: TypeAlias = bytes | memoryview

_SHEET: Final = 4 << 20
_SHEETS: Final = 16  # 64 MB: a file of three million records. What does not fit takes memory of its own


def untouched(kind: type, *shape: int) -> Values:
    """Return an array of zeros in pages of 4 kB that cost nothing before they are written to.

    numpy asks for pages of 2 MB where an array has 4: those are dear where the host has to find them first (each octet
    takes ten times as long as in small pages), and are touched for the sake of any column in them.
    """
    count = math.prod(shape)
    pages = mmap(-1, count * np.dtype(kind).itemsize, MAP_PRIVATE | MAP_ANONYMOUS)
    return np.frombuffer(pages, kind, count).reshape(shape)


class Room:
    """Memory by its use that grows as it has to."""

    def __init__(self) -> None:
        self._arrays: dict[tuple[str, type], Values] = {}

    def of(self, use: str, kind: type, rows: int) -> Values:
        """Return so many elements with whatever is in them; the same memory at each call."""
        found = self._arrays.get((use, kind))
        if found is None or len(found) < rows:
            found = self._arrays[use, kind] = untouched(kind, rows)
        return found[:rows]


class Sheets:
    """Room for the octets of one file."""

    def __init__(self) -> None:
        self._sheets: list[NDArray[np.uint8]] = []
        self._used = 0  # of all sheets, one after the other
        self._last = False  # what was taken last is in a sheet

    def clear(self) -> None:
        """Begin anew: what was kept before is lost."""
        self._used = 0

    def keep(self, octets: Octets) -> Octets:
        """Return a copy that stays as it is until `clear`."""
        copy = self.take(len(octets)).data
        copy[:] = octets
        return copy

    def take(self, size: int) -> NDArray[np.uint8]:
        """Return so many octets with whatever is in them, which are nobody else's until `clear`."""
        left = -self._used % _SHEET
        if left < size:
            self._used += left  # the next sheet
        place, begin = divmod(self._used, _SHEET)
        self._last = size <= _SHEET and place < _SHEETS
        if not self._last:
            return np.empty(size, np.uint8)
        while len(self._sheets) <= place:
            self._sheets.append(untouched(np.uint8, _SHEET))
        self._used += size
        return self._sheets[place][begin : begin + size]

    def give_back(self, size: int) -> None:
        """Give back so many of the octets that were taken last, the hindmost ones."""
        if self._last:
            self._used -= size
