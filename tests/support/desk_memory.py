"""What a desk in memory remembers: alerts, the incidents that they belong to, and the records of a ledger."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from netmon.api import (
    Alert,
    AlertSink,
    Finding,
    Incident,
    Severity,
    State,
    Unavailable,
    Unknown,
    Unrecorded,
    labels_of,
)


class Remembering:
    """Findings become alerts and incidents; whoever is in `sinks` is told, every change is a record."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self.sinks: list[AlertSink] = []
        self.refuses = ""
        self.forgets = ""
        self.records: list[dict[str, Any]] = []
        self._alerts: dict[str, Alert] = {}
        self._incidents: dict[str, Incident] = {}
        self._members: dict[str, set[str]] = {}  # by incident: ids of its alerts
        self._open_incident: dict[str, str] = {}  # by target
        self._made = 0

    def alert(self, alert_id: str) -> Alert:
        """Return one alert by a beginning of its id."""
        found = [alert for key, alert in self._alerts.items() if alert_id and key.startswith(alert_id)]
        if len(found) != 1:
            raise Unknown(f"{len(found) or 'no'} alerts begin with {alert_id!r}")
        return found[0]

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

    def _mutes(self, alert: Alert) -> tuple[str, ...]:
        """Return the ids of what mutes an alert: here nothing does."""
        del alert
        return ()

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
