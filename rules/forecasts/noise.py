"""What of a daily series is no trend: noise, in differences over any lag alike, and a random walk, which grows.

Also the median over ragged rows on which all of the forecasts stand. Pure, over many series at once.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from netmon.api.columns import Floats

MEMORY: Final = 3.0  # days that noise lasts, as the weather's: so much less do many days tell
FEW: Final = 2.0  # an estimate from m differences is taken for (1 + 2 / m) times as large
LEAST_DIFFUSION: Final = 0.007  # share of a season's change that may be lasting: two months cannot rule it out


@dataclass(frozen=True, slots=True, eq=False)
class Unsettled:
    """What of a series is not trend. float64[n] each."""

    noise: Floats  # variance of one value
    diffusion: Floats  # variance that each step ahead adds and that stays


def unsettled(values: Floats, near: int, times: int) -> Unsettled:
    """Tell noise from what stays in float64[n, w], NaN where nothing is known.

    `near` is the lag, a whole season where it can be, so that the season's shape is no noise; `times` is how many
    times as long the lag is over which noise that lasts for days is told from growth. The lesser of two estimates is
    taken, so a pure walk is found some half of what it is.
    """
    bends = _bends(values, near)
    next_square, near_square = _variance(_changes_of_change(values, near)), _variance(bends)
    # Of noise these are 4 and 6 variances, of a walk 2 and 2 * near steps.
    grown = (near_square - 1.5 * next_square) / (2 * near - 3) if near > 1 else np.zeros(len(values))
    if times > 1:  # noise that lasts for days looks like growth at first, but ends
        far_square = _variance(_bends(values, near * times))
        grown = np.minimum(grown, (far_square - near_square) / (2 * near * (times - 1)))
    diffusion = np.clip(grown, LEAST_DIFFUSION * near_square / near, near_square / (2 * near))
    few = np.square(1 + FEW / np.maximum((~np.isnan(bends)).sum(axis=1), 1))
    return Unsettled(few * (near_square - 2 * diffusion * near) / 6, few * diffusion)


def slope_variance(unsettled: Unsettled, lengths: Floats) -> Floats:
    """Return the variance of a slope from so many periods: of a line through noise, and of a walk's mean step."""
    return 12 * MEMORY * unsettled.noise / lengths**3.0 + unsettled.diffusion / lengths


def _bends(values: Floats, lag: int) -> Floats:
    """Return second differences over a lag. A slope is not in them, nor a change of it but for the few that span it."""
    bends: Floats = values[:, 2 * lag :] - 2 * values[:, lag:-lag] + values[:, : -2 * lag]
    return bends


def _changes_of_change(values: Floats, lag: int) -> Floats:
    """Return each period's change less that of a lag before: neither a slope is in it nor what recurs with the lag."""
    changes = values[:, 1:] - values[:, :-1]
    differences: Floats = changes[:, lag:] - changes[:, :-lag]
    return differences


def _variance(differences: Floats) -> Floats:
    """Return the variance of differences, by their median absolute value; 0 where there are none."""
    return np.nan_to_num(np.square(1.4826 * median(np.abs(differences))))


def median(columns: Floats) -> Floats:
    """Return the median of what is there of each row; NaN where nothing is. numpy's nanmedian is far slower."""
    if not columns.shape[1]:
        return np.full(len(columns), np.nan)
    ordered, rows = np.sort(columns, axis=1), np.arange(len(columns))  # NaN comes last
    count = np.maximum(columns.shape[1] - np.isnan(columns).sum(axis=1), 1)
    middle: Floats = (ordered[rows, (count - 1) // 2] + ordered[rows, count // 2]) / 2
    return middle
