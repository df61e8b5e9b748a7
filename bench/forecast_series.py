"""Series that fill up, age, leak and stay: simulated hour by hour, as daily values. Seeded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api.columns import Floats

Hours: TypeAlias = NDArray[np.float64]  # [n, days, 24]
Generator: TypeAlias = np.random.Generator

PAST: Final = 56
FUTURE: Final = 180
DAYS: Final = PAST + FUTURE
HOURS: Final = DAYS * 24


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Series of one kind: what was measured and what would have been without noise. float64[n, DAYS] both."""

    measured: Floats
    clean: Floats
    falling: bool = False
    flat: bool = False  # a control: it heads nowhere


def _column(rng: Generator, n: int, low: float, high: float) -> Floats:
    return rng.uniform(low, high, (n, 1))


def _log(rng: Generator, n: int, low: float, high: float) -> Floats:
    return np.exp(rng.uniform(np.log(low), np.log(high), (n, 1)))


def _time() -> Floats:
    """Return the days from the last one of the past, hour by hour: float64[1, HOURS]."""
    return (np.arange(HOURS) / 24 - PAST)[None]


def _autoregressive(rng: Generator, n: int, memory: float, noise: float) -> Floats:
    """Return noise that remembers: each hour `memory` times the one before and something new."""
    fresh = rng.normal(0, noise, (n, HOURS))
    fresh[:, 0] /= np.sqrt(1 - memory**2)
    for hour in range(1, HOURS):
        fresh[:, hour] += memory * fresh[:, hour - 1]
    return fresh


def _highest(hours: Floats) -> Floats:
    highest: Floats = hours.reshape(len(hours), DAYS, 24).max(axis=2)
    return highest


def _lowest(hours: Floats) -> Floats:
    lowest: Floats = hours.reshape(len(hours), DAYS, 24).min(axis=2)
    return lowest


def _p95(hours: Floats) -> Floats:
    return np.quantile(hours.reshape(len(hours), DAYS, 24), 0.95, axis=2)


def _grown(rng: Generator, growth: Floats, shape: float) -> Floats:
    """Return bursts (gamma) that add up to `growth` a day on average; `shape` is a day's: smaller is burstier."""
    return np.cumsum(rng.gamma(shape / 24, 1 / shape, growth.shape) * growth, axis=1)


def _disk(rng: Generator, n: int, growth: Floats, *, shape: float = 7.0, rotation: float = 3.0) -> Course:
    """Return disks in per cent: bursts on top of logs that are rotated each week."""
    sawtooth = _column(rng, n, 0, rotation) * ((_time() + _column(rng, n, 0, 7)) % 7) / 7
    growth = growth * np.ones((n, HOURS))
    noise = rng.normal(0, 0.1, (n, HOURS))
    return Course(
        _highest(30 + _grown(rng, growth, shape) + sawtooth + noise),
        _highest(30 + np.cumsum(growth / 24, axis=1) + sawtooth),
    )


def disk_steady(rng: Generator, n: int) -> Course:
    return _disk(rng, n, np.exp(rng.normal(np.log(0.35), 0.5, (n, 1))))


def disk_bursty(rng: Generator, n: int) -> Course:
    """Return disks on which a dump or a release lands every few days."""
    return _disk(rng, n, np.exp(rng.normal(np.log(0.35), 0.5, (n, 1))), shape=0.7, rotation=1.0)


def disk_rotated(rng: Generator, n: int) -> Course:
    """Return disks whose logs are rotated every 3 to 10 days, which is more than they grow in that time."""
    course = _disk(rng, n, _log(rng, n, 0.1, 0.4), rotation=0.0)
    period = _column(rng, n, 3, 10)
    sawtooth = _highest(_column(rng, n, 2, 8) * ((_time() + period) % period) / period)
    return Course(course.measured + sawtooth, course.clean + sawtooth)


