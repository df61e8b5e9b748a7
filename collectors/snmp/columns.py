"""Columns of a table while they are walked: what is accepted as the next row, at no call for each cell.

The check that rows increase is paid once for a table: the first column's indexes are kept, and another column whose
names equal its own prefix plus these indexes is in order too. They are kept from poll to poll.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from operator import lt

from collectors.snmp import answers, oid, wire
from collectors.snmp.shared import same
from collectors.snmp.values import Value
from netmon.api import Missing, Reason

_END = frozenset({wire.Tag.END_OF_MIB_VIEW, wire.Tag.NO_SUCH_OBJECT, wire.Tag.NO_SUCH_INSTANCE})
_EMPTY = _END | {wire.Tag.NULL}
# Octets order as arcs do while each arc takes one or two of them, the first not 0x80. The separator lets a cut-off arc
# at the end of an index be seen, and cannot itself look like one of these.
_WIDE_ARC = re.compile(rb"[\x80-\xff]{2}|\x80")
_SEPARATOR = b"\xff\x00"
_KEPT_ROWS = 16_384  # of one table, from poll to poll: 1 MB; a longer one is checked anew each time


@dataclass(slots=True, eq=False)
class TableMemory:
    """What the last poll taught of a table: its indexes in order, and how large its varbinds are, in octets."""

    rows: tuple[bytes, ...] = ()  # shared with devices that have the same
    octets_per_varbind: float = 0.0


@dataclass(slots=True, eq=False)
class _Indexes:
    """The indexes that a poll's columns share. `fresh` are this poll's, once they differ from the last one's."""

    known: tuple[bytes, ...]
    fresh: list[bytes] | None = None


class Table:
    """One poll's walk over the columns of a table."""

    __slots__ = ("_indexes", "columns", "memory")

    def __init__(self, oids: Sequence[bytes], memory: TableMemory, max_rows: int) -> None:
        self.memory = memory
        self._indexes = _Indexes(memory.rows)
        # Not this table: a circle would keep the readings until the next collection.
        self.columns = [ColumnWalk(each, self._indexes, max_rows) for each in oids]

    @property
    def rows(self) -> int:
        """How many rows the table has, as far as is known by now."""
        return max(len(self._indexes.known), len(self._indexes.fresh or ()))

    def remember(self) -> None:
        """Keep the indexes of the fullest column for the next poll."""
        fullest = max(self.columns, key=lambda column: len(column.cells))
        if len(fullest.cells) > _KEPT_ROWS:
            self.memory.rows = ()
        elif fullest.rows is not self.memory.rows or len(fullest.cells) != len(self.memory.rows):
            self.memory.rows = same(tuple(fullest.cells))


