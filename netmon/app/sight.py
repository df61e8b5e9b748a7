"""Puts together what looks at all series: panel, baselines, forecasts and their history.

Only daemons that poll import it: it needs numpy's 20 MB.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import CounterMetricFamily, Metric

from netmon.api import Uplink
from netmon.api.columns import Series
from netmon.app.foresight import FILE, Foresight, Sight
from netmon.app.wiring import Plan
from netmon.core.history.fill import Fill
from netmon.core.history.history import History
from netmon.core.history.promql import Ask
from rules.baselines.rule import Baselines
from rules.forecasts.rule import Forecasts
from rules.panel.panel import Panel

UNUSUAL_SHOWN = 50  # series on the metrics page: more than anybody looks at, and few enough for Prometheus


@dataclass(frozen=True, slots=True)
class Eyes:
    """The foresight of a daemon, and what a reload of the configuration changes in it."""

    foresight: Foresight
    fill: Fill | None  # where a Prometheus knows the past
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
    foresight = Foresight(Sight(panel, (baselines, forecasts), history), uplink, state / FILE, registry)
    fill = None
    if ours.history.prometheus is not None:
        fill = Fill(
            state / "history",
            history,
            ours.history.prometheus,
            partial(_ask, panel),
            lambda _records: foresight.learn_anew(),
            registry,
        )
    eyes = Eyes(foresight, fill, panel, baselines, forecasts)
    registry.register(_Shown(eyes))
    return eyes


def _ask(panel: Panel, slot: int, series: Series) -> Ask | None:
    """Return how the values of a series come from its metric in Prometheus, as the panel makes them of readings."""
    forecast = panel.forecast_of(slot)
    if forecast is None:
        return None
    return Ask(forecast.read == "rate" or series.metric.endswith("_total"), forecast.scale)


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
