"""What is kept of each series with a declared limit: its latest polls, five-minute means and days, in columns.

Rows are compact: most series have no limit and no row. A row takes 1.2 kB: 64 polls (time since the one before and
value, 4 bytes each), 96 five-minute means and 56 days (4 bytes each), and some 150 bytes beside them.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from netmon.api.columns import Arrays, Flags, Floats, Singles, Slots

POLLS: Final = 64
MEANS: Final = 96
DAYS: Final = 56
FIVE_MINUTES_S: Final = 300
DAY_S: Final = 86_400

_BREAK_S: Final = 1_800.0  # without a poll: what was before tells nothing over minutes
_LARGEST: Final = float(np.finfo(np.float32).max)
_NEVER: Final = -(1 << 30)  # a period so long ago that nothing of it is kept

Rows = NDArray[np.intp]

_COLUMNS: Final[Mapping[str, tuple[type[np.generic], tuple[int, ...], float]]] = {
    "slot": (np.int32, (), -1),
    "since": (np.float64, (), np.nan),  # the first poll
    "at": (np.float64, (), np.nan),  # the newest poll
    "kept_at": (np.float64, (), np.nan),  # the newest poll that is among the 64
    "value": (np.float64, (), np.nan),
    "bound": (np.float64, (), np.nan),
    "falling": (np.bool_, (), 0),
    "beyond": (np.bool_, (), 0),  # the newest poll was
    "away": (np.bool_, (), 0),  # the newest poll was a clear step away
    "reached_at": (np.float64, (), -np.inf),  # when it was last known to be beyond
    "quiet_from": (np.float64, (), -np.inf),  # when its polls were last beyond: the limit's own alert speaks
    "spent": (np.bool_, (), 0),  # its polls were beyond, and have not been clearly good since
    "hysteresis": (np.float64, (), 0.0),  # share of the bound: farther from it than that is clearly good
    "least": (np.float64, (), -np.inf),  # a value below says that there is nothing to measure
    "dark_from": (np.float64, (), np.nan),  # since when that is so; NaN: it is not
    "look_at": (np.float64, (), np.nan),  # when its polls are to be looked at again
    "held_until": (np.float64, (), -np.inf),  # days that ended before tell nothing: it stepped away since
    "turn_at": (np.float64, (3,), np.inf),  # by horizon: the distance that is a clear step away from what was foretold
    "swings": (np.bool_, (), 0),  # judged by whole days only
    "horizons": (np.bool_, (3,), 0),  # that are declared
    "kept": (np.uint8, (), 0),  # polls
    "place": (np.uint8, (), 0),  # where the next poll goes
    "gaps": (np.float32, (POLLS,), np.nan),
    "polls": (np.float32, (POLLS,), np.nan),
    "last_mean": (np.int32, (), _NEVER),  # number of the newest five minutes
    "means": (np.float32, (MEANS,), np.nan),
    "last_day": (np.int32, (), _NEVER),
    "days": (np.float32, (DAYS,), np.nan),
}


class Tracks:
    """The columns. `rows` of an argument are numbers of rows, none of them twice."""

    slot: Slots
    since: Floats
    at: Floats
    kept_at: Floats
    value: Floats
    bound: Floats
    falling: Flags
    beyond: Flags
    away: Flags
    reached_at: Floats
    quiet_from: Floats
    spent: Flags
    hysteresis: Floats
    least: Floats
    dark_from: Floats
    look_at: Floats
    held_until: Floats
    turn_at: Floats
    swings: Flags
    horizons: Flags
    kept: NDArray[np.uint8]
    place: NDArray[np.uint8]
    gaps: Singles
    polls: Singles
    last_mean: NDArray[np.int32]
    means: Singles
    last_day: NDArray[np.int32]
    days: Singles

    def __init__(self, rows_max: int) -> None:
        self._rows_max = rows_max
        self._free: list[int] = []
        self._row_of = np.full(0, -1, np.int32)
        self._adopt({name: _column(name, 0) for name in _COLUMNS})

    def __len__(self) -> int:
        return len(self.slot)

    @property
    def used(self) -> Rows:
        """Return the rows that hold a series."""
        return np.flatnonzero(self.slot >= 0)

    def rows_of(self, slots: Slots) -> NDArray[np.int32]:
        """Return the row of each slot, -1 where it has none."""
        if len(slots) and int(slots.max()) >= len(self._row_of):
            missing = int(slots.max()) + 1 - len(self._row_of)
            self._row_of = np.concatenate([self._row_of, np.full(max(missing, len(self._row_of)), -1, np.int32)])
        found: NDArray[np.int32] = self._row_of[slots]
        return found

    def add(self, slot: int) -> int | None:
        """Give a slot a row; None where there is no more room."""
        if not self._free and not self._grow():
            return None
        row = self._free.pop()
        self.rows_of(np.array([slot], np.int32))  # so that there is a place for it
        self.slot[row] = slot
        self._row_of[slot] = row
        return row

    def drop(self, rows: Rows) -> None:
        """Empty rows for others."""
        self._row_of[self.slot[rows]] = -1
        for name, (_, _, fill) in _COLUMNS.items():
            getattr(self, name)[rows] = fill
        self._free.extend(rows.tolist())

    def darken(self, rows: Rows, at: Floats) -> None:
        """Note that there was nothing to measure."""
        self.dark_from[rows] = np.fmin(self.dark_from[rows], at)

    def push(self, rows: Rows, at: Floats, values: Floats, gap_s: float) -> None:
        """Keep polls. One that is not newer than the one before is passed over; so is one nearer to it than `gap_s`."""
        gap = at - self.kept_at[rows]
        anew = ~(gap < _BREAK_S) | (gap < -_BREAK_S)  # also the first; a clock that was set back far begins anew
        fresh = rows[anew]
        self.kept[fresh] = self.place[fresh] = 0
        self.gaps[fresh] = self.polls[fresh] = np.nan
        keep = anew | (gap >= max(gap_s, 1e-3))
        rows, at, values, gap = rows[keep], at[keep], values[keep], np.where(anew, 0.0, gap)[keep]
        place = self.place[rows]
        self.gaps[rows, place] = gap
        self.polls[rows, place] = np.clip(values, -_LARGEST, _LARGEST)
        self.place[rows] = (place + 1) % POLLS
        self.kept[rows] = np.minimum(self.kept[rows] + 1, POLLS)
        self.kept_at[rows] = at

    def learn(self, rows: Rows, length_s: int, begins: float, values: Singles) -> Flags:
        """Keep what a closed period was. Return which rows it is the newest of; an older one fills its gap."""
        ring, last = (self.means, self.last_mean) if length_s == FIVE_MINUTES_S else (self.days, self.last_day)
        width, period = ring.shape[1], int(begins // length_s)
        ahead = period - last[rows].astype(np.int64)
        for step in range(1, min(int(ahead.max(initial=0)), width + 1)):  # periods between that brought nothing
            skipped = rows[ahead > step]
            ring[skipped, (period - step) % width] = np.nan
        within = ahead > -width
        ring[rows[within], period % width] = values[within]
        newest: Flags = ahead > 0
        last[rows[newest]] = period
        return newest

    def history(self, rows: Rows, length_s: int) -> Floats:
        """Return the periods of rows, float64[n, 96 or 56], the oldest first, NaN where one had no value."""
        ring, last = (self.means, self.last_mean) if length_s == FIVE_MINUTES_S else (self.days, self.last_day)
        width = ring.shape[1]
        order = (last[rows, None].astype(np.int64) + 1 + np.arange(width)) % width
        found: Floats = np.take_along_axis(ring[rows], order, axis=1).astype(np.float64)
        return found

    def recent(self, rows: Rows) -> tuple[Floats, Floats]:
        """Return the polls of rows as (Unix seconds, values), float64[n, 64], the oldest first, NaN before them."""
        order = (self.place[rows, None].astype(np.intp) + np.arange(POLLS)) % POLLS
        gaps = np.take_along_axis(self.gaps[rows], order, axis=1).astype(np.float64)
        values: Floats = np.take_along_axis(self.polls[rows], order, axis=1).astype(np.float64)
        after = np.cumsum(np.nan_to_num(gaps)[:, ::-1], axis=1)[:, ::-1]  # from before each to the newest
        at: Floats = self.kept_at[rows, None] - np.concatenate([after[:, 1:], np.zeros((len(rows), 1))], axis=1)
        return np.where(np.isnan(values), np.nan, at), values

    def save(self) -> dict[str, NDArray[Any]]:
        """Return copies of the rows in use."""
        used = self.used
        return {name: getattr(self, name)[used] for name in _COLUMNS}

    def restore(self, arrays: Arrays) -> None:
        """Take what `save` gave; ValueError where it does not fit, and then nothing has changed."""
        columns = {name: np.array(_fitting(arrays, name)) for name in _COLUMNS}
        slots = columns["slot"]
        if len({len(column) for column in columns.values()}) != 1 or len(slots) > self._rows_max:
            raise ValueError("the columns of the forecasts are not of one length")
        if len(slots) and (int(slots.min()) < 0 or len(np.unique(slots)) != len(slots)):
            raise ValueError("the slots of the forecasts are not those of different series")
        self._free = []
        self._row_of = np.full(int(slots.max(initial=-1)) + 1, -1, np.int32)
        self._row_of[slots] = np.arange(len(slots), dtype=np.int32)
        self._adopt(columns)

    def _grow(self) -> bool:
        size = len(self)
        more = min(max(size, 256), self._rows_max - size)
        if more <= 0:
            return False
        self._adopt({name: np.concatenate([getattr(self, name), _column(name, more)]) for name in _COLUMNS})
        self._free = list(range(size + more - 1, size - 1, -1))
        return True

    def _adopt(self, columns: Mapping[str, NDArray[Any]]) -> None:
        for name in _COLUMNS:
            setattr(self, name, columns[name])


def _column(name: str, rows: int) -> NDArray[Any]:
    dtype, shape, fill = _COLUMNS[name]
    return np.full((rows, *shape), fill, dtype)


def _fitting(arrays: Arrays, name: str) -> NDArray[Any]:
    dtype, shape, _ = _COLUMNS[name]
    found = arrays.get(name)
    if found is None or found.dtype != dtype or found.ndim == 0 or found.shape[1:] != shape:
        raise ValueError(f"the column {name} of the forecasts is not what it should be")
    return found
