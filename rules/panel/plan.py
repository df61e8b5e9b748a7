"""How one table of one target is laid into columns: made out once, and kept while families and rows are the same."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np

from netmon.api import Column, Family, Table
from rules.panel.choices import Choice, Row, Shape, Watch, Watching
from rules.panel.conditions import Conditions
from rules.panel.entries import NOBODY, WAITING, Entry, Origin
from rules.panel.slots import Book, Record

_UNKNOWN: Final = Shape({}, ())  # of a plan that is to be made out


class Slotter:
    """Gives rows their slots, as long as there are any."""

    def __init__(self, book: Book, slots_max: int, dropped: Counter[str]) -> None:
        self.book = book
        self.slots_max = slots_max
        self.dropped = dropped
        self.refused = False  # a series got no slot because there was none

    def settle(self, entry: Entry, rows: Sequence[int]) -> list[int]:
        """Give rows that waited their slots, and return them."""
        choice, origin = entry.choice, entry.origin
        if choice is None:  # no row waits
            return [NOBODY] * len(rows)
        records = [self.book.record(origin.target, entry.metric, origin.names, origin.rows[row]) for row in rows]
        given = [self.slot(record, choice, origin.collector) for record in records]
        entry.settle(rows, given)
        return given

    def slot(self, record: Record, choice: Choice, collector: str) -> int:
        """Return the slot of a series, a new one where it has none. NOBODY: there is no place, or another tells it."""
        slot = self.find(record, choice, collector)
        if slot is not None:
            return slot
        if len(self.book) >= self.slots_max:
            self.dropped["series_max"] += 1
            self.refused = True
            return NOBODY
        slot = self.book.give(record)
        self.book.choose(slot, choice)
        self.book.sources[slot] = collector
        return slot

    def find(self, record: Record, choice: Choice, collector: str) -> int | None:
        """Return the slot that a series has. What two collectors tell is taken from the one that told it first."""
        slot = self.book.find(record)
        if slot is None:
            return None
        source = self.book.sources[slot]
        if source and source != collector:
            self.dropped["told_twice"] += 1
            return NOBODY
        self.book.choose(slot, choice)
        self.book.sources[slot] = collector
        return slot


class Plan:
    """One table of a target from poll to poll."""

    __slots__ = ("_families", "_names", "_rows", "collector", "conditions", "entries", "shape", "target", "wave")

    def __init__(self, target: str, collector: str) -> None:
        self.target = target
        self.collector = collector
        self.wave = 0  # how often it was staged since the last batches
        self.entries: tuple[Entry, ...] = ()
        self.conditions: Conditions | None = None
        self.shape = _UNKNOWN
        self._families: tuple[Family, ...] = ()
        self._names: Row = ()
        self._rows: tuple[Row, ...] = ()

    def fits(self, table: Table) -> bool:
        """Tell whether it was made for a table like this."""
        if self.shape is _UNKNOWN:
            return False
        if self._names is not table.label_names:
            if self._names != table.label_names:
                return False
            self._names = table.label_names
        if self._families is not table.families:
            if self._families != table.families:
                return False
            self._families = table.families
        if self._rows is not table.rows and self.shape.watches:
            if self._rows != table.rows:
                return False
            self._rows = table.rows
        return True

    def drop(self) -> None:
        """Have it made out anew when the table comes next."""
        self.shape = _UNKNOWN
        self.entries = ()
        self.conditions = None

    def make(self, table: Table, watching: Watching, slotter: Slotter) -> None:
        """Make it out for this table."""
        self.drop()
        self._families, self._names, self._rows = table.families, table.label_names, table.rows
        self.shape = watching.shape(table.families)
        origin = Origin(self.target, self.collector, table.label_names, table.rows)
        for watch in self.shape.watches:
            self._watch(watch, table.columns[watch.number], origin, slotter)

    def _watch(self, watch: Watch, column: Column, origin: Origin, slotter: Slotter) -> None:
        choices = watch.choices(origin.names, origin.rows)
        slots = [self._slot(watch, row, choice, origin, slotter) for row, choice in enumerate(choices)]
        if any(slot != NOBODY for slot in slots) and len(column) == len(slots):
            entry = Entry(watch.number, watch.family.name, origin, np.array(slots, np.int32))
            if WAITING in slots:
                entry.wait(next(choice for choice in choices if choice is not None and not choice.declared), column)
            self.entries += (entry,)
        groups: dict[Choice, list[int]] = {}
        for row, (choice, slot) in enumerate(zip(choices, slots, strict=True)):
            if choice is not None and slot >= 0 and choice.asks:
                groups.setdefault(choice, []).append(row)
        for choice, rows in groups.items():
            if self.conditions is None:
                self.conditions = Conditions(self.shape, origin.names)
            self.conditions.add(choice, [slots[row] for row in rows], rows)

    @staticmethod
    def _slot(watch: Watch, row: int, choice: Choice | None, origin: Origin, slotter: Slotter) -> int:
        if choice is None:
            return NOBODY
        record = slotter.book.record(origin.target, watch.family.name, origin.names, origin.rows[row])
        if choice.declared:
            return slotter.slot(record, choice, origin.collector)
        known = slotter.find(record, choice, origin.collector)
        return WAITING if known is None else known
