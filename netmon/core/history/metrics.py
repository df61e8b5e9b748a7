"""What the history says of itself."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class Metrics:
    """Counters and gauges of one history. Values are what polls brought, records what periods came to."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.values = Counter(
            "netmon_history_values", "Values of quantities with a limit that were taken in.", registry=registry
        )
        self.dropped = Counter(
            "netmon_history_dropped_values", "Values that were not kept, by reason.", ["reason"], registry=registry
        )
        self.records = Counter(
            "netmon_history_written_records", "Records written, by length of period.", ["length_s"], registry=registry
        )
        self.lost = Counter(
            "netmon_history_lost_records", "Records that were not written, by reason.", ["reason"], registry=registry
        )
        self.failures = Counter(
            "netmon_history_write_failures", "Writes that the disk did not take.", registry=registry
        )
        self.writable = Gauge("netmon_history_writable", "1 while the history can be written.", registry=registry)
        self.damage = Counter(
            "netmon_history_damaged", "Places in files that are not what was written.", ["what"], registry=registry
        )
        self.deleted = Counter(
            "netmon_history_deleted_files", "Files deleted, by length of period.", ["length_s"], registry=registry
        )
        self.bytes = Gauge(
            "netmon_history_size_bytes", "Size of the files, by length of period.", ["length_s"], registry=registry
        )
        self.names = Gauge("netmon_history_series", "Quantities with a name on disk.", registry=registry)
        for reason in ("late", "future", "values_max", "series_max", "behind"):
            self.dropped.labels(reason)
        for reason in ("unwritten", "duplicate", "bug"):
            self.lost.labels(reason)
        for what in ("torn", "block", "name"):
            self.damage.labels(what)
        self.writable.set(1)
