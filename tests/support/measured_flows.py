"""A flow store with its metrics, what is in its directory, and a disk that is full."""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import polars as pl
from prometheus_client import CollectorRegistry

from exporters.flowstore.disk import Disk
from exporters.flowstore.files import Span, scan
from exporters.flowstore.settings import FlowStoreSettings
from exporters.flowstore.writer import FlowStore
from tests.support.kept_flows import EXPORTERS, HOUR, NETWORKS

ALL: Final = Span(0, 4e9)


def files(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*.parquet"))


def read(directory: Path) -> pl.DataFrame:
    return scan(directory, ALL).table.collect()


class Measured:
    """A store with its metrics."""

    def __init__(self, directory: Path, disk: Disk | None = None, **settings: int) -> None:
        self.registry = CollectorRegistry()
        made = FlowStoreSettings(**settings)
        self.store = FlowStore(made, directory, NETWORKS, lambda: EXPORTERS, registry=self.registry, disk=disk)
        self.store.open(HOUR)

    def value(self, name: str, **labels: str) -> float:
        found = self.registry.get_sample_value(f"netmon_flows_{name}", labels)
        assert found is not None
        return found


@contextmanager
def full_disk(octets: int) -> Iterator[None]:
    """Let no file grow beyond so many octets, as a disk does that is full."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, old)
