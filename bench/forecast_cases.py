"""Forecasts to be made and what became of them: simulated series, each with the limit that it heads for.

A limit depends on the expected course and on where the series stands, never on the noise to come: it lies where the
course without noise is highest in the week that ends 4 to 120 days ahead. When it is really reached, the noise decides;
that may be never.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.forecast_series import KINDS, PAST, Course, Generator
from netmon.api.columns import Flags, Floats


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """What a method gets, and the truth: days from the last one until the bound is first reached, inf: not in 180."""

    history: Floats
    bounds: Floats
    falling: Flags
    truth: Floats
    kind: NDArray[np.str_]
    flat: Flags

    def __len__(self) -> int:
        return len(self.bounds)


def cases(seed: int, number: int, kinds: tuple[str, ...] = tuple(KINDS)) -> Cases:
    """Return up to `number` cases of each kind: those that have not reached their limit already."""
    parts = [_cases(np.random.default_rng([seed, list(KINDS).index(kind)]), kind, number) for kind in kinds]
    names = list(Cases.__slots__)
    return Cases(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _cases(rng: Generator, kind: str, number: int) -> Cases:
    course = KINDS[kind](rng, number)
    sign = -1.0 if course.falling else 1.0
    measured, clean = sign * course.measured, sign * course.clean
    past, future = measured[:, :PAST], measured[:, PAST:]
    bounds = _margin(rng, course, past) if course.flat else _ahead(rng, past, clean)
    reached = future >= bounds[:, None]
    truth = np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, np.inf)
    open_ = past[:, -1] < bounds
    if course.flat:
        open_ &= np.isinf(truth)
    n = int(open_.sum())
    flags = np.full(n, course.falling), np.full(n, kind), np.full(n, course.flat)
    return Cases(sign * past[open_], sign * bounds[open_], flags[0], truth[open_], flags[1], flags[2])


def _ahead(rng: Generator, past: Floats, clean: Floats) -> Floats:
    """Return where the course without noise is highest in the week that ends 4 to 120 days ahead."""
    days = rng.uniform(4, 120, len(past)).astype(int)
    stands = np.median(past[:, -7:] - clean[:, PAST - 7 : PAST], axis=1)
    week = PAST + days[:, None] - np.arange(7)
    bounds: Floats = stands + np.take_along_axis(clean, week, axis=1).max(axis=1)
    return bounds


def _margin(rng: Generator, course: Course, past: Floats) -> Floats:
    """Return a bound beyond everything so far: by 1 to 3 dB for light, 8 to 20 per cent otherwise."""
    low, high = (1, 3) if course.falling else (8, 20)
    bounds: Floats = past.max(axis=1) + rng.uniform(low, high, len(past))
    return bounds


def shortened(cases: Cases, days: int) -> Cases:
    """Return the same with the last days of the past alone."""
    return Cases(cases.history[:, -days:], *(getattr(cases, name) for name in Cases.__slots__[1:]))


def with_gaps(cases: Cases, seed: int) -> Cases:
    """Return the same with a tenth of the days missing, and some days in a row."""
    rng, days = np.random.default_rng(seed), cases.history.shape[1]
    missing = rng.random(cases.history.shape) < 0.1
    begins = rng.integers(0, days - 8, (len(cases), 1))
    missing |= (np.arange(days) >= begins) & (np.arange(days) < begins + rng.integers(2, 8, (len(cases), 1)))
    missing[:, -1] = False
    history = np.where(missing, np.nan, cases.history)
    return Cases(history, *(getattr(cases, name) for name in Cases.__slots__[1:]))
