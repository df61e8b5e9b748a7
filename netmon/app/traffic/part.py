"""The traffic part of a daemon: all its streams, what they find handed to the event loop, what they keep written."""

import asyncio
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from functools import partial
from typing import Final

from exporters.actions.actor import Actor
from netmon.api import ConfigError, Finding, Reading, Target
from netmon.app.faultwords import in_words
from netmon.app.settings import Settings
from netmon.app.traffic.build import networks_of, protected_prefixes
from netmon.app.traffic.chores import Chores
from netmon.app.traffic.indicatorfiles import IndicatorFiles
from netmon.app.traffic.keeper import Keeper
from netmon.app.traffic.prefixfiles import PrefixFiles
from netmon.app.traffic.stream import Stream

SWITCH_S: Final = 0.0005
"""How long a thread that runs Python keeps others waiting. With Python's 5 ms, who reads a ring would be held up for
30 ms a batch while detectors judge."""
_LOOK_S: Final = 1.0
"""How often is looked whether something is to be written."""

Take = Callable[[Target, str, Reading], None]


class TrafficPart:
    """All streams of a daemon. A component; what they find goes by way of `actor`, what they measure to `take`.

    `take` None: nobody asks for what they measure.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what a daemon has for it
        self,
        streams: Sequence[Stream],
        actor: Actor,
        take: Take | None,
        interval_s: float,
        chores: Chores,
        lists: tuple[IndicatorFiles, PrefixFiles],
        keeper: Keeper | None = None,
    ) -> None:
        self.streams = tuple(streams)
        self._actor = actor
        self._take = take
        self._interval_s = interval_s
        self._chores = chores
        self._indicators, self._prefixes = lists
        self._keeper = keeper

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
        except ConfigError as error:
            self._close()
            raise in_words(error) from error
        except BaseException:
            self._close()
            raise

    async def start(self) -> None:
        """Open what is not open yet, and begin."""
        loop = asyncio.get_running_loop()
        context = copy_context()  # threads that judge have none: they would speak another language
        if not all(stream.opened for stream in self.streams):
            self.open()

        def send(findings: Sequence[Finding]) -> None:
            loop.call_soon_threadsafe(self._actor.send, findings, context=context)

        await self._actor.start()
        if self.streams:
            sys.setswitchinterval(SWITCH_S)
        for stream in self.streams:
            stream.built.hooks.send = send
            if self._keeper is not None:
                stream.built.hooks.keep, stream.built.hooks.lend = self._keeper.put, self._keeper.lend
            stream.start()
        if self._take is not None:
            self._chores.repeat("telling", partial(self._tell, self._take), lambda: self._interval_s)
        self._chores.repeat("learned", self._remember, lambda: _LOOK_S)
        self._chores.repeat("lists", self._look, lambda: self._indicators.settings.reload_s)
        if self._keeper is not None:
            self._chores.repeat("flows", partial(self._keep, self._keeper), partial(self._keeper.rest_s, _LOOK_S))

    def configure(self, settings: Settings) -> None:
        """Judge by another configuration from the next window on; sockets, tables and files stay as they are."""
        networks = networks_of(settings.inventory)
        self._actor.configure(settings.netmon.traffic.actions, protected_prefixes(settings.inventory))
        for stream in self.streams:
            stream.built.configure(settings.netmon.traffic, networks)
            if stream.measure is not None:
                stream.measure.configure(settings)
        if self._keeper is not None:
            self._keeper.follow(networks)
        self._indicators.configure(settings.netmon.traffic.detectors.indicators)
        self._prefixes.configure(settings.netmon.traffic.detectors.first_seen)

    async def stop(self) -> None:
        """Stop all streams; the findings that closing gives are on their way to the core afterwards."""
        await asyncio.gather(*(asyncio.to_thread(stream.stop) for stream in self.streams))
        await self._chores.stop()
        await asyncio.sleep(0)  # what they handed over is taken
        await self._actor.stop()
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        for stream in self.streams:
            stream.source.close()
        if self._keeper is not None:
            self._keeper.close()

    async def _tell(self, take: Take) -> None:
        for stream in self.streams:
            reading = stream.reading(time.time())
            if reading is not None:
                take(stream.target, "traffic", reading)

    async def _look(self) -> None:
        """Give the detectors the lists whose files changed: read in a thread, because a million lines take seconds."""
        if await asyncio.to_thread(self._indicators.look, gently=True):
            for stream in self.streams:
                self._indicators.hand_to(stream.built.judges.rules)
        if await asyncio.to_thread(self._prefixes.look):
            for stream in self.streams:
                self._prefixes.hand_to(stream.built.judges.rules)

    async def _remember(self) -> None:
        """Write what detectors learned, when a stream has it ready: in a thread, because a disk takes its time."""
        for stream in self.streams:
            if stream.memory is not None:
                await asyncio.to_thread(stream.memory.write)

    async def _keep(self, keeper: Keeper) -> None:
        """Write what is due: in a thread, because a merge takes seconds."""
        await asyncio.to_thread(keeper.tick, time.time())
