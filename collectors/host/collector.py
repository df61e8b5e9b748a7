"""The machine that netmon runs on, under the names of node_exporter. Reads off the event loop, judges nothing."""

import asyncio
import time
from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from collectors.host.jobs import Jobs
from collectors.host.parts import PART_SHARE, Parts, Poll
from collectors.host.procfs.scrape import scrape_table
from collectors.host.procfs.shape import Malformed
from collectors.host.reader import Snapshot
from collectors.host.settings import HostSettings
from collectors.host.sources import SOURCES
from netmon.api import Missing, Part, PeerError, Reading, Reason, Table, Target

if TYPE_CHECKING:
    from collectors.host.procfs.disks import Space

log = structlog.get_logger(__name__)

TEXTFILE = "textfile"
SCRAPE = "scrape"
"""The part that says how reading the others went, in node_exporter's names. It is not asked for, it always comes."""

_NO_FAULT = frozenset((Reason.NOT_SUPPORTED, Reason.FIRST, Reason.DISCONTINUITY))


class HostCollector:
    """Implements netmon.api.Collector for this host. Give another `root` to read a copy of /proc and /sys."""

    name = "host"
    job = "node"

    def __init__(
        self, settings: HostSettings, root: Path = Path("/"), registry: CollectorRegistry | None = None
    ) -> None:
        self._settings = settings
        self._root = str(root)
        self._jobs: Jobs[Part] = Jobs("netmon-host")
        self._mounts: Jobs[Space | Missing] = Jobs("netmon-statvfs")
        self._targets: dict[str, _Remembered] = {}
        self._metrics = _Metrics(registry, lambda: len(self._jobs.stuck) + len(self._mounts.stuck))

    async def start(self) -> None:
        """Nothing to open: files are opened when they are read."""

    async def stop(self) -> None:
        """Nothing to close: a read that hangs is in a thread that nobody waits for."""

    def plan(self, target: Target) -> Mapping[float, tuple[str, ...]]:
        """Return the parts by interval in seconds. The target's own `interval_s` is for those that are not slow."""
        plan: dict[float, list[str]] = {}
        for name, source in SOURCES.items():
            chosen = self._settings.parts.get(name)
            if chosen.enabled if chosen else source.enabled:
                plan.setdefault(self._interval(name, target), []).append(name)
        return {interval_s: tuple(names) for interval_s, names in plan.items()}

    def _interval(self, name: str, target: Target) -> float:
        chosen = self._settings.parts.get(name)
        if chosen and chosen.interval_s:
            return chosen.interval_s
        if SOURCES[name].slow:
            return self._settings.slow_interval_s
        wanted = target.options.get("interval_s")
        return float(wanted) if isinstance(wanted, int | float) else self._settings.interval_s

    async def read(self, target: Target, parts: Iterable[str], deadline_s: float) -> Reading:
        """Read these parts in at most `deadline_s` seconds; a part that fails or hangs loses only itself."""
        remembered = self._targets.get(target.name)
        if remembered is None:
            remembered = self._targets[target.name] = _Remembered(Parts(self._settings, self._mounts))
        at, began = time.time(), time.perf_counter()
        poll = Poll(Snapshot(self._root), at, deadline_s, here=self._root == "/")
        calls = {name: partial(self._part, name, remembered, poll) for name in parts}
        # The thread comes back by the deadline whatever hangs, so that closing the loop's executor never waits for it.
        results = await asyncio.to_thread(self._jobs.run, calls, deadline_s, deadline_s * PART_SHARE)
        read = [_lost(name, result) if isinstance(result, Missing) else result for name, result in results.items()]
        remembered.outcomes.update({part.name: part for part in read})
        scrape = remembered.keep(SCRAPE, (scrape_table(remembered.outcomes.values(), at),))
        duration_s = time.perf_counter() - began
        return Reading(target.name, self.name, at, duration_s, (*read, Part(SCRAPE, scrape, duration_s)))

    def forget(self, target: str) -> None:
        """Drop the last ticks and labels of a target that left the inventory."""
        self._targets.pop(target, None)

    def _part(self, name: str, remembered: "_Remembered", poll: Poll) -> Part:
        """Read one part in a worker thread. Raises nothing: what went wrong is the part's problem."""
        began = time.perf_counter()
        try:
            tables = remembered.keep(name, remembered.parts.by_name[name](poll))
        except PeerError as error:
            return _lost(name, error.missing(), time.perf_counter() - began)
        except Malformed as error:
            return _lost(name, Missing(Reason.MALFORMED, str(error)), time.perf_counter() - began)
        except Exception as error:  # noqa: BLE001 - a bug in one part must not cost the others
            self._metrics.bug(name, error)
            return _lost(name, Missing(Reason.BUG, repr(error)), time.perf_counter() - began)
        completeness, problem = _judge(tables)
        return Part(name, tables, time.perf_counter() - began, completeness, problem)


@dataclass(slots=True)
class _Remembered:
    """What outlives a poll of one target: the last tables, whose label rows are kept, and how each part went."""

    parts: Parts
    outcomes: dict[str, Part] = field(default_factory=dict)
    tables: dict[str, tuple[Table, ...]] = field(default_factory=dict)

    def keep(self, name: str, tables: tuple[Table, ...]) -> tuple[Table, ...]:
        """Return the tables with the label rows of the last poll, the same objects, where no label changed."""
        before = self.tables.get(name, ())
        if len(before) == len(tables):
            tables = tuple([_same(old, new) for old, new in zip(before, tables, strict=True)])
        self.tables[name] = tables
        if name != TEXTFILE and [table.families for table in before] != [table.families for table in tables]:
            self.parts.names.update(family.name for table in tables for family in table.families)
        return tables


def _same(old: Table, new: Table) -> Table:
    if old.rows != new.rows or old.label_names != new.label_names:
        return new
    families = old.families if old.families == new.families else new.families
    return Table(families, old.label_names, old.rows, old.keys, new.columns, new.at)


def _lost(name: str, why: Missing, duration_s: float = 0.0) -> Part:
    return Part(name, (), duration_s, 0.0, why)


def _judge(tables: tuple[Table, ...]) -> tuple[float, Missing | None]:
    """Return the share of values that came, of those that this host should have, and why the first is missing."""
    faults: list[Missing] = []
    for table in tables:
        for column in table.columns:
            if not isinstance(column, array):  # an array lacks nothing
                faults += [cell for cell in column if isinstance(cell, Missing) and cell.reason not in _NO_FAULT]
    if not faults:
        return 1.0, None
    present = sum(table.count()[0] for table in tables)
    return present / (present + len(faults)), faults[0]


class _Metrics:
    """What the collector says of itself on netmon's own page."""

    def __init__(self, registry: CollectorRegistry | None, stuck: Callable[[], int]) -> None:
        self._bugs = Counter("netmon_host_bugs", "Parts lost to a fault of netmon.", ("part",), registry=registry)
        self._logged: set[str] = set()
        gauge = Gauge("netmon_host_stuck_reads", "Reads of files or mounts that never came back.", registry=registry)
        gauge.set_function(stuck)

    def bug(self, part: str, error: Exception) -> None:
        """Count it, and log the traceback of the first of each part."""
        self._bugs.labels(part).inc()
        if part not in self._logged:
            self._logged.add(part)
            log.error("a part of the host could not be read", part=part, exc_info=error)
