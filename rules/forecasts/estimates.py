"""What each horizon last said of each series, when it is to be asked again, and what all say together. Pure.

Asking thoroughly costs some 0.2 ms a series, so that at most so many are asked a tick: minutes first, then hours, then
days. Whoever is not asked waits; nothing is lost.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from netmon.api import Impact
from netmon.api.columns import Flags, Floats
from rules.forecasts import horizons
from rules.forecasts.declared import HORIZONS, Horizon
from rules.forecasts.matters import Look
from rules.forecasts.settings import ForecastSettings
from rules.forecasts.tracks import DAY_S, Rows, Tracks

STALE_S: Final = {Horizon.MINUTES: 900.0, Horizon.HOURS: 3_600.0, Horizon.DAYS: 3.0 * DAY_S}

_ASKED: Final = {
    Horizon.MINUTES: horizons.by_polls,
    Horizon.HOURS: horizons.by_means,
    Horizon.DAYS: horizons.by_days,
}
_SCREENS: Final = {
    Horizon.MINUTES: horizons.polls_approach,
    Horizon.HOURS: horizons.means_approach,
    Horizon.DAYS: horizons.days_approach,
}


class Estimates:
    """Columns beside those of `Tracks`, one set a horizon."""

    def __init__(self, tracks: Tracks, settings: ForecastSettings) -> None:
        self.settings = settings
        self._tracks = tracks
        self._size = 0
        self.made: Floats = np.full((3, 0), np.nan)  # when it was last asked
        self.times: Floats = np.full((3, 3, 0), np.inf)  # p10, p50, p90; inf: not within the horizon
        self._turned: Floats = np.full((3, 0), np.inf)  # a distance that would be a clear step away
        self._to_screen: Flags = np.zeros((3, 0), np.bool_)
        self._to_ask: Flags = np.zeros((3, 0), np.bool_)
        self._after: Rows = np.zeros(3, np.intp)  # the row that the last turn ended with

    def fit(self) -> None:
        """Have a place for every row of the tracks."""
        more = len(self._tracks) - self._size
        if more > 0:
            self._size += more
            self.made = _wider(self.made, more, np.nan)
            self.times = _wider(self.times, more, np.inf)
            self._turned = _wider(self._turned, more, np.inf)
            self._to_screen = np.concatenate([self._to_screen, np.zeros((3, more), np.bool_)], axis=1)
            self._to_ask = np.concatenate([self._to_ask, np.zeros((3, more), np.bool_)], axis=1)

    def forget(self, rows: Rows) -> None:
        """Take back what was said of rows."""
        for horizon in HORIZONS:
            self.made[horizon, rows] = np.nan
            self.times[horizon][:, rows] = np.inf
            self._to_screen[horizon, rows] = self._to_ask[horizon, rows] = False

    def screen(self, horizon: Horizon, rows: Rows) -> None:
        """Have rows looked at roughly, at once or when it is their turn."""
        self._to_screen[horizon, rows] = True

    def ask_again(self, horizon: Horizon) -> None:
        """Have all rows that are on their way to the limit looked at thoroughly once more."""
        self._to_ask[horizon] |= np.isfinite(self.times[horizon, 1])

    @property
    def waiting(self) -> int:
        """Return how many looks wait for their turn."""
        return int(self._to_screen.sum() + self._to_ask.sum())

    def work(self, now: float) -> Iterator[tuple[Horizon, Rows]]:
        """Do as much as a tick may; give the rows of which there is something new."""
        room = self.settings.screens_per_tick
        for horizon in HORIZONS:
            rows = self._turn(self._to_screen, horizon, room)
            room -= len(rows)
            if len(rows):
                yield horizon, self._screened(horizon, rows, now)
        room = self.settings.full_per_tick
        for horizon in HORIZONS:
            rows = self._turn(self._to_ask, horizon, room)
            room -= len(rows)
            if len(rows):
                self._answer(horizon, rows, now)
                yield horizon, rows

    def watch(self, horizon: Horizon, row: int) -> None:
        """Remember what would be a clear step away from what was just foretold.

        What swings with the day steps away by itself within the hour: that is no averted trouble but a false alarm.
        """
        if horizon is Horizon.DAYS or not self._tracks.swings[row]:
            self._tracks.turn_at[row, horizon] = self._turned[horizon, row]

    def look(self, row: int, declared: tuple[Horizon, ...], now: float) -> Look | None:
        """Return what the horizons together say of a row: the nearest for which it is more likely than not.

        A horizon speaks where at least half of the ways reach the limit within it (p50 is finite). The nearer one sees
        what is newest: a runaway log is known from minutes while the days before know nothing of it. Where fewer than
        nine of ten ways do (p90 is not finite), the end of the horizon stands for p90.
        """
        for horizon in declared:
            made = self.made[horizon, row]
            if not abs(now - made) <= STALE_S[horizon] or (horizon is Horizon.DAYS and self._is_held(row)):
                continue
            p10, p50, p90 = self.times[horizon, :, row].tolist()
            if not np.isfinite(p50):
                continue
            is_open = not np.isfinite(p90)
            end = float(made) + self.ahead_s(horizon)
            p10, p50 = max(p10, now), max(p50, now)
            return Look(Impact(p10, p50, max(p50, end if is_open else p90)), horizon, is_open)
        return None

    def ahead_s(self, horizon: Horizon) -> float:
        """Return how far a horizon looks."""
        settings = self.settings
        return (settings.minutes_ahead_s, settings.hours_ahead_s, float(settings.days_ahead * DAY_S))[horizon]

    def _is_held(self, row: int) -> bool:
        return bool((self._tracks.last_day[row] + 1.0) * DAY_S < self._tracks.held_until[row])

    def _turn(self, waiting: Flags, horizon: Horizon, room: int) -> Rows:
        """Return the rows whose turn it is, those after the last ones first, and take them out."""
        rows = np.flatnonzero(waiting[horizon])
        if len(rows) > room:
            start = int(np.searchsorted(rows, self._after[horizon], side="right"))
            rows = np.concatenate([rows[start:], rows[:start]])[: max(room, 0)]
            if len(rows):
                self._after[horizon] = rows[-1]
        waiting[horizon, rows] = False
        return rows

    def _screened(self, horizon: Horizon, rows: Rows, now: float) -> Rows:
        """Look at rows roughly; return those for which that was enough."""
        passed = _SCREENS[horizon](self._tracks, rows, self.settings)
        self._to_ask[horizon, rows[passed]] = True
        rest: Rows = rows[~passed]
        self.made[horizon, rest] = now
        self.times[horizon][:, rest] = np.inf
        self._to_ask[horizon, rest] = False
        return rest

    def _answer(self, horizon: Horizon, rows: Rows, now: float) -> None:
        found = _ASKED[horizon](self._tracks, rows, self.settings)
        self.made[horizon, rows] = now
        for place, times in enumerate((found.p10, found.p50, found.p90)):
            self.times[horizon, place, rows] = times
        self._turned[horizon, rows] = found.turned


def _wider(columns: Floats, more: int, fill: float) -> Floats:
    return np.concatenate([columns, np.full((*columns.shape[:-1], more), fill)], axis=-1)
