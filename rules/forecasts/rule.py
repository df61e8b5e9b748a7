"""The rule: looks ahead along every series with a declared limit, and says in good time when it will be reached.

What is foretold lasts while it is seen to: a series that is silent is neither said again nor over, until it expires.
When the limit is reached the matter is over here, as soon as the limits' own alert had the time to speak. Nothing more
is foretold of a value that is at its limit, until it was clearly good again.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from netmon.api import Event, Finding
from netmon.api.columns import Arrays, Batch, Flags, Floats, Rollup, Slots
from rules.forecasts import declared
from rules.forecasts.account import Account, Prediction
from rules.forecasts.declared import Horizon, Way
from rules.forecasts.direct import Direct, DirectMatter
from rules.forecasts.estimates import Estimates
from rules.forecasts.following import Declares, Following
from rules.forecasts.horizons import off
from rules.forecasts.matters import Matter
from rules.forecasts.settings import ForecastSettings
from rules.forecasts.tracks import DAY_S, FIVE_MINUTES_S, Rows, Tracks

Said = Iterator[Finding | Event]

_OPEN: Final = "open"  # the array that holds matters and predictions, as JSON


class _Open(msgspec.Struct, forbid_unknown_fields=True):
    """What is open: matters with a trend, those without, predictions."""

    matters: list[Matter]
    direct: list[DirectMatter]
    predictions: list[Prediction]


class Forecasts:
    """Foretells when limits are reached, and keeps account of what it said."""

    name = "forecasts"

    def __init__(self, panel: Declares, settings: ForecastSettings) -> None:
        self._panel = panel
        self._settings = settings
        self._tracks = Tracks(settings.series_max)
        self._estimates = Estimates(self._tracks, settings)
        self._following = Following(panel, self._tracks, self._estimates, settings)
        self._direct = Direct(settings)
        self._ways: NDArray[np.int8] = np.zeros(0, np.int8)  # by slot: declared.Way
        self._again_at = 0.0
        self._waiting: list[Finding | Event] = []  # what learning led to, said at the next tick
        self._refused: Counter[str] = Counter()

    def __len__(self) -> int:
        """Return how many series with a declared limit are followed."""
        return len(self._tracks.used)

    @property
    def account(self) -> Account:
        """Return the predictions that are kept to account."""
        return self._following.account

    @property
    def changes(self) -> int:
        """Return a count that grows with every prediction and every outcome: what was kept before is out of date."""
        return self.account.changes

    @property
    def waiting(self) -> int:
        """Return how many looks ahead wait for their turn."""
        return self._estimates.waiting

    @property
    def dropped(self) -> Counter[str]:
        """Count what was beyond a cap: series_max, matters_max, open_max (predictions)."""
        predictions = Counter(open_max=self.account.dropped.total())
        return self._refused + self._following.dropped + self._direct.dropped + predictions

    def configure(self, settings: ForecastSettings) -> None:
        """Follow other settings (not series_max), and what the panel declares from now on."""
        self._settings = self._estimates.settings = self._following.settings = self._direct.settings = settings
        self.account.configure(settings.account)
        self._ways[:] = Way.UNKNOWN
        self._direct.configure()

    def step(self, batch: Batch) -> Said:
        """Keep the polls of a tick, and score by them what was foretold."""
        ways = self._ways_of(batch.slots)
        for place in np.flatnonzero(ways >= Way.MOMENT).tolist():
            slot, at, value = int(batch.slots[place]), float(batch.at[place]), float(batch.values[place])
            forecast, series = self._panel.forecast_of(slot), self._panel.series(slot)
            if forecast is None or series is None:
                continue
            if forecast.remaining and np.isnan(batch.bounds[place]):  # the panel says that its condition does not hold
                yield from self._direct.rest(forecast, series, slot, at)
            else:
                yield from self._direct.see(forecast, series, slot, at, value)
        places = np.flatnonzero(ways == Way.TREND)
        rows = self._tracks.rows_of(batch.slots[places]).astype(np.intp)
        dark = batch.values[places] < self._tracks.least[rows]
        self._tracks.darken(rows[dark], batch.at[places[dark]])
        known = ~dark & np.isfinite(batch.bounds[places])
        rows, mine = rows[known], places[known]
        if len(mine):
            yield from self._polled(rows, batch.at[mine], batch.values[mine], batch.bounds[mine], batch.falling[mine])

    def learn(self, rollup: Rollup) -> None:
        """Keep a closed period, also one of the past; look ahead from it where it is the newest."""
        if rollup.length_s not in {FIVE_MINUTES_S, DAY_S}:
            return
        tracks, is_day = self._tracks, rollup.length_s == DAY_S
        rows = self._rows(rollup.slots, self._ways_of(rollup.slots))
        mine = rows >= 0
        rows, values = rows[mine], rollup.mean[mine]
        if is_day:
            values = np.where(tracks.falling[rows], rollup.minimum[mine], rollup.maximum[mine])
            values = np.where(tracks.swings[rows], rollup.p95[mine], values)
        lit = ~(values < tracks.least[rows])  # a past that others kept knows of darkness too
        rows, values = rows[lit], values[lit]
        newest = tracks.learn(rows, rollup.length_s, rollup.begins, values)
        live = newest & (tracks.since[rows] < rollup.begins + rollup.length_s)  # not what was before we looked
        self._closed(rows[live], values[live].astype(np.float64), rollup.begins, is_day=is_day)
        rows = rows[newest]
        horizon = Horizon.DAYS if is_day else Horizon.HOURS
        self._estimates.screen(horizon, rows[tracks.horizons[rows, horizon]])

    def tick(self, now: float) -> Said:
        """Look ahead as much as a tick may; say again what lasts, end what is over."""
        waiting, self._waiting = self._waiting, []
        yield from waiting
        if not 0 <= now - self._again_at < self._settings.days_again_s:
            self._again_at = now
            self._estimates.ask_again(Horizon.DAYS)
        for horizon, rows in self._estimates.work(now):
            ahead = np.isfinite(self._estimates.times[horizon, 1, rows])
            for row in rows[ahead].tolist():
                yield from self._following.judge(row, now)
            if horizon is Horizon.MINUTES:
                self._following.calm(rows[~ahead])
        yield from self._following.tick(now)
        yield from self._direct.tick(now)

    def free(self, slots: Slots) -> None:
        """Forget series. What was foretold of them can no longer be judged."""
        self._ways[slots[slots < len(self._ways)]] = Way.UNKNOWN
        for slot in slots.tolist():
            self._waiting.extend(self._following.forget(slot))
        self._direct.forget(set(slots.tolist()))
        rows = self._tracks.rows_of(slots)
        taken = rows[rows >= 0].astype(np.intp)
        self._estimates.forget(taken)
        self._tracks.drop(taken)

    def save(self) -> Arrays:
        """Return what is kept of each series, and what is open."""
        following = self._following
        said = _Open(list(following.matters.values()), self._direct.save(), self.account.save())
        return {**self._tracks.save(), _OPEN: np.frombuffer(msgspec.json.encode(said), np.uint8).copy()}

    def restore(self, arrays: Arrays) -> None:
        """Take what `save` gave; ValueError where it does not fit, and then nothing has changed."""
        if _OPEN not in arrays:
            raise ValueError("the open matters of the forecasts are missing")
        said = msgspec.json.decode(arrays[_OPEN].astype(np.uint8).tobytes(), type=_Open)
        self._tracks.restore(arrays)
        self._estimates = Estimates(self._tracks, self._settings)
        self._estimates.fit()
        self._following = Following(self._panel, self._tracks, self._estimates, self._settings)
        for matter in said.matters:
            self._following.adopt(matter)
        self._direct.restore(said.direct)
        self.account.restore(said.predictions)
        self._ways[:] = Way.UNKNOWN

    # ── polls and periods ──

    def _polled(self, rows: Rows, at: Floats, values: Floats, bounds: Floats, falling: Flags) -> Said:
        tracks, settings = self._tracks, self._settings
        distance, before = off(values, bounds, falling), tracks.at[rows]
        beyond, away = distance <= 0, distance > tracks.turn_at[rows, Horizon.MINUTES]
        reached = beyond & tracks.beyond[rows]  # two in a row: one may be an outlier
        tracks.quiet_from[rows[reached]] = at[reached]
        spent = tracks.spent[rows]
        tracks.spent[rows] = reached | (spent & (distance <= tracks.hysteresis[rows] * np.abs(bounds)))
        tracks.dark_from[rows] = np.nan
        turned = away & tracks.away[rows]
        tracks.beyond[rows], tracks.away[rows] = beyond, away
        tracks.at[rows], tracks.value[rows], tracks.bound[rows] = at, values, bounds
        tracks.falling[rows] = falling
        first = np.isnan(tracks.since[rows])
        tracks.since[rows[first]] = at[first]
        tracks.push(rows, at, values, settings.poll_gap_s)
        for place in np.flatnonzero(reached).tolist():
            row, known = int(rows[place]), bool(spent[place])
            yield from self._following.reached(row, float(before[place]), float(at[place]), known=known)
        for place in np.flatnonzero(turned).tolist():
            yield from self._following.turned(int(rows[place]), float(at[place]), within_day=True)
        wait = tracks.look_at[rows] - at
        due = ~((wait > 0) & (wait <= settings.look_every_s))
        tracks.look_at[rows[due]] = at[due] + settings.look_every_s
        self._estimates.screen(Horizon.MINUTES, rows[due & tracks.horizons[rows, Horizon.MINUTES]])

    def _closed(self, rows: Rows, values: Floats, begins: float, *, is_day: bool) -> None:
        """Score what was foretold by a closed period: what swings with the day by whole days, the rest by both."""
        tracks = self._tracks
        distance, swings = off(values, tracks.bound[rows], tracks.falling[rows]), tracks.swings[rows]
        turn_at = tracks.turn_at[rows]
        by_days = turn_at[:, Horizon.DAYS]
        if is_day:
            turned, ends = distance > by_days, begins + DAY_S
        else:
            turned, ends = distance > np.where(swings, np.inf, by_days), begins + FIVE_MINUTES_S
            turned |= distance > turn_at[:, Horizon.HOURS]
        for row in rows[turned].tolist():
            self._waiting.extend(self._following.turned(row, ends, within_day=not is_day))
        for row in rows[(distance <= 0) & swings].tolist() if is_day else ():
            self._waiting.extend(self._following.reached(row, begins + DAY_S / 2, ends, by_day=True))

    # ── slots and rows ──

    def _ways_of(self, slots: Slots) -> NDArray[np.int8]:
        """Return how the time to the limit of each slot is known."""
        size = max(self._panel.size, int(slots.max(initial=-1)) + 1)
        if size > len(self._ways):
            self._ways = np.concatenate([self._ways, np.zeros(size - len(self._ways), np.int8)])
        for slot in np.unique(slots[self._ways[slots] == Way.UNKNOWN]).tolist():
            self._ways[slot] = self._resolved(slot)
        found: NDArray[np.int8] = self._ways[slots]
        return found

    def _resolved(self, slot: int) -> Way:
        """Find out what is declared of a slot, and give it a row where its trend counts."""
        if not self._panel.is_met(slot):
            return Way.UNKNOWN  # after a start: what was foretold of it stands until it comes
        forecast = self._panel.forecast_of(slot)
        found = declared.way(forecast)
        row = int(self._tracks.rows_of(np.array([slot], np.int32))[0])
        if forecast is None or found is not Way.TREND:
            if row >= 0:
                self.free(np.array([slot], np.int32))
            return found
        if row < 0:
            given = self._tracks.add(slot)
            if given is None:
                self._refused["series_max"] += 1
                return Way.NONE
            row = given
            self._estimates.fit()
        tracks = self._tracks
        tracks.swings[row] = declared.statistic(forecast) == "p95"
        tracks.falling[row], tracks.hysteresis[row] = forecast.below, forecast.hysteresis
        tracks.least[row] = -np.inf if forecast.ignore_under is None else forecast.ignore_under
        tracks.horizons[row] = [horizon in declared.horizons(forecast) for horizon in declared.HORIZONS]
        self._estimates.screen(Horizon.DAYS, np.flatnonzero(tracks.horizons[row : row + 1, Horizon.DAYS]) + row)
        return found

    def _rows(self, slots: Slots, ways: NDArray[np.int8]) -> Rows:
        """Return the row of each slot, -1 where it has none."""
        rows = np.full(len(slots), -1, np.intp)
        trend = ways == Way.TREND
        rows[trend] = self._tracks.rows_of(slots[trend])
        return rows
