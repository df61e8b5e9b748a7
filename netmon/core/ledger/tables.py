"""The index's tables, and how a line of the ledger becomes a row. Pure.

The text in which people search is folded and stands in a column of its own. It is searched row by row (LIKE): at a
million records that takes a third of a second, where an index of trigrams would make taking records in seven times
slower (bench/index.py).
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, TypedDict

import msgspec
from sqlalchemy import BigInteger, Column, Double, Index, Integer, MetaData, SmallInteger, Table, Text

from netmon.api import Severity

SCHEMA: Final = 1
TEXT_MAX: Final = 4096  # characters of a record that can be searched: raw messages longer than that are cut

RANKS: Final[Mapping[str, int]] = {severity.value: rank for rank, severity in enumerate(sorted(Severity))}

_bytes_order = Text().with_variant(Text(collation="C"), "postgresql")  # so that a beginning is a range of an index

metadata = MetaData()

records = Table(
    "netmon_ledger_records",
    metadata,
    Column(
        "seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    ),  # SQLite's rowid
    Column("time", Double, nullable=False),  # Unix seconds, as `recorded`
    Column("recorded", Double, nullable=False),
    Column("kind", _bytes_order, nullable=False),
    Column("category", _bytes_order, nullable=False),
    Column("source", _bytes_order, nullable=False),
    Column("target", _bytes_order, nullable=False),
    Column("severity", SmallInteger),  # rank; NULL where the record has none
    Column("text", _bytes_order, nullable=False),
    Column("record", _bytes_order, nullable=False),
    Index("netmon_ledger_records_time", "time"),
    Index("netmon_ledger_records_target", "target", "seq"),
    Index("netmon_ledger_records_category", "category", "seq"),
    Index("netmon_ledger_records_kind", "kind", "seq"),
)

state = Table(
    "netmon_ledger_index",
    metadata,
    Column("schema_version", Integer, nullable=False),
    Column("origin", Text, nullable=False),
    Column("next_seq", BigInteger, nullable=False),  # the first record that is not here
    Column("tip", Text, nullable=False),  # leaf hash of the one before it, in hexadecimal; "" for none
)


class Row(TypedDict):
    """A row of `records`."""

    seq: int
    time: float
    recorded: float
    kind: str
    category: str
    source: str
    target: str
    severity: int | None
    text: str
    record: str


class Line(msgspec.Struct, frozen=True):
    """A record as the index reads it: what it does not know (a new kind) is no reason to leave it out."""

    seq: int
    time: str
    recorded: str
    kind: str
    category: str
    source: str
    data: dict[str, Any]
    target: str = ""
    severity: str | None = None


_decoder = msgspec.json.Decoder(Line)


def row(line: bytes) -> tuple[Row, Line]:
    """Return a record's row, and the record; ValueError where the line is none. Stubs are none."""
    record = _decoder.decode(line)
    return {
        "seq": record.seq,
        "time": datetime.fromisoformat(record.time).timestamp(),
        "recorded": datetime.fromisoformat(record.recorded).timestamp(),
        "kind": clean(record.kind),
        "category": clean(record.category),
        "source": clean(record.source),
        "target": clean(record.target),
        "severity": RANKS.get(record.severity) if record.severity is not None else None,
        "text": search_text(record),
        "record": line.decode(),
    }, record


def search_text(record: Line) -> str:
    """Return what people search in: `name=value` of all that the record says, without regard to case."""
    lines = [record.kind, record.category, record.source, record.target, record.severity or ""]
    lines += _pairs("", record.data)
    return fold("\n".join(lines))[:TEXT_MAX]


def fold(text: str) -> str:
    """Return a text as it is searched for and in."""
    return clean(text.casefold())


def clean(text: str) -> str:
    """Return a text that PostgreSQL takes: it has no NUL."""
    return text.replace("\0", "\ufffd") if "\0" in text else text


def _pairs(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner, deeper in value.items():
            yield from _pairs(inner, deeper)
    elif isinstance(value, list):
        for deeper in value:
            yield from _pairs(name, deeper)
    elif value is not None and value != "":
        yield f"{name}={value}"
