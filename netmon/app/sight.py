"""Puts together what looks at all series: panel, baselines, forecasts and their history.

Only daemons that poll import it: it needs numpy's 20 MB.
"""

from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import CounterMetricFamily, Metric

from netmon.api import Uplink
from netmon.app.foresight import FILE, Foresight, Sight
from netmon.app.wiring import Plan
from netmon.core.history.history import History
from rules.baselines.rule import Baselines
from rules.forecasts.rule import Forecasts
from rules.panel.panel import Panel

UNUSUAL_SHOWN = 50  # series on the metrics page: more than anybody looks at, and few enough for Prometheus


@dataclass(frozen=True, slots=True)
class Eyes:
    """The foresight of a daemon, and what a reload of the configuration changes in it."""

    foresight: Foresight
    panel: Panel
    baselines: Baselines
    forecasts: Forecasts

    def configure(self, plan: Plan) -> None:
        """Judge by another configuration from now on; what is known stays."""
        ours = plan.settings.netmon
        self.panel.configure(plan.packs, ours.watch)
        self.baselines.configure(ours.baselines)
        self.forecasts.configure(ours.forecasts)


def build_eyes(plan: Plan, state: Path, uplink: Uplink, registry: CollectorRegistry) -> Eyes:
    """Build everything; nothing is read or written yet."""
    ours = plan.settings.netmon
    panel = Panel(plan.packs, ours.watch)
    baselines, forecasts = Baselines(panel, ours.baselines), Forecasts(panel, ours.forecasts)
    history = History(state / "history", ours.history, panel, registry)
    sight = Sight(panel, (baselines, forecasts), history)
    eyes = Eyes(Foresight(sight, uplink, state / FILE, registry), panel, baselines, forecasts)
    registry.register(_Shown(eyes))
    return eyes


class _Shown:
    """What the rules say of themselves when they are asked: a collector of prometheus_client."""

    def __init__(self, eyes: Eyes) -> None:
        self._eyes = eyes

    def describe(self) -> list[Metric]:
        """Say nothing at registration: what is shown depends on what there is."""
        return []

    def collect(self) -> list[Metric]:
        """Return the series that are most unusual now, and what was left out for want of room."""
        eyes = self._eyes
        unusual = GaugeMetricFamily(
            "netmon_series_anomaly_score",
            f"How unusual a series is by its own past; the {UNUSUAL_SHOWN} highest scores",
            labels=["instance", "metric", "series"],
        )
        for one in eyes.baselines.current(UNUSUAL_SHOWN):
            series = one.series
            labels = ",".join(f"{name}={value}" for name, value in series.labels)
            unusual.add_metric([series.target, series.metric, labels], one.score)
        dropped = CounterMetricFamily(
            "netmon_series_dropped", "What rules on series left out for want of room", labels=["rule", "reason"]
        )
        for rule in (eyes.panel, eyes.baselines, eyes.forecasts):
            for reason, count in rule.dropped.items():
                dropped.add_metric([rule.name, reason], count)
        return [unusual, dropped]
