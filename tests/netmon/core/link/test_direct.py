"""Collector and core in one process: order, the cap, a core that cannot, the stop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry

from netmon.core.link import DirectUplink, LinkSettings
from netmon.core.link.store import is_sender
from tests.support.link import QUICK, Core, Numbered, check_uplink, finding, findings, value
from tests.support.waiting import eventually


class Bench:
    def __init__(self) -> None:
        self.core = Core()
        self.registry = CollectorRegistry()

    @asynccontextmanager
    async def uplink(self, settings: LinkSettings = QUICK) -> AsyncIterator[DirectUplink]:
        uplink = DirectUplink(self.core.take, "netmon", settings, self.registry)
        await uplink.start()
        try:
            yield uplink
        finally:
            await uplink.stop()
            check_uplink(self.registry)

    def dropped(self, reason: str) -> float:
        return value(self.registry, "netmon_uplink_dropped_total", reason=reason)


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_everything_arrives_once_and_in_order(bench: Bench) -> None:
    async with bench.uplink() as uplink:
        assert is_sender(uplink.sender)
        for first in range(0, 5_000, 7):
            uplink.send(findings(first, 7))
            check_uplink(bench.registry)
        await uplink.flush()
        assert uplink.pending == 0
        assert [number for number, _ in bench.core.taken[uplink.sender]] == list(range(1, 5_006))
        assert bench.core.serials() == list(range(5_005))


async def test_a_core_that_cannot_fills_the_queue(bench: Bench) -> None:
    open_again = asyncio.Event()

    async def wait(_sender: str, _things: Numbered) -> None:
        await open_again.wait()

    bench.core.obstacle = wait
    settings = QUICK.model_copy(update={"queue_max_things": 100, "batch_max_records": 10})
    async with bench.uplink(settings) as uplink:
        uplink.send(findings(0, 60))
        await eventually(lambda: bench.core.calls == 1)
        uplink.send(findings(60, 60))
        check_uplink(bench.registry)
        assert (uplink.pending, bench.dropped("memory_full")) == (100, 20)
        flushing = asyncio.create_task(uplink.flush())
        await asyncio.sleep(0)
        assert not flushing.done()
        open_again.set()
        await flushing
        assert bench.core.serials() == list(range(100))


async def test_a_thing_that_the_core_fails_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netmon.core.link.taking.RETRY_S", 0.001)

    async def fail(_sender: str, things: Numbered) -> None:
        if finding(1) in [thing for _, thing in things]:
            raise KeyError

    bench.core.obstacle = fail
    async with bench.uplink() as uplink:
        uplink.send(findings(0, 3))
        await uplink.flush()
        assert bench.core.serials() == [0, 2]
        assert bench.dropped("failed") == 1


async def test_the_stop_waits_for_the_core_and_counts_what_it_did_not_take(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench.uplink() as uplink:
        uplink.send(findings(0, 10))
    assert bench.core.serials() == list(range(10))
    monkeypatch.setattr("netmon.core.link.direct._STOP_GRACE_S", 0.05)

    async def never(_sender: str, _things: Numbered) -> None:
        await asyncio.Event().wait()

    bench = Bench()
    bench.core.obstacle = never
    async with bench.uplink() as uplink:
        uplink.send(findings(0, 10))
    assert bench.dropped("not_running") == 10
    uplink.send([finding(0)])
    await uplink.stop()
    assert bench.dropped("not_running") == 11
    check_uplink(bench.registry)
