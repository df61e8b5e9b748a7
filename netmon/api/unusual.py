"""What was unusual: how rules record it as events, and how the core shows it.

A rule records an anomaly as an event of the category `anomaly`. Its fields stand under `netmon.`: metric, labels
(`ifName=Gi1/0/1,…`, as text), value, expected and score.
"""

from dataclasses import dataclass
from typing import Final

ANOMALY: Final = "anomaly"  # the category of the events
ANOMALY_PREFIX: Final = "netmon."


@dataclass(frozen=True, slots=True)
class Unusual:
    """A series that was unlike its own past, when it was most so. Value and expected are in its unit.

    A counter's value is its increase in a second.
    """

    target: str
    metric: str
    labels: str  # name=value, with commas between; empty where there are none
    at: float  # Unix seconds
    value: float
    expected: float
    score: float  # from 0 to below 1
    times: int = 1  # how often it was said to be unusual in the time that was asked for
