"""What the exporter counts about itself, and the page's part that comes from prometheus-client's registry."""

from collections.abc import Collection, Iterable, Iterator
from typing import cast

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Summary
from prometheus_client.exposition import generate_latest as generate_text
from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.registry import Collector

from exporters.prometheus.store import Store
from exporters.prometheus.text import EOF, Format

log = structlog.get_logger(__name__)


class SelfMetrics:
    """Counts of what was served, and of what could not be shown as it was given."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "netmon_http_requests", "Answers by page and HTTP status.", ["page", "code"], registry=registry
        )
        self.bytes = Counter(
            "netmon_http_response_bytes", "Bytes of bodies sent, by page.", ["page"], registry=registry
        )
        self.duration = Summary(
            "netmon_http_request_duration_seconds", "Time from request to the last byte.", ["page"], registry=registry
        )
        self.aborted = Counter(
            "netmon_http_aborted", "Pages whose client left or was too slow.", ["page"], registry=registry
        )
        self.refused = Counter(
            "netmon_http_refused_connections", "Connections closed for too many TLS handshakes.", registry=registry
        )
        self.auth_failures = Counter(
            "netmon_http_auth_failures", "Requests with a wrong name or password, or with none.", registry=registry
        )
        self.web_config_success = Gauge(
            "netmon_web_config_last_reload_successful",
            "1 when the web configuration last read is used.",
            registry=registry,
        )
        self.repeated = Gauge(
            "netmon_exposition_duplicate_series",
            "Series left out of the last full page as duplicates.",
            registry=registry,
        )
        self.conflicts = Gauge(
            "netmon_exposition_conflicting_families",
            "Families of the last full page that came with different types or help texts, or under netmon's own names.",
            registry=registry,
        )
        self.malformed = Gauge(
            "netmon_exposition_malformed_tables",
            "Tables left out of the last full page as malformed.",
            registry=registry,
        )
        self.families = Gauge("netmon_exposition_families", "Families on the last full page.", registry=registry)
        self.registry_errors = Counter(
            "netmon_exposition_registry_errors", "Times that netmon's own metrics could not be read.", registry=registry
        )

    def follow_store(self, registry: CollectorRegistry, store: Store) -> None:
        """Export what the store counts itself."""
        for name, about, value in (
            (
                "netmon_exposition_cache_bytes",
                "Rendered text kept for readings that did not change.",
                lambda: store.cache.used_bytes,
            ),
            ("netmon_exposition_targets", "Targets by job that pages can show.", lambda: sum(1 for _ in store)),
        ):
            Gauge(name, about, registry=registry).set_function(value)
        registry.register(_StoreCounters(store))


class _StoreCounters(Collector):
    """Counters that the store keeps as plain numbers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        yield CounterMetricFamily(
            "netmon_exposition_ignored_readings",
            "Readings that came for a target after it had left the inventory.",
            self._store.ignored_readings,
        )
        yield CounterMetricFamily(
            "netmon_exposition_stale_parts",
            "Parts whose values were dropped because no newer ones came in time.",
            self._store.stale_parts,
        )


class _Chosen:
    """Stands where the library expects a registry."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


_SUFFIXES = {
    "counter": ("_total", "_created"),
    "summary": ("_sum", "_count", "_created"),
    "histogram": ("_bucket", "_sum", "_count", "_created"),
    "gaugehistogram": ("_bucket", "_gsum", "_gcount"),
    "info": ("_info",),
}


def sample_names(name: str, kind: str) -> set[str]:
    """Return all names that a family of this type claims (OpenMetrics 1.0, "Suffixes")."""
    return {name, *(name + suffix for suffix in _SUFFIXES.get(kind, ()))}


class RegistryText:
    """The text of a registry without its end, family by family.

    Families that claim one of the names `taken` are left out and counted in `clashes`. A collector that raises costs
    what comes after it, never the page; `whole` is False then.
    """

    def __init__(self, registry: CollectorRegistry, form: Format, taken: Collection[str]) -> None:
        self.clashes = 0
        self.whole = True
        self._registry = registry
        self._form = form
        self._taken = taken

    def __iter__(self) -> Iterator[bytes]:
        """Give one family at a time."""
        try:
            for metric in self._registry.collect():
                if sample_names(metric.name, metric.type).isdisjoint(self._taken):
                    yield _render(metric, self._form)
                else:
                    self.clashes += 1
        except Exception:
            log.exception("netmon's own metrics could not be read")
            self.whole = False


def _render(metric: Metric, form: Format) -> bytes:
    chosen = cast("CollectorRegistry", _Chosen([metric]))
    if form is Format.TEXT:
        return generate_text(chosen)
    text: bytes = generate_openmetrics(chosen)  # type: ignore[no-untyped-call] # the library types only the other one
    return text.removesuffix(EOF)
