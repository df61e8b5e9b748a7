"""The panel: takes every poll as it comes, and gives what a tick brought as columns."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from netmon.api import Reading, Table
from netmon.api.columns import Arrays, Batch, Flags, Series, Slots
from rules.pack import Anomaly, Forecast, Pack
from rules.panel.choices import Watching
from rules.panel.plan import Plan, Slotter
from rules.panel.settings import WatchSettings
from rules.panel.slots import Book, Record
from rules.panel.wave import Wave

SWEEP_EVERY_S: Final = 60.0  # how often silent series are looked for
STEP_MAX_S: Final = 60.0  # a tick that comes later than this was held up: series were not silent, nobody listened

_SERIES: Final = "series"


class _Polls:
    """What one collector brings of one target."""

    __slots__ = ("plans", "seen")

    def __init__(self) -> None:
        self.plans: dict[str, list[Plan]] = {}  # by part, in the order of its tables
        self.seen = 0.0  # watched seconds


class Panel:
    """Gives series their slots and makes batches of readings. Pure; the arrays of batches are made for each.

    Silence is measured in watched seconds, which pass only from tick to tick, so that neither a sleep of this machine
    nor a step of its clock lets all series be forgotten.
    """

    name = "panel"

    def __init__(self, packs: Sequence[Pack], settings: WatchSettings) -> None:
        self.dropped: Counter[str] = Counter()
        self._book = Book()
        self._slotter = Slotter(self._book, settings.series_max, self.dropped)
        self._polls: dict[str, dict[str, _Polls]] = {}  # by target and collector
        self._waves: list[Wave] = []
        self._staged: list[Plan] = []
        self._made: list[Batch] = []
        self._leaving: set[str] = set()
        self._watched_s = self._swept_s = 0.0
        self._ticked: float | None = None
        self._settings = settings
        self._watching = Watching(packs, settings)

    def configure(self, packs: Sequence[Pack], settings: WatchSettings) -> None:
        """Watch by these from the next polls on. Slots stay; no declaration holds for a series until it comes again."""
        self._settings = settings
        self._slotter.slots_max = settings.series_max
        self._watching = Watching(packs, settings)
        self._book.unchoose()
        self._drop_plans()

    # ── polls ──

    def take(self, reading: Reading) -> None:
        """Stage one poll. Its columns are kept until the next batches, and must not change."""
        found = self._plans(reading)
        judged = []
        for plan, table in found:
            if plan.entries:
                self._stage(plan, table)
                if plan.conditions is not None:
                    judged.append((plan, plan.conditions, table))
        if judged:
            present = [(plan.shape, table) for plan, table in found]
            for plan, conditions, table in judged:
                change = conditions.judge(table, present)
                if change is not None:
                    self._waves[plan.wave - 1].changes.append(change)

    def _plans(self, reading: Reading) -> list[tuple[Plan, Table]]:
        """Return the tables of a poll, each with a plan that fits it."""
        polls = self._of(reading)
        polls.seen = self._watched_s
        found: list[tuple[Plan, Table]] = []
        for part in reading.parts:
            plans = polls.plans.get(part.name)
            if plans is None:
                plans = polls.plans[part.name] = []
            while len(plans) < len(part.tables):
                plans.append(Plan(reading.target, reading.collector))
            found += zip(plans, part.tables)  # noqa: B905 - a poll may bring fewer tables than one before
        for plan, table in found:
            if not plan.fits(table):
                if plan.wave:  # rows that wait may get their slots by what is staged
                    self._finish()
                plan.make(table, self._watching, self._slotter)
        return found

    def _of(self, reading: Reading) -> _Polls:
        collectors = self._polls.get(reading.target)
        if collectors is None:
            collectors = self._polls[reading.target] = {}
        polls = collectors.get(reading.collector)
        if polls is None:
            polls = collectors[reading.collector] = _Polls()
        return polls

    def _stage(self, plan: Plan, table: Table) -> None:
        if plan.wave == len(self._waves):
            self._waves.append(Wave())
        if plan.wave == 0:
            self._staged.append(plan)
        wave, columns, at = self._waves[plan.wave], table.columns, table.at
        plan.wave += 1
        for entry in plan.entries:
            column = columns[entry.number]
            if len(column) == entry.count:
                wave.stage(entry, column, at)
            else:
                self.dropped["malformed"] += 1

    def batches(self) -> list[Batch]:
        """Return what was staged since the last call; several only where a series came twice, or a table changed."""
        self._finish()
        made, self._made = self._made, []
        self._book.cool()
        return made

    def _finish(self) -> None:
        """Make batches of what is staged."""
        for wave in self._waves:
            batch, twice = wave.batch(self._book, self._watched_s, self._slotter.settle)
            if twice:
                self.dropped["told_twice"] += twice
            if len(batch):
                self._made.append(batch)
        for plan in self._staged:
            plan.wave = 0
        self._waves, self._staged = [], []

    # ── what leaves ──

    def forget(self, target: str) -> None:
        """Free the slots of a target that left the inventory, at the next tick."""
        self._leaving.add(target)

    def tick(self, now: float) -> Slots:
        """Return the slots that are free from now on: of forgotten targets, and of series that were silent too long."""
        if self._ticked is not None:
            self._watched_s += min(max(now - self._ticked, 0.0), STEP_MAX_S)
        self._ticked = now
        freed = [self._leave(target) for target in self._leaving]
        self._leaving.clear()
        if self._watched_s - self._swept_s >= SWEEP_EVERY_S:
            self._swept_s = self._watched_s
            freed.append(self._sweep(self._watched_s - self._settings.forget_after_s))
        slots = np.concatenate([np.zeros(0, np.int32), *freed])
        if len(slots) and self._slotter.refused:
            self._slotter.refused = False
            self._drop_plans()  # who got none may have one now
        return slots

    def _leave(self, target: str) -> Slots:
        slots = self._book.of_target(target)
        self._book.free(slots.tolist())
        self._book.leave(target)
        self._polls.pop(target, None)
        return slots

    def _sweep(self, since: float) -> Slots:
        """Free what has been silent since then, in watched seconds."""
        slots = self._book.silent(since)
        targets = {record[0] for record in map(self._book.records.__getitem__, slots.tolist()) if record is not None}
        self._book.free(slots.tolist())
        for target in targets:
            self._drop_plans_of(target)
        for target, collectors in tuple(self._polls.items()):
            for collector in [name for name, polls in collectors.items() if polls.seen < since]:
                del collectors[collector]
            if not collectors:
                del self._polls[target]
        return slots

    def _drop_plans(self) -> None:
        for target in self._polls:
            self._drop_plans_of(target)

    def _drop_plans_of(self, target: str) -> None:
        for polls in self._polls.get(target, {}).values():
            for plans in polls.plans.values():
                for plan in plans:
                    plan.drop()

    # ── who has which slot ──

    @property
    def size(self) -> int:
        """Return a number above every slot given so far."""
        return self._book.size

    def series(self, slot: int) -> Series | None:
        """Return the series at a slot; None where it is free."""
        return self._book.series(slot)

    def slots_of(self, target: str) -> Slots:
        """Return the slots of a target's series."""
        return self._book.of_target(target)

    def forecast_of(self, slot: int) -> Forecast | None:
        """Return which declaration bounds a series; None where none does."""
        choice = self._book.choices[slot] if 0 <= slot < self.size else None
        return None if choice is None else choice.forecast

    def is_met(self, slot: int) -> bool:
        """Tell whether the series came since the start, or since the packs changed: before, nothing is known of it."""
        return 0 <= slot < self.size and self._book.choices[slot] is not None

    def met(self) -> Flags:
        """Return by slot whether the series came since the start, or since the packs changed."""
        return np.fromiter((choice is not None for choice in self._book.choices), np.bool_, len(self._book.choices))

    def anomaly_of(self, slot: int) -> Anomaly | None:
        """Return which declaration makes a series' anomalies an alert; None where none does."""
        choice = self._book.choices[slot] if 0 <= slot < self.size else None
        return None if choice is None else choice.anomaly

    # ── what is kept ──

    def save(self) -> Arrays:
        """Return who has which slot: `series`, uint8, JSON of a list by slot. What counters were last is not kept."""
        return {_SERIES: np.frombuffer(msgspec.json.encode(self._book.records), np.uint8)}

    def restore(self, arrays: Arrays) -> None:
        """Give the series of an earlier run their slots. ValueError where that does not fit, or series came already."""
        if self.size:
            raise ValueError("slots can be restored only before the first reading")
        if _SERIES not in arrays:
            raise ValueError("there are no series")
        try:
            records = msgspec.json.decode(arrays[_SERIES].tobytes(), type=list[Record | None])
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise ValueError(f"the series cannot be read: {error}") from error
        there = [record for record in records if record is not None]
        if any(len(names) != len(values) or "" in values for _, _, names, values in there):
            raise ValueError("a series has not as many labels as names")
        if len(set(there)) < len(there):
            raise ValueError("a series is there twice")
        if len(records) > self._settings.series_max:
            raise ValueError(f"there are {len(records)} slots, more than series_max = {self._settings.series_max}")
        self._book.restore(records)
