"""Routes for stories of messages, whom they name at once, and planners compared and read back."""

from typing import Any

from netmon.api import Severity
from netmon.core.ledger.record import Record, decode, encode
from netmon.core.notices.changes import NoticeChange, from_record, to_entry
from netmon.core.notices.tables import Tables
from tests.support.notices import settings

PEOPLE = ("andi", "budi", "citra")
CHOSEN = settings(
    [
        {
            "name": "critical",
            "match": {"severity": "critical"},
            "steps": [{"notify": "person:andi"}, {"after_s": 300, "notify": ["person:budi", "person:citra"]}],
            "repeat_s": 3600,
            "continue": True,
        },
        {"name": "small", "match": {"severity": "info"}, "steps": [{"notify": "person:andi"}], "digest": True},
        {
            "name": "all",
            "steps": [
                {"notify": ["person:budi"]},
                {"after_s": 30, "notify": "oncall:noc"},
                {"after_s": 600, "notify": "person:andi"},
            ],
        },
    ],
    PEOPLE,
    limits={"max_messages": 3, "per_s": 300, "max_critical": 4},
    oncall={"noc": {"people": ["andi", "citra", "budi"], "start": "2027-01-01", "every": "day", "handover": "15:10"}},
    fallback="person:citra",
)
FIRST = {  # whom the routes above name at once
    Severity.CRITICAL: {"andi", "budi"},
    Severity.ERROR: {"budi"},
    Severity.WARNING: {"budi"},
    Severity.INFO: {"andi"},
}


def same(one: Tables, other: Tables) -> bool:
    """Tell whether two tables hold the same; empty inboxes and times of old messages do not count."""

    def inboxes(tables: Tables) -> dict[str, Any]:
        return {
            person: (inbox.owed, inbox.under_way, inbox.open, list(inbox.sent_at))
            for person, inbox in tables.inboxes.items()
            if inbox.owed or inbox.under_way or inbox.open or inbox.sent_at
        }

    return (one.cases, one.notices, one.told, inboxes(one), one.last_number, one.duty) == (
        other.cases,
        other.notices,
        other.told,
        inboxes(other),
        other.last_number,
        other.duty,
    )


def through_the_ledger(change: NoticeChange, seq: int) -> NoticeChange:
    record = decode(encode(to_entry(change, 0.0, "core"), seq, 0.0))
    assert isinstance(record, Record)
    found = from_record(record)
    assert found is not None
    return found
