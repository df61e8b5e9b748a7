"""What else one could do to foretell when a series reaches its limit: ordinary methods, small and vectorised.

Each takes float64[n, days] without gaps, all rising, and bounds, and gives a Passage with an 80% interval, counted in
days, inf where the bound is not reached within the horizon.
"""

from typing import Final

import numpy as np

from netmon.api.columns import Floats
from rules.forecasts.passage import Passage

HORIZON: Final = 180
TAIL: Final = 1.2816  # of the normal distribution: 10 %


def _crossing(paths: Floats, bounds: Floats) -> Floats:
    reached = paths >= bounds[:, None]
    return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, np.inf)


def _passage(mean: Floats, spread: Floats, bounds: Floats) -> Passage:
    low, high = mean + TAIL * spread, mean - TAIL * spread
    return Passage(_crossing(low, bounds), _crossing(mean, bounds), _crossing(high, bounds))


def least_squares(history: Floats, bounds: Floats, days: int = 28) -> Passage:
    """Extrapolate a straight line through the last days, with its prediction interval."""
    values = history[:, -days:]
    days = values.shape[1]
    time = np.arange(1.0 - days, 1)
    centred = time - time.mean()
    slope = (values * centred).sum(axis=1) / np.square(centred).sum()
    middle = values.mean(axis=1)
    off = values - middle[:, None] - slope[:, None] * centred
    noise = np.sqrt(np.square(off).sum(axis=1) / (days - 2))
    ahead = np.arange(1.0, HORIZON + 1) - time.mean()
    spread = noise[:, None] * np.sqrt(1 + 1 / days + np.square(ahead) / np.square(centred).sum())
    return _passage(middle[:, None] + slope[:, None] * ahead, spread, bounds)


def theil_sen(history: Floats, bounds: Floats, days: int = 28) -> Passage:
    """Extrapolate the median of the slopes of all pairs of days, with an interval widened by autocorrelation."""
    values = history[:, -days:]
    days = values.shape[1]
    first, second = np.triu_indices(days, 1)
    slope = np.median((values[:, second] - values[:, first]) / (second - first), axis=1)
    time = np.arange(1.0 - days, 1)
    level = np.median(values - slope[:, None] * time, axis=1)
    off = values - slope[:, None] * time - level[:, None]
    noise = 1.4826 * np.median(np.abs(off), axis=1)
    memory = np.clip((off[:, 1:] * off[:, :-1]).sum(axis=1) / (np.square(off).sum(axis=1) + 1e-12), 0, 0.9)
    error = noise * np.sqrt((1 + memory) / (1 - memory) / np.square(time - time.mean()).sum())
    ahead = np.arange(1.0, HORIZON + 1)
    spread = np.sqrt(np.square(noise)[:, None] + np.square(error[:, None] * (ahead - time.mean())))
    return _passage(level[:, None] + slope[:, None] * ahead, spread, bounds)


def holt(history: Floats, bounds: Floats, level_share: float = 0.25, trend_share: float = 0.06) -> Passage:
    """Extrapolate Holt's level and trend (double exponential smoothing) with the interval of its state space form."""
    level, trend = history[:, 0].copy(), np.zeros(len(history))
    variance = np.zeros(len(history))
    for day in range(1, history.shape[1]):
        error = history[:, day] - level - trend
        quick = max(level_share, 1 / (day + 1))
        level = level + trend + quick * error
        trend = trend + max(trend_share, quick / (day + 1) if day < 7 else 0.0) * error
        variance += max(0.05, 1 / day) * (np.square(error) - variance)
    ahead = np.arange(1.0, HORIZON + 1)
    gains = level_share + trend_share * ahead
    grown = 1 + np.cumsum(np.append(0.0, np.square(gains[:-1])))
    return _passage(level[:, None] + trend[:, None] * ahead, np.sqrt(variance[:, None] * grown), bounds)
