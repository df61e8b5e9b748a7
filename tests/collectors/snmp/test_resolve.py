"""Names and scoped addresses of devices, and those that cannot be found."""

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
import uvloop

from collectors.snmp.agent import Agent
from collectors.snmp.resolve import Resolver
from netmon.api import PeerError, PeerNotFound, PeerTimeout, Reason
from tests.support.evil import evil, honest
from tests.support.snmp_agents import MIB, PUBLIC, UP_TIME
from tests.support.snmp_client import raw, snmp_client


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
