"""What a column was in earlier polls, as far as rates, growth and changes need it."""

from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np

from netmon.api import Column
from netmon.api.columns import Floats
from rules.limits.layout import Place
from rules.limits.tables import Row, Spot, floats
from rules.pack import Measure

GAP_MAX_S: Final = 900.0  # a rate over a longer silence says nothing of now
COLUMNS_MAX: Final = 1000  # of one target: a few measures of each table of a large chassis
FORGET_S: Final = 86_400.0  # a column that was not read for so long begins anew; the longest window is as long
_BINS: Final = 12  # that a window is kept in
_EARLY: Final = 0.5  # of the usual gap: a poll that comes sooner tells that a clock was set, and rates would lie

Rows: TypeAlias = tuple[Row, ...]
Which: TypeAlias = tuple[Place, str, str, float]


@dataclass(slots=True)
class _Past:
    """One column. What a row lacked in the last poll is what it was before, and `when` says since when."""

    rows: Rows
    values: Floats  # NaN: never told
    when: float | Floats  # Unix seconds; one number where all rows are of the last poll
    seen: float
    gap_s: float = 0.0
    packed: "array[Any] | None" = None  # the last column itself, where nothing was missing
    bins: dict[int, list[tuple[float, float]]] = field(
        default_factory=dict
    )  # row → (Unix seconds, amount), rows of 0 left out

    def is_same(self, column: Column, at: float) -> bool:
        """Tell whether a column is as it was, and nothing happened before: then only the time has passed."""
        if self.packed is None or self.bins or at <= self.seen or column != self.packed:
            return False
        self.gap_s, self.seen, self.when = at - self.seen, at, at
        return True

    def follow(self, rows: Rows) -> None:
        """Move what is known to where its labels are now."""
        if rows is self.rows:
            return
        if rows != self.rows:
            places = {row: number for number, row in enumerate(self.rows)}
            order = np.array([places.get(row, -1) for row in rows], dtype=np.intp)
            known = order >= 0
            self.values = np.where(known, np.append(self.values, np.nan)[order], np.nan)
            if not isinstance(self.when, float):
                self.when = np.where(known, np.append(self.when, self.seen)[order], self.seen)
            self.packed = None
            self.bins = {new: self.bins[old] for new, old in enumerate(order.tolist()) if old in self.bins}
        self.rows = rows

    def take(self, values: Floats, at: float) -> None:
        """Put a poll's values in the place of the last ones."""
        missing = np.isnan(values)
        if missing.any():
            self.values = np.where(missing, self.values, values)
            self.when = np.where(missing, self.when, at)
        else:
            self.values, self.when = values, at
        if at > self.seen:
            self.gap_s = at - self.seen
        self.seen = at

    def set_back(self, at: float) -> None:
        """Move everything with a clock that was set back to before the last poll."""
        back = self.seen - at
        self.when = self.when - back
        self.bins = {row: [(when - back, amount) for when, amount in kept] for row, kept in self.bins.items()}
        self.seen = at


class Pasts:
    """What was read of each target, by column and way of reading."""

    def __init__(self, columns_max: int = COLUMNS_MAX) -> None:
        self._targets: dict[str, dict[Which, _Past]] = {}
        self._columns_max = columns_max
        self.dropped: Counter[str] = Counter()  # columns that were not followed, by metric

    def read(self, target: str, spot: Spot, measure: Measure, at: float, *, skips_zero: bool = False) -> Floats | None:
        """Return a column as a measure reads it, float64[rows] before `scale`: NaN where nothing can be said.

        None where nothing can be said of any row, as at the first poll, and with `skips_zero` also where nothing
        happened in any. A counter that fell was reset: of the time since the poll before nothing is known.
        """
        if measure.read == "value":
            return floats(spot.column)
        if measure.read == "time_left":
            return floats(spot.column) - at
        pasts = self._targets.setdefault(target, {})
        which = (spot.place, measure.metric, measure.read, measure.window_s)
        past = pasts.get(which)
        if past is None:
            if len(pasts) < self._columns_max:
                pasts[which] = _Past(spot.rows, floats(spot.column), at, at, packed=_packed(spot.column))
            else:
                self.dropped[measure.metric] += 1
            return None
        past.follow(spot.rows)
        if skips_zero and past.is_same(spot.column, at):
            return None
        values = floats(spot.column)
        told = _rates(past, values, at) if measure.read == "rate" else _within(past, values, at, measure)
        past.packed = _packed(spot.column)
        return told

    def forget(self, now: float) -> None:
        """Drop what was not read for a day."""
        for target, pasts in tuple(self._targets.items()):
            for which in [which for which, past in pasts.items() if now - past.seen > FORGET_S]:
                del pasts[which]
            if not pasts:
                del self._targets[target]


def _packed(column: Column) -> "array[Any] | None":
    return column if isinstance(column, array) else None


def _rates(past: _Past, values: Floats, at: float) -> Floats | None:
    grown, elapsed = values - past.values, at - past.when
    told = at > past.seen and at - past.seen >= _EARLY * past.gap_s
    past.take(values, at)
    if not told:
        return None
    rates: Floats = grown / elapsed
    rates[(grown < 0) | (elapsed > GAP_MAX_S)] = np.nan
    return rates


def _within(past: _Past, values: Floats, at: float, measure: Measure) -> Floats:
    """Return growth, or changes, within the window. What happened between two polls further apart is in no window."""
    if at < past.seen:
        past.set_back(at)
    change = values - past.values
    happened = change > 0 if measure.read == "increase" else (change != 0) & ~np.isnan(change)
    happened &= at - past.when <= measure.window_s
    for row in happened.nonzero()[0].tolist():
        _add(past.bins.setdefault(row, []), at, float(change[row]) if measure.read == "increase" else 1.0, measure)
    found = np.where(np.isnan(change), np.nan, 0.0)
    for row, kept in tuple(past.bins.items()):
        while kept and kept[0][0] <= at - measure.window_s:
            del kept[0]
        if kept:
            found[row] += sum(amount for _, amount in kept)
        else:
            del past.bins[row]
    past.take(values, at)
    return found


def _add(kept: list[tuple[float, float]], at: float, amount: float, measure: Measure) -> None:
    """Keep an amount; what came within a twelfth of the window counts as of the first of it."""
    if kept and at - kept[-1][0] < measure.window_s / _BINS:
        first, before = kept[-1]
        kept[-1] = (first, before + amount)
    else:
        kept.append((at, amount))
