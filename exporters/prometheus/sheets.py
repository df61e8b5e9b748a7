"""A table on its way to a page: its label text, its columns, and the lines that were already written of it."""

from collections.abc import Iterable, Sequence

from exporters.prometheus.names import label_names, metric_name
from exporters.prometheus.rows import SLICE_ROWS, RowText
from exporters.prometheus.text import sample_lines
from netmon.api import Column, Kind, Missing, Table

_OVERHEAD_BYTES = 120  # of a bytes object and its place in a dict, roughly


class LineCache:
    """How much rendered text is kept, over all sheets, and no more than `limit_bytes`."""

    __slots__ = ("limit_bytes", "used_bytes")

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.used_bytes = 0

    def take(self, size: int) -> bool:
        """Reserve room for a text of `size` bytes; tell whether there was any."""
        if self.used_bytes + size + _OVERHEAD_BYTES > self.limit_bytes:
            return False
        self.used_bytes += size + _OVERHEAD_BYTES
        return True

    def give_back(self, texts: Iterable[bytes]) -> None:
        """Free the room of these texts."""
        self.used_bytes -= sum(len(text) + _OVERHEAD_BYTES for text in texts)


class Sheet:
    """One table of one target. The table never changes; lines are rendered when first asked for, and kept if they may.

    `skips[j]` are rows of column j that would repeat a series.
    """

    __slots__ = ("_cache", "_lines", "_retired", "skips", "table", "text")

    def __init__(self, table: Table, text: RowText, cache: LineCache) -> None:
        self.table = table
        self.text = text
        self.skips: dict[int, frozenset[int]] = {}
        self._cache = cache
        self._lines: dict[int, bytes] = {}  # by column * slices + slice
        self._retired = False

    def lines(self, column: int, part: int) -> bytes:
        """Return the lines of one column for one slice of the rows."""
        slices = self.text.slices
        place = column * slices + part
        known = self._lines.get(place)
        if known is not None:
            return known
        family = self.table.families[column]
        name = metric_name(family.name)
        values = self.table.columns[column]
        skip: Sequence[int] = tuple(self.skips.get(column, ()))
        if slices > 1:
            start = part * SLICE_ROWS
            values = values[start : start + SLICE_ROWS]
            skip = [row - start for row in skip if start <= row < start + SLICE_ROWS]
        counter = family.kind is Kind.COUNTER and name.endswith("_total")
        lines = sample_lines(name, self.text.of_slice(part), values, counter=counter, skip=skip)
        if not self._retired and self._cache.take(len(lines)):
            self._lines[place] = lines
        return lines

    def inherit(self, older: "Sheet") -> None:
        """Take over the lines of columns that did not change since the last poll. The older sheet is done with."""
        table, before = self.table, older.table
        if self.text is older.text and _same_families(table, before):
            self._lines = older.give_up(table.columns)
        older.retire()

    def give_up(self, columns: Sequence[Column]) -> dict[int, bytes]:
        """Hand over the lines that fit these columns too, with the room that they take in the cache."""
        if not self._lines or self.skips:
            return {}
        slices = self.text.slices
        same = [new is old or new == old for new, old in zip(columns, self.table.columns, strict=True)]
        given = {place: lines for place, lines in self._lines.items() if same[place // slices]}
        for place in given:
            del self._lines[place]
        return given

    def skip(self, skips: dict[int, frozenset[int]]) -> None:
        """Leave these rows out from now on; lines that were written otherwise are forgotten."""
        if skips != self.skips:
            self._cache.give_back(self._lines.values())
            self._lines.clear()
            self.skips = skips

    def retire(self) -> None:
        """Let go of the kept lines. A page that still holds this sheet can go on writing from it."""
        self._cache.give_back(self._lines.values())
        self._lines = {}
        self._retired = True


def _same_families(one: Table, other: Table) -> bool:
    return one.families is other.families or one.families == other.families


def make_sheets(
    tables: Iterable[Table], head: str, taken: frozenset[str], older: Sequence[Sheet], cache: LineCache
) -> tuple[tuple[Sheet, ...], int]:
    """Return sheets for the tables of one part, and how many tables were malformed (a bug of their collector).

    `head` and `taken` are the text and the names of the target's labels. What `older` sheets at the same places know
    of labels and lines is reused where it still holds; the older ones are done with.
    """
    sheets: list[Sheet] = []
    malformed = 0
    for place, table in enumerate(tables):
        before = older[place] if place < len(older) else None
        try:
            text = _row_text(table, head, taken, before)
        except ValueError:
            malformed += 1
            continue
        sheet = Sheet(table, text, cache)
        if before is not None:
            sheet.inherit(before)
        sheets.append(sheet)
    for before in older:
        before.retire()
    return tuple(sheets), malformed


def _row_text(table: Table, head: str, taken: frozenset[str], before: Sheet | None) -> RowText:
    if len(table.columns) != len(table.families) or set(map(len, table.columns)) - {len(table.rows)}:
        raise ValueError("a table's columns do not fit its families and rows")
    if before is not None and before.table.label_names == table.label_names:
        old = before.text.rows
        if old is table.rows or old == table.rows:
            return before.text
    return RowText(head, label_names(table.label_names, taken), table.rows)


def find_repeats(sheets: Sequence[Sheet]) -> int:
    """Make sure that no series of one target is written twice: the first one wins. Return how many were left out.

    Two rows of a table, or two tables with the same family, may carry the same labels.
    """
    holders: dict[str, list[tuple[int, int]]] = {}
    for number, sheet in enumerate(sheets):
        for column, family in enumerate(sheet.table.families):
            holders.setdefault(metric_name(family.name), []).append((number, column))
    skips: list[dict[int, frozenset[int]]] = [{} for _ in sheets]
    for places in holders.values():
        if len(places) > 1 or sheets[places[0][0]].text.repeats:
            for number, column, rows in _repeats_of_family(sheets, places):
                skips[number][column] = rows
    for sheet, found in zip(sheets, skips, strict=True):
        sheet.skip(found)
    return sum(len(rows) for found in skips for rows in found.values())


def _repeats_of_family(
    sheets: Sequence[Sheet], places: Sequence[tuple[int, int]]
) -> Iterable[tuple[int, int, frozenset[int]]]:
    seen: set[frozenset[tuple[str, str]]] = set()
    for number, column in places:
        sheet = sheets[number]
        repeated = []
        for row, (key, value) in enumerate(zip(sheet.text.keys(), sheet.table.columns[column], strict=True)):
            if value.__class__ is Missing:
                continue
            if key in seen:
                repeated.append(row)
            seen.add(key)
        if repeated:
            yield number, column, frozenset(repeated)
