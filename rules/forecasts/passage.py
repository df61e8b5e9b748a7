"""Time to saturation in periods: when a series of daily values first reaches its limit. Pure, over many series at once.

Each window of the recent past (2, 4 and 8 weeks) gives a trend: the median slope over pairs of days a whole number of
weeks apart (Theil 1950, Sen 1968; the weeks as in Hirsch, Slack and Smith 1982), with an uncertainty that grows with
the horizon. The time to the limit is read off the mean of their first-passage distributions, so that windows which
disagree widen the interval. What happened at once is no trend: single steps are taken out before.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from netmon.api.columns import Flags, Floats
from rules.forecasts.steps import Stepless, without_steps

WINDOWS: Final = (2, 4, 8)  # seasons looked back: half a month for what is new, two months for what lasts
MIN_VALUES: Final = 10  # below it there are fewer than three pairs a week apart
INFLATION: Final = 2.0  # trends change: how much more than within the window itself they vary after it
TREND_SHARE: Final = 0.2  # and by no less than this share of the slope, however smooth the past was
PEAK_SEASONS: Final = 3  # recent peaks whose median says how far the highest day of a week stands above the trend
CHUNK: Final = 1024  # series worked on together: their columns stay in the processor's cache
QUANTILES: Final = (0.1, 0.5, 0.9)


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """When limits are first reached, counted from the last value; inf: not within the horizon. float64[n] each."""

    p10: Floats
    p50: Floats
    p90: Floats


def first_passage(history: Floats, bounds: Floats, falling: Flags, *, season: int = 7, horizon: int = 180) -> Passage:
    """Foretell the periods from the last one until each series first reaches its bound.

    `history` is float64[n, w], oldest first, NaN where a period has no value; `bounds` is float64[n], NaN where there
    is none; `falling` is bool[n]: reached from above. 0: the last value is at or beyond the bound. A series is silent
    about its future (inf) with fewer than MIN_VALUES values or none in the last season.
    """
    found = np.full((3, len(history)), np.inf)
    for first in range(0, len(history), CHUNK):
        part = slice(first, first + CHUNK)
        ahead = toward(history[part, -WINDOWS[-1] * season :], bounds[part], falling[part])
        found[:, part] = _passages(ahead, season, horizon)
    return Passage(*found)


def toward(values: Floats, bounds: Floats, falling: Flags) -> Floats:
    """Return how far values are beyond their bounds: negative within, 0 at the bound; NaN where either is missing."""
    beyond = np.where(falling[:, None], bounds[:, None] - values, values - bounds[:, None])
    beyond[~np.isfinite(beyond)] = np.nan
    return beyond


def last_value(beyond: Floats) -> Floats:
    """Return the newest value that is there of each row; NaN where none is."""
    known = ~np.isnan(beyond)
    newest = beyond.shape[1] - 1 - np.argmax(known[:, ::-1], axis=1)
    value: Floats = beyond[np.arange(len(beyond)), newest]
    return value


def _passages(beyond: Floats, season: int, horizon: int) -> Floats:
    """Return float64[3, n]: p10, p50 and p90."""
    found = np.full((3, len(beyond)), np.inf)
    if not beyond.shape[1]:
        return found
    known = ~np.isnan(beyond)
    fit = (known.sum(axis=1) >= MIN_VALUES) & known[:, -season:].any(axis=1)
    if fit.any():
        ahead = steps_ahead(horizon)
        found[:, fit] = crossing(_reached(without_steps(beyond[fit]), season, ahead), ahead)
    found[:, last_value(beyond) >= 0] = 0.0
    return found


def steps_ahead(horizon: int) -> Floats:
    """Return the steps at which the distribution is computed: each one at first, then some 10% apart."""
    near = np.arange(1.0, min(14, horizon) + 1)
    far = np.geomspace(14, horizon, max(2, round(np.log(horizon / 14) / 0.1)))[1:] if horizon > near[-1] else near[:0]
    return np.concatenate([near, far])


def _reached(series: Stepless, season: int, ahead: Floats) -> Floats:
    """Return float64[n, len(ahead)]: the probability that the bound is reached until then."""
    total, slope = np.zeros((len(series.values), len(ahead))), np.zeros(len(series.values))
    for seasons in WINDOWS:
        window = series.values[:, -seasons * season :]
        slope, spread = _trend(window, season)
        level = _peak(window, slope, season)
        drift = INFLATION**2 * spread**2 / max(window.shape[1], 1) + (TREND_SHARE * slope) ** 2
        total += probability(level, slope, np.square(spread), drift, ahead)
    again = _relief_again(series, slope * 4 * season)
    reached: Floats = np.maximum.accumulate(total / len(WINDOWS), axis=1) * (1 - again)[:, None]
    return reached


def _trend(window: Floats, season: int) -> tuple[Floats, Floats]:
    """Return the median slope per period and the spread of one period's growth, from pairs whole seasons apart."""
    lags = range(season, max(window.shape[1], season + 1), season)
    slopes = np.concatenate([(window[:, lag:] - window[:, :-lag]) / lag for lag in lags], axis=1)
    slope = median(slopes)
    around = np.abs(window[:, season:] - window[:, :-season] - slope[:, None] * season)
    spread = 1.4826 * median(around) / np.sqrt(season)
    return np.nan_to_num(slope), np.nan_to_num(spread)


