"""The records of a batch, in memory that is used again for the next."""

from typing import Final

import numpy as np

from netmon.api.traffic import RECORD

_FIRST_RECORDS: Final = 8_192  # rows at the start: 1.4 MB; doubled as batches need


class Output:
    """Rows of RECORD, up to so many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.records = np.zeros(min(_FIRST_RECORDS, most), RECORD)

    def grow(self) -> bool:
        """Double it, what is in it stays; False where it may not grow."""
        if len(self.records) >= self._most:
            return False
        larger = np.zeros(min(2 * len(self.records), self._most), RECORD)
        larger[: len(self.records)] = self.records
        self.records = larger
        return True

    def holds(self, rows: int) -> bool:
        """Tell whether there are so many rows; it grows as far as it may."""
        while rows > len(self.records) and self.grow():
            pass
        return rows <= len(self.records)
