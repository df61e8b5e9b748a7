"""What the exporter counts. `alertmanager` is the server's name, by default host:port."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class Metrics:
    """netmon_alertmanager_*."""

    def __init__(self, registry: CollectorRegistry) -> None:
        one, why = ["alertmanager"], ["alertmanager", "reason"]
        self.sent = Counter(
            "netmon_alertmanager_alerts_sent",
            "Alerts that this Alertmanager has taken, each repetition counted.",
            one,
            registry=registry,
        )
        self.queue = Gauge(
            "netmon_alertmanager_queue_alerts",
            "Alerts that this Alertmanager has still to be told of.",
            one,
            registry=registry,
        )
        self.failures = Counter(
            "netmon_alertmanager_failures",
            "Requests that failed, alerts and silences that were refused, by reason.",
            why,
            registry=registry,
        )
        self.success = Gauge(
            "netmon_alertmanager_last_success_timestamp_seconds",
            "When this Alertmanager last answered as it should.",
            one,
            registry=registry,
        )
        self.silences = Gauge(
            "netmon_alertmanager_silences",
            "Silences that this Alertmanager and netmon have in common.",
            one,
            registry=registry,
        )
        self.dropped = Counter(
            "netmon_alertmanager_dropped",
            "Alerts and silences for which there was no room, by reason.",
            ["reason"],
            registry=registry,
        )
