"""Slow quantities that follow the day and wander: temperatures, voltages, light. Pure functions of seed and time."""

from functools import lru_cache
from math import cos, pi, sin
from typing import Final

from netmon.demo.chance import between, unit
from netmon.demo.curves import DAY_S, local_day

_PERIODS_S: Final = (420.0, 1_900.0, 11_700.0)  # no one a multiple of another: the sum does not repeat for weeks
_HOTTEST: Final = 15 / 24  # of the local day


@lru_cache(maxsize=4_096)  # one for each wandering quantity: some 20 a device
def _phases(seed: int, name: str) -> tuple[float, ...]:
    return tuple(2 * pi * unit(seed, name, period) for period in _PERIODS_S)


def wander(seed: int, name: str, at: float) -> float:
    """Return a number between -1 and 1 that moves over minutes and hours."""
    phases = _phases(seed, name)
    return sum(sin(2 * pi * at / p + phase) for p, phase in zip(_PERIODS_S, phases, strict=True)) / len(_PERIODS_S)


def drift(seed: int, name: str, at: float, days: float) -> float:
    """Return a number between 0 and 1 that goes up and down once in so many days."""
    return (1 - cos(2 * pi * (at / DAY_S / days + unit(seed, name, "drift")))) / 2


def ramp(seed: int, name: str, at: float, days: float) -> float:
    """Return a number that rises from 0 to 1 in so many days and begins again: what fills and is emptied."""
    return (at / DAY_S / days + unit(seed, name, "ramp")) % 1.0


def room_celsius(seed: int, site: str, at: float) -> float:
    """Return the temperature of a site's rack room: cooled, warmest in the afternoon."""
    base = between(22.5, 26.5, seed, site, "room")
    return base + 1.6 * cos(2 * pi * (local_day(at) - _HOTTEST)) + 0.4 * wander(seed, f"{site} room", at)