def _peak(window: Floats, slope: Floats, season: int) -> Floats:
    """Return the trend's height now as the highest day of a season has it: the median of the last seasons' peaks."""
    width = min(window.shape[1], PEAK_SEASONS * season)
    level = window[:, -width:] - slope[:, None] * np.arange(1.0 - width, 1.0)
    level = np.where(np.isnan(level), -np.inf, level)
    peaks = [level[:, max(0, end - season) : end].max(axis=1) for end in range(width, 0, -season)]
    columns = np.stack(peaks, axis=1)
    columns[np.isneginf(columns)] = np.nan
    return median(columns)


def probability(level: Floats, slope: Floats, diffusion: Floats, drift: Floats, ahead: Floats) -> Floats:
    """Return how likely a level is past 0 at each step: its mean moves by the slope, its variance by both others.

    `diffusion` is the variance that each step adds, `drift` that of the slope itself. The normal distribution function
    is the tanh approximation of Page (1977), off by at most 0.0003.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = level[:, None] + slope[:, None] * ahead
        score = mean / np.sqrt(diffusion[:, None] * ahead + drift[:, None] * ahead**2)
    score = np.clip(np.nan_to_num(score), -6, 6)
    past: Floats = 0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * (score + 0.044715 * score**3)))
    return past


def _relief_again(series: Stepless, usual: Floats) -> Floats:
    """Return the probability that the way to the limit is cut short as it was before: a disk cleaned each month.

    By the rule of succession, for as much of four weeks' growth as the reliefs undid.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        undone = np.clip(np.nan_to_num(series.relief / np.maximum(usual, 0)), 0, 1)
    return np.where(series.reliefs > 0, undone * (series.reliefs + 1) / (series.reliefs + 2), 0)


def crossing(reached: Floats, ahead: Floats) -> Floats:
    """Return float64[3, n]: the step at which a distribution over the steps ahead passes each quantile, else inf."""
    ahead = np.concatenate([[0.0], ahead])
    reached = np.concatenate([np.zeros((len(reached), 1)), reached], axis=1)
    rows, found = np.arange(len(reached)), np.full((3, len(reached)), np.inf)
    for place, quantile in enumerate(QUANTILES):
        past = reached >= quantile
        after = np.maximum(past.argmax(axis=1), 1)
        low, high = reached[rows, after - 1], reached[rows, after]
        with np.errstate(divide="ignore", invalid="ignore"):
            step = ahead[after - 1] + (ahead[after] - ahead[after - 1]) * (quantile - low) / (high - low)
        found[place] = np.where(past.any(axis=1), step, np.inf)
    return found


def median(columns: Floats) -> Floats:
    """Return the median of what is there of each row; NaN where nothing is. numpy's nanmedian is far slower."""
    if not columns.shape[1]:
        return np.full(len(columns), np.nan)
    ordered, rows = np.sort(columns, axis=1), np.arange(len(columns))  # NaN comes last
    count = np.maximum(columns.shape[1] - np.isnan(columns).sum(axis=1), 1)
    middle: Floats = (ordered[rows, (count - 1) // 2] + ordered[rows, count // 2]) / 2
    return middle
