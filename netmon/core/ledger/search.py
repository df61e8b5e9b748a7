"""What a query asks for: as SQL over the index, and as a question to one row, for records that are not in it yet. Pure.

Both give the same answer; a test holds them to each other.
"""

from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select

from netmon.api import Query, Severity
from netmon.core.ledger.tables import RANKS, TEXT_MAX, Row, clean, fold, records

PAGE_MAX: Final = 10_000  # records of one answer: 6 MB or so; those who want more page on with `after_seq`

FEW: Final = 20_000  # records that are looked through one by one in a hundredth of a second

_AFTER_ALL: Final = "\U0010ffff"  # no name has this character, which Unicode keeps free


def statement(query: Query, *, by_time: bool = False) -> Select[Any]:
    """Return the statement that finds what the query asks for, one column: the whole line.

    `by_time`: look through the records of its time and sort what is found, instead of going through all in order. No
    database can know by itself that a time has few records, and nothing else tells where they are.
    """
    seq = records.c.seq + 0 if by_time else records.c.seq  # an expression has no index that would bring the order
    order = seq.desc() if query.newest_first else seq.asc()
    return select(records.c.record).where(and_(True, *_conditions(query))).order_by(order).limit(page(query))


def time_probe(query: Query) -> Select[Any] | None:
    """Return the statement that counts the records of a query's time, up to one more than `FEW`; None without one."""
    if query.since is None and query.until is None:
        return None
    there = select(records.c.time).where(*_times(query)).limit(FEW + 1).subquery()
    return select(func.count()).select_from(there)


def page(query: Query) -> int:
    """Return how many records an answer to the query has at most."""
    return max(0, min(query.limit, PAGE_MAX))


def _conditions(query: Query) -> list[ColumnElement[bool]]:
    c = records.c
    found = _times(query)
    for column, values in ((c.kind, query.kinds), (c.category, query.categories), (c.source, query.sources)):
        if values:
            found.append(column.in_([clean(value) for value in values]))
    if query.targets:
        found.append(or_(*(_named(c.target, clean(pattern)) for pattern in query.targets)))
    if query.severity is not None:
        found.append(c.severity >= _rank(query.severity))
    if query.text:
        text = fold(query.text)
        found.append(c.text.contains(text, autoescape=True) if len(text) <= TEXT_MAX else false())
    if query.after_seq is not None:
        found.append(c.seq < query.after_seq if query.newest_first else c.seq > query.after_seq)
    return found


def _times(query: Query) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.since is not None:
        found.append(records.c.time >= query.since)
    if query.until is not None:
        found.append(records.c.time < query.until)
    return found


def _named(column: ColumnElement[Any], pattern: str) -> ColumnElement[bool]:
    """Return the condition that a name is this one, or begins with what stands before the pattern's last star."""
    if not pattern.endswith("*"):
        return column == pattern
    begin = pattern[:-1]
    return and_(column >= begin, column < begin + _AFTER_ALL)


def matches(row: Row, query: Query) -> bool:
    """Tell whether one row is what the query asks for."""
    return (
        (query.since is None or row["time"] >= query.since)
        and (query.until is None or row["time"] < query.until)
        and (not query.kinds or row["kind"] in map(clean, query.kinds))
        and (not query.categories or row["category"] in map(clean, query.categories))
        and (not query.sources or row["source"] in map(clean, query.sources))
        and (not query.targets or any(_is_named(row["target"], clean(pattern)) for pattern in query.targets))
        and (query.severity is None or (row["severity"] is not None and row["severity"] >= _rank(query.severity)))
        and fold(query.text) in row["text"]
        and (query.after_seq is None or _beyond(row["seq"], query))
    )


def _is_named(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _beyond(seq: int, query: Query) -> bool:
    after = query.after_seq or 0
    return seq < after if query.newest_first else seq > after


def _rank(severity: Severity) -> int:
    return RANKS[severity.value]
