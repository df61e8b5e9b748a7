"""What the planner decides, as it stands in the ledger. A change carries the whole new value of its object. Pure."""

from dataclasses import dataclass
from typing import Protocol

from netmon.core.codec import from_data, to_data
from netmon.core.ledger.record import Entry, Kind, Record
from netmon.core.notices.words import Case, Notice


class Changed(Protocol):
    """A change of the alert engine: `thing` is what it is about, as it is now."""

    @property
    def thing(self) -> object:
        """Return the alert, the incident, or what else it is."""


@dataclass(frozen=True, slots=True)
class NoticeChange:
    """A notice as it is now, or the case that led to it."""

    what: str
    notice: Notice | Case


def to_entry(change: NoticeChange, at: float, source: str) -> Entry:
    """Return what the ledger is to keep of a change."""
    thing = change.notice
    name = "notice" if isinstance(thing, Notice) else "case"
    return Entry(Kind.NOTIFICATION, at, source, {"what": change.what, name: to_data(thing)}, severity=thing.severity)


def from_record(record: Record) -> NoticeChange | None:
    """Return the change that a record was made from; None where it is about something else.

    ValueError where it says that it is one and is not.
    """
    if record.kind is not Kind.NOTIFICATION:
        return None
    what = str(record.data.get("what", ""))
    if "notice" in record.data:
        return NoticeChange(what, from_data(Notice, record.data["notice"]))
    if "case" in record.data:
        return NoticeChange(what, from_data(Case, record.data["case"]))
    return None
