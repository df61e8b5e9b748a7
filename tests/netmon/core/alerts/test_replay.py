"""Whatever happens: a snapshot and the changes after it are the same as never having stopped, and rules always hold.

A twin is made now and then from an earlier snapshot and what the ledger would hold; from then on both live through
the same and must do the same.
"""

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import msgspec
from hypothesis import HealthCheck, settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from netmon.api import Alert, DeskError, Finding, Incident, Matcher, NewMaintenance, NewSilence, Severity
from netmon.api.alerts import State
from netmon.core.alerts.changes import Change, from_record, is_legal, to_entry
from netmon.core.alerts.engine import Alerts, Refused
from netmon.core.ledger import record
from tests.support import alerts as support
from tests.support.alerts import START, engine

KEYS = [f"{name}/{target}" for name in ("down", "hot") for target in ("sw-1", "sw-2", "sw-3", "gw", "")]
SMALL = support.settings(
    max_alerts=10,
    max_incidents=10,
    max_silences=3,
    keep_resolved_s=400,
    expires_s=200,
    reopen_within_s=50,
    news_after_s=100,
    site_window_s=40,
    flapping={"window_s": 120, "changes": 3, "quiet_s": 60},
    maintenance=[
        {
            "name": "daily",
            "scope": ["device:sw-2"],
            "reason": "backup",
            "start": "08:55",
            "duration_s": 120,
            "timezone": "UTC",
        },
        {"name": "gone", "scope": ["link:none"], "reason": "none", "start": "08:50", "end": "08:59", "timezone": "UTC"},
    ],
)
times = strategies.sampled_from([0.0, 1.0, 7.0, 20.0, 31.0, 61.0, 150.0, 450.0])
keys = strategies.sampled_from(KEYS)
things = strategies.integers(0, 30)


def through_the_ledger(change: Change, seq: int) -> Change:
    """Return a change as it comes back from the disk."""
    line = record.encode(to_entry(change, START, "test"), seq, START)
    read = record.decode(line)
    assert isinstance(read, record.Record)
    again = from_record(read)
    assert again is not None
    return again


def plain(snapshot: dict[str, Any]) -> Any:
    """Return a snapshot without what repeated findings change in memory alone, and without the order of its tables."""
    data = msgspec.json.decode(msgspec.json.encode(snapshot))
    for alert in data["alerts"]:
        for name in ("updated_at", "evidence", "summary", "summaries", "impact", "runbook", "expires_s"):
            del alert[name]
    for name in ("alerts", "incidents", "silences", "maintenances"):
        data[name].sort(key=lambda each: each["id"])
    return data


