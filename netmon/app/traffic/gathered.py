"""The windows of several processes that share an interface, until all of them are there and are judged as one.

A window is complete when every process has told it, or when its time was over for long enough: one that is silent holds
up the others no longer than PATIENCE_NS. What it tells of that window afterwards does not raise the rates of the next:
its flows and messages count, its tables do not.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api.traffic import ENDPOINT, PORT_LOAD, RECORD, Second, Traffic, empty
from netmon.app.traffic.pipeline import Parts
from netmon.app.traffic.sources import LAG_NS
from netmon.app.traffic.windows import NS, STEP_BACK
from rules.traffic.tables.merge import Merging

Records: TypeAlias = NDArray[np.void]

PATIENCE_NS: Final = NS
"""How much longer than its end and the usual lag a window is waited for."""
_LAG_NS: Final = LAG_NS + 200_000_000  # as late as a silent process tells: its clock's lag and one wait for packets
_IN_ORDER: Final = ("dns", "neighbours", "leases", "routers", "bridges")
_NOTHING: Final = empty(RECORD)
_WAITING: Final = 1_024
"""Windows of one process that wait at once: 400 of a gap that are told one by one, and then some. More are dropped."""


class Gathered:
    """What the processes told, by window. For one thread."""

    def __init__(self, rows: int = 0) -> None:
        """`rows`: of a table of all together, whose memory is taken beforehand."""
        self.counts: Counter[str] = Counter(late_windows=0, late_records=0, missing_windows=0, crowded_windows=0)
        self._told: dict[int, dict[int, Second]] = {}  # by start in Unix nanoseconds, by process
        self._strays: list[Second] = []
        self._reached: dict[int, int] = {}  # by process: the end of the last window that it told; 0: none yet
        self._done_ns = 0  # the end of the last window that was judged
        self._begun = False
        self._ended = False
        self._merging = Merging()
        self._rows = rows

    def join(self, process: int) -> None:
        """Wait for this process's windows from now on."""
        self._reached[process] = 0

    def leave(self, process: int) -> None:
        """Wait for its windows no longer; those that it told count."""
        self._reached.pop(process, None)

    def put(self, process: int, second: Second) -> None:
        """Take a window that a process told."""
        start_ns, end_ns = round(second.start * NS), round(second.end * NS)
        if start_ns < self._done_ns - STEP_BACK * NS:  # time was set back: what waits has lost its place
            self._done_ns = start_ns
            self._set_aside(list(self._told))
        if process in self._reached:
            self._reached[process] = end_ns
        if start_ns < self._done_ns:
            self._stray(second)
        elif len(self._told) >= _WAITING and start_ns not in self._told:
            self.counts["crowded_windows"] += 1
        else:
            self._told.setdefault(start_ns, {})[process] = second

    def reached_ns(self, now_ns: int) -> int:
        """Return up to when windows are complete, or were waited for long enough."""
        if not self._begun and self._told:
            self._begun = True
            return min(self._told)  # the first is opened, before any is closed
        if self._ended:
            return self._last_ns()
        by_clock = now_ns - _LAG_NS - PATIENCE_NS
        told = min(self._reached.values(), default=0)
        return max(told, by_clock)

    def end(self) -> None:
        """Wait for nothing any more: what was told is all."""
        self._ended = True

    def _last_ns(self) -> int:
        return max((self._done_ns, *(round(one.end * NS) for told in self._told.values() for one in told.values())))

    def take(self, start: float, end: float) -> Second:
        """Return the window from `start` to `end` (Unix seconds) as one, and be done with it."""
        start_ns = round(start * NS)
        told = self._told.pop(start_ns, {})
        self._set_aside([each for each in self._told if each < start_ns])
        self._done_ns = round(end * NS)
        if not self._ended:
            self.counts["missing_windows"] += sum(1 for process in self._reached if process not in told)
        parts = [replace(one, start=start, end=end) for one in (*told.values(), *self._strays)]
        self._strays.clear()
        if not parts:
            return Second(start, end)
        merged = self._merging.merge(parts, seed=start_ns)
        ordered: dict[str, Any] = {name: _by_time(getattr(merged, name)) for name in _IN_ORDER}
        return replace(merged, **ordered)

    def _set_aside(self, starts: Sequence[int]) -> None:
        for start_ns in starts:
            for second in self._told.pop(start_ns).values():
                self._stray(second)

    def _stray(self, second: Second) -> None:
        """Keep what a window that is too late holds besides its tables."""
        self.counts["late_windows"] += 1
        self.counts["late_records"] += second.records
        self._strays.append(_without_tables(second))

    @property
    def parts(self) -> Parts:
        """Return this as the parts of a pipeline: its window's end is what asks for the next."""
        window = _Window(self)
        return Parts(window, _Flows(window), _Messages(window), partial(self._merging.touch, self._rows))


class _Window:
    """The tables of a pipeline. Records come from elsewhere already counted."""

    def __init__(self, gathered: Gathered) -> None:
        self._gathered = gathered
        self.begun = self.ended = _NOTHING

    def add(self, records: Records) -> None:
        """Take nothing."""

    def drain(self, start: float, end: float, *, live: bool) -> Second:
        """Return the window as one."""
        del live
        second = self._gathered.take(start, end)
        self.begun, self.ended = second.begun, second.ended
        return second

    def flows(self) -> tuple[Records, Records]:
        """Return the flows that began and those that ended, once: who keeps them holds up their memory."""
        told, self.begun, self.ended = (self.begun, self.ended), _NOTHING, _NOTHING
        return told


class _Flows:
    """The flows of the window that was just taken."""

    def __init__(self, window: _Window) -> None:
        self._window = window

    def add(self, traffic: Traffic, now_ns: int) -> None:
        """Take nothing."""

    def drain(self, now_ns: int) -> tuple[Records, Records]:
        """Return what began and what ended."""
        del now_ns
        return self._window.flows()

    def finish(self) -> Records:
        """Return nothing: the processes told what was open when they ended."""
        return empty(RECORD)


class _Messages:
    """The messages of the window that was just taken, which are in it."""

    def __init__(self, window: _Window) -> None:
        self._window = window

    def add(self, traffic: Traffic) -> None:
        """Take nothing."""

    def fill(self, second: Second) -> Second:
        """Return the second as it is."""
        return second


def _by_time(rows: Records) -> Records:
    return rows[np.argsort(rows["at_ns"], kind="stable")] if len(rows) > 1 else rows


def _without_tables(second: Second) -> Second:
    nothing: dict[str, Any] = {
        "destinations": empty(ENDPOINT),
        "sources": empty(ENDPOINT),
        "ports": empty(PORT_LOAD),
        "sample": empty(RECORD),
    }
    return replace(second, records=0, packets=0, bytes=0, unlisted={}, **nothing)
