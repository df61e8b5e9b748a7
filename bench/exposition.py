"""What a page of metrics costs: CPU, memory, bytes, and how long it keeps the event loop from anything else.

    python bench/exposition.py [--samples 100000 500000] [--rounds 5]

Devices of 48 ports with 40 columns; each series has instance, job, site and four labels of its port. Figures are CPU
(user and system) of this process, medians over the rounds. The last line of each block is prometheus-client's
generate_latest over the same numbers, first with its metric objects ready, then with making them.
"""

import argparse
import asyncio
import gc
import random
import resource
import statistics
import sys
import time
from array import array
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

import uvloop
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from exporters.prometheus.body import Bodies
from exporters.prometheus.exporter import PrometheusExporter
from exporters.prometheus.selfmetrics import SelfMetrics
from exporters.prometheus.settings import WebSettings
from exporters.prometheus.store import Store
from exporters.prometheus.text import Format
from netmon.api import Family, Kind, Part, Reading, Table, Target

PORTS = 48
COLUMNS = 40
LABELS = ("ifIndex", "ifName", "ifDescr", "ifAlias")
FAMILIES = tuple(
    Family(f"ifObject{n:02}", Kind.GAUGE, f"The object number {n} - 1.3.6.1.2.1.2.2.1.{n}") for n in range(COLUMNS)
)
CLIENT = """
import sys, urllib.request
request = urllib.request.Request(sys.argv[1], headers={"Accept-Encoding": sys.argv[2]})
print(len(urllib.request.urlopen(request).read()))
"""


class Network:
    """Devices whose numbers all change at each poll."""

    def __init__(self, samples: int) -> None:
        count = round(samples / (PORTS * COLUMNS))
        self.targets = [
            Target(f"sw{n:04}", f"10.0.{n // 250}.{n % 250}", f"site{n % 12}", "device") for n in range(count)
        ]
        self.samples = count * PORTS * COLUMNS
        ports = range(1, PORTS + 1)
        self.rows = [
            tuple((str(p), f"Gi1/0/{p}", f"GigabitEthernet1/0/{p}", f"uplink customer {n:03}{p:03}") for p in ports)
            for n in range(count)
        ]

    def poll(self) -> Iterator[tuple[Target, Reading]]:
        """Give a reading of each device."""
        now = time.time()
        for target, rows in zip(self.targets, self.rows, strict=True):
            columns = tuple(array("Q", (random.getrandbits(40) for _ in rows)) for _ in FAMILIES)
            table = Table(FAMILIES, LABELS, rows, tuple(row[0] for row in rows), columns, now)
            yield target, Reading(target.name, "snmp", now, 0.1, (Part("if-mib", (table,), 0.1),))


class _AsMetrics(Collector):
    """The same numbers as prometheus-client's metric objects."""

    def __init__(self, readings: Sequence[tuple[Target, Reading]]) -> None:
        self._readings = readings

    def collect(self) -> Iterator[Metric]:
        for number, family in enumerate(FAMILIES):
            metric = GaugeMetricFamily(family.name, family.help, labels=("instance", "job", "site", *LABELS))
            for target, reading in self._readings:
                table = reading.parts[0].tables[0]
                for row, value in zip(table.rows, cast("array[int]", table.columns[number]), strict=True):
                    metric.add_metric((target.name, "snmp", target.site, *row), value)
            yield metric


class _Ready(Collector):
    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> list[Metric]:
        return self._metrics


