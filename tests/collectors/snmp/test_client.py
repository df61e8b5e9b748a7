"""The shared sockets: matching, retries, deadlines, limits, refusals by the network, and what is counted."""

import asyncio
import os
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import uvloop

from collectors.snmp import wire
from collectors.snmp.agent import Agent
from collectors.snmp.resolve import Resolver
from collectors.snmp.settings import CommunityCredential
from netmon.api import PeerError, PeerNotFound, PeerRefused, PeerTimeout, Reason
from tests.support.evil import EvilAgent, Request, evil, honest, table
from tests.support.processes import free_port
from tests.support.snmp_client import columns, raw, rows, snmp_client
from tests.support.waiting import eventually

ENTRY = "1.3.6.1.2.1.2.2.1"
UP_TIME = "1.3.6.1.2.1.1.3"
MIB = {f"{UP_TIME}.0": (int(wire.Tag.TIME_TICKS), 4711), **table(ENTRY, range(1, 26), range(1, 31))}
GROUP = columns(ENTRY, range(1, 26))
PUBLIC = CommunityCredential.model_validate({"version": "v2c", "community": "public"})


def silent(*_: Any) -> Iterable[bytes]:
    return []


def late(seconds: float) -> Callable[[EvilAgent, Request], Iterable[bytes]]:
    """Return a script that is honest after a while."""

    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        asyncio.get_running_loop().call_later(seconds, agent.send, agent.honest(request))
        return []

    return script


def nobody(name: str = "nobody", host: str = "127.0.0.1") -> Agent:
    """Return an agent where nothing listens."""
    return Agent(name, host, free_port(socket.SOCK_DGRAM, host), credential=PUBLIC)


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


async def test_names_are_resolved_and_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    async with evil(honest, MIB) as agent, snmp_client() as harness:
        asked: list[str] = []

        async def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
            asked.append(host)
            if host != "core1.example":
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            return [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("127.0.0.1", port))]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
        named = Agent("core1", "core1.example", agent.address[1], credential=PUBLIC)
        for _ in range(3):
            assert (await harness.fetch(named, [UP_TIME])).cells[raw(UP_TIME)]
        for _ in range(2):
            with pytest.raises(PeerNotFound, match=r"'core2\.example' has no address"):
                await harness.fetch(Agent("core2", "core2.example", credential=PUBLIC), [UP_TIME])
        assert asked == ["core1.example", "core2.example"]


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize(
    ("host", "problem"),
    [
        ("fe80::1%nope", r"'fe80::1%nope' has no address: this host has no interface 'nope'"),
        ("fe80::1%4000000000", r"this host has no interface '4000000000'"),
        ("fe80::1%99999999999999999999", r"this host has no interface '99999999999999999999'"),
        ("fe80::1%caf\udce9", r"this host has no interface 'caf\\udce9'"),
        ("caf\udce9", r"'caf\\udce9' has no address: it cannot be a name in DNS"),
        ("a..b", r"'a\.\.b' has no address: it cannot be a name in DNS"),
    ],
)
def test_a_host_that_cannot_be_found_is_told_apart_from_one_that_refuses(
    host: str, problem: str, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    async def look() -> None:
        with pytest.raises(PeerNotFound, match=problem) as raised:
            await Resolver(time.monotonic).resolve(host, 161, 5.0)
        assert raised.value.missing().reason is Reason.NOT_FOUND

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(look())


@pytest.mark.parametrize("scope", ["lo", str(socket.if_nametoindex("lo"))])
async def test_a_scoped_address_keeps_its_scope(scope: str) -> None:
    address = await Resolver(time.monotonic).resolve(f"fe80::1%{scope}", 161, 5.0)
    assert address == ("fe80::1", 161, 0, socket.if_nametoindex("lo"))


async def test_a_resolver_that_hangs_holds_up_its_own_device_only(monkeypatch: pytest.MonkeyPatch) -> None:
    async with evil(honest, MIB) as agent, snmp_client() as harness:

        async def getaddrinfo(*_: Any, **__: Any) -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
        stuck = asyncio.create_task(harness.fetch(Agent("a", "a.example", credential=PUBLIC), [UP_TIME], within_s=0.2))
        await harness.fetch(agent.target(), [UP_TIME])
        assert not stuck.done()
        with pytest.raises(PeerTimeout, match=r"the resolver did not answer for 'a\.example'"):
            await stuck


async def test_a_names_next_address_has_its_turn_when_the_first_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    async with evil(honest, MIB) as agent, snmp_client(retries=0) as harness:

        async def getaddrinfo(_: str, port: int, **__: Any) -> list[Any]:
            return [
                (socket.AF_INET6, socket.SOCK_DGRAM, 17, "", ("::1", port, 0, 0)),
                (socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("127.0.0.1", port)),
            ]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
        named = Agent("core1", "core1.example", agent.address[1], credential=PUBLIC)
        with pytest.raises(PeerError):
            await harness.fetch(named, [UP_TIME])
        assert (await harness.fetch(named, [UP_TIME])).cells[raw(UP_TIME)]


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
