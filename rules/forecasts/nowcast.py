"""Time to saturation within minutes and hours, from single readings at irregular times. Pure, over many series at once.

As over days, several stretches of the recent past give a trend each, a median of slopes (Sen 1968), and count by their
precision as far as shorter ones agree: what lies this near is decided by what began a short while ago. And a trend is
no law: the shorter it has lasted, the sooner it may end.
"""

from typing import Final

import numpy as np

from netmon.api.columns import Flags, Floats
from rules.forecasts.noise import Unsettled, median
from rules.forecasts.passage import CHUNK, Passage, crossing, last_value, probability, shares, toward
from rules.forecasts.steps import without_steps

STRETCHES: Final = (8, 16, 32, 64)  # readings looked back
MIN_READINGS: Final = 8
LAGS: Final = (0.25, 0.5, 0.75)  # of a stretch: how far apart the readings are that make a slope
INFLATION: Final = 1.5  # how much more a trend varies after the stretch than within it
TREND_SHARE: Final = 0.1  # of a slope: its least error, however smooth the stretch was
LASTS: Final = 1 / 3  # a trend that lasted for S lasts h more with the probability (S / (S + h)) to this power
CLEAR: Final = 5.0  # times the noise by which a trend must have moved within its stretch
STEPS: Final = 40  # of the distribution, geometrically spaced up to the horizon


def soon(at: Floats, values: Floats, bounds: Floats, falling: Flags, *, horizon_s: float) -> Passage:
    """Foretell the seconds from its newest reading until each series first reaches its bound.

    `at` (Unix seconds) and `values` are float64[n, w], oldest first, NaN wherever there is no reading; `bounds`
    is float64[n], `falling` bool[n]. Needs MIN_READINGS readings. inf: not within the horizon; 0: the newest reading
    is at or beyond the bound.
    """
    found = np.full((3, len(values)), np.inf)
    for first in range(0, len(values), CHUNK):
        part = slice(first, first + CHUNK)
        beyond = toward(values[part], bounds[part], falling[part])
        found[:, part] = _passages(at[part], beyond, horizon_s)
    return Passage(*found)


def _passages(at: Floats, beyond: Floats, horizon_s: float) -> Floats:
    """Return float64[3, n]: p10, p50 and p90 in seconds."""
    found = np.full((3, len(beyond)), np.inf)
    if not beyond.shape[1]:
        return found
    there = in_order(at, beyond)
    fit = there.sum(axis=1) >= MIN_READINGS
    if fit.any():
        times, readings = newest_last(at[fit], beyond[fit], there[fit])
        ahead = np.geomspace(horizon_s / 200, horizon_s, STEPS)
        readings = without_steps(readings).values
        found[:, fit] = crossing(_reached(times - times[:, -1:], readings, ahead), ahead)
    found[:, last_value(beyond) >= 0] = 0.0
    return found


def in_order(at: Floats, beyond: Floats) -> Flags:
    """Tell which readings are there and older than all that follow: where a clock was set back, what is after it."""
    there = np.isfinite(at) & np.isfinite(beyond)
    following = np.fmin.accumulate(np.where(there, at, np.nan)[:, ::-1], axis=1)[:, ::-1]
    there[:, :-1] &= ~(at[:, :-1] >= following[:, 1:])
    return there


def newest_last(at: Floats, beyond: Floats, there: Flags) -> tuple[Floats, Floats]:
    """Return the newest readings of each row moved together at its end, as many as the longest stretch takes."""
    if not there.all():
        order = np.argsort(there, axis=1, kind="stable")
        at, beyond = (np.take_along_axis(np.where(there, one, np.nan), order, axis=1) for one in (at, beyond))
    return at[:, -STRETCHES[-1] :], beyond[:, -STRETCHES[-1] :]


def _reached(times: Floats, readings: Floats, ahead: Floats) -> Floats:
    """Return float64[n, len(ahead)]: the probability that the bound is reached until then."""
    unsettled = _unsettled(times, readings)
    slopes, errors, spans = [], [], []
    for stretch in STRETCHES:
        seen = np.isfinite(times[:, -stretch:]).sum(axis=1)
        slopes.append(_trend(times[:, -stretch:], readings[:, -stretch:], stretch))
        spans.append(np.maximum(-np.nanmin(times[:, -stretch:], axis=1), 1e-9))
        error = 12 * unsettled.noise / (seen * spans[-1] ** 2) + unsettled.diffusion / spans[-1]
        errors.append(np.where(seen > stretch / 2, INFLATION**2 * error, np.inf))
    noise, total = np.sqrt(unsettled.noise), np.zeros((len(times), len(ahead)))
    for share, slope, error, span in zip(shares(slopes, errors), slopes, errors, spans, strict=True):
        level = median(readings[:, -MIN_READINGS:] - slope[:, None] * times[:, -MIN_READINGS:]) + noise
        drift = error + (TREND_SHARE * slope) ** 2
        reached = np.maximum.accumulate(probability(level, slope, unsettled.diffusion, drift, ahead), axis=1)
        lasts = (span[:, None] / (span[:, None] + ahead)) ** LASTS
        reached = np.cumsum(np.diff(reached, axis=1, prepend=0.0) * lasts, axis=1)
        total += np.where(slope * span >= CLEAR * noise, share, 0.0)[:, None] * reached
    return total


def _trend(times: Floats, readings: Floats, stretch: int) -> Floats:
    """Return the median slope per second over pairs far apart in a stretch; 0 where no two times differ."""
    lags = [lag for lag in (round(part * stretch) for part in LAGS) if lag < times.shape[1]]
    if not lags:
        return np.zeros(len(times))
    pairs = [(readings[:, lag:] - readings[:, :-lag], times[:, lag:] - times[:, :-lag]) for lag in lags]
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = np.concatenate([np.where(apart > 0, moved / apart, np.nan) for moved, apart in pairs], axis=1)
    return np.nan_to_num(median(slopes))


def _unsettled(times: Floats, readings: Floats) -> Unsettled:
    """Tell noise from what stays, by how far readings lie off the line between those before and after them.

    Of noise it is 1.5 times its variance however far these are, of what stays it grows with their distance.
    """
    near, near_s = _off(times, readings, 1)
    diffusion = np.zeros(len(times))
    for lag in (3, 8):  # the longer one where there are readings enough
        far, far_s = _off(times, readings, lag)
        with np.errstate(divide="ignore", invalid="ignore"):
            grown = 2 * (far - near) / (far_s - near_s)
        diffusion = np.where(np.isfinite(grown), np.clip(grown, 0, None), diffusion)
    return Unsettled(np.maximum(near - diffusion * near_s / 2, 0) / 1.5, diffusion)


def _off(times: Floats, readings: Floats, lag: int) -> tuple[Floats, Floats]:
    """Return the variance of how far readings lie off such lines, and the seconds on either side; NaN: none do."""
    if times.shape[1] <= 2 * lag:
        return np.full(len(times), np.nan), np.full(len(times), np.nan)
    before, after = times[:, lag:-lag] - times[:, : -2 * lag], times[:, 2 * lag :] - times[:, lag:-lag]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = before / (before + after)
        line = readings[:, : -2 * lag] + share * (readings[:, 2 * lag :] - readings[:, : -2 * lag])
    off = median(np.abs(readings[:, lag:-lag] - line))
    return np.square(1.4826 * np.nan_to_num(off)), median(before + after) / 2
