"""Which series may reach their limit at all: a look that costs a hundredth of the forecast and errs on its side."""

from typing import Final

import numpy as np

from netmon.api.columns import Flags, Floats
from rules.forecasts.passage import WINDOWS, last_value, toward

SLACK: Final = 1.0  # of the spread of the weeks' growth that is added to the fastest growth seen


def may_reach(history: Floats, bounds: Floats, falling: Flags, *, season: int = 7, horizon: int = 180) -> Flags:
    """Tell which series could reach their bound within the horizon. Arrays as for `first_passage`; bool[n].

    The means of whole seasons, their fastest growth over one, three and all, half as much again and with a spread on
    top, from the highest value of the last two seasons on.
    """
    beyond = toward(history[:, -WINDOWS[-1] * season :], bounds, falling)
    if beyond.shape[1] < season + 1:
        near: Flags = last_value(beyond) >= 0 if beyond.shape[1] else np.zeros(len(beyond), np.bool_)
        return near
    whole = beyond.shape[1] // season
    known = ~np.isnan(beyond)
    filled = np.where(known, beyond, 0.0)[:, -whole * season :].reshape(len(beyond), whole, season)
    counts = known[:, -whole * season :].reshape(len(beyond), whole, season).sum(axis=2)
    with np.errstate(invalid="ignore"):
        means = filled.sum(axis=2) / np.where(counts > 0, counts, np.nan)
    top = np.where(known, beyond, -np.inf)[:, -2 * season :].max(axis=1)
    growth = _fastest(means) / season
    reach: Flags = top + 1.5 * np.maximum(growth, 0) * (horizon + season) >= 0
    return reach & np.isfinite(top)


def _fastest(means: Floats) -> Floats:
    """Return the fastest growth per season between means of seasons, plus its spread; inf where there is one alone."""
    changes = np.diff(means, axis=1)
    if not changes.shape[1]:
        return np.full(len(means), np.inf)
    known = ~np.isnan(changes)
    number = np.maximum(known.sum(axis=1), 1)
    some = np.where(known, changes, 0.0)
    mean = some.sum(axis=1) / number
    spread = np.sqrt((np.square(some - mean[:, None]) * known).sum(axis=1) / number)
    fastest = np.where(known, changes, -np.inf)[:, -3:].max(axis=1)
    return np.where(known.any(axis=1), np.maximum(mean + SLACK * spread, fastest), np.inf)
