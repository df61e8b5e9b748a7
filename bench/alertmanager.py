"""How long until an Alertmanager holds N alerts that fire at once, and what that costs here.

Beside it, Prometheus: a page of N series turns from 0 to 1, a rule fires for each. It scrapes every two seconds and
evaluates every second, so that up to three seconds of its time are waiting.

    .venv/bin/python -m bench.alertmanager [--alerts 10000 50000] [--no-prometheus]
"""

import argparse
import asyncio
import contextlib
import resource
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
from prometheus_client import CollectorRegistry

from exporters.alertmanager.exporter import AlertmanagerExporter
from exporters.alertmanager.settings import AlertmanagerServer, AlertmanagerSettings
from netmon.api import Alert, Severity, State
from tests.support.alertmanager import Alertmanager, Receiver, agrees
from tests.support.desk import FakeDesk
from tests.support.processes import cpu_s, free_port, memory_mb, running, wait_for_port
from tests.support.waiting import eventually


def cpu_here_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def alerts(count: int) -> list[Alert]:
    base = FakeDesk().say(
        "LinkDown",
        "sw",
        Severity.CRITICAL,
        labels={"site": "north", "ifName": "Te1/1", "role": "access"},
        summaries={"id": "Sambungan putus di arah utara"},
        evidence={"rx_power_dbm": -31.25, "neighbor": "core-1", "since_s": 42},
        runbook="https://runbook.example.net/link-down",
    )
    return [
        replace(base, id=f"{number:012x}", labels={**base.labels, "instance": f"sw-{number}"})
        for number in range(count)
    ]


async def received(manager: Alertmanager) -> float:
    """Return how many alerts came in: its own metric, which costs it next to nothing to tell."""
    async with httpx.AsyncClient(timeout=60) as client:
        text = (await client.get(f"{manager.url}/metrics")).text
    lines = (line for line in text.splitlines() if line.startswith("alertmanager_alerts_received_total"))
    return sum(float(line.split()[1]) for line in lines if 'status="firing"' in line)


async def check(manager: Alertmanager, count: int) -> None:
    """Fail when it does not show them all."""
    shown = len(await manager.alerts())
    if shown != count:
        raise AssertionError(f"it shows {shown} of {count}")


async def ours(folder: Path, count: int, manager: Alertmanager) -> None:
    desk = FakeDesk()
    settings = AlertmanagerSettings(servers=(AlertmanagerServer(url=manager.url),))
    exporter = AlertmanagerExporter(settings, desk, folder, CollectorRegistry())
    desk.sinks.append(exporter)
    await exporter.start()
    made = alerts(count)
    worst, stop = [0.0], asyncio.Event()

    async def lag() -> None:
        while not stop.is_set():
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            worst[0] = max(worst[0], time.perf_counter() - before)

    watching = asyncio.create_task(lag())
    theirs = cpu_s(manager.process.pid) if manager.process else 0
    begun, used = time.perf_counter(), cpu_here_s()
    desk.put(made)
    await eventually(lambda: exporter.waiting == 0, 120)
    sent_s, sent_cpu_s = time.perf_counter() - begun, cpu_here_s() - used
    stop.set()
    await watching
    theirs = (cpu_s(manager.process.pid) if manager.process else 0) - theirs
    print(
        f"netmon      {count:6d} alerts: all taken after {sent_s:5.2f} s;"
        f" CPU here {sent_cpu_s:5.2f} s ({sent_cpu_s / count * 1e6:.0f} µs each), in Alertmanager {theirs:5.2f} s;"
        f" loop held for {worst[0] * 1e3:.0f} ms at most"
    )
    await check(manager, count)
    used, begun = cpu_here_s(), time.perf_counter()
    await exporter._look_at_desk()  # noqa: SLF001 - what it does each minute, now
    await exporter._say_all()  # noqa: SLF001 - the same
    await eventually(lambda: exporter.waiting == 0, 120)
    took_s = time.perf_counter() - begun
    print(f"netmon      {count:6d} said again: {took_s:5.2f} s, CPU here {cpu_here_s() - used:5.2f} s")
    begun = time.perf_counter()
    desk.put([replace(each, state=State.RESOLVED, resolved_at=time.time()) for each in made])
    await eventually(lambda: exporter.waiting == 0, 120)
    print(f"netmon      {count:6d} resolved: taken after {time.perf_counter() - begun:5.2f} s")
    await exporter.stop()


