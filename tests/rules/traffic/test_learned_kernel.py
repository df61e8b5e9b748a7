"""The compiled levels against the same in numpy, a column at a time."""

import numpy as np
import pytest

from rules.traffic.learned import Learned
from rules.traffic.learned_settings import LearnedSettings

SETTINGS = LearnedSettings(accept_after_s=40.0, grown_windows=5.0)
FEATURES, KEYS = 3, 40


class Plain:
    """Levels of KEYS keys that are always known."""

    def __init__(self) -> None:
        self.level, self.spread, self.peak = (np.zeros((KEYS, FEATURES)) for _ in range(3))
        self.since = np.full((KEYS, FEATURES), np.nan)
        self.last, self.windows = np.zeros(KEYS), np.zeros(KEYS)

    def normal(self, floors: np.ndarray, at: float) -> tuple[np.ndarray, np.ndarray]:
        gap = np.maximum(at - self.last, 0.0)[:, np.newaxis]
        faded = np.exp(-gap / SETTINGS.falling_s)
        peak = self.peak * np.exp2(-gap / SETTINGS.peak_half_life_s)
        grown = np.minimum(self.windows / SETTINGS.grown_windows, 1.0)[:, np.newaxis]
        own = SETTINGS.factor * self.level * faded + SETTINGS.spreads * self.spread * faded
        return self.level * faded, np.maximum(floors, grown * np.maximum(own, SETTINGS.headroom * peak))

    def learn(self, seen: np.ndarray, rates: np.ndarray, bounds: np.ndarray, held: np.ndarray, at: float) -> None:
        since = np.where(held, np.fmin(self.since, at), np.nan)
        accepted = at - since >= SETTINGS.accept_after_s
        young = (self.windows < SETTINGS.grown_windows)[:, np.newaxis]
        rates = np.where(accepted | young, rates, np.minimum(rates, bounds))
        gap = np.maximum(at - self.last - 1.0, 0.0)[:, np.newaxis]
        faded = np.exp(-gap / SETTINGS.falling_s)
        level, spread = self.level * faded, self.spread * faded
        peak = self.peak * np.exp2(-(gap + 1.0) / SETTINGS.peak_half_life_s)
        first = (1.0 / (self.windows + 1.0))[:, np.newaxis]
        pace = np.where(rates > level, 1.0 / SETTINGS.rising_s, 1.0 / SETTINGS.falling_s)
        pace = np.minimum(np.maximum(pace, first), 1.0)
        rise = np.minimum(np.maximum(1.0 / SETTINGS.peak_rising_s, first), 1.0)
        taken = seen[:, np.newaxis] & ~(held & ~accepted)
        self.since = np.where(seen[:, np.newaxis], since, self.since)
        self.spread = np.where(taken, spread + pace * (np.abs(rates - level) - spread), self.spread)
        self.level = np.where(taken, level + pace * (rates - level), self.level)
        self.peak = np.where(taken, np.maximum(peak, peak + rise * (rates - peak)), self.peak)
        self.windows = self.windows + taken.any(axis=1)
        self.last = np.where(seen, at, self.last)


@pytest.mark.parametrize("seed", range(5))
def test_levels_and_bounds_are_those_of_plain_columns(seed: int) -> None:
    draw = np.random.default_rng(seed)
    learned, plain = Learned(("a", "b", "c"), SETTINGS), Plain()
    hi, lo = np.zeros(KEYS, np.uint64), np.arange(KEYS, dtype=np.uint64) + np.uint64(7)
    floors, at = np.array([10.0, 100.0, 0.0]), 1_000.0
    for _ in range(120):
        at += float(draw.choice([1.0, 1.0, 1.0, 30.0, 5_000.0, -3.0]))
        seen = draw.random(KEYS) < 0.7
        rates, held = draw.exponential(200.0, (KEYS, FEATURES)), draw.random((KEYS, FEATURES)) < 0.3
        held[:5] = True  # without a pause
        levels, bounds = learned.normal(hi, lo, floors, at)
        wanted = plain.normal(floors, at)
        assert levels == pytest.approx(wanted[0], rel=1e-9)
        assert bounds == pytest.approx(wanted[1], rel=1e-9)
        learned.learn(hi[seen], lo[seen], rates[seen], floors=floors, held=held[seen], at=at, length_s=1.0)
        plain.learn(seen, rates, bounds, held, at)
