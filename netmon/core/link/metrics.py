"""What both ends of the link count. When nothing moves, on each side: received = kept or passed on + dropped."""

from collections.abc import Iterable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

UPLINK_REASONS: Final = (
    "unencodable",  # a value of it has no form in JSON
    "too_large",  # longer than max_record_bytes
    "spool_full",  # the core has been away for so long that the spool holds all it may
    "memory_full",  # what waits in memory holds all it may: the disk is too slow or cannot be written
    "spool_error",  # no number could be reserved on the disk
    "spool_corrupt",  # it was on disk, and is damaged or gone
    "not_running",  # handed in before the start or after the stop, or still in memory only at the stop
    "failed",  # in one process with the core: the core fails on it
)


class UplinkMetrics:
    """The sender's side: received + recovered = delivered + sum of dropped + spooled_records."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.received = Counter(
            "netmon_uplink_received", "Findings and events handed in for the core", registry=registry
        )
        self.recovered = Counter(
            "netmon_uplink_recovered", "Findings and events found in the spool at the start", registry=registry
        )
        self.delivered = Counter(
            "netmon_uplink_delivered", "Findings and events that the core has acknowledged", registry=registry
        )
        self.dropped = Counter(
            "netmon_uplink_dropped",
            "Findings and events lost before the core, by reason",
            ["reason"],
            registry=registry,
        )
        self.sessions = Counter("netmon_uplink_sessions", "Times that the core was reached", registry=registry)
        self.connected = Gauge("netmon_uplink_connected", "1 while the core is reached", registry=registry)
        self.spooled = Gauge(
            "netmon_uplink_spooled_records",
            "Findings and events that the core has not acknowledged, on disk or in memory",
            registry=registry,
        )
        self.spool_bytes = Gauge("netmon_uplink_spool_bytes", "Size of the spool's files", registry=registry)
        self.spool_writable = Gauge(
            "netmon_uplink_spool_writable", "0 while the spool cannot be written to", registry=registry
        )
        self.spool_writable.set(1)
        for reason in UPLINK_REASONS:
            self.dropped.labels(reason)

    def drop(self, reason: str, count: int = 1) -> None:
        """Count what is lost."""
        self.dropped.labels(reason).inc(count)


class IntakeMetrics:
    """The core's side, for each source: received = stored + sum of dropped + pending_records.

    A source is a daemon's name. The first `max_sources` have their own label, the others share `other`.
    """

    def __init__(self, registry: CollectorRegistry, max_sources: int) -> None:
        self._max_sources = max_sources
        self._sources: set[str] = set()
        self._received = Counter(
            "netmon_intake_received", "Findings and events that came from other daemons", ["source"], registry=registry
        )
        self._stored = Counter(
            "netmon_intake_stored", "Findings and events that the core has on disk", ["source"], registry=registry
        )
        self._dropped = Counter(
            "netmon_intake_dropped",
            "Findings and events that came and were not stored, by reason; duplicate: the core had it already",
            ["source", "reason"],
            registry=registry,
        )
        self._pending = Gauge(
            "netmon_intake_pending_records",
            "Findings and events that came and are not committed yet",
            ["source"],
            registry=registry,
        )
        self.retries = Counter(
            "netmon_intake_retries", "Times that the core could not take a batch, by why", ["why"], registry=registry
        )
        self.refused = Counter(
            "netmon_intake_refused_connections",
            "Connections that were not let in, by reason",
            ["reason"],
            registry=registry,
        )
        self.ended = Counter(
            "netmon_intake_ended_connections", "Connections that ended, by reason", ["reason"], registry=registry
        )
        self.senders = Gauge("netmon_intake_senders", "Daemons connected now", registry=registry)

    def arrived(self, source: str, count: int) -> None:
        """Count a batch that is to be taken."""
        label = self._label(source)
        self._received.labels(label).inc(count)
        self._pending.labels(label).inc(count)

    def settled(self, source: str, stored: int, dropped: Mapping[str, int]) -> None:
        """Count what became of it."""
        label = self._label(source)
        self._stored.labels(label).inc(stored)
        for reason, count in dropped.items():
            self._dropped.labels(label, reason).inc(count)
        self._pending.labels(label).dec(stored + sum(dropped.values()))

    def _label(self, source: str) -> str:
        if source not in self._sources:
            if len(self._sources) >= self._max_sources:
                return "other"
            self._sources.add(source)
        return source


def total(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Add counts by reason."""
    sums: dict[str, int] = {}
    for each in counts:
        for reason, count in each.items():
            sums[reason] = sums.get(reason, 0) + count
    return sums
