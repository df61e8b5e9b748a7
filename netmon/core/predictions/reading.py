"""From the fields of a prediction's event to what they say. Pure: whatever a sender wrote, nothing is raised."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from netmon.api.predictions import PREDICTION_PREFIX, Outcome, Predicted

_TEXT_MAX: Final = 500  # characters of a name; those of rules and series are far shorter


@dataclass(frozen=True, slots=True)
class Said:
    """What an event says. `made` is None for what was missed: nothing was predicted then."""

    id: str
    rule: str
    outcome: Outcome
    at: float
    made: Predicted | None
    reached_at: float | None
    first: bool  # the matter's earliest prediction, and in time


def read(target: str, at: float, fields: Mapping[str, Any]) -> Said | None:
    """Return what an event's fields say; None where they are not those of a prediction."""
    try:
        return _said(target, at, fields)
    except (KeyError, ValueError, TypeError, OverflowError):
        return None


def _said(target: str, at: float, fields: Mapping[str, Any]) -> Said:
    outcome = Outcome(_text(fields, "outcome"))
    reached = fields.get(PREDICTION_PREFIX + "reached_at")
    reached_at = None if reached is None else _number(fields, "reached_at")
    identity, rule = _text(fields, "id"), _text(fields, "rule")
    if outcome is Outcome.MISSED:
        return Said(identity, rule, outcome, at, None, reached_at, first=False)
    made = Predicted(
        id=identity,
        rule=rule,
        target=target,
        series=_text(fields, "series"),
        key=_text(fields, "key"),
        made_at=_number(fields, "made_at"),
        bound=_number(fields, "bound"),
        value=_number(fields, "value"),
        horizon=_text(fields, "horizon"),
        severity=_text(fields, "severity"),
        p10=_number(fields, "p10"),
        p50=_number(fields, "p50"),
        p90=_number(fields, "p90"),
    )
    return Said(identity, rule, outcome, at, made, reached_at, first=_number(fields, "first") == 1)


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields[PREDICTION_PREFIX + name]
    if not isinstance(value, str) or not 0 < len(value) <= _TEXT_MAX:
        raise ValueError(name)
    return value


def _number(fields: Mapping[str, Any], name: str) -> float:
    value = fields[PREDICTION_PREFIX + name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError(name)
    return float(value)