def disk_regime(rng: Generator, n: int) -> Course:
    """Return disks that fill 2 to 5 times as fast since 1 to 4 weeks, cleaned up to twice before."""
    since = -_column(rng, n, 7, 28)
    slow = np.exp(rng.normal(np.log(0.12), 0.4, (n, 1)))
    course = _disk(rng, n, np.where(_time() > since, slow * _column(rng, n, 2, 5), slow), rotation=1.0)
    cleaned = np.zeros((n, DAYS))
    for _ in range(2):
        day = rng.integers(1, PAST, (n, 1))
        cleaned -= (rng.random((n, 1)) < 0.5) * _column(rng, n, 0.5, 3) * (np.arange(DAYS) > day)
    return Course(course.measured + cleaned, course.clean + cleaned)


def _load(rng: Generator, n: int, trend: Floats, factor: Floats | float = 1.0) -> Course:
    """Return the load of links in per cent: day, week, noise that remembers, rare peaks; a day's 95th percentile."""
    hour = _time() * 24 - _column(rng, n, 0, 24)
    day = 1 + 0.45 * np.sin(2 * np.pi * hour / 24) + 0.12 * np.sin(4 * np.pi * hour / 24)
    weekend = (np.floor(_time()).astype(int) + rng.integers(0, 7, (n, 1))) % 7 >= 5
    shape = _column(rng, n, 20, 35) * day * np.where(weekend, _column(rng, n, 0.55, 1.1), 1.0) * factor * trend
    noise = np.exp(_autoregressive(rng, n, 0.85, 1.0) * _column(rng, n, 0.02, 0.06))
    peaks = np.where(rng.random((n, HOURS)) < 0.002, rng.uniform(1.2, 1.6, (n, HOURS)), 1.0)
    return Course(_p95(shape * noise * peaks), _p95(shape) * 1.05)


def link_linear(rng: Generator, n: int) -> Course:
    return _load(rng, n, np.maximum(1 + _column(rng, n, 0.002, 0.008) * _time(), 0.3))


def link_exponential(rng: Generator, n: int) -> Course:
    return _load(rng, n, np.exp(_column(rng, n, 0.002, 0.007) * _time()))


def link_holiday(rng: Generator, n: int) -> Course:
    """Return links that carry less, or more, for 5 to 12 days of holidays that are over, or nearly so."""
    begins = -_column(rng, n, 6, 50)
    holidays = (_time() >= begins) & (_time() < begins + _column(rng, n, 5, 12))
    trend = np.maximum(1 + _column(rng, n, 0.002, 0.008) * _time(), 0.3)
    return _load(rng, n, trend, np.where(holidays, _column(rng, n, 0.6, 1.3), 1.0))


def _light(rng: Generator, n: int, loss: Floats, *, quantum: float = 0.1) -> Course:
    """Return a day's lowest received light in dBm: it swings with the day and the weather, and wanders."""
    swing = _column(rng, n, 0.05, 0.2) * np.sin(2 * np.pi * _time())
    weather = _autoregressive(rng, n, 0.98, 0.02) * _column(rng, n, 0.3, 1.0)
    wander = np.cumsum(rng.normal(0, 1 / np.sqrt(24), (n, HOURS)), axis=1) * _column(rng, n, 0.003, 0.015)
    level = _column(rng, n, -18, -8) - loss
    light = level + swing + weather + wander
    read = np.round(light / quantum) * quantum if quantum else 10 * np.log10(_microwatts(light) / 1000)
    return Course(_lowest(read), _lowest(level + swing), falling=True)


def _microwatts(light: Floats) -> Floats:
    """Return light as a module tells it that counts tenths of a microwatt, but not below one of them."""
    return np.maximum(np.round(10 ** (light / 10) * 1e4) / 10, 0.1)


def _events(rng: Generator, course: Course) -> Course:
    """Return light through the splices of some nights of maintenance (to the worse), and cleaned connectors."""
    n, steps = len(course.clean), np.zeros(course.clean.shape)
    for chance, low, high in ((0.3, -0.5, -0.1), (0.15, 0.3, 1.0)):
        day = rng.integers(1, PAST, (n, 1))
        steps += (rng.random((n, 1)) < chance) * _column(rng, n, low, high) * (np.arange(DAYS) > day)
    return Course(course.measured + steps, course.clean + steps, falling=True)


