"""Which records of a ledger in memory a query asks for: the plainest reading of `netmon.api.Query`."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from netmon.api import Query, Severity


def asked_for(record: Mapping[str, Any], query: Query) -> bool:
    """Tell whether a record is asked for."""
    return all(_conditions(record, query))


def _conditions(record: Mapping[str, Any], query: Query) -> Iterator[bool]:
    at = datetime.fromisoformat(record["time"]).timestamp()
    yield query.since is None or at >= query.since
    yield query.until is None or at < query.until
    yield not query.kinds or record["kind"] in query.kinds
    yield not query.categories or record["category"] in query.categories
    yield not query.sources or any(_ends(each, record["source"]) for each in query.sources)
    yield not query.targets or any(_ends(each, record["target"]) for each in query.targets)
    if query.after_seq is not None:
        yield record["seq"] < query.after_seq if query.newest_first else record["seq"] > query.after_seq
    if query.severity is not None:
        yield record["severity"] is not None and Severity(record["severity"]) >= query.severity
    yield query.text.lower() in repr(record).lower()


def _ends(wanted: str, value: str) -> bool:
    return value.startswith(wanted[:-1]) if wanted.endswith("*") else value == wanted
