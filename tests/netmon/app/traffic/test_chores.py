"""What is done beside the streams goes on, whatever happens to it once."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry

from netmon.app.traffic.chores import Chores
from tests.support.waiting import eventually


async def test_a_chore_that_fails_is_counted_and_done_again() -> None:
    registry, done = CollectorRegistry(), 0

    async def work() -> None:
        nonlocal done
        done += 1
        if done == 2:
            raise RuntimeError("once")

    chores = Chores(registry)
    chores.repeat("sweeping", work, lambda: 0.001)
    await eventually(lambda: done >= 4)
    await chores.stop()
    assert registry.get_sample_value("netmon_traffic_chore_bugs_total", {"chore": "sweeping"}) == 1.0


async def test_nothing_is_done_after_the_stop() -> None:
    done = 0

    async def work() -> None:
        nonlocal done
        done += 1

    chores = Chores(CollectorRegistry())
    chores.repeat("sweeping", work, lambda: 0.001)
    await eventually(lambda: done)
    await chores.stop()
    so_far = done
    await asyncio.sleep(0.02)
    assert done == so_far


async def test_how_often_may_change_meanwhile() -> None:
    asked: list[float] = [0.001, 0.001, 3600.0]
    done = 0

    async def work() -> None:
        nonlocal done
        done += 1

    chores = Chores(CollectorRegistry())
    chores.repeat("sweeping", work, lambda: asked.pop(0))
    await eventually(lambda: not asked)
    assert done == 2
    await chores.stop()


@pytest.mark.parametrize("times", [1, 2])
async def test_stopping_what_never_began_is_nothing(times: int) -> None:
    chores = Chores(CollectorRegistry())
    for _ in range(times):
        await chores.stop()
