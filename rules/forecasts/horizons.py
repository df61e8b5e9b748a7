"""Looks ahead from what is kept of series: from polls, from five-minute means, from days. Pure.

Each gives, for each row, the Unix times at which the limit is reached with 10, 50 and 90% probability: infinite where
that lies beyond the horizon, or there is no way to it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from netmon.api.columns import Flags, Floats
from rules.forecasts.nowcast import soon
from rules.forecasts.passage import first_passage
from rules.forecasts.screen import may_reach
from rules.forecasts.settings import ForecastSettings
from rules.forecasts.tracks import DAY_S, FIVE_MINUTES_S, Rows, Tracks

_LEAST: Final = 8  # values before anything is said
_HABIT: Final = 1.5  # times the largest step away that was seen
_REACH: Final = 3.0  # times the horizon: what a straight line reaches later is not looked at


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """When limits are reached, Unix seconds; which distance from the bound is a clear step away. float64[n] each."""

    p10: Floats
    p50: Floats
    p90: Floats
    turned: Floats


def by_polls(tracks: Tracks, rows: Rows, settings: ForecastSettings) -> Times:
    """Look ahead over minutes."""
    at, values = tracks.recent(rows)
    return _soon(tracks, rows, at, values, settings, settings.minutes_ahead_s)


def by_means(tracks: Tracks, rows: Rows, settings: ForecastSettings) -> Times:
    """Look ahead over hours. A mean stands for the middle of its five minutes."""
    values = tracks.history(rows, FIVE_MINUTES_S)
    begins = tracks.last_mean[rows, None].astype(np.float64) + np.arange(1 - values.shape[1], 1)
    at = np.where(np.isnan(values), np.nan, (begins + 0.5) * FIVE_MINUTES_S)
    return _soon(tracks, rows, at, values, settings, settings.hours_ahead_s)


def by_days(tracks: Tracks, rows: Rows, settings: ForecastSettings) -> Times:
    """Look ahead over days. What a day is judged by holds for its end; a passage on the next day is in its middle."""
    values, bounds, falling = tracks.history(rows, DAY_S), tracks.bound[rows], tracks.falling[rows]
    steps = first_passage(values, bounds, falling, horizon=settings.days_ahead)
    ends = (tracks.last_day[rows].astype(np.float64) + 1.0) * DAY_S
    there = ~(steps.p50 > 0)  # it is there already: nothing is left to be foretold
    times = [np.where(there, np.inf, ends + _middle(p) * DAY_S) for p in (steps.p10, steps.p50, steps.p90)]
    return Times(times[0], times[1], times[2], _turned(values, bounds, falling, settings.account.turned_share))


def _middle(steps: Floats) -> Floats:
    return np.maximum(steps - 0.5, 0.0)


def _soon(  # noqa: PLR0913, PLR0917  # what a look is made of
    tracks: Tracks, rows: Rows, at: Floats, values: Floats, settings: ForecastSettings, ahead_s: float
) -> Times:
    bounds, falling = tracks.bound[rows], tracks.falling[rows]
    found = soon(at, values, bounds, falling, horizon_s=ahead_s)
    newest = at[:, -1]
    there = ~(found.p50 > 0)
    times = [np.where(there, np.inf, newest + seconds) for seconds in (found.p10, found.p50, found.p90)]
    return Times(times[0], times[1], times[2], _turned(values, bounds, falling, settings.account.turned_share))


def _turned(values: Floats, bounds: Floats, falling: Flags, share: float) -> Floats:
    """Return the distance from the bound that would be a clear step away from it.

    Farther than the newest value by a share of its own distance, by half that share of all that the values moved, and
    by half as much again as they ever stepped away by themselves: logs are rotated, and on Saturdays links are idle.
    """
    away = np.where(falling[:, None], values - bounds[:, None], bounds[:, None] - values)
    known = ~np.isnan(away)
    newest = np.take_along_axis(away, (away.shape[1] - 1 - np.argmax(known[:, ::-1], axis=1))[:, None], axis=1)[:, 0]
    spread = np.max(np.where(known, away, -np.inf), axis=1) - np.min(np.where(known, away, np.inf), axis=1)
    steps = np.diff(away, axis=1)
    habit = np.max(np.where(np.isnan(steps), 0.0, steps), axis=1, initial=0.0)
    turned: Floats = newest + np.maximum(np.maximum(share * newest, share / 2 * spread), _HABIT * habit)
    return turned


def off(values: Floats, bounds: Floats, falling: Flags) -> Floats:
    """Return how far values are from their bounds, negative beyond them."""
    return np.where(falling, values - bounds, bounds - values)


def polls_approach(tracks: Tracks, rows: Rows, settings: ForecastSettings) -> Flags:
    """Tell which rows' polls go towards the bound fast enough for a thorough look."""
    at, values = tracks.recent(rows)
    return _approach(at, values, tracks, rows, settings.minutes_ahead_s)


def means_approach(tracks: Tracks, rows: Rows, settings: ForecastSettings) -> Flags:
    """Tell which rows' five-minute means go towards the bound fast enough."""
    values = tracks.history(rows, FIVE_MINUTES_S)
    at = np.where(np.isnan(values), np.nan, np.arange(values.shape[1]) * float(FIVE_MINUTES_S))
    return _approach(at, values, tracks, rows, settings.hours_ahead_s)


def days_approach(tracks: Tracks, rows: Rows, settings: ForecastSettings) -> Flags:
    """Tell which rows' days may lead to the bound."""
    values = tracks.history(rows, DAY_S)
    with np.errstate(invalid="ignore"):  # rows without a day
        return may_reach(values, tracks.bound[rows], tracks.falling[rows], horizon=settings.days_ahead)


def _approach(at: Floats, values: Floats, tracks: Tracks, rows: Rows, ahead_s: float) -> Flags:
    """Tell where the mean of the newest quarter, the half or all of it, moved towards the bound fast enough.

    A straight line from the older half of a stretch to its newer half is what is cheap; whoever passes gets a
    thorough look, so that it errs on the side of too many.
    """
    distance = off(values[:, -1], tracks.bound[rows], tracks.falling[rows])
    sign = np.where(tracks.falling[rows], -1.0, 1.0)
    width = values.shape[1]
    enough = (~np.isnan(values)).sum(axis=1) >= _LEAST
    found = np.zeros(len(rows), np.bool_)
    for stretch in (width, width // 2, width // 4, _LEAST):
        older, newer = slice(width - stretch, width - stretch // 2), slice(width - stretch // 2, width)
        moved = (_mean(values[:, newer]) - _mean(values[:, older])) * sign
        passed = _mean(at[:, newer]) - _mean(at[:, older])
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            found |= (moved > 0) & (distance * passed <= moved * (_REACH * ahead_s))
    approaches: Flags = found & enough & (distance > 0)
    return approaches


def _mean(values: Floats) -> Floats:
    known = ~np.isnan(values)
    count = known.sum(axis=1)
    total: Floats = np.where(known, values, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
