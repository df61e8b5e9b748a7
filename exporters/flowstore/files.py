"""The files of a store as a reader sees them: which ones a time needs, and one lazy table over them.

A reader takes no lock. The writer leaves what it merged in its place for a minute, and names say what counts, so that a
listing made at any moment has each record once. What retention removes while a question runs is asked again without.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from errno import EIO
from math import ceil
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

import polars as pl

from exporters.flowstore.names import HOUR_S, File, file_of, hour_name, hour_of, live
from exporters.flowstore.schema import DEFAULTS, SCHEMA

_TRIES: Final = 5
_PIECE_RECORDS: Final = 1_048_576
_Chosen: TypeAlias = tuple[Path, int, File]
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when flows ended, in Unix seconds; `until` does not belong to it."""

    since: float
    until: float

    def holds(self, hour: int, file: File) -> bool:
        """Tell whether all records of a file are of this time."""
        begin = hour * HOUR_S
        return self.since <= begin + file.earliest and begin + file.latest + 1 <= self.until

    def touches(self, hour: int, file: File) -> bool:
        """Tell whether a file may have records of this time."""
        begin = hour * HOUR_S
        return self.since < begin + file.latest + 1 and begin + file.earliest < self.until


@dataclass(frozen=True, slots=True)
class Scan:
    """Files as one table with all columns of SCHEMA. `present`: the columns that any of them has."""

    table: pl.LazyFrame
    present: frozenset[str]
    records: int
    pieces: tuple[pl.LazyFrame, ...]  # the same in tables of about a million records, or of one file


def look(directory: Path, span: Span, answer: Callable[[Scan], _Answer]) -> _Answer:
    """Return what `answer` makes of the flows of a time. Raises OSError where the store or a file cannot be read."""
    for attempt in range(_TRIES):
        try:
            return answer(scan(directory, span))
        except FileNotFoundError:
            if attempt == _TRIES - 1 or not directory.is_dir():
                raise
        except pl.exceptions.ComputeError:
            for path, _, _ in _chosen(directory, span):
                _read_through(path)
            raise
    raise AssertionError


def scan(directory: Path, span: Span) -> Scan:
    """List the files of a time and return one lazy table over them."""
    chosen = list(_chosen(directory, span))
    schemas = [_schema(path) for path, _, _ in chosen]
    if not chosen:
        return Scan(pl.LazyFrame(schema=SCHEMA), frozenset(), 0, ())
    present = frozenset(name for schema in schemas for name in schema if name in SCHEMA)
    everywhere = present.intersection(*schemas)

    def table(several: Sequence[_Chosen]) -> pl.LazyFrame:
        return _table(several, present, everywhere, span)

    return Scan(table(chosen), present, sum(file.records for _, _, file in chosen), tuple(map(table, _pieces(chosen))))


def _schema(path: Path) -> Mapping[str, pl.DataType]:
    """Return the columns of a file; OSError with its name where it is damaged."""
    try:
        return pl.read_parquet_schema(path)
    except pl.exceptions.PolarsError as error:
        raise _damaged(path, error) from None


def _read_through(path: Path) -> None:
    """Raise OSError with the file's name where any of it is damaged."""
    try:
        pl.scan_parquet(path, glob=False).select(pl.all().hash().max()).collect(engine="streaming")
    except pl.exceptions.PolarsError as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> OSError:
    return OSError(EIO, f"it is damaged ({str(error).partition(chr(10))[0]})", str(path))


def _pieces(chosen: Sequence[_Chosen]) -> Iterator[Sequence[_Chosen]]:
    records, first = 0, 0
    for place, (_, _, file) in enumerate(chosen):
        if records and records + file.records > _PIECE_RECORDS:
            yield chosen[first:place]
            records, first = 0, place
        records += file.records
    yield chosen[first:]


def _table(several: Sequence[_Chosen], present: frozenset[str], everywhere: frozenset[str], span: Span) -> pl.LazyFrame:
    table = pl.scan_parquet(
        [path for path, _, _ in several],
        schema={name: SCHEMA[name] for name in SCHEMA if name in present},
        missing_columns="insert",
        extra_columns="ignore",
        glob=False,
    )
    if not all(span.holds(hour, file) for _, hour, file in several):
        table = table.filter(pl.col("end") >= _moment(span.since), pl.col("end") < _moment(span.until))
    # What every file has is left as it is, so that questions about it reach the files' statistics.
    return table.with_columns(
        *(pl.col(name).fill_null(DEFAULTS[name]) for name in SCHEMA if name in present and name not in everywhere),
        *(pl.lit(DEFAULTS[name], SCHEMA[name]).alias(name) for name in SCHEMA if name not in present),
    ).select(SCHEMA.names())


def _chosen(directory: Path, span: Span) -> Iterator[_Chosen]:
    """Give the files that count of a time, with their hours, the oldest first."""
    names = (place.name for place in directory.iterdir())
    hours = sorted(hour for hour in map(hour_of, names) if hour is not None)
    for hour in hours:
        if not span.since - HOUR_S < hour * HOUR_S < span.until:
            continue
        folder = directory / hour_name(hour)
        try:
            found = [file for path in folder.iterdir() if (file := file_of(path.name)) is not None]
        except FileNotFoundError:  # retention was here
            continue
        yield from ((folder / file.name, hour, file) for file in live(found) if span.touches(hour, file))


def _moment(at: float) -> pl.Expr:
    """Return a time as the columns have it; a millisecond that has begun is not before it."""
    return pl.lit(ceil(at * 1000), pl.Int64).cast(pl.Datetime("ms", "UTC"))


def text_of(at: float) -> str:
    """Return a time as RFC 3339 has it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
