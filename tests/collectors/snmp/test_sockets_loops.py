"""The shared socket on both event loops: an ICMP error about one device must not deafen it to the others."""

import asyncio
import socket
from collections.abc import Callable, Coroutine, Sized
from typing import Any

import pytest
import uvloop

from collectors.snmp.sockets import Address, UdpSocket
from tests.support.processes import free_port
from tests.support.waiting import eventually

Run = Callable[[Coroutine[Any, Any, None]], None]


async def at_least(things: Sized, count: int) -> None:
    await eventually(lambda: len(things) >= count)


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6], ids=["ipv4", "ipv6"])
def test_it_hears_after_each_of_many_refusals(run: Run, family: socket.AddressFamily) -> None:
    host = "127.0.0.1" if family == socket.AF_INET else "::1"

    async def scenario() -> None:
        heard: list[bytes] = []
        refused: list[Address] = []
        ours = UdpSocket(family, lambda data, _: heard.append(data), lambda _, address: refused.append(address))
        ours.open(1 << 20)
        assert ours._socket is not None
        port = ours._socket.getsockname()[1]
        nobody = free_port(socket.SOCK_DGRAM, host)
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as peer:
                for number in range(1, 6):
                    ours.send(b"anyone?", (host, nobody))
                    ours.send(b"anyone?", (host, nobody))  # finds the first one's error pending
                    await at_least(refused, 2 * number)
                    peer.sendto(b"%d" % number, (host, port))
                    await at_least(heard, number)
        finally:
            ours.close()

    run(scenario())
