"""Waiting for a condition, with a deadline, instead of sleeping and hoping."""

import asyncio
import time
from collections.abc import Callable


async def eventually(condition: Callable[[], object], within_s: float = 10.0) -> None:
    """Return once the condition holds; fail when it does not within the time."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s:g} s")
        await asyncio.sleep(0.005)


def eventually_sync(condition: Callable[[], object], within_s: float = 10.0) -> None:
    """Return once the condition holds; fail when it does not within the time."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s:g} s")
        time.sleep(0.01)
