"""Where in its interval each poll has its place: even over all targets, the same after every restart. Pure."""

import math
import zlib
from datetime import UTC, datetime

from apscheduler.triggers.base import BaseTrigger


def phase(key: str) -> float:
    """Return where in its interval an entry has its place, 0 to 1: the same on every start and on every machine."""
    return zlib.crc32(key.encode()) / 2**32


class Steady(BaseTrigger):  # type: ignore[misc]  # APScheduler ships no types
    """Fires at a fixed place in every interval, counted from the epoch, whenever the first run was.

    A run outside its place (the first one, or one that was owed) moves none of those that follow, and the next follows
    after at least half an interval.
    """

    __slots__ = ("interval_s", "place_s")

    def __init__(self, key: str, interval_s: float) -> None:
        self.interval_s = interval_s
        self.place_s = phase(key) * interval_s

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """Return the next place after the previous run, or after now."""
        if previous_fire_time is None:
            return self._after(now.timestamp())
        return self._after(previous_fire_time.timestamp() + self.interval_s / 2)

    def _after(self, moment: float) -> datetime:
        past = math.floor((moment - self.place_s) / self.interval_s)
        return datetime.fromtimestamp((past + 1) * self.interval_s + self.place_s, UTC)