@contextlib.contextmanager
def page(count: int) -> Iterator[tuple[int, list[bytes]]]:
    """Serve N series; the list's only item is the page."""
    body = [series(count, 0)]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the base class's name
            self.send_response(200)
            self.send_header("Content-Length", str(len(body[0])))
            self.end_headers()
            with contextlib.suppress(BrokenPipeError):  # it gives up on a scrape that lasts too long
                self.wfile.write(body[0])

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port, body
    finally:
        server.shutdown()
        server.server_close()


def series(count: int, value: int) -> bytes:
    return b"".join(
        b'down{instance="sw-%d",site="north",ifName="Te1/1",role="access"} %d\n' % (number, value)
        for number in range(count)
    )


CONFIG = """
global: {{scrape_interval: 2s, evaluation_interval: 1s}}
rule_files: ['{rules}']
alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{manager}']}}]}}]}}
scrape_configs:
  - {{job_name: a, honor_labels: true, static_configs: [{{targets: ['127.0.0.1:{page}']}}]}}
"""
RULES = """
groups:
  - name: a
    rules:
      - alert: LinkDown
        expr: down == 1
        labels: {severity: critical}
        annotations: {summary: 'Link down on {{ $labels.instance }}', summary_id: Sambungan putus di arah utara}
"""


async def prometheus(folder: Path, count: int, manager: Alertmanager) -> None:
    port, rules, config, log = free_port(), folder / "rules.yml", folder / "prometheus.yml", folder / "log"
    rules.write_text(RULES)
    options = [f"--storage.tsdb.path={folder / 'tsdb'}", f"--web.listen-address=127.0.0.1:{port}"]
    # Its queue holds 10,000 by default and drops the oldest beyond that.
    options += [f"--alertmanager.notification-queue-capacity={count * 2}"]
    with page(count) as (scraped, body):
        config.write_text(CONFIG.format(rules=rules, manager=manager.port, page=scraped))
        with running(["prometheus", f"--config.file={config}", *options], log) as process:
            wait_for_port(process, port, log)
            async with httpx.AsyncClient() as client:
                ask = {"query": "count(down)"}
                url = f"http://127.0.0.1:{port}/api/v1/query"
                await agrees(lambda: client.get(url, params=ask), lambda answer: f'"{count}"' in answer.text, 60)
            used, theirs = cpu_s(process.pid), cpu_s(manager.process.pid) if manager.process else 0
            begun = time.perf_counter()
            body[0] = series(count, 1)
            await agrees(lambda: received(manager), lambda now: now >= count, 120)
            took_s = time.perf_counter() - begun
            theirs = (cpu_s(manager.process.pid) if manager.process else 0) - theirs
            await check(manager, count)
            print(
                f"Prometheus  {count:6d} alerts: all taken after {took_s:5.2f} s;"
                f" CPU there {cpu_s(process.pid) - used:5.2f} s (scrapes and rules with it),"
                f" in Alertmanager {theirs:5.2f} s; {memory_mb(process.pid):.0f} MB"
            )


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--alerts", type=int, nargs="+", default=[10_000, 50_000])
    parser.add_argument("--no-prometheus", action="store_true")
    asked = parser.parse_args()
    receiver = Receiver()
    await receiver.start()
    for count in asked.alerts:
        for measure in (ours, prometheus)[: 1 if asked.no_prometheus else 2]:
            with tempfile.TemporaryDirectory() as folder:
                manager = Alertmanager(Path(folder) / "am", receiver, group_by="alertname", group_wait="10m")
                try:
                    await manager.start()
                    await measure(Path(folder), count, manager)
                finally:
                    manager.end()
    await receiver.stop()


if __name__ == "__main__":
    asyncio.run(main())
