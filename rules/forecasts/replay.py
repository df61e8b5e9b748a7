"""One recorded series, at whatever times it was read: when does it reach its limit? Pure.

Looked at in whole days where there are ten of them, and in its newest readings: as they came, by five minutes, and in
as many parts as fit. A trend of hours or minutes counts only where it is none of the ways in which the series moved
before and turned back.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from netmon.api.columns import Floats
from rules.forecasts.nowcast import MIN_READINGS, STRETCHES, soon
from rules.forecasts.passage import CYCLE_SEASONS, MIN_VALUES, WINDOWS, first_passage

DAY_S: Final = 86_400.0
WEEK_S: Final = 7 * DAY_S
MEANS_S: Final = 300.0
DAYS: Final = 7 * WINDOWS[-1]
LONGEST: Final = STRETCHES[-1]
MINUTES_AHEAD_S: Final = 3_600.0
LONG_S: Final = CYCLE_SEASONS * WEEK_S  # a past from which more than as long again is told
HOURS_AHEAD_S: Final = 28_800.0
DAYS_APART: Final = 1.5  # readings further apart than this have no days
OFTEN: Final = 8  # readings a day from which on a day has a highest and a lowest worth the name


@dataclass(frozen=True, slots=True)
class Foretold:
    """When a limit is first reached, Unix seconds; None: not foretold."""

    p10: float | None
    p50: float | None
    p90: float | None
    falling: bool  # the limit is below
    told_by: str  # days, hours or minutes: how the past was looked at; empty where nothing is foretold


@dataclass(frozen=True, slots=True)
class _Times:
    """p10, p50 and p90 in Unix seconds, inf where not within the horizon."""

    times: tuple[float, float, float]
    told_by: str


@np.errstate(over="ignore", invalid="ignore")  # means of numbers near the largest: missing from then on
def foretell(at: Floats, values: Floats, bound: float, falling: bool | None = None) -> Foretold:
    """Foretell when a series reaches a bound. `at` (Unix seconds, in any order) and `values` are float64[n].

    `falling`: the bound is reached from above; None: it is where the newest value is above it, and most others too.
    Missing values are NaN. What is at the bound now is the newest value, whatever was before.
    """
    at, values = _ordered(at, values)
    if not len(at):
        return Foretold(None, None, None, bool(falling), "")
    below = bool(values[-1] > bound and np.median(values) > bound) if falling is None else falling
    if _reached(float(values[-1]), bound, below):
        now = float(at[-1])
        return Foretold(now, now, now, below, "minutes")
    found = [*_by_days(at, values, bound, below), *_by_readings(at, values, bound, below)]
    told = [one for one in found if np.isfinite(one.times[0])]
    if not told:
        return Foretold(None, None, None, below, "")
    nearest = min(told, key=lambda one: (one.times[1], one.times[0]))
    low, middle, high = (time if np.isfinite(time) else None for time in nearest.times)
    return Foretold(low, middle, high, below, nearest.told_by)


def short_past_s(at: Floats, values: Floats) -> float | None:
    """Return over how many seconds a series was seen, if that is too short to tell further ahead; None if it is not."""
    at, _ = _ordered(at, values)
    span = float(at[-1] - at[0]) if len(at) else 0.0
    return span if span < LONG_S or len(at) < MIN_READINGS else None


def _ordered(at: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return what is there in the order of time; of several values at one time the last."""
    known = np.isfinite(at) & np.isfinite(values)
    order = np.argsort(at[known], kind="stable")
    at, values = at[known][order].astype(np.float64), values[known][order].astype(np.float64)
    last = np.append(np.diff(at) > 0, True)[: len(at)]
    return at[last], values[last]


def _reached(value: float, bound: float, falling: bool) -> bool:
    return value <= bound if falling else value >= bound


def _by_days(at: Floats, values: Floats, bound: float, falling: bool) -> list[_Times]:
    """Look at each day's highest value, or lowest, as the history does.

    Where the newest of them is at the bound and the newest reading is not, either the bound is reached at some hour of
    every day, or, if the days before were never as good as that reading, a disk was cleaned since.
    """
    numbers, extremes, often = _days(at, values, falling)
    if len(numbers) < MIN_VALUES or float(np.median(np.diff(numbers))) > DAYS_APART:
        return []
    now = float(at[-1])
    # A day's value holds for the whole of it, so a passage on the next one is in its middle; with a reading a day it
    # is a day after that reading.
    origin = (float(numbers[-1]) + 0.5) * DAY_S if often else now
    if _reached(float(extremes[-1]), bound, falling):
        if not _mended(at, values, falling):
            return [_after(now, (np.array([0.1]), np.array([0.5]), np.array([0.9])), DAY_S, now, "days")]
        numbers, extremes, origin = np.append(numbers, numbers[-1] + 1), np.append(extremes, values[-1]), now
    history = np.full(DAYS, np.nan)
    places = (numbers - numbers[-1]).astype(int) + DAYS - 1
    history[places[places >= 0]] = extremes[places >= 0]
    passage = first_passage(history[None], np.array([bound]), np.array([falling]))
    return [_after(origin, (passage.p10, passage.p50, passage.p90), DAY_S, now, "days")]


