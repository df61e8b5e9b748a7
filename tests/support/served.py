"""Recorded devices served from a thread, for tests whose own thread waits for programs."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from netmon.demo.agent import Address, Agent, Responder


@contextmanager
def served(*agents: Agent) -> Iterator[list[Address]]:
    """Serve these agents on free loopback ports until the block ends; give their addresses in the same order."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="responder", daemon=True)
    thread.start()

    async def begin() -> tuple[Responder, list[Address]]:
        responder = Responder()
        return responder, [responder.serve(agent, ("127.0.0.1", 0)) for agent in agents]

    async def end(responder: Responder) -> None:
        responder.close()
        await asyncio.sleep(0)  # transports close in the loop's next turn

    responder, addresses = asyncio.run_coroutine_threadsafe(begin(), loop).result(30)
    try:
        yield addresses
    finally:
        asyncio.run_coroutine_threadsafe(end(responder), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
