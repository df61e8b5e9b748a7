"""Alerts as Prometheus hands them in (Alertmanager's API v2) become findings. Pure.

https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml, `postableAlerts`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta

from netmon.api import Finding, Severity, Value

TargetOf: TypeAlias = Callable[[Mapping[str, str]], str]
"""From an alert's labels to the name of the target that it is about."""

_MAX_LABELS = 64  # of one alert; Prometheus's own default limit is none, usual rules have five
_MAX_NAME = 128
_MAX_VALUE = 1_024
_MAX_TEXT = 4_096  # of one annotation; what is longer is cut, because it is for people
_MAX_SUMMARY = 1_000

SEVERITIES: Final[Mapping[str, Severity]] = {
    "critical": Severity.CRITICAL,
    "page": Severity.CRITICAL,
    "error": Severity.ERROR,
    "high": Severity.ERROR,
    "warning": Severity.WARNING,
    "ticket": Severity.WARNING,
    "info": Severity.INFO,
    "none": Severity.INFO,
}
"""What rules write into the label `severity`; anything else, and nothing, is a warning."""

# What does something to a terminal, or to the order in which text is shown, instead of standing in it. A label becomes
# a name, on one line; an annotation may have several lines.
_FOREIGN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_FOREIGN_IN_TEXT: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")

_TOLD: Final = frozenset({"summary", "summary_id", "runbook_url"})  # annotations with a place of their own
_OURS: Final = frozenset({"alertname", "instance", "severity"})  # labels that the alert makes anew from the finding


class Posted(msgspec.Struct, rename="camel"):
    """One alert as it is sent. Unknown members are for later versions of that interface, and passed over."""

    labels: Annotated[dict[str, str], Meta(description="Say which alert it is; `alertname` must be among them.")]
    annotations: Annotated[dict[str, str], Meta(description="Text for people.")] = {}
    starts_at: Annotated[datetime, Meta(tz=True)] | None = None
    ends_at: Annotated[datetime, Meta(tz=True)] | None = None
    generator_url: Annotated[str, Meta(description="Where the rule can be looked at.")] = msgspec.field(
        default="", name="generatorURL"
    )


_posted = msgspec.json.Decoder(Posted)
_list = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Taken:
    """What one request brings: findings, and what is wrong with the rest, by place in the list."""

    received: int
    findings: Sequence[Finding]
    faults: Sequence[tuple[int, str]]


def split(body: bytes) -> Sequence[msgspec.Raw]:
    """Return the alerts of a request, not looked into yet; ValueError where it is no list."""
    return _list.decode(body)


def take(alerts: Sequence[msgspec.Raw], now: float, target_of: TargetOf, timeout_s: float) -> Taken:
    """Return the findings of these alerts. One that is wrong does not keep the others out."""
    findings: list[Finding] = []
    faults: list[tuple[int, str]] = []
    for place, raw in enumerate(alerts):
        try:
            findings.append(finding(_posted.decode(raw), now, target_of, timeout_s))
        except (ValueError, RecursionError) as error:
            faults.append((place, str(error)))
    return Taken(len(alerts), findings, faults)


def finding(alert: Posted, now: float, target_of: TargetOf, timeout_s: float) -> Finding:
    """Return what an alert says, as a finding; ValueError where it cannot be one."""
    labels = {_name(name): _name(value) for name, value in alert.labels.items() if value}  # an empty one is none
    _check(labels)
    ends_at = alert.ends_at.timestamp() if alert.ends_at is not None and alert.ends_at.year > 1 else now + timeout_s
    name, instance, about = labels["alertname"], labels.get("instance", ""), alert.annotations
    target = target_of(labels)
    summary = about.get("summary") or about.get("description") or (f"{name} on {target}" if target else name)
    indonesian = about.get("summary_id", "")
    return Finding(
        rule=name,
        target=target,
        at=now,
        severity=SEVERITIES.get(labels.get("severity", "").lower(), Severity.WARNING),
        summary=_cut(summary, _MAX_SUMMARY),
        key=key_of(labels),
        evidence=_evidence(alert, instance if instance != target else ""),
        cleared=ends_at <= now,
        expires_s=max(0.0, ends_at - now),
        labels={each: value for each, value in labels.items() if each not in _OURS},
        summaries={"id": _cut(indonesian, _MAX_SUMMARY)} if indonesian else {},
        runbook=_cut(about.get("runbook_url", ""), _MAX_VALUE),
    )


def key_of(labels: Mapping[str, str]) -> str:
    """Return what tells an alert from all others: its labels, as in Alertmanager, in a form that never changes."""
    text = "".join(f"{len(name)}:{name}{len(value)}:{value}" for name, value in sorted(labels.items()))
    return f"prometheus/{sha256(text.encode()).hexdigest()[:32]}"


def _check(labels: Mapping[str, str]) -> None:
    if not labels.get("alertname"):
        raise ValueError("the label alertname is missing")
    if len(labels) > _MAX_LABELS:
        raise ValueError(f"{len(labels)} labels are more than {_MAX_LABELS}")
    for name, value in labels.items():
        if len(name) > _MAX_NAME or len(value) > _MAX_VALUE:
            raise ValueError(f"the label {name[:_MAX_NAME]!r} is longer than {_MAX_VALUE} characters")


def _evidence(alert: Posted, instance: str) -> dict[str, str | Value]:
    told: dict[str, str | Value] = {
        _name(name[:_MAX_NAME]): _cut(text, _MAX_TEXT)
        for name, text in list(alert.annotations.items())[:_MAX_LABELS]
        if name not in _TOLD
    }
    if alert.starts_at is not None:
        told["starts_at"] = alert.starts_at.isoformat()
    if alert.generator_url:
        told["generator_url"] = _cut(alert.generator_url, _MAX_TEXT)
    if instance:
        told["instance"] = instance
    return told


def _name(text: str) -> str:
    return _FOREIGN.sub("\ufffd", text)


def _cut(text: str, limit: int) -> str:
    return _FOREIGN_IN_TEXT.sub("\ufffd", text if len(text) <= limit else text[: limit - 1] + "…")
