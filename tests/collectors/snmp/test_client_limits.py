"""How many requests are under way at once: to a device, to all, and who waits for whom."""

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from netmon.api import PeerTimeout
from tests.support.evil import EvilAgent, Request, evil, honest
from tests.support.snmp_agents import GROUP, MIB, UP_TIME, late, silent
from tests.support.snmp_client import raw, snmp_client
from tests.support.waiting import eventually


async def test_a_slow_device_delays_no_other() -> None:
    async with evil(late(0.5), MIB) as slow, evil(honest, MIB) as quick, snmp_client(timeout_s=5) as harness:
        waiting = asyncio.create_task(harness.fetch(slow.target(name="slow"), [UP_TIME]))
        for _ in range(20):
            await harness.fetch(quick.target(name="quick"), [UP_TIME], [GROUP])
            assert not waiting.done()
        assert (await waiting).cells[raw(UP_TIME)]


@pytest.mark.parametrize("limit", [1, 2, 4])
async def test_a_device_has_no_more_requests_to_answer_than_its_limit(limit: int) -> None:
    under_way = most = 0

    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)

        def answer() -> None:
            nonlocal under_way
            under_way -= 1
            agent.send(agent.honest(request))

        asyncio.get_running_loop().call_later(0.002, answer)
        return []

    async with evil(script, MIB) as agent, snmp_client(timeout_s=5, max_in_flight_per_device=limit) as harness:
        await asyncio.gather(
            *(harness.fetch(agent.target(), [UP_TIME], [GROUP[:5], GROUP[5:10], GROUP[10:15]]) for _ in range(3))
        )
        assert most == limit


async def test_all_devices_together_have_no_more_requests_to_answer_than_the_limit() -> None:
    async with AsyncExitStack() as stack:
        harness = await stack.enter_async_context(snmp_client(timeout_s=5, max_in_flight=3))
        seen: list[tuple[int, int]] = []

        def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
            seen.append((harness.metric("requests_in_flight"), harness.metric("requests_waiting")))
            return late(0.005)(agent, request)

        agents = [await stack.enter_async_context(evil(script, MIB)) for _ in range(12)]
        await asyncio.gather(*(harness.fetch(a.target(name=str(n)), [UP_TIME]) for n, a in enumerate(agents)))
        assert max(in_flight for in_flight, _ in seen) == 3
        assert max(waiting for _, waiting in seen) == 9


async def test_devices_known_to_be_silent_take_no_place_from_others() -> None:
    seen: list[int] = []

    def script(*_: Any) -> Iterable[bytes]:
        seen.append(harness.metric("requests_in_flight"))
        return []

    async with evil(script, MIB) as agent, snmp_client(timeout_s=0.03, retries=0, max_in_flight=8) as harness:
        silent_ones = [agent.target(name=str(n)) for n in range(8)]
        strangers = [agent.target(name=str(n)) for n in range(8, 16)]
        for asked, most in ((silent_ones, 8), ([*silent_ones, *strangers], 16)):
            polls = [harness.fetch(each, [UP_TIME]) for each in asked]
            assert all(isinstance(each, PeerTimeout) for each in await asyncio.gather(*polls, return_exceptions=True))
            assert max(seen) == most
            seen.clear()


async def test_a_request_that_finds_no_room_until_its_deadline_says_so() -> None:
    async with (
        evil(silent, MIB) as agent,
        evil(honest, MIB) as other,
        snmp_client(timeout_s=0.3, retries=0, max_in_flight=1) as harness,
    ):
        first = asyncio.create_task(harness.fetch(agent.target(name="first"), [UP_TIME]))
        await eventually(lambda: agent.requests)
        with pytest.raises(PeerTimeout, match="not asked: 1 requests were in flight"):
            await harness.fetch(other.target(name="second"), [UP_TIME], within_s=0.05)
        with pytest.raises(PeerTimeout, match="no answer"):
            await first


@pytest.mark.parametrize("limit", [1, 2])
async def test_a_poll_that_waits_behind_others_of_a_silent_device_says_that_it_is_silent(limit: int) -> None:
    async with evil(silent, MIB) as agent, snmp_client(timeout_s=5, max_in_flight_per_device=limit) as harness:
        first = [asyncio.create_task(harness.fetch(agent.target(), [UP_TIME])) for _ in range(limit)]
        await eventually(lambda: len(agent.requests) == limit)
        with pytest.raises(PeerTimeout, match=rf"^no answer before the deadline to the requests .* \({limit}\)$"):
            await harness.fetch(agent.target(), [UP_TIME], within_s=0.05)
        for poll in first:
            poll.cancel()
        await asyncio.gather(*first, return_exceptions=True)


async def test_a_request_that_was_sent_and_finds_no_room_to_be_sent_again_tells_of_the_silence() -> None:
    async with evil(silent, MIB) as agent, snmp_client(timeout_s=0.3, max_in_flight_per_device=1) as harness:
        first = asyncio.create_task(harness.fetch(agent.target(), [UP_TIME], within_s=0.45))
        await eventually(lambda: agent.requests)
        second = asyncio.create_task(harness.fetch(agent.target(), [UP_TIME], within_s=5))
        with pytest.raises(PeerTimeout, match=r"^no answer before the deadline$"):
            await first
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)


async def test_a_cancelled_poll_gives_its_places_back() -> None:
    async with evil(silent, MIB) as agent, snmp_client(timeout_s=30, max_in_flight=2) as harness:
        polls = [asyncio.create_task(harness.fetch(agent.target(name=str(n)), [UP_TIME])) for n in range(5)]
        await eventually(lambda: harness.metric("requests_waiting") == 3)
        for poll in reversed(polls):
            poll.cancel()
        await asyncio.gather(*polls, return_exceptions=True)
        assert harness.metric("requests_in_flight") == 0
        assert harness.metric("requests_waiting") == 0
