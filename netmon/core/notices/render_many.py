"""Writes messages on many incidents: how many, how bad, where, and the worst of them by name. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from netmon.api import Notices, Severity, State
from netmon.core.notices.plain import clean, listed
from netmon.core.notices.reader import Reader
from netmon.core.notices.words import Case

_LISTED: Final = 20  # incidents shown of many


def many(reader: Reader, why: Notices, cases: Sequence[Case], *, digest: bool) -> tuple[str, list[str]]:
    """Return the subject, and the lines of the body."""
    sites = Counter(case.site for case in cases if case.site)
    kind, count = _kind(why, cases, digest=digest), len(cases)
    if why is Notices.HANDOVER:
        count = sum(case.state is not State.RESOLVED for case in cases)
    some = [name for name, _ in sites.most_common(3)]
    where = f": {listed(some, len(sites), reader.language)}" if some else ""
    worst = max(cases, key=lambda case: (case.state is not State.RESOLVED, case.severity))
    severity = reader.severity(worst.severity).upper()
    subject = reader.say(f"subject.{kind}", severity=severity, count=count, sites=where)
    lines = [] if digest else [reader.say("line.handover" if why is Notices.HANDOVER else "many.why")]
    return subject, [*lines, *_counts(reader, cases, sites), "", *_list(reader, cases), "", reader.say("many.all")]


def _kind(why: Notices, cases: Sequence[Case], *, digest: bool) -> str:
    """Return which subject a message on many has."""
    if why is Notices.HANDOVER:
        return "many.handover"
    if digest:
        return "digest.one" if len(cases) == 1 else "digest"
    if any(case.state is not State.RESOLVED for case in cases):
        return "many"
    return "many.closed" if any(case.is_closed() for case in cases) else "many.over"


_COUNTED: Final = ("many.open", "many.acknowledged", "many.resolved", "many.closed")
_STATES: Final = {
    State.PENDING: "many.open",
    State.FIRING: "many.open",
    State.ACKNOWLEDGED: "many.acknowledged",
    State.RESOLVED: "many.resolved",
}


def _counts(reader: Reader, cases: Sequence[Case], sites: Counter[str]) -> Iterator[str]:
    counts: dict[str, Counter[Severity]] = {key: Counter() for key in _COUNTED}
    for case in cases:
        counts["many.closed" if case.is_closed() else _STATES[case.state]][case.severity] += 1
    for key, count in counts.items():
        if count:
            yield reader.say(key, count=count.total())
            parts = [f"{reader.severity(one)} {count[one]}" for one in reversed(Severity) if count[one]]
            yield reader.say("many.severities", counts=", ".join(parts))
    if sites:
        some = [f"{name} {count}" for name, count in sites.most_common(8)]
        yield reader.say("many.sites", counts=listed(some, len(sites), reader.language))


def _list(reader: Reader, cases: Sequence[Case]) -> Iterator[str]:
    ordered = sorted(cases, key=lambda case: case.state is State.RESOLVED)
    if len(cases) > _LISTED:
        yield reader.say("many.worst")
    for case in ordered[:_LISTED]:
        site = f"{case.site}: " if case.site else ""
        aside = _aside(reader, case)
        state = f" ({aside})" if aside else ""
        yield f"{case.id} {reader.severity(case.severity)} {site}{clean(reader.title(case), 80)}{state}"
    if len(cases) > _LISTED:
        yield reader.say("many.rest", count=len(cases) - _LISTED)


def _aside(reader: Reader, case: Case) -> str:
    """Return what is said of an incident in a list, other than that it is open."""
    if case.state is State.RESOLVED:
        return reader.say("many.shut" if case.is_closed() else "many.over")
    if case.state is not State.ACKNOWLEDGED:
        return ""
    return (
        reader.say("many.hand", who=clean(case.acknowledged_by, 40))
        if case.acknowledged_by
        else reader.say("many.held")
    )