def _days(at: Floats, values: Floats, falling: bool) -> tuple[Floats, Floats, bool]:
    """Return number and highest or lowest value of each UTC day that is over, and whether days have many readings."""
    days = np.floor(at / DAY_S)
    numbers, starts, counts = np.unique(days, return_index=True, return_counts=True)
    extremes = (np.minimum if falling else np.maximum).reduceat(values, starts)
    usual = float(np.median(counts))
    whole = counts >= usual / 2
    if usual >= OFTEN and at[-1] < (numbers[-1] + 1) * DAY_S - 2 * float(np.median(np.diff(at))):
        whole[-1] = False
    return numbers[whole], extremes[whole], usual >= OFTEN


def _mended(at: Floats, values: Floats, falling: bool) -> bool:
    """Tell whether the newest value is better than all but those of the last day were in the week before it."""
    before = values[(at > at[-1] - WEEK_S) & (at <= at[-1] - DAY_S)]
    return len(before) > 0 and bool(values[-1] > before.max() if falling else values[-1] < before.min())


def _by_readings(at: Floats, values: Floats, bound: float, falling: bool) -> list[_Times]:
    """Look at the newest readings, at means of five minutes, and at means so long that all of the past is in them."""
    if len(at) < MIN_READINGS:
        return []
    spacing, span = float(np.median(np.diff(at))), float(at[-1] - at[0])
    looks: list[tuple[tuple[Floats, Floats], float, str]] = []
    if spacing <= MEANS_S / 2:
        looks.append(((at, values), MINUTES_AHEAD_S, "minutes"))
    if spacing <= MEANS_S:
        looks.append((_means(at, values, MEANS_S), HOURS_AHEAD_S, "hours"))
    elif spacing <= DAY_S / OFTEN:
        looks.append(((at, values), max(HOURS_AHEAD_S, MIN_READINGS * spacing), "hours"))
    if span < MIN_VALUES * DAY_S or spacing > DAYS_APART * DAY_S:
        # So little cannot tell a day's, a week's or a month's swing from a trend: no further ahead than as long again.
        looks.append((_means(at, values, max(spacing, span / LONGEST)), span, "hours"))
    now = float(at[-1])
    return [one for look in looks if (one := _near(look[0], bound, falling, look[1], look[2], now)) is not None]


def _means(at: Floats, values: Floats, length_s: float) -> tuple[Floats, Floats]:
    """Return the means of periods, the newest of which ends at the newest reading, and their mean times."""
    number = np.ceil((at - at[-1]) / length_s)
    _, starts, counts = np.unique(number, return_index=True, return_counts=True)
    return np.add.reduceat(at, starts) / counts, np.add.reduceat(values, starts) / counts


def _near(  # noqa: PLR0913, PLR0917 - one look, of which each part is known where it is chosen
    readings: tuple[Floats, Floats], bound: float, falling: bool, horizon_s: float, told_by: str, now: float
) -> _Times | None:
    """Return what the newest of some readings foretell; None where they are too few, or move as they always did.

    A mean that is at the bound while the newest reading, at `now`, is not foretells nothing either.
    """
    at, values = readings
    if len(at) < MIN_READINGS or not _unusual(-values if falling else values):
        return None
    newest = at[None, -LONGEST:], values[None, -LONGEST:]
    passage = soon(*newest, np.array([bound]), np.array([falling]), horizon_s=horizon_s)
    if passage.p50[0] == 0:
        return None
    return _after(float(at[-1]), (passage.p10, passage.p50, passage.p90), 1.0, now, told_by)


def _unusual(values: Floats) -> bool:
    """Tell whether the newest readings moved up as never before, or as steadily as ever.

    What rose as much before and came down again, as the load of a link does each morning, foretells nothing.
    """
    if len(values) < 2 * MIN_READINGS:
        return True
    rises = values[MIN_READINGS - 1 :] - values[: len(values) - MIN_READINGS + 1]
    before = rises[: -min(2 * LONGEST, len(rises) // 2)]
    if len(before) < LONGEST // 2:
        return True
    newest = float(rises[-1])
    return newest > float(before.max()) or float(np.median(before)) >= newest / 2 > 0


def _after(origin: float, steps: tuple[Floats, Floats, Floats], length_s: float, now: float, told_by: str) -> _Times:
    low, middle, high = (max(now, float(origin) + float(step[0]) * length_s) for step in steps)
    return _Times((low, middle, high), told_by)
