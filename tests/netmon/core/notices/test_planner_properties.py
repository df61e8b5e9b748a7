"""Whatever happens: no incident is lost to anybody whom its route names, nobody is told the same twice, limits hold,
and a planner that was killed goes on as if it had not been."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from unittest.mock import patch

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from netmon.api import Notices, Severity, State
from netmon.core.notices import outbox
from netmon.core.notices.planner import Planner
from netmon.core.notices.words import Duty, Notice
from tests.support.notice_story import CHOSEN, FIRST, PEOPLE, same, through_the_ledger
from tests.support.notices import Scene, incident

Step = Callable[[Planner], object]


class Story(RuleBasedStateMachine):
    """Random incidents, operators, networks, clocks and kills."""

    def __init__(self) -> None:
        super().__init__()
        self.it = Scene(CHOSEN)
        self.count = 0
        self.must: set[tuple[str, str]] = set()  # (incident, person) that a message has to name or count
        self.endings: dict[str, int] = defaultdict(int)
        self.openings: dict[str, int] = defaultdict(int)
        self.merged: dict[str, str] = {}
        self.log: list[Step] = []  # since the snapshot
        self.kept = self.it.planner.snapshot()
        self.logged = 0

    # The world

    @rule(
        severity=st.sampled_from(Severity),
        muted=st.sampled_from([False, False, False, True]),
        many=st.sampled_from([1, 2, 7, 30]),
        then=st.sampled_from([0, 11, 60]),
    )
    def opens(self, severity: Severity, muted: bool, many: int, then: int) -> None:
        for _ in range(many):
            self.count += 1
            self.openings[f"I{self.count}"] += 1
            self.it.say(incident(self.count, severity, muted=muted, opened_at=self.it.now))
        if then:
            self._tick(then)

    def _pick(self, data: st.DataObject, *states: State) -> str:
        found = [one.id for one in self.it.board.all.values() if one.state in states and not one.merged_into]
        return data.draw(st.sampled_from(found)) if found else ""

    @rule(data=st.data(), severity=st.sampled_from(Severity))
    def changes_severity(self, data: st.DataObject, severity: Severity) -> None:
        if name := self._pick(data, State.FIRING, State.ACKNOWLEDGED):
            self.it.change(name, severity=severity)

    @rule(data=st.data(), by=st.sampled_from(["operator", "andi"]))
    def is_acknowledged(self, data: st.DataObject, by: str) -> None:
        if name := self._pick(data, State.FIRING):
            self.it.acknowledge(name, by)

    @rule(data=st.data())
    def is_put_back(self, data: st.DataObject) -> None:
        if name := self._pick(data, State.ACKNOWLEDGED):
            self.it.change(name, state=State.FIRING, acknowledged_by="")

    @rule(data=st.data())
    def ends(self, data: st.DataObject) -> None:
        if name := self._pick(data, State.FIRING, State.ACKNOWLEDGED):
            self._end(name)

    def _end(self, name: str) -> None:
        self.endings[name] += 1
        if self.it.board.all[name].muted:
            self.must = {(one, who) for one, who in self.must if self._heir(one) != name}
        self.it.resolve(name)

    @rule(data=st.data())
    def opens_again(self, data: st.DataObject) -> None:
        if name := self._pick(data, State.RESOLVED):
            self.openings[name] += 1
            self.it.change(name, state=State.FIRING, resolved_at=None, acknowledged_by="")

    @rule(data=st.data())
    def is_muted_or_not(self, data: st.DataObject) -> None:
        if name := self._pick(data, State.FIRING, State.ACKNOWLEDGED):
            self.it.change(name, muted=not self.it.board.all[name].muted)

    @rule(data=st.data())
    def merges(self, data: st.DataObject) -> None:
        one, other = self._pick(data, State.FIRING), self._pick(data, State.FIRING)
        if one != other and not self.it.board.all[one].muted and not self.it.board.all[other].muted:
            self.merged[one] = other
            self.it.change(one, state=State.RESOLVED, resolved_at=self.it.now, merged_into=other)

    @rule(channels=st.sets(st.sampled_from(["telegram", "email", "andi/telegram", "budi/email"])))
    def lines_fail(self, channels: set[str]) -> None:
        self.it.down = channels

    @rule(slow=st.booleans())
    def messages_take_their_time(self, slow: bool) -> None:
        self.it.slow = slow
        self.it.arrive()

    @rule(seconds=st.sampled_from([1, 9, 30, 301, 4_000]))
    def time_passes(self, seconds: int) -> None:
        for _ in range(10):
            self._tick(seconds / 10)

    def _tick(self, seconds: float) -> None:
        """Turn the clock once; before, write down whom the routes name for what will be asked: an oracle of its own."""
        at = self.it.now + seconds
        for one in self.it.board.all.values():
            case = self.it.planner.tables.cases.get(one.id)
            due = case is not None and case.matures_at is not None and case.matures_at <= at
            if due and not one.muted:
                self.must |= {(one.id, person) for person in FIRST[one.severity]}
        self.it.pass_time(seconds, max(seconds, 1.0))

    # The machine

    @rule()
    def is_saved(self) -> None:
        self._log_changes()
        self.kept = self.it.planner.snapshot()
        self.log = []

    @rule(seconds=st.sampled_from([-3_600.0, -5.0, 3_600.0]))
    def clock_is_stepped(self, seconds: float) -> None:
        self._log_changes()
        self.log.append(lambda planner: planner.step_clock(seconds))
        self.it.now += seconds
        self.it.planner.step_clock(seconds)
        self.it.told = [replace(one, at=one.at + seconds) for one in self.it.told]  # as the stepped clock has it

    @rule()
    def is_killed(self) -> None:
        self._log_changes()
        fresh = Planner(CHOSEN)
        fresh.restore(self.kept)
        for step in self.log:
            step(fresh)
        assert same(fresh.tables, self.it.planner.tables)
        self.it.planner = fresh
        self.it.flights.clear()

    def _log_changes(self) -> None:
        for change in self.it.made[self.logged :]:
            read = through_the_ledger(change, self.logged)
            self.log.append(lambda planner, read=read: planner.apply(read))  # type: ignore[misc]
            self.logged += 1

    # What always holds

    @invariant()
    def limits_hold(self) -> None:
        for person in PEOPLE:
            times = [one.at for one in self.it.told if one.person == person and not one.notice.digest]
            assert all(sum(at - 300 < other <= at for other in times) <= 4 for at in times[-10:])

    @invariant()
    def an_end_is_told_once(self) -> None:
        ends: dict[tuple[str, str], int] = defaultdict(int)
        for one in self.it.told:
            for said in one.notice.said:
                for name in said.incidents:
                    ends[name, one.person] += said.state is State.RESOLVED
        assert all(count <= self.endings[name] + (name in self.merged) for (name, _), count in ends.items())

    @invariant()
    def a_turn_begins_once(self) -> None:
        turns = Counter(change.notice.person for change in self.it.made if isinstance(change.notice, Duty))
        queued = {change.notice.id: change.notice for change in self.it.made if isinstance(change.notice, Notice)}
        told = Counter(
            (one.person, name) for one in queued.values() if one.why is Notices.HANDOVER for name in one.incidents
        )
        assert all(count <= turns[person] for (person, _), count in told.items())

    @invariant()
    def one_thing_is_owed_once(self) -> None:
        tables = self.it.planner.tables
        for case in tables.cases.values():
            people = [owed.person for owed in case.owed]
            assert len(people) == len(set(people))
            assert all(tables.inboxes[owed.person].owed[case.id] == owed for owed in case.owed)

    def teardown(self) -> None:
        """Let everything calm down: then everybody has heard of everything, and of its end."""
        self._calm_down()
        heard: dict[str, set[str]] = defaultdict(set)
        last: dict[tuple[str, str], State] = {}
        for told in self.it.told:
            for said in told.notice.said:
                for name in said.incidents:
                    heard[name].add(told.person)
                    last[name, told.person] = said.state
        for name, person in self.must:
            assert person in heard[name] or person in heard[self._heir(name)], (name, person)
        for (name, person), state in last.items():
            assert state is State.RESOLVED or name in self.merged, (name, person, state)
        assert self.it.planner.tables.cases == {}
        assert self.it.planner.tables.notices == {}
        assert self.it.planner.tables.told == {}

    def _calm_down(self) -> None:
        self.it.down, self.it.slow = set(), False
        self.it.arrive()
        for one in list(self.it.board.all.values()):
            if one.muted and one.state is not State.RESOLVED:
                self.it.change(one.id, muted=False)
        self._settle_down(20)
        for one in list(self.it.board.all.values()):
            if one.state is not State.RESOLVED:
                self._end(one.id)
        self._settle_down(3_600)
        self._settle_down(2 * 86_400, 1_800)
        for _ in range(8):  # days: the limits let only so many messages go, of three incidents each
            if self.it.planner.tables.cases:
                self._settle_down(86_400, 1_800)

    def _heir(self, name: str) -> str:
        while name in self.merged:
            name = self.merged[name]
        return name

    def _settle_down(self, seconds: float, step: float = 60.0) -> None:
        end = self.it.now + seconds
        while self.it.now < end:
            self._tick(min(step, end - self.it.now))


Story.TestCase.settings = hypothesis_settings(max_examples=80, stateful_step_count=40, deadline=None)
TestStory = Story.TestCase


class SmallMessages(Story):
    """The same where a message names three incidents at most, and a tick does little at a time."""

    def __init__(self) -> None:
        self.small = patch.object(outbox, "_NAMED_MAX", 3)
        self.small.start()
        super().__init__()
        self.it.at_most = 4

    @invariant()
    def messages_are_small(self) -> None:
        assert all(len(one.incidents) <= 3 for one in self.it.told)

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            self.small.stop()


SmallMessages.TestCase.settings = hypothesis_settings(max_examples=40, stateful_step_count=40, deadline=None)
TestSmallMessages = SmallMessages.TestCase
