"""Agents with a table, some of which are silent, late, or not there."""

import asyncio
import socket
from collections.abc import Callable, Iterable
from typing import Any

from collectors.snmp import wire
from collectors.snmp.agent import Agent
from collectors.snmp.settings import CommunityCredential
from tests.support.evil import EvilAgent, Request, table
from tests.support.processes import free_port
from tests.support.snmp_client import columns

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
