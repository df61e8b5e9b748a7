"""Writes messages: what, where, since when, how much, what to do; short enough for a phone at 3 a.m. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from netmon.api import Alert, Incident, Message, Notices, Severity, State, Unknown
from netmon.core.notices.ladder import Lookups
from netmon.core.notices.plain import clean, evident, lasting, listed
from netmon.core.notices.reader import Reader
from netmon.core.notices.render_many import many
from netmon.core.notices.settings import NotifySettings, Person
from netmon.core.notices.words import CLEARED, Case, Notice, Said

SUBJECT_MAX: Final = 100  # characters: what mail clients and phones show of it
BODY_MAX: Final = 3_500  # characters: Telegram takes 4,096
_ALERTS: Final = 5  # shown of one incident
_EVIDENCE: Final = 6  # numbers shown of one alert
_VALUE: Final = 90  # characters of each: the path of a capture fits
_TARGETS: Final = 5
_BECAUSE_MAX: Final = 600  # characters of why a cause is thought to be one
_ENDED: Final = {  # why an alert ended → what is said of it
    "expired": "ended.expired",
    "operator": "ended.operator",
    "target left the inventory": "ended.target",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A message, and what it says of which incidents."""

    message: Message
    said: tuple[Said, ...]


class Renderer:
    """Writes in each recipient's language and time zone."""

    def __init__(self, settings: NotifySettings) -> None:
        self._settings = settings

    def draft(self, notice: Notice, cases: Sequence[Case], lookups: Lookups, now: float) -> Draft:
        """Write a notice. `cases` are those of its incidents that are to be told; there is at least one."""
        person = self._settings.people.get(notice.person)
        reader = Reader(_language(person), self._settings.zone_of(notice.person), now)
        if len(cases) == 1 and not notice.digest:
            why = why_now(notice.why, cases[0])
            subject, body = _one(reader, notice, cases[0], why, lookups)
        else:
            handed = notice.why is Notices.HANDOVER and any(case.state is not State.RESOLVED for case in cases)
            why = Notices.HANDOVER if handed else Notices.DIGEST
            subject, body = many(reader, why, cases, digest=notice.digest)
        message = Message(
            id=notice.id,
            recipient=notice.person,
            channel=notice.channel,
            language=reader.language,
            severity=max(case.severity for case in cases),
            why=why,
            subject=clean(subject, SUBJECT_MAX),
            body=_fitted(body),
            incidents=tuple(case.id for case in cases),
        )
        return Draft(message, _said(cases))


def why_now(why: Notices, case: Case) -> Notices:
    """Return why a message is sent as things are when it goes: what was to be an alarm may be over by then."""
    if case.state is State.RESOLVED:
        return Notices.RESOLVED
    if why is Notices.HANDOVER:
        return why
    if case.state is State.ACKNOWLEDGED:
        return Notices.ACKNOWLEDGED
    return Notices.OPENED if why in (Notices.RESOLVED, Notices.ACKNOWLEDGED, Notices.DIGEST) else why


def _language(person: Person | None) -> str:
    return person.language if person is not None else "en"


def _said(cases: Sequence[Case]) -> tuple[Said, ...]:
    groups: dict[tuple[State, Severity], list[str]] = {}
    for case in cases:
        groups.setdefault((case.state, case.severity), []).append(case.id)
    return tuple(Said(state, severity, tuple(ids)) for (state, severity), ids in groups.items())


def _fitted(lines: Sequence[str]) -> str:
    """Return the lines as one text; what does not fit is left out of the middle, the last two lines never."""
    lines = "\n".join(lines).rstrip("\n").split("\n")
    room = BODY_MAX - sum(len(line) + 1 for line in lines[-2:]) - 2
    kept: list[str] = []
    for line in lines[:-2]:
        room -= len(line) + 1
        if room < 0:
            kept.append("…")
            break
        kept.append(line)
    return "\n".join([*kept, *lines[-2:]])


# One incident


def _one(reader: Reader, notice: Notice, case: Case, why: Notices, lookups: Lookups) -> tuple[str, list[str]]:
    incident, alerts = _read(case, lookups)
    title = clean(reader.title(case), 300)
    where = f"{case.site}: " if case.site and not title.startswith(case.site) else ""
    severity = reader.severity(case.severity).upper()
    kind = f"subject.{'closed' if case.is_closed() else why.value}"
    around = reader.say(kind, severity=severity, where=where, title="", incident=case.id)
    short = clean(title, max(20, SUBJECT_MAX - len(around)))
    subject = reader.say(kind, severity=severity, where=where, title=short, incident=case.id)
    lines = [title, *_headline(reader, notice, case, why), *_because(reader, incident), *_about(reader, case, incident)]
    if case.state is not State.RESOLVED:
        lines += _alert_lines(reader, alerts)
    lines += _endings(reader, case, incident, alerts)
    return subject, lines


def _read(case: Case, lookups: Lookups) -> tuple[Incident | None, list[Alert]]:
    try:
        incident = lookups.incident(case.id)
        alerts = lookups.alerts_of(case.id)
    except Unknown:  # gone from the desk: what the case itself knows must do
        return None, []
    live = [alert for alert in alerts if alert.state in (State.FIRING, State.ACKNOWLEDGED)] or list(alerts)
    return incident, sorted(live, key=_worst_first)


