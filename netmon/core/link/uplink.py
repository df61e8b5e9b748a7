"""The sender: findings and events towards the core, kept on disk until it has them.

`send` numbers a thing and returns. From there two hands work on their own: the keeper writes it to the spool, the
courier sends it. Whichever is first makes it safe; nothing waits for a disk while the core is there.
"""

import asyncio
import random
from collections import deque
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog
from prometheus_client import CollectorRegistry

from netmon.api import Event, Finding
from netmon.core import codec
from netmon.core.link.keeper import Keeper
from netmon.core.link.lines import OVERHEAD_BYTES
from netmon.core.link.metrics import UplinkMetrics
from netmon.core.link.outbox import Outbox
from netmon.core.link.settings import LinkSettings
from netmon.core.link.store import Store
from netmon.core.link.transport import LinkDown, Session, Transport
from netmon.core.link.unix import UnixTransport
from netmon.core.link.waiters import Waiters
from netmon.core.link.wire import Batch

_STOP_GRACE_S: Final = 1.0  # at the stop, for acknowledgements that are on their way
_REMEDY: Final = (
    "see that `netmon run --role core` runs and that both have the same link.socket; what is found is kept meanwhile"
)

log = structlog.get_logger(__name__)


class SpoolingUplink:
    """Takes findings and events towards a core in another process. For use in one event loop.

    `way` is the path of the core's socket, or another transport. `name` is the daemon's; the spool adds what tells it
    from every other spool.
    """

    def __init__(
        self,
        way: Transport | Path,
        spool_directory: Path,
        name: str,
        settings: LinkSettings,
        registry: CollectorRegistry,
    ) -> None:
        self.sender = ""
        self._transport = UnixTransport(way, settings) if isinstance(way, Path) else way
        self._settings = settings
        self._metrics = UplinkMetrics(registry)
        self._metrics.spooled.set_function(lambda: self.pending)
        self._metrics.connected.set_function(lambda: self._connected)
        self._keeper = Keeper(
            Store(spool_directory, name, settings.spool_segment_bytes), settings, self._metrics, self._release
        )
        self._outbox = Outbox(1, settings.memory_max_bytes)
        self._waiters = Waiters()
        self._more = asyncio.Event()  # there may be something to send, or room to send it
        self._in_flight: deque[int] = deque()  # the last numbers of batches sent and not acknowledged
        self._delay_s = settings.reconnect_min_s
        self._task: asyncio.Task[None] | None = None
        self._connected = False
        self._open = False

    @property
    def pending(self) -> int:
        """Return how many things the core has not acknowledged."""
        return len(self._outbox.owed)

    async def start(self) -> None:
        """Open the spool and begin to send; ConfigError where the operator can mend it."""
        self._transport.check()
        found = await self._keeper.open()
        self.sender = found.sender
        self._outbox = Outbox(found.next_number, self._settings.memory_max_bytes)
        for first, last in found.runs:
            self._outbox.owed.add(max(first, found.acknowledged + 1), last)
        self._outbox.acknowledged = found.acknowledged
        self._metrics.recovered.inc(self.pending)
        self._keeper.start(self._outbox)
        self._task = asyncio.create_task(self._courier())
        self._open = True

    async def stop(self) -> None:
        """Put on disk what the core does not acknowledge at once, and let go of everything."""
        if not self._open:
            return
        self._open = False
        if self._connected:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.flush(), _STOP_GRACE_S)
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._keeper.stop()
        secured = max(self._outbox.written, self._outbox.acknowledged)
        lost = self._outbox.owed.remove(secured + 1, self._outbox.last)
        if lost:
            log.error("findings and events are lost: neither the core nor the disk took them", things=lost)
            self._metrics.drop("not_running", lost)

    def send(self, things: Sequence[Finding | Event]) -> None:
        """Take these: they are on disk, or with the core, within a tenth of a second. Never raises."""
        self._metrics.received.inc(len(things))
        if not self._open:
            self._metrics.drop("not_running", len(things))
            return
        lines, size = list[bytes](), 0
        room = self._settings.spool_max_bytes - self._keeper.spool_bytes - self._outbox.unwritten_bytes
        for thing in things:
            line = self._encode(thing)
            if line is None:
                continue
            size += len(line) + OVERHEAD_BYTES
            reason = self._no_room(size, room, len(lines))
            if reason is not None:
                size -= len(line) + OVERHEAD_BYTES
                self._metrics.drop(reason)
                continue
            lines.append(line)
        if lines:
            self._outbox.add(lines)
            self._keeper.added()
            self._more.set()

    async def flush(self) -> None:
        """Return when everything sent so far survives a power cut, here or at the core.

        Waits for as long as the core is away and the disk cannot be written.
        """
        if self._outbox.last > self._outbox.secured:
            await self._waiters.reach(self._outbox.last)

    def _encode(self, thing: Finding | Event) -> bytes | None:
        try:
            line = codec.encode(thing)
        except (TypeError, ValueError, OverflowError, RecursionError):
            self._metrics.drop("unencodable")
            log.exception("a finding or an event cannot be encoded", target=getattr(thing, "target", ""))
            return None
        if len(line) > self._settings.max_record_bytes:
            self._metrics.drop("too_large")
            log.error("a finding or an event is too large", target=thing.target, bytes=len(line))
            return None
        return line

    def _no_room(self, size: int, room: int, count: int) -> str | None:
        """Return why one more thing cannot be kept, when `size` octets and `count` things come with it."""
        if size > room:
            return "spool_full"
        if not self._outbox.has_room(size):
            return "memory_full"
        return "spool_error" if self._outbox.last + count >= self._keeper.reserved else None

    async def _courier(self) -> None:
        """Keep a session with the core for as long as we run."""
        while True:
            try:
                await self._session()
            except LinkDown as error:
                log.warning("the core is not reached", problem=str(error), remedy=_REMEDY)
            except Exception:  # a bug must not end the way to the core for good
                log.exception("the session with the core failed")
            await asyncio.sleep(self._delay_s * random.uniform(0.5, 1))  # noqa: S311 - spreads load, guards nothing
            self._delay_s = min(2 * self._delay_s, self._settings.reconnect_max_s)

    async def _session(self) -> None:
        """Connect and send until the session is over; raises LinkDown."""
        first = self._outbox.owed.first or self._outbox.next_number
        session = await self._transport.connect(self.sender, first)
        try:
            if session.terms.last > self._outbox.last:
                await self._renew(session.terms.last)
                return
            self._metrics.sessions.inc()
            self._connected = True
            self._in_flight.clear()
            self._acknowledge(session.terms.last)
            await _until_one_ends(self._send_batches(session), self._take_acknowledgements(session))
        finally:
            self._connected = False
            await session.close()

    async def _renew(self, last: int) -> None:
        """Become a new sender: the core knows numbers that this spool has yet to give out, so it is an old copy."""
        log.error(
            "the core knows more than this spool, an old copy; it becomes a new sender", sender=self.sender, last=last
        )
        with suppress(OSError):
            self.sender = await self._keeper.rename()

    async def _send_batches(self, session: Session) -> None:
        number = 0
        while True:
            self._more.clear()
            batch = await self._next_batch(number, session) if len(self._in_flight) < session.terms.window else None
            if batch is None:
                await self._more.wait()
                continue
            self._in_flight.append(batch.last)
            number = batch.last + 1
            await session.send(batch)

    async def _next_batch(self, number: int, session: Session) -> Batch | None:
        """Return the next things that are owed, from `number` on; None where there are none."""
        records = min(self._settings.batch_max_records, session.terms.records)
        size = min(self._settings.batch_max_bytes, session.terms.bytes)
        while (first := self._outbox.owed.next_from(number)) is not None:
            if self._outbox.in_memory(first):
                return self._outbox.batch(first, records, size)
            newest = self._outbox.written
            try:
                batch = await self._keeper.read(first, records, size)
            except OSError as error:
                raise LinkDown(f"the spool cannot be read: {error}") from error
            self._give_up(first, batch.first - 1 if batch else newest)
            if batch is not None:
                return batch
        return None

    def _give_up(self, first: int, last: int) -> None:
        """Count what is owed and not there any more."""
        lost = self._outbox.owed.remove(first, last)
        if lost:
            self._metrics.drop("spool_corrupt", lost)
            log.error("part of the spool is damaged; what it held is lost", first=first, last=last, things=lost)

    async def _take_acknowledgements(self, session: Session) -> None:
        while True:
            through = await session.acknowledged()
            if not self._in_flight or through > self._in_flight[-1]:
                raise LinkDown(f"the core acknowledged {through}, which it was not sent")
            while self._in_flight and self._in_flight[0] <= through:
                self._in_flight.popleft()
            self._delay_s = self._settings.reconnect_min_s
            self._acknowledge(through)
            self._more.set()

    def _acknowledge(self, through: int) -> None:
        self._metrics.delivered.inc(self._outbox.acknowledge(through))
        self._keeper.wake()
        self._release()

    def _release(self) -> None:
        self._waiters.release(self._outbox.secured)


async def _until_one_ends(*hands: Coroutine[None, None, None]) -> None:
    """Run these until the first fails; raise what it raised."""
    tasks = [asyncio.create_task(hand) for hand in hands]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
