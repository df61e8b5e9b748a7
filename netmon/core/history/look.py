"""Looking at a history without its daemon, or beside it: reads only, and repairs nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from prometheus_client import CollectorRegistry

from netmon.api.columns import Series
from netmon.core.history.metrics import Metrics
from netmon.core.history.names import Names
from netmon.core.history.settings import HistorySettings
from netmon.core.history.store import Store


@dataclass(frozen=True, slots=True)
class Record:
    """What a period of one series was."""

    series: Series
    begins: int
    count: int
    minimum: float
    mean: float
    maximum: float
    p95: float


def look(folder: Path, target: str, metric: str, length_s: int, since: float) -> Iterator[Record]:
    """Give the records of a target, of metrics whose name has this text in it, the oldest first. Raises OSError."""
    data = (folder / "names").read_bytes()
    settings = HistorySettings(series_max=5_000_000)
    names = Names(settings.series_max)
    names.load(data[: data.rfind(b"\n") + 1])
    wanted = {one: series for series, one in _series(names, target) if metric in series.metric}
    store = Store(folder, settings, Metrics(CollectorRegistry()))
    store.open(repair=False)
    for begins in store.begins(length_s) if wanted else ():
        if begins < since:
            continue
        columns = store.read(length_s, begins)
        for row in np.flatnonzero(np.isin(columns.ids, list(wanted))).tolist():
            _, count, *values = (column[row].item() for column in columns.all)
            yield Record(wanted[int(columns.ids[row])], begins, count, *values)


def _series(names: Names, target: str) -> Iterator[tuple[Series, int]]:
    for key, one in names.items():
        whose, *rest = key.split("\x1f")
        if whose == target and rest:
            labels = (label.partition("=") for label in rest[1:])
            yield Series(whose, rest[0], tuple((name, value) for name, _, value in labels)), one
