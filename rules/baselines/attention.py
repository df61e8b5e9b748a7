"""What draws attention without waking anybody: the most unusual series of each minute, and of now."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from netmon.api import Event, Severity
from netmon.api.columns import Series

_MINUTE_S: Final = 60.0
UNUSUAL_MAX: Final = (
    200  # series that are remembered as unusual, and that are looked at in a tick: more than any page shows
)


@dataclass(frozen=True, slots=True)
class Unusual:
    """A value that was unlike what its series had been."""

    series: Series
    at: float  # Unix seconds
    value: float
    expected: float
    score: float

    def event(self) -> Event:
        """Return it as something that happened."""
        return Event(
            self.at,
            "baselines",
            self.series.target,
            "anomaly",
            Severity.INFO,
            {
                "netmon.metric": self.series.metric,
                "netmon.labels": ",".join(f"{name}={value}" for name, value in self.series.labels),
                "netmon.value": self.value,
                "netmon.expected": self.expected,
                "netmon.score": self.score,
            },
        )


class Attention:
    """Keeps the highest scores of the minute that runs, and those that have not been ordinary for long enough."""

    def __init__(self, per_minute: int, lasts_s: float) -> None:
        self._per_minute = per_minute
        self._lasts_s = lasts_s
        self._minute: list[tuple[float, int, Unusual]] = []  # a heap, the lowest score first
        self._began: float | None = None  # when the minute did
        self._number = 0
        self._now: dict[int, Unusual] = {}  # by slot
        self.dropped = 0  # anomalies that were not said: their minute had more unusual ones

    def configure(self, per_minute: int, lasts_s: float) -> None:
        """Go by these from now on."""
        self._per_minute, self._lasts_s = per_minute, lasts_s

    def take(self, slot: int, unusual: Unusual) -> None:
        """Take an anomaly: it may be said when the minute ends."""
        self.see(slot, unusual)
        self._number += 1
        heapq.heappush(self._minute, (unusual.score, -self._number, unusual))
        while len(self._minute) > self._per_minute:
            heapq.heappop(self._minute)
            self.dropped += 1

    def skip(self) -> None:
        """Count an anomaly that is not looked at: its tick had enough more unusual ones."""
        self.dropped += 1

    def see(self, slot: int, unusual: Unusual) -> None:
        """Note that a series is unusual now. What is least so makes room."""
        before = self._now.get(slot)
        if before is None and len(self._now) >= UNUSUAL_MAX:
            least = min(self._now, key=lambda known: self._now[known].score)
            if self._now[least].score >= unusual.score:
                return
            del self._now[least]
        self._now[slot] = unusual

    def tick(self, now: float) -> Iterator[Event]:
        """Say the highest of a minute that has ended, the highest first; forget what was unusual long ago."""
        if self._began is None or now < self._began:
            self._began = now
        if now - self._began < _MINUTE_S:
            return
        self._began = now
        said, self._minute = sorted(self._minute, reverse=True), []
        for slot in [slot for slot, one in self._now.items() if not 0 <= now - one.at <= self._lasts_s]:
            del self._now[slot]
        for _, _, unusual in said:
            yield unusual.event()

    def current(self, limit: int) -> list[Unusual]:
        """Return the series that are most unusual now, the most unusual first."""
        return heapq.nlargest(limit, self._now.values(), key=lambda one: one.score)

    def free(self, slots: Iterable[int]) -> None:
        """Forget what was at these slots."""
        for slot in slots:
            self._now.pop(slot, None)
