"""Puts what was decided into the ledger, and lets its effects go when it is there.

What belongs together is recorded as one act. Effects (messages, answers) wait for the commit. While the ledger cannot
be written they go at once: people must hear of trouble even then, and the records wait in memory for the disk.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from netmon.core.ledger.ledger import Ledger, LedgerFull
from netmon.core.ledger.record import Entry

Effect = Callable[[], None]

log = structlog.get_logger(__name__)


class Journal:
    """The one way into the ledger."""

    def __init__(self, ledger: Ledger, registry: CollectorRegistry) -> None:
        self._ledger = ledger
        self._held: dict[asyncio.Future[int], Effect] = {}
        self._newest: tuple[asyncio.Future[int], int] | None = None
        self._lost = Counter(
            "netmon_core_unrecorded_acts",
            "Acts whose record could not even wait for the ledger: too much waited already",
            registry=registry,
        )
        held = Gauge("netmon_core_effects_waiting", "Effects that wait for their record's commit", registry=registry)
        held.set_function(lambda: len(self._held))
        ledger.on_health.append(self._health)

    @property
    def writable(self) -> bool:
        """Tell whether what is recorded now is soon on disk."""
        return self._ledger.healthy

    @property
    def room(self) -> bool:
        """Tell whether there is room for much more in what waits for the ledger."""
        return self._ledger.room

    def record(self, act: Sequence[Entry], effect: Effect | None = None) -> "asyncio.Future[int] | None":
        """Record one act: all of its entries or none survive a crash. Return a future of its commit.

        None when the ledger cannot even keep it in memory; the effect goes all the same, and the loss is counted.
        """
        if not act:
            if effect is not None:
                effect()
            return None
        return self._append(one_act(act), effect)

    def record_each(self, entries: Sequence[Entry]) -> "asyncio.Future[int] | None":
        """Record entries that do not depend on each other. Return a future of their commit, as `record` does."""
        return self._append(entries, None)

    def _append(self, act: Sequence[Entry], effect: Effect | None) -> "asyncio.Future[int] | None":
        try:
            committed = self._ledger.append(act)
        except LedgerFull:
            self._lost.inc()
            log.error("an act could not be recorded: too much waits for the ledger", entries=len(act))  # noqa: TRY400  # no traceback helps
            if effect is not None:
                effect()
            return None
        self._newest = committed, len(act)
        if effect is not None:
            self._hold(committed, effect)
        return committed

    async def settled(self) -> int:
        """Return how many records the ledger has with the newest act so far, when it is on disk."""
        if self._newest is None:
            return self._ledger.size
        committed, count = self._newest
        return await asyncio.shield(committed) + count

    def _hold(self, committed: "asyncio.Future[int]", effect: Effect) -> None:
        if not self._ledger.healthy:
            effect()
            return
        self._held[committed] = effect
        committed.add_done_callback(self._release)

    def _release(self, committed: "asyncio.Future[int]") -> None:
        if committed.done() and not committed.cancelled():
            committed.exception()  # looked at: who waits for it learns of it, nobody else needs to
        effect = self._held.pop(committed, None)
        if effect is not None:
            effect()

    def _health(self, healthy: bool, _problem: str) -> None:
        if healthy:
            return
        for committed in tuple(self._held):
            self._release(committed)


def one_act(entries: Sequence[Entry]) -> list[Entry]:
    """Tie entries together, each to the next."""
    return [*(replace(entry, more=True) for entry in entries[:-1]), replace(entries[-1], more=False)]
