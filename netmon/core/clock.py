"""This machine's clock: whether it was stepped, how far it is from its time servers, and time that nobody can step."""

import time
from typing import Final

from netmon.api.timex import timex

_TIME_ERROR: Final = 5  # adjtimex(2): the clock is not synchronised
_STA_UNSYNC: Final = 0x0040
_STA_NANO: Final = 0x2000  # the offset is in nanoseconds, not microseconds


class StepDetector:
    """Tells steps of the wall clock from time that passes. Pure: both clocks are arguments.

    A clock that is slewed (at most 500 parts in a million, adjtime(3)) gains 0.5 s in 17 minutes; each look counts by
    itself, so that slewing is no step as long as looks are less than that apart.
    """

    def __init__(self, threshold_s: float = 0.5) -> None:
        self._threshold_s = threshold_s
        self._last: tuple[float, float] | None = None

    def see(self, wall: float, monotonic: float) -> float:
        """Return by how many seconds the wall clock was stepped since the last look; 0.0 when it was not.

        `wall` is in Unix seconds; `monotonic` must go on while the machine sleeps (`boottime`).
        """
        before, self._last = self._last, (wall, monotonic)
        if before is None:
            return 0.0
        step = (wall - before[0]) - (monotonic - before[1])
        return step if abs(step) >= self._threshold_s else 0.0


def boottime() -> float:
    """Return seconds since the machine started, those in which it slept included; nobody can step them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def clock_offset() -> float | None:
    """Return by how many seconds the local clock is ahead of its time servers; None when it follows none.

    adjtimex(2) tells what is still to be corrected, which is what the clock lacks: the sign is turned. A daemon that
    disciplines the clock without the kernel's loop (chrony with slews of its own) leaves 0 here while it is in step.
    """
    try:
        state, said = timex()
    except OSError:
        return None
    return _offset(state, said.status, said.offset)


def _offset(state: int, status: int, offset: int) -> float | None:
    if state == _TIME_ERROR or status & _STA_UNSYNC:
        return None
    return -offset / (1e9 if status & _STA_NANO else 1e6)
