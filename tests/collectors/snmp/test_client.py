"""The shared sockets: matching, retries, deadlines, refusals by the network, and what is counted."""

import asyncio
import os
import socket
import time
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
import uvloop

from collectors.snmp import wire
from collectors.snmp.settings import CommunityCredential
from netmon.api import PeerRefused, PeerTimeout, Reason
from tests.support.evil import EvilAgent, Request, evil, honest
from tests.support.snmp_agents import ENTRY, GROUP, MIB, UP_TIME, late, nobody, silent
from tests.support.snmp_client import raw, rows, snmp_client
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collectors.snmp.agent import Agent


async def test_a_lost_request_is_sent_again_under_its_id() -> None:
    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        return [agent.honest(request)] if request.number > 1 else []

    async with evil(script, MIB) as agent, snmp_client() as harness:
        await harness.fetch(agent.target(), [UP_TIME])
        first, second = agent.requests
        assert first.pdu.request_id == second.pdu.request_id
        assert harness.metric("requests_total") == 1
        assert harness.metric("retries_total") == 1
        assert harness.metric("timeouts_total") == 1


async def test_version_3_sends_again_under_another_msg_id() -> None:
    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        return [agent.honest(request)] if request.number > 1 else []

    async with evil(script, MIB) as agent, snmp_client() as harness:
        await harness.fetch(agent.target("v3"), [UP_TIME])
        first, second = agent.requests
        assert first.v3 is not None
        assert second.v3 is not None
        assert first.v3.msg_id != second.v3.msg_id  # RFC 3412 section 6.2
        assert first.pdu.request_id == second.pdu.request_id


@pytest.mark.parametrize("version", ["v2c", "v3"])
async def test_the_answer_to_an_earlier_sending_is_taken_and_the_other_counted(version: str) -> None:
    held: list[bytes] = []

    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        held.append(agent.honest(request))
        return held if len(held) == 2 else []

    async with evil(script, MIB) as agent, snmp_client() as harness:
        answers = await harness.fetch(agent.target(version), [UP_TIME])
        assert answers.cells[raw(UP_TIME)] == {b"\x00": 4711}
        await eventually(lambda: harness.refused() == {"duplicate": 1})


async def test_an_answer_after_the_end_is_late() -> None:
    async with evil(late(0.2), MIB) as agent, snmp_client() as harness:
        with pytest.raises(PeerTimeout):
            await harness.fetch(agent.target(), [UP_TIME], within_s=0.05)
        await eventually(lambda: harness.refused() == {"late": 1})


async def test_time_outs_double() -> None:
    at: list[float] = []

    def script(*_: Any) -> Iterable[bytes]:
        at.append(time.monotonic())
        return []

    async with evil(script, MIB) as agent, snmp_client(timeout_s=0.1, retries=2) as harness:
        begin = time.monotonic()
        with pytest.raises(PeerTimeout, match="no answer to 3 requests"):
            await harness.fetch(agent.target(), [UP_TIME])
        assert time.monotonic() - begin >= 0.7
        assert at[1] - at[0] >= 0.09
        assert at[2] - at[1] >= 0.19


async def test_the_deadline_ends_a_request_before_its_time_out() -> None:
    async with evil(silent, MIB) as agent, snmp_client(timeout_s=30) as harness:
        begin = time.monotonic()
        with pytest.raises(PeerTimeout, match="before the deadline"):
            await harness.fetch(agent.target(), [UP_TIME], within_s=0.05)
        assert time.monotonic() - begin < 5


async def test_a_poll_past_its_deadline_asks_nothing() -> None:
    async with evil(honest, MIB) as agent, snmp_client() as harness:
        with pytest.raises(PeerTimeout):
            await harness.fetch(agent.target(), [UP_TIME], within_s=-1)
        assert agent.requests == []


async def test_a_device_that_falls_silent_keeps_what_it_said() -> None:
    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        return [agent.honest(request)] if request.number < 3 else []

    async with evil(script, MIB) as agent, snmp_client(retries=0, max_in_flight_per_device=1) as harness:
        answers = await harness.fetch(agent.target(), [UP_TIME], [GROUP[:5], GROUP[5:10], GROUP[10:15], GROUP[15:20]])
        assert answers.cells[raw(UP_TIME)]
        assert answers.cells[GROUP[0]]
        assert {p.reason for p in answers.problems.values()} == {Reason.TIMEOUT}
        assert set(answers.problems) == set(GROUP[:20])
        assert harness.metric("timeouts_total") == 2  # two tables in a row; the others are not waited for
        assert answers.problems[GROUP[15]].detail == "not asked: the device fell silent"


async def test_a_silent_table_costs_that_table_only() -> None:
    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        return [] if any(name.startswith(f"{ENTRY}.7") for name in request.names) else [agent.honest(request)]

    async with evil(script, MIB) as agent, snmp_client(retries=0) as harness:
        answers = await harness.fetch(agent.target(), [UP_TIME], [GROUP[:5], GROUP[6:7], GROUP[10:15], GROUP[15:20]])
        assert {c: p.reason for c, p in answers.problems.items()} == {GROUP[6]: Reason.TIMEOUT}
        assert len(rows(answers, GROUP[19])) == 30


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_a_refused_port_is_told_at_once(host: str) -> None:
    async with snmp_client(timeout_s=30) as harness:
        with pytest.raises(PeerRefused, match="Connection refused"):
            await harness.fetch(nobody(host=host), [UP_TIME])
        assert harness.metric("icmp_errors_total") == 1
        assert harness.metric("timeouts_total") == 0


