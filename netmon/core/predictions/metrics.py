"""The account as metrics. The counts are those of the ledger, so that a restart does not set them back."""

from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from netmon.api.predictions import Outcome
from netmon.core.predictions.tally import LEAD_BUCKETS_S, RuleCounts, Tally

_ENDS: Final = tuple(outcome for outcome in Outcome if outcome is not Outcome.OPEN)


class PredictionMetrics(Collector):
    """Shows a tally."""

    def __init__(self, tally: Tally, registry: CollectorRegistry) -> None:
        self._tally = tally
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """Give the families as they are now."""
        total = CounterMetricFamily(
            "netmon_predictions", "Predictions by what became of them", labels=["rule", "outcome"]
        )
        lead = HistogramMetricFamily(
            "netmon_prediction_lead_seconds", "How long before a limit was reached it was foretold", labels=["rule"]
        )
        is_open = GaugeMetricFamily("netmon_predictions_open", "Predictions not scored yet", labels=["rule"])
        precision = GaugeMetricFamily(
            "netmon_prediction_precision_ratio",
            "Share of hits among predictions that were hit, early, late or false",
            labels=["rule"],
        )
        recall = GaugeMetricFamily(
            "netmon_prediction_recall_ratio", "Share of reached limits that were foretold in time", labels=["rule"]
        )
        for account in self._tally.accounts():
            counts = self._tally.counts[account.rule]
            for outcome in _ENDS:
                total.add_metric([account.rule, outcome.value], counts.outcomes.get(outcome, 0))
            lead.add_metric([account.rule], _buckets(counts), counts.lead_s)
            is_open.add_metric([account.rule], account.open)
            if account.precision is not None:  # absent, not 0, where nothing was scored
                precision.add_metric([account.rule], account.precision)
            if account.recall is not None:
                recall.add_metric([account.rule], account.recall)
        dropped = CounterMetricFamily(
            "netmon_predictions_dropped", "Prediction events that were not taken", labels=["reason"]
        )
        for reason in ("malformed", "open", "rules"):
            dropped.add_metric([reason], self._tally.dropped[reason])
        yield from (total, is_open, lead, precision, recall, dropped)


def _buckets(counts: RuleCounts) -> list[tuple[str, float]]:
    found, below = [], 0
    for bound, number in zip((*map(str, LEAD_BUCKETS_S), "+Inf"), counts.leads, strict=True):
        below += number
        found.append((bound, float(below)))
    return found
