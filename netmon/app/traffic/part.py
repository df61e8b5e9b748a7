"""The traffic part of a daemon: each source in a thread of its own, what it finds handed to the event loop."""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, Protocol

import structlog

from exporters.actions.actor import Actor
from netmon.api import Finding, Reading, Target, Uplink
from netmon.api.traffic import RECORD, Traffic, empty
from netmon.app.settings import Settings
from netmon.app.traffic.build import Built, Counts, networks_of
from netmon.app.traffic.indicatorfiles import IndicatorFiles
from netmon.app.traffic.keeper import Keeper
from netmon.app.traffic.learned import Memory
from netmon.app.traffic.prefixfiles import PrefixFiles
from netmon.app.traffic.tallies import Tallies

WAIT_S: Final = 0.2
"""How long a source is waited for: a silent wire's windows end that much late at most."""
REST_S: Final = 1.0
"""How long at most, at the stop, what the kernel still holds is read."""
_NOTHING: Final = Traffic(empty(RECORD))

log = structlog.get_logger(__name__)

Take = Callable[[Target, str, Reading], None]


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
    """One source, its pipeline and their thread."""

    def __init__(self, source: Source, built: Built, target: Target, memory: Memory | None = None) -> None:
        self.source = source
        self.memory = memory  # what its detectors learned, over restarts; None: they begin anew
        self.built = built
        self.tallies = Tallies()
        self.target = target
        self.measure: Measure | None = None  # what its page shows of its traffic
        self.opened = False
        self.failures = 0  # errors that were not foreseen
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Open the source; called before privileges are given up."""
        self.source.open()
        if self.memory is not None:
            self.memory.restore(self.built.judges.rules)
        self.opened = True

    def start(self) -> None:
        """Begin to take what comes."""
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

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._step()
            except Exception:  # a bug must not end the watch; what was being looked at is lost with it
                self.failures += 1
                log.exception("a stream of traffic failed in an unforeseen way", source=self.source.name)
                self._stopping.wait(1.0)
        self._take_rest()
        try:
            self.built.pipeline.finish()
        finally:
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
            self.failures += 1
            log.exception("the rest of a stream of traffic was lost", source=self.source.name)

    def _step(self) -> bool:
        """Take what comes next; False where nothing came."""
        traffic = self.source.next(WAIT_S)
        now_ns = time.time_ns()
        if not self.source.live:
            if traffic is not None:
                self.tallies.take(traffic.records)
                if self.built.hooks.keep is not None:
                    self.built.hooks.keep(traffic.records)
            self.built.pipeline.take_now(traffic or _NOTHING, now_ns)
        elif traffic is None:
            self.built.pipeline.elapse(self.source.reached_ns())
        else:
            self.tallies.take(traffic.records)
            self.built.pipeline.take(traffic)
        if self.memory is not None:
            self.memory.take(self.built.judges.rules)
        return traffic is not None


class TrafficPart:
    """All streams of a daemon. A component; what they find goes to `uplink`, what they measure to `take`."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a daemon has for it
        self,
        streams: Sequence[Stream],
        uplink: Uplink,
        take: Take,
        interval_s: float,
        keeper: Keeper | None = None,
        indicators: IndicatorFiles | None = None,
        prefixes: PrefixFiles | None = None,
        actor: Actor | None = None,
    ) -> None:
        """`actor`: the uplink itself, where it acts on findings on their way and has to be started."""
        self.streams = tuple(streams)
        self._uplink = uplink
        self._take = take
        self._interval_s = interval_s
        self._keeper = keeper
        self._indicators = indicators
        self._prefixes = prefixes
        self._actor = actor
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def targets(self) -> list[tuple[Target, str]]:
        """Return what the pages list: each stream, under the job `traffic`."""
        return [(stream.target, "traffic") for stream in self.streams]

    @property
    def kept(self) -> Mapping[str, int]:
        """Return what was written to the files of flows and what was not; empty where none are kept."""
        return {} if self._keeper is None else self._keeper.counts

    def follow(self, take: Take) -> None:
        """Give readings to somebody else."""
        self._take = take

    def open(self) -> None:
        """Open all sources and the files of flows; ConfigError where one cannot be, and then none is open."""
        try:
            if self._keeper is not None:
                self._keeper.open(time.time())
            for stream in self.streams:
                stream.open()
        except BaseException:
            self._close()
            raise

    async def start(self) -> None:
        """Open what is not open yet, and begin."""
        loop = asyncio.get_running_loop()
        if not all(stream.opened for stream in self.streams):
            self.open()

        def send(findings: Sequence[Finding]) -> None:
            loop.call_soon_threadsafe(self._uplink.send, findings)

        if self._actor is not None:
            await self._actor.start()
        for stream in self.streams:
            stream.built.hooks.send = send
            stream.built.hooks.keep = None if self._keeper is None else self._keeper.put
            stream.start()
        self._tasks.append(asyncio.create_task(self._tell()))
        self._tasks.append(asyncio.create_task(self._remember()))
        if self._indicators is not None:
            self._tasks.append(asyncio.create_task(self._look(self._indicators)))
        if self._keeper is not None:
            self._tasks.append(asyncio.create_task(self._keep(self._keeper)))

    def configure(self, settings: Settings) -> None:
        """Judge by another configuration from the next window on; sockets, tables and files stay as they are."""
        networks = networks_of(settings.inventory)
        for stream in self.streams:
            stream.built.configure(settings.netmon.traffic, networks)
            if stream.measure is not None:
                stream.measure.configure(settings)
        if self._keeper is not None:
            self._keeper.follow(networks)
        if self._indicators is not None:
            self._indicators.configure(settings.netmon.traffic.detectors.indicators)
        if self._prefixes is not None:
            self._prefixes.configure(settings.netmon.traffic.detectors.first_seen)

    async def stop(self) -> None:
        """Stop all streams; the findings that closing gives are on their way to the core afterwards."""
        await asyncio.gather(*(asyncio.to_thread(stream.stop) for stream in self.streams))
        while self._tasks:
            task = self._tasks.pop()
            task.cancel()
            await asyncio.wait([task])
        await asyncio.sleep(0)  # what they handed over is taken
        if self._actor is not None:
            await self._actor.stop()
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        for stream in self.streams:
            stream.source.close()
        if self._keeper is not None:
            self._keeper.close()

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(self._interval_s)
            for stream in self.streams:
                reading = stream.reading(time.time())
                if reading is not None:
                    self._take(stream.target, "traffic", reading)

    async def _look(self, indicators: IndicatorFiles) -> None:
        """Give the detectors the lists whose files changed: read in a thread, because a million lines take seconds."""
        while True:
            await asyncio.sleep(indicators.settings.reload_s)
            if await asyncio.to_thread(partial(indicators.look, gently=True)):
                for stream in self.streams:
                    indicators.hand_to(stream.built.judges.rules)
            if self._prefixes is not None and await asyncio.to_thread(self._prefixes.look):
                for stream in self.streams:
                    self._prefixes.hand_to(stream.built.judges.rules)

    async def _remember(self) -> None:
        """Write what detectors learned, when a stream has it ready: in a thread, because a disk takes its time."""
        memories = [stream.memory for stream in self.streams if stream.memory is not None]
        while True:
            await asyncio.sleep(1.0)
            for memory in memories:
                await asyncio.to_thread(memory.write)

    async def _keep(self, keeper: Keeper) -> None:
        """Write what is due: in a thread, because a merge takes seconds."""
        while True:
            await asyncio.sleep(1.0)
            await asyncio.shield(asyncio.to_thread(keeper.tick, time.time()))
