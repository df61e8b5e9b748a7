"""One source of traffic: read, decoded and counted in a thread of its own, judged in another."""

import threading
import time
from collections.abc import Mapping
from typing import Final, Protocol

import structlog

from netmon.api import Reading, Target
from netmon.api.traffic import RECORD, Second, Traffic, empty
from netmon.app.settings import Settings
from netmon.app.traffic.build import Built, Counts
from netmon.app.traffic.judging import Judging
from netmon.app.traffic.learned import Memory
from netmon.app.traffic.tallies import Tallies

WAIT_S: Final = 0.2
"""How long a source is waited for: a silent wire's windows end that much late at most."""
REST_S: Final = 1.0
"""How long at most, at the stop, what the kernel still holds is read."""
_NOTHING: Final = Traffic(empty(RECORD))

log = structlog.get_logger(__name__)


class Source(Protocol):
    """Where traffic comes from. Its methods are called from one thread."""

    name: str
    live: bool  # packets as they pass; False: flows, which are told when they are over

    @property
    def where(self) -> str:
        """Return where it listens, for people."""

    def open(self) -> None:
        """Open sockets; ConfigError where the operator can mend what is wrong."""

    def next(self, timeout_s: float) -> Traffic | None:
        """Wait for traffic; None where none came."""

    def reached_ns(self) -> int:
        """Return the Unix nanoseconds up to which all was given; asked of packets' sources when `next` gave None."""

    def end(self) -> None:
        """Bring to an end: what `next` gives from now on is the rest of what came before. May take two seconds."""

    def is_up(self) -> bool:
        """Tell whether traffic can come."""

    @property
    def counts(self) -> Mapping[str, Counts]:
        """Return what its parts count, by part: what was dropped and why among it."""

    def close(self) -> None:
        """Let go of everything; safe to call twice."""


class Measure(Protocol):
    """What counts a stream's traffic for its page."""

    def reading(self, now: float) -> Reading | None:
        """Return what was counted so far; None before the first window."""

    def configure(self, settings: Settings) -> None:
        """Go on with another inventory."""


class Stream:
    """One source and its pipeline in a thread, and who judges its windows in another."""

    def __init__(self, source: Source, built: Built, target: Target, memory: Memory | None = None) -> None:
        self.source = source
        self.memory = memory  # what its detectors learned, over restarts; None: they begin anew
        self.built = built
        self.tallies = Tallies()
        self.target = target
        self.measure: Measure | None = None  # what its page shows of its traffic
        self.opened = False
        self.judging = Judging(source.name, self._see, after=self._learn)
        self._failures = 0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Open the source; called before privileges are given up."""
        self.source.open()
        self.built.pipeline.touch()
        if self.memory is not None:
            self.memory.restore(self.built.judges.rules)
        self.opened = True

    def start(self) -> None:
        """Begin to take what comes."""
        self.built.pipeline.hand = self._hand
        self.built.hooks.clock = time.time
        self.judging.start()
        self._thread = threading.Thread(target=self._run, name=f"traffic {self.source.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop and tell what is still open; blocks until the thread has ended."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self.source.close()

    def reading(self, now: float) -> Reading | None:
        """Return what is measured; None where nothing is yet."""
        return None if self.measure is None else self.measure.reading(now)

    @property
    def failures(self) -> int:
        """Return how many errors there were that were not foreseen."""
        return self._failures + self.judging.failures

    @property
    def counts(self) -> Mapping[str, Counts]:
        """Return what all its parts count, by part."""
        return {**self.source.counts, **self.built.counts, "judging": lambda: self.judging.counts}

    def _hand(self, second: Second) -> None:
        self.built.lay_by(second)
        self.judging.put(second)

    def _see(self, second: Second, flows: bool) -> None:
        self.built.see(second, flows=flows)

    def _learn(self) -> None:
        if self.memory is not None:
            self.memory.take(self.built.judges.rules)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._step()
            except Exception:  # a bug must not end the watch; what was being looked at is lost with it
                self._failures += 1
                log.exception("a stream of traffic failed in an unforeseen way", source=self.source.name)
                self._stopping.wait(1.0)
        self._take_rest()
        try:
            self.built.pipeline.finish()
        finally:
            self.judging.finish()
            if self.memory is not None:
                self.memory.take(self.built.judges.rules, now=True)
                self.memory.write()

    def _take_rest(self) -> None:
        """Take what came before we were told to stop: the kernel holds packets back until a block is worth it."""
        try:
            self.source.end()
            until = time.monotonic() + REST_S
            while time.monotonic() < until and self._step():
                pass
        except Exception:  # as in _run
            self._failures += 1
            log.exception("the rest of a stream of traffic was lost", source=self.source.name)

    def _step(self) -> bool:
        """Take what comes next; False where nothing came."""
        traffic = self.source.next(WAIT_S)
        now_ns = time.time_ns()
        if not self.source.live:
            if traffic is not None:
                self.tallies.take(traffic)
                if self.built.hooks.keep is not None:
                    self.built.hooks.keep(traffic.records)
            self.built.pipeline.take_now(traffic or _NOTHING, now_ns)
        elif traffic is None:
            self.built.pipeline.elapse(self.source.reached_ns())
        else:
            self.tallies.take(traffic)
            self.built.pipeline.take(traffic)
        self.judging.run_errands()
        return traffic is not None
