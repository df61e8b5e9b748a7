"""The detector: one score for each new value of each series, from what the series was before. Nothing looks ahead.

Six parts, each the ratio of an error to the largest that the series has had, which is slowly forgotten: the level of
two hours against that of eight, the distance from what is usual at the time of day, how rarely the value and the two
levels came together, how long the value has not moved; and new extremes of the value and of that distance. The sum of
their squares makes the score. A step is a few dozen array operations however many series it has; blocks of series go
through one after the other, small enough for the processor's cache.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api.columns import Arrays, Floats, Singles, Slots
from rules.baselines.settings import DetectorSettings
from rules.baselines.state import (
    BINS,
    CELLS,
    EXTREMES,
    EXTREMES_BEFORE,
    LEVELS,
    PARTS,
    TAILS,
    Of,
    State,
)

BLOCK: Final = 4_096  # series that go through together: their columns stay in the second-level cache
SEASON_STEPS: Final = np.float32(20_000)  # extremes are kept for one to two of these, of 69 days each
_LARGEST: Final = 1e30  # what is beyond counts as this: float32 holds sums and ratios of it
_TINY: Final = np.float32(1e-30)
_DAY_S: Final = 86_400.0
_GAP_S: Final = 7_200.0  # what is longer between two values teaches nothing about the day
_RARE_FLOOR: Final = np.float32(0.001)
_STUCK_FLOOR: Final = np.float32(10)  # steps for which a value may stay as it is
_ONE: Final = np.float32(1)
_FACTORS: Final = (1, LEVELS, LEVELS**2)


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What a step found, a place for each row: 0 while a series has too few values, never NaN."""

    scores: Singles  # how unusual each value is, and new as that: from 0 to below 1
    expected: Floats  # what was expected instead, in the unit of the value
    margin: Singles  # the largest distance from it, lasting for some values, that was known before, in the same unit

    def placed(self, places: NDArray[np.intp]) -> "Scores":
        """Return the same with row i at places[i]."""
        scores, expected, margin = np.empty_like(self.scores), np.empty_like(self.expected), np.empty_like(self.margin)
        scores[places], expected[places], margin[places] = self.scores, self.expected, self.margin
        return Scores(scores, expected, margin)


