"""One connection at the core: reads what a sender says, hands it over in order, answers."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog

from netmon.core import codec
from netmon.core.link import wire
from netmon.core.link.metrics import IntakeMetrics, total
from netmon.core.link.settings import LinkSettings
from netmon.core.link.store import source_of
from netmon.core.link.taking import Taking, Thing

_READ_BYTES: Final = 1 << 18

log = structlog.get_logger(__name__)


class Broken(Exception):
    """The connection is of no use any more; the reason is a label: malformed, silent, left."""


class Conversation:
    """A sender that was let in. Batches wait in `batches_in_flight` places; while they are full nothing is read.

    A batch that came whole is handed over even when its sender is gone since: it may be the only copy.
    """

    def __init__(
        self,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        settings: LinkSettings,
        metrics: IntakeMetrics,
        taking: Taking,
        heard: Callable[[str], None],
    ) -> None:
        self.sender = ""
        self.done = asyncio.Event()  # nothing of it is with the core any more
        self._reader, self._writer = streams
        self._settings = settings
        self._metrics = metrics
        self._taking = taking
        self._heard = heard
        self._decoder = wire.Decoder()
        self._queue = asyncio.Queue[wire.Batch | None](settings.batches_in_flight)
        self._newest = 0  # the highest number that came
        self._hearing: asyncio.Task[str] | None = None

    async def greeting(self) -> wire.Hello:
        """Return who is there; raises Broken."""
        frame = await self._frame(self._settings.connect_timeout_s)
        if not isinstance(frame, wire.Hello):
            raise Broken("malformed")
        return frame

    def say(self, frame: wire.Frame) -> None:
        """Send a short frame; nothing waits for a peer that does not read, it is given up when it says nothing."""
        if not self._writer.is_closing():
            self._writer.write(wire.encode(frame))

    async def run(self, sender: str, last: int) -> str:
        """Welcome the sender and take what it sends until it leaves; return the reason of the end."""
        settings = self._settings
        self.sender = sender
        self._decoder.max_bytes = wire.max_frame_bytes(settings.batch_max_bytes, settings.batch_max_records)
        self._decoder.max_records = settings.batch_max_records
        limits = (settings.batches_in_flight, settings.batch_max_records, settings.batch_max_bytes)
        self.say(wire.Welcome(last, *limits))
        self._hearing = asyncio.create_task(self._hear())
        beating = asyncio.create_task(self._beat())
        ending = asyncio.create_task(self._end())
        taking = asyncio.create_task(self._take_all())
        tasks = (self._hearing, beating, ending, taking)
        try:
            await taking
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._drop_rest()
            self.done.set()
        return "left" if self._hearing.cancelled() else self._hearing.result()

    def hang_up(self) -> None:
        """Read nothing more from it. `done` is set when all that came is with the core."""
        if self._hearing is not None:
            self._hearing.cancel()
        self._writer.close()

    async def close(self) -> None:
        """Let go of the connection."""
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def _hear(self) -> str:
        """Read until the connection ends; return why."""
        try:
            while True:
                frame = await self._frame(self._settings.dead_after_s)
                self._heard(self.sender)
                match frame:
                    case wire.Batch():
                        await self._arrived(frame)
                    case wire.Heartbeat():
                        pass
                    case _:
                        return "malformed"
        except Broken as broken:
            return str(broken)

    async def _end(self) -> None:
        """Let the taking end when everything that came is taken."""
        if self._hearing is not None:
            await asyncio.wait([self._hearing])
        await self._queue.put(None)

    async def _arrived(self, batch: wire.Batch) -> None:
        if batch.first <= self._newest:
            raise Broken("malformed")
        self._newest = batch.last
        self._metrics.arrived(source_of(self.sender), len(batch.lines))
        try:
            await self._queue.put(batch)
        except asyncio.CancelledError:
            self._settle(0, {"stopped": len(batch.lines)})  # not acknowledged, so it comes again
            raise

    async def _take_all(self) -> None:
        while (batch := await self._queue.get()) is not None:
            things, malformed = self._decode(batch)
            try:
                receipt = await self._taking(self.sender, things)
            except asyncio.CancelledError:
                self._settle(0, {"stopped": len(batch.lines)})
                raise
            self._settle(receipt.stored, total([receipt.dropped, {"malformed": malformed} if malformed else {}]))
            self.say(wire.Ack(batch.last))

    def _decode(self, batch: wire.Batch) -> tuple[list[tuple[int, Thing]], int]:
        """Return the numbered things of a batch, and how many lines are none."""
        things, malformed = [], 0
        for number, line in enumerate(batch.lines, batch.first):
            try:
                things.append((number, codec.decode(line)))
            except (ValueError, RecursionError) as error:
                malformed += 1
                about = {"sender": self.sender, "number": number, "problem": str(error)}
                log.warning("a sender sent what is neither finding nor event", **about)
        return things, malformed

    def _drop_rest(self) -> None:
        while not self._queue.empty():
            batch = self._queue.get_nowait()
            if batch is not None:
                self._settle(0, {"stopped": len(batch.lines)})

    def _settle(self, stored: int, dropped: dict[str, int]) -> None:
        self._metrics.settled(source_of(self.sender), stored, dropped)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._settings.heartbeat_s)
            self.say(wire.Heartbeat())

    async def _frame(self, within_s: float) -> wire.Frame:
        try:
            while (frame := self._decoder.next_frame()) is None:
                async with asyncio.timeout(within_s):
                    data = await self._reader.read(_READ_BYTES)
                if not data:
                    raise Broken("left")
                self._decoder.feed(data)
        except TimeoutError as error:
            raise Broken("silent") from error
        except wire.WireError as error:
            log.warning("what came over the link is none of ours", sender=self.sender, problem=str(error))
            raise Broken("malformed") from error
        except ConnectionError as error:
            raise Broken("left") from error
        return frame
