"""What happens to alerts, incidents and what mutes them: which changes are legal, and how they stand in the ledger.

A change carries the whole new value of its object, and for an alert its timers, so that replaying is storing. Pure.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, TypeAlias

from netmon.api import Alert, Incident, Maintenance, Silence
from netmon.api.alerts import State
from netmon.core.codec import from_data, to_data
from netmon.core.ledger.record import Entry, Kind, Record

Thing: TypeAlias = Alert | Incident | Silence | Maintenance


class What(StrEnum):
    """What happened."""

    # to an alert
    PENDING = "pending"
    DROPPED = "dropped"  # was over before it fired: nobody hears of it
    FIRING = "firing"
    CLEARING = "clearing"  # its source says that it is over; fires on for as long as it may come back
    RETURNED = "returned"  # was said again in that time
    FLAPPING = "flapping"  # returned once too often: fires on until it is quiet
    STEADY = "steady"  # flaps no more
    RAISED = "raised"  # its severity
    LOWERED = "lowered"
    UPDATED = "updated"  # its labels, or who says it
    REGROUPED = "regrouped"  # belongs to another incident now
    EXPLAINED = "explained"  # something else is its cause now, or what is thought of an incident's cause changed
    # to an incident
    OPENED = "opened"
    REOPENED = "reopened"
    WORSE = "worse"
    GROWN = "grown"  # an alert joined long after the last news of it
    RETITLED = "retitled"
    MERGED = "merged"
    # to alerts and incidents
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    MUTED = "muted"  # by these now; it may have been muted by others before
    UNMUTED = "unmuted"
    COMMENTED = "commented"
    RESOLVED = "resolved"
    # to silences and maintenance windows
    CREATED = "created"
    STARTED = "started"
    ENDED = "ended"


SIGNS: Final = frozenset(
    {
        What.PENDING,
        What.DROPPED,
        What.FIRING,
        What.CLEARING,
        What.RETURNED,
        What.FLAPPING,
        What.UPDATED,
        What.RESOLVED,
    }
)
"""What happens to an alert that may change what explains it, or others."""


@dataclass(frozen=True, slots=True)
class Timers:
    """What an alert waits for: deadlines in Unix seconds, None where it waits for nothing of the kind."""

    fires_at: float | None = None  # pending → firing
    resolves_at: float | None = None  # set while its source says that it is over
    quiet_at: float | None = None  # flapping ends
    flips: tuple[float, ...] = ()  # when it came and went, the latest last; as many as tell whether it flaps

    def due(self) -> float | None:
        """Return the first deadline."""
        deadlines = [at for at in (self.fires_at, self.resolves_at, self.quiet_at) if at is not None]
        return min(deadlines, default=None)

    def shifted(self, delta_s: float) -> "Timers":
        """Return the same after the clock was set forward by so much."""

        def moved(at: float | None) -> float | None:
            return None if at is None else at + delta_s

        flips = tuple(at + delta_s for at in self.flips)
        return Timers(moved(self.fires_at), moved(self.resolves_at), moved(self.quiet_at), flips)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened. `was` is the state before, None where there was no such thing, or it has no state."""

    what: What
    thing: Thing
    by: str = ""  # the operator who did it
    note: str = ""
    was: State | None = None
    timers: Timers | None = None  # of an alert, after the change


_P, _F, _A, _R = State.PENDING, State.FIRING, State.ACKNOWLEDGED, State.RESOLVED
_STAYS: Final = frozenset({(_P, _P), (_F, _F), (_A, _A)})
_LASTS: Final = frozenset({(_F, _F), (_A, _A)})

