"""How long the daemon's event loop is blocked while it polls some 100,000 samples and is scraped.

    .venv/bin/python -m bench.loop_block [--quick] [--switches 50 500]

The daemon runs in this process; the switches (`bench.agents`) and a client that fetches `/metrics`, now gzipped and now
plain, as fast as once a second, are processes of their own. A task asks for its turn as often as it can and notes how
long each round of the event loop took: by the clock, which on a busy machine counts others' work too, and in CPU time
of the loop's own thread, which is what netmon itself blocks. Start, first round and steady state are shown apart;
beside them what netmon says of itself (netmon_event_loop_lag_seconds).
"""

import asyncio
import gc
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from bench.agents import ROOT, VARBINDS, Fleet, fleet
from netmon.app.daemon import Daemon
from tests.support.daemon import write_config
from tests.support.waiting import eventually

LIMIT_S, NOTED_S = 0.05, 0.001

CLIENT = """
import http.client, itertools, sys, time
c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=60)
for n in itertools.count():
    begin = time.monotonic()
    c.request("GET", "/metrics", headers={"Accept-Encoding": ("gzip", "identity")[n % 2]})
    size = len(c.getresponse().read())
    print(size, time.monotonic() - begin, flush=True)
    time.sleep(max(0, begin + 1 - time.monotonic()))
"""


@dataclass(slots=True)
class Turns:
    """The longest rounds of the event loop, in seconds: by the clock, and in CPU time of its thread."""

    count: int = 0
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    _begun: bool = False

    async def watch(self) -> None:
        """Note every round that takes longer than a millisecond, until cancelled."""
        wall, cpu = time.perf_counter(), time.thread_time()
        while True:
            await asyncio.sleep(0)
            now, used = time.perf_counter(), time.thread_time()
            self.count += 1
            if not self._begun:  # what was printed meanwhile is not the daemon's
                self._begun = True
            elif now - wall > NOTED_S:
                self.wall.append(now - wall)
                self.cpu.append(used - cpu)
            wall, cpu = now, used

    def show(self, what: str) -> None:
        """Print the longest, and begin anew."""
        cpu, wall = self.cpu or [0.0], self.wall or [0.0]
        late = sum(each > LIMIT_S for each in wall)
        print(
            f"  {what:20} longest {max(cpu) * 1e3:5.1f} ms CPU, {max(wall) * 1e3:5.1f} ms by the clock;"
            f" of {self.count:,} rounds {sum(each > 0.01 for each in cpu)} took more than 10 ms CPU,"
            f" {late} more than 50 ms by the clock",
            flush=True,
        )
        self.wall.clear()
        self.cpu.clear()
        self.count, self._begun = 0, False


async def watch(directory: Path, port: int, options: Namespace) -> None:
    """Run the daemon with a client and show how long it blocks."""
    daemon = Daemon(directory)
    running = asyncio.create_task(daemon.run())
    await eventually(gc.get_freeze_count, 60)  # the start itself may take its time
    turns = Turns()
    watching = asyncio.create_task(turns.watch())
    await eventually(daemon.is_ready, 60)
    turns.show("first round")
    await asyncio.sleep(options.seconds)
    turns.show("polling")
    client = await asyncio.create_subprocess_exec(sys.executable, "-c", CLIENT, str(port), stdout=-1)
    await asyncio.sleep(options.seconds)
    turns.show("polling and scraped")
    client.terminate()
    out, _ = await client.communicate()
    pages = [line.split() for line in out.decode().splitlines()]
    took = statistics.median(float(page[1]) for page in pages)
    print(f"  {len(pages)} pages of {max(int(page[0]) for page in pages) / 1e6:.1f} MB, {took:.2f} s each;", end=" ")
    watching.cancel()
    lag = {
        sample.labels["le"]: sample.value
        for metric in daemon.registry.collect()
        for sample in metric.samples
        if sample.name == "netmon_event_loop_lag_seconds_bucket"
    }
    print(
        f"netmon_event_loop_lag_seconds: {lag['+Inf'] - lag['0.05']:.0f} of {lag['+Inf']:.0f} above 50 ms", flush=True
    )
    os.kill(os.getpid(), signal.SIGTERM)
    await running


def measure(agents: Fleet, options: Namespace) -> None:
    """Show one size of network."""
    devices = {f"sw{number:04}": address for number, address in enumerate(agents.addresses())}
    interval_s = max(5, round(agents.size * 0.012))
    with tempfile.TemporaryDirectory() as folder:
        settings = {"snmp": {"interval_s": interval_s}, "log": {"level": "error"}}
        directory, port = write_config(Path(folder), devices, settings)
        print(f"{agents.size} switches, {agents.size * VARBINDS:,} varbinds every {interval_s} s, this host besides")
        uvloop.run(watch(directory, port, options))


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--switches", type=int, nargs="+", default=[50, 250])
    parser.add_argument("--seconds", type=float, default=20, help="of each phase")
    parser.add_argument("--quick", action="store_true", help="50 switches for 10 seconds")
    options = parser.parse_args()
    if options.quick:
        options.switches, options.seconds = [50], 10
    os.environ["TEST_COMMUNITY"] = "public"
    if len(options.switches) == 1:
        with fleet(options.switches[0]) as agents:
            measure(agents, options)
        return
    for size in options.switches:  # a new process each, as the daemon would be
        command = [sys.executable, "-m", "bench.loop_block", "--switches", str(size), "--seconds", str(options.seconds)]
        subprocess.run(command, check=True, cwd=ROOT)


if __name__ == "__main__":
    main()
