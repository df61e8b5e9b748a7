"""Hands things to the core and does not give up: one that cannot is waited for, what breaks it is set aside."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias

import structlog

from netmon.api import DeskError, Event, Finding, Receipt
from netmon.core.link.metrics import total

Thing: TypeAlias = Finding | Event
Take: TypeAlias = Callable[[str, Sequence[tuple[int, Thing]]], Awaitable[Receipt]]
"""`take(sender, numbered things)` returns when they are on disk. Numbers grow, within a call and from call to call of
one sender; there is one call of a sender at a time. Numbers that it has already are dropped as `duplicate`. It raises
DeskError or OSError when it cannot now: the same things come again."""

ATTEMPTS: Final = 3  # of a batch, and of one thing, that the core fails on
RETRY_S: Final = 1.0  # after the first failure, doubled up to:
_MAX_DELAY_S: Final = 5.0

log = structlog.get_logger(__name__)


class Taking:
    """Calls `take` until it has an answer for every thing. `retried` is told why each time: unavailable or failed."""

    def __init__(self, take: Take, retried: Callable[[str], None]) -> None:
        self._take = take
        self._retried = retried

    async def __call__(self, sender: str, things: Sequence[tuple[int, Thing]]) -> Receipt:
        """Return what became of them; received = stored + sum of dropped."""
        if not things:
            return Receipt(0, 0)
        receipt = await self._attempts(sender, things)
        if receipt is not None:
            return receipt
        if len(things) == 1:
            log.error("the core fails on this; it is dropped", sender=sender, number=things[0][0])
            return Receipt(1, 0, {"failed": 1})
        alone = [await self(sender, [each]) for each in things]
        return Receipt(len(things), sum(each.stored for each in alone), total(each.dropped for each in alone))

    async def _attempts(self, sender: str, things: Sequence[tuple[int, Thing]]) -> Receipt | None:
        """Return None when the core failed on them in a way that waiting does not mend."""
        failures, delay_s = 0, RETRY_S
        while failures < ATTEMPTS:
            try:
                return _balanced(await self._take(sender, things), sender, len(things))
            except (DeskError, OSError) as error:
                self._retried("unavailable")
                log.warning("the core cannot take anything now", sender=sender, problem=str(error))
            except Exception:
                failures += 1
                self._retried("failed")
                log.exception("the core failed on a batch", sender=sender, first=things[0][0], things=len(things))
                if failures == ATTEMPTS:
                    break
            await asyncio.sleep(delay_s)
            delay_s = min(2 * delay_s, _MAX_DELAY_S)
        return None


def _balanced(receipt: Receipt, sender: str, count: int) -> Receipt:
    """Return the receipt with as many things in it as were handed over."""
    missing = count - receipt.stored - sum(receipt.dropped.values())
    if missing == 0:
        return receipt
    log.error("the core's receipt does not add up", sender=sender, missing=missing)
    if missing < 0:
        return Receipt(count, count)
    return Receipt(count, receipt.stored, total([receipt.dropped, {"unaccounted": missing}]))
