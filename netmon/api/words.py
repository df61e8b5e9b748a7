"""Things watched, things that happened, and judgements on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import total_ordering

from netmon.api.samples import Value


@total_ordering
class Severity(Enum):
    """How much a finding matters. Ordered: `Severity.CRITICAL` is greater than `Severity.INFO`."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Severity):
            return NotImplemented
        return _RANKS[self] < _RANKS[other]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


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
    """A rule's judgement. Findings with the same `key` are one matter; `impact` is set on early warnings.

    A rule says a finding when it begins, again while it lasts, and once with `cleared` when it is over. One that is
    not said again for `expires_s` seconds is taken to be over (None: the core's own patience).
    `labels` tell matters of one rule and target apart and are what silences and routes match beside rule, target, site
    and severity (ifName, mountpoint, …). `summaries` holds the summary in other languages than English, by code.
    """

    rule: str
    target: str
    at: float
    severity: Severity
    summary: str
    key: str
    evidence: Mapping[str, str | Value] = field(default_factory=dict, hash=False)
    impact: Impact | None = None
    cleared: bool = False
    expires_s: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    summaries: Mapping[str, str] = field(default_factory=dict, hash=False)
    runbook: str = ""
    at_once: bool = False  # the rule made sure of it itself: nobody is to wait for it to last
