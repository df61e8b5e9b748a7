"""Which alerts and incidents are asked for, in which order, and which page of them. Pure.

The order is fixed (worst first, then newest, then by id), and a cursor is a place in it, not a number of things to
skip: so a page that follows repeats and misses nothing that stayed, however much changed in between.
"""

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeAlias, TypeVar

import msgspec

from exporters.api.problems import ProblemError
from netmon.api import Alert, Incident, Severity, State

Thing = TypeVar("Thing", Alert, Incident)
Place: TypeAlias = tuple[int, float, str]

OPEN: Final = frozenset({State.PENDING, State.FIRING, State.ACKNOWLEDGED})
_RANK: Final[Mapping[Severity, int]] = {severity: -rank for rank, severity in enumerate(Severity)}
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
        target = _named(wanted.targets)
        found = [each for each in found if target(each.target)]
    if wanted.rules:
        rule = _named(wanted.rules)
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
        target = _named(wanted.targets)
        found = [each for each in found if any(map(target, each.targets))]
    if wanted.muted is not None:
        found = [each for each in found if each.muted is wanted.muted]
    if wanted.text:
        needle = wanted.text.casefold()
        found = [each for each in found if needle in "\n".join((each.id, each.title, *each.targets)).casefold()]
    return found


def page_of_alerts(alerts: Sequence[Alert], limit: int, cursor: str) -> Page[Alert]:
    """Return one page of these."""
    return _page(alerts, lambda each: (_RANK[each.severity], -each.starts_at, each.id), limit, cursor)


def page_of_incidents(incidents: Sequence[Incident], limit: int, cursor: str) -> Page[Incident]:
    """Return one page of these."""
    return _page(incidents, lambda each: (_RANK[each.severity], -each.opened_at, each.id), limit, cursor)


def _common(things: Iterable[Thing], wanted: Wanted) -> list[Thing]:
    states = wanted.states
    found = [each for each in things if each.state in states]
    if wanted.severity is not None:
        enough = {severity for severity in Severity if severity >= wanted.severity}
        found = [each for each in found if each.severity in enough]
    if wanted.sites:
        site = _named(wanted.sites)
        found = [each for each in found if site(each.site)]
    return found


def _page(things: Sequence[Thing], place: Callable[[Thing], Place], limit: int, cursor: str) -> Page[Thing]:
    if cursor:
        after = _read_cursor(cursor)
        left = [each for each in things if place(each) > after]
    else:
        left = list(things)
    left.sort(key=place)
    shown = left[:limit]
    return Page(shown, len(things), _write_cursor(place(shown[-1])) if len(left) > limit else None)


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


def _named(names: Sequence[str]) -> Callable[[str], bool]:
    whole = {name for name in names if not name.endswith("*")}
    beginnings = tuple(name[:-1] for name in names if name.endswith("*"))
    return lambda name: name in whole or name.startswith(beginnings)


def _words(alert: Alert) -> str:
    said: tuple[Any, ...] = (alert.id, alert.rule, alert.target, alert.site, alert.summary, alert.note, alert.source)
    return "\n".join((*said, *alert.labels.values(), *alert.summaries.values())).casefold()
