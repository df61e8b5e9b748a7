"""A process of its own that answers for any number of switches: 48 ports x 40 columns of ifTable and ifXTable each.

Its CPU is its own, so what is measured elsewhere is the poller alone. Every counter of traffic (18 of the 40 columns)
moves each second, as on a busy network, so that nobody can answer from what was rendered before; those of errors and
discards stand still, since a fleet whose every port fails would measure its alerts. It tells on request how many
varbinds it gave.
"""

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import uvloop

from collectors.snmp import oid
from collectors.snmp.ber import Tag, integer
from collectors.snmp.ports import IF_ENTRY
from collectors.snmp.settings import AuthProtocol, PrivProtocol
from collectors.snmp.usm import Engine, User
from netmon.demo.agent import Agent, Manners, Responder
from netmon.demo.fleet import SPARE_FILES, address_of, allow_files, switch_view
from netmon.demo.mib import Computed, MibView
from netmon.demo.usm import Usm
from tests.support.processes import free_port

ROOT = Path(__file__).resolve().parent.parent
PORTS, COLUMNS = 48, 40
VARBINDS = PORTS * COLUMNS  # that one poll of a switch's ports brings
# Columns of ifEntry, RFC 2863: ifInDiscards, ifInErrors, ifInUnknownProtos, ifOutDiscards, ifOutErrors.
_TROUBLE = tuple(oid.encode((*IF_ENTRY, column)) for column in (13, 14, 15, 19, 20))
USER, PASSWORD = "reader", "bench-password"  # opens nothing but this benchmark's agents
CREDENTIALS: dict[str, dict[str, str]] = {
    "v2c": {"version": "v2c", "community": "${TEST_COMMUNITY}"},
    "v3": {
        "version": "v3",
        "user": USER,
        "auth_protocol": AuthProtocol.SHA1.value,
        "auth_password": "${TEST_PASSWORD}",
        "priv_protocol": PrivProtocol.AES128.value,
        "priv_password": "${TEST_PASSWORD}",
    },
}


@dataclass(frozen=True, slots=True)
class Counts:
    """What the agents together were asked and gave, so far."""

    requests: int
    varbinds: int


@dataclass(frozen=True, slots=True)
class Fleet:
    """The process and where its agents are."""

    process: subprocess.Popen[str]
    port: int
    size: int

    def addresses(self) -> list[tuple[str, int]]:
        """Return every agent's address."""
        return [address_of(number, self.port) for number in range(self.size)]

    def counts(self) -> Counts:
        """Ask the process."""
        _pipe(self.process.stdin).write("\n")
        _pipe(self.process.stdin).flush()
        return Counts(**json.loads(_pipe(self.process.stdout).readline()))


@contextlib.contextmanager
def fleet(size: int, version: str = "v2c", silent: int = 0, ports: int = PORTS) -> Iterator[Fleet]:
    """Run agents until the block ends; the last `silent` of them never answer."""
    port = free_port(socket.SOCK_DGRAM, address_of(0, 0)[0])
    command = [sys.executable, "-m", "bench.agents", "--agents", str(size), "--port", str(port), "--version", version]
    command += ["--silent", str(silent), "--ports", str(ports)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        _pipe(process.stdout).readline()
        if process.poll() is not None:
            raise SystemExit("the agents could not start")
        yield Fleet(process, port, size)
    finally:
        _pipe(process.stdin).close()  # its sign to end
        process.wait(10)
        _pipe(process.stdout).close()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None  # noqa: S101 -- we asked for pipes
    return pipe


def _usm(number: int, began: float) -> Usm:
    engine_id = b"\x80\x00\x1f\x88\x04" + number.to_bytes(8, "big")
    password = PASSWORD.encode()
    user = User(USER.encode(), AuthProtocol.SHA1, password, PrivProtocol.AES128, password)
    return Usm(user, lambda now: Engine(engine_id, 1, int(now - began)))


def _advanced(view: MibView, by: int) -> MibView:
    """Return the view with every counter of traffic further on."""
    entries = zip(view.names, view.values, strict=True)
    return MibView((name, value if name.startswith(_TROUBLE) else _more(value, by)) for name, value in entries)


def _more(value: bytes | Computed, by: int) -> bytes | Computed:
    if callable(value) or value[0] not in (Tag.COUNTER32, Tag.COUNTER64):
        return value
    return integer(int.from_bytes(value[2:], "big") + by, Tag(value[0]))


async def _keep_busy(agents: Sequence[Agent]) -> None:
    while True:
        view = _advanced(agents[0].view, 9_973)
        for agent in agents:
            agent.view = view
        await asyncio.sleep(1)


async def _serve(size: int, port: int, version: str, silent: int, ports: int) -> None:
    view, responder, began = switch_view(ports), Responder(), time.time()
    allow_files(size + SPARE_FILES)
    v3 = version == "v3"
    agents = [Agent(view, None, _usm(number, began)) if v3 else Agent(view) for number in range(size)]
    for agent in agents[size - silent :]:
        agent.manners = Manners(tamper=lambda _request, _reply: ())
    for number, agent in enumerate(agents):
        responder.serve(agent, address_of(number, port))
    loop = asyncio.get_running_loop()
    traffic = loop.create_task(_keep_busy(agents))
    print("ready", flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        given = Counts(sum(agent.counts.requests for agent in agents), sum(agent.counts.varbinds for agent in agents))
        print(json.dumps({"requests": given.requests, "varbinds": given.varbinds}), flush=True)
    traffic.cancel()
    responder.close()


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=50)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--version", choices=tuple(CREDENTIALS), default="v2c")
    parser.add_argument("--silent", type=int, default=0, help="how many of them never answer")
    parser.add_argument("--ports", type=int, default=PORTS, help="of each of them")
    options = parser.parse_args()
    uvloop.run(_serve(options.agents, options.port, options.version, options.silent, options.ports))


if __name__ == "__main__":
    main()
