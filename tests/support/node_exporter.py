"""Debian's prometheus-node-exporter as the oracle: started on a free port, asked, and ended by its own pid."""

import shutil
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.support.processes import free_port, running, wait_for_port

COMMAND = "prometheus-node-exporter"

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class NodeExporter:
    """A running node_exporter."""

    def __init__(self, pid: int, url: str) -> None:
        self.pid = pid
        self._url = url

    def page(self) -> str:
        """Return one scrape as text."""
        with urllib.request.urlopen(self._url, timeout=20) as answer:  # noqa: S310 - our own loopback address
            return str(answer.read().decode())

    def scrape(self) -> tuple[dict[str, str], Series]:
        """Return the kind of each family and the value of each series, by name and labels that are not empty."""
        kinds: dict[str, str] = {}
        found: Series = {}
        for family in text_string_to_metric_families(self.page()):
            for sample in family.samples:
                kinds[sample.name] = "untyped" if family.type == "unknown" else family.type
                labels = tuple(sorted((name, text) for name, text in sample.labels.items() if text))
                found[sample.name, labels] = sample.value
        return kinds, found


def installed() -> bool:
    """Tell whether the oracle is there."""
    return shutil.which(COMMAND) is not None


@contextmanager
def node_exporter(log: Path, *options: str, root: Path | None = None) -> Iterator[NodeExporter]:
    """Run one with these options, over a copy of /proc and /sys when `root` is given."""
    paths = ("procfs", "proc"), ("sysfs", "sys"), ("udev.data", "run/udev/data"), ("rootfs", "")
    below = [f"--path.{name}={root / path}" for name, path in paths] if root else []
    port = free_port()
    with running([COMMAND, f"--web.listen-address=127.0.0.1:{port}", *below, *options], log) as process:
        wait_for_port(process, port, log)
        yield NodeExporter(process.pid, f"http://127.0.0.1:{port}/metrics")
