"""The link between daemons: things a second from end to end, CPU for each, and how long one thing takes to be safe.

Run `python -m bench.link` (`--things 200000`). A sender with its spool in one process, a core in another that appends
what comes to a file and forces each batch to disk before it acknowledges. Beside it a bare asyncio echo of the same
octets in batches of the same size: what the sockets alone cost, with nothing encoded, kept or forced to disk.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

import uvloop
from prometheus_client import CollectorRegistry

from netmon.core import codec
from netmon.core.link import LinkSettings, SpoolingUplink
from tests.support.link import finding, findings
from tests.support.processes import cpu_s, running
from tests.support.waiting import eventually, eventually_sync

BATCH = 1_000
GROUP = 500  # things in one call of `send`


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--things", type=int, default=200_000)
    parser.add_argument("--singles", type=int, default=300, help="things sent one by one, to time each")
    parser.add_argument(
        "--directory", type=Path, help="on the disk to measure (default: the system's for temporary files)"
    )
    parser.add_argument("--echo", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if options.echo:
            runner.run(echo(options.echo))
        with tempfile.TemporaryDirectory(dir=options.directory) as folder:
            print(f"{options.things} findings of {len(codec.encode(finding(0)))} octets, batches of {BATCH}")
            print(f"{'':<34}{'things/s':>10}{'us CPU sender':>15}{'us CPU core':>13}")
            runner.run(measure_link(Path(folder), options.things, options.singles))
            runner.run(measure_spool(Path(folder), options.things))
            runner.run(measure_echo(Path(folder), options.things))


async def measure_link(folder: Path, things: int, singles: int) -> None:
    socket = folder / "core.sock"
    command = [sys.executable, "-m", "tests.support.link_child", "core", str(socket), str(folder / "stored")]
    with running(command, folder / "core.log") as core:
        eventually_sync(lambda: "ready" in (folder / "core.log").read_text(), 30)
        uplink = SpoolingUplink(socket, folder / "spool", "bench", LinkSettings(), CollectorRegistry())
        await uplink.start()
        uplink.send([finding(0)])
        await eventually(lambda: uplink.pending == 0)
        load = findings(0, things)
        before, ours, began = cpu_s(core.pid), time.process_time(), time.perf_counter()
        for at in range(0, things, GROUP):
            uplink.send(load[at : at + GROUP])
            await asyncio.sleep(0)
        while uplink.pending:  # noqa: ASYNC110 - `flush` would return when it is on the disk of this side
            await asyncio.sleep(0.001)
        took = time.perf_counter() - began
        show("link, acknowledged from disk", things, took, time.process_time() - ours, cpu_s(core.pid) - before)
        times = [await one(uplink) for _ in range(singles)]
        await uplink.stop()
    cuts = statistics.quantiles(times, n=100)
    print(f"one thing, sent to acknowledged: median {cuts[49] * 1e3:.1f} ms, 99% {cuts[98] * 1e3:.1f} ms")


async def one(uplink: SpoolingUplink) -> float:
    began = time.perf_counter()
    uplink.send([finding(0)])
    while uplink.pending:  # noqa: ASYNC110 - the same
        await asyncio.sleep(0)
    return time.perf_counter() - began


async def measure_spool(folder: Path, things: int) -> None:
    """Measure the sender while the core is away: all goes to disk and is forced there."""
    uplink = SpoolingUplink(folder / "nobody.sock", folder / "away", "bench", LinkSettings(), CollectorRegistry())
    await uplink.start()
    load = findings(0, things)
    ours, began = time.process_time(), time.perf_counter()
    for at in range(0, things, GROUP):
        uplink.send(load[at : at + GROUP])
        await asyncio.sleep(0)
    await uplink.flush()
    show("core away, forced to disk here", things, time.perf_counter() - began, time.process_time() - ours, 0)
    await uplink.stop()
    again = SpoolingUplink(folder / "nobody.sock", folder / "away", "bench", LinkSettings(), CollectorRegistry())
    began = time.perf_counter()
    await again.start()
    print(f"start with {again.pending} things in the spool: {(time.perf_counter() - began) * 1e3:.0f} ms")
    await again.stop()


async def measure_echo(folder: Path, things: int) -> None:
    socket = folder / "echo.sock"
    command = [sys.executable, "-m", "bench.link", "--echo", str(socket)]
    with running(command, folder / "echo.log") as peer:
        eventually_sync(socket.exists, 30)
        data = b"\n".join([codec.encode(finding(0))] * BATCH)
        reader, writer = await asyncio.open_unix_connection(str(socket), limit=1 << 20)
        before, ours, began = cpu_s(peer.pid), time.process_time(), time.perf_counter()
        for _ in range(things // BATCH):
            writer.write(data)
            await reader.readexactly(len(data))
        took = time.perf_counter() - began
        show("bare echo of the same octets", things, took, time.process_time() - ours, cpu_s(peer.pid) - before)
        writer.close()
        await writer.wait_closed()


async def echo(socket: Path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 18):
            writer.write(data)
            await writer.drain()

    async with await asyncio.start_unix_server(serve, str(socket)) as server:
        await server.serve_forever()


def show(name: str, things: int, took_s: float, sender_s: float, core_s: float) -> None:
    print(f"{name:<34}{things / took_s:>10.0f}{sender_s / things * 1e6:>15.2f}{core_s / things * 1e6:>13.2f}")


if __name__ == "__main__":
    main()