class Detector:
    """Scores values of many series, each by its own past. Series are told apart by slot; there is room for any."""

    def __init__(self, settings: DetectorSettings, size: int = 0) -> None:
        self._settings = settings
        self._state = State(size)

    @property
    def size(self) -> int:
        """Return how many slots there is room for."""
        return self._state.size

    @property
    def nbytes(self) -> int:
        """Return the bytes that the state takes."""
        return sum(array.nbytes for array in self._state.arrays.values())

    def configure(self, settings: DetectorSettings) -> None:
        """Score by these from the next step on."""
        self._settings = settings

    def step(self, slots: Slots, values: Floats, at: Floats) -> Scores:
        """Take a new finite value for each of these slots, no slot twice; `at` is in Unix seconds."""
        count = len(slots)
        if count and (highest := int(slots.max())) >= self.size:
            self._state.grow(max(highest + 1, self.size * 9 // 8))
        if (slots[1:] < slots[:-1]).any():  # in the order of memory it takes half the time
            order = np.argsort(slots)
            return self.step(slots[order], values[order], at[order]).placed(order)
        scores, margin = np.empty((2, count), np.float32)
        found = Scores(scores, np.empty(count), margin)
        with np.errstate(over="ignore", under="ignore"):  # a ratio to next to nothing is capped
            for begin in range(0, count, BLOCK):
                part = slice(begin, begin + BLOCK)
                self._block(slots[part], values[part], at[part], found, part)
        return found

    def free(self, slots: Slots) -> None:
        """Forget what was at these slots."""
        self._state.free(slots)

    def save(self) -> Arrays:
        """Return copies of the state."""
        return {name: array.copy() for name, array in self._state.arrays.items()}

    def restore(self, arrays: Arrays) -> None:
        """Take what `save` gave; ValueError where it does not fit, and then nothing has changed."""
        self._state.load(arrays)

    def _block(self, slots: Slots, values: Floats, at: Floats, found: Scores, part: slice) -> None:
        state, settings = self._state, self._settings
        values = np.clip(values, -_LARGEST, _LARGEST)
        new = np.isnan(state.origin[slots])
        if new.any():
            state.begin(slots[new], values[new], at[new])
        origin = state.origin[slots]
        now = (values - origin).astype(np.float32)
        elapsed_s = at - state.last[slots]
        weight = np.clip(elapsed_s / settings.step_s, 0, 1).astype(np.float32)
        state.last[slots] = at
        side_by_side = int(slots[-1]) - int(slots[0]) == len(slots) - 1  # they ascend
        columns = state.columns[:, slots[0] : slots[-1] + 1] if side_by_side else np.take(state.columns, slots, axis=1)
        columns[Of.AGE] += weight
        columns[Of.KNOWN] += np.clip(elapsed_s, 0, _GAP_S).astype(np.float32) / np.float32(_DAY_S)
        usual = self._usual(slots, at, now, weight, columns[Of.FAST])
        low, span, surprise = _extremes(columns, now, now - usual, weight, settings)
        errors, floors = np.empty((2, PARTS, len(now)), np.float32)
        errors[:2] = _levels(columns, now, usual, weight, settings)
        errors[2], floors[2] = self._rarity(slots, (now, *columns[: Of.SLOW + 1]), low, span), _RARE_FLOOR
        errors[3], floors[3] = columns[Of.RUN], _STUCK_FLOOR
        level = np.abs(columns[Of.SLOW] + origin.astype(np.float32))
        floors[:2] = np.float32(settings.floor) * span + np.float32(settings.resolution) * level + _TINY
        found.margin[part] = columns[TAILS][1] + floors[1]
        surprise += _ratios(errors, floors, columns[TAILS], weight, settings)
        surprise = _news(_grown(surprise, columns, settings), columns[Of.PEAK], weight, settings)
        found.scores[part] = surprise / (surprise + np.float32(settings.half))
        found.expected[part] = usual + origin
        if not side_by_side:
            state.columns[:, slots] = columns

    def _usual(self, slots: Slots, at: Floats, now: Singles, weight: Singles, level: Singles) -> Singles:
        """Return what is usual at this time of day, else the level, and learn the value."""
        daily = self._state.daily.reshape(-1)
        places = slots * np.int64(BINS) + np.minimum(np.mod(at, _DAY_S) * (BINS / _DAY_S), BINS - 1).astype(np.int64)
        known = daily[places]
        first = np.isnan(known)
        daily[places] = np.where(first, now, known + np.float32(self._settings.daily) * weight * (now - known))
        return np.where(first, level, known)

    def _rarity(self, slots: Slots, together: Sequence[Singles], low: Singles, span: Singles) -> Singles:
        """Return how rarely these, rounded to eighths of the range, came together, and count it."""
        places = slots * np.int64(CELLS)
        for factor, values in zip(_FACTORS, together, strict=True):
            eighth = np.clip((values - low) * (np.float32(LEVELS) / (span + _TINY)), 0, LEVELS - 1)
            places += eighth.astype(np.int64) * factor
        seen = self._state.seen.reshape(-1)
        times = seen[places]
        seen[places] = times + (times < 255)
        rarity: Singles = _ONE / (times + _ONE)
        return rarity


def _extremes(
    columns: Singles, now: Singles, residual: Singles, weight: Singles, settings: DetectorSettings
) -> tuple[Singles, Singles, Singles]:
    """Learn the extremes; return the lowest value and the range as they were, and the surprise at new ones."""
    current, before = columns[EXTREMES], columns[EXTREMES_BEFORE]
    lows, highs = np.minimum(current[::2], before[::2]), np.maximum(current[1::2], before[1::2])
    values = np.stack((now, residual))
    spans = highs - lows
    past = np.maximum(np.maximum(values - highs, lows - values), 0)
    surprise = np.minimum(past / (np.float32(settings.beyond) * spans + _TINY), _ONE)
    np.minimum(current[::2], values, out=current[::2])
    np.maximum(current[1::2], values, out=current[1::2])
    turn = columns[Of.AGE] % SEASON_STEPS < weight
    if turn.any():
        before[:, turn] = current[:, turn]
        current[:, turn] = np.repeat(values, 2, axis=0)[:, turn]
    return lows[0], spans[0], np.float32(settings.range_weight) * surprise[0] + surprise[1]


def _levels(columns: Singles, now: Singles, usual: Singles, weight: Singles, settings: DetectorSettings) -> Singles:
    """Learn the levels; return two rows: how far the fast is from the slow one, and the value from what is usual."""
    fast, slow, shift, previous, run = columns[: Of.RUN + 1]
    mean = weight / np.maximum(columns[Of.AGE], _TINY)  # the rate of a plain mean, while that is faster
    fast += np.maximum(np.float32(settings.fast) * weight, mean) * (now - fast)
    slow += np.maximum(np.float32(settings.slow) * weight, mean) * (now - slow)
    shift += np.float32(settings.shift) * weight * (now - usual - shift)
    run[...] = np.where(now == previous, run + weight, 0)
    previous[...] = now
    far: Singles = np.abs(np.stack((fast - slow, shift)))
    return far


def _ratios(errors: Singles, floors: Singles, tails: Singles, weight: Singles, settings: DetectorSettings) -> Singles:
    """Return the sum over the parts of the square of each error's ratio to the largest known, and learn that.

    Squares, so that a few parts that are only nearly as far off as ever before do not add up to an anomaly.
    """
    ratios = np.minimum(errors / (tails + floors), np.float32(settings.most))
    np.maximum(errors, tails * (_ONE - np.float32(settings.forget) * weight), out=tails)
    total: Singles = (ratios * ratios).sum(axis=0, dtype=np.float32)
    return total


def _grown(surprise: Singles, columns: Singles, settings: DetectorSettings) -> Singles:
    """Return the surprise: none before the past is once around the clock, and the less the shorter it is."""
    age = columns[Of.AGE]
    known = (age > settings.warm_steps) & (columns[Of.KNOWN] > settings.warm_days)
    share = np.minimum(age / np.float32(settings.grown_steps), _ONE)
    grown: Singles = np.where(known, surprise * np.sqrt(np.sqrt(share)), np.float32(0))
    return grown


def _news(surprise: Singles, peak: Singles, weight: Singles, settings: DetectorSettings) -> Singles:
    """Return the surprise, at most half of it where the last anomalies have not decayed to it; learn the peaks."""
    share = np.where(surprise > peak, _ONE, np.float32(0.5) * surprise / (peak + _TINY))
    np.maximum(peak, surprise, out=peak)
    peak *= _ONE - np.float32(math.log(2) / settings.rest_steps) * weight
    return surprise * share
