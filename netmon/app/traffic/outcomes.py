"""What a capture's findings came to: each matter once, from its first word to its totals."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from netmon.api import Finding
from rules.traffic.episode import EVIDENCE_WORDS


class Outcomes:
    """The matters of a replay. One that comes back after it was closed is another."""

    def __init__(self) -> None:
        self._open: dict[str, Finding] = {}
        self.closed = 0
        self.by_rule: dict[str, int] = {}

    def take(self, findings: Sequence[Finding]) -> Iterator[tuple[bool, Finding]]:
        """Yield (whether it begins, finding) for what begins and for what is over; what only goes on is kept."""
        for finding in findings:
            if finding.cleared:
                self._open.pop(finding.key, None)
                self.closed += 1
                yield False, finding
                continue
            is_new = finding.key not in self._open
            self._open[finding.key] = finding
            if is_new:
                self.by_rule[finding.rule] = self.by_rule.get(finding.rule, 0) + 1
                yield True, finding

    def rest(self) -> Iterator[Finding]:
        """Yield what was not over when the capture ended."""
        yield from self._open.values()
        self._open.clear()


def as_json(finding: Finding, language: str = "en") -> dict[str, Any]:
    """Return a traffic finding as one object: what every one has as its own fields, the rest under `evidence`."""
    words = {name: finding.evidence.get(name) for name in EVIDENCE_WORDS}
    evidence = {name: value for name, value in finding.evidence.items() if name not in EVIDENCE_WORDS}
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "start": words["start"],
        "end": words["end"],
        "source": words["source"],
        "target": words["target"],
        "technique": words["technique"],
        "open": not finding.cleared,
        "summary": _summary(finding, language),
        "labels": dict(finding.labels),
        "evidence": evidence,
    }


def _summary(finding: Finding, language: str) -> str:
    summaries: Mapping[str, str] = finding.summaries
    return summaries.get(language, finding.summary)
