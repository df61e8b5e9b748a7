"""A desk in memory: what `netmon.api.Desk` promises and nothing more. Findings fire at once and clear at once.

One incident for each target. Whoever is in `sinks` is told of changes, as the core does after a commit. Set `refuses`
to a sentence and every action raises Unavailable with it, as the core does while the ledger cannot be written; set
`forgets`, and every action takes effect and then raises Unrecorded with it.
"""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from netmon.api import (
    Alert,
    CoreStatus,
    Event,
    Finding,
    Incident,
    Query,
    Receipt,
    Severity,
    State,
)
from netmon.api.predictions import Outcome, Predicted, RuleAccount
from netmon.api.unusual import Unusual
from netmon.core.predictions.tally import Tally
from netmon.core.unusual.board import Board
from tests.support.desk_muting import Muting
from tests.support.query import asked_for

_OPEN = (State.PENDING, State.FIRING, State.ACKNOWLEDGED)
_RANK = {severity: rank for rank, severity in enumerate(Severity)}


class FakeDesk(Muting):
    """`netmon.api.Desk` without a disk. `records` is its ledger: what `history` looks through."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        super().__init__(now)
        self.problems: tuple[str, ...] = ()
        self.tally = Tally()
        self.board = Board()
        self._heard: dict[str, float] = {}

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

    def incidents(self) -> Sequence[Incident]:
        """Return all incidents, worst and newest first."""
        return sorted(self._incidents.values(), key=lambda i: (-_RANK[i.severity], -i.opened_at, i.id))

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
