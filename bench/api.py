"""What the HTTP interface costs at many alerts: latency and CPU, alone and while many poll at a time.

    python bench/api.py [--alerts 10000] [--rounds 60] [--pollers 8]

The daemon's web server with the interface mounted runs in a process of its own, over a desk that holds the alerts in
memory; it is asked over loopback by plain http.client from this one. `CPU` is the server's, user and system, for each
request. Under load, `pollers` threads ask without a pause, so that the latency is that of a full queue.
"""

import argparse
import asyncio
import http.client
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import uvloop
from prometheus_client import CollectorRegistry

from exporters.api.app import PREFIX, api_app
from exporters.api.settings import ApiSettings
from exporters.prometheus.exporter import PrometheusExporter
from exporters.prometheus.settings import WebSettings
from netmon.api import Alert, Severity, State, labels_of
from tests.support.desk import FakeDesk
from tests.support.processes import cpu_s, memory_mb

PAGES = (
    ("alerts, page of 100", "/api/v1/alerts"),
    ("alerts, page of 1000", "/api/v1/alerts?limit=1000"),
    ("alerts, by site and severity", "/api/v1/alerts?site=site-3&severity=error"),
    ("alerts, by text", "/api/v1/alerts?text=port-17"),
    ("one alert", "/api/v1/alerts/000000000011"),
    ("incidents, page of 100", "/api/v1/incidents"),
    ("status", "/api/v1/status"),
)


def alert(number: int, now: float) -> Alert:
    """Return an alert with as much in it as usual ones have."""
    severity = list(Severity)[number % 4]
    target, site = f"sw-{number % 500}", f"site-{number % 40}"
    labels = {"ifName": f"port-{number % 48}", "ifAlias": f"to sw-{number % 499}", "job": "snmp"}
    return Alert(
        id=f"{number:012x}",
        key=f"link/{number}",
        rule="LinkDown",
        target=target,
        site=site,
        severity=severity,
        state=State.FIRING,
        summary=f"Link down on {target}: port-{number % 48} does not see light",
        labels=labels_of("LinkDown", target, site, severity, labels),
        source="netmon@core",
        starts_at=now - number % 86_400,
        updated_at=now,
        fired_at=now,
        incident=f"I{number % 500}",
        evidence={"rx_power_dbm": -31.5, "oper_status": "down", "speed": 10_000_000_000},
        summaries={"id": f"Tautan putus pada {target}: port-{number % 48} tidak menerima cahaya"},
    )


class Desk(FakeDesk):
    """A desk that keeps its list sorted, as the core does."""

    def __init__(self, count: int) -> None:
        super().__init__()
        now = time.time()
        self.put((alert(number, now) for number in range(count)), tell=False)
        self._sorted = super().alerts()

    def alerts(self) -> Sequence[Alert]:
        """Return all, sorted."""
        return list(self._sorted)


async def serve(count: int) -> None:
    app = api_app(Desk(count), ApiSettings(), CollectorRegistry(), version="0")
    web = WebSettings.model_validate({"listen": ["127.0.0.1:0"]})
    exporter = PrometheusExporter(web, CollectorRegistry(), mounts={PREFIX: app})
    await exporter.start()
    print(exporter.addresses[0], flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until the parent closes it
    await exporter.stop()


@contextmanager
def server(count: int) -> Iterator[tuple[str, int]]:
    command = [sys.executable, __file__, "--serve", str(count)]
    env = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as process:
        if process.stdout is None or process.stdin is None:
            raise RuntimeError("no pipes")
        try:
            yield process.stdout.readline().strip(), process.pid
        finally:
            process.stdin.close()


def ask(address: str, path: str, rounds: int) -> tuple[list[float], int]:
    """Return the seconds of each request, and the bytes of the last answer."""
    connection = http.client.HTTPConnection(address, timeout=60)
    took, size = [], 0
    for _ in range(rounds):
        started = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        size = len(answer.read())
        took.append(time.perf_counter() - started)
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
    connection.close()
    return took, size


def together(address: str, path: str, rounds: int, pollers: int) -> list[float]:
    """Return the seconds of each request of several that poll at a time."""
    found: list[list[float]] = [[] for _ in range(pollers)]

    def poll(number: int) -> None:
        found[number] = ask(address, path, rounds)[0]

    threads = [threading.Thread(target=poll, args=(number,)) for number in range(pollers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [each for one in found for each in one]


def show(name: str, took: Sequence[float], cpu: float, more: str = "") -> None:
    ordered = sorted(took)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    p50 = statistics.median(ordered)
    print(f"{name:44} p50 {p50 * 1e3:7.2f} ms  p99 {p99 * 1e3:7.2f} ms  CPU {cpu * 1e3:6.2f} ms  {more}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--alerts", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--pollers", type=int, default=8)
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve is not None:
        uvloop.run(serve(args.serve))
        return
    with server(args.alerts) as (address, pid):
        print(f"{args.alerts} alerts, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        for name, path in PAGES:
            ask(address, path, 3)
            before = cpu_s(pid)
            took, size = ask(address, path, args.rounds)
            show(name, took, (cpu_s(pid) - before) / args.rounds, f"{size / 1e3:.0f} kB")
        for name, path in PAGES[:2]:
            before = cpu_s(pid)
            took = together(address, path, args.rounds, args.pollers)
            show(f"{name}, {args.pollers} at a time", took, (cpu_s(pid) - before) / len(took))
        print(f"memory {memory_mb(pid):.0f} MB")


if __name__ == "__main__":
    main()
