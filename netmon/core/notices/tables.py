"""What the planner remembers. `apply` alone changes it, so that the ledger's records lead to the same again. Pure."""

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from netmon.api import State
from netmon.core.codec import from_data, to_data
from netmon.core.notices.changes import NoticeChange
from netmon.core.notices.words import Case, Duty, Known, Notice, Owed, Track, Way

_MAX_SENT: Final = 1_000  # no limit of messages is larger
_SHOWN_ABSORBED: Final = 20


@dataclass(slots=True)
class Inbox:
    """One person: what they are owed by incident, what is on its way, and when messages arrived."""

    owed: dict[str, Owed] = field(default_factory=dict)
    under_way: dict[str, str] = field(default_factory=dict)  # incident → notice
    open: set[str] = field(default_factory=set)  # notices
    sent_at: deque[float] = field(default_factory=lambda: deque(maxlen=_MAX_SENT))
    look_at: float = float("-inf")  # nothing is to be done before; not part of the state


class Tables:
    """Cases by incident, open notices by id, what people know, and their inboxes.

    All are as large as what is open: a case is forgotten when it is over and everybody was told.
    """

    def __init__(self) -> None:
        self.cases: dict[str, Case] = {}
        self.notices: dict[str, Notice] = {}
        self.told: dict[str, dict[str, Known]] = {}  # incident → person → what they know
        self.inboxes: defaultdict[str, Inbox] = defaultdict(Inbox)
        self.duty: dict[str, str] = {}  # rota → who was on call when it was last looked at
        self.last_number = 0
        self._flying: Counter[str] = Counter()  # open notices by incident
        self._deadlines: list[tuple[float, str]] = []  # a heap; an entry counts only if its case still says so

    def apply(self, change: NoticeChange) -> None:
        """Take what was decided as what is so."""
        thing = change.notice
        if isinstance(thing, Case):
            self._put_case(thing)
        elif isinstance(thing, Duty):
            self.duty[thing.rota] = thing.person
        elif thing.state is Way.QUEUED:
            self._queue(thing)
        else:
            self._close(thing)

    def due_cases(self, now: float) -> Iterator[Case]:
        """Give the cases whose deadline has come; each must be changed before the next is asked for."""
        while self.may_be_due(now):
            _, incident = heapq.heappop(self._deadlines)
            case = self.cases.get(incident)
            deadline = case.deadline() if case is not None else None
            if case is not None and deadline is not None and deadline <= now:
                yield case

    def may_be_due(self, now: float) -> bool:
        """Tell whether there may be a case whose deadline has come."""
        return bool(self._deadlines) and self._deadlines[0][0] <= now

    def look_again(self) -> None:
        """Look into every inbox at the next chance: limits may be others now."""
        for inbox in self.inboxes.values():
            inbox.look_at = float("-inf")

    def is_busy(self, person: str, incident: str) -> bool:
        """Tell whether a message on this incident is on its way to this person."""
        return incident in self.inboxes[person].under_way

    def knows(self, person: str, incident: str) -> bool:
        """Tell whether this person was told of this incident, and not yet that it is over."""
        known = self.told.get(incident, {}).get(person)
        return known is not None and known.state is not State.RESOLVED

    def cases_of(self, notice: Notice) -> list[Case]:
        """Return the cases that a message is about, as far as they are not forgotten."""
        return [case for case in map(self.cases.get, notice.incidents) if case is not None]

    def is_hushed(self, notice: Notice) -> bool:
        """Tell whether all that a message is about is muted now."""
        cases = self.cases_of(notice)
        return bool(cases) and all(case.muted and case.state is not State.RESOLVED for case in cases)

    def _put_case(self, case: Case) -> None:
        old = self.cases.get(case.id)
        if old is not None:
            for owed in old.owed:
                self.inboxes[owed.person].owed.pop(case.id, None)
            if old.state is State.RESOLVED and case.state is not State.RESOLVED:
                self._forget_the_end(case.id)
        self.cases[case.id] = case
        for owed in case.owed:
            inbox = self.inboxes[owed.person]
            inbox.owed[case.id] = owed
            inbox.look_at = float("-inf")
        self._schedule(case)
        self._settle(case.id)

    def _forget_the_end(self, incident: str) -> None:
        """Forget who knows that it was over: now that it is open again, they are told of it like everybody."""
        told = self.told.get(incident, {})
        for person in [person for person, known in told.items() if known.state is State.RESOLVED]:
            del told[person]

    def _queue(self, notice: Notice) -> None:
        if notice.id not in self.notices:
            self._launch(notice)
        self.notices[notice.id] = notice

    def _launch(self, notice: Notice) -> None:
        """Note that what these people are owed is on its way now."""
        inbox = self.inboxes[notice.person]
        inbox.open.add(notice.id)
        self.last_number = max(self.last_number, int(notice.id[1:]))
        for incident in notice.incidents:
            inbox.under_way[incident] = notice.id
            inbox.owed.pop(incident, None)
            self._flying[incident] += 1
            case = self.cases.get(incident)
            if case is not None:
                kept = tuple(owed for owed in case.owed if owed.person != notice.person)
                self.cases[incident] = replace(case, owed=kept)

    def _close(self, notice: Notice) -> None:
        if self.notices.pop(notice.id, None) is None:
            return
        inbox = self.inboxes[notice.person]
        inbox.open.discard(notice.id)
        inbox.look_at = float("-inf")
        for incident in notice.incidents:
            inbox.under_way.pop(incident, None)
            self._flying[incident] -= 1
        if notice.state is Way.SENT and notice.sent_at is not None:
            inbox.sent_at.append(notice.sent_at)
            self._learn(notice)
        for incident in notice.incidents:
            self._settle(incident)

    def _learn(self, notice: Notice) -> None:
        for said in notice.said:
            known = Known(said.state, said.severity, notice.digest, notice.channels)
            for incident in said.incidents:
                if incident in self.cases:
                    self.told.setdefault(incident, {})[notice.person] = known

    def _settle(self, incident: str) -> None:
        """Forget a case of which nobody will be told anything more."""
        if not self._flying[incident]:
            del self._flying[incident]
        case = self.cases.get(incident)
        over = case is not None and case.state is State.RESOLVED and case.matures_at is None and not case.owed
        if over and incident not in self._flying:
            del self.cases[incident]
            self.told.pop(incident, None)

    def _schedule(self, case: Case) -> None:
        deadline = case.deadline()
        if deadline is None:
            return
        heapq.heappush(self._deadlines, (deadline, case.id))
        if len(self._deadlines) > 4 * len(self.cases) + 1_000:  # mostly entries that count no more
            self._reschedule()

    def _reschedule(self) -> None:
        pairs = ((case.deadline(), case.id) for case in self.cases.values())
        self._deadlines = [(deadline, incident) for deadline, incident in pairs if deadline is not None]
        heapq.heapify(self._deadlines)

    def step_clock(self, delta_s: float) -> None:
        """Move every deadline. Digests follow the calendar and stay."""
        self.cases = {incident: _moved(case, delta_s) for incident, case in self.cases.items()}
        for notice in list(self.notices.values()):
            moved = replace(notice, due_at=notice.due_at + delta_s, give_up_at=notice.give_up_at + delta_s)
            self.notices[notice.id] = moved
        for inbox in self.inboxes.values():
            inbox.sent_at = deque((at + delta_s for at in inbox.sent_at), maxlen=_MAX_SENT)
        self.look_again()
        for case in self.cases.values():
            for owed in case.owed:
                self.inboxes[owed.person].owed[case.id] = owed
        self._reschedule()

    def snapshot(self) -> dict[str, Any]:
        """Return everything as data ready for JSON."""
        return {
            "cases": to_data(list(self.cases.values())),
            "notices": to_data(list(self.notices.values())),
            "told": to_data(self.told),
            "sent": {person: list(inbox.sent_at) for person, inbox in self.inboxes.items() if inbox.sent_at},
            "duty": dict(self.duty),
            "last_number": self.last_number,
        }

    @classmethod
    def restored(cls, data: dict[str, Any]) -> "Tables":
        """Return what a snapshot was taken of; ValueError or KeyError where it is none."""
        tables = cls()
        for notice in from_data(list[Notice], data["notices"]):
            tables._queue(notice)
        tables.told = from_data(dict[str, dict[str, Known]], data["told"])
        for case in from_data(list[Case], data["cases"]):
            tables._put_case(case)
        for person, times in from_data(dict[str, list[float]], data["sent"]).items():
            tables.inboxes[person].sent_at.extend(times)
        tables.duty = from_data(dict[str, str], data.get("duty", {}))  # earlier versions kept none
        tables.last_number = from_data(int, data["last_number"])
        return tables


def _moved(case: Case, delta_s: float) -> Case:
    def moved(at: float | None) -> float | None:
        return None if at is None else at + delta_s

    def owed_moved(owed: Owed) -> Owed:
        return owed if owed.digest else replace(owed, due_at=owed.due_at + delta_s, since=owed.since + delta_s)

    tracks = tuple(
        Track(track.route, track.steps, moved(track.next_step_at), moved(track.next_repeat_at)) for track in case.tracks
    )
    owed = tuple(map(owed_moved, case.owed))
    return replace(case, matures_at=moved(case.matures_at), tracks=tracks, owed=owed)


def absorb(case: Case, other: Case) -> Case:
    """Return a case that names another one as its own."""
    names = (*case.absorbed, *other.absorbed, other.id)[-_SHOWN_ABSORBED:]
    return replace(case, absorbed=names, absorbed_count=case.absorbed_count + other.absorbed_count + 1)
