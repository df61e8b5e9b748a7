"""A recorded series as CSV with the columns timestamp and value: octets in, columns out. No I/O.

How times are written is decided once for a file, by its first row: RFC 3339 with a zone or without one (then UTC), Unix
seconds, Unix milliseconds.
"""

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api import ConfigError, Fault
from netmon.api.columns import Floats
from netmon.app.text import t

MAX_BYTES: Final = 128 << 20  # a million rows of 128 octets, other columns included
MAX_ROWS: Final = 1_000_000  # a year of half-minutes; they take some 300 MB
_MAX_FAULTS: Final = 10  # that are told: a file of the wrong kind has one in every row
_MAX_SHOWN: Final = 60  # characters of a field in a fault
_MISSING: Final = frozenset({"", "nan", "null", "none"})
_LARGEST: Final = 1e30  # no quantity that is measured; what is computed from larger ones is not sound
_MILLISECONDS_FROM: Final = 1e11  # as milliseconds 1973, as seconds the year 5138
_LATEST: Final = 253_370_764_800.0  # the year 9999, so that there is room for what lies ahead
_TWICE_SHARE: Final = 10  # one row in so many with a time that is there already: more than a clock set back an hour

_COLUMNS: Final = ("timestamp", "value")


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """What a series was. `at` and `values` are float64[n] in the order of time; a missing value is NaN.

    `rows[i]` is where row i stood; `stamps` and `texts` are times and values as they were written, in that order.
    """

    at: Floats  # Unix seconds, ascending; a time may be there twice
    values: Floats
    rows: NDArray[np.intp]
    stamps: Sequence[str]
    texts: Sequence[str]
    labels: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # what people should know of the file, in their language

    def __len__(self) -> int:
        return len(self.at)


class _Time(StrEnum):
    """How times are written."""

    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    ZONED = "zoned"
    PLAIN = "plain"


class _BadField(Exception):
    """A field that cannot be read. Its text is the key of what is told."""


@dataclass(slots=True)
class _Rows:
    """What was read so far."""

    at: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    stamps: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def parse(name: str, data: bytes) -> Recording:
    """Return the series in a file called `name`. ConfigError with the first ten faults, each with its line and column.

    Columns of other names are passed over. Rows may stand in any order; notes say what was made of them.
    """
    if len(data) > MAX_BYTES:
        raise _refused(name, 1, 1, "large", bytes=MAX_BYTES, rows=MAX_ROWS)
    reader = csv.reader(io.StringIO(_decoded(name, data), newline=""), strict=True)
    try:
        head = _head(name, reader)
        rows = _Rows()
        _read(name, reader, head, rows)
    except csv.Error as error:
        raise _refused(name, reader.line_num, 1, "quoting", problem=error) from None
    if rows.faults:
        raise ConfigError(*rows.faults)
    if not rows.at:
        raise _refused(name, 1, 1, "empty")
    return _recording(name, head, rows)


