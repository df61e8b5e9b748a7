"""Days of single polls for forecasts within the hour: links with ordinary days and with ramps, disks, bent fibers.

Seeded. Each series is one day, polled every 30 s; the event, where there is one, begins at some time of it. Whether a
limit was reached is taken from the polls themselves.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from netmon.api.columns import Flags, Floats

POLL_S: Final = 30.0
POLLS: Final = 2880
KEPT: Final = 64  # polls that a forecast sees
HORIZON_S: Final = 3600.0
EVERY: Final = 10  # polls between two forecasts

Generator = np.random.Generator


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """Days of polls of one kind: float64[n, POLLS], the bound that matters, and when something began (else NaN)."""

    values: Floats
    bounds: Floats
    falling: Flags
    began: Floats  # number of the poll


def _noise(rng: Generator, n: int, memory: float) -> Floats:
    """Return noise of variance 1 that remembers from poll to poll."""
    fresh = rng.normal(0, np.sqrt(1 - memory**2), (n, POLLS))
    fresh[:, 0] /= np.sqrt(1 - memory**2)
    for poll in range(1, POLLS):
        fresh[:, poll] += memory * fresh[:, poll - 1]
    return fresh


def _load(rng: Generator, n: int) -> Floats:
    """Return the load of links in per cent over a day: quiet at night, up in the morning, noise, short bursts."""
    hour = (np.arange(POLLS) * POLL_S / 3600)[None] + rng.uniform(-1, 1, (n, 1))
    steep = rng.uniform(0.5, 1.5, (n, 1))
    day = 1 / (1 + np.exp(-(hour - 8) / steep)) - 0.5 / (1 + np.exp(-(hour - 17) / steep))
    level = rng.uniform(5, 20, (n, 1)) + rng.uniform(20, 50, (n, 1)) * day
    slow = np.exp(0.08 * _noise(rng, n, 0.98) + rng.uniform(0.02, 0.1, (n, 1)) * _noise(rng, n, 0.3))
    bursts = np.where(rng.random((n, POLLS)) < 0.002, rng.uniform(5, 25, (n, POLLS)), 0)
    return level * slow + bursts


def _after(began: Floats) -> Floats:
    """Return the seconds since something began, 0 before: float64[n, POLLS]."""
    return np.maximum(np.arange(POLLS)[None] - began[:, None], 0) * POLL_S


def _began(rng: Generator, n: int) -> Floats:
    return rng.integers(200, POLLS - 300, n).astype(np.float64)


def ordinary_link(rng: Generator, n: int) -> Days:
    """Return links on which nothing happens; the limit of 90 % is now and then touched by a burst."""
    return Days(np.minimum(_load(rng, n), 100), np.full(n, 90.0), np.zeros(n, np.bool_), np.full(n, np.nan))


def ramping_link(rng: Generator, n: int) -> Days:
    """Return links on which something grows until they are full: 30 to 150 % of their capacity within an hour."""
    began = _began(rng, n)
    growth = rng.uniform(30, 150, (n, 1)) / 3600 * _after(began)
    return Days(np.minimum(_load(rng, n) + growth, 100), np.full(n, 90.0), np.zeros(n, np.bool_), began)


def stepped_link(rng: Generator, n: int) -> Days:
    """Return links that take over another's load at once, and stay below the limit."""
    began, load = _began(rng, n), _load(rng, n)
    step = rng.uniform(0.2, 0.8, (n, 1)) * (88 - load.max(axis=1, keepdims=True)).clip(0)
    return Days(load + step * (_after(began) > 0), np.full(n, 90.0), np.zeros(n, np.bool_), began)


def runaway_log(rng: Generator, n: int) -> Days:
    """Return disks that a log fills within 15 to 60 minutes; sizes come in whole steps of 0.1 %."""
    began = _began(rng, n)
    rest = rng.uniform(30, 80, (n, 1)) + 0.1 * np.cumsum(rng.random((n, POLLS)) < 0.003, axis=1)
    speed = rng.gamma(4.0, 0.25, (n, POLLS)) * (_after(began) > 0)
    filled = np.cumsum(speed, axis=1) * POLL_S * (60 / rng.uniform(900, 3600, (n, 1)))
    return Days(np.minimum(np.round(rest + filled, 1), 100), np.full(n, 95.0), np.zeros(n, np.bool_), began)


def quiet_disk(rng: Generator, n: int) -> Days:
    """Return disks that jobs fill and empty again, some per cent at a time."""
    jobs = rng.uniform(1, 6, (n, 1)) * (np.arange(POLLS)[None] % rng.integers(60, 400, (n, 1)) > 30)
    values = np.round(rng.uniform(40, 85, (n, 1)) + jobs + 0.05 * _noise(rng, n, 0.9), 1)
    return Days(values, np.full(n, 95.0), np.zeros(n, np.bool_), np.full(n, np.nan))


def bent_fiber(rng: Generator, n: int) -> Days:
    """Return light that falls in steps of 0.1 to 0.8 dB every few polls while a fiber is being bent, to -28 dBm."""
    began = _began(rng, n)
    steps = (rng.random((n, POLLS)) < rng.uniform(0.15, 0.5, (n, 1))) * rng.uniform(0.1, 0.8, (n, POLLS))
    light = rng.uniform(-18, -10, (n, 1)) - np.cumsum(steps * (_after(began) > 0), axis=1)
    light = np.maximum(light + 0.05 * _noise(rng, n, 0.5), -40)
    return Days(np.round(light, 1), np.full(n, -28.0), np.ones(n, np.bool_), began)


def quiet_fiber(rng: Generator, n: int) -> Days:
    """Return light that swings with the temperature of the day, or is taken down by some tenths at once."""
    hours = np.arange(POLLS)[None] * POLL_S / 3600
    swing = rng.uniform(0.1, 0.5, (n, 1)) * np.sin(2 * np.pi * (hours - rng.uniform(0, 24, (n, 1))) / 24)
    step = rng.uniform(0, 1, (n, 1)) * (_after(_began(rng, n)) > 0)
    light = rng.uniform(-24, -10, (n, 1)) + swing - step + 0.05 * _noise(rng, n, 0.5)
    return Days(np.round(light, 1), np.full(n, -28.0), np.ones(n, np.bool_), np.full(n, np.nan))


KINDS: Final[Mapping[str, Callable[[Generator, int], Days]]] = {
    one.__name__.replace("_", " "): one
    for one in (ramping_link, runaway_log, bent_fiber, ordinary_link, stepped_link, quiet_disk, quiet_fiber)
}


def days(seed: int, kind: str, number: int) -> Days:
    """Return days of one kind."""
    return KINDS[kind](np.random.default_rng([seed, list(KINDS).index(kind)]), number)
