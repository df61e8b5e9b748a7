"""What happened at once in a series, as against what goes on: steps are found, and taken out of the past. Pure."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from netmon.api.columns import Floats

STEP: Final = 8.0  # times the usual change of a period: a change this large is an event, not growth
EVENTS: Final = 3  # changes left out of what is usual: with more of them they are a habit


@dataclass(frozen=True, slots=True, eq=False)
class Stepless:
    """Series as if their steps had never been: the past is moved to where the present is. `values` is float64[n, w]."""

    values: Floats
    reliefs: Floats  # float64[n]: how many steps led away from the limit
    relief: Floats  # float64[n]: how far, together
    relieved: Floats  # float64[n]: the highest value from which one of them led away; -inf: none did


def without_steps(beyond: Floats) -> Stepless:
    """Take the steps out of float64[n, w], oldest first, NaN where nothing is known; up is towards the limit."""
    changes, lengths = _changes(beyond)
    squares = np.sort(np.square(np.nan_to_num(changes)), axis=1)[:, : max(changes.shape[1] - EVENTS, 0)]
    kept = np.maximum((~np.isnan(changes)).sum(axis=1) - EVENTS, 1)
    usual = np.sqrt(squares.sum(axis=1) / kept)
    least = STEP * usual[:, None]
    steps = np.where(np.abs(changes) > least, changes * lengths, 0.0)
    later = np.cumsum(steps[:, ::-1], axis=1)[:, ::-1]
    values = beyond.copy()
    values[:, :-1] += later
    fallen = _fallen(steps)
    fallen[-fallen <= least] = 0  # what an outlier left
    relieved = np.where(fallen < 0, beyond[:, 1:] - steps, -np.inf).max(axis=1, initial=-np.inf)
    return Stepless(values, (fallen < 0).sum(axis=1).astype(np.float64), -fallen.sum(axis=1), relieved)


def _fallen(steps: Floats) -> Floats:
    """Return the steps away from the limit, 0 elsewhere, but for what only took back a rise of the last two periods.

    That was an outlier; and a fall from the first two values may be the end of one.
    """
    risen = np.maximum(steps, 0)
    fallen = np.minimum(steps, 0)
    fallen[:, 1:] = np.where(fallen[:, 1:] < 0, np.minimum(fallen[:, 1:] + risen[:, :-1], 0), 0)
    fallen[:, 2:] = np.where(fallen[:, 2:] < 0, np.minimum(fallen[:, 2:] + risen[:, :-2], 0), 0)
    fallen[:, :2] = 0
    return fallen


def _changes(beyond: Floats) -> tuple[Floats, Floats]:
    """Return float64[n, w - 1] twice: the change per period that ends at a value, NaN where none does; its length."""
    places = np.where(np.isnan(beyond), 0, np.arange(beyond.shape[1]))
    before = np.maximum.accumulate(places, axis=1)[:, :-1]
    lengths = (np.arange(1, beyond.shape[1]) - before).astype(np.float64)
    changes = (beyond[:, 1:] - np.take_along_axis(beyond, before, axis=1)) / lengths
    return changes, lengths