def _decoded(name: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        raise _refused(name, before.count(b"\n") + 1, error.start - before.rfind(b"\n"), "encoding") from None


def _head(name: str, reader: Iterator[list[str]]) -> list[str]:
    """Return the names of the columns, of which `timestamp` and `value` are there once each."""
    first = next((row for row in reader if row), None)
    if first is None:
        raise _refused(name, 1, 1, "empty")
    head = [cell.strip().lower() for cell in first]
    if any(head.count(column) != 1 for column in _COLUMNS):
        other = next((sign for sign in (";", "\t") if len(head) == 1 and sign in first[0]), None)
        if other is not None:
            raise _refused(name, 1, 1, "separator", sign="tab" if other == "\t" else other)
        raise _refused(name, 1, 1, "head", head=_shown(",".join(first)))
    return head


def _read(name: str, reader: Iterator[list[str]], head: list[str], rows: _Rows) -> None:
    places = head.index(_COLUMNS[0]), head.index(_COLUMNS[1])
    written: _Time | None = None
    for row in reader:
        if not row:
            continue
        line = _line(reader)
        if len(rows.at) >= MAX_ROWS:
            raise _refused(name, line, 1, "large", bytes=MAX_BYTES, rows=MAX_ROWS)
        if len(row) != len(head):
            rows.faults.append(_fault(name, line, 1, "fields", found=len(row), expected=len(head)))
        else:
            cells = row[places[0]].strip(), row[places[1]].strip()
            written = written or _written(cells[0])
            _take(name, line, row, places, written, rows)
        if len(rows.faults) >= _MAX_FAULTS:
            return


def _line(reader: Iterator[list[str]]) -> int:
    number: int = reader.line_num  # type: ignore[attr-defined]  # the type of csv's readers has no public name
    return number


def _take(  # noqa: PLR0913, PLR0917  # a row, its place, and how it is to be read
    name: str, line: int, row: list[str], places: tuple[int, int], written: _Time | None, rows: _Rows
) -> None:
    """Take one row, or note what is wrong with it."""
    stamp, text = row[places[0]], row[places[1]]
    place = places[0]
    try:
        at = _time(stamp.strip(), written)
        place = places[1]
        value = _number(text.strip())
    except _BadField as bad:
        column = 1 + sum(len(cell) + 1 for cell in row[:place])
        rows.faults.append(_fault(name, line, column, str(bad), text=_shown(row[place])))
        return
    rows.at.append(at)
    rows.values.append(value)
    rows.stamps.append(stamp)
    rows.texts.append(text)


def _written(text: str) -> _Time | None:
    """Return how a time is written; None where it is none."""
    number = _plain(text)
    if number is not None:
        return _Time.MILLISECONDS if number >= _MILLISECONDS_FROM else _Time.SECONDS
    moment = _moment(text)
    return None if moment is None else _Time.PLAIN if moment.tzinfo is None else _Time.ZONED


def _time(text: str, written: _Time | None) -> float:
    """Return a time in Unix seconds."""
    if written in {_Time.SECONDS, _Time.MILLISECONDS}:
        number = _plain(text)
        if number is None:
            raise _BadField("time_mixed" if _moment(text) else "time")
        at = number / 1000 if written is _Time.MILLISECONDS else number
    else:
        moment = _moment(text)
        if moment is None:
            raise _BadField("time" if written is None or _plain(text) is None else "time_mixed")
        if (moment.tzinfo is None) != (written is _Time.PLAIN):
            raise _BadField("zone_mixed")
        at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if not 0 <= at < _LATEST:
        raise _BadField("time_range")
    return at


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        return None


def _number(text: str) -> float:
    """Return a value, NaN where it is missing."""
    if text.lower() in _MISSING:
        return math.nan
    number = _plain(text)
    if number is None:
        raise _BadField("value")
    if abs(number) > _LARGEST:
        raise _BadField("value_range")
    return number


def _plain(text: str) -> float | None:
    """Return a number as programs write it; Python alone knows 1_000 and digits of other scripts."""
    if not text.isascii() or "_" in text:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) else number


def _recording(name: str, head: list[str], rows: _Rows) -> Recording:
    """Return what was read in the order of time."""
    at = np.array(rows.at)
    order = np.argsort(at, kind="stable")
    notes: list[str] = []
    if others := [column for column in head if column not in _COLUMNS]:
        notes.append(t("csv.ignored", file=name, columns=_shown(", ".join(others))))
    back = np.flatnonzero(np.diff(at) < 0)
    if len(back):
        notes.append(t("csv.sorted", file=name, count=len(back), stamp=_shown(rows.stamps[int(back[0]) + 1])))
    twice = np.flatnonzero(np.diff(at[order]) == 0)
    if len(twice):
        stamp = _shown(rows.stamps[int(order[twice[0] + 1])])
        if len(twice) * _TWICE_SHARE > len(at):
            raise _refused(name, 1, 1, "several", count=len(twice), stamp=stamp)
        notes.append(t("csv.twice", file=name, count=len(twice), stamp=stamp))
    values = np.array(rows.values)[order]
    return Recording(at[order], values, order, rows.stamps, rows.texts, notes=tuple(notes))


def _shown(text: str) -> str:
    """Return some text from a file in one short line that does nothing to a terminal."""
    shown = "".join(each if each.isprintable() else "\ufffd" for each in text)
    return shown if len(shown) <= _MAX_SHOWN else f"{shown[:_MAX_SHOWN]}…"


def _fault(name: str, line: int, column: int, key: str, **values: object) -> Fault:
    return Fault(name, line, column, t(f"csv.{key}", **values), t(f"csv.{key}.remedy", **values))


def _refused(name: str, line: int, column: int, key: str, **values: object) -> ConfigError:
    return ConfigError(_fault(name, line, column, key, **values))
