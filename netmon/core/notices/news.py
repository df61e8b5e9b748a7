"""What a person must be told of an incident, given what they know of it. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from netmon.api import Alert, Incident, Notices, State
from netmon.core.notices.settings import NotifySettings
from netmon.core.notices.words import Case, Ending, Known, Owed

_TITLE_MAX: Final = 500  # characters; messages show fewer
_BY_TIMETABLE: Final = frozenset({Notices.OPENED, Notices.REPEATED, Notices.ESCALATED})


def followed(case: Case, incident: Incident) -> Case:
    """Return a case with what its incident is now."""
    return replace(
        case,
        title=incident.title[:_TITLE_MAX],
        titles={language: title[:_TITLE_MAX] for language, title in incident.titles.items()},
        site=incident.site,
        severity=incident.severity,
        state=incident.state,
        muted=incident.muted,
        acknowledged_by=incident.acknowledged_by,
        merged_into=incident.merged_into,
    )


def endings(alerts: Sequence[Alert]) -> tuple[Ending, ...]:
    """Return why the alerts of an incident ended, in the order in which they first did."""
    found: dict[str, Ending] = {}
    for alert in alerts:
        if alert.why_resolved:
            old = found.get(alert.why_resolved, Ending(alert.why_resolved, 0))
            quiet_s = max((s for s in (old.quiet_s, alert.expires_s) if s is not None), default=None)
            found[alert.why_resolved] = replace(old, alerts=old.alerts + 1, quiet_s=quiet_s)
    return tuple(found.values())


def first_seen(incident: Incident, matures_at: float) -> Case:
    """Return the case of an incident that is new."""
    case = Case(
        id=incident.id,
        title="",
        titles={},
        site="",
        severity=incident.severity,
        state=incident.state,
        muted=False,
        opened_at=incident.opened_at,
        matures_at=matures_at,
    )
    return followed(case, incident)


Asked = Callable[[str, str], bool]
"""What is asked of (person, incident)."""


class News:
    """Compares what people know with what is so."""

    def __init__(self, settings: NotifySettings, busy: Asked) -> None:
        """`busy`: whether a message on it is on its way to them; it is written when it goes, so one will do."""
        self._settings = settings
        self._busy = busy

    def why(self, case: Case, person: str, known: Known) -> Notices | None:
        """Return why somebody who knows this much must be told more; None where they need not."""
        if case.merged_into:
            return None
        if case.state is State.RESOLVED:
            return Notices.RESOLVED if self._settings.resolved and known.state is not State.RESOLVED else None
        if known.state is State.RESOLVED:
            return None if case.muted else Notices.OPENED  # it came back while they were told that it was over
        return None if case.muted else self._while_open(case, person, known)

    def _while_open(self, case: Case, person: str, known: Known) -> Notices | None:
        if case.severity > known.severity:
            return Notices.WORSE
        if case.state is State.ACKNOWLEDGED and known.state is State.FIRING:
            return Notices.ACKNOWLEDGED if self._settings.acknowledged and person != case.acknowledged_by else None
        if case.state is State.FIRING and known.state is State.ACKNOWLEDGED:
            return Notices.REPEATED  # nobody has it in hand any more
        return None

    def unsaid(self, case: Case, person: str, known: Known | None) -> Notices | None:
        """Return why somebody must be told of what a message to them left out because it was muted by then."""
        if known is None:
            return None if case.muted and case.state is State.RESOLVED else Notices.OPENED
        again = case.state is State.FIRING and not case.muted
        return self.why(case, person, known) or (Notices.REPEATED if again else None)

    def answer(self, why: Notices, person: str, known: Known, now: float) -> Owed:
        """Return what is owed to somebody in the way that they were told before."""
        due_at = self._settings.due_at(person, now, digest=known.digest)
        return Owed(person, why, now, due_at, known.channels, known.digest)

    def reconciled(self, case: Case, told: Mapping[str, Known], now: float) -> Case:
        """Return a case that owes what its state asks for now.

        Those to whom a message is on its way are left out: it is written when it goes, and what changed by the time
        it has arrived is owed then.
        """
        before = {owed.person: owed for owed in case.owed}
        kept = {owed.person: owed for owed in case.owed if _still_due(case, owed, told.get(owed.person))}
        for person, known in told.items():
            why = None if self._busy(person, case.id) else self.why(case, person, known)
            if why is not None:
                old = before.get(person)
                if old is None:
                    kept[person] = self.answer(why, person, known, now)
                elif old.why is not Notices.HANDOVER or why is Notices.RESOLVED:  # a handover says all that is so
                    kept[person] = replace(old, why=why)
        return replace(case, owed=tuple(kept.values()))


def owe(case: Case, *new: Owed) -> Case:
    """Return a case that owes these too. What a person is owed already is joined with it: one message will do."""
    owed = {one.person: one for one in case.owed}
    for one in new:
        old = owed.get(one.person)
        owed[one.person] = one if old is None else _joined(old, one)
    return replace(case, owed=tuple(owed.values()))


def _joined(old: Owed, new: Owed) -> Owed:
    at_once = old.digest and not new.digest
    return replace(
        old,
        why=new.why if new.why is Notices.HANDOVER else old.why,
        due_at=new.due_at if at_once else min(old.due_at, new.due_at),
        digest=old.digest and new.digest,
        channels=new.channels if at_once else old.channels,
    )


def _still_due(case: Case, owed: Owed, known: Known | None) -> bool:
    """Tell whether something stays owed when nothing new is to be said to this person."""
    if known is None:  # they know nothing yet: whatever is so when it goes, they are told, unless it was hushed up
        return not (case.state is State.RESOLVED and case.muted)
    if owed.why is Notices.HANDOVER:
        return case.state is not State.RESOLVED
    return case.state is State.FIRING and owed.why in _BY_TIMETABLE
