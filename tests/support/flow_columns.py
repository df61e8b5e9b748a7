"""Columns for flows as somebody who keeps them lends them, and what of a record would stand in them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api.flowcolumns import BEHIND, FIELD, ROW, Columns
from netmon.api.traffic import RECORD

DEFAULTS: Final = {"sampling": 1, "version": 4}
_TIMES: Final = ("start_ns", "end_ns")
NAMES: Final = tuple(name for name in RECORD.names or () if name not in {*_TIMES, "verdict", "reserved"})
_NS_IN_MS: Final = 1_000_000


def _field(name: str) -> tuple[int, ...]:
    kind, at = RECORD.fields[name][:2]  # type: ignore[index]
    return at // 8, at % 8 * 8, (1 << 8 * kind.itemsize) - 1, DEFAULTS.get(name, 0), kind.itemsize == 8, 0


class Lent:
    """Pieces of so many rows, at most so many pieces: netmon.api.flowcolumns.Lender. Memory is full of nonsense."""

    def __init__(self, rows: int, pieces: int = 1, earliest_ns: int = 0, latest_ns: int = 2**64 - 1) -> None:
        self._rows, self._left = rows, pieces
        self._times = earliest_ns, latest_ns
        self._full: list[Columns] = []
        self.renew()

    def renew(self) -> bool:
        """Go on with another piece; False where there is none."""
        if not self._left:
            return False
        self._left -= 1
        fields = np.array([_field(name) for name in NAMES], FIELD)
        narrow = np.full((1 + len(NAMES), self._rows), 0xAAAA_AAAA, np.uint32)
        wide = np.full((1 + len(NAMES), self._rows), 0xBBBB_BBBB_BBBB_BBBB, np.uint64)
        room = np.array([0, self._rows, *self._times], np.uint64)
        self.columns = Columns(NAMES, fields, narrow, wide, np.array([1, 1], np.uint64), room)
        self._full.append(self.columns)
        return True

    def rows(self) -> list[tuple[int, ...]]:
        """Return the flows that were written: end and duration in ms, then the fields by NAMES."""
        return [row for columns in self._full for row in _rows(columns)]


def _rows(columns: Columns) -> list[tuple[int, ...]]:
    count = int(columns.room[ROW])
    assert count <= columns.room[BEHIND]
    made: list[NDArray[np.uint64]] = [columns.wide[0, :count], columns.narrow[0, :count].astype(np.uint64)]
    for field in columns.fields:
        if field["present"]:
            column = (columns.wide if field["wide"] else columns.narrow)[int(field["present"]) - 1, :count]
        else:
            column = np.full(count, field["default"])
        made.append(column.astype(np.uint64))
    assert columns.used.sum() == 2 + np.count_nonzero(columns.fields["present"])
    return list(zip(*(column.tolist() for column in made), strict=True))


def as_rows(records: NDArray[np.void]) -> list[tuple[int, ...]]:
    """Return what of records would stand in columns."""
    start, end = (records[name] // np.uint64(_NS_IN_MS) for name in _TIMES)
    lasted = np.where(start < end, np.minimum(end - start, np.uint64(2**32 - 1)), np.uint64(0))
    made = [end, lasted, *(records[name] for name in NAMES)]
    return list(zip(*(column.tolist() for column in made), strict=True))
