"""Each attack is told once, when the core has an alert that means it."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest

from netmon.app.client import Exit, RefusedError
from netmon.demo import naming
from netmon.demo.named import Named
from netmon.demo.packets.stage import Happened
from tests.support.waiting import eventually

BEGAN = 1_768_464_000.0  # 2026-01-15T08:00:00Z


class Core:
    """Refuses the first question, has one alert then, and two later."""

    def __init__(self) -> None:
        self.asked = 0

    def alerts(self) -> list[Mapping[str, Any]]:
        self.asked += 1
        if self.asked == 1:
            raise RefusedError("busy", Exit.AWAY)
        return [
            {"rule": rule, "starts_at": f"2026-01-15T08:00:{second:02}Z", "fired_at": None}
            for rule, second in [("port_scan", 1), ("syn_flood", 9)][: self.asked - 1]
        ]


async def test_each_attack_is_told_once_when_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    core, told = Core(), list[Named]()
    monkeypatch.setattr(naming, "EACH_S", 0.001)
    monkeypatch.setattr(naming, "current", lambda _: core.alerts())
    happened = [Happened("began", "port_scan", BEGAN)]
    task = asyncio.create_task(naming.tell_named(None, happened, told.append))  # type: ignore[arg-type]
    await eventually(lambda: told)
    asked = core.asked
    happened.append(Happened("ended", "port_scan", BEGAN + 5))
    happened.append(Happened("began", "syn_flood", BEGAN + 8))
    await eventually(lambda: len(told) == 2)
    assert [(one.attack, one.found_s) for one in told] == [("port_scan", 1.0), ("syn_flood", 1.0)]
    assert core.asked > asked
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
