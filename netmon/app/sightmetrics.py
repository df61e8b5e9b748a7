"""What is seen of the rules on many series, on the metrics page."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class SightMetrics:
    """What is seen of the rules on many series."""

    def __init__(self, registry: CollectorRegistry, size: Callable[[], int]) -> None:
        Gauge("netmon_series", "Series that rules follow, and room for some", registry=registry).set_function(size)
        self.values = Counter("netmon_series_values", "Values of series that rules have seen", registry=registry)
        self.findings = Counter(
            "netmon_series_findings", "Findings on series by rule", ["rule", "state"], registry=registry
        )
        self.bugs = Counter(
            "netmon_series_rule_bugs", "Errors in rules on series that were not foreseen", ["rule"], registry=registry
        )
        self.turn = Histogram(
            "netmon_series_turn_seconds",
            "How long one look at what came in takes",
            registry=registry,
            buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
        )
        self.saved_at = Gauge(
            "netmon_rules_saved_timestamp_seconds", "When what rules have learnt was last kept", registry=registry
        )
        self.saved_bytes = Gauge("netmon_rules_saved_bytes", "Size of what was kept", registry=registry)
        self.unsaved = Counter("netmon_rules_save_failures", "Times that it could not be kept", registry=registry)
        self.unusable = Counter("netmon_rules_restore_failures", "Times that it could not be used", registry=registry)
