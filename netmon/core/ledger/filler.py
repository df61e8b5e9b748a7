"""Brings the index up to the ledger, batch by batch. Each batch is one transaction that also moves the mark.

The mark names the record before it by its hash, so that an index of another ledger, or of one that was restored from
an older copy, is noticed and filled anew. Not to be shared between threads.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, insert, inspect, select, text, update

from netmon.core.ledger import database
from netmon.core.ledger.index_settings import IndexSettings
from netmon.core.ledger.record import Stub, decode, leaf_hash
from netmon.core.ledger.segments import read, segments
from netmon.core.ledger.tables import SCHEMA, Line, Row, clean, metadata, records, row, state

_ANALYZE_ROWS: Final = 100_000  # after so many new rows the database counts anew what there is, to plan searches by
_STUB: Final = b'"purged":"'  # within a line's first 48 bytes: see record.decode


@dataclass(slots=True)
class Batch:
    """What was done: records read, rows made of them, records that are none, why the index was emptied first."""

    read: int = 0
    rows: int = 0
    malformed: int = 0
    rebuilt: str = ""


@dataclass(frozen=True, slots=True)
class _Mark:
    """How far the index is: the first record that is not in it, and the hash of the one before, in hexadecimal."""

    next_seq: int = 0
    tip: str = ""


class Filler:
    """Fills one index from one ledger. Everything raises SQLAlchemyError, OSError or ValueError; then try again."""

    def __init__(self, ledger_directory: Path, settings: IndexSettings) -> None:
        self._directory = ledger_directory
        self._settings = settings
        self._engine: Engine | None = None
        self._lines: Iterator[tuple[int, bytes]] | None = None
        self._known: _Mark | None = None  # what we last left in the index
        self._empty_first = ""
        self._uncounted = 0  # rows since the database last looked at what is in the table
        self.next_seq = 0  # the first record that is not in the index, as far as we know

    def open(self) -> Engine:
        """Choose the database, without connecting to it; ConfigError where its driver is not installed."""
        if self._engine is None:
            self._engine = database.open_database(self._directory, self._settings, "write")
        return self._engine

    def rebuild(self, why: str) -> None:
        """Empty the index before the next batch."""
        self._empty_first = why

    def fill(self, until: int | None = None) -> Batch:
        """Take the next records, those below `until`, as one transaction. A batch that read nothing: all is done."""
        batch = Batch()
        origin = self._origin()
        if origin is None:
            return batch
        try:
            with self.open().begin() as connection:
                mark = self._mark(connection, origin, until, batch)
                mark = self._move(connection, mark, until, batch)
            self._known, self.next_seq = mark, mark.next_seq
        except BaseException:
            self._lines = None  # its lines were taken, but are not in the index
            self._known = None
            raise
        self._empty_first = ""
        return batch

    def close(self) -> None:
        """Let go of the database and the files."""
        self._lines = self._known = None
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def remove_corrupt(self, error: Exception) -> bool:
        """Remove SQLite's files where this error says that they are none any more; tell whether they were."""
        if not database.is_corrupt(error):
            return False
        self.close()
        database.remove(self._directory)
        return True

    def _origin(self) -> str | None:
        found = segments(self._directory)
        return found[0].header().origin if found else None

    def _mark(self, connection: Connection, origin: str, until: int | None, batch: Batch) -> _Mark:
        """Return how far the index is, after emptying it where it is not this ledger's."""
        if self._known is not None and not self._empty_first:
            there = connection.execute(select(state.c.next_seq, state.c.tip).with_for_update()).one_or_none()
            if there is not None and _Mark(*there) == self._known:
                return self._known
        self._lines = None
        batch.rebuilt = self._empty_first or self._misfit(connection, origin, until)
        if batch.rebuilt:
            metadata.drop_all(connection)
        metadata.create_all(connection)
        there = connection.execute(select(state.c.next_seq, state.c.tip).with_for_update()).one_or_none()
        if there is not None:
            return _Mark(*there)
        connection.execute(insert(state).values(schema_version=SCHEMA, origin=origin, next_seq=0, tip=""))
        return _Mark()

    def _misfit(self, connection: Connection, origin: str, until: int | None) -> str:
        """Return why what is in the database is no index of this ledger; "" where it is, or there is nothing yet."""
        inspector = inspect(connection)
        if not inspector.has_table(state.name):
            return "an index without its mark" if inspector.has_table(records.name) else ""
        if {column["name"] for column in inspector.get_columns(state.name)} != set(state.c.keys()):
            return "another version of the index"
        there = connection.execute(select(state)).one_or_none()
        if there is None:
            return "an index without its mark"
        return (
            "another version of the index" if there.schema_version != SCHEMA else self._disagrees(there, origin, until)
        )

    def _disagrees(self, there: Any, origin: str, until: int | None) -> str:
        """Return in what the index contradicts the ledger; "" where it does not."""
        if there.origin != origin:
            return "the index of another ledger"
        if until is not None and there.next_seq > until:
            return "the index has records that the ledger has not"
        if there.next_seq and self._leaf(there.next_seq - 1) != there.tip:
            return "the index has other records than the ledger"
        return ""

    def _leaf(self, seq: int) -> str:
        """Return the hash of a record as it stands in the ledger, "" where it has none."""
        for found, line in read(self._directory, seq):
            return _hash(line) if found == seq else ""
        return ""

    def _move(self, connection: Connection, mark: _Mark, until: int | None, batch: Batch) -> _Mark:
        """Put the next records into the index, and the mark behind them."""
        lines = self._take(mark.next_seq, until)
        if not lines:
            return mark
        rows: list[Row] = []
        purges: list[Line] = []
        for _, line in lines:
            self._one(line, rows, purges, batch)
        if rows:
            connection.execute(insert(records), rows)
        for purge in purges:
            self._purge(connection, purge)
        batch.read, batch.rows = len(lines), len(rows)
        moved = _Mark(lines[-1][0] + 1, _hash(lines[-1][1]))
        connection.execute(update(state).values(next_seq=moved.next_seq, tip=moved.tip))
        self._uncounted += len(rows)
        if self._uncounted >= _ANALYZE_ROWS:
            connection.execute(text(f"ANALYZE {records.name}"))
            self._uncounted = 0
        return moved

    def _take(self, first: int, until: int | None) -> list[tuple[int, bytes]]:
        """Return the next lines, about as many as a batch has; [] where the ledger ends."""
        if self._lines is None:
            self._lines = self._read(first)
        taken: list[tuple[int, bytes]] = []
        size = 0
        for found in self._lines:
            if until is not None and found[0] >= until:
                break
            taken.append(found)
            size += len(found[1])
            if len(taken) == self._settings.batch_max_records or size >= self._settings.batch_max_bytes:
                return taken
        self._lines = None  # it ends where the ledger did when it began to read
        return taken

    def _read(self, first: int) -> Iterator[tuple[int, bytes]]:
        return read(self._directory, first)

    @staticmethod
    def _one(line: bytes, rows: list[Row], purges: list[Line], batch: Batch) -> None:
        if _STUB in line[:48]:
            return
        try:
            made, record = row(line)
        except ValueError:
            batch.malformed += 1
            return
        rows.append(made)
        if record.kind == "ledger" and record.data.get("what") == "purged":
            purges.append(record)

    def _purge(self, connection: Connection, act: Line) -> None:
        """Delete what an act takes: all of a category in a segment, which is past its months as a whole."""
        first = int(act.data["segment"])
        following = [segment.first_seq for segment in segments(self._directory) if segment.first_seq > first]
        end = min([*following[:1], act.seq])
        connection.execute(
            delete(records).where(
                records.c.seq >= first,
                records.c.seq < end,
                records.c.category == clean(str(act.data["category"])),
            )
        )


def _hash(line: bytes) -> str:
    """Return the hash of a line's record, also where only that is left of it."""
    if _STUB in line[:48]:
        stub = decode(line)
        if isinstance(stub, Stub):
            return stub.leaf.hex()
    return leaf_hash(line).hex()
