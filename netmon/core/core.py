"""The core daemon's heart: ledger, alerts, messages and desk, started in order and stopped in reverse."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Gauge

from netmon.api import (
    AlertSink,
    Component,
    CoreStatus,
    Correlator,
    Courier,
    Event,
    Finding,
    Matcher,
    Receipt,
    Severity,
    State,
    Witness,
)
from netmon.core import snapshot
from netmon.core.affairs import Affairs
from netmon.core.alerts.engine import Alerts
from netmon.core.alerts.settings import AlertSettings
from netmon.core.clock import StepDetector, boottime, clock_offset
from netmon.core.desk import OperatorsDesk
from netmon.core.intake import Intake
from netmon.core.journal import Journal
from netmon.core.ledger.checkpoint import Checkpointer, CheckpointSettings
from netmon.core.ledger.index import Index
from netmon.core.ledger.index_settings import IndexSettings
from netmon.core.ledger.ledger import Ledger, read
from netmon.core.ledger.record import Entry, Kind, Record, decode
from netmon.core.ledger.settings import LedgerSettings
from netmon.core.minder import Minder, Sources
from netmon.core.notices.dispatch import Dispatcher
from netmon.core.notices.planner import Planner
from netmon.core.notices.settings import NotifySettings

log = structlog.get_logger(__name__)

LOOK_S: Final = 1.0
SNAPSHOT_S: Final = 60.0  # a start reads at most this much of the ledger again
_REPLAY_SLICE: Final = 500
_REPLAY_MANY: Final = 10_000  # some 0.1 s: what so many led to is kept at once, in case we are killed before a minute


@dataclass(frozen=True, slots=True)
class CoreSettings:
    """What the core's parts are set to. A daemon that is silent for `silent_after_s` is taken to have stopped."""

    host_name: str
    ledger: LedgerSettings
    index: IndexSettings
    alerts: AlertSettings
    notify: NotifySettings
    silent_after_s: float
    checkpoints: CheckpointSettings = field(default_factory=CheckpointSettings)


