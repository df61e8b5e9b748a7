"""The detector: one score for each new value of each series, from what the series was before. Nothing looks ahead.

State is a column for each quantity with a place for each slot, so that a step is a few dozen array operations however
many series it has. Blocks of series go through one after the other, small enough for the processor's cache.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from netmon.api.columns import Arrays, Floats, Singles, Slots
from rules.baselines.settings import BaselineSettings

_BLOCK: Final = 8_192  # series that go through together: their columns stay in the second-level cache
_BINS: Final = 48  # of a day
_LEVELS: Final = 8  # that values are rounded to for novelty
_PATTERNS: Final = _LEVELS**2 + _LEVELS**3  # of two and of three values in a row
_WARM: Final = 20  # samples before the first score
_LIMIT: Final = 1e30  # float32 holds sums of these
_TINY: Final = np.float32(1e-30)

_FAST, _SLOW, _LEVEL, _DAILY, _SHIFT, _USUAL = (np.float32(rate) for rate in (0.05, 0.003, 0.01, 0.1, 0.15, 0.004))
_TAIL_DECAY: Final = np.float32(1 - 3e-4)
_TAIL_RISE: Final = np.float32(0.45)
_RANGE_DECAY: Final = np.float32(1e-5)
_CAP: Final = np.float32(5.5)
_WEIGHTS: Final = np.array((0.9, 0.9, 0.45), np.float32)[:, None]
_REFRACTORY: Final = np.float32(0.5 ** (1 / 175))

_COLUMNS: Final = 16


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What a step found, a place for each row: 0 while a series has too few samples, never NaN."""

    scores: Singles  # how unusual each value is
    fresh: Singles  # the same where it is above what the series' last anomalies have decayed to, else 0
    expected: Floats  # what was expected instead, in the unit of the value


