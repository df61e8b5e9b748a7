"""Capacities: those that the inventory's links have, and what all of them carry as metrics."""

from typing import Final, TypeAlias

from collectors.traffic.meter.sheet import Sheet, gauge
from netmon.api import Part
from netmon.app.settings.inventory import Inventory
from rules.traffic.overload.settings import Capacity, LinkAt

Loaded: TypeAlias = tuple[Capacity, str, dict[str, float]]
"""A capacity, a direction, and its mean rates each second by unit."""

_UNITS: Final = {"bits": "Bits", "packets": "Packets", "connections": "Connections begun"}


def link_capacities(inventory: Inventory) -> list[Capacity]:
    """Return what links can carry whose capacity the inventory tells, at each end that names a port."""
    return [
        Capacity(
            name=f"{link.name} ({end.device})",
            link=LinkAt(device=end.device, port=end.port),
            bits_per_second=link.capacity_mbps * 1e6,
        )
        for link in inventory.links
        if link.capacity_mbps is not None
        for end in (link.a, link.b)
        if end.port
    ]


class CapacityTables:
    """Loads as gauges, each bounded by its capacity, so that forecasts can tell when it will be full."""

    def __init__(self) -> None:
        self._sheets = {
            unit: Sheet(
                [
                    gauge(
                        f"netmon_traffic_load_{unit}_per_second",
                        f"{what} each second that a capacity carries, mean since the last reading",
                        upper_limit=f"netmon_traffic_capacity_{unit}_per_second",
                    ),
                    gauge(f"netmon_traffic_capacity_{unit}_per_second", f"{what} each second that it can carry"),
                ],
                ["capacity", "direction"],
            )
            for unit, what in _UNITS.items()
        }

    def parts(self, loads: list[Loaded], now: float) -> tuple[Part, ...]:
        """Return one part, none where no capacity is measured."""
        tables = []
        for unit, sheet in self._sheets.items():
            rows = [(one.name, way, rates[unit], _limit(one, unit)) for one, way, rates in loads if unit in rates]
            if rows:
                labels = [(name, way) for name, way, _, _ in rows]
                tables.append(sheet.table(labels, [[row[2] for row in rows], [row[3] for row in rows]], now))
        return (Part("capacities", tuple(tables), 0.0),) if tables else ()


def _limit(capacity: Capacity, unit: str) -> float:
    limit: float = getattr(capacity, f"{unit}_per_second")
    return limit
