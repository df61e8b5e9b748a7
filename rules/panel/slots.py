"""Who has which slot, and what is kept of each series between polls: arrays by slot."""

from collections.abc import Iterable
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api.columns import Flags, Floats, Series, Slots
from rules.panel.choices import Choice

Record: TypeAlias = tuple[str, str, tuple[str, ...], tuple[str, ...]]
"""Target, metric, names and values of the labels that are not empty. The tuples are those of the tables, or shared, so
that a series costs 200 bytes here and not 500."""

Bits: TypeAlias = NDArray[np.uint64]
Kinds: TypeAlias = NDArray[np.uint8]

NONE: Final = 0  # no reading of a counter yet
WHOLE: Final = 1  # the last one was an integer
BROKEN: Final = 2  # the last one was a float

_FIRST_SIZE: Final = 1024
_COLUMNS: Final = (
    "scale",
    "rate",
    "falling",
    "bound",
    "least",
    "quiet",
    "raw",
    "read_at",
    "kind",
    "seen",
    "mark",
    "_owner",
)


class Book:
    """Gives slots. Everything in arrays is by slot; what is at a free slot means nothing.

    `scale`, `rate`, `falling` say how a value is made; `bound` is what holds now (NaN: none), and `quiet` is true where
    no value is to be given: a condition of its declaration does not hold, or the slot is free. A value below `least`
    has no bound. `raw` and `read_at` are a counter's last reading, `kind` says of what type. `seen` is when a value
    last came, in watched seconds.
    """

    def __init__(self) -> None:
        self.records: list[Record | None] = []
        self.choices: list[Choice | None] = []
        self.sources: list[str] = []  # the collector that tells it; empty: none has since the start
        self.scale: Floats = np.ones(0)
        self.rate: Flags = np.zeros(0, np.bool_)
        self.falling: Flags = np.zeros(0, np.bool_)
        self.bound: Floats = np.zeros(0)
        self.least: Floats = np.zeros(0)
        self.quiet: Flags = np.zeros(0, np.bool_)
        self.raw: Bits = np.zeros(0, np.uint64)
        self.read_at: Floats = np.zeros(0)
        self.kind: Kinds = np.zeros(0, np.uint8)
        self.seen: Floats = np.zeros(0)
        self.mark: Slots = np.zeros(0, np.int32)  # scratch: which row of a batch is a slot's
        self._owner: Slots = np.zeros(0, np.int32)  # number of its target, -1 where free
        self._owners: dict[str, int] = {}
        self._next_owner = 0
        self._found: dict[Record, int] = {}
        self._free: list[int] = []
        self._cooling: list[int] = []  # free, but rows that are staged may still speak of who was there
        self._names: dict[tuple[str, ...], tuple[str, ...]] = {}

    def __len__(self) -> int:
        return len(self._found)

    @property
    def size(self) -> int:
        """Return a number above every slot given so far."""
        return len(self.records)

    def series(self, slot: int) -> Series | None:
        """Return the series at a slot; None where it is free."""
        record = self.records[slot] if 0 <= slot < len(self.records) else None
        if record is None:
            return None
        target, metric, names, values = record
        return Series(target, metric, tuple(zip(names, values, strict=True)))

    def of_target(self, target: str) -> Slots:
        """Return the slots of a target's series."""
        number = self._owners.get(target)
        if number is None:
            return np.zeros(0, np.int32)
        return np.flatnonzero(self._owner[: self.size] == number).astype(np.int32)

    def record(self, target: str, metric: str, names: tuple[str, ...], values: tuple[str, ...]) -> Record:
        """Return how a series is known here; labels that are empty are left out."""
        if "" in values:
            there = [at for at, value in enumerate(values) if value]
            names, values = tuple([names[at] for at in there]), tuple([values[at] for at in there])
        return target, metric, self._names.setdefault(names, names), values

    def find(self, record: Record) -> int | None:
        """Return the slot of a series; None where it has none."""
        return self._found.get(record)

    def give(self, record: Record) -> int:
        """Give a series that has none a slot."""
        if self._free:
            slot = self._free.pop()
            self.records[slot] = record
        else:
            slot = len(self.records)
            self.records.append(record)
            self.choices.append(None)
            self.sources.append("")
            if slot >= len(self.scale):
                self._grow(slot + 1)
        self._found[record] = slot
        if record[0] not in self._owners:
            self._owners[record[0]] = self._next_owner
            self._next_owner += 1
        self._owner[slot] = self._owners[record[0]]
        self.choices[slot], self.sources[slot] = None, ""
        self.scale[slot], self.rate[slot], self.falling[slot] = 1.0, False, False
        self.bound[slot], self.quiet[slot], self.kind[slot], self.seen[slot] = np.nan, False, NONE, 0.0
        self.least[slot] = -np.inf
        return slot

    def choose(self, slot: int, choice: Choice) -> None:
        """Watch the series at a slot as this from now on. A bound that depends on other readings is set with them."""
        before = self.choices[slot]
        if choice is before:
            return
        if before is not None and before.rate != choice.rate:
            self.kind[slot] = NONE
        self.choices[slot] = choice
        self.scale[slot], self.rate[slot], self.falling[slot] = choice.scale, choice.rate, choice.falling
        self.quiet[slot], self.least[slot] = False, choice.least
        self.bound[slot] = np.nan if choice.asks else choice.fixed

    def unchoose(self) -> None:
        """Let no declaration hold until the series come again."""
        self.choices = [None] * len(self.choices)
        self.bound[:] = np.nan
        self.falling[:] = False
        self.least[:] = -np.inf

    def free(self, slots: Iterable[int]) -> None:
        """Free these slots. Others get them after the next `cool`."""
        for slot in slots:
            record = self.records[slot]
            if record is None:
                continue
            del self._found[record]
            self.records[slot], self.choices[slot] = None, None
            self._owner[slot] = -1
            self.quiet[slot] = True
            self._cooling.append(slot)

    def leave(self, target: str) -> None:
        """Forget a target that has no series any more."""
        self._owners.pop(target, None)

    def cool(self) -> None:
        """Nothing that is staged speaks of freed slots any more."""
        self._free += self._cooling
        self._cooling.clear()

    def silent(self, since: float) -> Slots:
        """Return the slots of series that last came before this, in watched seconds."""
        size = self.size
        return np.flatnonzero((self._owner[:size] >= 0) & (self.seen[:size] < since)).astype(np.int32)

    def restore(self, records: Iterable[Record | None]) -> None:
        """Give the series of an earlier run their slots again."""
        for slot, record in enumerate(records):
            if record is not None:
                self.give(self.record(*record))
                continue
            self.records.append(None)
            self.choices.append(None)
            self.sources.append("")
            self._grow(slot + 1)
            self._owner[slot] = -1
            self.quiet[slot] = True
            self._cooling.append(slot)
        self.cool()

    def _grow(self, size: int) -> None:
        """Make room, a quarter more than needed."""
        if size <= len(self.scale):
            return
        room = max(size + size // 4, _FIRST_SIZE)
        for name in _COLUMNS:
            old: NDArray[Any] = getattr(self, name)
            new = np.zeros(room, old.dtype)
            new[: len(old)] = old
            setattr(self, name, new)
