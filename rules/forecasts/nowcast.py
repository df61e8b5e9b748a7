"""Time to saturation within minutes and hours, from single readings at irregular times. Pure, over many series at once.

What lies this near is decided by what began a short while ago, so the longest recent stretch that one straight line
(a median of slopes, Sen 1968) still describes is what counts. And a trend is no law: having lasted for S, it lasts
another h with the probability sqrt(S / (S + h)), so that after 20 minutes of it an hour is the most that is told.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from netmon.api.columns import Flags, Floats
from rules.forecasts.passage import CHUNK, Passage, crossing, last_value, median, probability, toward
from rules.forecasts.steps import without_steps

STRETCHES: Final = (8, 16, 32, 64)  # readings looked back, the longest that is still straight counts
MIN_READINGS: Final = 8
LAGS: Final = (0.25, 0.5, 0.75)  # of a stretch: how far apart the readings are that make a slope
INFLATION: Final = 2.0  # how much more a trend varies after the stretch than within it
BENT: Final = 2.0  # times the noise that the newest readings may lie off the line
CLEAR: Final = 3.0  # times the noise by which a trend must have moved within its stretch
STEPS: Final = 40  # of the distribution, geometrically spaced up to the horizon


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """A straight line through a stretch of readings. float64[n] each; NaN where there are too few readings."""

    slope: Floats  # per second
    level: Floats  # at the newest reading
    noise: Floats  # spread around the line
    diffusion: Floats  # variance that each second adds
    span_s: Floats


def soon(at: Floats, values: Floats, bounds: Floats, falling: Flags, *, horizon_s: float) -> Passage:
    """Foretell the seconds from its newest reading until each series first reaches its bound.

    `at` (Unix seconds, rising) and `values` are float64[n, w], oldest first, NaN wherever there is no reading; `bounds`
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
    fit = (np.isfinite(beyond) & np.isfinite(at)).sum(axis=1) >= MIN_READINGS
    if fit.any():
        times, readings = newest_last(at[fit], beyond[fit])
        line = _straight(times - times[:, -1:], without_steps(readings).values)
        ahead = np.geomspace(horizon_s / 200, horizon_s, STEPS)
        found[:, fit] = crossing(_reached(line, ahead), ahead)
    if beyond.shape[1]:
        found[:, last_value(beyond) >= 0] = 0.0
    return found


def newest_last(at: Floats, beyond: Floats) -> tuple[Floats, Floats]:
    """Return the newest readings of each row moved together at its end, as many as the longest stretch takes."""
    missing = ~(np.isfinite(beyond) & np.isfinite(at))
    if missing.any():
        order = np.argsort(~missing, axis=1, kind="stable")
        at, beyond = (np.take_along_axis(np.where(missing, np.nan, one), order, axis=1) for one in (at, beyond))
    return at[:, -STRETCHES[-1] :], beyond[:, -STRETCHES[-1] :]


def _straight(times: Floats, readings: Floats) -> _Line:
    """Return the line through the longest stretch which the newest readings do not leave."""
    best = _line(times, readings, STRETCHES[0])
    straight = np.ones(len(times), np.bool_)
    for stretch in STRETCHES[1:]:
        if stretch >= 2 * times.shape[1]:
            break
        longer = _line(times, readings, stretch)
        straight &= _follows(longer, times, readings)
        best = _Line(*(np.where(straight, getattr(longer, name), getattr(best, name)) for name in _Line.__slots__))
    return best


def _line(times: Floats, readings: Floats, stretch: int) -> _Line:
    """Fit one line through the newest readings of each row."""
    times, readings = times[:, -stretch:], readings[:, -stretch:]
    lags = sorted({max(1, round(share * times.shape[1])) for share in LAGS})
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = [(readings[:, lag:] - readings[:, :-lag]) / (times[:, lag:] - times[:, :-lag]) for lag in lags]
    slope = median(np.concatenate(slopes, axis=1))
    off = readings - slope[:, None] * times
    level = median(off[:, -MIN_READINGS:])
    noise = 1.4826 * median(np.abs(off - median(off)[:, None]))
    apart, moved = times[:, lags[0] :] - times[:, : -lags[0]], off[:, lags[0] :] - off[:, : -lags[0]]
    with np.errstate(divide="ignore", invalid="ignore"):
        diffusion = (1.4826 * median(np.abs(moved))) ** 2 / median(apart)
    return _Line(slope, level, noise, diffusion, -np.nanmin(times, axis=1))


def _follows(line: _Line, times: Floats, readings: Floats) -> Flags:
    """Tell whether the newest readings lie on a line, within its noise."""
    newest = readings[:, -MIN_READINGS // 2 :] - line.slope[:, None] * times[:, -MIN_READINGS // 2 :]
    follows: Flags = np.abs(median(newest) - line.level) <= BENT * line.noise
    return follows


def _reached(line: _Line, ahead: Floats) -> Floats:
    """Return float64[n, len(ahead)]: the probability that the bound is reached until then."""
    span = np.maximum(line.span_s, 1e-9)
    drift = INFLATION**2 * line.diffusion / span
    reached = probability(line.level + line.noise, line.slope, line.diffusion, drift, ahead)
    clear = line.slope * span >= CLEAR * line.noise
    reached = np.where(clear[:, None], np.maximum.accumulate(reached, axis=1), 0.0)
    lasts = np.sqrt(span[:, None] / (span[:, None] + ahead))
    return np.cumsum(np.diff(reached, axis=1, prepend=0.0) * lasts, axis=1)
