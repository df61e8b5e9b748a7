"""From the core's values to the shapes of answers. Times become RFC 3339 in UTC. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from exporters.api import shapes
from netmon.api import Alert, CoreStatus, Impact, Incident, Maintenance, Matcher, Silence

_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)  # what RFC 3339 can write; a forecast may lie beyond
_LATEST_S: Final = _LATEST.timestamp()


def of_alert(alert: Alert) -> shapes.Alert:
    """Return an alert's shape."""
    return shapes.Alert(
        alert.id,
        alert.rule,
        alert.target,
        alert.site,
        alert.severity,
        alert.state,
        alert.summary,
        _plain(alert.summaries),
        _plain(alert.labels),
        alert.source,
        time_of(alert.starts_at),
        time_of(alert.updated_at),
        _maybe(alert.fired_at),
        _maybe(alert.resolved_at),
        _maybe(alert.acknowledged_at),
        alert.acknowledged_by,
        alert.note,
        alert.incident,
        alert.flapping,
        alert.muted_by,
        alert.why_resolved,
        _plain(alert.evidence),
        None if alert.impact is None else _impact(alert.impact),
        alert.runbook,
        alert.effect_of,
    )


def of_incident(incident: Incident) -> shapes.Incident:
    """Return an incident's shape."""
    return shapes.Incident(
        incident.id,
        incident.title,
        _plain(incident.titles),
        incident.site,
        incident.severity,
        incident.state,
        time_of(incident.opened_at),
        time_of(incident.updated_at),
        incident.targets,
        incident.target_count,
        _maybe(incident.acknowledged_at),
        incident.acknowledged_by,
        incident.note,
        _maybe(incident.resolved_at),
        incident.merged_into,
        incident.muted,
        incident.cause,
        _plain(incident.explanation),
        incident.effect_count,
    )


def of_silence(silence: Silence, now: float) -> shapes.Silence:
    """Return a silence's shape."""
    return shapes.Silence(
        silence.id,
        _matchers(silence.matchers),
        time_of(silence.starts_at),
        time_of(silence.ends_at),
        silence.author,
        silence.reason,
        silence.origin,
        silence.ended_by,
        status_of(silence, now),
    )


def of_maintenance(window: Maintenance, now: float) -> shapes.Maintenance:
    """Return a maintenance window's shape."""
    return shapes.Maintenance(
        window.id,
        window.title,
        [_matchers(each) for each in window.scope],
        time_of(window.starts_at),
        time_of(window.ends_at),
        window.author,
        window.reason,
        window.schedule,
        window.ended_by,
        status_of(window, now),
    )


def of_status(status: CoreStatus, alerts: dict[str, int], version: str, you: shapes.You) -> shapes.Status:
    """Return the shape of how the core is."""
    heard = {name: time_of(at) for name, at in status.sources.items()}
    return shapes.Status(
        status.ok, list(status.problems), status.ledger_size, status.index_lag, heard, alerts, version, you
    )


def status_of(thing: Silence | Maintenance, now: float) -> str:
    """Return whether it is pending, active or ended."""
    if thing.ends_at <= now:
        return "ended"
    return "active" if thing.starts_at <= now else "pending"


def _matchers(matchers: Sequence[Matcher]) -> list[shapes.Matcher]:
    return [shapes.Matcher(each.name, each.value, each.is_regex, each.is_equal) for each in matchers]


def _impact(impact: Impact) -> shapes.Impact:
    return shapes.Impact(time_of(impact.p10), time_of(impact.p50), time_of(impact.p90))


def _plain(mapping: Any) -> dict[str, Any]:
    return mapping if isinstance(mapping, dict) else dict(mapping)


def _maybe(at: float | None) -> datetime | None:
    return None if at is None else time_of(at)


def time_of(at: float) -> datetime:
    """Return Unix seconds as a time; the nearest one that can be written where it lies beyond."""
    if 0 <= at < _LATEST_S:
        return datetime.fromtimestamp(at, UTC)
    return _LATEST if at >= _LATEST_S else _EARLIEST
