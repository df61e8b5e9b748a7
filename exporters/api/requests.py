"""What may be asked: parameters and bodies, strict and with a limit on everything. Pure."""

import unicodedata
from datetime import datetime
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from exporters.api.select import OPEN, Wanted
from netmon.api import Invalid, Matcher, NewMaintenance, NewSilence, Query, Severity, State

MAX_PAGE = 1_000
_MAX_IDS = 10_000
_MAX_NAMES = 100
_MAX_WINDOW_S = 366 * 86_400  # what is to last longer has no place among alerts: change the rule
_LAYOUT = {"\n", "\t"}


def _rfc3339(given: object) -> object:
    if not isinstance(given, str) or len(given) < 20 or given[4] != "-":  # pydantic would take numbers and dates too
        raise ValueError("write a time as in 2026-11-22T08:00:00+07:00 (RFC 3339)")
    return given


def _readable(text: str) -> str:
    """Refuse what would do something to a terminal instead of standing on it."""
    if any(unicodedata.category(each) == "Cc" and each not in _LAYOUT for each in text):
        raise PydanticCustomError("control_characters", "control characters are not allowed")
    return text.strip()


def _not_empty(text: str) -> str:
    if not text:
        raise PydanticCustomError("empty", "write something: the ledger keeps it")
    return text


Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=256, strict=True), AfterValidator(_readable)]
Words: TypeAlias = Annotated[str, Field(max_length=2_000, strict=True), AfterValidator(_readable)]
Said: TypeAlias = Annotated[Words, AfterValidator(_not_empty)]
Time: TypeAlias = Annotated[AwareDatetime, BeforeValidator(_rfc3339)]
Flag: TypeAlias = Annotated[bool, Field(strict=True)]
Names: TypeAlias = Annotated[list[Name], Field(max_length=_MAX_NAMES)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class IncidentFilters(_Asked):
    """Which incidents, and which page of them."""

    state: list[State] = Field(
        default_factory=list, max_length=10, description="Any of these states; without it, those that are open."
    )
    severity: Severity | None = Field(default=None, description="At least this severe.")
    site: Names = Field(default_factory=list, description="Any of these sites; a trailing * stands for any ending.")
    target: Names = Field(default_factory=list, description="Any of these targets; a trailing * as above.")
    text: str = Field(default="", max_length=256, description="Somewhere in it, without regard to case.")
    muted: bool | None = Field(default=None, description="Only muted ones, or only others.")
    limit: int = Field(default=100, ge=1, le=MAX_PAGE, description="How many on a page.")
    cursor: str = Field(default="", max_length=1_024, description="`next` of the page before.")

    def wanted(self) -> Wanted:
        """Return what to look for."""
        states = frozenset(self.state) or OPEN
        return Wanted(states, self.severity, self.site, self.target, text=self.text, muted=self.muted)


class AlertFilters(IncidentFilters):
    """Which alerts, and which page of them."""

    rule: Names = Field(default_factory=list, description="Any of these rules; a trailing * stands for any ending.")
    incident: str = Field(default="", max_length=64, description="Of this incident.")

    def wanted(self) -> Wanted:
        """Return what to look for."""
        states = frozenset(self.state) or OPEN
        return Wanted(
            states, self.severity, self.site, self.target, self.rule, self.incident, self.text, muted=self.muted
        )


class WindowFilters(_Asked):
    """Which silences or maintenance windows."""

    status: list[Literal["pending", "active", "ended"]] = Field(
        default_factory=list, max_length=10, description="Any of these; without it, all that are known."
    )


class HistoryFilters(_Asked):
    """Which records of the ledger."""

    since: Time | None = None
    until: Time | None = Field(default=None, description="Not included.")
    kind: Names = Field(default_factory=list)
    category: Names = Field(default_factory=list)
    target: Names = Field(default_factory=list, description="A trailing * stands for any ending.")
    source: Names = Field(default_factory=list)
    severity: Severity | None = Field(default=None, description="At least this severe.")
    text: str = Field(default="", max_length=256)
    after_seq: int | None = Field(default=None, ge=0, le=2**63 - 1, description="`next` of the page before.")
    order: Literal["newest", "oldest"] = "newest"
    limit: int = Field(default=100, ge=1, le=MAX_PAGE)

    def query(self) -> Query:
        """Return it as the ledger's index takes it."""
        return Query(
            since=_seconds(self.since),
            until=_seconds(self.until),
            kinds=tuple(self.kind),
            categories=tuple(self.category),
            targets=tuple(self.target),
            sources=tuple(self.source),
            severity=self.severity,
            text=self.text,
            after_seq=self.after_seq,
            newest_first=self.order == "newest",
            limit=self.limit,
        )


class Remark(_Asked):
    """A note to an action."""

    note: Words = ""


class Comment(_Asked):
    """A remark for the record."""

    note: Said


class Several(Remark):
    """An action on several alerts, or on all of some incidents."""

    ids: list[Name] = Field(min_length=1, max_length=_MAX_IDS)


class MatcherAsked(_Asked):
    """One condition on a label, as in Alertmanager."""

    name: Name
    value: Annotated[str, Field(max_length=1_024, strict=True), AfterValidator(_readable)]
    is_regex: Flag = False
    is_equal: Flag = True


class _WindowAsked(_Asked):
    starts_at: Time | None = Field(default=None, description="Without it, now.")
    ends_at: Time | None = Field(default=None, description="Either this or duration_s.")
    duration_s: float | None = Field(default=None, gt=0, le=_MAX_WINDOW_S, strict=True)
    reason: Said

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if (self.ends_at is None) == (self.duration_s is None):
            raise PydanticCustomError("one_end", "give either ends_at or duration_s")
        return self

    def times(self, now: float) -> tuple[float, float]:
        """Return (start, end) in Unix seconds; Invalid where that is too long."""
        start = now if self.starts_at is None else self.starts_at.timestamp()
        end = start + (self.duration_s or 0) if self.ends_at is None else self.ends_at.timestamp()
        if end - max(start, now) > _MAX_WINDOW_S:
            raise Invalid(f"it would last longer than {_MAX_WINDOW_S // 86_400} days")
        return start, end


class SilenceAsked(_WindowAsked):
    """A silence that somebody asks for."""

    matchers: list[MatcherAsked] = Field(min_length=1, max_length=_MAX_NAMES)

    def silence(self, now: float) -> NewSilence:
        """Return it as the desk takes it."""
        matchers = tuple(Matcher(each.name, each.value, each.is_regex, each.is_equal) for each in self.matchers)
        return NewSilence(matchers, *self.times(now), self.reason)


class MaintenanceAsked(_WindowAsked):
    """A maintenance window that somebody asks for."""

    scope: list[Name] = Field(min_length=1, max_length=_MAX_NAMES, description="site:NAME, link:NAME, device:NAME, …")
    title: Words = ""

    def maintenance(self, now: float) -> NewMaintenance:
        """Return it as the desk takes it."""
        return NewMaintenance(tuple(self.scope), *self.times(now), self.reason, self.title)


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()
