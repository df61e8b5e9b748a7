"""What the dispatcher counts."""

from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from netmon.core.notices.planner import Planner

_DELAYS_S: Final = (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400, 86_400)
_DROPPED: Final = {
    "muted": "muted",  # it was muted before anybody was told, and over before it was not
    "no_such_person": "no_such_person",  # the settings changed meanwhile
}


class DispatchMetrics:
    """Messages by what became of them."""

    def __init__(self, registry: CollectorRegistry, planner: Planner) -> None:
        self.sent = Counter(
            "netmon_notify_sent", "Messages delivered, by why they were sent.", ["why"], registry=registry
        )
        self.failed = Counter(
            "netmon_notify_failed",
            "Attempts that failed, by reason; `gave_up` counts messages that were never delivered.",
            ["reason"],
            registry=registry,
        )
        self.delay = Histogram(
            "netmon_notify_delay_seconds",
            "From the decision that somebody must be told to the delivery, without digests.",
            buckets=_DELAYS_S,
            registry=registry,
        )
        self.resumed = Counter(
            "netmon_notify_resumed",
            "Messages that were not known to have arrived when netmon last stopped: sent again, they may arrive twice.",
            registry=registry,
        )
        queued = Gauge(
            "netmon_notify_queued", "Messages that are on their way or wait for another attempt.", registry=registry
        )
        queued.set_function(lambda: len(planner.tables.notices))
        waiting = Gauge(
            "netmon_notify_waiting",
            "Things that people are still to be told: held by limits, mutes and digests.",
            registry=registry,
        )
        waiting.set_function(lambda: sum(map(len, (inbox.owed for inbox in planner.tables.inboxes.values()))))
        registry.register(_PlannerCounters(planner))


class _PlannerCounters(Collector):
    """Counters that the planner keeps as plain numbers, since it knows no metrics."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner

    def collect(self) -> Iterator[Metric]:
        counts = self._planner.counts
        folded = "Incidents that were told in a message that counts many, because of a limit."
        yield CounterMetricFamily("netmon_notify_folded", folded, counts["folded"])
        unrouted = "Incidents that no route was for; the fallback was told."
        yield CounterMetricFamily("netmon_notify_unrouted_incidents", unrouted, counts["no_route"])
        about = "Things that somebody was to be told and was not, by reason."
        dropped = CounterMetricFamily("netmon_notify_dropped", about, labels=["reason"])
        for key, reason in _DROPPED.items():
            dropped.add_metric([reason], counts[key])
        yield dropped
