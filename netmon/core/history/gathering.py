"""Values of periods that are not over yet, as they come. Pure: no clock, no disk."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from netmon.api.columns import Singles
from netmon.core.history.periods import FIVE_MINUTES_S, Ids

_FIRST: Final = 4_096  # values that a new period has room for; doubled as they come


@dataclass(slots=True, eq=False)
class _Values:
    """Two columns that grow."""

    ids: Ids = field(default_factory=lambda: np.empty(_FIRST, np.uint32))
    values: Singles = field(default_factory=lambda: np.empty(_FIRST, np.float32))
    size: int = 0

    def add(self, ids: Ids, values: Singles, room: int) -> int:
        """Append as many as there is room for; return how many these are."""
        count = min(len(ids), room - self.size)
        if count <= 0:
            return 0
        if self.size + count > len(self.ids):
            size = min(max(2 * len(self.ids), self.size + count), room)
            self._grow(size)
        self.ids[self.size : self.size + count] = ids[:count]
        self.values[self.size : self.size + count] = values[:count]
        self.size += count
        return count

    def _grow(self, size: int) -> None:
        ids, values = np.empty(size, np.uint32), np.empty(size, np.float32)
        ids[: self.size], values[: self.size] = self.ids[: self.size], self.values[: self.size]
        self.ids, self.values = ids, values


class Gathering:
    """Values by the period that they belong to. At most `values_max` a period."""

    def __init__(self, values_max: int) -> None:
        self._values_max = values_max
        self._open: dict[int, _Values] = {}

    def add(self, begins: int, ids: Ids, values: Singles) -> int:
        """Take values of the period that begins then; return how many there was room for."""
        there = self._open.get(begins)
        if there is None:
            there = self._open[begins] = _Values()
        return there.add(ids, values, self._values_max)

    @property
    def begins(self) -> list[int]:
        """Return when the periods begin that have values, ascending."""
        return sorted(self._open)

    def due(self, now: float, grace_s: float) -> list[int]:
        """Return the periods that are over, and those that a clock which was set back takes out of reach."""
        return [at for at in self.begins if now >= at + FIVE_MINUTES_S + grace_s or now < at - FIVE_MINUTES_S]

    def take(self, begins: int) -> tuple[Ids, Singles]:
        """Return the values of a period, which is closed with it."""
        there = self._open.pop(begins)
        return there.ids[: there.size], there.values[: there.size]
