"""What the ledger counts about itself."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class LedgerMetrics:
    """appended = committed + waiting + rejected{unencodable, too_large, closed}, beside the ledger's own records."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.appended = Counter("netmon_ledger_appended_records", "Records taken, to be committed.", registry=registry)
        self.committed = Counter(
            "netmon_ledger_committed_records", "Records on disk that came through append.", registry=registry
        )
        self.own = Counter(
            "netmon_ledger_own_records",
            "Records on disk by the ledger about itself: segments, repairs, damage.",
            registry=registry,
        )
        self.commits = Counter("netmon_ledger_commits", "Groups of records committed.", registry=registry)
        self.commit_seconds = Histogram(
            "netmon_ledger_commit_seconds",
            "Time to encode, write and sync one group.",
            registry=registry,
            buckets=_SECONDS,
        )
        self.waiting = Gauge("netmon_ledger_waiting_records", "Records that wait for the disk.", registry=registry)
        self.size = Gauge("netmon_ledger_size_records", "Records in the ledger.", registry=registry)
        self.bytes = Counter("netmon_ledger_bytes", "Bytes committed.", registry=registry)
        self.segments = Gauge("netmon_ledger_segments", "Segment files.", registry=registry)
        self.healthy = Gauge("netmon_ledger_healthy", "1 while the ledger can be written.", registry=registry)
        self.damaged = Gauge(
            "netmon_ledger_damaged", "1 when committed records were found damaged at the start.", registry=registry
        )
        self.write_errors = Counter(
            "netmon_ledger_write_errors", "Attempts that the system refused, by errno.", ["error"], registry=registry
        )
        self.stalls = Counter(
            "netmon_ledger_stalls", "Times that the disk did not answer for `stalled_after_s`.", registry=registry
        )
        self.purged = Counter(
            "netmon_ledger_purged_records", "Records whose retention ended.", ["category"], registry=registry
        )
        self.held = Gauge(
            "netmon_ledger_purge_held_segments",
            "Segments whose retention is over by the clock, but not by the time that the ledger has lived through.",
            registry=registry,
        )
        self.repaired = Counter(
            "netmon_ledger_repaired_bytes", "Bytes of torn ends that were cut off.", registry=registry
        )
        self.rejected = Counter(
            "netmon_ledger_rejected_records",
            "Records that were not taken, or given back.",
            ["reason"],
            registry=registry,
        )
        for reason in ("full", "too_large", "unencodable", "closed"):
            self.rejected.labels(reason)
