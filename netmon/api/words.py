"""Things watched, things that happened, and judgements on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from netmon.api.samples import Value


class Severity(IntEnum):
    """How much a finding matters; higher is worse."""

    INFO = 10
    WARNING = 20
    ERROR = 30
    CRITICAL = 40


@dataclass(frozen=True, slots=True)
class Target:
    """A thing watched. `name` is its `instance` label; `address` is a host, with a port where it is not the usual.

    `options` is what the inventory says for its collector (an interval, the name of a credential), `labels` what every
    series of it carries beside instance, job and site.
    """

    name: str
    address: str
    site: str
    kind: str
    labels: tuple[tuple[str, str], ...] = ()
    options: Mapping[str, object] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: `fields` under Elastic Common Schema names, `raw` as it was received."""

    at: float
    source: str
    target: str
    category: str
    severity: Severity
    fields: Mapping[str, str | Value]
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Impact:
    """When a limit is expected to be reached, in Unix seconds: the median and the ends of the 80% interval."""

    p10: float
    p50: float
    p90: float


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule's judgement. Findings with the same `key` are one matter; `impact` is set on early warnings."""

    rule: str
    target: str
    at: float
    severity: Severity
    summary: str
    key: str
    evidence: Mapping[str, str | Value]
    impact: Impact | None = None