def light_ageing(rng: Generator, n: int) -> Course:
    return _events(rng, _light(rng, n, _log(rng, n, 0.01, 0.05) * (_time() + PAST)))


def light_microwatts(rng: Generator, n: int) -> Course:
    return _light(rng, n, _log(rng, n, 0.01, 0.05) * (_time() + PAST), quantum=0.0)


def light_splice(rng: Generator, n: int) -> Course:
    """Return light through a splice that has been getting worse for 10 to 40 days."""
    return _light(rng, n, _log(rng, n, 0.02, 0.15) * np.maximum(_time() + _column(rng, n, 10, 40), 0))


def memory_leak(rng: Generator, n: int) -> Course:
    """Return processes that leak, in per cent of memory, and were restarted for releases, every 60 days on average."""
    growth = _log(rng, n, 0.2, 1.0)
    restarts = (rng.random((n, HOURS)) < 1 / (60 * 24)) & (_time() < 0)
    use = growth * _since(restarts)
    load = _column(rng, n, 1, 4) * np.sin(2 * np.pi * _time())
    noise = _autoregressive(rng, n, 0.9, 0.2) + rng.gamma(0.02, 1.0, (n, HOURS))
    return Course(_highest(20 + use + load + noise), _highest(20 + use + load))


def _since(restarts: NDArray[np.bool_]) -> Floats:
    """Return the days since the last of them, or since some time before the first hour."""
    hours = np.arange(HOURS)[None]
    last = np.maximum.accumulate(np.where(restarts, hours, -240), axis=1)
    return (hours - last) / 24


def memory_restarted(rng: Generator, n: int) -> Course:
    """Return processes that leak and are restarted in time, every 5 to 25 days or so, as ever."""
    every = _column(rng, n, 5, 25)
    restarts = (_time() + _column(rng, n, 0, 25)) % every < 1 / 24
    use = _log(rng, n, 0.2, 1.0) * _since(restarts) + _autoregressive(rng, n, 0.9, 0.2)
    used = _highest(30 + use + _column(rng, n, 1, 4) * np.sin(2 * np.pi * _time()))
    return Course(used, used, flat=True)


def disk_flat(rng: Generator, n: int) -> Course:
    """Return disks that breathe slowly and go nowhere."""
    swing = _column(rng, n, 1, 6) * np.sin(2 * np.pi * _time()) + _column(rng, n, 0, 3) * (_time() % 7) / 7
    level = _highest(50 + _autoregressive(rng, n, 0.99, 0.15) + swing)
    return Course(level, level, flat=True)


def disk_cleaned(rng: Generator, n: int) -> Course:
    """Return disks that fill for a month and are cleaned: they never pass the height of a month."""
    height, period = _column(rng, n, 10, 30), _column(rng, n, 26, 34)
    level = 40 + height * ((_time() + _column(rng, n, 0, 30)) % period) / period
    used = _highest(level + rng.normal(0, 0.2, (n, HOURS)))
    return Course(used, used, flat=True)


def link_flat(rng: Generator, n: int) -> Course:
    course = _load(rng, n, np.ones((n, 1)))
    return Course(course.measured, course.clean, flat=True)


def light_flat(rng: Generator, n: int) -> Course:
    course = _events(rng, _light(rng, n, np.zeros((n, 1))))
    return Course(course.measured, course.clean, falling=True, flat=True)


KINDS: Final[Mapping[str, Callable[[Generator, int], Course]]] = {
    one.__name__.replace("_", " "): one
    for one in (
        disk_steady, disk_bursty, disk_rotated, disk_regime, link_linear, link_exponential, link_holiday,
        light_ageing, light_microwatts, light_splice, memory_leak,
        disk_flat, disk_cleaned, memory_restarted, link_flat, light_flat,
    )
}  # fmt: skip