class Lives(RuleBasedStateMachine):
    """One engine, its log, and at times a twin."""

    @initialize()
    def begin(self) -> None:
        self.live = engine(SMALL)
        self.twin: Alerts | None = None
        self.now = self.latest = START
        self.log: list[Change | float] = []
        self.snapshot: dict[str, Any] = json.loads(json.dumps(self.live.snapshot()))
        self.states: dict[str, State] = {}
        self.incident_states: dict[str, State] = {}

    def do(self, name: str, *arguments: Any) -> None:
        """Let both do the same, and hold them to the same answer."""
        outcome = self.outcome(self.live, name, arguments)
        if self.twin is not None:
            assert self.outcome(self.twin, name, arguments) == outcome
        self.latest = max(self.latest, self.now)
        if isinstance(outcome, list):
            self.check_steps(outcome)
            self.log += outcome

    @staticmethod
    def outcome(which: Alerts, name: str, arguments: tuple[Any, ...]) -> object:
        try:
            outcome = getattr(which, name)(*arguments)
        except (DeskError, Refused) as refusal:
            return str(refusal)
        return outcome[1] if isinstance(outcome, tuple) else outcome

    def check_steps(self, changes: list[Change]) -> None:
        for change in changes:
            assert is_legal(change), change
            thing = change.thing
            known = {Alert: self.states, Incident: self.incident_states}.get(type(thing))
            if known is not None:
                assert isinstance(thing, Alert | Incident)
                # None: it was forgotten meanwhile
                assert change.was == known.get(thing.id) or change.was is None
                known[thing.id] = thing.state

    @rule(key=keys, severity=strategies.sampled_from(list(Severity)), cleared=strategies.booleans(), source=things)
    def say(self, key: str, severity: Severity, cleared: bool, source: int) -> None:
        finding = replace(support.finding(key), severity=severity, cleared=cleared, at=self.now)
        self.do("say", finding, f"source-{source % 2}", self.now)

    @rule(key=keys)
    def flap(self, key: str) -> None:
        for cleared in (False, True, False, True, False):
            self.do("say", replace(support.finding(key), cleared=cleared, at=self.now), "source-0", self.now)

    @rule(number=strategies.integers(0, 40))
    def say_new(self, number: int) -> None:
        finding = Finding("many", f"host-{number}", self.now, Severity.CRITICAL, "new", f"many/{number}")
        self.do("say", finding, "source-1", self.now)

    @rule(seconds=times)
    def tick(self, seconds: float) -> None:
        self.now += seconds
        self.do("tick", self.now)

    @rule(seconds=times)
    def clock_runs_back(self, seconds: float) -> None:
        self.now -= seconds
        self.do("tick", self.now)

    @rule(delta_s=strategies.sampled_from([-3600.0, -0.75, 0.75, 90.0, 3600.0]))
    def step_clock(self, delta_s: float) -> None:
        self.now += delta_s
        self.latest += delta_s
        self.log.append(delta_s)
        self.live.step_clock(delta_s)
        if self.twin is not None:
            self.twin.step_clock(delta_s)
        self.do("tick", self.now)

    def ids(self) -> list[str]:
        return [alert.id for alert in self.live.alerts()] + [incident.id for incident in self.live.incidents()]

    @rule(
        action=strategies.sampled_from(["acknowledge", "unacknowledge", "resolve"]),
        picks=strategies.lists(things, min_size=1, max_size=3),
    )
    def act(self, action: str, picks: list[int]) -> None:
        ids = self.ids()
        if ids:
            self.do(action, [ids[pick % len(ids)] for pick in picks], "budi", "on my way", self.now)

    @rule(pick=things)
    def comment(self, pick: int) -> None:
        ids = self.ids()
        if ids:
            self.do("comment", ids[pick % len(ids)], "sari", "seen", self.now)

    @rule(value=strategies.sampled_from(["sw-1", "sw-.*", "gw|sw-2", "("]), after=times, seconds=times)
    def silence(self, value: str, after: float, seconds: float) -> None:
        matchers = (Matcher("instance", value, is_regex=True),)
        starts_at = self.now + after
        self.do("silence", NewSilence(matchers, starts_at, starts_at + seconds, "work"), "budi", self.now)

    @rule(scope=strategies.sampled_from(["site:kota", "device:gw", "link:x"]), after=times, seconds=times)
    def maintain(self, scope: str, after: float, seconds: float) -> None:
        new = NewMaintenance((scope,), self.now + after, self.now + after + seconds, "work")
        self.do("maintain", new, "budi", self.now)

    @rule(pick=things)
    def end_mute(self, pick: int) -> None:
        silences, windows = self.live.silences(), self.live.maintenances()
        if silences:
            self.do("end_silence", silences[pick % len(silences)].id, "sari", self.now)
        if windows:
            self.do("end_maintenance", windows[pick % len(windows)].id, "sari", self.now)

    @rule(source=strategies.sampled_from(["source-0", "source-1"]), away=strategies.booleans())
    def hear(self, source: str, away: bool) -> None:
        self.do("source_away" if away else "source_back", source, self.now)

    @rule()
    def target_leaves(self) -> None:
        self.do("targets_left", {"sw-1", "sw-2", "gw"}, self.now)

    @rule()
    def take_snapshot(self) -> None:
        self.snapshot = json.loads(msgspec.json.encode(self.live.snapshot()))
        self.log = []

    @rule()
    def restart(self) -> None:
        """Make the twin anew from the snapshot and the log, and let both begin to listen now.

        Not while an unnoticed clock is behind: what was forgotten at the later time is not in the ledger.
        """
        self.now = max(self.now, self.latest)
        twin = engine(SMALL)
        twin.restore(self.snapshot)
        for seq, entry in enumerate(self.log):
            if isinstance(entry, float):
                twin.step_clock(entry)
            else:
                twin.apply(through_the_ledger(entry, seq))
        self.twin = twin
        self.live.resume(self.now)
        self.twin.resume(self.now)
        self.do("tick", self.now)

    @invariant()
    def twins_agree(self) -> None:
        if self.twin is None:
            return
        assert plain(self.twin.snapshot()) == plain(self.live.snapshot())
        assert [alert.id for alert in self.twin.alerts()] == [alert.id for alert in self.live.alerts()]
        assert self.twin.incidents() == self.live.incidents()
        assert self.twin.silences() == self.live.silences()
        assert self.twin.maintenances() == self.live.maintenances()

    @invariant()
    def ids_are_unique(self) -> None:
        for listed in (self.live.alerts(), self.live.incidents(), self.live.silences(), self.live.maintenances()):
            ids = [thing.id for thing in listed]
            assert len(ids) == len(set(ids))

    @invariant()
    def what_fires_has_an_incident(self) -> None:
        incidents = {incident.id: incident for incident in self.live.incidents()}
        for alert in self.live.alerts():
            if alert.state in {State.FIRING, State.ACKNOWLEDGED}:
                incident = incidents[alert.incident]
                assert incident.state is not State.RESOLVED
                assert incident.muted <= bool(alert.muted_by)
                assert incident.severity >= alert.severity
                assert alert.id in {each.id for each in self.live.alerts_of(incident.id)}
            if alert.state is State.PENDING:
                assert alert.incident == ""

    @invariant()
    def open_incidents_have_what_fires(self) -> None:
        for incident in self.live.incidents():
            members = self.live.alerts_of(incident.id)
            assert all(member.incident == incident.id for member in members)
            opened = [member for member in members if member.state in {State.FIRING, State.ACKNOWLEDGED}]
            assert bool(opened) == (incident.state is not State.RESOLVED)
            if opened:
                assert incident.muted == all(member.muted_by for member in opened)
            if opened and incident.state is State.FIRING:
                assert any(member.state is State.FIRING for member in opened)
            assert incident.target_count == len({member.target for member in members} - {""})

    @invariant()
    def counts_are_right(self) -> None:
        counted = Counter((alert.state, alert.severity) for alert in self.live.alerts())
        assert {key: count for key, count in self.live.counts().items() if count} == counted
        assert self.live._book.totals.of_source == Counter(
            alert.source for alert in self.live.alerts() if alert.state is not State.RESOLVED
        )

    @invariant()
    def caps_hold(self) -> None:
        assert len(self.live.alerts()) <= SMALL.max_alerts
        assert len(self.live.incidents()) <= SMALL.max_incidents + 1


TestLives = Lives.TestCase
TestLives.settings = settings(
    max_examples=200, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)
