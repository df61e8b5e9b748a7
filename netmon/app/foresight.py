"""Shows the columns of all series to the rules that look at many at once, and keeps what these know over restarts.

The order of a tick: what came in becomes batches; each batch goes to every rule and into the history; the periods that
closed go back to the rules. What they find goes on its way to the core like all findings.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, Protocol, TypeVar

import numpy as np
import structlog
from prometheus_client import CollectorRegistry

from netmon.api import Component, Event, Finding, Reading, Uplink
from netmon.api.columns import Arrays, Batch, Flags, Keeps, Rollup, SeriesRule, Slots
from netmon.app import statefile
from netmon.app.sightmetrics import SightMetrics

TICK_S: Final = 1.0
SAVE_EVERY_S: Final = 600.0  # what a kill can cost of the scores' memory
SAVE_SOON_S: Final = 10.0  # what it can cost of what was said, which must be known to be scored
SAVE_SHARE: Final = 0.05  # of the time, at most, is spent on saving
LEARN_EVERY_S: Final = 10.0  # how long new series gather before the past is read for all of them together
FILE: Final = "rules.npz"

DAY_S: Final = 86_400
FIVE_MINUTES_S: Final = 300
_BACK_S: Final = {DAY_S: 60 * DAY_S, FIVE_MINUTES_S: DAY_S}  # how far rules look back, and a little more

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Panel(Keeps, Protocol):
    """Gives series their slots and makes batches of readings: rules.panel."""

    @property
    def size(self) -> int:
        """Return a number above every slot given so far."""

    def met(self) -> Flags:
        """Return by slot whether the series came since the start."""

    def take(self, reading: Reading) -> None:
        """Stage one poll."""

    def batches(self) -> list[Batch]:
        """Return what was staged since the last call."""

    def forget(self, target: str) -> None:
        """Free the series of a target at the next tick."""

    def tick(self, now: float) -> Slots:
        """Return the slots that are free from now on."""


class History(Component, Protocol):
    """Keeps the past of series with a bound: netmon.core.history."""

    def add(self, batch: Batch) -> None:
        """Take what a tick brought."""

    def tick(self, now: float) -> list[Rollup]:
        """Return the periods that closed."""

    def past(self, length_s: int, since: float, until: float) -> Iterator[Rollup]:
        """Give the closed periods of this length that begin in [since, until), the oldest first; reads files."""

    def free(self, slots: Slots) -> None:
        """Forget what was at these slots."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What works together on columns: the panel that makes them, the rules that judge them, the past."""

    panel: Panel
    rules: tuple[SeriesRule, ...]
    history: History


