"""What early warning costs beside polling: limits, panel, baselines, forecasts and history, each by itself.

Run `python -m bench.chain` (`--devices 5000 --rounds 24`, `--quick`). Every device is a core switch of the simulated
ring as the collector reads it: some 1,700 numbers in 44 tables, 50 of them watched series, 32 of these with a bound.
All are polled every 30 s, spread over the seconds; each poll goes through everything, each second is one tick, as in
the daemon. Making the readings is not counted. Gauges swing, traffic grows, statuses stay as they are: there is nothing
to say. The first two rounds, when plans are made and series get their slots, are shown by themselves. Threads of their
own (history's writer) are in `others`.

Beside it real polling by the daemon's own collector, of switches in another process: those of 25 ports tell less than
the core switch does, so that the share comes out too high rather than too low. `--small` is for small devices: of the
core switch only what is watched and its limits, beside polling switches of 4 ports.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import uvloop
from prometheus_client import CollectorRegistry

from bench.agents import fleet
from bench.chain_fleet import INTERVAL_S, START, Fleet, cells, lean, read_model
from bench.fleet_poll import burst
from netmon.api import Reading
from netmon.api.columns import Keeps, SeriesRule
from netmon.app.packs import load_packs
from netmon.app.wiring import build_collector, load_plan, work
from netmon.core.history.history import History
from netmon.core.history.settings import HistorySettings
from rules.baselines.rule import Baselines
from rules.baselines.settings import BaselineSettings
from rules.forecasts.rule import Forecasts
from rules.forecasts.settings import ForecastSettings
from rules.limits.rule import Limits
from rules.panel.choices import Watching
from rules.panel.panel import Panel
from rules.panel.settings import WatchSettings
from tests.support.daemon import write_config
from tests.support.processes import memory_mb

Rules: TypeAlias = list[SeriesRule]
Kept: TypeAlias = list[Keeps]

MEETING = 2  # rounds in which everything is met for the first time
GOAL = 1 / 3


class Clock:
    """CPU of this thread by part, and of the whole process."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._process = self._skipped = 0.0
        self.restart()

    def restart(self) -> None:
        """Forget everything."""
        self.spent.clear()
        self._process, self._skipped = time.process_time(), 0.0

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count what is done within for a part."""
        began = time.thread_time()
        yield
        self.spent[name] += time.thread_time() - began

    @contextmanager
    def skip(self) -> Iterator[None]:
        """Count nothing of what this thread does within."""
        began = time.thread_time()
        yield
        self._skipped += time.thread_time() - began

    def finish(self) -> dict[str, float]:
        """Return CPU seconds by part, `others` included."""
        whole = time.process_time() - self._process - self._skipped
        self.spent["others"] = max(whole - sum(self.spent.values()), 0.0)
        return dict(self.spent)


class Chain:
    """Everything that a poll goes through, as the daemon has it."""

    def __init__(self, folder: Path, series: int) -> None:
        packs = load_packs(None)
        self.clock = Clock()
        self.limits = Limits(packs)
        self.panel = Panel(packs, WatchSettings(series_max=series))
        self.rules: Rules = [
            Baselines(self.panel, BaselineSettings()),
            Forecasts(self.panel, ForecastSettings(series_max=series)),
        ]
        self.history = History(folder, HistorySettings(series_max=series), self.panel, CollectorRegistry())
        self.history.open()
        self.samples = self.said = 0

    def poll(self, readings: Iterable[Reading]) -> None:
        """Take the polls of one second."""
        with self.clock.part("limits"):
            for reading in readings:
                self.said += len(list(self.limits.observe(reading)))
        with self.clock.part("panel"):
            for reading in readings:
                self.panel.take(reading)

    def tick(self, now: float) -> None:
        """Do what the daemon does once a second."""
        with self.clock.part("panel"):
            batches = self.panel.batches()
        for batch in batches:
            self.samples += len(batch)
            for rule in self.rules:
                with self.clock.part(rule.name):
                    self.said += len(list(rule.step(batch)))
            with self.clock.part("history"):
                self.history.add(batch)
        with self.clock.part("history"):
            rollups = self.history.tick(now)
        for rule in self.rules:
            with self.clock.part(rule.name):
                for rollup in rollups:
                    rule.learn(rollup)
                self.said += len(list(rule.tick(now)))
        with self.clock.part("panel"):
            self.panel.tick(now)


def chain(devices: int, rounds: int, model: Reading) -> float:
    """Show the chain's cost; return seconds for each poll."""
    made = Fleet(model, devices)
    with tempfile.TemporaryDirectory() as folder:
        one = Chain(Path(folder), devices * 60)
        before = memory_mb(os.getpid())
        for number in range(rounds):
            if number in {0, MEETING}:
                one.clock.restart()
                one.samples = one.said = 0
            for second in range(INTERVAL_S):
                now = START + number * INTERVAL_S + second
                with one.clock.skip():
                    readings = made.second(second, now)
                one.poll(readings)
                one.tick(now + 1)
            if number == MEETING - 1:
                show(f"the first {MEETING} rounds", one.clock.finish(), one.samples, MEETING * devices)
        spent = one.clock.finish()
        polls = (rounds - MEETING) * devices
        show(f"{rounds - MEETING} rounds after", spent, one.samples, polls)
        weigh(one, memory_mb(os.getpid()) - before)
        one.history.close()
    return sum(spent.values()) / polls


