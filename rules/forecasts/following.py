"""Open matters of series with a trend: they begin, go on and end, and their predictions are kept to account. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import inf
from typing import Final, Protocol

import numpy as np

from netmon.api import Event, Finding, Value
from netmon.api.columns import Book, Floats
from rules.forecasts import declared, matters
from rules.forecasts.account import ALL, Account
from rules.forecasts.declared import Horizon
from rules.forecasts.estimates import Estimates
from rules.forecasts.matters import Matter, tier_of
from rules.forecasts.settings import ForecastSettings
from rules.forecasts.telling import Told, finding
from rules.forecasts.tracks import DAY_S, FIVE_MINUTES_S, Rows, Tracks
from rules.pack import Forecast

Said = Iterator[Finding | Event]

_JUDGE_S: Final = 60.0  # between two looks at an open matter
_SILENT_S: Final = 1_800.0  # without a poll: nothing more is known of it
_REACHED_MAX: Final = 10_000  # keys; as many matters may be open
_KNOWN: Final = {Horizon.MINUTES: 16, Horizon.HOURS: 16, Horizon.DAYS: 14}  # values with which one could have foretold
_UNITS: Final = {Horizon.MINUTES: 3_600.0, Horizon.HOURS: 3_600.0, Horizon.DAYS: float(DAY_S)}


class Declares(Book, Protocol):
    """A book that also knows which forecast is declared of a series."""

    def forecast_of(self, slot: int) -> Forecast | None:
        """Return what a pack declares of the series at a slot."""

    def is_met(self, slot: int) -> bool:
        """Tell whether the series came since the start, or since the packs changed; before, nothing is known of it."""


class Following:
    """Matters by key. `dropped` counts those beyond the cap."""

    def __init__(self, panel: Declares, tracks: Tracks, estimates: Estimates, settings: ForecastSettings) -> None:
        self.settings = settings
        self._panel = panel
        self._tracks = tracks
        self._estimates = estimates
        self.matters: dict[str, Matter] = {}
        self.led: dict[int, str] = {}  # slot → key of its matter
        self._reached: dict[str, float] = {}  # key → when its limit was last reached, the latest last
        self._looks: dict[int, int] = {}  # slot → looks at polls in a row that found something
        self.account = Account(settings.account)
        self.dropped: Counter[str] = Counter()

    def judge(self, row: int, now: float) -> Said:
        """Say what the horizons say of a row that was just looked at."""
        slot = int(self._tracks.slot[row])
        if slot in self.led:
            yield from self._again(self.matters[self.led[slot]], now)
            return
        told = self._told(row)
        matter = None if told is None else self._new(row, told, now)
        if told is None or matter is None:
            self._looks.pop(slot, None)
            return
        seen = self._looks[slot] = self._looks.get(slot, 0) + 1
        if matter.look.horizon is Horizon.MINUTES and seen < self.settings.looks:
            return
        if len(self.matters) >= self.settings.matters_max:
            self.dropped["matters_max"] += 1
            return
        self.adopt(matter)
        self._looks.pop(slot, None)
        yield self._say(matter, told, now)
        yield from self._predict(matter, told, now)

    def calm(self, rows: Rows) -> None:
        """Note that nothing is ahead of these rows' polls."""
        if self._looks:
            for slot in self._tracks.slot[rows].tolist():
                self._looks.pop(slot, None)

    def adopt(self, matter: Matter) -> None:
        """Take a matter in."""
        self.matters[matter.key] = matter
        self.led[matter.slot] = matter.key

    def tick(self, now: float) -> Said:
        """Look again at what is open, and score what did not come true in time."""
        for matter in tuple(self.matters.values()):
            if matter.reached_at is not None or not 0 <= now - matter.judged < _JUDGE_S:
                yield from self._again(matter, now)
        yield from self.account.tick(now, self._seen_at)

    def reached(self, row: int, at: float, now: float, *, by_day: bool = False, known: bool = False) -> Said:
        """Score a limit that was reached at `at`, as is known `now`; over and over while it stays beyond.

        `known`: it was reached before, and the value has not been clearly good since, so that this is no news.

        What swings with the day is judged apart: by its polls what was said from minutes or hours, where a peak that
        was not foretold is no news; by whole days what was said from days.
        """
        told, swings = self._told(row), bool(self._tracks.swings[row])
        if told is None:
            return
        fresh = False
        if by_day or not swings:
            fresh = not (known or abs(at - self._tracks.reached_at[row]) <= self.settings.account.rearm_s)
            self._tracks.reached_at[row] = at
        horizons = ALL if not swings else ALL & {"days"} if by_day else ALL - {"days"}
        subject = told.subject
        matter = self.matters.get(subject.key)  # also that of another series of the same thing
        if by_day or not swings:
            fresh &= self._is_first(subject.key, at)
        if fresh or self.account.open(subject.key):
            ought, seen_at = fresh and self._predictable(row, told.forecast, at), now if by_day else at
            yield from self.account.reached(
                subject, at, told.bound, seen_at=seen_at, predictable=ought, horizons=horizons
            )
        if matter is not None and matter.reached_at is None and matter.look.horizon.name.lower() in horizons:
            matter.reached_at = now

    def _is_first(self, key: str, at: float) -> bool:
        """Tell whether no other series of the matter reached the limit lately: two MIBs may tell of one disk."""
        before = self._reached.pop(key, -inf)
        self._reached[key] = at
        if len(self._reached) > _REACHED_MAX:
            del self._reached[next(iter(self._reached))]
        return not abs(at - before) <= self.settings.account.rearm_s

    def turned(self, row: int, now: float, *, within_day: bool) -> Said:
        """Close what was foretold: the value made a clear step away from its limit."""
        told, matter = self._told(row), self._own(row)
        self._tracks.turn_at[row] = np.inf
        if told is None or matter is None:
            return
        yield from self.account.turned(matter.key, now)
        yield self._end(matter, told, now)
        self._estimates.forget(np.array([row], np.intp))
        if within_day:  # a whole day from after it must be known before days tell something again
            self._tracks.held_until[row] = (now // DAY_S + 2) * DAY_S

    def forget(self, slot: int) -> Said:
        """Forget a series: what was foretold of it can no longer be judged."""
        self._looks.pop(slot, None)
        key = self.led.get(slot)
        if key is not None:
            matter = self.matters[key]
            self._drop(matter)
            yield from self.account.void(key, matter.judged)

    # ── one matter ──

    def _new(self, row: int, told: Told, now: float) -> Matter | None:
        tracks, key = self._tracks, told.subject.key
        reached_at = max(float(tracks.quiet_from[row]), self._reached.get(key, -inf))
        quiet = now - reached_at < self.settings.quiet_s or self._is_there(row) or not np.isnan(tracks.dark_from[row])
        if quiet or key in self.matters or not now - tracks.at[row] <= _SILENT_S:
            return None
        look = self._estimates.look(row, declared.horizons(told.forecast), now)
        if look is None or (look.horizon is Horizon.DAYS and self._is_known(row, now)):
            return None
        return matters.begin(told.forecast, look, int(tracks.slot[row]), key, now)

    def _is_there(self, row: int) -> bool:
        """Tell whether the value is at its limit, or was and is not clearly good yet: nothing is left to foretell."""
        return bool(self._tracks.beyond[row] or self._tracks.spent[row])

    def _is_known(self, row: int, now: float) -> bool:
        """Tell whether the limit was reached lately: to foretell from days that it will be again is no news."""
        return bool(now - self._tracks.reached_at[row] < self.settings.account.rearm_s)

    def _again(self, matter: Matter, now: float) -> Said:
        """Look at an open matter again. While its series is silent, or at its limit, it is left to expire."""
        row, matter.judged = self._row(matter.slot), now
        if not self._panel.is_met(matter.slot):
            return  # after a start: it stands until its series comes
        told = self._told(row)
        if told is None or told.forecast.name != matter.name:  # a reload took its declaration
            self._drop(matter)
            yield from self.account.void(matter.key, now)
            return
        if matter.reached_at is not None:
            if not (0 <= now - matter.reached_at < self.settings.handover_s and self._is_there(row)):
                yield self._end(matter, told, now)
            return
        if now - self._tracks.dark_from[row] >= _SILENT_S:
            yield self._end(matter, told, now)
            yield from self.account.void(matter.key, now)
            return
        is_seen = np.isnan(self._tracks.dark_from[row]) and now - self._tracks.at[row] <= _SILENT_S
        if not is_seen or self._is_there(row):
            return
        look = self._estimates.look(row, declared.horizons(told.forecast), now)
        sharper = matters.go_on(matter, told.forecast, look, now, self.settings)
        if matters.is_over(matter, now):
            yield self._end(matter, told, now)
            yield from self.account.withdrawn(matter.key, now)
            return
        if matter.far_since is None:
            yield from self._predict(matter, told, now)
        if sharper or matters.is_due(matter, now, self.settings):
            yield self._say(matter, told, now)

    def _predict(self, matter: Matter, told: Told, now: float) -> Said:
        forecast, look = told.forecast, matter.look
        made = list(
            self.account.predict(
                told.subject,
                look.impact,
                at=now,
                bound=told.bound,
                value=told.value,
                horizon=look.horizon.name.lower(),
                severity=tier_of(forecast, matter).severity,
                within_s=matter.within_s,
            )
        )
        if made:
            self._estimates.watch(look.horizon, self._row(matter.slot))
        yield from made

    def _say(self, matter: Matter, told: Told, now: float) -> Finding:
        matter.said, matter.said_p50 = now, matter.look.impact.p50
        return self._finding(matter, told, now)

    def _end(self, matter: Matter, told: Told, now: float) -> Finding:
        self._drop(matter)
        return self._finding(matter, told, now, cleared=True)

    def _finding(self, matter: Matter, told: Told, now: float, *, cleared: bool = False) -> Finding:
        told = replace(told, evidence=self._evidence(self._row(matter.slot), matter.look.horizon))
        return finding(told, matter, now, self.settings.repeat_s, cleared=cleared)

    def _drop(self, matter: Matter) -> None:
        del self.matters[matter.key]
        self.led.pop(matter.slot, None)
        row = self._row(matter.slot)
        if row >= 0:
            self._tracks.turn_at[row] = np.inf

    def _own(self, row: int) -> Matter | None:
        key = self.led.get(int(self._tracks.slot[row]))
        return None if key is None else self.matters[key]

    def _row(self, slot: int) -> int:
        return int(self._tracks.rows_of(np.array([slot], np.int32))[0])

    # ── what is known of a row ──

    def _told(self, row: int) -> Told | None:
        if row < 0:
            return None
        tracks, slot = self._tracks, int(self._tracks.slot[row])
        forecast, series = self._panel.forecast_of(slot), self._panel.series(slot)
        if forecast is None or series is None:
            return None
        return Told(forecast, series, float(tracks.value[row]), float(tracks.bound[row]))

    def _evidence(self, row: int, horizon: Horizon) -> Mapping[str, str | Value]:
        """Return what a look was made from: horizon, number of values, straight slope through them."""
        at, values = self._values(row, horizon)
        known = ~np.isnan(values)
        found: dict[str, str | Value] = {"horizon": horizon.name.lower(), "history": int(known.sum())}
        if known.sum() > 1:
            slope = float(np.polyfit(at[known] - at[known][-1], values[known], 1)[0]) * _UNITS[horizon]
            found["slope_per_day" if horizon is Horizon.DAYS else "slope_per_hour"] = float(f"{slope:.4g}")
        return found

    def _values(self, row: int, horizon: Horizon) -> tuple[Floats, Floats]:
        rows = np.array([row], np.intp)
        if horizon is Horizon.MINUTES:
            at, values = self._tracks.recent(rows)
            return at[0], values[0]
        length_s = DAY_S if horizon is Horizon.DAYS else FIVE_MINUTES_S
        periods = self._tracks.history(rows, length_s)[0]
        return np.arange(len(periods), dtype=np.float64) * length_s, periods

    def _predictable(self, row: int, forecast: Forecast, at: float) -> bool:
        """Tell whether it was watched for long enough, with enough history, to foretell it from one of the horizons."""
        return at - self._tracks.since[row] >= self.settings.account.min_lead_s and any(
            int((~np.isnan(self._values(row, horizon)[1])).sum()) >= _KNOWN[horizon]
            for horizon in declared.horizons(forecast)
        )

    def _seen_at(self, key: str) -> float:
        """Return when the series of a matter was last seen."""
        matter = self.matters.get(key)
        row = -1 if matter is None else self._row(matter.slot)
        return float(self._tracks.at[row]) if row >= 0 else 0.0