class Foresight:
    """A component: panel, history and the rules on them, turned once a second."""

    def __init__(
        self,
        sight: Sight,
        uplink: Uplink,
        file: Path,
        registry: CollectorRegistry,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`file` is where what the rules have learnt is kept."""
        self._panel = sight.panel
        self._rules = sight.rules
        self._history = sight.history
        self._uplink = uplink
        self._file = file
        self._now = now
        self._turning: asyncio.Task[None] | None = None
        self._saving: asyncio.Task[None] | None = None
        self._known = np.zeros(0, np.bool_)  # slots whose past the rules were told
        self._reading = asyncio.Lock()
        self._learning: asyncio.Task[None] | None = None
        self._metrics = SightMetrics(registry, lambda: sight.panel.size)

    async def start(self) -> None:
        """Take up what was kept, and begin to turn. ConfigError where another daemon has the history."""
        await asyncio.to_thread(self._restore)
        await self._history.start()
        self._turning = asyncio.create_task(self._turn())
        self._learning = asyncio.create_task(self._learn_now_and_then())
        self._saving = asyncio.create_task(self._save_now_and_then(self._changes))

    async def stop(self) -> None:
        """Turn no more; what came in last is judged, and everything known is kept."""
        tasks = [task for task in (self._turning, self._learning, self._saving) if task is not None]
        self._turning = self._learning = self._saving = None
        if not tasks:
            return
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        self.turn(self._now())
        await self._save()
        await self._history.stop()

    def see(self, reading: Reading) -> None:
        """Take one poll."""
        try:
            self._panel.take(reading)
        except Exception:  # one odd table must not end the watch over the others
            self._metrics.bugs.labels("panel").inc()
            log.exception("a reading could not be laid into columns", target=reading.target)

    def forget(self, target: str) -> None:
        """Drop what is known of a target that left the inventory."""
        self._panel.forget(target)

    def turn(self, now: float) -> None:
        """Judge what came in since the last time."""
        began = time.perf_counter()
        for batch in self._panel.batches():
            self._metrics.values.inc(len(batch))
            for rule in self._rules:
                self._send(rule.name, partial(rule.step, batch))
            self._try("history", partial(self._history.add, batch))
        for rollup in self._try("history", partial(self._history.tick, now)) or ():
            for rule in self._rules:
                self._try(rule.name, partial(rule.learn, rollup))
        for rule in self._rules:
            self._send(rule.name, partial(rule.tick, now))
        self._free(self._panel.tick(now))
        self._metrics.turn.observe(time.perf_counter() - began)

    def _free(self, slots: Slots) -> None:
        if not len(slots):
            return
        self._known[slots[slots < len(self._known)]] = False
        for rule in self._rules:
            self._try(rule.name, partial(rule.free, slots))
        self._try("history", partial(self._history.free, slots))

    def _send(self, name: str, judge: Callable[[], Iterable[Finding | Event]]) -> None:
        found = self._try(name, lambda: list(judge()))
        if not found:
            return
        for thing in found:
            if isinstance(thing, Finding):
                self._metrics.findings.labels(thing.rule, "cleared" if thing.cleared else "active").inc()
        self._uplink.send(found)

    def _try(self, name: str, work: Callable[[], T]) -> T | None:
        try:
            return work()
        except Exception:  # a bug in one rule must not silence the others
            self._metrics.bugs.labels(name).inc()
            log.exception("a rule failed in an unforeseen way", rule=name)
            return None

    async def _turn(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self.turn(self._now())

    # ── the past ──

    async def _learn_now_and_then(self) -> None:
        while True:
            await self.learn_past(self._now())
            await asyncio.sleep(LEARN_EVERY_S)

    async def learn_past(self, now: float) -> None:
        """Tell the rules the past of series that have come since the last time; return when they know it."""
        async with self._reading:
            await self._learn_past(now)

    async def _learn_past(self, now: float) -> None:
        fresh = self._fresh()
        if not fresh.any():
            return
        for length_s, back_s in _BACK_S.items():
            periods = self._history.past(length_s, now - back_s, now)
            while (rollup := await asyncio.to_thread(next, periods, None)) is not None:
                told = _only(rollup, fresh)
                for rule in self._rules if len(told.slots) else ():
                    self._try(rule.name, partial(rule.learn, told))

    def learn_anew(self) -> None:
        """Tell the rules all of the past at the next time: there is more of it than there was."""
        self._known[:] = False

    def _fresh(self) -> Flags:
        """Return the slots whose series came and whose past the rules do not know, and take them for known."""
        met = self._panel.met()
        known = np.zeros(len(met), np.bool_)
        known[: len(self._known)] = self._known[: len(met)]
        self._known = known | met
        return met & ~known

    # ── what is kept ──

    @property
    def _keepers(self) -> tuple[Keeps, ...]:
        return (self._panel, *self._rules)

    def _restore(self) -> None:
        try:
            arrays = statefile.read(self._file)
            if arrays is not None:
                self._metrics.saved_at.set(self._file.stat().st_mtime)
                statefile.hand_out(arrays, [self._panel])  # without it slots mean nothing
                self._hand_out(arrays)
        except statefile.UnusableError as error:
            self._metrics.unusable.inc()
            text = "what the rules had learnt cannot be used; they begin anew"
            log.error(text, file=str(self._file), error=str(error))  # noqa: TRY400 - no traceback helps here

    def _hand_out(self, arrays: Arrays) -> None:
        """Give each rule what it kept; one that cannot take it begins anew, and the others do not."""
        for rule in self._rules:
            try:
                statefile.hand_out(arrays, [rule])
            except statefile.UnusableError as error:
                self._metrics.unusable.inc()
                text = "what a rule had learnt cannot be used; it begins anew"
                log.error(text, file=str(self._file), rule=rule.name, error=str(error))  # noqa: TRY400 - as above

    async def _save_now_and_then(self, saved: int) -> None:
        at, took_s = time.monotonic(), 0.0
        while True:
            await asyncio.sleep(max(SAVE_SOON_S, took_s / SAVE_SHARE))
            if self._changes != saved or time.monotonic() - at >= SAVE_EVERY_S:
                saved, at = self._changes, time.monotonic()
                await self._save()
                took_s = time.monotonic() - at

    @property
    def _changes(self) -> int:
        return sum(rule.changes for rule in self._rules)

    async def _save(self) -> None:
        try:
            kept = statefile.collect(self._keepers)
            self._metrics.saved_bytes.set(await asyncio.to_thread(statefile.write, self._file, kept))
            self._metrics.saved_at.set(self._now())
        except OSError as error:
            self._metrics.unsaved.inc()
            text = "what the rules have learnt could not be kept"
            log.error(text, file=str(self._file), error=str(error))  # noqa: TRY400 - no traceback helps here
        except Exception:
            self._metrics.unsaved.inc()
            log.exception("what the rules have learnt could not be kept for an unforeseen reason")


def _only(rollup: Rollup, wanted: Flags) -> Rollup:
    """Return the rows of a period whose slots are wanted."""
    mine = (rollup.slots < len(wanted)) & wanted[np.minimum(rollup.slots, len(wanted) - 1)]
    return replace(
        rollup,
        **{name: getattr(rollup, name)[mine] for name in ("slots", "counts", "minimum", "mean", "maximum", "p95")},
    )
