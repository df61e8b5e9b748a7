"""Anomaly events as the rule on baselines says them."""

from netmon.api import Event, Severity
from netmon.api.columns import Series
from rules.baselines.attention import Unusual

METRIC = "netmon_optical_rx_power_dbm"


def anomaly(
    score: float = 0.75, *, metric: str = METRIC, port: str = "xe-0/1", value: float = -19.5, expected: float = -7.25
) -> dict[str, object]:
    """Return the fields of an event."""
    return dict(event("sw-1", 0.0, score, metric=metric, port=port, value=value, expected=expected).fields)


def event(
    target: str,
    at: float,
    score: float = 0.75,
    *,
    metric: str = METRIC,
    port: str = "xe-0/1",
    value: float = -19.5,
    expected: float = -7.25,
) -> Event:
    """Return an event, made by the rule's own code."""
    series = Series(target, metric, (("ifName", port), ("lane", "1")))
    made = Unusual(series, at, value, expected, score).event()
    assert made.severity is Severity.INFO
    return made
