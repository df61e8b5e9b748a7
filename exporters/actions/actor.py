"""Acts on findings on their way to the core, and tells the core what was done, to whom and why: each is an event."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from exporters.actions.announce import route
from exporters.actions.book import Book
from exporters.actions.decide import Decider, Refusal, Step
from exporters.actions.script import Job, Scripts
from exporters.actions.settings import ActionSettings, Prefix
from netmon.api import Event, Finding, Severity, Uplink, Value

CATEGORY: Final = "action"
_TICK_S: Final = 1.0

log = structlog.get_logger(__name__)


class Actor:
    """An uplink that acts. Findings and events go on to `uplink` at once, whatever becomes of the actions."""

    def __init__(  # noqa: PLR0913 - what a daemon has for it
        self,
        settings: ActionSettings,
        uplink: Uplink,
        registry: CollectorRegistry,
        *,
        source: str,
        protected: Sequence[Prefix] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`source`: who we are, in events. `protected`: the prefixes of the inventory that are marked so."""
        self._settings = settings
        self._uplink = uplink
        self._source = source
        self._clock = clock
        self._decider = Decider(settings, protected)
        self._really = settings.enabled and not settings.dry_run
        self._book = Book(settings.announcement) if settings.announcement is not None and self._really else None
        script = settings.script if self._really else None
        self._scripts = None if script is None else Scripts(script, self._ran)
        self._by_key: dict[str, Finding] = {}  # whose scripts run or wait
        self._counts = {"begun": 0, "over": 0, "refused": 0, "file_failures": 0}
        self._unwritten = False
        self._ticking: asyncio.Task[None] | None = None
        registry.register(self)

    async def start(self) -> None:
        """Withdraw what an earlier run left announced, and begin."""
        if self._book is not None:
            try:
                self._book.open()
            except OSError as error:
                self._failed(error)
        self._ticking = asyncio.create_task(self._tick())

    async def stop(self) -> None:
        """Withdraw everything, tell so, and wait for the programs that run."""
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.wait([self._ticking])
            self._ticking = None
        self._do(self._decider.stop())
        if self._scripts is not None:
            await self._scripts.finish()

    def send(self, things: Sequence[Finding | Event]) -> None:
        """Pass things on, and act on the findings among them; in the event loop."""
        self._uplink.send(things)
        now = self._clock()
        steps = (self._decider.take(thing, now) for thing in things if isinstance(thing, Finding))
        self._do(step for step in steps if step is not None)

    def describe(self) -> list[Metric]:
        """Say nothing at registration."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Return what was done, for /metrics."""
        active = GaugeMetricFamily("netmon_action_active", "Actions against attacks that are going on")
        active.add_metric([], len(self._decider.active))
        steps = CounterMetricFamily("netmon_action_steps", "Actions that began, ended, or failed", labels=["step"])
        for step, count in self._counts.items():
            steps.add_metric([step], count)
        refused = CounterMetricFamily("netmon_action_refused", "Findings not acted on, by reason", labels=["reason"])
        for reason, count in self._decider.refused.items():
            refused.add_metric([reason], count)
        scripts = CounterMetricFamily("netmon_action_scripts", "Runs of an action's program", labels=["outcome"])
        for outcome, count in ({} if self._scripts is None else self._scripts.outcomes).items():
            scripts.add_metric([outcome], count)
        return [active, steps, refused, scripts]

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            try:
                self._do(self._decider.tick(self._clock()))
                if self._unwritten:
                    self._announce()
            except Exception:  # a bug must not leave routes announced for ever
                log.exception("actions failed in an unforeseen way")

    def _do(self, steps: Iterable[Step]) -> None:
        taken = list(steps)
        for step in taken:
            refused = isinstance(step.why, Refusal)
            self._counts["refused" if refused else "begun" if step.why is None else "over"] += 1
            if self._scripts is not None and not refused:
                self._run(step)
        if any(not isinstance(step.why, Refusal) for step in taken):
            self._announce()
        for step in taken:
            self._tell(step)

    def _announce(self) -> None:
        """Have the file say what is going on; tried again at the next look where it cannot be written."""
        if self._book is None or self._settings.announcement is None:
            return
        kind = self._settings.announcement.route
        active = [one for one in self._decider.active if one.victim is not None]
        try:
            self._book.put([route(kind, one.finding, one.victim) for one in active if one.victim is not None])
            self._unwritten = False
        except OSError as error:
            self._failed(error)

    def _failed(self, error: OSError) -> None:
        self._unwritten = True
        self._counts["file_failures"] += 1
        log.error("announcements cannot be written", problem=str(error))

    def _run(self, step: Step) -> None:
        finding = step.active.finding
        job = Job(finding.key, {"action": "begin" if step.why is None else "end", "finding": as_plain(finding)})
        if self._scripts is not None and self._scripts.put(job):
            self._by_key[finding.key] = finding
        else:
            self._event(finding, "script", "no_room", Severity.ERROR)

    def _ran(self, job: Job, outcome: str) -> None:
        """Tell how a program ended."""
        with suppress(KeyError):
            severity = Severity.INFO if outcome == "success" else Severity.ERROR
            self._event(self._by_key[job.key], f"script_{job.told['action']}", outcome, severity)
            if job.told["action"] == "end":
                del self._by_key[job.key]

    def _tell(self, step: Step) -> None:
        finding = step.active.finding
        if isinstance(step.why, Refusal):
            self._event(finding, "refused", step.why.value, Severity.WARNING)
        elif step.why is None:
            self._event(finding, "begin", "the finding began", Severity.WARNING)
        else:
            self._event(finding, "end", step.why.value, Severity.INFO)

    def _event(self, finding: Finding, what: str, why: str, severity: Severity) -> None:
        """Put what was done, or would have been, into the ledger: under Elastic Common Schema's names."""
        fields: dict[str, str | Value] = {
            "event.action": what,
            "event.reason": why,
            "rule.name": finding.rule,
            "destination.address": str(finding.evidence.get("target", "")),
            "message": f"{what}: {finding.summary} ({why}){'' if self._really else '; dry run, nothing was done'}",
            "netmon.finding": finding.key.replace("\x1f", "/"),
            "netmon.dry_run": str(not self._really).lower(),
        }
        self._uplink.send([Event(self._clock(), self._source, finding.target, CATEGORY, severity, fields)])


def as_plain(finding: Finding) -> Mapping[str, Any]:
    """Return a finding as a program gets it."""
    return {
        "rule": finding.rule,
        "target": finding.target,
        "at": finding.at,
        "severity": finding.severity.value,
        "summary": finding.summary,
        "key": finding.key.replace("\x1f", "/"),
        "over": finding.cleared,
        "evidence": dict(finding.evidence),
        "labels": dict(finding.labels),
    }
