"""Shows each second of traffic to every detector; one that fails keeps none of the others from judging."""

import time
from collections.abc import Sequence
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter

from netmon.api import Finding
from netmon.api.traffic import Second, TrafficRule

log = structlog.get_logger(__name__)

_QUIET_S: Final = 60.0
"""A detector that fails each second is logged once in so long; every failure is counted."""


class Judges:
    """The detectors at work."""

    def __init__(self, rules: Sequence[TrafficRule], registry: CollectorRegistry) -> None:
        self.rules = tuple(rules)
        self._findings = Counter("netmon_findings", "Findings by rule", ["rule", "state"], registry=registry)
        self._bugs = Counter("netmon_rule_bugs", "Errors in rules that were not foreseen", ["rule"], registry=registry)
        self._spent = Counter(
            "netmon_traffic_rule_cpu_seconds", "CPU time that a detector took", ["rule"], registry=registry
        )
        self._logged: dict[str, float] = {}

    def see(self, second: Second) -> list[Finding]:
        """Return what the detectors find in one window, in their order."""
        found: list[Finding] = []
        for rule in self.rules:
            began = time.thread_time()
            try:
                said = list(rule.observe(second))
            except Exception as error:  # noqa: BLE001 - a bug in one detector must not silence the others
                self._failed(rule.name, second, error)
                said = []
            self._spent.labels(rule.name).inc(time.thread_time() - began)
            for finding in said:
                self._findings.labels(finding.rule, "cleared" if finding.cleared else "active").inc()
            found += said
        return found

    def _failed(self, name: str, second: Second, error: Exception) -> None:
        self._bugs.labels(name).inc()
        if second.end - self._logged.get(name, -_QUIET_S) >= _QUIET_S:
            self._logged[name] = second.end
            log.error("a detector failed in an unforeseen way", rule=name, at=second.end, exc_info=error)
