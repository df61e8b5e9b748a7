"""Simulated switches that fall silent for some of each 20 seconds, each at its own time. Ends with its input."""

import asyncio
import sys

from netmon.demo.agent import Agent, Responder
from netmon.demo.fleet import switch_view

PERIOD_S = 20


async def serve(count: int, silent_s: float) -> None:
    responder, view = Responder(), switch_view(8)

    def silent(number: int) -> bool:
        return (asyncio.get_running_loop().time() + 7 * number) % PERIOD_S < silent_s

    ports = []
    for number in range(count):
        agent = Agent(view, silent=lambda _now, number=number: silent(number))  # type: ignore[misc]  # bound early
        ports.append(responder.serve(agent, ("127.0.0.1", 0))[1])
    print(*ports, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    responder.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
