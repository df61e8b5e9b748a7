"""Records in memory as columns of 32 and 64 bits, and tables of parts of them."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from exporters.flowstore.memory import Values, untouched
from exporters.flowstore.pack_kernel import SEEN, WORDS, keep
from exporters.flowstore.parquet import Owned, Table
from exporters.flowstore.schema import COLUMNS
from exporters.flowstore.sites import Sites
from netmon.api.flowcolumns import BEHIND, FIELD, ROW, Columns
from netmon.api.traffic import RECORD

_KEPT: Final = 64  # columns of one number, of 256 or 512 kB each: three for each exporter that sends alone
PIECE_RECORDS: Final = 65_536  # 5 MB of what an exporter usually tells, 14 MB if it told everything
SITES: Final = ("source_site", "destination_site")
_ENDS: Final = "source", "destination"
_DERIVED: Final = ("end", "duration_ms", *SITES)
_SITE_ROWS: Final = {name: row for row, name in enumerate(SITES, 1)}  # of the narrow columns, behind the duration
_FIRST_ROWS: Final = (1 + len(SITES), 1)  # of narrow and wide columns that are given to fields as they are met
_COPIED: Final = tuple(column for column in COLUMNS if column.name not in _DERIVED)
_NAMES: Final = tuple(column.name for column in _COPIED)
_PLACE: Final = {column.name: row for row, column in enumerate(_COPIED)}
_NO_HALVES: Final = np.empty(0, np.uint64)


def _field(name: str, default: Any) -> tuple[int, ...]:
    kind, at = RECORD.fields[name][:2]  # type: ignore[index]
    return at // 8, at % 8 * 8, (1 << 8 * kind.itemsize) - 1, int(default or 0), kind.itemsize == 8, 0


_FIELDS: Final = np.array([_field(column.name, column.default) for column in _COPIED], FIELD)
_WIDE: Final = frozenset(("end", *(c.name for c, each in zip(_COPIED, _FIELDS, strict=True) if each["wide"])))
_NARROW_ROWS: Final = _FIRST_ROWS[0] + len(_COPIED) - (len(_WIDE) - 1)
_EXPECTED: Final = np.zeros(2 * SEEN, np.uint64)  # eight records of defaults, behind room for what differs
for _each in _FIELDS:
    _EXPECTED[SEEN + int(_each["word"]) :: WORDS] |= _each["default"] << _each["shift"]


class Piece:
    """Some of the records that are held, oldest first: `gone <= safe <= rows`. What is never written to costs nothing.

    Rows of memory are given to columns as they are needed, so that those which are written lie side by side.
    """

    __slots__ = ("_columns", "_scratch", "_used", "fields", "gone", "named", "narrow", "rows", "safe", "size", "wide")

    def __init__(self, size: int = PIECE_RECORDS) -> None:
        """Make room for so many records."""
        self.size = size
        self.narrow: NDArray[np.uint32] = untouched(np.uint32, _NARROW_ROWS, size)
        self.wide: NDArray[np.uint64] = untouched(np.uint64, len(_WIDE), size)
        self.fields = _FIELDS.copy()
        self._used = np.array(_FIRST_ROWS, np.uint64)
        self._scratch = _EXPECTED.copy()
        self._columns = Columns(_NAMES, self.fields, self.narrow, self.wide, self._used, np.zeros(4, np.uint64))
        self.rows = 0
        self.safe = 0  # so many of them are in files
        self.gone = 0  # and so many only there
        self.named = 0  # of so many the sites are known

    @property
    def room(self) -> int:
        """Return how many records it still takes."""
        return self.size - self.rows

    def put(self, records: NDArray[np.void]) -> None:
        """Copy RECORD rows, for which there is room."""
        words = np.ascontiguousarray(records).view(np.uint64)
        keep(words, self.fields, self.narrow, self.wide, self._used, np.uint64(self.rows), self._scratch)
        self.rows += len(records)

    def lend(self, earliest_ns: int, latest_ns: int) -> Columns:
        """Let somebody write flows that ended within these times; `lent` has to follow."""
        self._columns.room[:] = self.rows, self.size, earliest_ns, latest_ns
        return self._columns

    def lent(self) -> int:
        """Take what was written since `lend`; return how many records."""
        room = self._columns.room
        count = int(room[ROW]) - self.rows
        if not self.rows:  # then it may have defaults of its own
            self._expect()
        self.rows += count
        room[BEHIND] = 0  # no more
        return count

    def _expect(self) -> None:
        """Let records that are put be compared with the defaults that hold here."""
        for place in np.flatnonzero(self.fields["default"] != _FIELDS["default"]).tolist():
            field = self.fields[place]
            expected = self._scratch[SEEN + int(field["word"]) :: WORDS]
            expected &= ~(field["mask"] << field["shift"])
            expected |= field["default"] << field["shift"]

    def end(self) -> None:
        """Take no more records: what room there is stays empty until it is cleared."""
        self.size = self.rows

    def clear(self) -> None:
        """Begin anew."""
        self.size = self.narrow.shape[1]
        self.rows = self.safe = self.gone = self.named = 0
        self.fields[:] = _FIELDS
        self._scratch[:] = _EXPECTED
        self._used[:] = _FIRST_ROWS


class Cut(NamedTuple):
    """Records of a piece from one on to before another, and which fields were written when it was cut."""

    piece: Piece
    first: int
    behind: int
    present: NDArray[np.uint64]

    def column(self, name: str) -> Values | None:
        """Return a column, None where all of it is the default; only to be read."""
        place = _PLACE.get(name)
        if place is None:
            row = _SITE_ROWS.get(name, 0)
        else:
            row = int(self.present[place]) - 1
            if row < 0:
                default = int(self.piece.fields["default"][place])
                if default == _FIELDS["default"][place]:
                    return None
                return _same(default, name)[: self.behind - self.first]
        return (self.piece.wide if name in _WIDE else self.piece.narrow)[row, self.first : self.behind]


@lru_cache(_KEPT)
def _same(value: int, name: str) -> Values:
    """Return a piece's length of one number, as a column of this name has it; only to be read."""
    return np.full(PIECE_RECORDS, value, np.uint64 if name in _WIDE else np.uint32)


