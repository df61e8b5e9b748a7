"""Which alerts and incidents are asked for, in which order, and which page of them. Pure.

The order is fixed: open ones first, then the worst, then the newest, then by id. A cursor is a place in it and not a
number of things to skip: so a page that follows repeats and misses nothing that stayed, however much changed between.
"""

import base64
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeAlias, TypeVar

import msgspec

from exporters.api.problems import ProblemError
from netmon.api import Alert, Incident, Severity, State

Thing = TypeVar("Thing", Alert, Incident)
Place: TypeAlias = tuple[bool, int, float, str]

OPEN: Final = frozenset({State.PENDING, State.FIRING, State.ACKNOWLEDGED})
_RANK: Final[Mapping[Severity, int]] = {severity: -rank for rank, severity in enumerate(Severity)}
_OVER: Final = State.RESOLVED
_place = msgspec.json.Decoder(Place)


@dataclass(frozen=True, slots=True)
class Page(Generic[Thing]):
    """One page: `total` of all that match, `next` for the page after it."""

    things: Sequence[Thing]
    total: int
    next: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for; empty means any. A trailing * in a name stands for any ending."""

    states: frozenset[State] = OPEN
    severity: Severity | None = None  # at least this
    sites: Sequence[str] = ()
    targets: Sequence[str] = ()
    rules: Sequence[str] = ()
    incident: str = ""
    text: str = ""  # without regard to case
    muted: bool | None = None


def select_alerts(alerts: Iterable[Alert], wanted: Wanted) -> list[Alert]:
    """Return the alerts that are wanted."""
    found = _common(alerts, wanted)
    if wanted.targets:
        target = named(wanted.targets)
        found = [each for each in found if target(each.target)]
    if wanted.rules:
        rule = named(wanted.rules)
        found = [each for each in found if rule(each.rule)]
    if wanted.incident:
        found = [each for each in found if each.incident == wanted.incident]
    if wanted.muted is not None:
        found = [each for each in found if bool(each.muted_by) is wanted.muted]
    if wanted.text:
        needle = wanted.text.casefold()
        found = [each for each in found if needle in _words(each)]
    return found


def select_incidents(incidents: Iterable[Incident], wanted: Wanted) -> list[Incident]:
    """Return the incidents that are wanted. Those that went up in another one are never."""
    found = [each for each in _common(incidents, wanted) if not each.merged_into]
    if wanted.targets:
        target = named(wanted.targets)
        found = [each for each in found if any(map(target, each.targets))]
    if wanted.muted is not None:
        found = [each for each in found if each.muted is wanted.muted]
    if wanted.text:
        needle = wanted.text.casefold()
        found = [each for each in found if needle in "\n".join((each.id, each.title, *each.targets)).casefold()]
    return found


def page_of_alerts(alerts: Sequence[Alert], limit: int, cursor: str) -> Page[Alert]:
    """Return one page of these. They are in order, as the desk gives them: sorting 10,000 costs more than all else."""
    return _page(alerts, _place_of_alert, limit, cursor)


def page_of_incidents(incidents: Iterable[Incident], limit: int, cursor: str) -> Page[Incident]:
    """Return one page of these."""
    return _page(sorted(incidents, key=_place_of_incident), _place_of_incident, limit, cursor)


def in_order(alerts: Iterable[Alert]) -> list[Alert]:
    """Return alerts in their order."""
    return sorted(alerts, key=_place_of_alert)


def _place_of_alert(alert: Alert) -> Place:
    return alert.state is _OVER, _RANK[alert.severity], -alert.starts_at, alert.id


def _place_of_incident(incident: Incident) -> Place:
    return incident.state is _OVER, _RANK[incident.severity], -incident.opened_at, incident.id


def _common(things: Iterable[Thing], wanted: Wanted) -> list[Thing]:
    states = wanted.states
    found = [each for each in things if each.state in states]
    if wanted.severity is not None:
        enough = {severity for severity in Severity if severity >= wanted.severity}
        found = [each for each in found if each.severity in enough]
    if wanted.sites:
        site = named(wanted.sites)
        found = [each for each in found if site(each.site)]
    return found


def _page(things: Sequence[Thing], place: Callable[[Thing], Place], limit: int, cursor: str) -> Page[Thing]:
    start = bisect_right(things, _read_cursor(cursor), key=place) if cursor else 0
    shown = things[start : start + limit]
    more = len(things) > start + limit
    return Page(shown, len(things), _write_cursor(place(shown[-1])) if more else None)


def _write_cursor(place: Place) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def _read_cursor(cursor: str) -> Place:
    try:
        place: Place = _place.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        raise ProblemError(
            422, "invalid", "The cursor is none of ours.", "Give back `next` of the page before, or begin without one."
        ) from None
    return place


def named(names: Sequence[str]) -> Callable[[str], bool]:
    """Return whether a name is one of these; a trailing * stands for any ending."""
    whole = {name for name in names if not name.endswith("*")}
    beginnings = tuple(name[:-1] for name in names if name.endswith("*"))
    return lambda name: name in whole or name.startswith(beginnings)


def _words(alert: Alert) -> str:
    said: tuple[Any, ...] = (alert.id, alert.rule, alert.target, alert.site, alert.summary, alert.note, alert.source)
    return "\n".join((*said, *alert.labels.values(), *alert.summaries.values())).casefold()
