"""Predictions and what became of them: how rules record them as events, and how the core shows the account.

A rule records a prediction as an event of the category `prediction` with the outcome `open`, and what became of it as
another event with the same id. The fields stand under `netmon.prediction.`: id, rule, series, key, made_at, bound,
value, horizon, severity, p10, p50, p90, first, outcome, and for what was reached reached_at, lead_s, error_s.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PREDICTION: Final = "prediction"  # the category of the events
PREDICTION_PREFIX: Final = "netmon.prediction."


class Outcome(StrEnum):
    """What became of a prediction."""

    OPEN = "open"  # nothing yet
    HIT = "hit"  # reached between its p10 and its p90
    EARLY = "early"  # reached after its p90, within the grace
    LATE = "late"  # reached before its p10
    FALSE = "false"  # not reached by then, or withdrawn before
    AVERTED = "averted"  # the value made a clear step away before its time
    VOID = "void"  # the series ended or was silent: nothing can be said
    MISSED = "missed"  # no prediction: a limit was reached that none was made of in time


@dataclass(frozen=True, slots=True)
class Predicted:
    """A prediction as it was made, and what became of it. Times are Unix seconds."""

    id: str
    rule: str
    target: str
    series: str  # the metric and its labels as Prometheus writes them
    key: str  # of the finding that said so
    made_at: float
    bound: float  # what is not to be passed, in the unit of the series
    value: float  # when it was made
    horizon: str  # what it was made from: minutes, hours or days
    severity: str
    p10: float
    p50: float
    p90: float
    outcome: Outcome = Outcome.OPEN
    scored_at: float | None = None
    reached_at: float | None = None


@dataclass(frozen=True, slots=True)
class RuleAccount:
    """What became of one rule's predictions.

    `precision` is hit / (hit + early + late + false). `recall` is foretold / (foretold + missed), where `foretold`
    counts limits that were reached and foretold at least ten minutes (a setting) before. Both, and the medians, are
    None where nothing was scored yet. `median_error_s` is of the absolute difference between p50 and when the limit
    was reached; lead time and error are those of hit, early and late.
    """

    rule: str
    open: int
    hit: int
    early: int
    late: int
    false: int
    averted: int
    void: int
    missed: int
    foretold: int
    precision: float | None
    recall: float | None
    median_lead_s: float | None
    median_error_s: float | None