class Callers:
    """What numbers in columns are called: exporters by their row, sites by the order in which they were first met."""

    def __init__(self) -> None:
        self._sites: dict[str, int] = {"": 0}
        self._called = [""]

    def numbers(self, sites: Sites) -> NDArray[np.uint32]:
        """Return the numbers of an inventory's sites, by place; they stay what they are with the next inventory."""
        for name in sites.names:
            if name not in self._sites:
                self._sites[name] = len(self._called)
                self._called.append(name)
        return np.array([self._sites[name] for name in sites.of_place], np.uint32)

    def name(self, cuts: Sequence[Cut], sites: Sites) -> None:
        """Find the sites of all records that have none yet."""
        numbers = self.numbers(sites)
        for cut in cuts:
            begin, behind = cut.piece.named, cut.behind
            if begin >= behind:
                continue
            new = Cut(cut.piece, begin, behind, cut.present)
            for end, name in zip(_ENDS, SITES, strict=True):
                hi, lo = new.column(f"{end}_hi"), new.column(f"{end}_lo")
                out = cut.piece.narrow[_SITE_ROWS[name], begin:behind]
                sites.find(_NO_HALVES if hi is None else hi, _zeros(out) if lo is None else lo, numbers, out)
            cut.piece.named = behind

    def table(self, cuts: Sequence[Cut], exporters: Sequence[str], sites: Sites | None = None) -> Table:
        """Return records as a table: columns that are nothing but their default are left out.

        `sites`: of records that have no name yet, to be found as they are packed: of each address once for a group.
        """
        owned = {} if sites is None else self._owned(cuts, sites)
        columns: dict[str, list[Values]] = {}
        for column in COLUMNS:
            if column.name in SITES and owned:
                continue
            default = int(column.default or 0)
            parts = [cut.column(column.name) for cut in cuts]
            says = not column.optional or (column.name == "exporter" and bool(exporters) and bool(exporters[0]))
            if says or any(part is not None and (part != default).any() for part in parts):
                columns[column.name] = [
                    np.full(cut.behind - cut.first, default, np.uint64 if column.name in _WIDE else np.uint32)
                    if part is None
                    else part
                    for cut, part in zip(cuts, parts, strict=True)
                ]

        def exporter(row: int) -> str:
            return exporters[row] if row < len(exporters) else f"exporter {row}"

        return Table(columns, {"exporter": exporter} | dict.fromkeys(SITES, self.site), owned)

    def _owned(self, cuts: Sequence[Cut], sites: Sites) -> dict[str, Owned]:
        """Return how sites are found by addresses alone, nothing where records were named or have IPv6 addresses."""
        if any(cut.piece.named > cut.first for cut in cuts) or any(
            cut.column(f"{end}_hi") is not None for cut in cuts for end in _ENDS
        ):
            self.name(cuts, sites)
            return {}
        numbers = self.numbers(sites)

        def found(addresses: Values) -> Values:
            out = np.empty(len(addresses), np.uint32)
            sites.find(_NO_HALVES, addresses, numbers, out)
            return out

        return {f"{end}_lo": Owned(name, found, self.site) for end, name in zip(_ENDS, SITES, strict=True)}

    def site(self, number: int) -> str:
        """Return what a site's number means."""
        return self._called[number]


def _zeros(like: Values) -> Values:
    return np.zeros(len(like), np.uint64)
