"""The board as metrics."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from netmon.core.unusual.board import Board


class UnusualMetrics(Collector):
    """Shows a board."""

    def __init__(self, board: Board, registry: CollectorRegistry) -> None:
        self._board = board
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """Give the families as they are now."""
        yield GaugeMetricFamily(
            "netmon_anomaly_events", "Anomaly events that incidents can still show", value=len(self._board)
        )
        dropped = CounterMetricFamily(
            "netmon_anomaly_events_dropped", "Anomaly events that incidents cannot show", labels=["reason"]
        )
        for reason in ("malformed", "oldest"):
            dropped.add_metric([reason], self._board.dropped[reason])
        yield dropped
