"""A desk in memory: what `netmon.api.Desk` promises and nothing more. Findings fire at once and clear at once.

One incident for each target. Whoever is in `sinks` is told of changes, as the core does after a commit. Set `refuses`
to a sentence and every action raises Unavailable with it, as the core does while the ledger cannot be written; set
`forgets`, and every action takes effect and then raises Unrecorded with it.
"""

import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from netmon.api import (
    Alert,
    AlertSink,
    CoreStatus,
    Event,
    Finding,
    Incident,
    Invalid,
    Maintenance,
    Matcher,
    NewMaintenance,
    NewSilence,
    Query,
    Receipt,
    Severity,
    Silence,
    State,
    Unavailable,
    Unknown,
    Unrecorded,
    labels_of,
)
from netmon.api.predictions import Outcome, Predicted, RuleAccount
from netmon.api.unusual import Unusual
from netmon.core.predictions.tally import Tally
from netmon.core.unusual.board import Board
from tests.support.query import asked_for

_OPEN = (State.PENDING, State.FIRING, State.ACKNOWLEDGED)
_RANK = {severity: rank for rank, severity in enumerate(Severity)}


class FakeDesk:
    """`netmon.api.Desk` without a disk. `records` is its ledger: what `history` looks through."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self.sinks: list[AlertSink] = []
        self.refuses = ""
        self.forgets = ""
        self.problems: tuple[str, ...] = ()
        self.records: list[dict[str, Any]] = []
        self._alerts: dict[str, Alert] = {}
        self._incidents: dict[str, Incident] = {}
        self._members: dict[str, set[str]] = {}  # by incident: ids of its alerts
        self._open_incident: dict[str, str] = {}  # by target
        self._silences: dict[str, Silence] = {}
        self._maintenances: dict[str, Maintenance] = {}
        self._heard: dict[str, float] = {}
        self.tally = Tally()
        self.board = Board()
        self._made = 0

    # What tests do to it

    def say(self, rule: str, target: str, severity: Severity = Severity.WARNING, **more: Any) -> Alert:
        """Say a finding, past the disk; `cleared=True` ends it. The key is rule and target unless it is given."""
        more.setdefault("summary", f"{rule} on {target}")
        more.setdefault("key", f"{rule}/{target}")
        finding = Finding(rule=rule, target=target, at=self.now(), severity=severity, **more)
        changed = self._judge(finding, "test")
        self._tell([changed])
        return changed

    def put(self, alerts: Iterable[Alert], *, tell: bool = True) -> None:
        """Place alerts as they are; without `tell`, the sinks learn of them only by asking."""
        placed = list(alerts)
        for alert in placed:
            self._alerts[alert.id] = alert
        if tell:
            self._tell(placed)

    def explain(self, incident_id: str, cause: str, explanation: Mapping[str, str], *effects: str) -> None:
        """Let an incident have a cause, and these of its alerts (targets) be effects of it."""
        alerts = [alert for alert in self.alerts_of(incident_id) if alert.target in effects]
        self._alerts.update((alert.id, replace(alert, effect_of=cause)) for alert in alerts)
        incident = self._incidents[incident_id]
        self._incidents[incident_id] = replace(incident, cause=cause, explanation=explanation, effect_count=len(alerts))

    def drop(self, alert_id: str) -> None:
        """Forget an alert, as the core does a day after it was resolved."""
        del self._alerts[alert_id]

    # Reading

    def alerts(self) -> Sequence[Alert]:
        """Return all alerts, open ones first, worst and newest first."""
        order = sorted(self._alerts.values(), key=lambda a: (-_RANK[a.severity], -a.starts_at, a.id))
        return sorted(order, key=lambda a: a.state is State.RESOLVED)

    def alert(self, alert_id: str) -> Alert:
        """Return one alert by a beginning of its id."""
        found = [alert for key, alert in self._alerts.items() if alert_id and key.startswith(alert_id)]
        if len(found) != 1:
            raise Unknown(f"{len(found) or 'no'} alerts begin with {alert_id!r}")
        return found[0]

    def incidents(self) -> Sequence[Incident]:
        """Return all incidents, worst and newest first."""
        return sorted(self._incidents.values(), key=lambda i: (-_RANK[i.severity], -i.opened_at, i.id))

    def incident(self, incident_id: str) -> Incident:
        """Return one incident."""
        if incident_id not in self._incidents:
            raise Unknown(f"no incident {incident_id!r}")
        return self._incidents[incident_id]

    def alerts_of(self, incident_id: str) -> Sequence[Alert]:
        """Return the alerts of an incident."""
        self.incident(incident_id)
        members = [self._alerts[each] for each in sorted(self._members[incident_id]) if each in self._alerts]
        return [alert for alert in members if alert.incident == incident_id]

    def silences(self) -> Sequence[Silence]:
        """Return all silences, in the order they were made."""
        return list(self._silences.values())

    def maintenances(self) -> Sequence[Maintenance]:
        """Return all maintenance windows, in the order they were made."""
        return list(self._maintenances.values())

    def status(self) -> CoreStatus:
        """Return how it is: well, unless a test set `problems`."""
        return CoreStatus(not self.problems, self.problems, len(self.records), 0, dict(self._heard))

    def predictions(self, outcomes: Collection[Outcome]) -> Sequence[Predicted]:
        """Return predictions; `tally.learn` puts them there."""
        return self.tally.predictions(outcomes)

    def prediction_accounts(self, since: float | None = None) -> Sequence[RuleAccount]:
        """Return the account of each rule."""
        return self.tally.accounts(since)

    def unusual(self, since: float, until: float) -> Sequence[Unusual]:
        """Return what was unusual; `board.learn` puts it there."""
        return self.board.found(since, until)

    def unusual_at(self, incident_id: str) -> Sequence[Unusual]:
        """Return what was unusual at an incident's targets, at any time."""
        return self.board.found(0, float("inf"), {alert.target for alert in self.alerts_of(incident_id)})

    async def history(self, query: Query) -> Sequence[Mapping[str, object]]:
        """Return the records that match."""
        newest = query.newest_first
        found = [record for record in self.records if asked_for(record, query)]
        return found[::-1][: query.limit] if newest else found[: query.limit]

    # Doing

    async def submit(self, things: Sequence[Finding | Event], source: str) -> Receipt:
        """Take findings and events."""
        self._writable()
        self._heard[source] = self.now()
        changed = [self._judge(thing, source) for thing in things if isinstance(thing, Finding)]
        for event in things:
            if isinstance(event, Event):
                self._record("event", event.category, {"fields": dict(event.fields)}, event.target, event.severity)
        self._tell(changed)
        self._written()
        return Receipt(len(things), len(things))

    async def acknowledge(self, ids: Sequence[str], author: str, note: str = "") -> Sequence[Alert]:
        """Take firing alerts in hand."""
        new = {"state": State.ACKNOWLEDGED, "acknowledged_at": self.now(), "acknowledged_by": author, "note": note}
        return self._act(ids, (State.FIRING,), new, {"what": "acknowledge", "by": author, "note": note})

    async def unacknowledge(self, ids: Sequence[str], author: str, note: str = "") -> Sequence[Alert]:
        """Put alerts back."""
        new = {"state": State.FIRING, "acknowledged_at": None, "acknowledged_by": "", "note": note}
        return self._act(ids, (State.ACKNOWLEDGED,), new, {"what": "unacknowledge", "by": author, "note": note})

    async def resolve(self, ids: Sequence[str], author: str, note: str = "") -> Sequence[Alert]:
        """Close open alerts."""
        new = {"state": State.RESOLVED, "resolved_at": self.now(), "why_resolved": "operator", "note": note}
        return self._act(ids, _OPEN, new, {"what": "resolve", "by": author, "note": note})

    async def comment(self, thing: str, author: str, note: str) -> None:
        """Record a remark."""
        self._writable()
        self._find([thing])
        self._record("action", "action", {"what": "comment", "thing": thing, "by": author, "note": note})

    async def silence(self, new: NewSilence, author: str) -> Silence:
        """Make a silence."""
        self._writable()
        _check(new.starts_at, new.ends_at, new.reason, new.matchers)
        made = Silence(self._id("S"), new.matchers, new.starts_at, new.ends_at, author, new.reason, origin=new.origin)
        self._silences[made.id] = made
        self._record("silence", "silence", {"what": "made", "id": made.id, "by": author})
        self._mute()
        self._written()
        return made

    async def end_silence(self, silence_id: str, author: str) -> Silence:
        """End a silence now."""
        self._writable()
        if silence_id not in self._silences:
            raise Unknown(f"no silence {silence_id!r}")
        silence = self._silences[silence_id]
        if silence.ends_at <= self.now():
            raise Invalid(f"silence {silence_id} has ended already")
        ended = replace(silence, ends_at=self.now(), ended_by=author)
        self._silences[silence_id] = ended
        self._record("silence", "silence", {"what": "ended", "id": silence_id, "by": author})
        self._mute()
        return ended

    async def maintain(self, new: NewMaintenance, author: str) -> Maintenance:
        """Announce work on `site:NAME`, or on any other kind of thing by its `instance`."""
        self._writable()
        scope = tuple(_scope(text) for text in new.scope)
        _check(new.starts_at, new.ends_at, new.reason, scope)
        made = Maintenance(self._id("M"), new.title, scope, new.starts_at, new.ends_at, author, new.reason)
        self._maintenances[made.id] = made
        self._record("maintenance", "maintenance", {"what": "made", "id": made.id, "by": author})
        self._mute()
        return made

    async def end_maintenance(self, maintenance_id: str, author: str) -> Maintenance:
        """End a maintenance window now."""
        self._writable()
        if maintenance_id not in self._maintenances:
            raise Unknown(f"no maintenance window {maintenance_id!r}")
        ended = replace(self._maintenances[maintenance_id], ends_at=self.now(), ended_by=author)
        self._maintenances[maintenance_id] = ended
        self._record("maintenance", "maintenance", {"what": "ended", "id": maintenance_id, "by": author})
        self._mute()
        return ended

    # Within

    def _judge(self, finding: Finding, source: str) -> Alert:
        """Fire, renew or resolve the alert of a finding."""
        alert_id, now = sha256(finding.key.encode()).hexdigest()[:12], self.now()
        before = self._alerts.get(alert_id)
        fresh = before is None or before.state is State.RESOLVED
        site = finding.labels.get("site", "")
        alert = Alert(
            id=alert_id,
            key=finding.key,
            rule=finding.rule,
            target=finding.target,
            site=site,
            severity=finding.severity,
            state=State.FIRING if before is None or fresh else before.state,
            summary=finding.summary,
            labels=labels_of(finding.rule, finding.target, site, finding.severity, finding.labels),
            source=source,
            starts_at=finding.at if before is None or fresh else before.starts_at,
            updated_at=now,
            fired_at=now if before is None or fresh else before.fired_at,
            evidence=finding.evidence,
            summaries=finding.summaries,
            impact=finding.impact,
            runbook=finding.runbook,
            expires_s=finding.expires_s,
        )
        if finding.cleared:
            alert = replace(alert, state=State.RESOLVED, resolved_at=now, why_resolved="cleared")
        alert = replace(alert, incident=self._incident_of(alert), muted_by=self._mutes(alert))
        self._alerts[alert_id] = alert
        self._settle(alert.incident)
        self._record("alert", "alert", {"what": alert.state.value, "id": alert_id}, alert.target, alert.severity)
        return alert

    def _incident_of(self, alert: Alert) -> str:
        known = self._open_incident.get(alert.target)
        if known is not None:
            self._members[known].add(alert.id)
            return known
        made, now = self._id("I"), self.now()
        self._incidents[made] = Incident(
            made, alert.target, alert.summary, {}, alert.site, alert.severity, State.FIRING, now, now
        )
        self._members[made] = {alert.id}
        self._open_incident[alert.target] = made
        return made

    def _settle(self, incident_id: str) -> None:
        """Make an incident what its alerts say."""
        alerts = self.alerts_of(incident_id)
        incident, states = self._incidents[incident_id], {alert.state for alert in alerts}
        state = next((each for each in (State.FIRING, State.ACKNOWLEDGED) if each in states), State.RESOLVED)
        if state is State.RESOLVED:
            self._open_incident.pop(incident.key, None)
        targets = tuple(sorted({alert.target for alert in alerts}))
        self._incidents[incident_id] = replace(
            incident,
            state=state,
            severity=max([incident.severity, *(alert.severity for alert in alerts)]),
            updated_at=self.now(),
            targets=targets[:20],
            target_count=len(targets),
            resolved_at=self.now() if state is State.RESOLVED else None,
            muted=all(alert.muted_by for alert in alerts if alert.state is State.FIRING),
        )

    def _act(
        self, ids: Sequence[str], allowed: Sequence[State], new: Mapping[str, Any], about: Mapping[str, str]
    ) -> list[Alert]:
        self._writable()
        changed = [replace(alert, updated_at=self.now(), **new) for alert in self._find(ids) if alert.state in allowed]
        self._record("action", "action", {**about, "ids": list(ids)})
        self._alerts.update((alert.id, alert) for alert in changed)
        for incident_id in {alert.incident for alert in changed} & self._incidents.keys():
            self._settle(incident_id)
        self._tell(changed)
        self._written()
        return changed

    def _find(self, ids: Sequence[str]) -> list[Alert]:
        found: dict[str, Alert] = {}
        for each in ids:
            alerts = self.alerts_of(each) if each in self._incidents else [self.alert(each)]
            found.update((alert.id, alert) for alert in alerts)
        return list(found.values())

    def _mutes(self, alert: Alert) -> tuple[str, ...]:
        now = self.now()
        scopes: list[tuple[Silence | Maintenance, tuple[tuple[Matcher, ...], ...]]] = [
            *((silence, (silence.matchers,)) for silence in self._silences.values()),
            *((work, work.scope) for work in self._maintenances.values()),
        ]
        return tuple(
            mute.id
            for mute, scope in scopes
            if mute.starts_at <= now < mute.ends_at and any(matches(each, alert.labels) for each in scope)
        )

    def _mute(self) -> None:
        changed = []
        for alert in self._alerts.values():
            mutes = self._mutes(alert)
            if mutes != alert.muted_by:
                changed.append(replace(alert, muted_by=mutes, updated_at=self.now()))
        self._alerts.update((alert.id, alert) for alert in changed)
        for incident_id in {alert.incident for alert in changed} & self._incidents.keys():
            self._settle(incident_id)
        self._tell(changed)

    def _writable(self) -> None:
        if self.refuses:
            raise Unavailable(self.refuses)

    def _written(self) -> None:
        if self.forgets:
            raise Unrecorded(self.forgets)

    def _id(self, letter: str) -> str:
        self._made += 1
        return f"{letter}{self._made}"

    def _record(
        self, kind: str, category: str, data: Mapping[str, Any], target: str = "", severity: Severity | None = None
    ) -> None:
        at = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(self.now()))
        record: dict[str, Any] = {"seq": len(self.records), "time": at, "recorded": at, "kind": kind}
        record |= {"category": category, "source": "fake", "data": dict(data), "target": target}
        self.records.append(record | {"severity": None if severity is None else severity.value})

    def _tell(self, changed: Sequence[Alert]) -> None:
        if changed:
            for sink in self.sinks:
                sink.changed(changed)


def matches(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Tell whether all of these hold, as Alertmanager understands them."""
    return all(_holds(each, labels.get(each.name, "")) for each in matchers)


def _holds(matcher: Matcher, value: str) -> bool:
    same = bool(re.fullmatch(matcher.value, value)) if matcher.is_regex else matcher.value == value
    return same is matcher.is_equal


def _scope(text: str) -> tuple[Matcher, ...]:
    kind, _, name = text.partition(":")
    if not name:
        raise Invalid(f"{text!r} is not of the form kind:name")
    return (Matcher("site" if kind == "site" else "instance", name),)


def _check(starts_at: float, ends_at: float, reason: str, conditions: Sequence[object]) -> None:
    if ends_at <= starts_at:
        raise Invalid("it ends before it starts")
    if not reason.strip():
        raise Invalid("it needs a reason")
    if not conditions:
        raise Invalid("it covers nothing")
