"""Series that pass a limit, and series that do not: for the unit tests of the rules."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from netmon.app.promrules.annotations import placeholders
from netmon.app.promrules.expressions import RATE_S, Own
from rules.pack import Limit

STEP_S: Final = 60  # between two samples, and two evaluations

_WORDS: Final = frozenset({"target", "value", "limit", "share", "window", "metric"})
_OWN: Final = {
    "_dbm": -10.0,
    "_celsius": 50.0,
    "_volts": 230.0,
    "_amperes": 0.05,
    "_ratio": 0.5,
}  # limits as devices tell them


class NoSample(Exception):
    """No value for a label was found that its patterns let pass."""


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing that a limit speaks of: the labels of its series, and what its bound is."""

    limit: Limit
    labels: Mapping[str, str]
    own: str  # the metric of its own limit, "" where the limit is fixed
    own_value: float

    @property
    def bound(self) -> float:
        """Return what is not to be passed."""
        limit = self.limit
        share = limit.of_upper_limit if limit.of_upper_limit is not None else limit.of_lower_limit
        if self.own and share is not None:
            return share * self.own_value
        fixed = limit.equals if limit.equals is not None else limit.over if limit.above else limit.under
        return 0.0 if fixed is None else fixed

    @property
    def steps(self) -> int:
        """Return after how many samples an alert fires for certain."""
        looks_back = {"rate": RATE_S, "increase": self.limit.window_s, "changes": self.limit.window_s}
        return int((self.limit.for_s + looks_back.get(self.limit.read, 0.0)) // STEP_S) + 5

    def beyond(self, far: float = 0.1) -> float:
        """Return a reading beyond the bound, by a share of it."""
        if self.limit.equals is not None:
            return self.limit.equals
        away = max(abs(self.bound) * far, 0.01) if self.limit.read != "increase" else abs(self.bound) + 1
        return self.bound + away if self.limit.above else self.bound - away

    def well(self) -> float:
        """Return a reading that is well, whatever the hysteresis."""
        if self.limit.equals is not None:
            return self.limit.equals + 1
        if self.limit.read in ("increase", "changes"):
            return 0.0
        away = abs(self.bound) * (self.limit.hysteresis + 0.1) + 0.01
        return self.bound - away if self.limit.above else self.bound + away

    def values(self, readings: list[float]) -> list[float]:
        """Return the series whose readings are these, one each step."""
        limit, scale = self.limit, self.limit.scale
        if limit.read == "time_left":
            return [reading + STEP_S * number for number, reading in enumerate(readings)]
        if limit.read == "value":
            return [reading / scale for reading in readings]
        if limit.read == "changes":
            return _summed([float(reading > self.bound) for reading in readings])
        per_step = STEP_S if limit.read == "rate" else STEP_S / limit.window_s
        return _summed([reading / scale * per_step for reading in readings])

    def others(self) -> Iterator[tuple[str, float]]:
        """Give the other metrics that must be there, with their values."""
        if self.own:
            yield self.own, self.own_value
        for metric, condition in self.limit.where.items():
            if metric != self.own:
                if condition.over is not None:
                    yield metric, condition.over + 1
                elif condition.under is not None:
                    yield metric, condition.under - 1
                else:
                    yield metric, condition.equals or 0.0


def thing(limit: Limit, own: Own) -> Thing:
    """Return something that a limit speaks of; NoSample where its patterns are too hard to fit."""
    names = {*limit.labels, *limit.match, *limit.unless, *placeholders(limit.summary.en + limit.summary.id)} - _WORDS
    labels = {name: _label(name, limit) for name in sorted(names)}
    upper, lower = own.get(limit.metric, ("", ""))
    metric = ""
    if limit.of_upper_limit is not None:
        metric = limit.bound_by or upper
    elif limit.of_lower_limit is not None:
        metric = limit.bound_by or lower
    value = next((value for suffix, value in _OWN.items() if limit.metric.endswith(suffix)), 1000.0)
    return Thing(limit, labels, metric, value)


def _summed(growth: list[float]) -> list[float]:
    total, found = 0.0, []
    for step in growth:
        total += step
        found.append(total)
    return found


def _label(name: str, limit: Limit) -> str:
    """Return a value of a label that its patterns let pass, found among the words of the patterns themselves."""
    match, unless = limit.match.get(name), limit.unless.get(name)
    said = match.pattern if match is not None else ""
    plain = re.sub(r"\\b|[\^$]|\(\?\w*:?", "", said).replace("\\", "")
    words: list[str] = re.findall(r"[\w./-]+", said)
    for candidate in ("port 1", "1", "", *words, *(f"/{word}" for word in words), "/", plain):
        if (match is None or match.search(candidate)) and (unless is None or not unless.search(candidate)):
            return candidate
    raise NoSample(f"no {name} is known that fits")
