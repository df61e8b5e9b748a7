"""The daemon as an operator starts it: a configuration directory, a process, its pages."""

import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.support.command import NETMON, environment
from tests.support.processes import free_port, listening, running
from tests.support.waiting import eventually_sync


def write_config(
    folder: Path, devices: Mapping[str, tuple[str, int]], settings: Mapping[str, Any] | None = None
) -> tuple[Path, int]:
    """Write a configuration for these devices (name → host and port); return its directory and its port."""
    directory = folder / "etc"
    (directory / "inventory").mkdir(parents=True, exist_ok=True)
    port = free_port()
    main: dict[str, Any] = {
        "state_dir": str(folder / "state"),
        "web": {"listen": [f"127.0.0.1:{port}"]},
        "snmp": {"interval_s": 1},
        "credentials": {"default": {"version": "v2c", "community": "${TEST_COMMUNITY}"}},
    }
    main |= settings or {}
    (directory / "netmon.yaml").write_text(yaml.safe_dump(main), encoding="utf-8")
    write_inventory(directory, devices)
    return directory, port


def write_inventory(directory: Path, devices: Mapping[str, tuple[str, int]]) -> None:
    """Write the inventory: one site, these devices."""
    items = [{"name": name, "address": f"{host}:{port}", "site": "hub"} for name, (host, port) in devices.items()]
    inventory = {"sites": [{"name": "hub"}], "devices": items}
    (directory / "inventory" / "all.yaml").write_text(yaml.safe_dump(inventory), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Running:
    """A daemon that runs."""

    process: subprocess.Popen[bytes]
    directory: Path
    port: int
    log: Path

    def get(self, path: str) -> tuple[int, str]:
        """Return status and text of a page; status 0 when nothing listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def value(self, metric: str, path: str = "/metrics", **labels: str) -> float | None:
        """Return one sample's value; None while there is none."""
        status, text = self.get(path)
        return value_in(text, metric, labels) if status == 200 else None

    def wait_ready(self) -> None:
        """Return once every target was tried."""
        try:
            eventually_sync(lambda: self.get("/-/ready")[0] == 200, 30)
        except AssertionError:
            raise AssertionError(self.log.read_text(errors="replace")) from None


def value_in(text: str, metric: str, labels: Mapping[str, str]) -> float | None:
    """Return the value of the first sample of this name whose labels include these."""
    wanted = {metric, f"{metric}_total"}  # so does the parser name a counter that has no _total on the page
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name in wanted and labels.items() <= sample.labels.items():
                return sample.value
    return None


@contextmanager
def daemon(directory: Path, port: int, *options: str, **variables: str) -> Iterator[Running]:
    """Run `netmon run` until the block ends."""
    log = directory.parent / "daemon.log"
    command = [*NETMON, "run", "--config", str(directory), *options]
    env = environment(**({"TEST_COMMUNITY": "public"} | variables))
    with running(command, log, env) as process:
        eventually_sync(lambda: listening(port) or process.poll() is not None, 30)
        yield Running(process, directory, port, log)
