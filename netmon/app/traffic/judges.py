"""Shows each second of traffic to every detector; one that fails keeps none of the others from judging."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

import structlog

from netmon.api import Finding
from netmon.api.traffic import JudgesFlows, Second, TrafficRule

log = structlog.get_logger(__name__)

_QUIET_S: Final = 60.0
"""A detector that fails each second is logged once in so long; every failure is counted."""


class Judges:
    """The detectors at work, and what they did: by rule, and for findings by whether they began or ended a matter."""

    def __init__(self, rules: Sequence[TrafficRule]) -> None:
        self.rules = tuple(rules)
        self.findings: Counter[tuple[str, str]] = Counter()
        self.bugs: Counter[str] = Counter()
        self.cpu_s: dict[str, float] = {}
        self._logged: dict[str, float] = {}

    def see(self, second: Second) -> list[Finding]:
        """Return what the detectors find in one window, in their order."""
        return self._see(second, self.rules)

    def see_part(self, second: Second) -> list[Finding]:
        """Return what those find that judge flow by flow in further flows of a window, which all have seen."""
        return self._see(second, [rule for rule in self.rules if isinstance(rule, JudgesFlows)])

    def _see(self, second: Second, rules: Sequence[TrafficRule]) -> list[Finding]:
        found: list[Finding] = []
        for rule in rules:
            began = time.thread_time()
            try:
                said = list(rule.observe(second))
            except Exception as error:  # noqa: BLE001 - a bug in one detector must not silence the others
                self._failed(rule.name, second, error)
                said = []
            self.cpu_s[rule.name] = self.cpu_s.get(rule.name, 0.0) + time.thread_time() - began
            for finding in said:
                self.findings[finding.rule, "cleared" if finding.cleared else "active"] += 1
            found += said
        return found

    def _failed(self, name: str, second: Second, error: Exception) -> None:
        self.bugs[name] += 1
        if second.end - self._logged.get(name, -_QUIET_S) >= _QUIET_S:
            self._logged[name] = second.end
            log.error("a detector failed in an unforeseen way", rule=name, at=second.end, exc_info=error)
