"""The files of flows, for several threads that put into them: one keeps, any of them may be the one that writes."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from exporters.flowstore.metrics import DROPPED
from exporters.flowstore.settings import FlowStoreSettings
from exporters.flowstore.writer import FlowStore
from netmon.api import ConfigError, Fault
from netmon.api.flowcolumns import Lender
from netmon.api.networks import Networks

Records: TypeAlias = NDArray[np.void]


class Keeper:
    """A flow store that is opened when time is known. Puts do not wait for the disk."""

    def __init__(
        self,
        settings: FlowStoreSettings,
        directory: Path,
        networks: Networks,
        registry: CollectorRegistry,
        exporters: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._directory = directory
        self._registry = registry
        self._store = FlowStore(settings, directory, networks, exporters=exporters, registry=registry)
        self._putting = threading.Lock()
        self._writing = threading.Lock()  # held for seconds; nobody who puts waits for it
        self._open = False

    @property
    def counts(self) -> dict[str, int]:
        """Return what was kept and what was not, by reason."""
        named: dict[str, tuple[str, dict[str, str]]] = {"kept": ("netmon_flows_kept_records_total", {})} | {
            f"dropped_{reason}": ("netmon_flows_dropped_records_total", {"reason": reason}) for reason in DROPPED
        }
        return {name: int(self._registry.get_sample_value(*sample) or 0) for name, sample in named.items()}

    def open(self, now: float) -> None:
        """Take the directory; ConfigError where it cannot be used."""
        if self._open:
            return
        try:
            self._store.open(now)
        except OSError as error:
            problem = f"flows cannot be kept there: {error.strerror}"
            raise ConfigError(Fault(str(self._directory), 0, 0, problem, "give a directory to write to")) from error
        self._open = True

    def put(self, records: Records) -> None:
        """Keep records, from whatever thread."""
        if self._open:
            with self._putting:
                self._store.put(records)

    @contextmanager
    def lend(self) -> Iterator[Lender | None]:
        """Lend columns to whoever decodes, from whatever thread; others who put wait meanwhile. None: put records."""
        if not self._open:
            yield None
            return
        with self._putting, self._store.lend() as lender:
            yield lender

    def tick(self, now: float) -> None:
        """Write what is due; may take seconds."""
        with self._writing:
            if self._open:
                self._store.tick(now)

    def rest_s(self, most_s: float) -> float:
        """Return when the next tick is due, in seconds from now."""
        return self._store.rest_s(most_s)

    def follow(self, networks: Networks) -> None:
        """Name sites by another inventory from now on."""
        self._store.networks = networks

    def close(self) -> None:
        """Write what waits and let go, after a write that is under way; safe to call twice."""
        with self._writing:
            if self._open:
                self._open = False
                self._store.close()
