"""Callers who wait until a number is reached."""

import asyncio
from collections import deque


class Waiters:
    """Futures by number. Numbers only grow, so the first are always the next to be released."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def reach(self, number: int) -> None:
        """Return when `release` was called with this number or one above it."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((number, future))
        await future

    def release(self, through: int) -> None:
        """Let those go who wait for this number or one below it."""
        while self._waiting and self._waiting[0][0] <= through:
            _, future = self._waiting.popleft()
            if not future.done():  # its caller may have given up
                future.set_result(None)
