"""Hands the newest checkpoint to witnesses: each at its own interval, again until it is taken, across restarts."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from netmon.api import Rejected, Retryable, Witness

STATE_FILE: Final = "witnesses.json"
RETRY_S: Final = 5.0  # doubled after each failure, up to the witness's own interval
PUBLISH_TIMEOUT_S: Final = 120.0  # for a witness that forgets its own deadline
LAST_WORDS_S: Final = 5.0  # at a stop: what is signed last should reach those who can take it now

log = structlog.get_logger(__name__)


class Kept(msgspec.Struct, frozen=True):
    """What a witness took last."""

    size: int
    time: float  # Unix seconds, when it took it


class Checkpoint(msgspec.Struct, frozen=True):
    """A signed checkpoint on its way."""

    size: int
    note: bytes
    time: float


class Metrics:
    """netmon_ledger_witness_*."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.success = Gauge(
            "netmon_ledger_witness_last_success_timestamp_seconds",
            "When a witness last took a checkpoint.",
            ["witness"],
            registry=registry,
        )
        self.size = Gauge(
            "netmon_ledger_witness_size", "Records under the checkpoint it took.", ["witness"], registry=registry
        )
        self.failures = Counter(
            "netmon_ledger_witness_failures", "Handovers that failed.", ["witness", "reason"], registry=registry
        )


class Handover:
    """A task for each witness. What each took last is kept in a file, so that a restart repeats nothing."""

    def __init__(
        self,
        directory: Path,
        witnesses: Sequence[Witness],
        registry: CollectorRegistry,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._path = directory / STATE_FILE
        self._witnesses = witnesses
        self._metrics = Metrics(registry)
        self._now = now
        self._newest: Checkpoint | None = None
        self._news: dict[str, asyncio.Event] = {witness.name: asyncio.Event() for witness in witnesses}
        self._kept: dict[str, Kept] = {}
        self._tasks: list[asyncio.Task[None]] = []
        for witness in witnesses:
            self._metrics.failures.labels(witness.name, "retryable")
            self._metrics.success.labels(witness.name)

    async def start(self) -> None:
        """Begin to hand over."""
        self._kept = await asyncio.to_thread(self._load)
        for witness in self._witnesses:
            if (kept := self._kept.get(witness.name)) is not None:
                self._metrics.success.labels(witness.name).set(kept.time)
                self._metrics.size.labels(witness.name).set(kept.size)
        self._tasks = [asyncio.create_task(self._serve(witness)) for witness in self._witnesses]

    async def stop(self) -> None:
        """Try the newest once more with those that are seldom late, then let go. Safe twice."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        if not tasks:
            return
        await asyncio.wait(tasks)
        last = [self._attempt(each) for each in self._witnesses if self._lacks(each) and each.interval_s <= 3_600]
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_S):
                await asyncio.gather(*last)

    def offer(self, checkpoint: Checkpoint) -> None:
        """Take the newest; it replaces one that still waits, since it says all that that one said."""
        self._newest = checkpoint
        for event in self._news.values():
            event.set()

    def _lacks(self, witness: Witness) -> bool:
        kept = self._kept.get(witness.name)
        return self._newest is not None and (kept is None or kept.size != self._newest.size)

    async def _serve(self, witness: Witness) -> None:
        kept = self._kept.get(witness.name)
        if kept is not None:
            waited = min(max(self._now() - kept.time, 0), witness.interval_s)  # a clock that was set back costs nothing
            await asyncio.sleep(witness.interval_s - waited)
        failures = 0
        while True:
            await self._news[witness.name].wait()
            self._news[witness.name].clear()
            wait_s: float | None = 0.0
            while self._lacks(witness):
                wait_s = await self._attempt(witness)
                if wait_s is None:
                    break
                failures += 1
                await asyncio.sleep(max(wait_s, min(RETRY_S * 2 ** min(failures, 16), witness.interval_s)))
            failures = 0
            await asyncio.sleep(witness.interval_s)

    async def _attempt(self, witness: Witness) -> float | None:
        """Hand the newest over; None when that is done, else the seconds to wait at least."""
        newest = self._newest
        if newest is None:
            return None
        try:
            async with asyncio.timeout(PUBLISH_TIMEOUT_S):
                await witness.publish(newest.note, newest.time)
        except (Retryable, TimeoutError) as error:
            self._failed(witness, "retryable", str(error) or "no answer in time")
            return getattr(error, "after_s", None) or 0.0
        except Rejected as error:
            self._failed(witness, "rejected", str(error))
            return witness.interval_s  # only a change of its settings, or over there, will help
        except Exception:
            self._metrics.failures.labels(witness.name, "bug").inc()
            log.exception("a witness failed", witness=witness.name)
            return witness.interval_s
        self._kept[witness.name] = Kept(newest.size, self._now())
        self._metrics.success.labels(witness.name).set(self._now())
        self._metrics.size.labels(witness.name).set(newest.size)
        await asyncio.to_thread(self._save, msgspec.json.encode(self._kept))
        return None

    def _failed(self, witness: Witness, reason: str, problem: str) -> None:
        self._metrics.failures.labels(witness.name, reason).inc()
        log.warning("a witness did not take the checkpoint", witness=witness.name, reason=reason, problem=problem)

    def _load(self) -> dict[str, Kept]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, Kept])
        except (OSError, ValueError):
            return {}  # then each gets the newest once more than it had to

    def _save(self, data: bytes) -> None:
        new = self._path.with_suffix(".new")
        try:
            new.write_bytes(data)
            new.replace(self._path)
        except OSError as error:
            log.warning("what the witnesses have could not be noted", error=str(error))
