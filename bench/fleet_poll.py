"""What polling many switches costs the daemon, and how that grows: CPU and memory of a round by the number of switches.

    .venv/bin/python -m bench.fleet_poll [--quick] [--switches 50 200 500 1000 2000 5000] [--dead 10]

`netmon run` reads switches of 48 ports x 40 columns = 1,920 varbinds each (`bench.agents`, a process of its own).
Nobody asks for a page, so this is the poller alone: timetable, client, profiles and the store of what was last read. A
round is one interval, in which each switch is polled once; the first after the start, when everything is met for the
first time, is not counted, of the following the median is. CPU and memory are the whole process's, from /proc.

With `--dead`, a second part: that many percent of 500 switches take requests and never answer. It polls all of them at
once in this process, with the daemon's own collector, and shows how long a round takes, and that those who answer do
not wait for those who do not. A time-out is 1 s and doubles with each of 2 retries: 7 s until a switch counts as dead.
"""

import asyncio
import os
import statistics
import tempfile
import time
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path

import uvloop

from bench.agents import VARBINDS, Fleet, fleet
from netmon.api import Collector, Target
from netmon.app.wiring import build_collector, load_plan, work
from tests.support.daemon import daemon, write_config
from tests.support.processes import cpu_s, memory_mb
from tests.support.waiting import eventually_sync

SECONDS_PER_SWITCH = 0.012  # of an interval, at least: two cores shared with the agents must be able to keep up
QUIET = {"interval_s": 86_400, "slow_interval_s": 86_400}  # of the host's own metrics, which are another matter


def grow(size: int, options: Namespace) -> None:
    """Print the cost of a round over this many switches."""
    interval_s = max(options.interval, round(size * SECONDS_PER_SWITCH))
    with fleet(size) as agents, tempfile.TemporaryDirectory() as folder:
        settings = {"snmp": {"interval_s": interval_s}, "host": QUIET}
        directory, port = write_config(Path(folder), _devices(agents), settings)
        with daemon(directory, port, "--role", "poller") as running:
            eventually_sync(lambda: running.get("/-/ready")[0] == 200, 60 + 2 * interval_s)
            pid = running.process.pid
            time.sleep(interval_s)
            spent, given = [], []
            for _ in range(options.rounds):
                before, cpu = agents.counts(), cpu_s(pid)
                time.sleep(interval_s)
                spent.append(cpu_s(pid) - cpu)
                given.append(agents.counts().varbinds - before.varbinds)
            round_s, varbinds = statistics.median(spent), size * VARBINDS
            rss, peak = memory_mb(pid), memory_mb(pid, "VmHWM")
    print(
        f"{size:>5} switches, {varbinds:>9,} varbinds every {interval_s:g} s: {round_s:6.2f} s CPU a round"
        f" ({round_s / varbinds * 1e6:.2f} us/varbind), RSS {rss:.0f} MB, peak {peak:.0f} MB;"
        f" {statistics.median(given) / varbinds:.1%} of the varbinds were given",
        flush=True,
    )


def _devices(agents: Fleet) -> dict[str, tuple[str, int]]:
    return {f"sw{number:04}": address for number, address in enumerate(agents.addresses())}


async def burst(jobs: list[tuple[Target, Collector]]) -> tuple[float, float, int, int]:
    """Poll all at once; return seconds until the last answer, until the last failure, and how many of each."""
    begin = time.perf_counter()
    answered: list[float] = []
    failed: list[float] = []

    async def poll(target: Target, collector: Collector) -> None:
        parts = [part for several in collector.plan(target).values() for part in several]
        reading = await collector.read(target, parts, 25)
        (answered if reading.problem is None else failed).append(time.perf_counter() - begin)

    await asyncio.gather(*(poll(target, collector) for target, collector in jobs))
    return max(answered), max(failed, default=0.0), len(answered), len(failed)


async def bursts(directory: Path, label: str) -> None:
    """Poll everything in a directory at once, three times."""
    plan = load_plan(directory)
    built = build_collector("snmp", plan)
    await built.collector.start()
    jobs = [(t, c) for t, c in work(plan, {"snmp": built.collector}) if t.options["collector"] == "snmp"]
    for number in range(3):
        cpu = time.process_time()
        last, end, good, bad = await burst(jobs)
        which = "first" if number == 0 else "next "
        print(
            f"{label}, all at once, {which}: {good} answered within {last:.2f} s, {bad} were given up"
            f" {f'after {end:.2f} s' if bad else '         '}, {time.process_time() - cpu:.2f} s CPU",
            flush=True,
        )
    await built.collector.stop()


def with_dead(size: int, percent: int) -> None:
    """Show a round in which some do not answer."""
    os.environ["NETMON_BENCH"] = "public"
    for dead in (0, percent):
        with fleet(size, silent=size * dead // 100) as agents, tempfile.TemporaryDirectory() as folder:
            credentials = {"default": {"version": "v2c", "community": "${NETMON_BENCH}"}}
            settings = {"credentials": credentials, "snmp": {"timeout_s": 1, "retries": 2}}
            directory, _ = write_config(Path(folder), _devices(agents), settings)
            uvloop.run(bursts(directory, f"{size} switches, {dead:>2}% dead"))


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--switches", type=int, nargs="*", default=[50, 200, 500, 1_000, 2_000, 5_000])
    parser.add_argument("--interval", type=float, default=10, help="seconds; longer where there are many switches")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dead", type=int, default=10, help="percent in the second part; 0: no second part")
    parser.add_argument("--quick", action="store_true", help="50, 200 and 500 switches, one round")
    options = parser.parse_args()
    if options.quick:
        options.switches, options.rounds = [50, 200, 500], 1
    for size in options.switches:
        grow(size, options)
    if options.dead:
        with_dead(500, options.dead)


if __name__ == "__main__":
    main()
