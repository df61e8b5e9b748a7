"""Acts on findings on their way to the core, and tells the core what was done, to whom and why: each is an event."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from exporters.actions.announce import route
from exporters.actions.book import Book
from exporters.actions.decide import Decider, Refusal, Step
from exporters.actions.script import Job, Scripts, named
from exporters.actions.settings import ActionSettings, Prefix, ScriptSettings
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
        self._uplink = uplink
        self._source = source
        self._clock = clock
        self._decider = Decider(settings, protected)
        self._scripts = Scripts(self._ran)
        self._book: Book | None = None
        self._left: list[Book] = []  # of earlier settings, that could not be emptied yet
        self._counts = {"begun": 0, "over": 0, "refused": 0, "file_failures": 0}
        self._unwritten = False
        self._ticking: asyncio.Task[None] | None = None
        self._adopt(settings, protected)
        registry.register(self)

    def _adopt(self, settings: ActionSettings, protected: Sequence[Prefix]) -> None:
        self._given = (settings, tuple(protected))
        self._really = settings.enabled and not settings.dry_run
        self._script = settings.script if self._really else None
        announcement = settings.announcement if self._really else None
        if announcement is None:
            self._book = None
        elif self._book is None or self._book.settings.file != announcement.file:
            self._book = Book(announcement)
        elif self._book.settings != announcement:
            self._book.configure(announcement)

    def _open(self) -> None:
        """Withdraw what an earlier run left announced."""
        if self._book is not None:
            try:
                left = self._book.open()
            except OSError as error:
                self._failed(error)
                return
            if left:
                log.warning("routes that an earlier run left are withdrawn", file=str(self._book.settings.file))

    async def start(self) -> None:
        """Withdraw what an earlier run left announced, and begin."""
        self._open()
        self._ticking = asyncio.create_task(self._tick())

    async def stop(self) -> None:
        """Withdraw everything, tell so, and wait for the programs that run."""
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.wait([self._ticking])
            self._ticking = None
        self._do(self._decider.stop())
        if self._unwritten:
            self._announce()
        await self._scripts.finish()

    def configure(self, settings: ActionSettings, protected: Sequence[Prefix] = ()) -> None:
        """Act by other settings from now on; in the event loop.

        What they do not allow ends. Where they act by other means, all ends by the old ones; what lasts begins anew.
        """
        if (settings, tuple(protected)) == self._given:
            return
        anew = _means(settings) != _means(self._given[0])
        ended = list(self._decider.configure(settings, protected, anew=anew))
        self._do(ended)
        before = self._book
        self._adopt(settings, protected)
        file = None if self._book is None else self._book.settings.file
        self._left = [one for one in (*self._left, before) if one is not None and one.settings.file != file]
        if self._book is not before:
            self._open()
        self._announce()
        now = self._clock()
        lasting = [step.active.finding for step in ended if step.active.cleared is None]
        self._do(step for finding in lasting if (step := self._decider.take(finding, now)) is not None)

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
        for outcome, count in self._scripts.outcomes.items():
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
            if self._script is not None and not refused:
                self._run(step, self._script)
        if any(not isinstance(step.why, Refusal) for step in taken):
            self._announce()
        for step in taken:
            self._tell(step)

    def _announce(self) -> None:
        """Have the file say what is going on; tried again at the next look where it cannot be written."""
        try:
            if self._book is not None:
                kind = self._book.settings.route
                active = self._decider.active
                self._book.put([route(kind, one.finding, one.victim) for one in active if one.victim is not None])
            while self._left:
                self._left[-1].put([])
                self._left.pop()
            if self._unwritten:
                log.info("announcements are written again")
            self._unwritten = False
        except OSError as error:
            self._failed(error)

    def _failed(self, error: OSError) -> None:
        self._unwritten = True
        self._counts["file_failures"] += 1
        log.error("announcements cannot be written", problem=str(error))

    def _run(self, step: Step, script: ScriptSettings) -> None:
        finding = step.active.finding
        job = Job(finding, "begin" if step.why is None else "end", script)
        if not self._scripts.put(job):
            known = {"finding": named(finding), "action": job.action, "program": script.command[0]}
            log.warning("an action's program is not run: as many as may wait already", **known)
            self._event(finding, "script", "no_room", Severity.ERROR)

    def _ran(self, job: Job, outcome: str) -> None:
        """Tell how a program ended."""
        severity = Severity.INFO if outcome == "success" else Severity.ERROR
        self._event(job.finding, f"script_{job.action}", outcome, severity)

    def _tell(self, step: Step) -> None:
        """Say on this host and to the core what a step is: the core may be away, and learn of it too late."""
        self._log(step)
        finding = step.active.finding
        if isinstance(step.why, Refusal):
            self._event(finding, "refused", step.why.value, Severity.WARNING)
        elif step.why is None:
            self._event(finding, "begin", "the finding began", Severity.WARNING)
        else:
            self._event(finding, "end", step.why.value, Severity.INFO)

    def _log(self, step: Step) -> None:
        finding, settings = step.active.finding, self._given[0]
        told = log.bind(finding=named(finding), target=finding.target, dry_run=not self._really)
        if isinstance(step.why, Refusal):
            told.warning("an attack is not acted on", why=step.why.value, attack=finding.summary)
            return
        if settings.announcement is not None and step.active.victim is not None:
            told = told.bind(route=settings.announcement.route, to=str(step.active.victim))
        if settings.script is not None:
            told = told.bind(program=settings.script.command[0])
        if step.why is None:
            told.info("an action begins", attack=finding.summary)
        else:
            told.info("an action is over", why=step.why.value)

    def _event(self, finding: Finding, what: str, why: str, severity: Severity) -> None:
        """Put what was done, or would have been, into the ledger: under Elastic Common Schema's names."""
        fields: dict[str, str | Value] = {
            "event.action": what,
            "event.reason": why,
            "rule.name": finding.rule,
            "destination.address": str(finding.evidence.get("target", "")),
            "message": f"{what}: {finding.summary} ({why}){'' if self._really else '; dry run, nothing was done'}",
            "netmon.finding": named(finding),
            "netmon.dry_run": str(not self._really).lower(),
        }
        self._uplink.send([Event(self._clock(), self._source, finding.target, CATEGORY, severity, fields)])


def _means(settings: ActionSettings) -> object:
    """Return by what is acted; how long a program may take and how many may run is not part of it."""
    if not settings.enabled or settings.dry_run:
        return None
    return settings.script and settings.script.command, settings.announcement
