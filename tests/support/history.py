"""Series in slots, batches of their values, and a history over a folder."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from prometheus_client import CollectorRegistry

from netmon.api.columns import Batch, Rollup, Series
from netmon.core.history.history import History
from netmon.core.history.settings import HistorySettings

MIDNIGHT = 1_794_960_000.0  # a midnight of UTC
assert MIDNIGHT % 86_400 == 0


class Shelf:
    """Who has which slot."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        self.there: list[Series | None] = [Series(key, "used", (("device", key),)) for key in keys]

    @property
    def size(self) -> int:
        return len(self.there)

    def series(self, slot: int) -> Series | None:
        return self.there[slot]


def shelf(count: int) -> Shelf:
    return Shelf([f"sw{i:06}" for i in range(count)])


def batch(at: float, values: Sequence[float], slots: Sequence[int] | None = None, bound: float = 100.0) -> Batch:
    count = len(values)
    return Batch(
        np.arange(count, dtype=np.int32) if slots is None else np.array(slots, np.int32),
        np.full(count, at),
        np.array(values, np.float64),
        np.full(count, bound),
        np.zeros(count, np.bool_),
    )


def history(folder: Path, book: Shelf, **settings: object) -> tuple[History, CollectorRegistry]:
    """Return an open history and its metrics."""
    registry = CollectorRegistry()
    kept = History(folder / "history", HistorySettings.model_validate(settings), book, registry)
    kept.open()
    return kept, registry


def run(kept: History, first: float, last: float, step_s: float, values: Sequence[float]) -> list[Rollup]:
    """Poll the same values from `first` to before `last` and return what closed."""
    closed, at = [], first
    while at < last:
        kept.add(batch(at, values))
        closed += kept.tick(at) + kept.flush()  # here time goes faster than any disk
        at += step_s
    return closed


def count(registry: CollectorRegistry, name: str, **labels: str) -> float:
    return registry.get_sample_value(name, labels) or 0.0
