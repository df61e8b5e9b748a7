"""What early warning costs beside polling: limits, panel, baselines, forecasts and history, each by itself.

Run `python -m bench.chain` (`--devices 5000 --rounds 24`, `--quick`). Every device is a core switch of the simulated
ring as the collector reads it: some 1,700 samples in 44 tables, 50 of them watched series, 32 of these with a bound.
All are polled every 30 s, spread over the seconds; each poll goes through everything, each second is one tick, as in
the daemon. Making the readings is not counted. Gauges swing, traffic grows, statuses stay as they are.

The first two rounds, when plans are made and series get their slots, are shown by themselves. What follows is CPU for
each million samples of watched series. History's writer and whatever numpy does besides run on threads of their own,
in `others`. Then real polling with the daemon's own collector, of `--switches` switches of 48 ports in another process,
and what polling as many of these devices takes by that.
"""

import argparse
import asyncio
import os
import tempfile
import time
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import uvloop
from prometheus_client import CollectorRegistry

from bench.agents import VARBINDS, fleet
from bench.fleet_poll import burst
from netmon.api import Column, Kind, Reading, Table
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
from rules.panel.panel import Panel
from rules.panel.settings import WatchSettings
from tests.support.daemon import write_config
from tests.support.demo_readings import Readings
from tests.support.processes import memory_mb

Rules: TypeAlias = list[SeriesRule]
Kept: TypeAlias = list[Keeps]

START = 1_795_000_200.0  # the beginning of a period of five minutes
INTERVAL_S = 30
MODEL = "core-kominfo"
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


class Fleet:
    """Readings of many devices of one model, changing from round to round; those of one second differ in name."""

    def __init__(self, model: Reading, devices: int) -> None:
        self._chance = np.random.default_rng(1)
        self._model = model
        self._names = [f"sw{number:05}" for number in range(devices)]
        self._states = [self._columns(model) for _ in range(INTERVAL_S)]

    def second(self, number: int, at: float) -> list[Reading]:
        """Return what is polled in one second of a round."""
        state = self._states[number]
        for family, column in state:
            self._move(family, column)
        columns = iter([_as_it_came(column) for _, column in state])
        parts = tuple(
            replace(part, tables=tuple(_filled(table, columns, at) for table in part.tables))
            for part in self._model.parts
        )
        return [replace(self._model, target=name, at=at, parts=parts) for name in self._names[number::INTERVAL_S]]

    def _columns(self, model: Reading) -> list[tuple[Any, Any]]:
        """Return (what the column is, its values) of every column; a gauge's first values are kept to swing around."""
        return [
            (
                ("counter" if family.kind is Kind.COUNTER else "gauge" if _swings(family.name) else "", list(column)),
                list(column),
            )
            for part in model.parts
            for table in part.tables
            for family, column in zip(table.families, table.columns, strict=True)
        ]

    def _move(self, what: tuple[str, list[Any]], column: list[Any]) -> None:
        kind, first = what
        if kind == "counter":
            grown = self._chance.integers(10**8, 10**9, len(column))
            column[:] = [
                value + int(more) if value > 10**6 else value for value, more in zip(column, grown, strict=True)
            ]
        elif kind == "gauge":
            factors = 1 + 0.02 * self._chance.standard_normal(len(column))
            column[:] = [type(value)(value * factor) for value, factor in zip(first, factors.tolist(), strict=True)]


def _swings(metric: str) -> bool:
    return metric.startswith("netmon_") and not metric.endswith(("_info", "_up", "_size_bytes", "_per_second"))


def _as_it_came(column: list[Any]) -> Column:
    if all(type(value) is int for value in column):
        return array("Q" if max(column, default=0) > 2**62 else "q", column)
    return array("d", column) if all(type(value) is float for value in column) else column


def _filled(table: Table, columns: Iterator[Column], at: float) -> Table:
    return replace(table, columns=tuple(next(columns) for _ in table.families), at=at)


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
        grown = memory_mb(os.getpid()) - before
        keepers: Kept = [one.panel, *one.rules]
        kept = {keeper.name: sum(values.nbytes for values in keeper.save().values()) for keeper in keepers}
        one.history.close()
    series = one.panel.size
    print(
        f"{devices:,} devices, {series:,} series: memory grew by {grown:.0f} MB, {grown * 2**20 / series:.0f} bytes a"
        f" series; kept across a restart: {', '.join(f'{name} {n / 2**20:.0f} MB' for name, n in kept.items())};"
        f" {one.said:,} things said, dropped: {dict(one.panel.dropped) or 'nothing'}",
        flush=True,
    )
    return sum(spent.values()) / polls


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


def polling(switches: int) -> float:
    """Return seconds of CPU for each varbind that the daemon's collector polls."""
    with fleet(switches) as agents, tempfile.TemporaryDirectory() as folder:
        os.environ["NETMON_BENCH"] = "public"
        devices = {f"sw{number:04}": address for number, address in enumerate(agents.addresses())}
        credentials = {"default": {"version": "v2c", "community": "${NETMON_BENCH}"}}
        directory, _ = write_config(Path(folder), devices, {"credentials": credentials})
        spent = uvloop.run(_polled(directory))
    return min(spent) / (switches * VARBINDS)


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


async def read_model() -> Reading:
    """Return one poll of the device that all are like."""
    return await Readings(START).read(MODEL, START)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=24, help="of 30 s; the first two are shown by themselves")
    parser.add_argument("--switches", type=int, default=200, help="that are really polled; 0: none")
    parser.add_argument("--quick", action="store_true", help="500 devices, 50 switches")
    options = parser.parse_args()
    if options.quick:
        options.devices, options.switches = 500, 50
    model = asyncio.run(read_model())
    cells = sum(table.count()[0] for part in model.parts for table in part.tables)
    each = chain(options.devices, options.rounds, model)
    if options.switches:
        varbind = polling(options.switches)
        poll = varbind * cells
        print(
            f"polling {options.switches} switches of {VARBINDS:,} varbinds: {varbind * 1e6:.2f} us CPU for each,"
            f" {poll * 1e6:.0f} us for the {cells:,} of such a device; the chain takes {each * 1e6:.0f} us a poll,"
            f" {each / poll:.0%} of polling (goal: at most {GOAL:.0%})"
        )


if __name__ == "__main__":
    main()
