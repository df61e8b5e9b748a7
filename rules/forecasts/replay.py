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
from rules.forecasts.passage import MIN_VALUES, WINDOWS, first_passage

DAY_S: Final = 86_400.0
MEANS_S: Final = 300.0
DAYS: Final = 7 * WINDOWS[-1]
LONGEST: Final = STRETCHES[-1]
MINUTES_AHEAD_S: Final = 3_600.0
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

    `falling`: the bound is reached from above; None: it is where most values are above it. Missing values are NaN.
    """
    at, values = _ordered(at, values)
    if not len(at):
        return Foretold(None, None, None, bool(falling), "")
    below = bool(np.median(values) > bound) if falling is None else falling
    if (values[-1] <= bound) if below else (values[-1] >= bound):
        now = float(at[-1])
        return Foretold(now, now, now, below, "minutes")
    found = [*_by_days(at, values, bound, below), *_by_readings(at, values, bound, below)]
    told = [one for one in found if np.isfinite(one.times[0])]
    if not told:
        return Foretold(None, None, None, below, "")
    nearest = min(told, key=lambda one: (one.times[1], one.times[0]))
    low, middle, high = (time if np.isfinite(time) else None for time in nearest.times)
    return Foretold(low, middle, high, below, nearest.told_by)


def _ordered(at: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return what is there in the order of time; of several values at one time the last."""
    known = np.isfinite(at) & np.isfinite(values)
    order = np.argsort(at[known], kind="stable")
    at, values = at[known][order].astype(np.float64), values[known][order].astype(np.float64)
    last = np.append(np.diff(at) > 0, True)[: len(at)]
    return at[last], values[last]


def _by_days(at: Floats, values: Floats, bound: float, falling: bool) -> list[_Times]:
    """Look at each day's highest value, or lowest, as the history does: of UTC days, and of those that are over."""
    days = np.floor(at / DAY_S)
    numbers, starts, counts = np.unique(days, return_index=True, return_counts=True)
    extremes = (np.minimum if falling else np.maximum).reduceat(values, starts)
    usual = float(np.median(counts))
    whole = counts >= usual / 2
    if usual >= OFTEN and at[-1] < (numbers[-1] + 1) * DAY_S - 2 * float(np.median(np.diff(at))):
        whole[-1] = False
    numbers, extremes = numbers[whole], extremes[whole]
    if len(numbers) < MIN_VALUES or float(np.median(np.diff(numbers))) > DAYS_APART:
        return []
    history = np.full(DAYS, np.nan)
    places = (numbers - numbers[-1]).astype(int) + DAYS - 1
    history[places[places >= 0]] = extremes[places >= 0]
    passage = first_passage(history[None], np.array([bound]), np.array([falling]))
    # A day's value holds for the whole of it, so a passage on the next one is in its middle; with a reading a day it
    # is a day after that reading.
    origin = (float(numbers[-1]) + 0.5) * DAY_S if usual >= OFTEN else float(at[-1])
    return [_after(origin, (passage.p10, passage.p50, passage.p90), DAY_S, float(at[-1]), "days")]


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
    return [one for look in looks if (one := _near(look[0], bound, falling, look[1], look[2])) is not None]


def _means(at: Floats, values: Floats, length_s: float) -> tuple[Floats, Floats]:
    """Return the means of periods, the newest of which ends at the newest reading, and their mean times."""
    number = np.ceil((at - at[-1]) / length_s)
    _, starts, counts = np.unique(number, return_index=True, return_counts=True)
    return np.add.reduceat(at, starts) / counts, np.add.reduceat(values, starts) / counts


def _near(
    readings: tuple[Floats, Floats], bound: float, falling: bool, horizon_s: float, told_by: str
) -> _Times | None:
    """Return what the newest of some readings foretell; None where they are too few, or move as they always did."""
    at, values = readings
    if len(at) < MIN_READINGS or not _unusual(-values if falling else values):
        return None
    newest = at[None, -LONGEST:], values[None, -LONGEST:]
    passage = soon(*newest, np.array([bound]), np.array([falling]), horizon_s=horizon_s)
    return _after(float(at[-1]), (passage.p10, passage.p50, passage.p90), 1.0, float(at[-1]), told_by)


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
