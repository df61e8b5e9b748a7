"""Where the index lives: SQLite beside the ledger, or PostgreSQL by its URL. All that differs between them is here."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import Connection, Engine, NullPool, QueuePool, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from netmon.api import ConfigError, Fault
from netmon.core.ledger.index_settings import IndexSettings

FILE: Final = "index.sqlite"

_SUFFIXES: Final = ("", "-wal", "-shm", "-journal")
_CACHE_KIB: Final = 16_384  # holds the last pages of three B-trees for tens of thousands of targets
_STEPS: Final = 10_000  # of SQLite's machine between two looks at the clock: under a millisecond
_CORRUPT: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

Mode = Literal["write", "read"]


def open_database(ledger_directory: Path, settings: IndexSettings, mode: Mode) -> Engine:
    """Return an engine; nothing is connected yet. ConfigError where PostgreSQL's driver is not installed."""
    if settings.address is not None:
        return _postgresql(settings.address, settings, mode)
    return _sqlite(ledger_directory / FILE, settings, mode)


def _sqlite(path: Path, settings: IndexSettings, mode: Mode) -> Engine:
    def connect() -> sqlite3.Connection:
        if mode == "write":
            path.touch(mode=0o600)  # SQLite gives its -wal and -shm the rights of the file itself
        uri = f"{path.resolve().as_uri()}?mode={'rw' if mode == 'write' else 'ro'}"
        made = sqlite3.connect(
            uri, uri=True, timeout=settings.connect_timeout_s, isolation_level=None, check_same_thread=False
        )
        if mode == "write":
            made.execute("PRAGMA journal_mode = WAL")
            made.execute("PRAGMA synchronous = NORMAL")  # what a power cut takes is read from the ledger again
        made.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        return made

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool if mode == "read" else QueuePool)
    begin = "BEGIN IMMEDIATE" if mode == "write" else "BEGIN"

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgresql(address: str, settings: IndexSettings, mode: Mode) -> Engine:
    if find_spec("psycopg") is None:
        problem = "the index is to be in PostgreSQL, but its driver is not installed"
        raise ConfigError(Fault("index.url", 0, 0, problem, "install netmon[postgresql], or leave url out for SQLite"))
    options: dict[str, Any] = {"connect_timeout": max(1, round(settings.connect_timeout_s))}
    options["application_name"] = "netmon"
    size = 1 if mode == "write" else settings.queries_max
    return create_engine(address, connect_args=options, pool_size=size, max_overflow=0, pool_pre_ping=mode == "read")


@contextmanager
def deadline(connection: Connection, seconds: float) -> Iterator[None]:
    """Give up what runs inside once it takes longer: it raises a DBAPIError of which `is_timeout` is true."""
    if connection.dialect.name != "sqlite":
        connection.execute(text("SELECT set_config('statement_timeout', :ms, true)"), {"ms": str(round(seconds * 1e3))})
        yield
        return
    driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    end = time.monotonic() + seconds
    driver.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


def is_timeout(error: DBAPIError) -> bool:
    """Tell whether this is a deadline's doing."""
    code = getattr(error.orig, "sqlstate", None)
    return code == "57014" or getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT


def is_corrupt(error: Exception) -> bool:
    """Tell whether SQLite's file is none any more: only a new one helps."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _CORRUPT


def remove(ledger_directory: Path) -> None:
    """Remove SQLite's files."""
    for suffix in _SUFFIXES:
        (ledger_directory / (FILE + suffix)).unlink(missing_ok=True)


def said(error: Exception) -> str:
    """Return what went wrong in one line, without the statement and its values."""
    orig = error.orig if isinstance(error, DBAPIError) else error
    return " ".join(str(orig or error).split()) or type(error).__name__
