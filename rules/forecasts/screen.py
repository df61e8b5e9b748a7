"""Which series may reach their limit at all: a look that costs a hundredth of the forecast and errs on its side."""

from typing import Final

import numpy as np

from netmon.api.columns import Flags, Floats
from rules.forecasts.noise import median
from rules.forecasts.passage import WINDOWS, last_value, lengths_of, toward

SEASONS: Final = 4  # with less of a past nothing is ruled out
MARGIN: Final = 1.25  # times the fastest growth seen


def may_reach(history: Floats, bounds: Floats, falling: Flags, *, season: int = 7, horizon: int = 180) -> Flags:
    """Tell which series could reach their bound within the horizon. Arrays as for `first_passage`; bool[n].

    Looks at the means of whole seasons: their fastest growth, a quarter more, from the highest value of the last two
    seasons on. False for what has no value or no bound.
    """
    beyond = toward(history[:, -WINDOWS[-1] * season :], bounds, falling)
    if not beyond.shape[1]:
        return np.zeros(len(beyond), np.bool_)
    if beyond.shape[1] < SEASONS * season:
        return np.isfinite(last_value(beyond))
    known = ~np.isnan(beyond)
    short = known.any(axis=1) & (lengths_of(known) < SEASONS * season)
    top = np.where(known, beyond, -np.inf)[:, -2 * season :].max(axis=1)
    top[np.isneginf(top)] = np.nan
    growth = _fastest(_means(beyond, known, season)) / season
    reach: Flags = top + MARGIN * growth * (horizon + season) >= 0
    return reach | short


def _means(beyond: Floats, known: Flags, season: int) -> Floats:
    """Return the mean of each whole season, the newest last: float64[n, seasons]; NaN where it has no value."""
    whole = beyond.shape[1] // season
    shape = (len(beyond), whole, season)
    counts = known[:, -whole * season :].reshape(shape).sum(axis=2)
    totals = np.where(known, beyond, 0.0)[:, -whole * season :].reshape(shape).sum(axis=2)
    means: Floats = totals / np.where(counts > 0, counts, np.nan)
    return means


def _fastest(means: Floats) -> Floats:
    """Return the fastest growth per season, not below 0: usual, of late, and of the newer half against the older.

    inf where too much is missing to tell.
    """
    changes, half = np.diff(means, axis=1), means.shape[1] // 2
    growths = (
        median(changes),
        changes[:, -1],
        (means[:, -2:] - means[:, -4:-2]).mean(axis=1) / 2,
        (means[:, -half:] - means[:, :half]).mean(axis=1) / (means.shape[1] - half),
    )
    fastest: Floats = np.fmax.reduce(growths)
    return np.where(np.isnan(fastest), np.inf, np.maximum(fastest, 0))
