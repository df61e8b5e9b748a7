"""How many different things there were, in bounded space."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rules.traffic.tables.sketch import distinct

_EXACT: Final = 1_024  # different things that a set holds; beyond, a sketch of 65,536 bits tells them within 1%
_WORDS: Final = 1_024
_FIRST: Final = 20  # ports that are named


class Distinct:
    """Counts different numbers: exactly while they are few, then by linear counting."""

    def __init__(self) -> None:
        self._exact: set[int] | None = set()
        self._bits = np.zeros(0, np.uint64)

    def add(self, values: NDArray[np.generic]) -> None:
        """Take numbers (u8[n], hashed or small)."""
        numbers: NDArray[np.uint64] = np.unique(values.astype(np.uint64))
        if self._exact is not None:
            self._exact.update(numbers.tolist())
            if len(self._exact) <= _EXACT:
                return
            numbers = np.array(list(self._exact), np.uint64)
            self._exact, self._bits = None, np.zeros(_WORDS, np.uint64)
        with np.errstate(over="ignore"):
            places = (numbers * np.uint64(0x9E37_79B9_7F4A_7C15)) >> np.uint64(48)
        np.bitwise_or.at(
            self._bits, (places >> np.uint64(6)).astype(np.int64), np.uint64(1) << (places & np.uint64(63))
        )

    def __len__(self) -> int:
        return len(self._exact) if self._exact is not None else round(float(distinct(self._bits)))


class Ports(Distinct):
    """Counts different ports exactly."""

    def __init__(self) -> None:
        super().__init__()
        self._seen = np.zeros(8_192, np.uint8)

    def add(self, values: NDArray[np.generic]) -> None:
        """Take ports (u2[n])."""
        ports = np.unique(values).astype(np.int64)
        np.bitwise_or.at(self._seen, ports >> 3, (1 << (ports & 7)).astype(np.uint8))

    def __len__(self) -> int:
        return int(np.bitwise_count(self._seen).sum())

    def first(self) -> list[int]:
        """Return the lowest ports."""
        bits = np.unpackbits(self._seen, bitorder="little")
        return [int(port) for port in np.flatnonzero(bits)[:_FIRST]]
