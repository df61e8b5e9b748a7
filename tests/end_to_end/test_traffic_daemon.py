"""A daemon that sees traffic: from a router's export to an incident, and from there to the questions people ask."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.command import netmon
from tests.support.daemon import daemon, write_config
from tests.support.exporters import v5, v5_record
from tests.support.processes import free_port
from tests.support.waiting import eventually_sync

VICTIM = "192.0.2.10"


@contextmanager
def flood(port: int) -> Iterator[None]:
    """Export SYNs from many addresses to one while the block lasts, as a router would that sees a flood."""
    over = threading.Event()
    exporting = threading.Thread(target=_export, args=(port, over))
    exporting.start()
    try:
        yield
    finally:
        over.set()
        exporting.join()


def _export(port: int, over: threading.Event) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as exporter:
        for number in range(6_000):  # a minute
            if over.wait(0.01):
                return
            records = [
                v5_record(source=f"198.51.{number % 256}.{one}", destination=VICTIM, flags=2, first_ms=999_000)
                for one in range(30)
            ]
            exporter.sendto(v5(records, seconds=int(time.time())), ("127.0.0.1", port))


def test_a_flood_that_a_router_exports_becomes_an_incident_and_its_flows_are_kept(tmp_path: Path) -> None:
    flows = free_port()
    settings = {
        "traffic": {"flows": {"listen": [f"udp://127.0.0.1:{flows}"], "allow": ["127.0.0.0/8"]}, "window_s": 1},
    }
    directory, port = write_config(tmp_path, {}, settings)
    with daemon(directory, port) as running:
        running.wait_ready()

        def named() -> bool:
            alerts = map(json.loads, netmon("alerts", "--config", directory, "--json").stdout.splitlines())
            return any(alert["rule"] == "syn_flood" and alert["state"] == "firing" for alert in alerts)

        with flood(flows):
            eventually_sync(named, within_s=30)
        assert running.value("netmon_traffic_records", verdict="ok")
    top = netmon("flows", "top", "--config", directory, "--by", "dst", "--since", "-1h", "--format", "json")
    assert VICTIM in top.stdout, top.stderr