async def test_one_devices_icmp_errors_cost_no_other_device_a_datagram() -> None:
    async with evil(honest, MIB) as agent, snmp_client(timeout_s=30, retries=0) as harness:
        targets = [nobody(str(n)) if n % 2 else agent.target(name=str(n)) for n in range(60)]
        results = await asyncio.gather(*(harness.fetch(each, [UP_TIME]) for each in targets), return_exceptions=True)
        assert [isinstance(each, PeerRefused) for each in results] == [bool(n % 2) for n in range(60)]
        assert not any(isinstance(each, BaseException) for each in results[::2])
        assert harness.metric("datagrams_unsent_total") == 0


async def test_stopping_ends_what_is_under_way() -> None:
    async with evil(silent, MIB) as agent, snmp_client(timeout_s=30) as harness:
        poll = asyncio.create_task(harness.fetch(agent.target(), [UP_TIME]))
        await eventually(lambda: agent.requests)
        await harness.client.stop()
        with pytest.raises(PeerTimeout, match="stopped"):
            await poll
        await harness.client.stop()


async def test_request_ids_cannot_be_foreseen() -> None:
    async with evil(honest, MIB) as agent, snmp_client() as harness:
        for _ in range(64):
            await harness.fetch(agent.target(), [UP_TIME])
        ids = [request.pdu.request_id for request in agent.requests]
        assert all(0 < each < 2**31 for each in ids)
        assert len(set(ids)) == 64
        steps = {b - a for a, b in pairwise(ids)}
        assert len(steps) == 63
        assert any(each > 2**29 for each in ids)


@pytest.mark.parametrize("octets", [b"caf\xc3\xa9", b"caf\xe9", b"\xff\x80"])
async def test_a_community_is_sent_as_the_octets_that_the_environment_holds(octets: bytes) -> None:
    said = {"version": "v2c", "community": os.fsdecode(octets)}
    async with evil(honest, MIB) as agent, snmp_client() as harness:
        target = replace(agent.target(), credential=CommunityCredential.model_validate(said))
        assert (await harness.fetch(target, [UP_TIME])).cells[raw(UP_TIME)]
        assert agent.requests[0].community == octets


async def test_the_receive_buffer_and_what_the_kernel_dropped_are_exported() -> None:
    async with snmp_client(receive_buffer_bytes=65_536) as harness:
        assert harness.metric("receive_buffer_bytes", family="ipv4") == 65_536
        assert harness.metric("kernel_drops_total", family="ipv4") == 0
        listening = harness.client._exchange._sockets[2]._socket
        assert listening is not None
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(300):  # nobody reads meanwhile: this very thread would
                sender.sendto(bytes(1_000), ("127.0.0.1", listening.getsockname()[1]))
        lost = harness.metric("kernel_drops_total", family="ipv4")
        assert 0 < lost < 300
        await eventually(lambda: harness.metric("datagrams_received_total") + lost == 300)
        assert harness.refused() == {"malformed": 300 - lost}


async def test_a_changed_agent_is_a_new_device_and_a_forgotten_one_is_gone() -> None:
    async with evil(honest, MIB) as agent, evil(honest, MIB) as successor, snmp_client() as harness:
        await harness.fetch(agent.target("v3"), [UP_TIME])
        assert harness.client.boots("evil") == 3
        successor.boots = 9
        await harness.fetch(successor.target("v3"), [UP_TIME])
        assert harness.client.boots("evil") == 9
        harness.client.forget("evil")
        harness.client.forget("evil")
        assert harness.client.boots("evil") is None


async def test_the_trace_sees_every_datagram_and_what_it_says() -> None:
    seen: list[tuple[str, Agent | None, bytes, object]] = []

    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        return [b"garbage", agent.honest(request)]

    async with evil(script, MIB) as agent:
        async with snmp_client(trace=lambda *each: seen.append(each)) as harness:
            target = agent.target()
            await harness.fetch(target, [UP_TIME])
        assert [(way, who) for way, who, _, _ in seen] == [("sent", target), ("received", None), ("received", target)]
        sent, garbage, received = (what for _, _, _, what in seen)
        assert isinstance(sent, wire.Pdu)
        assert sent.varbinds.oids == [raw(f"{UP_TIME}.0")]
        assert str(garbage).startswith("malformed: octet 0")
        assert isinstance(received, wire.Pdu)
        assert received.varbinds.values == [4711]
        assert [data for _, _, data, _ in seen[1:]] == agent.sent


def test_it_works_on_uvloop_too() -> None:
    async def poll() -> None:
        async with evil(honest, MIB) as agent, snmp_client(timeout_s=30) as harness:
            for version in ("v1", "v2c", "v3"):
                answers = await harness.fetch(agent.target(version), [UP_TIME], [GROUP])
                assert answers.problems == {}
                assert len(rows(answers, GROUP[24])) == 30
            with pytest.raises(PeerRefused, match="Connection refused"):
                await harness.fetch(nobody(), [UP_TIME])

    uvloop.run(poll())
