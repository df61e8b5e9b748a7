"""Datagrams that are cut, padded, huge or changed, and agents that die, restart or change."""

import asyncio
import random
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack, suppress

import pytest

from collectors.snmp import wire
from collectors.snmp.agent import Agent
from collectors.snmp.answers import Answers
from netmon.api import PeerAuthFailed, PeerError, PeerMalformed, PeerTimeout
from tests.support.evil import EvilAgent, Request, evil, honest, table
from tests.support.evil_mib import ENTRY, FIRST, GROUP, MIB, SECOND, UP_TIME, full, up_time
from tests.support.snmp_client import raw, rows, snmp_client

# Datagrams that are cut, padded or huge.


@pytest.mark.parametrize("version", ["v2c", "v3"])
async def test_an_answer_cut_at_any_octet_is_malformed(version: str) -> None:
    def cut(size: int) -> Callable[[EvilAgent, Request], Iterable[bytes]]:
        return lambda agent, request: [agent.honest(request)[:size]]

    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(evil(honest, MIB))
        harness = await stack.enter_async_context(snmp_client(retries=0, timeout_s=1.0))
        await harness.fetch(one.target(version), [UP_TIME])
        agents = [await stack.enter_async_context(evil(cut(size), MIB)) for size in range(1, len(one.kept[0]))]
        for agent in agents:
            agent.engine_id = one.engine_id + str(agent.address[1]).encode()
        results = await asyncio.gather(
            *(harness.fetch(agent.target(version, str(n)), [UP_TIME]) for n, agent in enumerate(agents)),
            return_exceptions=True,
        )
        assert {type(result) for result in results} <= {PeerMalformed, PeerTimeout, PeerAuthFailed}
        assert sum(isinstance(result, PeerMalformed) for result in results) > len(results) * 0.9
        assert harness.refused() == {"malformed": len(agents)}


@pytest.mark.parametrize("version", ["v2c", "v3"])
async def test_octets_after_the_message_are_ignored_and_counted(version: str) -> None:
    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        return [agent.honest(request) + b"\x00\xffpadding"]

    async with evil(script, MIB) as agent, snmp_client() as harness:
        assert up_time(await harness.fetch(agent.target(version), [UP_TIME])) == 4711
        assert harness.metric("replies_trailing_total") == 1


@pytest.mark.parametrize("version", ["v2c", "v3"])
async def test_an_answer_of_64_kilobytes_is_read(version: str) -> None:
    huge = bytes(range(256)) * 254
    mib = {"1.3.6.1.2.1.1.1.0": (int(wire.Tag.OCTET_STRING), huge)}
    async with evil(honest, mib) as agent, snmp_client() as harness:
        answers = await harness.fetch(agent.target(version), ["1.3.6.1.2.1.1.1"])
        assert answers.cells[raw("1.3.6.1.2.1.1.1")] == {b"\x00": huge}
        assert len(agent.kept[0]) > 65_000


async def test_huge_cells_are_asked_for_a_few_at_a_time_from_the_second_poll_on() -> None:
    port_list = bytes(2_048)
    mib = {f"{ENTRY}.2.{row}": (int(wire.Tag.OCTET_STRING), port_list) for row in range(1, 30)}

    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        return [agent.reply(request, agent.walk(request.names, request.pdu.error_index)[:25])]

    async with evil(script, mib) as agent, snmp_client() as harness:
        for _ in range(2):
            answers = await harness.fetch(agent.target(), [], [[SECOND]])
            assert list(rows(answers, SECOND).values()) == [port_list] * 29
        assert max(len(each) for each in agent.sent[-3:]) <= 16_384


@pytest.mark.parametrize("version", ["v2c", "v3"])
async def test_no_change_of_an_answer_disturbs_the_client(version: str) -> None:
    """Each answer is sent with one octet changed, many times over; then the honest one."""
    dice = random.Random(20_826)

    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        answer = agent.honest(request)
        changed = []
        for _ in range(200):
            at = dice.randrange(len(answer))
            changed.append(answer[:at] + dice.randbytes(1) + answer[at + dice.randrange(2) :])
        return [*changed, answer] if version == "v3" else changed

    async with evil(script, MIB) as agent, snmp_client(timeout_s=0.2, retries=0) as harness:
        for _ in range(5):
            with suppress(PeerError):
                answers = await harness.fetch(agent.target(version), [UP_TIME], [GROUP[:2]])
                if version == "v3":
                    assert up_time(answers) == 4711
                    assert answers.problems == {}
        agent.script = honest
        assert up_time(await harness.fetch(agent.target(version, "new"), [UP_TIME])) == 4711


# Agents that die, restart, or change.


async def test_a_tenth_of_500_agents_dead_delays_no_other() -> None:
    async with AsyncExitStack() as stack:
        mib = table(ENTRY, range(1, 6), range(1, 9)) | {f"{UP_TIME}.0": (int(wire.Tag.TIME_TICKS), 4711)}
        agents = [await stack.enter_async_context(evil(honest, mib)) for _ in range(450)]
        hole = await stack.enter_async_context(evil(lambda *_: [], {}))
        harness = await stack.enter_async_context(snmp_client(timeout_s=0.4, retries=2, max_in_flight=100))
        dead = [hole.target(name=f"dead {n}") for n in range(50)]
        live = [agent.target(name=f"live {n}") for n, agent in enumerate(agents)]
        finished: list[bool] = []

        async def poll(target: Agent) -> Answers | PeerError:
            try:
                answers = await harness.fetch(target, [UP_TIME], [GROUP])
            except PeerError as error:
                finished.append(False)
                return error
            finished.append(True)
            return answers

        in_turn = [t for n, target in enumerate(live) for t in ((target, dead[n // 9]) if n % 9 == 0 else (target,))]
        results = await asyncio.gather(*map(poll, in_turn))
        assert sum(isinstance(each, PeerTimeout) for each in results) == 50
        read = [each for each in results if isinstance(each, Answers)]
        assert len(read) == 450
        assert all(not each.problems and len(each.cells[FIRST]) == 8 for each in read)
        assert finished == [True] * 450 + [False] * 50  # the living do not wait for the dead to be given up
        assert harness.metric("timeouts_total") >= 150
        assert harness.metric("kernel_drops_total", family="ipv4") == 0


async def test_a_reboot_in_mid_walk_is_resynchronised_at_once_and_shown_by_boots() -> None:
    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        answer = agent.honest(request)
        if request.number == 2:
            agent.boots, agent.time = agent.boots + 1, 2
        return [answer]

    async with evil(script, MIB) as agent, snmp_client(timeout_s=5, max_in_flight_per_device=1) as harness:
        target = agent.target("v3")
        assert harness.client.boots("evil") is None
        answers = await harness.fetch(target, [UP_TIME], [GROUP, GROUP])
        assert answers.problems == {}
        assert [rows(answers, column) for column in GROUP] == [full(n) for n in range(1, 6)]
        assert harness.client.boots("evil") == 4
        assert harness.metric("timeouts_total") == 0
        assert harness.metric("engine_resyncs_total") == 2  # discovery, and the reboot


async def test_a_changed_engine_id_is_met_at_once() -> None:
    async with evil(honest, MIB) as agent, snmp_client(timeout_s=5) as harness:
        target = agent.target("v3")
        await harness.fetch(target, [UP_TIME])
        agent.engine_id, agent.boots, agent.time = agent.engine_id + b"2", 1, 5
        assert up_time(await harness.fetch(target, [UP_TIME])) == 4711
        assert harness.client.boots("evil") == 1
        assert harness.metric("timeouts_total") == 0
        assert harness.metric("engine_resyncs_total") == 2
