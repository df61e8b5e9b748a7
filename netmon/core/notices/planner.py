"""Decides whom to tell what, and when. Pure: time is an argument, and what it decides is recorded by others.

Every method that decides also applies, and returns the changes for the ledger. `apply` is for replaying them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from netmon.api import Incident, Notices, State
from netmon.core.notices.changes import Changed, NoticeChange, folded
from netmon.core.notices.delivery import Failure, after_failure, channels_of
from netmon.core.notices.ladder import Ladder, Lookups, alerts_of, halted
from netmon.core.notices.news import News, endings, first_seen, followed, owe
from netmon.core.notices.outbox import Outbox
from netmon.core.notices.render import Draft, Renderer
from netmon.core.notices.settings import NotifySettings
from netmon.core.notices.tables import Tables, absorb
from netmon.core.notices.words import Case, Duty, Known, Notice, Owed, Said, Way


class Planner:
    """What people are told. `counts` has, since the start, what was folded, dropped or had no route."""

    def __init__(self, settings: NotifySettings) -> None:
        self.settings = settings
        self.counts: Counter[str] = Counter()
        self.tables = Tables()
        self._fresh = True  # whether what is open was not compared with the tables yet
        self._build()

    def configure(self, settings: NotifySettings) -> None:
        """Follow other settings from the next tick on. What people were told, and are owed, stays."""
        self.settings = settings
        self._fresh = True
        self.tables.look_again()
        self._build()

    def _build(self) -> None:
        self._news = News(self.settings, self.tables.is_busy)
        self._ladder = Ladder(self.settings, self.tables.is_busy, self.tables.knows)
        self._outbox = Outbox(self.settings, self.tables)
        self._renderer = Renderer(self.settings)

    # What happens to incidents

    def observe(self, changes: Sequence[Changed], lookups: Lookups, now: float) -> list[NoticeChange]:
        """Take what changed of incidents, each as it is after its change."""
        made: list[NoticeChange] = []
        for change in changes:
            if isinstance(change.thing, Incident):
                self._see(change.thing, lookups, now, made)
        return made

    def _see(self, incident: Incident, lookups: Lookups, now: float, made: list[NoticeChange]) -> None:
        case = self.tables.cases.get(incident.id)
        if case is None:
            if self.settings.people and incident.state is not State.RESOLVED and not incident.merged_into:
                self._make("opened", first_seen(incident, now + self.settings.group_wait_s), made)
            return
        if incident.merged_into and not case.merged_into and self._merge(case, incident, now, made):
            return
        new = followed(case, incident)
        if new == case:
            return
        new = self._moved(case, new, lookups, now)
        reopened = case.state is State.RESOLVED and new.state is not State.RESOLVED
        self._make("changed", self._reconciled(new, now, reopened=reopened), made)

    def _moved(self, old: Case, new: Case, lookups: Lookups, now: float) -> Case:
        """Set a case's timetable by how its incident changed."""
        if new.state is State.RESOLVED:
            if old.state is not State.RESOLVED:
                new = replace(new, endings=endings(alerts_of(lookups, new.id)))
            return self._ended(new, lookups, now)
        if old.state is State.RESOLVED:
            return replace(new, matures_at=now + self.settings.group_wait_s, tracks=(), endings=())
        return new if new.matures_at is not None else self._while_open(old, new, lookups, now)

    def _while_open(self, old: Case, new: Case, lookups: Lookups, now: float) -> Case:
        if new.severity > old.severity:
            new = self._ladder.reroute(new, alerts_of(lookups, new.id), now)
        if new.state is State.ACKNOWLEDGED:
            return self._late_relief(halted(new), now) if old.muted and not new.muted else halted(new)
        if old.muted and not new.muted:
            return self._ladder.resume(new, now, again=True)
        if old.state is State.ACKNOWLEDGED:
            return self._ladder.resume(new, now, again=False)
        return new

    def _ended(self, case: Case, lookups: Lookups, now: float) -> Case:
        """Return a case whose incident is over; if it was so soon that nobody was told, they are told once."""
        if case.matures_at is None:
            return halted(case)
        if case.muted:
            self.counts["muted"] += 1
            return replace(case, matures_at=None)
        return self._ladder.start(case, alerts_of(lookups, case.id), now)

    def _told(self, incident: str) -> dict[str, Known]:
        """Return what those know of an incident who can still be told more."""
        told = self.tables.told.get(incident, {})
        return {person: known for person, known in told.items() if person in self.settings.people}

    def _reconciled(self, case: Case, now: float, *, reopened: bool) -> Case:
        told = self._told(case.id)
        if reopened:  # those who know that it was over are told of it like everybody, by its routes
            told = {person: known for person, known in told.items() if known.state is not State.RESOLVED}
        new = self._news.reconciled(case, told, now)
        if case.muted and case.state is State.RESOLVED:
            self.counts["muted"] += sum(owed.person not in told for owed in case.owed)
        return new

    def _merge(self, case: Case, incident: Incident, now: float, made: list[NoticeChange]) -> bool:
        """Let those who were, or were to be, told of an incident be told of the one that took it over."""
        into = self.tables.cases.get(incident.merged_into)
        if into is None or into.state is State.RESOLVED:
            return False
        told = self._told(case.id)
        joined = absorb(into, case)
        for person, known in told.items():
            joined = self._hand_over(joined, self._news.answer(Notices.OPENED, person, known, now))
        for owed in case.owed:
            joined = self._hand_over(joined, owed, anew=owed.person not in told)
        self._make("absorbed", joined, made)
        gone = replace(followed(case, incident), state=State.RESOLVED, matures_at=None, tracks=(), owed=())
        self._make("merged", gone, made)
        return True

    def _hand_over(self, into: Case, owed: Owed, *, anew: bool = False) -> Case:
        """Owe it under the other incident, unless that was told already; `anew`: then say that one again."""
        if self.tables.is_busy(owed.person, into.id):
            return into
        if owed.person in self.tables.told.get(into.id, {}):
            return owe(into, replace(owed, why=Notices.REPEATED)) if anew else into
        due_at = max(owed.due_at, into.matures_at or owed.due_at)
        return owe(into, replace(owed, why=Notices.OPENED, due_at=due_at))

    # What time brings

    def tick(self, now: float, lookups: Lookups, at_most: int | None = None) -> list[NoticeChange]:
        """Do what is due: call the next people, say again, and make messages of what people are owed.

        With `at_most`, only for so many incidents, or of about so many things that people are owed; `behind` tells then
        whether to call again soon. Messages are made once all steps are taken, since the worst of all go by themselves.
        """
        made: list[NoticeChange] = []
        if self._fresh:
            self._fresh = False
            self._catch_up(lookups, now, made)
        self._relieve(now, made)
        for case in islice(self.tables.due_cases(now), at_most):
            if case.matures_at is not None:
                new = self._ladder.start(case, alerts_of(lookups, case.id), now)
                if not new.tracks:
                    self.counts["no_route"] += 1
                self._make("told", new, made)
            else:
                self._make("stepped", self._ladder.climb(case, now), made)
        if not self.tables.may_be_due(now):
            for notice in self._outbox.post(now, at_most):
                self._make("queued", notice, made)
        self.counts["folded"] += folded(made)
        return made

    def behind(self, now: float) -> bool:
        """Tell whether there is something that a tick would do."""
        return self.tables.may_be_due(now) or self._outbox.behind(now)

    def _relieve(self, now: float, made: list[NoticeChange]) -> None:
        """Tell those whose turn on call began what is open on the routes that name their rota."""
        new = self.settings.on_call(now).items() - self.tables.duty.items()
        came = {rota: person for rota, person in new if rota in self.tables.duty}
        for case in list(self.tables.cases.values()) if came else ():
            self._make_if_new("handed over", case, self._ladder.hand_over(case, came, now), made)
        for rota, person in sorted(new):
            self._make("on call", Duty(rota, person), made)

    def _late_relief(self, case: Case, now: float) -> Case:
        """Owe what was muted, and is in somebody's hand, to those who came on call meanwhile."""
        came = {rota: one for rota, one in self.tables.duty.items() if not self.tables.knows(one, case.id)}
        return self._ladder.hand_over(case, came, now)

    def _catch_up(self, lookups: Lookups, now: float, made: list[NoticeChange]) -> None:
        """Bring the tables in line with what is open and with the settings, once after a start."""
        for incident in lookups.incidents():
            self._see(incident, lookups, now, made)
        for notice in list(self.tables.notices.values()):
            person = self.settings.people.get(notice.person)
            if person is None:
                self.counts["no_such_person"] += 1
                self._make("dropped", replace(notice, state=Way.DROPPED, problem="no longer in the settings"), made)
            elif notice.channel not in person.channels:
                self._make("retried", replace(notice, channel=next(iter(person.channels)), failures=0), made)
        routes = {name for name, _ in self.settings.named_routes()}
        for case in list(self.tables.cases.values()):
            new = replace(case, owed=tuple(owed for owed in case.owed if owed.person in self.settings.people))
            self.counts["no_such_person"] += len(case.owed) - len(new.owed)
            self._make_if_new("dropped", case, new, made)
            if new.state is State.FIRING and not routes.issuperset(track.route for track in new.tracks):
                self._make("told", self._ladder.start(new, alerts_of(lookups, new.id), now), made)

    # What becomes of messages

    def due(self, now: float) -> list[Notice]:
        """Return the notices that are to be sent now, oldest first."""
        found = [n for n in self.tables.notices.values() if n.due_at <= now and not self.tables.is_hushed(n)]
        return sorted(found, key=lambda notice: int(notice.id[1:]))

    def message(self, notice: Notice, lookups: Lookups, now: float) -> Draft:
        """Write a notice from what is so now."""
        cases = self.tables.cases_of(notice)
        heard = [case for case in cases if not case.muted or case.state is State.RESOLVED] or cases
        return self._renderer.draft(notice, heard, lookups, now)

    def delivered(self, notice_id: str, now: float, said: Sequence[Said]) -> list[NoticeChange]:
        """Take that a message arrived; `said` is its draft's. What changed since it was written is owed now."""
        made: list[NoticeChange] = []
        notice = self.tables.notices.get(notice_id)
        if notice is None:
            return made
        if notice.person in self.settings.people:
            for one in said:
                known = Known(one.state, one.severity, notice.digest, notice.channels)
                for case in map(self.tables.cases.get, one.incidents):
                    if case is not None:
                        self._compare(notice.person, case, known, now, made)
            self._owe_unsaid(notice, said, now, made)
        attempts = notice.attempts + 1
        self._make("sent", replace(notice, state=Way.SENT, sent_at=now, attempts=attempts, said=tuple(said)), made)
        return made

    def _compare(self, person: str, case: Case, known: Known, now: float, made: list[NoticeChange]) -> None:
        """Owe what changed of an incident while the message on it was on its way."""
        if case.merged_into in self.tables.cases:
            into = self.tables.cases[case.merged_into]
            owed = self._news.answer(Notices.OPENED, person, known, now)
            self._make_if_new("absorbed", into, self._hand_over(into, owed), made)
        elif (why := self._news.why(case, person, known)) is not None:
            self._make("owed", owe(case, self._news.answer(why, person, known, now)), made)

    def _owe_unsaid(self, notice: Notice, said: Sequence[Said], now: float, made: list[NoticeChange]) -> None:
        """Owe what a message left out because it was muted when it was written."""
        left_out = set(notice.incidents).difference(*(one.incidents for one in said))
        for case in self.tables.cases_of(notice):
            known = self.tables.told.get(case.id, {}).get(notice.person)
            why = self._news.unsaid(case, notice.person, known) if case.id in left_out else None
            if why is not None:
                by_it = Known(case.state, case.severity, notice.digest, notice.channels)
                self._make("owed", owe(case, self._news.answer(why, notice.person, by_it, now)), made)

    def failed(self, notice_id: str, failure: Failure, now: float) -> list[NoticeChange]:
        """Take that an attempt failed."""
        made: list[NoticeChange] = []
        notice = self.tables.notices.get(notice_id)
        if notice is None:
            return made
        person = self.settings.people.get(notice.person)
        channels = channels_of(notice.channels, tuple(person.channels) if person is not None else ())
        new = after_failure(notice, failure, channels, self.settings.retry, now)
        gave_up = new.state is Way.FAILED
        if gave_up or (new.escalated and not notice.escalated):
            for case in self.tables.cases_of(notice):
                hurried = self._ladder.hurry(case, now)
                if gave_up and not notice.unreached:
                    hurried = self._ladder.tell_fallback(hurried, Notices.ESCALATED, now, unreached=notice.person)
                self._make_if_new("unreached", case, hurried, made)
        self._make("failed" if gave_up else "retried", new, made)
        return made

    # What was recorded

    def apply(self, change: NoticeChange) -> None:
        """Take a recorded change as what is so."""
        self.tables.apply(change)

    def snapshot(self) -> dict[str, Any]:
        """Return everything as data ready for JSON."""
        return self.tables.snapshot()

    def restore(self, data: dict[str, Any]) -> None:
        """Take everything from a snapshot; ValueError or KeyError where it is none."""
        self.tables = Tables.restored(data)
        self._fresh = True
        self._build()

    def step_clock(self, delta_s: float) -> None:
        """Move every deadline with the clock; digests and rotas follow the calendar."""
        self.tables.step_clock(delta_s)

    def _make(self, what: str, thing: Case | Notice | Duty, made: list[NoticeChange]) -> None:
        change = NoticeChange(what, thing)
        self.tables.apply(change)
        made.append(change)

    def _make_if_new(self, what: str, old: Case, new: Case, made: list[NoticeChange]) -> None:
        if new != old:
            self._make(what, new, made)
