"""Time to saturation in periods: when a series of daily values first reaches its limit. Pure, over many series at once.

Each window of the recent past (2, 4 and 8 weeks) gives a trend: the median slope over pairs of days one week apart, and
two weeks and more (Theil 1950, Sen 1968), with an error from what of the series is noise and what a random walk. The
windows count by their precision, as far as shorter ones agree. The time to the limit is read off the mixture of their
first-passage distributions. What happened at once is no trend: single steps are taken out before.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api.columns import Flags, Floats
from rules.forecasts.noise import Unsettled, median, slope_variance, unsettled
from rules.forecasts.steps import Stepless, without_steps

Counts: TypeAlias = NDArray[np.intp]

WINDOWS: Final = (2, 4, 8)  # seasons looked back: half a month for what is new, two months for what lasts
MIN_VALUES: Final = 10  # below it there are fewer than three pairs a week apart
AHEAD: Final = 4  # times as many periods as were seen: further nothing is told
CYCLE_SEASONS: Final = 5  # in less of a past a month's cycle need not show: no further than as long again
TREND_SHARE: Final = 0.03  # of a slope: its least error, however smooth the past was
FAVOUR: Final = 1.5  # power of its precision by which a window counts: long ones tell more while nothing contradicts
DOUBT: Final = 0.1  # most series go nowhere: a slope of a third (the root of this) of its error is taken for half
FAR_SEASONS: Final = 3  # over which noise that lasts for days is told from growth
PEAK_SEASONS: Final = 3  # recent peaks whose median says how far the highest day of a week stands above the trend
PEAK_SCALE: Final = 2.0  # median absolute deviations of some eight peaks that make their standard deviation
ANSWERED: Final = 0.5  # of four weeks' growth: a single relief so near the limit was an answer to it, no habit
OUTGROWN: Final = 0.1  # of a relief: a series that much higher than where one was made is not relieved there any more
CHUNK: Final = 512  # series worked on together: their columns stay in the processor's cache
NODES: Final = (-1.593, -0.967, -0.589, -0.282, 0.0, 0.282, 0.589, 0.967, 1.593)  # of the normal: 1/18, 3/18, ...
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
    """Return how far values are beyond their bounds: negative within, 0 at the bound; NaN where either is missing.

    Each row in a unit of its own, a power of two, so that squares neither overflow nor vanish; times do not depend on
    the unit.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        beyond = np.where(falling[:, None], bounds[:, None] - values, values - bounds[:, None])
    beyond[~np.isfinite(beyond)] = np.nan
    _, exponents = np.frexp(np.fmax.reduce(np.abs(beyond), axis=1, initial=0.0))
    scaled: Floats = np.ldexp(beyond, -exponents[:, None])
    return scaled


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
    seen = known.sum(axis=1)
    fit = (seen >= MIN_VALUES) & known[:, -season:].any(axis=1)
    lengths = lengths_of(known)
    near, far = _lags(lengths, season)
    for lag in np.unique(near[fit]):
        for times in np.unique(far[fit & (near == lag)]):  # seven kinds at most, nearly always one
            rows = np.flatnonzero(fit & (near == lag) & (far == times))
            found[:, rows] = _alike(beyond[rows], lengths[rows], (int(lag), int(times)), season, horizon)
    found = np.where(found <= reach(known, season), found, np.inf)
    found[:, last_value(beyond) >= 0] = 0.0
    return found


def reach(known: Flags, season: int = 7) -> Floats:
    """Return how many periods ahead something is told of each row, float64[n]: by how many were seen, over how long."""
    periods: Floats = np.where(lengths_of(known) >= CYCLE_SEASONS * season, AHEAD, 1.0) * known.sum(axis=1)
    return periods


def lengths_of(known: Flags) -> Counts:
    """Return how many columns each row has from its first value on: a short past stands at the end of its row."""
    return np.where(known.any(axis=1), known.shape[1] - known.argmax(axis=1), 0)