def weigh(one: Chain, grown: float) -> None:
    """Print what memory it all took, and what is kept across a restart."""
    keepers: Kept = [one.panel, *one.rules]
    kept = {keeper.name: sum(values.nbytes for values in keeper.save().values()) for keeper in keepers}
    size = one.panel.size
    print(
        f"{size:,} series: memory grew by {grown:.0f} MB, {grown * 2**20 / size:.0f} bytes a series;"
        f" kept across a restart: {', '.join(f'{name} {octets / 2**20:.0f} MB' for name, octets in kept.items())};"
        f" {one.said:,} things said, dropped: {dict(one.panel.dropped) or 'nothing'}",
        flush=True,
    )


def show(label: str, spent: dict[str, float], samples: int, polls: int) -> None:
    """Print what each part took."""
    whole = sum(spent.values())
    print(f"{label}: {polls:,} polls, {samples:,} samples of series, {whole:.2f} s CPU", flush=True)
    for name, seconds in (*spent.items(), ("together", whole)):
        print(
            f"  {name:<10} {seconds / samples * 1e6:6.2f} s CPU for a million samples"
            f" {seconds / polls * 1e6:8.1f} us a poll",
            flush=True,
        )


def polling(switches: int, ports: int) -> float:
    """Return seconds of CPU for each poll of a switch by the daemon's collector."""
    with fleet(switches, ports=ports) as agents, tempfile.TemporaryDirectory() as folder:
        os.environ["NETMON_BENCH"] = "public"
        devices = {f"sw{number:04}": address for number, address in enumerate(agents.addresses())}
        credentials = {"default": {"version": "v2c", "community": "${NETMON_BENCH}"}}
        directory, _ = write_config(Path(folder), devices, {"credentials": credentials})
        return min(uvloop.run(_polled(directory))) / switches


async def _polled(directory: Path) -> list[float]:
    plan = load_plan(directory)
    built = build_collector("snmp", plan)
    await built.collector.start()
    jobs = [(t, c) for t, c in work(plan, {"snmp": built.collector}) if t.options["collector"] == "snmp"]
    spent = []
    for _ in range(5):
        began = time.process_time()
        await burst(jobs)
        spent.append(time.process_time() - began)
    await built.collector.stop()
    return spent[1:]  # the first makes the labels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=24, help="of 30 s; the first two are shown by themselves")
    parser.add_argument("--switches", type=int, default=200, help="that are really polled; 0: none")
    parser.add_argument("--quick", action="store_true", help="500 devices, 50 switches")
    parser.add_argument("--small", action="store_true", help="devices that tell little besides what is watched")
    options = parser.parse_args()
    if options.quick:
        options.devices, options.switches = 500, 50
    model, ports = asyncio.run(read_model()), 25
    if options.small:
        model, ports = lean(model, Watching(load_packs(None), WatchSettings())), 4
    print(f"{options.devices:,} devices of {cells(model):,} numbers", flush=True)
    each = chain(options.devices, options.rounds, model)
    if options.switches:
        poll = polling(options.switches, ports)
        print(
            f"polling {options.switches} switches of {ports} ports: {poll * 1e6:.0f} us CPU a poll; the chain takes"
            f" {each * 1e6:.0f} us, {each / poll:.0%} of that (goal: at most {GOAL:.0%})",
            flush=True,
        )


if __name__ == "__main__":
    main()
