"""Signs the ledger's Merkle tree at intervals, keeps the signed checkpoints, and hands the newest to witnesses.

A disk that refuses is tried again at the next tick: nothing here stops the daemon. Checkpoints are only signed when the
tree goes on from the one that was signed last; else that is said, loudly (`problem`), and nothing is signed.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from netmon.api import Witness
from netmon.core.ledger import note
from netmon.core.ledger.book import Book
from netmon.core.ledger.checkpoint_settings import CheckpointSettings as CheckpointSettings  # noqa: PLC0414
from netmon.core.ledger.continuity import goes_on
from netmon.core.ledger.handover import Checkpoint, Handover
from netmon.core.ledger.side_writer import SideWriter

TICK_S: Final = 0.5
RETRY_S: Final = 5.0  # after an error: everything is read and checked again then
MAX_WAITING_RECORDS: Final = 100_000
"""Committed lines that wait for a tick to be hashed: 40 MB, two ticks of the ledger's full speed. More are not lost:
they are read from the segments."""

log = structlog.get_logger(__name__)


class Metrics:
    """netmon_ledger_checkpoint_*."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.size = Gauge("netmon_ledger_checkpoint_size", "Records under the last checkpoint.", registry=registry)
        self.time = Gauge(
            "netmon_ledger_checkpoint_timestamp_seconds", "When the last checkpoint was signed.", registry=registry
        )
        self.errors = Counter(
            "netmon_ledger_checkpoint_errors", "Attempts to sign or to hash that failed.", ["error"], registry=registry
        )
        self.reread = Counter(
            "netmon_ledger_hashes_reread",
            "Records whose lines did not wait in memory and were read again for their hashes.",
            registry=registry,
        )
        self.consistent = Gauge(
            "netmon_ledger_checkpoint_consistent",
            "0 while the ledger does not go on from its last checkpoint, so that none is signed.",
            registry=registry,
        )


class Checkpointer:
    """One for each ledger, in the daemon that writes it."""

    def __init__(  # noqa: PLR0913, PLR0917 - what it needs of the daemon
        self,
        directory: Path,
        tree: Callable[[], tuple[int, bytes]],
        origin: Callable[[], str],
        settings: CheckpointSettings,
        registry: CollectorRegistry,
        now: Callable[[], float] = time.time,
        witnesses: Sequence[Witness] = (),
    ) -> None:
        self.problem = ""  # one sentence for people; "" while all is well
        self._tree = tree
        self._origin = origin
        self._settings = settings
        self._now = now
        self._metrics = Metrics(registry)
        self._handover = Handover(directory, witnesses, registry, now)
        self._book = Book(directory)
        self._side = SideWriter(directory)
        self._waiting: deque[tuple[int, Sequence[bytes]]] = deque()
        self._waiting_records = 0
        self._ready = False
        self._inconsistent = ""
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._due = self._paused_until = 0.0  # on the loop's clock

    async def start(self) -> None:
        """Begin to sign. The key is made at the first start."""
        await self._handover.start()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Sign what is there, and let go. Safe twice. The ledger must have stopped before."""
        task, self._task = self._task, None
        if task is None:
            return
        self._stopping.set()
        await task  # not cancelled: its thread would go on beside the last one
        self._due = self._paused_until = 0.0
        await self._tick()
        await self._handover.stop()
        await asyncio.to_thread(self._side.close)

    def note_commit(self, first_seq: int, lines: Sequence[bytes]) -> None:
        """Learn what was committed: for `Ledger.on_commit`. Returns at once."""
        if self._waiting_records + len(lines) > MAX_WAITING_RECORDS:
            self._metrics.reread.inc(self._waiting_records + len(lines))
            self._waiting.clear()
            self._waiting_records = 0
            return
        self._waiting.append((first_seq, lines))
        self._waiting_records += len(lines)

    async def _run(self) -> None:
        while not self._stopping.is_set():
            await self._tick()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), TICK_S)

    async def _tick(self) -> None:
        """Hash what was committed, and sign when it is time. Whatever the disk says, it is tried again."""
        clock = asyncio.get_running_loop().time
        if clock() < self._paused_until:
            return
        waiting, self._waiting, self._waiting_records = self._waiting, deque(), 0
        size, root = self._tree()
        due = clock() >= self._due
        try:
            if not self._ready and not self._origin():
                return  # the ledger is not open yet
            signed = await asyncio.to_thread(self._work, waiting, size, root, due=due)
        except Exception as error:  # noqa: BLE001 - nothing here may stop the daemon
            self._ready = False
            self._paused_until = clock() + RETRY_S
            self.problem = f"the ledger's checkpoints cannot be written: {error}"
            self._metrics.errors.labels(type(error).__name__).inc()
            log.warning("the ledger could not be sealed; it is tried again", error=str(error))
            return
        self.problem = self._inconsistent
        self._metrics.consistent.set(not self._inconsistent)
        if due:
            self._due = clock() + self._settings.interval_s
        if signed is not None:
            self._metrics.size.set(signed.size)
            self._metrics.time.set(signed.time)
            self._handover.offer(signed)

    # ── in a thread, one call at a time ──

    def _work(
        self, waiting: Sequence[tuple[int, Sequence[bytes]]], size: int, root: bytes, *, due: bool
    ) -> Checkpoint | None:
        opened = None
        if not self._ready:
            opened = self._open(size, root)
            self._ready = True
        for first, lines in waiting:
            self._side.note(first, lines)
        if not due:
            return opened
        self._side.extend_to(size)
        self._side.sync()
        if size <= self._book.size or self._inconsistent:
            return opened
        return self._book.add(note.TreeHead(self._origin(), size, root), self._now())

    def _open(self, size: int, root: bytes) -> Checkpoint | None:
        """Read the key and the last checkpoint, and look whether the tree goes on from there."""
        last = self._book.open(self._origin())
        self._inconsistent = ""
        if last is not None and goes_on(self._book.directory, last.head, size, root) is False:
            self._inconsistent = (
                f"the ledger does not go on from its checkpoint of {last.head.size} records; "
                "none is signed any more until somebody has looked (netmon ledger verify)"
            )
            log.error("the ledger cannot be sealed", problem=self._inconsistent)
        self._side.resume(self._book.size)
        if last is None:
            return None
        return Checkpoint(last.head.size, last.note, last.time)
