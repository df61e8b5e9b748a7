"""What a capture's findings came to: each matter once, from its first word to its totals."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

from netmon.api import Finding
from rules.traffic.episode import EVIDENCE_WORDS

_TIMES = ("start", "end")  # words of evidence


class Outcomes:
    """The matters of a replay. One that comes back after it was closed is another."""

    def __init__(self) -> None:
        self._open: dict[str, Finding] = {}
        self.closed = 0
        self.by_rule: dict[str, int] = {}

    @property
    def open(self) -> int:
        """Return how many are not over."""
        return len(self._open)

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

    def rest(self, closed: Sequence[Finding] = ()) -> Iterator[Finding]:
        """Yield what was not over when the traffic ended; by the last words of detectors that have some on it."""
        last = {finding.key: finding for finding in closed}
        for finding in self._open.values():
            yield _with_last(finding, last[finding.key]) if finding.key in last else finding
        self._open.clear()


@runtime_checkable
class Closing(Protocol):
    """A detector that tells all of what it found when nobody looks any more."""

    def finish(self, now: float) -> Iterator[Finding]:
        """Close what goes on."""


def last_words(rules: Iterable[object], now: float) -> Iterator[Finding]:
    """Yield what detectors say of what goes on when their traffic has ended."""
    for rule in rules:
        if isinstance(rule, Closing):
            yield from (not_after(finding, now) for finding in rule.finish(now))


def not_after(finding: Finding, now: float) -> Finding:
    """Return a finding of which no time lies ahead of the clock.

    What is open at a stop is judged as if its window were over, and exporters' clocks may be ahead of ours.
    """
    ahead = {name: now for name in _TIMES if isinstance(at := finding.evidence.get(name), int | float) and at > now}
    if not ahead and finding.at <= now:
        return finding
    return replace(finding, at=min(finding.at, now), evidence={**finding.evidence, **ahead})


def _with_last(finding: Finding, last: Finding) -> Finding:
    """Return a finding with its detector's last words, and what others added to it; it is not over."""
    return replace(
        finding,
        at=max(finding.at, last.at),
        severity=last.severity,
        summary=last.summary,
        summaries=last.summaries,
        evidence={**finding.evidence, **last.evidence},
    )


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
        "runbook": finding.runbook,
        "labels": dict(finding.labels),
        "evidence": evidence,
    }


def _summary(finding: Finding, language: str) -> str:
    summaries: Mapping[str, str] = finding.summaries
    return summaries.get(language, finding.summary)