def _worst_first(alert: Alert) -> tuple[bool, int, float, str]:
    """Order what shows the cause before its effects, then the worst first."""
    return bool(alert.effect_of), -list(Severity).index(alert.severity), alert.starts_at, alert.id


def _headline(reader: Reader, notice: Notice, case: Case, why: Notices) -> Iterator[str]:
    if why in (Notices.ESCALATED, Notices.REPEATED, Notices.HANDOVER):
        yield reader.say(f"line.{why.value}")
    elif why is Notices.WORSE:
        yield reader.say("line.worse", severity=reader.severity(case.severity))
    elif why is Notices.RESOLVED and case.merged_into:
        yield reader.say("line.merged", incident=case.merged_into)
    elif why is Notices.RESOLVED:
        yield from _how_it_ended(reader, case)
    if notice.unreached:
        yield reader.say("line.unreached", person=notice.unreached)


def _because(reader: Reader, incident: Incident | None) -> Iterator[str]:
    """Give why it is thought that this is the cause, where one is known."""
    if incident is not None and incident.explanation:
        because = incident.explanation.get(reader.language) or incident.explanation.get("en", "")
        yield clean(because, _BECAUSE_MAX)


def _how_it_ended(reader: Reader, case: Case) -> Iterator[str]:
    if not case.endings:
        yield reader.say("ended.unknown")
    elif case.seen_over():
        yield reader.say("line.over")
    count = sum(ending.alerts for ending in case.endings)
    for ending in case.endings:
        if ending.why == CLEARED:
            continue
        part = reader.say("ended.part", n=ending.alerts, count=count) if ending.alerts < count else ""
        lasted = ""
        if ending.quiet_s is not None:
            lasted = reader.say("ended.lasted", time=lasting(ending.quiet_s, reader.language))
        yield reader.say(_ENDED.get(ending.why, "ended.other"), why=clean(ending.why, 80), lasted=lasted, part=part)


def _about(reader: Reader, case: Case, incident: Incident | None) -> Iterator[str]:
    targets = [clean(name, 60) for name in (incident.targets if incident is not None else ())[:_TARGETS]]
    count = max(incident.target_count, len(targets)) if incident is not None else 0
    names = listed(targets, count, reader.language)
    where = f"{case.site} ({names})" if case.site and names else case.site or names
    if where:
        yield reader.say("line.where", where=where)
    ended = incident.resolved_at if incident is not None else None
    if case.state is State.RESOLVED and ended is not None:
        lasted = lasting(ended - case.opened_at, reader.language)
        yield reader.say("line.lasted", begin=reader.when(case.opened_at), end=reader.when(ended), lasted=lasted)
    else:
        ago = lasting(reader.now - case.opened_at, reader.language)
        yield reader.say("line.since", time=reader.when(case.opened_at), ago=ago)
    if case.absorbed:
        yield reader.say("line.absorbed", incidents=listed(list(case.absorbed), case.absorbed_count, reader.language))


def _alert_lines(reader: Reader, alerts: Sequence[Alert]) -> Iterator[str]:
    if not alerts:
        return
    yield ""
    yield reader.say("line.alerts", count=len(alerts))
    effects = sum(bool(alert.effect_of) for alert in alerts)
    if effects:
        yield reader.say("line.effects", count=effects)
    for alert in _shown(alerts):
        summary = alert.summaries.get(reader.language) or alert.summary
        yield f"- {clean(alert.target, 60)}: {clean(summary, 200)}" if alert.target else f"- {clean(summary, 200)}"
        shown = list(alert.evidence.items())[:_EVIDENCE]
        numbers = [f"{clean(k, 40)} {clean(evident(k, v, reader.zone, reader.language), _VALUE)}" for k, v in shown]
        if numbers:
            yield f"  {', '.join(numbers)}"
        if alert.impact is not None:
            median, early, late = (reader.when(at) for at in (alert.impact.p50, alert.impact.p10, alert.impact.p90))
            yield "  " + reader.say("line.impact", median=median, early=early, late=late)
    if len(alerts) > _ALERTS:
        yield reader.say("line.alerts.more", count=len(alerts) - _ALERTS)


def _shown(alerts: Sequence[Alert]) -> list[Alert]:
    """Return the worst alerts, and in any case one that predicts something, where there is one."""
    shown = list(alerts[:_ALERTS])
    if not any(alert.impact for alert in shown):
        shown[-1:] = [next((alert for alert in alerts if alert.impact), shown[-1])]
    return shown


def _endings(reader: Reader, case: Case, incident: Incident | None, alerts: Sequence[Alert]) -> Iterator[str]:
    yield ""
    if incident is not None and incident.acknowledged_by and case.state is State.ACKNOWLEDGED:
        who, since = clean(incident.acknowledged_by, 60), reader.when(incident.acknowledged_at or incident.updated_at)
        yield reader.say("line.acknowledged", who=who, time=since)
    if incident is not None and incident.note:
        yield reader.say("line.note", note=clean(incident.note, 300))
    if case.state is State.RESOLVED:
        return
    runbook = next((alert.runbook for alert in alerts if alert.runbook), "")
    if runbook:
        yield reader.say("line.runbook", url=clean(runbook, 300))
    if case.state is State.FIRING:
        yield reader.say("line.ack", incident=case.id)