def _no_ends(_element: str) -> Collection[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Inventory:
    """What the core must know of what is watched. `ends_of`: the targets that an element is about (`link:ring-3`)."""

    targets: frozenset[str]
    site_of: Callable[[str], str]
    matchers_of: Callable[[str], tuple[tuple[Matcher, ...], ...]]
    ends_of: Callable[[str], Collection[str]] = _no_ends


class Core:
    """Everything that must not be lost. Inert until `start`."""

    def __init__(  # noqa: PLR0913, PLR0917 - wired in one place, by name
        self,
        directory: Path,
        settings: CoreSettings,
        inventory: Inventory,
        correlator: Correlator,
        name: str,
        registry: CollectorRegistry,
        witnesses: Sequence[Witness] = (),
        now: Callable[[], float] = time.time,
    ) -> None:
        self._ledger_directory = directory / "ledger"
        self.ledger = ledger = Ledger(
            self._ledger_directory,
            settings.ledger,
            registry,
            host_name=settings.host_name,
            now=now,
            clock_offset=clock_offset,
        )
        self.index = index = Index(self._ledger_directory, settings.index, registry)
        self._checkpointer = Checkpointer(
            self._ledger_directory,
            ledger.tree,
            lambda: ledger.origin,
            settings.checkpoints,
            registry,
            now,
            witnesses,
        )
        ledger.on_commit.append(self._checkpointer.note_commit)
        self.name = name
        self._registry = registry
        self._snapshot = directory / "core.json"
        self._inventory = inventory
        self._now = now
        self._journal = journal = Journal(ledger, registry)
        engine = Alerts(settings.alerts, correlator, self._site_of, self._matchers_of)
        self.affairs = Affairs(engine, Planner(settings.notify), journal, name, registry)
        self.intake = Intake(self.affairs, self._on_disk, now, settings.ledger.max_record_bytes)
        self.sources = Sources(settings.silent_after_s)
        self.minder = Minder(self.affairs, self.sources, StepDetector(), ledger, name, registry)
        self.desk = OperatorsDesk(self.affairs, journal, self.intake, index, self.status, now, self._ends_of)
        self._started: list[Component] = []
        self._looking: asyncio.Task[None] | None = None
        self._saving: asyncio.Task[None] | None = None
        self._metrics(registry)
        ledger.on_commit.append(lambda first, lines: index.wake(first + len(lines)))

    def _site_of(self, target: str) -> str:
        return self._inventory.site_of(target)

    def _matchers_of(self, scope: str) -> tuple[tuple[Matcher, ...], ...]:
        return self._inventory.matchers_of(scope)

    def _ends_of(self, element: str) -> Collection[str]:
        return self._inventory.ends_of(element)

    def status(self) -> CoreStatus:
        """Return how the core is."""
        problems = tuple(problem for problem in self._problems() if problem)
        return CoreStatus(self.ledger.healthy, problems, self.ledger.size, self.index.lag, dict(self.sources.heard))

    def _problems(self) -> Iterator[str]:
        yield from (self.ledger.problem, self.ledger.damage, self.ledger.held, self._checkpointer.problem)
        for entry, problem in self.affairs.alerts.calendar_faults().items():
            yield f"maintenance window {entry!r} of the settings mutes nothing: {problem}"

    async def start(self, sinks: Sequence[AlertSink] = (), courier: Courier | None = None) -> None:
        """Find out what was going on, then take part in it again."""
        await self._launch(self._checkpointer)  # before the ledger, so that it stops after it and signs the last record
        await self._launch(self.ledger)
        replayed = await self._recover()
        await self._launch(self.index)
        self.index.wake(self.ledger.size)
        now = self._now()
        self.affairs.settle((), now, [Entry(Kind.SYSTEM, now, self.name, {"what": "core started"})])
        self.retarget(self._inventory)
        for sink in sinks:
            await self._launch(sink)
            self.affairs.sinks.append(sink)
        if courier is not None:
            await self._launch(courier)
            await self._launch(Dispatcher(self.affairs, courier, self._registry, self._now))
        self._looking = asyncio.create_task(self._look(replayed))

    async def stop(self) -> None:
        """Stop in reverse; what is known is kept for the next start."""
        if self._saving is not None:
            self._saving.cancel()
            await asyncio.wait([self._saving])
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking
            self._looking = None
            now = self._now()
            self.affairs.settle((), now, [Entry(Kind.SYSTEM, now, self.name, {"what": "core stopped"})])
        while self._started:
            component = self._started.pop()
            try:
                await component.stop()
            except Exception:
                log.exception("a component failed to stop", component=type(component).__name__)
            if component is self.ledger:
                await self._save()

    async def take(self, sender: str, numbered: Sequence[tuple[int, Finding | Event]]) -> Receipt:
        """Take what another daemon, or this one's collectors, send; returns when it is on disk."""
        return await self.intake.take(sender, numbered)

    def change(
        self, alerts: AlertSettings, notify: NotifySettings, correlator: Correlator, sections: Sequence[str]
    ) -> None:
        """Follow other settings. The ledger keeps which sections of the configuration they came with."""
        self.affairs.alerts.configure(alerts, correlator)
        self.affairs.planner.configure(notify)
        now = self._now()
        data = {"what": "configuration changed", "sections": list(sections)}
        self.affairs.settle((), now, [Entry(Kind.SYSTEM, now, self.name, data)])

    def retarget(self, inventory: Inventory) -> None:
        """Follow a changed inventory: alerts of targets that left it are over."""
        self._inventory = inventory
        now = self._now()
        self.affairs.settle(self.affairs.alerts.targets_left(inventory.targets, now, self._is_ours), now)

    def _on_disk(self, sender: str) -> int:
        return self.ledger.sources.get(sender, 0)

    def _is_ours(self, source: str) -> bool:
        """Tell whether a source watches our inventory: other systems have their own."""
        return source == self.name or source in self.sources.heard or source in self.ledger.sources

    async def _launch(self, component: Component) -> None:
        await component.start()
        self._started.append(component)

    async def _look(self, replayed: int) -> None:
        saved = boottime() - (SNAPSHOT_S if replayed >= _REPLAY_MANY else 0)
        while True:
            try:
                await self.minder.look(self._now(), boottime())
                if boottime() - saved > SNAPSHOT_S:
                    saved = boottime()
                    self._save_soon()
            except Exception:  # a bug here must not end the watch
                log.exception("the core's look at what is due failed")
            await asyncio.sleep(LOOK_S)

    async def _recover(self) -> int:
        """Learn what was going on; return how many records had to be read again for that."""
        size = self.ledger.size
        found = await asyncio.to_thread(snapshot.load, self._snapshot, self.ledger.origin, size)
        first = 0
        if found is not None:
            try:
                self.affairs.restore(found.affairs)
                first = found.size
            except (ValueError, KeyError, TypeError) as error:
                log.warning("the snapshot does not fit; the ledger is read instead", error=str(error))
            self.sources.restore(found.heard, self._now(), boottime())
        began = time.perf_counter()
        lines = read(self._ledger_directory, first)
        while records := await asyncio.to_thread(_some, lines):
            for record in records:
                self.affairs.replay(record)
        log.info("recovered", records=size, replayed=size - first, seconds=round(time.perf_counter() - began, 3))
        return size - first

    def _save_soon(self) -> None:
        """Begin to save, unless that is under way: a disk that hangs must not hold up the watch."""
        if self._saving is None or self._saving.done():
            self._saving = asyncio.create_task(self._save())

    async def _save(self) -> None:
        """Keep what is going on. Only while everything that led to it is on disk: else the next start knows better."""
        if not self.ledger.healthy:
            return
        affairs, settled = self.affairs.snapshot(), self._journal.settled()  # one moment: nothing may come between
        try:
            async with asyncio.timeout(SNAPSHOT_S):
                size = await settled
            await asyncio.to_thread(
                snapshot.save, self._snapshot, self.ledger.origin, size, affairs, dict(self.sources.heard)
            )
        except (OSError, ValueError) as error:
            log.warning("the snapshot could not be written", file=str(self._snapshot), error=str(error))

    def _metrics(self, registry: CollectorRegistry) -> None:
        alerts = Gauge("netmon_alerts", "Alerts, by state and severity", ["state", "severity"], registry=registry)
        for state in (State.PENDING, State.FIRING, State.ACKNOWLEDGED):
            for severity in Severity:
                alerts.labels(state.value, severity.value).set_function(partial(self._count, state, severity))

    def _count(self, state: State, severity: Severity) -> int:
        return self.affairs.alerts.counts().get((state, severity), 0)


def _some(lines: Iterator[tuple[int, bytes]]) -> list[Record]:
    """Return the next records; empty at the end."""
    records: list[Record] = []
    for _, line in lines:
        record = decode(line)
        if isinstance(record, Record):
            records.append(record)
        if len(records) >= _REPLAY_SLICE:
            break
    return records
