"""Panels over tables made by hand, for their tests."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from netmon.api import Column, Family, Kind, Missing, Part, Reading, Reason, Table
from netmon.api.columns import Batch
from rules.pack import Anomaly, Forecast, Pack
from rules.panel.panel import Panel
from rules.panel.settings import WatchSettings

GONE = Missing(Reason.TIMEOUT)
_TOLD: dict[str, Any] = {"summary": {"en": "x", "id": "x"}}
_TIERS = [{"within_s": 3600, "severity": "warning"}]


def forecast(metric: str, **fields: Any) -> Forecast:
    """Declare a forecast of a metric."""
    return Forecast.model_validate({"name": f"{metric}_soon", "metric": metric, "tiers": _TIERS, **_TOLD, **fields})


def anomaly(metric: str, **fields: Any) -> Anomaly:
    """Declare an anomaly of a metric."""
    return Anomaly.model_validate({"name": f"{metric}_odd", "metric": metric, "severity": "warning", **_TOLD, **fields})


def panel(*declared: Forecast | Anomaly, metrics: Sequence[str] = ("gauge", "count"), **settings: Any) -> Panel:
    """Return a panel that watches these, and what is named `gauge` or `count`."""
    return Panel([pack(*declared)], WatchSettings(metrics=tuple(metrics), **settings))


def pack(*declared: Forecast | Anomaly) -> Pack:
    """Return a pack of these."""
    return Pack(
        name="test",
        forecasts=tuple(one for one in declared if isinstance(one, Forecast)),
        anomalies=tuple(one for one in declared if isinstance(one, Anomaly)),
    )


def table(
    at: float,
    columns: Mapping[str, Column],
    rows: Sequence[tuple[str, ...]] = (("p1",),),
    names: Sequence[str] = ("port",),
) -> Table:
    """Return a table of gauges and counters (`count…`), which name `…_max` and `…_min` as their limits."""
    families = tuple(
        Family(
            name,
            Kind.COUNTER if name.startswith("count") else Kind.GAUGE,
            "",
            upper_limit=f"{name}_max",
            lower_limit=f"{name}_min",
        )
        for name in columns
    )
    return Table(families, tuple(names), tuple(rows), tuple(map(str, range(len(rows)))), tuple(columns.values()), at)


def reading(*tables: Table, target: str = "sw-1", collector: str = "snmp") -> Reading:
    """Return one poll of these tables."""
    return Reading(target, collector, tables[0].at, 0.1, (Part("one", tables, 0.1),))


def poll(one: Panel, at: float, **columns: Column) -> None:
    """Let a panel take one table of ports p1, p2 and on."""
    rows = [(f"p{number}",) for number in range(1, 1 + max(map(len, columns.values())))]
    one.take(reading(table(at, columns, rows)))


def told(one: Panel) -> list[tuple[str, float, float]]:
    """Return (metric and labels, time, value) of everything in the batches."""
    return [
        (str(one.series(slot)), at, value)
        for batch in one.batches()
        for slot, at, value in zip(batch.slots.tolist(), batch.at.tolist(), batch.values.tolist(), strict=True)
    ]


def values(one: Panel) -> list[float]:
    """Return the values of everything in the batches."""
    return [value for _, _, value in told(one)]


def only(one: Panel) -> Batch:
    """Return the batch that is the only one."""
    [batch] = one.batches()
    return batch


def only_last(one: Panel) -> Batch:
    """Return the last of the batches."""
    return one.batches()[-1]


def bounds(one: Panel) -> list[float | None]:
    """Return the bounds in the only batch, None where there is none."""
    return [None if math.isnan(bound) else bound for bound in only(one).bounds.tolist()]
