"""What operators do: take alerts in hand, put them back, close them, remark on them, keep things quiet. Pure.

Everything is checked before anything changes. Raises Unknown and Invalid with sentences for people.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Final

from netmon.api import Alert, Incident, Invalid, Maintenance, NewMaintenance, NewSilence, Silence, Unknown
from netmon.api.alerts import State
from netmon.core.alerts import life, muting
from netmon.core.alerts.act import Act
from netmon.core.alerts.book import Book
from netmon.core.alerts.changes import What
from netmon.core.alerts.matchers import check_silence, conditions
from netmon.core.alerts.mutes import Mute
from netmon.core.alerts.muting import MatchersOf
from netmon.core.alerts.tally import OPEN

_INCIDENT: Final = re.compile(r"[Ii][0-9]{1,18}")
_MAX_TEXT: Final = 2_000  # characters of a note, a reason or an author
_MAX_SCOPE: Final = 100  # parts of a maintenance window's scope


@dataclass(frozen=True, slots=True)
class Chosen:
    """What ids stand for: alerts named one by one, and incidents."""

    alerts: tuple[Alert, ...]
    incidents: tuple[Incident, ...]


def find_alert(book: Book, beginning: str) -> Alert:
    """Return the alert whose id begins so."""
    wanted = beginning.strip().lower()
    exact = book.alerts.get(wanted)
    if exact is not None:
        return exact
    if not wanted:
        raise Invalid("an empty id stands for nothing; see the ids in the list of alerts")
    found = book.ids.beginning_with(wanted)
    if not found:
        raise Unknown(f"there is no alert {beginning!r}")
    if len(found) > 1:
        some = ", ".join(found[:5])
        raise Invalid(f"{beginning!r} stands for {len(found)} alerts ({some}); write more of the id")
    return book.alerts[found[0]]


def find_incident(book: Book, incident_id: str) -> Incident:
    """Return an incident."""
    wanted = incident_id.strip().upper()
    if wanted not in book.incidents:
        raise Unknown(f"there is no incident {incident_id!r}")
    return book.incident(wanted)


def choose(book: Book, ids: Sequence[str]) -> Chosen:
    """Return what ids stand for; an incident that was merged stands for the one that took its alerts."""
    if not ids:
        raise Invalid("name at least one alert or incident")
    alerts: dict[str, Alert] = {}
    incidents: dict[str, Incident] = {}
    for each in ids:
        if _INCIDENT.fullmatch(each.strip()):
            incident = find_incident(book, each)
            while incident.merged_into in book.incidents:
                incident = book.incident(incident.merged_into)
            incidents[incident.id] = incident
        else:
            alert = find_alert(book, each)
            alerts[alert.id] = alert
    return Chosen(tuple(alerts.values()), tuple(incidents.values()))


def check_words(author: str, note: str) -> None:
    """Refuse what nobody could be asked about later."""
    if not author.strip():
        raise Invalid("who does this? The author is empty")
    if max(len(author), len(note)) > _MAX_TEXT:
        raise Invalid(f"at most {_MAX_TEXT} characters, please")


def acknowledge(act: Act, chosen: Chosen) -> None:
    """Take alerts in hand, and what fires of incidents. What somebody has in hand already stays theirs."""
    _check_open(chosen)
    for alert in chosen.alerts:
        if alert.state is State.PENDING:
            raise Invalid(f"alert {alert.id} is pending: nobody was told of it yet")
    named = [alert for alert in chosen.alerts if alert.state is State.FIRING]
    firing = [a for incident in chosen.incidents for a in _members(act, incident) if a.state is State.FIRING]
    if not named and not firing:
        held_by = ", ".join(f"{thing.id} by {thing.acknowledged_by}" for thing in _things(chosen)[:5])
        raise Invalid(f"acknowledged already: {held_by}; to take it over, put it back first")
    for alert in _each_once(named, firing):
        taken = replace(alert, state=State.ACKNOWLEDGED, acknowledged_at=act.now, acknowledged_by=act.by, note=act.note)
        act.alert(What.ACKNOWLEDGED, taken, act.timers(alert.id))
    for incident in chosen.incidents:
        if incident.state is State.FIRING:
            held = replace(
                incident, state=State.ACKNOWLEDGED, acknowledged_at=act.now, acknowledged_by=act.by, note=act.note
            )
            act.incident(What.ACKNOWLEDGED, held)


def unacknowledge(act: Act, chosen: Chosen) -> None:
    """Put alerts back, and what is acknowledged of incidents."""
    _check_open(chosen)
    for thing in _things(chosen):
        if thing.state is not State.ACKNOWLEDGED:
            raise Invalid(f"{thing.id} is not acknowledged")
    held = [a for incident in chosen.incidents for a in _members(act, incident) if a.state is State.ACKNOWLEDGED]
    for alert in _each_once(chosen.alerts, held):
        put_back = replace(alert, state=State.FIRING, acknowledged_at=None, acknowledged_by="", note="")
        act.release(alert.incident)  # also where it is muted: an operator says so
        act.alert(What.UNACKNOWLEDGED, put_back, act.timers(alert.id))
    for incident in chosen.incidents:
        act.release(incident.id)


def resolve(act: Act, chosen: Chosen) -> None:
    """Close alerts by hand, and all of incidents."""
    _check_open(chosen)
    opened = [a for incident in chosen.incidents for a in _members(act, incident) if a.state in OPEN]
    for alert in _each_once(chosen.alerts, opened):
        life.end(act, replace(alert, note=act.note or alert.note), "operator")


def comment(act: Act, thing: str) -> None:
    """Add a remark for the record."""
    if not act.note.strip():
        raise Invalid("the remark is empty")
    chosen = choose(act.book, [thing])
    for alert in chosen.alerts:
        act.alert(What.COMMENTED, alert, act.timers(alert.id))
    for incident in chosen.incidents:
        act.incident(What.COMMENTED, incident)


def silence(act: Act, new: NewSilence) -> Silence:
    """Keep what matches quiet."""
    check_silence(new.matchers)
    starts_at = _check_times(act, new.starts_at, new.ends_at)
    if new.origin == "netmon":
        _check_reason(new.reason)
    _check_room(act, Silence)
    made = Silence(
        act.book.next_id("S"), new.matchers, starts_at, new.ends_at, act.by, new.reason[:_MAX_TEXT], new.origin
    )
    _begin(act, made)
    return made


def maintain(act: Act, new: NewMaintenance, matchers_of: MatchersOf) -> Maintenance:
    """Announce work."""
    if not new.scope or len(new.scope) > _MAX_SCOPE:
        raise Invalid(f"name 1 to {_MAX_SCOPE} sites, links or devices that are worked on")
    scope = tuple(matchers for each in new.scope for matchers in matchers_of(each))
    conditions(scope)
    starts_at = _check_times(act, new.starts_at, new.ends_at)
    _check_reason(new.reason)
    _check_room(act, Maintenance)
    title = (new.title or ", ".join(new.scope))[:_MAX_TEXT]
    made = Maintenance(act.book.next_id("M"), title, scope, starts_at, new.ends_at, act.by, new.reason)
    _begin(act, made)
    return made


def _begin(act: Act, made: Mute) -> None:
    act.mute(What.CREATED, made)
    if made.starts_at <= act.now:
        muting.apply_active(act, {*act.book.active, made.id})


def find_mute(book: Book, mute_id: str, kind: type[Silence] | type[Maintenance]) -> Mute:
    """Return a silence or a maintenance window, by its id in any case."""
    wanted = mute_id.strip()
    mute = book.mutes.get(wanted)
    if isinstance(mute, kind):
        return mute
    found = [mute for key, mute in book.mutes.items() if isinstance(mute, kind) and key.lower() == wanted.lower()]
    what = "silence" if kind is Silence else "maintenance window"
    if not found:
        raise Unknown(f"there is no {what} {mute_id!r}")
    if len(found) > 1:  # entries of the calendar can have names that differ in case alone
        raise Invalid(f"{mute_id!r} stands for {' and '.join(mute.id for mute in found)}; write the id as it is")
    return found[0]


def check_not_over(mute: Mute, now: float) -> None:
    """Refuse to end what has ended."""
    if mute.ended_by or mute.ends_at <= now:
        raise Invalid(f"{mute.id} has ended already")


def _things(chosen: Chosen) -> list[Alert | Incident]:
    return [*chosen.alerts, *chosen.incidents]


def _members(act: Act, incident: Incident) -> list[Alert]:
    return act.book.members(incident.id)


def _each_once(*groups: Iterable[Alert]) -> list[Alert]:
    return list({alert.id: alert for group in groups for alert in group}.values())


def _check_open(chosen: Chosen) -> None:
    for thing in _things(chosen):
        if thing.state is State.RESOLVED:
            raise Invalid(f"{thing.id} is resolved already")


def _check_times(act: Act, starts_at: float, ends_at: float) -> float:
    """Return the start: now at the earliest."""
    if not (isfinite(starts_at) and isfinite(ends_at)):
        raise Invalid("a start and an end are points in time")
    start = max(starts_at, act.now)
    if ends_at <= start:
        raise Invalid("it would end before it starts, or has ended already")
    return start


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid("the reason is empty; say why, for those who come after you")
    if len(reason) > _MAX_TEXT:
        raise Invalid(f"a reason has at most {_MAX_TEXT} characters")


def _check_room(act: Act, kind: type[Mute]) -> None:
    living = sum(
        isinstance(mute, kind) and not mute.ended_by and mute.ends_at > act.now for mute in act.book.mutes.values()
    )
    if living >= act.settings.max_silences:
        raise Invalid(f"there are {living} of them already; end those that nobody needs")
