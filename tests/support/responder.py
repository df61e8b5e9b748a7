"""Serves recorded devices on free loopback ports, inside the test's own event loop.

async with responder() as serve:
    host, port = serve(recorded("ios_2960x"))
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import pytest

from netmon.demo.agent import Address, Agent, Responder
from netmon.demo.mib import MibView
from tests.support import varbinds


def recorded_devices() -> list[str]:
    """Names of the recorded devices, sorted; empty where the recordings are absent."""
    return sorted(path.stem for path in varbinds.RECORDED.glob("*.snmprec"))


@cache
def view_of(path: Path) -> MibView:
    """Return the view of one recording; it is immutable, so tests share it."""
    return MibView(varbinds.read(path))


def recorded(name: str) -> Agent:
    """Return an agent that answers as the recorded device, to the community `public`; skip where it is absent."""
    path = varbinds.RECORDED / f"{name}.snmprec"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    return Agent(view_of(path))


@asynccontextmanager
async def responder() -> AsyncIterator[Callable[[Agent], Address]]:
    """Give a function that starts to serve an agent and returns its address; all of them end with the block."""
    serving = Responder()
    try:
        yield lambda agent: serving.serve(agent, ("127.0.0.1", 0))
    finally:
        serving.close()
