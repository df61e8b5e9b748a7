"""Tells each attack's name while the demonstration runs, as soon as the core has an alert that means it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from netmon.app.client import Client, RefusedError
from netmon.demo.named import Named, named
from netmon.demo.outcome import Thing, current
from netmon.demo.packets.stage import Happened

EACH_S: Final = 0.5
"""How often the core is asked while an attack has no name yet: often enough that people see it as it happens."""


async def tell_named(client: Client, happened: Sequence[Happened], tell: Callable[[Named], None]) -> None:
    """Call `tell` once for each attack of `happened`, a list that grows, when it is named; until cancelled."""
    told: set[tuple[str, float]] = set()
    while True:
        await asyncio.sleep(EACH_S)
        begun = sum(one.what == "began" for one in happened)
        if begun == len(told):
            continue
        for one in named(list(happened), await asyncio.to_thread(_alerts, client)):
            if one.alert is not None and (one.attack, one.began) not in told:
                told.add((one.attack, one.began))
                tell(one)


def _alerts(client: Client) -> list[Thing]:
    try:
        return current(client)
    except RefusedError:  # it is busy, or ends: asked again
        return []
