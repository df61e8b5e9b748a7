"""From who counts to who judges: a stream's windows on their way to a thread of their own.

What judges a window of a great many flows takes its time, and meanwhile the kernel's ring and the sockets fill: so who
reads them hands each window over and reads on.
"""

import queue
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import fields, replace
from functools import partial
from typing import Final, TypeVar

import numpy as np
import structlog

from netmon.api.traffic import RECORD, Second, empty

WAITING_BYTES: Final = 192 << 20
"""Octets of windows that wait, beside the one that is being judged: two of a flood of forged sources, 90 MB each, so
that a sensor stays below 1 GB. One window always finds room, however large."""
BEHIND: Final = 3
"""Windows that wait before judging is behind: then detectors see tables and messages, and flows no more, until it has
caught up. Floods are named all the same: what takes long is what looks at each flow."""
_ANSWER_S: Final = 3.0  # how long an errand is waited for: a thread that reads looks for errands every 0.2 s
_LOOK_S: Final = 0.05  # at the end, when there is nothing to read any more

log = structlog.get_logger(__name__)

_Result = TypeVar("_Result")


class Judging:
    """A queue of windows and the thread that takes them. All counts are since the start."""

    def __init__(self, name: str, see: Callable[[Second, bool], None], *, after: Callable[[], None]) -> None:
        """`see` gets each window and whether its flows are to be judged, `after` is called behind it: both there."""
        self._name = name
        self._see = see
        self._after = after
        self._windows: queue.SimpleQueue[Second | None] = queue.SimpleQueue()
        self._errands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._waiting = 0  # windows that were not taken yet
        self._octets = 0  # of those that nobody judges yet
        self._counting = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f"judging {name}", daemon=True)
        self._counts: Counter[str] = Counter(unjudged_windows=0, unjudged_flows=0, hurried_windows=0)
        self.failures = 0  # errors that were not foreseen

    @property
    def counts(self) -> dict[str, int]:
        """Return windows that nobody saw, flows that no detector saw, windows of which only the tables were judged."""
        return dict(self._counts)

    def start(self) -> None:
        """Begin to take windows."""
        self._thread.start()

    def put(self, second: Second) -> None:
        """Hand over a window; where too much waits already it is dropped, and counted."""
        octets = second_bytes(second)
        with self._counting:
            fits = not self._octets or self._octets + octets <= WAITING_BYTES
            if fits:
                self._waiting += 1
                self._octets += octets
        if fits:
            self._windows.put(second)
        else:
            self._counts["unjudged_windows"] += 1
            self._counts["unjudged_flows"] += flows_in(second)

    def finish(self) -> None:
        """Return when everything that was handed over is judged; errands are run meanwhile."""
        self._windows.put(None)
        while self._thread.is_alive():
            self.run_errands()
            self._thread.join(_LOOK_S)

    def by_reader(self, work: Callable[..., _Result]) -> Callable[..., _Result]:
        """Return what has `work` done by the thread that hands windows over, and waits for what it returns.

        Raises what it raises, and TimeoutError where that thread does not come to it.
        """

        def ask(*arguments: object) -> _Result:
            answer: Future[_Result] = Future()
            self._errands.put(partial(_fulfil, answer, partial(work, *arguments)))
            try:
                return answer.result(_ANSWER_S)
            except TimeoutError:
                answer.cancel()  # nobody waits for it any more
                raise

        return ask

    def run_errands(self) -> None:
        """Do what was asked for; for the thread that hands windows over, between two batches."""
        while True:
            try:
                errand = self._errands.get_nowait()
            except queue.Empty:
                return
            errand()

    def _run(self) -> None:
        while (second := self._windows.get()) is not None:
            with self._counting:
                self._octets -= second_bytes(second)
            try:
                self._judge(second)
            except Exception:  # a bug must not end the watch; what was being looked at is lost with it
                self.failures += 1
                log.exception("a window of traffic was lost in an unforeseen way", source=self._name)
            del second
            with self._counting:
                self._waiting -= 1

    def _judge(self, second: Second) -> None:
        behind = self._waiting > BEHIND
        if behind:
            self._counts["hurried_windows"] += 1
            self._counts["unjudged_flows"] += flows_in(second)
        self._see(second, not behind)
        self._after()


def second_bytes(second: Second) -> int:
    """Return the octets of memory that a window's tables, flows and messages take."""
    arrays = [array for each in fields(second) if isinstance(array := getattr(second, each.name), np.ndarray)]
    return sum(array.nbytes for array in arrays) + (0 if second.more is None else second.more.nbytes)


def flows_in(second: Second) -> int:
    """Return how many flows a window has, those that began among them."""
    return len(second.begun) + len(second.ended) + (0 if second.more is None else len(second.more))


def without_flows(second: Second) -> Second:
    """Return a window as who is in a hurry judges it."""
    return replace(second, begun=empty(RECORD), ended=empty(RECORD), more=None, follows=False)


def _fulfil(answer: "Future[_Result]", work: Callable[[], _Result]) -> None:
    if not answer.set_running_or_notify_cancel():
        return
    try:
        answer.set_result(work())
    except BaseException as error:  # noqa: BLE001 - it belongs to who asked
        answer.set_exception(error)