class Detector:
    """Scores values of many series, each by its own past. Series are told apart by slot; columns grow as needed."""

    def __init__(self, settings: BaselineSettings, size: int = 0) -> None:
        self._settings = settings
        self._state = np.zeros((_COLUMNS, size), np.float32)
        self._origin = np.zeros(size)
        self._samples = np.zeros(size, np.uint32)
        self._code = np.zeros(size, np.uint16)
        self._day = np.full((size, _BINS), np.nan, np.float32)
        self._seen = np.zeros((size, _PATTERNS), np.uint8)

    @property
    def size(self) -> int:
        """Return how many slots there is room for."""
        return len(self._origin)

    @property
    def nbytes(self) -> int:
        """Return the bytes that the state takes."""
        return sum(array.nbytes for array in self._arrays().values())

    def step(self, slots: Slots, values: Floats, at: Floats) -> Scores:
        """Take a new value for each of these slots, no slot twice; `at` is in Unix seconds."""
        if len(slots) and int(slots.max()) >= self.size:
            self._grow(int(slots.max()) + 1)
        found = Scores(*(np.empty(len(slots), kind) for kind in (np.float32, np.float32, np.float64)))  # type: ignore[arg-type]
        for begin in range(0, len(slots), _BLOCK):
            part = slice(begin, begin + _BLOCK)
            self._block(slots[part], values[part], at[part], found, part)
        return found

    def free(self, slots: Slots) -> None:
        """Forget what was at these slots."""
        known = slots[slots < self.size]
        self._samples[known] = 0

    def save(self) -> Arrays:
        """Return copies of the state."""
        return {name: array.copy() for name, array in self._arrays().items()}

    def restore(self, arrays: Arrays) -> None:
        """Take what `save` gave; ValueError where it does not fit, and then nothing has changed."""
        size = len(arrays["samples"]) if "samples" in arrays else 0
        fresh = Detector(self._settings, size)
        for name, array in fresh._arrays().items():
            given = arrays.get(name)
            if given is None or given.shape != array.shape or given.dtype != array.dtype:
                raise ValueError(f"{name} of the baselines is not {array.dtype}{array.shape}")
            setattr(self, f"_{name}", given.copy())

    def _arrays(self) -> Arrays:
        return {name: getattr(self, f"_{name}") for name in ("state", "origin", "samples", "code", "day", "seen")}

    def _grow(self, size: int) -> None:
        size = max(size, self.size * 5 // 4)
        more = Detector(self._settings, size)
        for name, array in more._arrays().items():
            old = self._arrays()[name]
            array[tuple(slice(length) for length in old.shape)] = old
            setattr(self, f"_{name}", array)

    def _block(self, slots: Slots, values: Floats, at: Floats, found: Scores, part: slice) -> None:
        raw = np.clip(values, -_LIMIT, _LIMIT)
        new = self._samples[slots] == 0
        if new.any():
            self._begin(slots[new], raw[new])
        origin = self._origin[slots]
        v = np.clip(raw - origin, -_LIMIT, _LIMIT).astype(np.float32)
        s = self._state[:, slots]
        count = self._samples[slots]
        early = np.float32(1) / (count.astype(np.float32) + 1)
        fast, slow, shift, level, near, low, high, lowest, highest, peak = s[:10]
        tails, usual = s[10:13], s[13:16]
        bins = (np.mod(at, 86_400.0) * (_BINS / 86_400.0)).astype(np.int64) % _BINS
        daily = self._day[slots, bins]
        first = np.isnan(daily)
        expected = np.where(first, near, daily)
        span = high - low
        fast += np.maximum(_FAST, early) * (v - fast)
        slow += np.maximum(_SLOW, early) * (v - slow)
        shift += _SHIFT * (v - expected - shift)
        rare = self._novelty(slots, v, low, span)
        errors = np.stack((np.abs(fast - slow), np.abs(shift), rare))
        whole = highest - lowest
        beyond = np.maximum(np.maximum(v - highest, lowest - v), 0)
        score = np.float32(1.2) * np.where(whole > 0, np.minimum(beyond / (whole * np.float32(0.04) + _TINY), 1), 0)
        floor = np.float32(0.025) * span + np.float32(1e-3) * np.abs(level + origin).astype(np.float32) + _TINY
        floors = np.stack((floor, floor, np.full_like(floor, 1e-3)))
        score += (_WEIGHTS * np.minimum(errors / (tails + np.float32(0.06) * usual + floors), _CAP)).sum(axis=0)
        usual += np.maximum(_USUAL, early) * (errors - usual)
        over = errors - tails
        rise = np.where(count < _WARM, np.float32(1), _TAIL_RISE)
        tails[...] = np.where(over > 0, tails + rise * over, tails * _TAIL_DECAY)
        level += np.maximum(np.float32(0.01), early) * (v - level)
        near += _FAST * (v - near)
        self._day[slots, bins] = np.where(first, v, daily + _DAILY * (v - daily))
        np.maximum(highest, v, out=highest)
        np.minimum(lowest, v, out=lowest)
        high[...] = np.where(v > high, v, high - _RANGE_DECAY * (high - level))
        low[...] = np.where(v < low, v, low + _RANGE_DECAY * (level - low))
        score[count <= _WARM] = 0
        found.scores[part] = score
        found.fresh[part] = np.where(score > peak, score, 0)
        found.expected[part] = expected + origin
        peak[...] = np.maximum(peak, score) * _REFRACTORY
        self._state[:, slots] = s
        self._samples[slots] = np.minimum(count, np.uint32(2**32 - 2)) + np.uint32(1)

    def _novelty(self, slots: Slots, v: Singles, low: Singles, span: Singles) -> Singles:
        step = np.clip((v - low) / (span + _TINY), 0, np.float32(0.999999)) * np.float32(_LEVELS)
        code = (self._code[slots] * np.uint16(_LEVELS) + step.astype(np.uint16)) & np.uint16(_LEVELS**3 - 1)
        self._code[slots] = code
        rare = np.zeros_like(v)
        for place in (code, (code & np.uint16(_LEVELS**2 - 1)) + np.uint16(_LEVELS**3)):
            times = self._seen[slots, place]
            rare += np.float32(0.5) / (times + np.float32(1))
            self._seen[slots, place] = times + (times < 255)
        return rare

    def _begin(self, slots: Slots, values: Floats) -> None:
        self._state[:, slots] = 0
        self._origin[slots] = values
        self._code[slots] = 0
        self._day[slots] = np.nan
        self._seen[slots] = 0
