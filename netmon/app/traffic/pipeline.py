"""The way of traffic: records in; each second its tables, flows and messages out, to who judges them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.packet.sums_kernel import EARLIEST, LATEST
from netmon.api.traffic import Frames, Second, Traffic
from netmon.app.traffic.windows import NS, REST, Windows

Records = NDArray[np.void]
_SETTLED: Final = 2
"""Windows without a record after which tables and messages hold nothing: a handshake may end one later."""


class Tables(Protocol):
    """What rules/traffic/tables offers."""

    def add(self, records: Records) -> None:
        """Count these records to the open window."""

    def drain(self, start: float, end: float, *, live: bool) -> Second:
        """Return what the window came to, and begin the next."""


class Flows(Protocol):
    """What makes flows: the flow table of a sensor, the pairing of a flow collector."""

    def add(self, traffic: Traffic, now_ns: int) -> None:
        """Take a batch."""

    def drain(self, now_ns: int) -> tuple[Records, Records]:
        """Return the flows that began and those that ended or were reported."""

    def finish(self) -> Records:
        """Return all that is left."""


class Messages(Protocol):
    """What reads the messages of the local network out of frames."""

    def add(self, traffic: Traffic) -> None:
        """Take a batch with its frames."""

    def fill(self, second: Second) -> Second:
        """Return the second with the window's messages in it, and begin the next window."""


@dataclass(slots=True)
class Parts:
    """What a stream of traffic goes through. `messages` is None where there are no frames."""

    tables: Tables
    flows: Flows
    messages: Messages | None = None
    touch: Callable[[], None] | None = None  # takes the memory that a flood needs from the kernel


Hand = Callable[[Second], None]


class Pipeline:
    """One stream of records through its parts. Not for several threads at once."""

    def __init__(self, parts: Parts, hand: Hand, *, window_s: float = 1.0, live: bool = True) -> None:
        """`hand` gets every window when it is over; its arrays are its own from then on."""
        self._parts = parts
        self.hand = hand
        self.is_at_rest: Callable[[], bool] | None = None
        """Whether no flow and no finding is open, so that a long silence needs no telling. For who reads a file, where
        all that comes is taken here; parts that gather windows of other processes have them without that."""
        self._live = live
        self.windows = Windows(window_s)
        self._empty = 0  # windows since the last record, its own among them

    def touch(self) -> None:
        """Take the memory that a flood needs now: when it comes, the kernel has other things to do."""
        if self._parts.touch is not None:
            self._parts.touch()

    def take(self, traffic: Traffic) -> None:
        """Take a batch; the windows that its times show to be over are handed out on the way."""
        notes = traffic.notes
        if notes is not None and self.windows.hold(int(notes.sums[EARLIEST]), int(notes.sums[LATEST])):
            self._add(traffic, self.windows.start_ns)
            return
        at_ns = traffic.records["end_ns"]
        begin, count = 0, len(traffic)
        while begin < count:
            end = self.windows.fits(at_ns, begin)
            if end == begin:
                self._move_to(int(at_ns[begin]))
            else:
                self._add(traffic if end - begin == count else _part(traffic, begin, end), self.windows.start_ns)
            begin = end

    def take_now(self, traffic: Traffic, now_ns: int) -> None:
        """Take a batch that counts when it came: exporters report what is over, by clocks of their own."""
        self.elapse(now_ns)
        if len(traffic):
            self._add(traffic, now_ns)

    def elapse(self, now_ns: int) -> None:
        """Hand out what is over by the clock: for a wire on which nothing comes."""
        if not self.windows.is_open:
            self.windows.open_at(now_ns)
        elif now_ns >= self.windows.end_ns or now_ns < self.windows.oldest_ns:
            self._move_to(now_ns)

    def finish(self, *, quiet_windows: int = 0) -> None:
        """Hand out the open window, with all flows that are still open, and then so many in which nothing comes.

        The quiet ones let a capture's findings close with their totals, as silence on a wire would.
        """
        if not self.windows.is_open:
            return
        self._close(last=True)
        for _ in range(quiet_windows):
            if self._rests():
                break
            self._close()

    def _add(self, traffic: Traffic, now_ns: int) -> None:
        self._empty = 0
        self._parts.tables.add(traffic.records)
        self._parts.flows.add(traffic, now_ns)
        if self._parts.messages is not None and traffic.frames is not None:
            self._parts.messages.add(traffic)

    def _move_to(self, at_ns: int) -> None:
        for _ in range(self.windows.ends_before(at_ns)):
            if at_ns > self.windows.start_ns and self._rests():
                self.windows.rest_until(at_ns)
                break
            self._close()
        if not self.windows.start_ns <= at_ns < self.windows.end_ns:
            self.windows.open_at(at_ns)

    def _rests(self) -> bool:
        return self._empty > REST and self.is_at_rest is not None and self.is_at_rest()

    def _close(self, *, last: bool = False) -> None:
        start, end = self.windows.advance()
        settled = self._empty > _SETTLED and self.is_at_rest is not None
        self._empty += 1
        # Between a capture's packets may lie a day: a window of which it is known that nothing is in it costs nothing.
        second = Second(start, end, self._live) if settled else self._parts.tables.drain(start, end, live=self._live)
        begun, ended = self._parts.flows.drain(round(end * NS))
        if last and len(rest := self._parts.flows.finish()):
            ended = np.concatenate([ended, rest])
        second = replace(second, begun=begun, ended=ended)
        if self._parts.messages is not None and not settled:
            second = self._parts.messages.fill(second)
        self.hand(second)


def _part(traffic: Traffic, begin: int, end: int) -> Traffic:
    frames = traffic.frames
    if frames is not None:
        frames = Frames(frames.buffer, frames.index[begin:end], frames.link_type)
    return Traffic(traffic.records[begin:end], frames)
