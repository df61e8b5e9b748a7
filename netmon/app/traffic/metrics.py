"""What the streams of a daemon say of themselves when they are asked: a collector of prometheus_client."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

if TYPE_CHECKING:
    from netmon.app.traffic.stream import Stream

_OF_NOW: Final = frozenset({"open", "waiting"})
"""What parts hold at the moment, among what they count."""


class TrafficMetrics:
    """Counters of every stream, told apart by `source`, its name."""

    def __init__(self, streams: Sequence["Stream"]) -> None:
        self._streams = tuple(streams)

    def describe(self) -> list[Metric]:
        """Say nothing at registration: what is shown depends on what there is."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Return what each stream counts. Another thread may be counting on meanwhile."""
        yield self._up()
        yield self._records()
        yield from self._judged()
        yield from self._parts()
        yield self._windows()
        yield from self._learned()

    def _up(self) -> Metric:
        up = GaugeMetricFamily(
            "netmon_traffic_source_up", "Whether a source of traffic is there and open", labels=["source", "kind"]
        )
        for stream in self._streams:
            kind = "packets" if stream.source.live else "flows"
            up.add_metric([stream.source.name, kind], float(stream.opened and stream.source.is_up()))
        return up

    def _records(self) -> Metric:
        """Return packets and flow records by what became of their decoding."""
        family = CounterMetricFamily(
            "netmon_traffic_records", "Packets or flow records taken, by verdict", labels=["source", "verdict"]
        )
        for stream in self._streams:
            for verdict, count in stream.tallies.verdicts().items():
                family.add_metric([stream.source.name, verdict], count)
        return family

    def _judged(self) -> Iterator[Metric]:
        findings = CounterMetricFamily(
            "netmon_traffic_findings", "Findings of detectors over traffic", labels=["source", "rule", "state"]
        )
        bugs = CounterMetricFamily(
            "netmon_traffic_rule_bugs", "Errors in detectors that were not foreseen", labels=["source", "rule"]
        )
        spent = CounterMetricFamily(
            "netmon_traffic_rule_cpu_seconds", "CPU time that a detector took", labels=["source", "rule"]
        )
        failures = CounterMetricFamily(
            "netmon_traffic_stream_bugs", "Errors in a stream that were not foreseen", labels=["source"]
        )
        for stream in self._streams:
            name, judges = stream.source.name, stream.built.judges
            for (rule, state), count in list(judges.findings.items()):
                findings.add_metric([name, rule, state], count)
            for rule, seconds in list(judges.cpu_s.items()):
                bugs.add_metric([name, rule], judges.bugs[rule])
                spent.add_metric([name, rule], seconds)
            failures.add_metric([name], stream.failures)
        yield from (findings, bugs, spent, failures)

    def _parts(self) -> Iterator[Metric]:
        """Return what the parts count: the kernel's drops, flows evicted, messages beyond a cap, lost datagrams, …."""
        held = GaugeMetricFamily(
            "netmon_traffic_held", "What parts of a stream hold now", labels=["source", "part", "what"]
        )
        family = CounterMetricFamily(
            "netmon_traffic_events",
            "What parts of a stream count, by part and event: what was dropped and why among it",
            labels=["source", "part", "event"],
        )
        for stream in self._streams:
            for part, counts in stream.counts.items():
                for event, count in counts().items():
                    (held if event in _OF_NOW else family).add_metric([stream.source.name, part, event], count)
        yield from (family, held)

    def _windows(self) -> Metric:
        family = CounterMetricFamily(
            "netmon_traffic_late_records", "Records whose window had ended: they count to the next", labels=["source"]
        )
        for stream in self._streams:
            family.add_metric([stream.source.name], stream.built.pipeline.windows.late)
        return family

    def _learned(self) -> Iterator[Metric]:
        """Return how old what a restart would begin with is."""
        saved = GaugeMetricFamily(
            "netmon_traffic_learned_timestamp_seconds",
            "When what the detectors learned was written last",
            labels=["source"],
        )
        failures = CounterMetricFamily(
            "netmon_traffic_learned_failures",
            "What detectors learned and could not be read, taken up or written",
            labels=["source"],
        )
        for stream in self._streams:
            if stream.memory is not None:
                if stream.memory.saved_at is not None:
                    saved.add_metric([stream.source.name], stream.memory.saved_at)
                failures.add_metric([stream.source.name], stream.memory.failures)
        yield from (saved, failures)
