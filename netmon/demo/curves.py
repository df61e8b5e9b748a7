"""How much flows at a time, and how much has flowed since: a week's habit with noise on it, and its exact integral.

Because both are known in closed form, a counter is consistent with its load at any two moments, however far apart,
and nothing has to run between two questions.

Inside one hour the rate is a straight line between the habits of its two ends plus sines that are 0 at both ends, whose
amplitudes are drawn for that hour. Every sine integrates to 0 over the hour, so the total at the end of any hour is
known without looking at the hours before.
"""

from itertools import accumulate
from math import cos, floor, pi, sin
from typing import Final

from netmon.demo.chance import between, signed

HOUR_S: Final = 3600
DAY_S: Final = 24 * HOUR_S
WEEK_HOURS: Final = 7 * 24
UTC_OFFSET_S: Final = 7 * HOUR_S  # Western Indonesia Time, which knows no summer time
ORIGIN: Final = 1_767_546_000.0  # Monday 2026-01-05, 00:00 there; totals count from it, so that a double holds them

# Waves within an hour → at most this share of the rate. Together below 1, so that no rate is negative.
_WAVES: Final = ((1, 0.10), (2, 0.08), (5, 0.07), (13, 0.06), (37, 0.05), (90, 0.04))

_OFFICE = (4, 3, 3, 3, 3, 4, 8, 30, 72, 95, 100, 92, 58, 78, 96, 88, 52, 24, 16, 13, 11, 9, 7, 5)
_OFFICE_FRIDAY = (4, 3, 3, 3, 3, 4, 8, 32, 75, 94, 90, 45, 28, 66, 80, 70, 40, 20, 14, 12, 10, 8, 7, 5)
_OFFICE_WEEKEND = (4, 3, 3, 3, 3, 4, 5, 8, 11, 13, 14, 13, 12, 12, 12, 11, 10, 9, 9, 9, 8, 7, 6, 5)
_PUBLIC = (12, 8, 6, 5, 6, 12, 28, 52, 78, 95, 100, 92, 74, 82, 90, 84, 70, 60, 62, 66, 60, 46, 30, 18)
_NIGHT = (92, 100, 96, 60, 24, 6, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4, 6, 14, 40, 76)

OFFICE: Final = (*_OFFICE * 4, *_OFFICE_FRIDAY, *_OFFICE_WEEKEND * 2)
"""Percent of the peak at each hour of a week that begins on Monday: offices open at 7.30; long lunch on Friday."""
PUBLIC: Final = _PUBLIC * 7
NIGHT: Final = _NIGHT * 7
STEADY: Final = (80,) * WEEK_HOURS


class Curve:
    """A rate over time, in units a second. `week` is in percent of `peak`, hour by hour, from Monday 00:00."""

    def __init__(self, peak: float, week: tuple[int, ...], seed: int, name: str) -> None:
        self.peak = peak
        self._hourly = [peak * percent / 100 for percent in week]
        following = self._hourly[1:] + self._hourly[:1]
        areas = [(a + b) / 2 * HOUR_S for a, b in zip(self._hourly, following, strict=True)]
        self._before = [0.0, *accumulate(areas)]
        self._shift_s = between(-HOUR_S / 2, HOUR_S / 2, seed, name, "shift")  # not everybody arrives at once
        self._seed, self._name = seed, name
        self._waves: tuple[int, list[tuple[float, float]]] = (-1, [])  # of the hour that was asked last
        self._last = (-1.0, 0.0)  # time and total that were asked last: one question asks for all ports

    def rate(self, at: float) -> float:
        """Return the units a second at Unix time `at`."""
        hour, x, low, high = self._place(at)
        noise = sum(amplitude * sin(turns * x) for turns, amplitude in self._waves_of(hour))
        return low + (high - low) * x + min(low, high) * noise

    def total(self, at: float) -> float:
        """Return the units since ORIGIN; negative before it."""
        if self._last[0] == at:
            return self._last[1]
        hour, x, low, high = self._place(at)
        waved = sum(amplitude * (1 - cos(turns * x)) / turns for turns, amplitude in self._waves_of(hour))
        inside = low * x + (high - low) * x * x / 2 + min(low, high) * waved
        weeks, of_week = divmod(hour, WEEK_HOURS)
        total = weeks * self._before[-1] + self._before[of_week] + HOUR_S * inside
        self._last = (at, total)
        return total

    def _place(self, at: float) -> tuple[int, float, float, float]:
        """Return (hours since ORIGIN, share of the hour that passed, rate at its begin, rate at its end)."""
        hours = (at - ORIGIN + self._shift_s) / HOUR_S
        hour = floor(hours)
        return hour, hours - hour, self._hourly[hour % WEEK_HOURS], self._hourly[(hour + 1) % WEEK_HOURS]

    def _waves_of(self, hour: int) -> list[tuple[float, float]]:
        """Return (angle in an hour, amplitude as a share of the rate) of each wave in this hour."""
        if self._waves[0] != hour:
            chances = signed(len(_WAVES), self._seed, self._name, hour)
            waves = [(2 * pi * k, most * c) for (k, most), c in zip(_WAVES, chances, strict=True)]
            self._waves = (hour, waves)
        return self._waves[1]


def local_day(at: float) -> float:
    """Return how much of the local day has passed at Unix time `at`: 0 at midnight, 0.5 at noon."""
    return (at - ORIGIN) % DAY_S / DAY_S
