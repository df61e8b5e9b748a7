"""One finding for one attack, however long it lasts: said when it begins, again while it lasts, closed with totals.

A detector tells each second what it sees, by key; this keeps what it came to, says so once, repeats it now and then
(so that the core knows that it lasts, and hears when it became worse) and closes it when it was quiet for long enough.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from netmon.api import Finding, Severity, Value

EVIDENCE_WORDS: Final = ("start", "end", "source", "target", "technique")
"""What every traffic finding's evidence has: Unix seconds, who does it to whom (addresses, or how many of them), and
the technique of MITRE ATT&CK (as T1498.001). `netmon replay` shows them as fields of their own."""

RUNBOOKS: Final = "docs/runbooks-traffic.md"
"""The page that says what to do; a chapter for each name that findings carry."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a detector sees of one matter in one second.

    `counts` add up over the matter's life and are told as `total_…`; `peaks` keep their highest value and are told as
    `peak_…`; `evidence` is the newest word on everything else. `text` makes the summary of a language (`en`, `id`) from
    the evidence, totals included; `lasted_s` is there only when the matter is over.
    """

    key: str  # tells matters of one rule apart: an address, a pair, a prefix; without the rule's name
    target: str  # who is concerned, as the inventory calls it (Networks.name_of)
    severity: Severity
    source: str  # who does it: an address, or words as "12,345 addresses"
    victim: str  # whom it is done to: an address, a prefix, or words as "48 addresses"
    text: Mapping[str, Callable[[Mapping[str, str | Value]], str]]
    counts: Mapping[str, int] = field(default_factory=dict)
    peaks: Mapping[str, float] = field(default_factory=dict)
    evidence: Mapping[str, str | Value] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    since: float | None = None  # when it began, where the detector knows better than its first second

    def after(self, since: float, counts: Mapping[str, int], peaks: Mapping[str, float]) -> "Seen":
        """Return this with what the matter came to before it was said: all of it counts, from its beginning on."""
        return replace(self, since=since, counts=_added(counts, self.counts), peaks=_highest(peaks, self.peaks))


@dataclass(slots=True)
class _Matter:
    seen: Seen
    start: float
    last: float  # when it was last seen
    said: float
    severity: Severity
    totals: dict[str, int]
    peaks: dict[str, float]


class Episodes:
    """The matters of one rule that are going on. Not more than `cap` at once: what comes beyond is counted."""

    def __init__(
        self,
        rule: str,
        technique: str,
        *,
        quiet_s: float,
        repeat_s: float = 30.0,
        cap: int = 2_000,
    ) -> None:
        """`quiet_s`: how long nothing must be seen of a matter until it is over. `cap`: matters at once, 2 kB each."""
        self.rule = rule
        self.technique = technique
        self.quiet_s = quiet_s
        self.repeat_s = repeat_s
        self.cap = cap
        self.dropped = 0  # matters that there was no room for
        self._matters: dict[str, _Matter] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._matters

    def __len__(self) -> int:
        return len(self._matters)

    def see(self, seen: Seen, at: float) -> Iterator[Finding]:
        """Take one second's word; give the finding where the matter is new, is worse, or was not said for a while."""
        matter = self._matters.get(seen.key)
        if matter is None:
            if len(self._matters) >= self.cap:
                self.dropped += 1
                return
            start = at if seen.since is None else seen.since
            matter = _Matter(seen, start, at, at, seen.severity, dict(seen.counts), dict(seen.peaks))
            self._matters[seen.key] = matter
            yield self._finding(matter, at)
            return
        worse = seen.severity > matter.severity
        matter.seen, matter.last = seen, at
        matter.severity = max(matter.severity, seen.severity)
        matter.totals = _added(matter.totals, seen.counts)
        matter.peaks = _highest(matter.peaks, seen.peaks)
        if worse or at - matter.said >= self.repeat_s:
            matter.said = at
            yield self._finding(matter, at)

    def lasts(self, key: str, at: float) -> None:
        """Keep a matter that is going on: what another detector sees shows that it is not over."""
        matter = self._matters.get(key)
        if matter is not None:
            matter.last = max(matter.last, at)

    def tick(self, now: float) -> Iterator[Finding]:
        """Close what was quiet for long enough, and say again what lasts without being seen this second."""
        for key, matter in list(self._matters.items()):
            if now - matter.last >= self.quiet_s:
                del self._matters[key]
                yield replace(self._finding(matter, now, over=True), cleared=True)
            elif now - matter.said >= self.repeat_s:
                matter.said = now
                yield self._finding(matter, now)

    def finish(self, now: float) -> Iterator[Finding]:
        """Close all with their totals: nobody looks any more."""
        for matter in self._matters.values():
            yield replace(self._finding(matter, now, over=True), cleared=True)
        self._matters.clear()

    def _finding(self, matter: _Matter, at: float, *, over: bool = False) -> Finding:
        seen = matter.seen
        evidence: dict[str, str | Value] = {
            "source": seen.source,  # first: a message has room for few
            "target": seen.victim,
            **seen.evidence,
            **{f"total_{name}": total for name, total in matter.totals.items()},
            **{f"peak_{name}": peak for name, peak in matter.peaks.items()},
            "start": matter.start,
            "end": matter.last,
            "technique": seen.evidence.get("technique", self.technique),
            **({"lasted_s": round(matter.last - matter.start, 1)} if over else {}),
        }
        told = {language: make(evidence) for language, make in seen.text.items()}
        return Finding(
            rule=self.rule,
            target=seen.target,
            at=at,
            severity=matter.severity,
            summary=told.pop("en"),
            key=f"{self.rule}\x1f{seen.key}",
            evidence=evidence,
            expires_s=self.quiet_s + 3 * self.repeat_s,
            labels={"technique": self.technique, **seen.labels},
            summaries=told,
            runbook=f"{RUNBOOKS}#{self.rule}",
            at_once=True,  # detectors look for as long as it takes
        )


class Closing:
    """A detector that tells all of what it found when nobody looks any more: of one rule, the base of its class."""

    _episodes: Episodes

    def finish(self, now: float) -> Iterator[Finding]:
        """Close what goes on with its totals."""
        yield from self._episodes.finish(now)


def _added(before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    return {**before, **{name: before.get(name, 0) + count for name, count in now.items()}}


def _highest(before: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    return {**before, **{name: max(before.get(name, peak), peak) for name, peak in now.items()}}
