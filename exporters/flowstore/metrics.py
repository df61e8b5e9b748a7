"""What the store of flows says of itself."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

DROPPED: Final = ("late", "future", "full", "unwritten")


class Metrics:
    """Counters and gauges of one store. What was put in is what was written, dropped, or waits."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.written = Counter("netmon_flows_kept_records", "Flow records written to disk.", registry=registry)
        self.dropped = Counter(
            "netmon_flows_dropped_records", "Flow records that were not kept, by reason.", ["reason"], registry=registry
        )
        self.waiting = Gauge("netmon_flows_waiting_records", "Flow records not yet on disk.", registry=registry)
        self.failures = Counter("netmon_flows_write_failures", "Writes that the disk did not take.", registry=registry)
        self.writable = Gauge("netmon_flows_writable", "1 while flows can be written.", registry=registry)
        self.damaged = Counter("netmon_flows_damaged_hours", "Hours with a file that is damaged.", registry=registry)
        self.merged = Counter("netmon_flows_merged_files", "Small files merged into one.", registry=registry)
        self.deleted = Counter(
            "netmon_flows_deleted_files",
            "Files deleted to keep within a limit, by limit.",
            ["limit"],
            registry=registry,
        )
        self.deleted_records = Counter(
            "netmon_flows_deleted_records", "Flow records deleted, by limit.", ["limit"], registry=registry
        )
        self.files = Gauge("netmon_flows_files", "Files that count.", registry=registry)
        self.bytes = Gauge("netmon_flows_size_bytes", "Size of all files.", registry=registry)
        self.oldest = Gauge(
            "netmon_flows_oldest_timestamp_seconds", "Begin of the oldest hour on disk; 0: none.", registry=registry
        )
        for reason in DROPPED:
            self.dropped.labels(reason)
        for limit in ("days", "bytes"):
            self.deleted.labels(limit)
            self.deleted_records.labels(limit)
        self.writable.set(1)
