"""What reading this host costs beside Debian's node_exporter: CPU of the whole process for each scrape, from /proc.

    python -m bench.host [--scrapes 200]

Both serve the same families of this same host. node_exporter reads when it is scraped; ours reads, then is scraped
over HTTP, in a process of its own. `read only` leaves the page out. node_exporter's tcpstat and processes, off by
default there and read once a minute by us, are in the second block for both.
"""

import argparse
import asyncio
import sys
import tempfile
import urllib.request
from pathlib import Path
from subprocess import PIPE, Popen
from typing import TextIO, cast

import uvloop
from prometheus_client import CollectorRegistry

from collectors.host.collector import HostCollector
from collectors.host.settings import HostSettings
from exporters.prometheus.exporter import PrometheusExporter
from exporters.prometheus.settings import WebSettings
from netmon.api import Target
from tests.support.node_exporter import node_exporter
from tests.support.processes import cpu_s

TARGET = Target("here", "localhost", "site", "server")
SAME = ("tcpstat", "processes")  # what the second block adds
WARM_UP = 10


async def serve(everything: bool) -> None:
    """Read and publish once for each line on standard input: `r` to read only, `p` to publish too."""
    collector = HostCollector(HostSettings(), registry=CollectorRegistry())
    exporter = PrometheusExporter(WebSettings(listen=("127.0.0.1:0",)), CollectorRegistry())
    exporter.retarget([(TARGET, collector.job)])
    await exporter.start()
    print(exporter.addresses[0], flush=True)
    fast = collector.plan(TARGET)[HostSettings().interval_s]
    names = (*fast, *SAME) if everything else fast
    while line := await asyncio.to_thread(sys.stdin.readline):
        reading = await collector.read(TARGET, names, 10)
        if line.strip() == "p":
            exporter.put(TARGET, collector.job, reading)
        print("done", flush=True)
    await exporter.stop()


def ours(scrapes: int, everything: bool) -> tuple[float, float, int]:
    """Return CPU seconds of each reading, of each reading with its page, and the series of a page."""
    command = [sys.executable, "-m", "bench.host", "--serve", *(["--everything"] if everything else [])]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True) as process:
        orders, answers = cast("TextIO", process.stdin), cast("TextIO", process.stdout)
        url = f"http://{answers.readline().strip()}/targets/here/metrics"
        page = ""

        def turn(kind: str) -> None:
            nonlocal page
            orders.write(f"{kind}\n")
            orders.flush()
            answers.readline()
            if kind == "p":
                page = get(url)

        costs = []
        for kind in ("r", "p"):
            for _ in range(WARM_UP):
                turn(kind)
            before = cpu_s(process.pid)
            for _ in range(scrapes):
                turn(kind)
            costs.append((cpu_s(process.pid) - before) / scrapes)
        orders.close()
    return costs[0], costs[1], series(page, "node_")


def theirs(scrapes: int, everything: bool) -> tuple[float, int]:
    """Return CPU seconds of each scrape of node_exporter, and the series of a page."""
    options = [f"--collector.{name}" for name in SAME] if everything else []
    with tempfile.TemporaryDirectory() as folder, node_exporter(Path(folder) / "log", *options) as running:
        for _ in range(WARM_UP):
            running.page()
        before = cpu_s(running.pid)
        for _ in range(scrapes):
            page = running.page()
        return (cpu_s(running.pid) - before) / scrapes, series(page, "node_")


def get(url: str) -> str:
    """Return a page."""
    with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310 - our own loopback address
        return str(answer.read().decode())


def series(page: str, prefix: str) -> int:
    """Count the series of a page whose names begin so."""
    return sum(line.startswith(prefix) for line in page.splitlines())


def main() -> None:
    """Print both costs and their ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--scrapes", type=int, default=200)
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--everything", action="store_true")
    chosen = parser.parse_args()
    if chosen.serve:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(chosen.everything))
        return
    for everything in (False, True):
        read_s, page_s, our_series = ours(chosen.scrapes, everything)
        scrape_s, their_series = theirs(chosen.scrapes, everything)
        print(f"{'with tcpstat and processes' if everything else 'what both read by default'}:")
        print(f"  node_exporter {scrape_s * 1e3:6.2f} ms CPU a scrape, {their_series} series")
        print(f"  netmon        {page_s * 1e3:6.2f} ms CPU a reading with its page, {our_series} series")
        print(f"                {read_s * 1e3:6.2f} ms CPU a reading alone")
        print(f"  netmon / node_exporter: {page_s / scrape_s:.2f} with the page, {read_s / scrape_s:.2f} alone")


if __name__ == "__main__":
    main()