class ColumnWalk:
    """One column: where it stands, what it brought, and why it ended."""

    __slots__ = ("_max_rows", "_shared", "at", "cells", "count", "done", "oid", "problem", "rows")

    def __init__(self, column: bytes, shared: _Indexes, max_rows: int) -> None:
        self.oid = column
        self.at = column  # the last name that was accepted
        self.cells: dict[bytes, answers.Cell] = {}
        self.count = 0  # names accepted
        self.done = False
        self.problem: Missing | None = None
        self.rows: Sequence[bytes] | None = shared.known  # the indexes it has followed so far; None: none
        self._shared = shared
        self._max_rows = max_rows

    def end(self, reason: Reason | None = None, detail: str = "") -> None:
        """End the walk, for a reason unless the column just ends here."""
        self.done = True
        if reason is not None:
            self.problem = Missing(reason, detail)

    def take(self, names: list[bytes], values: list[Value]) -> None:
        """Accept the next names and values; they may run past the column's end."""
        rows, start, size = self.rows, self.count, len(names)
        if rows is not None:
            expected = rows[start : start + size]
            known = len(expected)
            prefix = self.oid
            if known and (names if known == size else names[:known]) == [prefix + row for row in expected]:
                self.cells.update(zip(expected, values))  # type: ignore[arg-type] # noqa: B905 - values may be longer; None only with a tag that `take_page` removes
                self.count = start + known
                self.at = names[known - 1]
                if self.count > self._max_rows:
                    self._cut()
                if known == size or self.done:
                    return
                names, values = names[known:], values[known:]
        self._take_unknown(names, values)

    def _take_unknown(self, names: list[bytes], values: list[Value]) -> None:
        """Accept rows that no other column has vouched for."""
        prefix, size = self.oid, len(self.oid)
        members = [name for name in names if name.startswith(prefix)]
        if len(members) < len(names):  # the column ends where the first name outside it stands
            del members[next(i for i, name in enumerate(names) if not name.startswith(prefix)) :]
            self.done = True
            if not members:
                return
        indexes = [name[size:] for name in members]
        good = self._increasing(indexes)
        if good < len(indexes):
            if self.problem is None:
                where = _text(members[good - 1] if good else self.at)
                self.end(Reason.NOT_INCREASING, f"{_text(members[good])} follows {where}")
            del indexes[good:]
        if indexes:
            indexes = self._align(indexes)
            self.cells.update(zip(indexes, values))  # type: ignore[arg-type] # noqa: B905 - as in `take`
            self.count += len(indexes)
            self.at = prefix + indexes[-1]
            if self.count > self._max_rows:
                self._cut()

    def _increasing(self, indexes: list[bytes]) -> int:
        """Return how many of the indexes follow the last one in strictly increasing order of their arcs."""
        chain = [self.at[len(self.oid) :], *indexes]
        if not _WIDE_ARC.search(_SEPARATOR.join(chain) + _SEPARATOR) and all(map(lt, chain, indexes)):
            return len(indexes)
        try:
            before = oid.suffix_arcs(chain[0])
            for at, index in enumerate(indexes):
                arcs = oid.suffix_arcs(index)
                if arcs <= before:
                    return at
                before = arcs
        except wire.WireError as error:
            self.end(Reason.MALFORMED, f"after {_text(self.at)}: {error.problem}")
            return at
        return len(indexes)

    def _align(self, indexes: list[bytes]) -> list[bytes]:
        """Offer the indexes to the columns that come after; return these, or the equal ones that another offered."""
        rows, start, shared = self.rows, self.count, self._shared
        stop = start + len(indexes)
        if rows is None:
            return indexes
        if shared.fresh is None:
            self.rows = shared.fresh = [*rows[:start], *indexes]
        elif rows is shared.fresh and start == len(rows):
            shared.fresh += indexes
        elif rows is not shared.fresh and shared.fresh[:stop] == [*rows[:start], *indexes]:
            self.rows = shared.fresh
            return shared.fresh[start:stop]
        else:
            self.rows = None
        return indexes

    def _cut(self) -> None:
        """End a walk that has passed the cap on rows."""
        while len(self.cells) > self._max_rows:
            self.cells.popitem()
        self.end(Reason.TRUNCATED, f"more than max_rows = {self._max_rows} rows")


def take_page(columns: Sequence[ColumnWalk], varbinds: wire.VarBinds) -> None:
    """Give each column its share of a GETBULK's answer, which is row after row (RFC 3416 section 4.2.3)."""
    width = len(columns)
    oids, values, tags = varbinds.oids, varbinds.values, varbinds.tags
    plain = _EMPTY.isdisjoint(tags)
    for at, column in enumerate(columns):
        names = oids[at::width]
        if not names:
            continue  # the answer was cut before this column; it is asked again
        if plain:
            column.take(names, values[at::width])
        else:
            _take_with_gaps(column, names, values[at::width], tags[at::width])


def _take_with_gaps(column: ColumnWalk, names: list[bytes], values: list[Value], tags: list[int]) -> None:
    """Take a share in which some values are exceptions, which end the column, or NULL, which is no value."""
    stop = next((i for i, tag in enumerate(tags) if tag in _END), len(tags))
    if stop:
        column.take(names[:stop], values[:stop])
    if stop < len(tags):
        column.done = True
    size = len(column.oid)
    for name, tag in zip(names, tags, strict=True):
        if tag == wire.Tag.NULL:
            column.cells.pop(name[size:], None)


def _text(raw: bytes) -> str:
    try:
        return oid.text(oid.decode(raw))
    except wire.WireError:
        return raw.hex()
