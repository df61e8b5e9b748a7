"""CPU of one walk of ifTable and ifXTable, 48 ports x 40 columns = 1,920 varbinds, beside snmpbulkwalk's.

The agent is another process, so that only the client's CPU (user and system) is measured:

    .venv/bin/python -m bench.walk [--walks 200] [--loop uvloop|asyncio]
"""

import argparse
import asyncio
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import uvloop
from prometheus_client import CollectorRegistry

from collectors.snmp import oid, wire
from collectors.snmp.client import SnmpClient
from collectors.snmp.settings import SnmpSettings
from tests.support.evil import PASSWORD, EvilAgent, Request, evil

ROOT = Path(__file__).resolve().parent.parent
PORTS = 48
IF_TABLE = "1.3.6.1.2.1.2.2.1"
IF_X_TABLE = "1.3.6.1.2.1.31.1.1.1"
COLUMNS = [f"{IF_TABLE}.{n}" for n in range(1, 22)] + [f"{IF_X_TABLE}.{n}" for n in range(1, 20)]
HIGH_CAPACITY = range(6, 14)  # of ifXTable
TEXT = {f"{IF_TABLE}.2": "GigabitEthernet1/0/{}", f"{IF_TABLE}.6": "\0\1\2\3\4{:c}", f"{IF_X_TABLE}.1": "Gi1/0/{}"}


def mib() -> dict[str, tuple[int, int | bytes]]:
    """Return a switch that has been busy for a while."""
    cells: dict[str, tuple[int, int | bytes]] = {}
    for column in COLUMNS:
        number = int(column.rpartition(".")[2])
        for port in range(1, PORTS + 1):
            name = f"{column}.{10_100 + port}"
            if column in TEXT:
                cells[name] = (wire.Tag.OCTET_STRING, TEXT[column].format(port).encode())
            elif column.startswith(IF_X_TABLE) and number in HIGH_CAPACITY:
                cells[name] = (wire.Tag.COUNTER64, port * number * 12_345_678_901)
            elif number in {3, 4, 7, 8}:
                cells[name] = (wire.Tag.INTEGER, number % 3 + 1)
            else:
                cells[name] = (wire.Tag.COUNTER32, port * number * 1_234_567)
    return cells


class Replay:
    """A script that works out each page once."""

    def __init__(self) -> None:
        self._pages: dict[tuple[int, tuple[bytes, ...]], bytes] = {}

    def __call__(self, agent: EvilAgent, request: Request) -> Iterable[bytes]:
        """Answer as the agent would, with the request's id."""
        pdu = request.pdu
        key = (pdu.error_index, tuple(pdu.varbinds.oids))
        tail = self._pages.get(key)
        if tail is None:
            cells = agent.walk(request.names, pdu.error_index)
            varbinds = [(oid.encode(oid.parse(name)), wire.encode_value(tag, value)) for name, tag, value in cells]
            whole = wire.encode_response(0, 0, 0, varbinds)
            tail = self._pages[key] = whole[whole.index(b"\x02\x01\x00\x02\x01\x00\x02\x01\x00") + 3 :]
        number = wire.Tag.INTEGER.to_bytes(1, "big") + b"\x04" + pdu.request_id.to_bytes(4, "big")
        body = number + tail
        response = bytes((wire.PduType.RESPONSE, 0x82)) + len(body).to_bytes(2, "big") + body
        if request.v3 is not None:
            return [agent.seal(request, response)]
        return [wire.encode_message(request.version, request.community, response)]


async def serve() -> None:
    async with evil(Replay(), mib()) as agent:
        print(agent.address[1], flush=True)
        await asyncio.Event().wait()


async def measure(port: int, version: str, walks: int) -> float:
    """Return the median CPU of a walk, in µs for each varbind."""
    stand_in = EvilAgent({}, lambda *_: [])
    stand_in.address = ("127.0.0.1", port)
    target = stand_in.target(version)
    client = SnmpClient(SnmpSettings(), CollectorRegistry())
    await client.start()
    group = [oid.encode(oid.parse(column)) for column in COLUMNS]
    spent = []
    try:
        for turn in range(walks + 5):
            begin = time.process_time()
            answers = await client.fetch(target, [], [group], time.monotonic() + 10)
            if turn >= 5:
                spent.append(time.process_time() - begin)
        if answers.problems or any(len(cells) != PORTS for cells in answers.cells.values()):
            raise SystemExit(f"incomplete: {answers.problems}")
    finally:
        await client.stop()
    return statistics.median(spent) / PORTS / len(COLUMNS) * 1e6


def bulkwalk(port: int, version: str, walks: int) -> float:
    """Return snmpbulkwalk's CPU in µs for each varbind, its start included."""
    options = ["-v2c", "-c", "public"]
    if version == "v3":
        options = ["-v3", "-l", "authPriv", "-u", "reader", "-a", "SHA", "-A", PASSWORD, "-x", "AES", "-X", PASSWORD]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(walks):
        for root in (IF_TABLE, IF_X_TABLE):
            command = ["snmpbulkwalk", "-Onq", "-m", "", "-Cr25", *options, f"udp:127.0.0.1:{port}", root]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent / walks / PORTS / len(COLUMNS) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--walks", type=int, default=200)
    parser.add_argument("--loop", choices=("uvloop", "asyncio"), default="uvloop")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve())
        return
    run = uvloop.run if options.loop == "uvloop" else asyncio.run
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.walk", "--serve"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None  # noqa: S101 - we asked for a pipe
        port = int(server.stdout.readline())
        for version in ("v2c", "v3"):
            ours = run(measure(port, version, options.walks))
            theirs = bulkwalk(port, version, 5) if shutil.which("snmpbulkwalk") else None
            figures = {"version": version, "loop": options.loop, "netmon_us": round(ours, 2)}
            figures |= {"snmpbulkwalk_us": round(theirs, 2)} if theirs else {}
            print(json.dumps({**figures, "varbinds": PORTS * len(COLUMNS), "cpus": os.cpu_count()}))
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
