"""Flows that wait for their window's end in a third of their room: what all of them share is kept once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.flowtable.packing_kernel import FIELD, SPARE, differ, pack, unpack
from netmon.api.memory import Again
from netmon.api.traffic import RECORD

Records: TypeAlias = NDArray[np.void]

PART: Final = 131_072
"""Records that are given at once, at most: 22 MB."""
_WORDS: Final = RECORD.itemsize // 8
_STEP: Final = 1 << 18  # octets: arrays are so many times as large, so that one serves for another
_OCTET: Final = np.dtype([("octet", "u1")])


@dataclass(frozen=True, slots=True)
class Packed:
    """Some records, packed."""

    octets: NDArray[np.uint8]
    fields: NDArray[np.void]  # FIELD
    first: NDArray[np.uint64]  # the words of the first record
    width: int  # octets of a row
    count: int

    def __len__(self) -> int:
        return self.count

    @property
    def nbytes(self) -> int:
        """Return the octets of memory that this takes."""
        return self.octets.nbytes


class Packer:
    """Packs records into memory that is used again. One thread at a time may use it."""

    def __init__(self) -> None:
        self._memory = Again(_OCTET)

    def pack(self, records: Records) -> Packed:
        """Return these records (RECORD[n], at least one), packed; they may be written to then."""
        rows, bits = _words(records), np.zeros(_WORDS, np.uint64)
        differ(rows, bits)
        fields, width = _layout(bits)
        size = len(rows) * width + SPARE
        octets = self._memory.take(-(-size // _STEP) * _STEP).view(np.uint8)[:size]
        pack(rows, fields, width, octets)
        return Packed(octets, fields, rows[0].copy(), width, len(rows))

    def shed(self) -> None:
        """Give back the memory that nobody holds."""
        self._memory.shed(0)


class Unpacker:
    """Unpacks records into memory that is used again. One thread at a time may use it."""

    def __init__(self) -> None:
        self._memory = Again(RECORD)

    def unpack(self, parts: Sequence[Packed | Records]) -> Records:
        """Return these records (RECORD[n]); they are the caller's for as long as he holds them."""
        records, at = self._memory.take(PART)[: sum(map(len, parts))], 0
        for part in parts:
            rows = records[at : at + len(part)]
            if isinstance(part, Packed):
                unpack(part.octets, part.fields, part.width, part.first, _words(rows))
            else:
                rows[:] = part
            at += len(part)
        return records


@dataclass(frozen=True, slots=True)
class Parts:
    """Records in parts, some of them packed. They may be gone through again and again, by one thread at a time."""

    parts: Sequence[Packed | Records]
    unpacker: Unpacker

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def __iter__(self) -> Iterator[Records]:
        some: list[Packed | Records] = []
        for part in self.parts:
            if some and sum(map(len, some)) + len(part) > PART:
                yield self.unpacker.unpack(some)
                some = []
            some.append(part)
        if some:
            yield self.unpacker.unpack(some)

    @property
    def nbytes(self) -> int:
        """Return the octets of memory that they take."""
        return sum(part.nbytes for part in self.parts)


def _words(records: Records) -> NDArray[np.uint64]:
    return records.view(np.uint64).reshape(len(records), _WORDS)


def _layout(bits: NDArray[np.uint64]) -> tuple[NDArray[np.void], int]:
    """Return what to store of each word (FIELD) whose bits differ, and the octets of a row."""
    found, at = [], 0
    for word, mask in enumerate(bits.tolist()):
        if mask:
            low = ((mask & -mask).bit_length() - 1) // 8
            octets = (mask.bit_length() + 7) // 8 - low
            found.append((word, at, 8 * low, (1 << 8 * octets) - 1))
            at += octets
    return np.array(found, FIELD), at