def _lags(lengths: Counts, season: int) -> tuple[Counts, Counts]:
    """Return over which lag noise is measured, and over how many times it: whole seasons if the past is long enough."""
    near = np.clip((lengths - 1) // 3, 1, season)
    return near, np.clip((lengths - near) // (2 * near), 1, FAR_SEASONS)


def _alike(beyond: Floats, lengths: Counts, lags: tuple[int, int], season: int, horizon: int) -> Floats:
    """Return float64[3, n] for rows whose noise is measured over the same lags."""
    series, ahead = without_steps(beyond[:, -int(lengths.max()) :]), steps_ahead(horizon)
    reached = _reached(series, lengths, unsettled(series.values, *lags), season, ahead)
    return crossing(reached, ahead)


def steps_ahead(horizon: int) -> Floats:
    """Return the steps at which the distribution is computed: each one at first, then some 10% apart."""
    near = np.arange(1.0, min(14, horizon) + 1)
    far = np.geomspace(14, horizon, max(2, round(np.log(horizon / 14) / 0.1)))[1:] if horizon > near[-1] else near[:0]
    return np.concatenate([near, far])


def _reached(series: Stepless, lengths: Counts, rest: Unsettled, season: int, ahead: Floats) -> Floats:
    """Return float64[n, len(ahead)]: the probability that the bound is reached until then."""
    slopes = [_trend(series.values[:, -seasons * season :], season) for seasons in WINDOWS]
    errors = [slope_variance(rest, np.minimum(lengths, seasons * season).astype(np.float64)) for seasons in WINDOWS]
    total = np.zeros((len(series.values), len(ahead)))
    for plain, error, share in zip(slopes, errors, shares(slopes, errors, FAVOUR), strict=True):
        slope = plain * np.square(plain) / np.maximum(np.square(plain) + DOUBT * error, np.finfo(float).tiny)
        level, spread = _peaks(series.values, slope, season)
        drift = error + (TREND_SHARE * slope) ** 2
        total += share[:, None] * passed(_Course(level, slope, spread, rest.diffusion, drift), season, ahead)
    again = _relief_again(series, slopes[1] * 4 * season, season)
    reached: Floats = total * (1 - again)[:, None]
    return reached


def shares(slopes: list[Floats], errors: list[Floats], favour: float = 1.0) -> list[Floats]:
    """Return each window's share in the mixture, shortest first: by its precision, as far as shorter ones agree.

    `errors` are the variances of the slopes; the precision counts to the power `favour`. A window that reaches back
    before a change of regime is precise and wrong: its slope is many of the shorter ones' errors away from theirs.
    """
    found = []
    for place, (slope, error) in enumerate(zip(slopes, errors, strict=True)):
        off = np.zeros(len(slope))
        for shorter, wide in zip(slopes[:place], errors[:place], strict=True):
            off += np.square(ratio(slope - shorter, np.sqrt(wide)))
        precision = np.where(errors[0] > 0, ratio(errors[0], error, 1e6), np.isfinite(error))
        found.append(precision**favour / (1 + off))
    total = sum(found, np.zeros(len(slopes[0])))
    return [one / total for one in found]


@dataclass(frozen=True, slots=True, eq=False)
class _Course:
    """Where a series goes. float64[n] each; level 0 is the bound."""

    level: Floats  # of the highest day of a season, now
    slope: Floats
    spread: Floats  # of the highest days around their level
    diffusion: Floats
    drift: Floats  # variance of the slope


def _trend(window: Floats, season: int) -> Floats:
    """Return the median slope per period; 0 where there are no pairs. Closer pairs would show the season's shape."""
    width = max(window.shape[1], season + 1)
    lags = (season, *range(2 * season, width))
    slopes = np.concatenate([(window[:, lag:] - window[:, :-lag]) / lag for lag in lags], axis=1)
    return np.nan_to_num(median(slopes))


def _peaks(values: Floats, slope: Floats, season: int) -> tuple[Floats, Floats]:
    """Return where the highest days of the last seasons stand as seen from now, along the slope, and their spread."""
    width = values.shape[1]
    level = values - slope[:, None] * np.arange(1.0 - width, 1.0)
    level = np.where(np.isnan(level), -np.inf, level)
    ends = range(width, 0, -season)
    peaks = np.stack([level[:, max(0, end - season) : end].max(axis=1) for end in ends], axis=1)
    peaks[np.isneginf(peaks)] = np.nan
    now = median(peaks[:, :PEAK_SEASONS])
    return now, np.nan_to_num(PEAK_SCALE * median(np.abs(peaks - median(peaks)[:, None])))


def passed(course: _Course, season: int, ahead: Floats) -> Floats:
    """Return float64[n, len(ahead)]: how likely the highest day of some season has been past 0 until each step.

    The course itself is uncertain and stays so: NODES equally likely ones stand for all. Along each, every season
    draws its highest day anew.
    """
    total = np.zeros((len(course.level), len(ahead)))
    mean = course.level[:, None] + course.slope[:, None] * ahead
    share = np.diff(ahead, prepend=0.0) / season
    spread = course.spread[:, None]  # also how well the level is known: from few peaks, and those alike
    wide = np.sqrt(spread**2 + course.diffusion[:, None] * ahead + course.drift[:, None] * ahead**2)
    for node in NODES:
        score = ratio(mean + node * wide, spread)
        survived = np.cumsum(np.log1p(-np.minimum(normal(score), 1 - 1e-12)) * share, axis=1)
        total += np.exp(survived)
    reached: Floats = 1 - total / len(NODES)
    return reached


def ratio(upper: Floats, lower: Floats, most: float = 8.0) -> Floats:
    """Return upper / lower, no larger than `most` (8: what the normal distribution tells apart); 0 / 0 is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.clip(np.nan_to_num(upper / lower), -most, most)


def normal(score: Floats) -> Floats:
    """Return the normal distribution function, by the tanh approximation of Page (1977): off by at most 0.0003."""
    below: Floats = 0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * score * (1 + 0.044715 * score * score)))
    return below


def probability(level: Floats, slope: Floats, diffusion: Floats, drift: Floats, ahead: Floats) -> Floats:
    """Return how likely a level is past 0 at each step: its mean moves by the slope, its variance by both others.

    `diffusion` is the variance that each step adds, `drift` that of the slope itself. The normal distribution function
    is the tanh approximation of Page (1977), off by at most 0.0003.
    """
    wide = np.sqrt(diffusion[:, None] * ahead + drift[:, None] * ahead**2)
    return normal(ratio(level[:, None] + slope[:, None] * ahead, wide))


def _relief_again(series: Stepless, usual: Floats, season: int) -> Floats:
    """Return the probability that the way to the limit is cut short as it was before: a disk cleaned each month.

    By the rule of succession, for as much of four weeks' growth (`usual`) as the reliefs undid. Not where the series is
    past the height at which it was relieved; nor after a single relief shortly before the limit: whoever made it when
    the limit was near counts on being told the next time. So one relief hides a limit at most until it is two weeks
    off, less a tenth of the relief.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # of next to nothing they undid all
        undone = np.clip(np.nan_to_num(series.relief / np.maximum(usual, 0)), 0, 1)
    now = np.fmax.reduce(series.values[:, -season:], axis=1)
    outgrown = now > series.relieved + OUTGROWN * series.relief / np.maximum(series.reliefs, 1)
    answered = (series.reliefs == 1) & (-series.relieved <= ANSWERED * usual)
    habit = (series.reliefs > 0) & ~outgrown & ~answered
    return np.where(habit, undone * (series.reliefs + 1) / (series.reliefs + 2), 0)


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
