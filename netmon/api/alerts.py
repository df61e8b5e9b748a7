"""What becomes of findings: alerts, incidents, what mutes them, and what people are told.

All of these are values: a change makes a new one. Times are Unix seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from netmon.api.samples import Value
from netmon.api.words import Impact, Severity


class State(StrEnum):
    """Where an alert, or an incident, is in its life."""

    PENDING = "pending"  # said, but not for long enough to tell anybody
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"  # somebody has it in hand: nothing is repeated or escalated
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on a label, as Alertmanager knows it. A label that is absent is the empty string."""

    name: str
    value: str
    is_regex: bool = False  # anchored at both ends
    is_equal: bool = True  # False: must not match


@dataclass(frozen=True, slots=True)
class Alert:
    """A finding's life. `id` is made from `key` alone, so that one matter keeps its id for as long as it comes back.

    `labels` are all that silences, routes and other systems match: `alertname` (the rule), `instance` (the target),
    `site`, `severity`, and the finding's own.
    """

    id: str  # 12 hexadecimal digits
    key: str
    rule: str
    target: str
    site: str
    severity: Severity
    state: State
    summary: str
    labels: Mapping[str, str]
    source: str  # the daemon, or the other system, that says so
    starts_at: float  # when it was first said, this time
    updated_at: float  # when it was last said, or last changed
    fired_at: float | None = None
    resolved_at: float | None = None
    acknowledged_at: float | None = None
    acknowledged_by: str = ""
    note: str = ""
    incident: str = ""
    flapping: bool = False  # comes and goes too often: kept firing until it is quiet
    muted_by: tuple[str, ...] = ()  # ids of the silences and maintenance windows over it now
    why_resolved: str = ""  # cleared, expired, operator, target left, …
    evidence: Mapping[str, str | Value] = field(default_factory=dict)
    summaries: Mapping[str, str] = field(default_factory=dict)
    impact: Impact | None = None
    runbook: str = ""
    expires_s: float | None = None
    effect_of: str = ""  # the element whose failure explains it, as `link:ring-03`; empty: a cause, or on its own


@dataclass(frozen=True, slots=True)
class Incident:
    """Alerts with one cause: what people are told about, once. Its alerts carry its id."""

    id: str  # `I` and a number that only grows
    key: str  # what the correlator groups by
    title: str
    titles: Mapping[str, str]  # in other languages than English, by code
    site: str
    severity: Severity  # the worst of its alerts so far
    state: State  # PENDING never: an incident opens when its first alert fires
    opened_at: float
    updated_at: float
    targets: tuple[str, ...] = ()  # at most 20, for people; `target_count` is how many there are
    target_count: int = 0
    acknowledged_at: float | None = None
    acknowledged_by: str = ""
    note: str = ""
    resolved_at: float | None = None
    merged_into: str = ""  # the incident that took its alerts over
    muted: bool = False  # every firing alert of it is muted, or its cause is over and others say so only later
    cause: str = ""  # the element that failed, as `link:ring-03` or `device:acc-rsud`; empty where none is known
    explanation: Mapping[str, str] = field(default_factory=dict)  # why it is thought so, by language code, `en` too
    effect_count: int = 0  # of its alerts that fire, those that are effects of the cause
    news_at: float | None = None  # when people last had reason to look: opened, reopened, worse, grown, acknowledged
    title_of: str = ""  # the id of the alert whose summary the title repeats; empty where it tells of a cause or a site


@dataclass(frozen=True, slots=True)
class Silence:
    """Keeps alerts that match all matchers from disturbing people. The alerts live on and are recorded."""

    id: str
    matchers: tuple[Matcher, ...]
    starts_at: float
    ends_at: float
    author: str
    reason: str
    origin: str = "netmon"  # or the name of the Alertmanager it was made in
    ended_by: str = ""  # who ended it before its time


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Announced work: what matches any of `scope` (each all of its matchers) disturbs nobody while it lasts."""

    id: str
    title: str
    scope: tuple[tuple[Matcher, ...], ...]
    starts_at: float
    ends_at: float
    author: str
    reason: str
    schedule: str = ""  # the calendar entry in the settings that it comes from
    ended_by: str = ""


class Notices(StrEnum):
    """Why somebody is told something."""

    OPENED = "opened"
    WORSE = "worse"  # the incident's severity rose
    REPEATED = "repeated"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    DIGEST = "digest"  # many small things at once
    HANDOVER = "handover"  # what is open when their turn on call begins


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person over one channel, ready to send. `channel` names one of the recipient's channels."""

    id: str
    recipient: str
    channel: str
    language: str
    severity: Severity
    why: Notices
    subject: str
    body: str  # plain text
    incidents: tuple[str, ...] = ()


def labels_of(rule: str, target: str, site: str, severity: Severity, labels: Mapping[str, str]) -> dict[str, str]:
    """Return the full labels of an alert: what is ours wins over what the finding brought under the same name."""
    ours = {"alertname": rule, "instance": target, "site": site, "severity": severity.value}
    return {**labels, **{name: value for name, value in ours.items() if value}}