def rss_mb() -> float:
    """Return this process's memory now, in MB."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 -- a file of one line
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6


async def drain(chunks: AsyncIterator[bytes]) -> int:
    """Read a page and drop it, as a socket would; return its bytes."""
    size = 0
    async for chunk in chunks:
        size += len(chunk)
    return size


@dataclass
class Costs:
    """CPU in ms of page after page, and the size of the last one in bytes."""

    changed: list[float] = field(default_factory=list)
    same: list[float] = field(default_factory=list)
    size: int = 0

    def __str__(self) -> str:
        return (
            f"all changed {statistics.median(self.changed[1:]):7.1f} ms CPU, "
            f"none changed {statistics.median(self.same[1:]):6.1f} ms, first page {self.changed[0]:7.1f} ms, "
            f"{self.size / 1e6:6.1f} MB"
        )


def ours(network: Network, cache_mb: int, rounds: int) -> None:
    """Print what pages cost with a cache of this size, right after a poll and once more."""
    before = rss_mb()
    store = Store(300, 0, cache_mb << 20)
    registry = CollectorRegistry()
    bodies = Bodies(store, registry, SelfMetrics(registry), time.time)
    store.retarget((target, "snmp") for target in network.targets)
    costs = {False: Costs(), True: Costs()}
    put: list[float] = []
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for number in range(2 * (rounds + 1)):
            gzip = bool(number % 2)
            polled = list(network.poll())
            gc.collect()
            start = time.process_time()
            for target, reading in polled:
                store.put(target, "snmp", reading)
            put.append((time.process_time() - start) * 1e3)
            for spent in (costs[gzip].changed, costs[gzip].same):
                start = time.process_time()
                costs[gzip].size = runner.run(drain(bodies.everything(Format.TEXT, gzip=gzip)))
                spent.append((time.process_time() - start) * 1e3)
    for gzip, cost in costs.items():
        print(f"{network.samples:>8} samples, cache {cache_mb:>2} MiB, {'gzip' if gzip else 'plain':5}: {cost}")
    kept = store.cache.used_bytes / 1e6
    print(
        f"{'':17} put {statistics.median(put):.1f} ms for all devices; kept text {kept:.1f} MB; "
        f"memory {rss_mb() - before:+.0f} MB"
    )


def theirs(network: Network) -> None:
    """Print what prometheus-client takes for the same numbers."""
    polled = list(network.poll())
    registry, ready = CollectorRegistry(), CollectorRegistry()
    registry.register(_AsMetrics(polled))
    ready.register(_Ready(list(_AsMetrics(polled).collect())))
    for about, chosen in (("generate_latest", ready), ("the same with making its objects", registry)):
        start = time.process_time()
        size = len(generate_latest(chosen))
        spent = (time.process_time() - start) * 1e3
        print(f"{network.samples:>8} samples, prometheus-client: {about} {spent:.0f} ms CPU, {size / 1e6:.1f} MB")


async def _ticks(longest: list[float]) -> None:
    while True:
        before = time.perf_counter()
        await asyncio.sleep(0)
        longest.append(time.perf_counter() - before)


async def _scrape(url: str, encoding: str, turns: list[float] | None) -> tuple[float, int]:
    """Ask from another process; return (this process's CPU in ms, bytes). `turns`: how long an idle task waits."""
    client = await asyncio.create_subprocess_exec(sys.executable, "-c", CLIENT, url, encoding, stdout=-1)
    start = time.process_time()
    ticker = None if turns is None else asyncio.create_task(_ticks(turns))
    out, _ = await client.communicate()
    if ticker is not None:
        ticker.cancel()
    return (time.process_time() - start) * 1e3, int(out)


async def serve(samples: int) -> None:
    """Scrape a real server: once for its CPU, once while a task asks for its turn as often as it can."""
    network = Network(samples)
    exporter = PrometheusExporter(WebSettings(listen=("127.0.0.1:0",)), CollectorRegistry())
    exporter.retarget((target, "snmp") for target in network.targets)

    def poll() -> None:
        for target, reading in network.poll():
            exporter.put(target, "snmp", reading)
        gc.collect()

    await exporter.start()
    url = f"http://{exporter.addresses[0]}/metrics"
    for encoding in ("identity", "gzip"):
        turns: list[float] = []
        poll()
        await _scrape(url, encoding, turns)
        poll()
        changed, size = await _scrape(url, encoding, None)
        same, _ = await _scrape(url, encoding, None)
        poll()
        for _ in range(2):
            await _scrape(url, encoding, turns)
        print(
            f"{network.samples:>8} samples over HTTP, {encoding:8}: all changed {changed:6.1f} ms CPU, none changed "
            f"{same:5.1f} ms, {size / 1e6:5.1f} MB; longest block of the event loop {max(turns) * 1e3:4.1f} ms"
        )
    await exporter.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, nargs="+", default=[100_000, 500_000])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    for samples in options.samples:
        network = Network(samples)
        for cache_mb in (64, 0):
            ours(network, cache_mb, options.rounds)
            gc.collect()
        theirs(network)
    for samples in options.samples:
        uvloop.run(serve(samples))


if __name__ == "__main__":
    main()