ALERT_STEPS: Final[dict[What, frozenset[tuple[State | None, State]]]] = {
    What.PENDING: frozenset({(None, _P), (_R, _P)}),
    What.DROPPED: frozenset({(_P, _R)}),
    What.FIRING: frozenset({(None, _F), (_R, _F), (_P, _F)}),
    What.CLEARING: _LASTS,
    What.RETURNED: _LASTS,
    What.FLAPPING: _LASTS,
    What.STEADY: _LASTS,
    What.RAISED: _STAYS | {(_A, _F)},
    What.LOWERED: _STAYS,
    What.UPDATED: _STAYS,
    What.REGROUPED: _LASTS,
    What.EXPLAINED: _LASTS,
    What.ACKNOWLEDGED: frozenset({(_F, _A)}),
    What.UNACKNOWLEDGED: frozenset({(_A, _F)}),
    What.MUTED: _STAYS,
    What.UNMUTED: _STAYS,
    What.COMMENTED: _STAYS | {(_R, _R)},
    What.RESOLVED: frozenset({(_F, _R), (_A, _R)}),
}
"""The legal steps of an alert: what happens → the states before and after."""

INCIDENT_STEPS: Final[dict[What, frozenset[tuple[State | None, State]]]] = {
    What.OPENED: frozenset({(None, _F)}),
    What.REOPENED: frozenset({(_R, _F)}),
    What.WORSE: frozenset({(_F, _F), (_A, _F)}),
    What.GROWN: frozenset({(_F, _F), (_A, _F)}),
    What.RETITLED: _LASTS,
    What.EXPLAINED: _LASTS,
    What.MERGED: frozenset({(_F, _R), (_A, _R)}),
    What.ACKNOWLEDGED: frozenset({(_F, _A)}),
    What.UNACKNOWLEDGED: frozenset({(_A, _F)}),
    What.MUTED: _LASTS,
    What.UNMUTED: _LASTS,
    What.COMMENTED: _LASTS | {(_R, _R)},
    What.RESOLVED: frozenset({(_F, _R), (_A, _R)}),
}
"""The legal steps of an incident."""


def is_legal(change: Change) -> bool:
    """Tell whether the tables above know this step."""
    match change.thing:
        case Alert():
            return (change.was, change.thing.state) in ALERT_STEPS.get(change.what, frozenset())
        case Incident():
            return (change.was, change.thing.state) in INCIDENT_STEPS.get(change.what, frozenset())
    return change.what in {What.CREATED, What.STARTED, What.ENDED} and change.was is None


_KINDS: Final[dict[type[Thing], Kind]] = {
    Alert: Kind.ALERT,
    Incident: Kind.INCIDENT,
    Silence: Kind.SILENCE,
    Maintenance: Kind.MAINTENANCE,
}
_TYPES: Final = {kind: cls for cls, kind in _KINDS.items()}


def to_entry(change: Change, at: float, source: str) -> Entry:
    """Return what the ledger keeps: `what`, the thing under its kind's name, and what else is set."""
    kind = _KINDS[type(change.thing)]
    data: dict[str, Any] = {"what": change.what.value, kind.value: to_data(change.thing)}
    if change.was is not None:
        data["was"] = change.was.value
    if change.by:
        data["by"] = change.by
    if change.note:
        data["note"] = change.note
    if change.timers is not None and change.timers != Timers():
        data["timers"] = to_data(change.timers)
    entry = Entry(kind, at, source, data)
    match change.thing:
        case Alert():
            return replace(entry, target=change.thing.target, severity=change.thing.severity)
        case Incident():
            only = change.thing.targets[0] if len(change.thing.targets) == 1 else ""
            return replace(entry, target=only, severity=change.thing.severity)
    return entry


def from_record(record: Record) -> Change | None:
    """Return the change that a record holds; None where it is about something else, ValueError where it is damaged."""
    cls = _TYPES.get(record.kind)
    if cls is None:
        return None
    data = record.data
    try:
        thing = from_data(cls, data[record.kind.value])
        timers = from_data(Timers, data.get("timers", {})) if cls is Alert else None
        was = State(data["was"]) if "was" in data else None
        return Change(What(data["what"]), thing, str(data.get("by", "")), str(data.get("note", "")), was, timers)
    except KeyError as error:
        raise ValueError(f"the record of {record.kind.value} {record.seq} has no {error}") from error
