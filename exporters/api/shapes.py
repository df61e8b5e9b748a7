"""What answers look like: the same definitions are written out and described in the OpenAPI document. Pure.

Those that come by the thousand are kept from the garbage collector (`gc=False`): none can hold itself, and looking
through all alerts would stop the event loop for 50 ms.
"""

from datetime import datetime
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta

from netmon.api import Severity, State

Time: TypeAlias = Annotated[datetime, Meta(tz=True)]


class Impact(msgspec.Struct, gc=False):
    """When a limit is expected to be reached."""

    p10: Annotated[Time, Meta(description="Beginning of the 80% interval.")]
    p50: Annotated[Time, Meta(description="The median.")]
    p90: Annotated[Time, Meta(description="End of the 80% interval.")]


class Alert(msgspec.Struct, gc=False):
    """An alert: a finding's life."""

    id: Annotated[str, Meta(description="Stays the same for as long as the same matter comes back.")]
    rule: str
    target: str
    site: str
    severity: Severity
    state: State
    summary: str
    summaries: Annotated[dict[str, str], Meta(description="The summary in other languages, by code.")]
    labels: Annotated[dict[str, str], Meta(description="What silences and routes match.")]
    source: Annotated[str, Meta(description="Who says so: a daemon, or another system.")]
    starts_at: Annotated[Time, Meta(description="When it was first said, this time.")]
    updated_at: Annotated[Time, Meta(description="When it was last said or changed.")]
    fired_at: Time | None
    resolved_at: Time | None
    acknowledged_at: Time | None
    acknowledged_by: str
    note: str
    incident: Annotated[str, Meta(description="The id of its incident; empty before it fired.")]
    flapping: Annotated[bool, Meta(description="It comes and goes too often, and is kept firing until it is quiet.")]
    muted_by: Annotated[tuple[str, ...], Meta(description="Ids of the silences and maintenance windows over it now.")]
    why_resolved: str
    evidence: Annotated[dict[str, str | int | float | None], Meta(description="Infinities and NaN are null.")]
    impact: Impact | None
    runbook: str
    effect_of: Annotated[
        str, Meta(description="The element whose failure explains it, as link:ring-03; empty: a cause, or on its own.")
    ]


class Incident(msgspec.Struct, gc=False):
    """An incident: alerts with one cause."""

    id: str
    title: str
    titles: Annotated[dict[str, str], Meta(description="The title in other languages, by code.")]
    site: str
    severity: Annotated[Severity, Meta(description="The worst of its alerts so far.")]
    state: State
    opened_at: Time
    updated_at: Time
    targets: Annotated[tuple[str, ...], Meta(description="At most 20 of them.")]
    target_count: int
    acknowledged_at: Time | None
    acknowledged_by: str
    note: str
    resolved_at: Time | None
    merged_into: Annotated[str, Meta(description="The incident that took its alerts over.")]
    muted: Annotated[bool, Meta(description="Every firing alert of it is muted.")]
    cause: Annotated[str, Meta(description="The element that failed, as link:ring-03; empty where none is known.")]
    explanation: Annotated[dict[str, str], Meta(description="Why it is thought so, by language code; empty likewise.")]
    effect_count: Annotated[int, Meta(description="Of its alerts that fire, those that the cause explains.")]


class Matcher(msgspec.Struct, gc=False):
    """One condition on a label."""

    name: str
    value: str
    is_regex: Annotated[bool, Meta(description="The value is an expression, anchored at both ends.")]
    is_equal: Annotated[bool, Meta(description="False: the label must not match.")]


class Silence(msgspec.Struct):
    """A silence: what matches all matchers disturbs nobody."""

    id: str
    matchers: list[Matcher]
    starts_at: Time
    ends_at: Time
    author: str
    reason: str
    origin: Annotated[str, Meta(description="netmon, or the Alertmanager that it was made in.")]
    ended_by: Annotated[str, Meta(description="Who ended it before its time.")]
    status: Annotated[str, Meta(description="pending, active or ended")]
    covers: Annotated[int | None, Meta(description="Open alerts that match as it is made; null at other times.")] = None


class Maintenance(msgspec.Struct):
    """A maintenance window: what matches any of its scope disturbs nobody while it lasts."""

    id: str
    title: str
    scope: list[list[Matcher]]
    starts_at: Time
    ends_at: Time
    author: str
    reason: str
    schedule: Annotated[str, Meta(description="The calendar entry in the settings that it comes from.")]
    ended_by: str
    status: Annotated[str, Meta(description="pending, active or ended")]
    covers: Annotated[int | None, Meta(description="Open alerts that match as it is made; null at other times.")] = None


class AlertPage(msgspec.Struct):
    """Some of the alerts that match, open ones first, worst and newest first."""

    alerts: list[Alert]
    total: Annotated[int, Meta(description="How many match in all.")]
    next: Annotated[str | None, Meta(description="Give it as `cursor` for the next page; null on the last one.")]


class IncidentPage(msgspec.Struct):
    """Some of the incidents that match, open ones first, worst and newest first."""

    incidents: list[Incident]
    total: int
    next: str | None


class Unusual(msgspec.Struct):
    """A series that was unlike its own past, when it was most so."""

    target: str
    metric: str
    labels: Annotated[str, Meta(description="name=value, with commas between.")]
    at: Time
    value: Annotated[float, Meta(description="In the unit of the series; of a counter, its increase in a second.")]
    expected: float
    score: Annotated[float, Meta(description="From 0 to below 1; half and more is unusual.")]
    times: Annotated[int, Meta(description="How often it was said to be unusual in that time.")]


class IncidentWhole(msgspec.Struct):
    """An incident, its alerts, and what was unusual at its targets."""

    incident: Incident
    alerts: Annotated[list[Alert], Meta(description="At most 1,000, open ones first, worst and newest first.")]
    alert_count: int
    unusual: Annotated[
        list[Unusual],
        Meta(
            description="The 20 most unusual series of its targets and its cause, from 30 minutes before it opened "
            "until 5 minutes after its end."
        ),
    ]
    unusual_count: Annotated[int, Meta(description="How many series were unusual there in all.")]


class Alerts(msgspec.Struct):
    """The alerts that an action changed."""

    alerts: list[Alert]


class Silences(msgspec.Struct):
    """Silences, those that end last first."""

    silences: list[Silence]


class Maintenances(msgspec.Struct):
    """Maintenance windows, those that end last first."""

    maintenances: list[Maintenance]


class History(msgspec.Struct):
    """Records of the ledger, each as it stands there."""

    records: list[dict[str, Any]]
    next: Annotated[int | None, Meta(description="Give it as `after_seq` for the next page; null on the last one.")]


class You(msgspec.Struct):
    """Who asks."""

    name: str
    roles: list[str]


class Status(msgspec.Struct):
    """How the core is."""

    ok: bool
    problems: Annotated[list[str], Meta(description="What is wrong; empty when all is well.")]
    ledger_size: Annotated[int, Meta(description="Records in the ledger.")]
    index_lag: Annotated[int, Meta(description="Records that searches do not find yet.")]
    sources: Annotated[dict[str, Time], Meta(description="When each daemon was last heard.")]
    alerts: Annotated[dict[str, int], Meta(description="How many alerts are in each state.")]
    version: str
    you: You
