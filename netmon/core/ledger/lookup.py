"""Answers queries: from the index, and from the ledger itself what is not in the index yet.

Reads only, in the thread that asks: inside the daemon, beside it, or without one.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from netmon.api import ConfigError, Query, Unavailable
from netmon.core.ledger import database, search
from netmon.core.ledger.index_settings import IndexSettings
from netmon.core.ledger.segments import read, segments
from netmon.core.ledger.tables import SCHEMA, row, state

_SCAN_MAX: Final = 20_000  # records that a daemon's answer reads from the ledger itself: a tenth of a second

_decode = msgspec.json.decode


@dataclass(frozen=True, slots=True)
class Answer:
    """Records as they stand in the ledger, and how many records were in the ledger alone, not in the index.

    `whole` is false where there were too many of those to look through.
    """

    records: list[dict[str, Any]]
    lag: int
    whole: bool


class Lookup:
    """Reads one index. Safe to use from several threads."""

    def __init__(self, ledger_directory: Path, settings: IndexSettings) -> None:
        self._directory = ledger_directory
        self._settings = settings
        self._engine: Engine | None = None

    def find(self, query: Query, size: int | None = None) -> Answer:
        """Return what a query asks for. `size`: how many records the ledger has, where the caller knows.

        Raises Unavailable where there is no index of this ledger, it cannot be read, or takes too long.
        """
        lines, next_seq = self._indexed(query)
        lag = max(0, size - next_seq) if size is not None else 0
        if lag > _SCAN_MAX:
            return Answer([_decode(line) for line in lines], lag, whole=False)
        counted = _Counted(read(self._directory, next_seq))
        found = [_decode(line) for line in join(lines, scan(counted, query), query)]
        return Answer(found, max(lag, counted.count), whole=True)

    def close(self) -> None:
        """Let go of the database."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _indexed(self, query: Query) -> tuple[list[str], int]:
        """Return lines from the index, and the first record that is not in it."""
        try:
            if self._engine is None:
                self._engine = database.open_database(self._directory, self._settings, "read")
            with self._engine.begin() as connection, database.deadline(connection, self._settings.query_timeout_s):
                next_seq = self._next_seq(connection)
                probe = search.time_probe(query)
                by_time = probe is not None and (connection.scalar(probe) or 0) <= search.FEW
                return list(connection.scalars(search.statement(query, by_time=by_time))), next_seq
        except DBAPIError as error:
            if database.is_timeout(error):
                limit = f"{self._settings.query_timeout_s:g} s"
                raise Unavailable(f"the search took longer than {limit}; narrow it by time or target") from None
            raise Unavailable(f"the ledger's index cannot be read: {database.said(error)}") from None
        except (ConfigError, SQLAlchemyError, OSError, ValueError) as error:
            raise Unavailable(f"the ledger's index cannot be read: {database.said(error)}") from None

    def _next_seq(self, connection: Connection) -> int:
        there = connection.execute(select(state.c.schema_version, state.c.origin, state.c.next_seq)).one_or_none()
        found = segments(self._directory)
        if there is None or there.schema_version != SCHEMA or not found or there.origin != found[0].header().origin:
            raise Unavailable("the ledger has no index yet")
        return int(there.next_seq)


def scan(lines: Iterable[tuple[int, bytes]], query: Query) -> Iterator[bytes]:
    """Give those lines that a query asks for; what is no record is passed over."""
    for _, line in lines:
        try:
            made, _record = row(line)
        except ValueError:
            continue
        if search.matches(made, query):
            yield line


def join(lines: list[str], later: Iterator[bytes], query: Query) -> list[str | bytes]:
    """Return an answer's lines from the index and from behind it, in the query's order, at most a page."""
    page = search.page(query)
    if query.newest_first:
        found: list[str | bytes] = list(deque(later, maxlen=page))
        return [*found[::-1], *lines][:page]
    return list(islice(chain[str | bytes](lines, later), page))


class _Counted:
    """Counts what is taken from an iterator."""

    def __init__(self, lines: Iterator[tuple[int, bytes]]) -> None:
        self._lines = lines
        self.count = 0

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        for each in self._lines:
            self.count += 1
            yield each
