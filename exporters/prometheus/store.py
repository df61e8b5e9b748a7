"""What was last read of every target, and how long it counts. Knows nothing of HTTP or of either text format."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import TypeAlias

from exporters.prometheus.names import label_names, label_pairs
from exporters.prometheus.sheets import LineCache, Sheet, find_repeats, make_sheets
from exporters.prometheus.status import PartStatus, status_tables
from netmon.api import Missing, Part, Reading, Target

Key: TypeAlias = tuple[str, str]
"""(target's name, job)"""

PartKey: TypeAlias = tuple[str, str]
"""(collector, part)"""

STALE_INTERVALS = 2.5
"""A part that is read seldom counts this many intervals: one poll may be late, a second one lost."""


@dataclass(slots=True)
class _PartState:
    """The last reading of one part. `data_at` is when it last brought values, None when it never did.

    `labels` is the text of the labels of its age, once it has one.
    """

    status: PartStatus
    labels: str
    sheets: tuple[Sheet, ...] | None  # None until a page is asked for
    data_at: float | None
    malformed: int = 0


@dataclass(frozen=True, slots=True)
class View:
    """What a page shows of one target and job at one instant; it never changes.

    `ages` are (label text, time of the values) of each part that ever brought any.
    """

    sheets: tuple[Sheet, ...]
    ages: tuple[tuple[str, float], ...]
    repeated: int
    malformed: int


class Condition(StrEnum):
    """How a target does."""

    WAITING = "waiting"  # not read yet
    UP = "up"  # it answered the last poll
    DOWN = "down"  # it did not
    STALE = "stale"  # it answered, but was not polled lately: something keeps the poller from it


class TargetState:
    """One target under one job."""

    def __init__(self, target: Target, job: str, cache: LineCache) -> None:
        self.target = target
        self.job = job
        self.read_at: float | None = None  # when the target last answered
        self.problem_since: float | None = None
        self._cache = cache
        self._parts: dict[PartKey, _PartState] = {}
        self._failures: dict[str, Missing | None] = {}  # by collector: why it did not reach the target
        self._status_sheets: tuple[Sheet, ...] = ()
        self._view: View | None = None
        self._hidden = False
        self._stale = False
        self._head, self._taken = _target_labels(target, job)

    @property
    def problem(self) -> Missing | None:
        """Return why no collector reaches the target, None while one does or before the first poll."""
        problems = list(self._failures.values())
        return problems[0] if problems and all(problems) else None

    @property
    def condition(self) -> Condition:
        """Return how the target did when the policy was last applied."""
        if not self.polled:
            return Condition.WAITING
        if self.problem is not None:
            return Condition.DOWN
        return Condition.STALE if self._stale else Condition.UP

    @property
    def polled(self) -> bool:
        """Tell whether any collector has tried yet."""
        return bool(self._failures)

    def retarget(self, target: Target) -> bool:
        """Take over what the inventory says now; tell whether labels changed."""
        before, self.target = self.target, target
        if (before.name, before.site, before.labels) == (target.name, target.site, target.labels):
            return False
        self._head, self._taken = _target_labels(target, self.job)
        for key, state in self._parts.items():
            state.labels = self._part_labels(key) if state.labels else ""
            _retire(state.sheets or ())
            state.sheets = None
        _retire(self._status_sheets)
        self._status_sheets = ()
        self._view = None
        return True

    def put(self, reading: Reading) -> None:
        """Take one poll. Parts that are not in it stay what they were; if it failed whole, all its parts failed."""
        self._view = None
        self._failures[reading.collector] = reading.problem
        if reading.problem is None:
            self.read_at = reading.at
        else:
            for (collector, _), state in self._parts.items():
                if collector == reading.collector:
                    state.status = PartStatus(collector, state.status.part, reading.problem, reached=False)
        for part in reading.parts:
            self._put_part(reading, part)
        if self.problem is None:
            self.problem_since = None
        elif self.problem_since is None:
            self.problem_since = reading.at

    def _put_part(self, reading: Reading, part: Part) -> None:
        status = PartStatus(reading.collector, part, part.problem or reading.problem, reached=True)
        key = (reading.collector, part.name)
        state = self._parts.get(key)
        brought = reading.at if part.tables else None
        if state is None:
            if part.absent:
                return  # what a target never had is nowhere on its page, also when the target fails
            state = self._parts[key] = _PartState(status, "", None, None)
        state.status = status
        if brought is not None:
            state.data_at = brought
            state.labels = state.labels or self._part_labels(key)
        if state.sheets is not None:
            self._make_sheets(state)

    def expire(self, now: float, limits: Mapping[PartKey, float], default_s: float, hold_s: float) -> tuple[int, bool]:
        """Drop what is too old at `now`, hide what the policy hides; return (parts dropped, whether pages change)."""
        dropped = 0
        for key, state in self._parts.items():
            part = state.status.part
            if part.tables and state.data_at is not None and now - state.data_at > limits.get(key, default_s):
                state.status = PartStatus(key[0], _emptied(part), state.status.problem, state.status.reached)
                _retire(state.sheets or ())
                state.sheets = None
                dropped += 1
        hidden = self.problem_since is not None and now - self.problem_since >= hold_s
        age = 0.0 if self.read_at is None else now - self.read_at
        self._stale = age > default_s and age > max(limits.values(), default=0.0)
        changed = bool(dropped) or hidden != self._hidden
        if changed:
            self._view = None
        self._hidden = hidden
        return dropped, changed

    def view(self) -> View:
        """Return what a page shows now."""
        if self._view is None:
            self._view = self._make_view()
        return self._view

    def close(self) -> None:
        """Let go of all rendered text."""
        for state in self._parts.values():
            _retire(state.sheets or ())
        _retire(self._status_sheets)

    def _make_view(self) -> View:
        parts = self._parts.values()
        for state in parts:
            if state.sheets is None:
                self._make_sheets(state)
        failures = [(collector, problem) for collector, problem in self._failures.items() if problem is not None]
        tables = status_tables([state.status for state in parts], failures, up=self.polled and self.problem is None)
        self._status_sheets, _ = make_sheets(
            tables if self.polled else (), self._head, self._taken, self._status_sheets, self._cache
        )
        data = () if self._hidden else tuple(sheet for state in parts for sheet in state.sheets or ())
        sheets = (*self._status_sheets, *data)
        ages = tuple((state.labels, state.data_at) for state in parts if state.data_at is not None)
        return View(sheets, ages, find_repeats(sheets), sum(state.malformed for state in parts))

    def _make_sheets(self, state: _PartState) -> None:
        tables = state.status.part.tables
        state.sheets, state.malformed = make_sheets(tables, self._head, self._taken, state.sheets or (), self._cache)

    def _part_labels(self, key: PartKey) -> str:
        return f"{{{self._head},{label_pairs((('collector', key[0]), ('part', key[1])))}}} "


class Store:
    """All targets. `generation` grows whenever something that a page shows may have changed."""

    def __init__(self, stale_after_s: float, hold_unreachable_s: float, cache_bytes: int) -> None:
        self.cache = LineCache(cache_bytes)
        self.generation = 0
        self.ignored_readings = 0
        self.stale_parts = 0
        self._stale_after_s = stale_after_s
        self._hold_unreachable_s = hold_unreachable_s
        self._states: dict[str, dict[str, TargetState]] = {}  # by target's name, then job
        self._inventory: set[Key] | None = None  # None until it is known: then every target is welcome
        self._limits: dict[str, dict[PartKey, float]] = {}  # by target's name
        self._alike: dict[tuple[tuple[PartKey, float], ...], dict[PartKey, float]] = {}  # most targets share one

    def __iter__(self) -> Iterator[TargetState]:
        """Give all targets in the inventory's order."""
        return chain.from_iterable(jobs.values() for jobs in self._states.values())

    def put(self, target: Target, job: str, reading: Reading) -> None:
        """Take one poll. A late one, of a target that has left the inventory meanwhile, is counted and ignored."""
        if self._inventory is not None and (target.name, job) not in self._inventory:
            self.ignored_readings += 1
            return
        jobs = self._states.setdefault(target.name, {})
        state = jobs.get(job)
        if state is None:
            state = jobs[job] = TargetState(target, job, self.cache)
        elif target is not state.target:
            state.retarget(target)
        state.put(reading)
        self.generation += 1

    def retarget(self, targets: Iterable[tuple[Target, str]]) -> None:
        """Take the inventory. What is not in it vanishes at once."""
        before = {(state.target.name, state.job): state for state in self}
        self._states = {}
        self._inventory = set()
        for target, job in targets:
            state = before.pop((target.name, job), None) or TargetState(target, job, self.cache)
            state.retarget(target)
            self._states.setdefault(target.name, {})[job] = state
            self._inventory.add((target.name, job))
        for state in before.values():
            state.close()
        self._limits = {name: limits for name, limits in self._limits.items() if name in self._states}
        self._alike = {}
        self.generation += 1

    def forget(self, target: str) -> None:
        """Drop a target under all its jobs."""
        for state in self._states.pop(target, {}).values():
            state.close()
        if self._inventory is not None:
            self._inventory = {key for key in self._inventory if key[0] != target}
        self._limits.pop(target, None)
        self.generation += 1

    def expect(self, target: str, collector: str, plan: Mapping[float, tuple[str, ...]]) -> None:
        """Learn how often parts are read (`Collector.plan`), so that seldom ones are not dropped between two polls."""
        limits = dict(self._limits.get(target, {}))
        for interval_s, parts in plan.items():
            for part in parts:
                limits[collector, part] = max(self._stale_after_s, STALE_INTERVALS * interval_s)
        self._limits[target] = self._alike.setdefault(tuple(limits.items()), limits)

    def refresh(self, states: Iterable[TargetState], now: float) -> None:
        """Apply the policy to these targets: what is too old at `now` is dropped. Every page begins with this."""
        none: dict[PartKey, float] = {}
        for state in states:
            limits = self._limits.get(state.target.name, none)
            dropped, changed = state.expire(now, limits, self._stale_after_s, self._hold_unreachable_s)
            self.stale_parts += dropped
            self.generation += changed

    def of_target(self, name: str, job: str | None = None) -> list[TargetState]:
        """Return a target under all its jobs, or under one; empty when there is none."""
        return [state for own, state in self._states.get(name, {}).items() if job in {None, own}]


def _emptied(part: Part) -> Part:
    """Return the part as it is once its values are too old: its outcome without them."""
    return Part(part.name, (), part.duration_s, part.completeness, part.problem)


def _retire(sheets: Iterable[Sheet]) -> None:
    for sheet in sheets:
        sheet.retire()


def _target_labels(target: Target, job: str) -> tuple[str, frozenset[str]]:
    """Return the text and the names of the labels that every series of the target carries."""
    own = ("instance", "job", "site")
    more = label_names(tuple(name for name, _ in target.labels), frozenset(own))
    pairs = [("instance", target.name), ("job", job), ("site", target.site)]
    pairs += [(name, value) for name, (_, value) in zip(more, target.labels, strict=True)]
    return label_pairs(tuple(pairs)), frozenset((*own, *more))
