"""Says when redundancy is lost, before anybody is isolated: one more cut there, and these are cut off. Pure.

What was said is what the alerts say: nothing is remembered here, so that a restart changes nothing.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from netmon.api import Alert, Finding, OpenAlerts, Severity, Value
from netmon.core.causes import words
from netmon.core.causes.redundancy import Risk, at_risk
from netmon.core.causes.topology import LINK, Topology

RULE: Final = "redundancy_lost"
_KEY: Final = "netmon/redundancy/"  # packs may have a limit of that name, for power supplies
_LABEL: Final = "cause"
_NAMES: Final = 20  # in the evidence; the count tells of the rest
_NEVER_S: Final = 10 * 365 * 86_400.0  # only the ring that is whole again ends it


class Watch:
    """Follows what has failed. `findings` costs next to nothing while that stays the same."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._failed: frozenset[str] = frozenset()
        self._risks: tuple[Risk, ...] = ()

    def findings(self, failed: Collection[str], open_alerts: OpenAlerts, now: float) -> list[Finding]:
        """Return what is new about the redundancy that these failed elements take away, or give back."""
        if self._failed != frozenset(failed):
            self._failed = frozenset(failed)
            self._risks = at_risk(self._topology, sorted(failed))
        wanted = {finding.key: finding for finding in (self._finding(risk, now) for risk in self._risks)}
        said = {alert.key: alert for alert in open_alerts.of_rule(RULE).values() if lost_by(alert)}
        return [*_news(wanted, said, open_alerts), *_over(wanted, said, open_alerts, now)]

    def _finding(self, risk: Risk, now: float) -> Finding:
        said = words.risk(self._topology, risk)
        near, far = risk.between
        names = ", ".join(risk.isolates[:_NAMES])
        more = len(risk.isolates) - _NAMES
        evidence: dict[str, str | Value] = {
            "between": f"{near}, {far}",
            "isolates": len(risk.isolates),
            "names": f"{names} +{more}" if more > 0 else names,
            "worst_cut": risk.worst,
        }
        labels = {_LABEL: risk.lost_by}
        if risk.lost_by.startswith(LINK):
            labels["link"] = risk.lost_by.removeprefix(LINK)
        return Finding(
            rule=RULE,
            target=self._target(risk),
            at=now,
            severity=Severity.ERROR,
            summary=said["en"],
            key=f"{_KEY}{risk.lost_by}/{near}/{far}",
            evidence=evidence,
            labels=labels,
            expires_s=_NEVER_S,
            summaries={language: text for language, text in said.items() if language != "en"},
        )

    def _target(self, risk: Risk) -> str:
        """Return the node to which people are sent: what failed itself, of a link the end that is nearer to netmon."""
        kind, _, name = risk.lost_by.partition(":")
        edge = self._topology.edge(name) if kind == "link" else None
        if edge is None:
            return name if self._topology.node(name) is not None else risk.between[0]
        hops, number = self._topology.hops, self._topology.number
        return min((edge.a, edge.b), key=lambda end: (hops[number[end]] < 0, hops[number[end]], end))


def lost_by(alert: Alert) -> str:
    """Return the failed element that a finding of this watch names; empty for all other alerts."""
    if alert.rule != RULE or not alert.key.startswith(_KEY):
        return ""
    return alert.labels.get(_LABEL, "")


def _news(wanted: Mapping[str, Finding], said: Mapping[str, Alert], open_alerts: OpenAlerts) -> Iterator[Finding]:
    for key, finding in wanted.items():
        alert = said.get(key)
        if alert is None or alert.summary != finding.summary or open_alerts.is_ending(alert.id):
            yield finding


def _over(
    wanted: Mapping[str, Finding], said: Mapping[str, Alert], open_alerts: OpenAlerts, now: float
) -> Iterator[Finding]:
    for key, alert in said.items():
        if key not in wanted and not open_alerts.is_ending(alert.id):
            yield Finding(RULE, alert.target, now, alert.severity, alert.summary, key, cleared=True)
