"""What the planner decides, as it stands in the ledger. A change carries the whole new value of its object. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from netmon.api import Notices
from netmon.core.codec import from_data, to_data
from netmon.core.ledger.record import Entry, Kind, Record
from netmon.core.notices.words import Case, Duty, Notice

_NAMES: Final[dict[type[Notice | Case | Duty], str]] = {Notice: "notice", Case: "case", Duty: "duty"}


class Changed(Protocol):
    """A change of the alert engine: `thing` is what it is about, as it is now."""

    @property
    def thing(self) -> object:
        """Return the alert, the incident, or what else it is."""


@dataclass(frozen=True, slots=True)
class NoticeChange:
    """A notice as it is now, the case that led to it, or who is on call."""

    what: str
    notice: Notice | Case | Duty


def to_entry(change: NoticeChange, at: float, source: str) -> Entry:
    """Return what the ledger is to keep of a change."""
    thing = change.notice
    severity = None if isinstance(thing, Duty) else thing.severity
    data = {"what": change.what, _NAMES[type(thing)]: to_data(thing)}
    return Entry(Kind.NOTIFICATION, at, source, data, severity=severity)


def from_record(record: Record) -> NoticeChange | None:
    """Return the change that a record was made from; None where it is about something else.

    ValueError where it says that it is one and is not.
    """
    if record.kind is not Kind.NOTIFICATION:
        return None
    what = str(record.data.get("what", ""))
    for kind, name in _NAMES.items():
        if name in record.data:
            return NoticeChange(what, from_data(kind, record.data[name]))
    return None


def folded(changes: Sequence[NoticeChange]) -> int:
    """Return how many incidents these tell in messages that count many because of a limit."""
    notices = [change.notice for change in changes if isinstance(change.notice, Notice)]
    many = (n for n in notices if len(n.incidents) > 1 and not n.digest and n.why is Notices.DIGEST)
    return sum(len(notice.incidents) for notice in many)
