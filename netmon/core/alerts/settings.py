"""What the operator can set about alerts. Units are in the names."""

from datetime import date, time
from typing import Annotated, Any, Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from netmon.api import Severity
from netmon.core.causes.settings import CauseSettings


def _clock_time(value: Any) -> Any:
    """Return HH:MM as text. YAML 1.1 reads 22:00 without quotes as the number 1320, minutes that is."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 * 60:
        return f"{value // 60:02d}:{value % 60:02d}"
    return value


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError where the name is unknown
        raise ValueError(f"{name!r} is no time zone; write it as in Asia/Jakarta") from None
    except KeyError:
        raise ValueError(f"{name!r} is no time zone that this host knows; write it as in Asia/Jakarta") from None
    return name


ClockTime: TypeAlias = Annotated[str, BeforeValidator(_clock_time), Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
TimeZone: TypeAlias = Annotated[str, AfterValidator(_time_zone)]
Weekday: TypeAlias = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MonthDay: TypeAlias = Annotated[int, Field(ge=-28, le=31)]  # -1 is the last day of the month


LONGEST_WINDOW_S: Final = 7 * 86_400
"""How long one maintenance window of the calendar can be."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class CalendarEntry(_Model):
    """Maintenance that comes again. Without weekdays, days of the month or dates it is every day."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    scope: tuple[str, ...] = Field(min_length=1, max_length=100)  # site:NAME, link:NAME, device:NAME, …
    title: str = Field(default="", max_length=200)
    reason: str = Field(min_length=1, max_length=1000)
    weekdays: tuple[Weekday, ...] = ()
    monthly: tuple[MonthDay, ...] = ()  # a day that a month does not have is left out in that month
    dates: tuple[date, ...] = Field(default=(), max_length=1000)
    start: ClockTime
    end: ClockTime | None = None  # at or before the start: on the next day
    duration_s: float | None = Field(default=None, ge=60, le=LONGEST_WINDOW_S)
    timezone: TimeZone = "Asia/Jakarta"

    @model_validator(mode="after")
    def _one_of_each(self) -> "CalendarEntry":
        if (self.end is None) == (self.duration_s is None):
            raise ValueError("a maintenance window has either an end or a duration_s")
        if sum(map(bool, (self.weekdays, self.monthly, self.dates))) > 1:
            raise ValueError("a maintenance window has weekdays, monthly days or dates, one of these")
        if 0 in self.monthly:
            raise ValueError("there is no day 0; 1 is the first day of a month and -1 the last")
        return self

    def starts(self) -> time:
        """Return the local time of its start."""
        return time.fromisoformat(self.start)

    def ends(self) -> time | None:
        """Return the local time of its end, None where a duration says it."""
        return None if self.end is None else time.fromisoformat(self.end)


class PendingSettings(_Model):
    """For how long a finding must last before it is an alert that people hear of, by its severity."""

    info: float = Field(default=60, ge=0, le=86_400)
    warning: float = Field(default=60, ge=0, le=86_400)
    error: float = Field(default=30, ge=0, le=86_400)
    critical: float = Field(default=0, ge=0, le=86_400)

    def of(self, severity: Severity) -> float:
        """Return seconds."""
        return float(getattr(self, severity.value))


class FlappingSettings(_Model):
    """When an alert comes and goes too often to be told about each time."""

    window_s: float = Field(default=900, gt=0, le=86_400)
    changes: int = Field(default=6, ge=2, le=100)  # more comings and goings than this in the window
    quiet_s: float = Field(default=900, gt=0, le=86_400)  # without any, it flaps no more


class AlertSettings(_Model):
    """The life of alerts and incidents."""

    pending_for_s: PendingSettings = Field(default_factory=PendingSettings)
    resolve_hold_s: float = Field(default=60, ge=0, le=86_400)  # over for so long before it is resolved
    expires_s: float = Field(default=900, ge=10, le=604_800)  # not said again for so long: over; findings may say more
    flapping: FlappingSettings = Field(default_factory=FlappingSettings)
    keep_resolved_s: float = Field(default=86_400, ge=0, le=31 * 86_400)  # shown for so long; the ledger keeps them
    reopen_within_s: float = Field(default=600, ge=0, le=86_400)  # resolved for less: the same incident again
    news_after_s: float = Field(default=1800, ge=0, le=604_800)  # what joins an incident later than this is news
    # An alert takes about 2 kB. 50,000 is every port of 1,000 switches: more than people or this host can use.
    max_alerts: int = Field(default=50_000, ge=10, le=1_000_000)
    max_incidents: int = Field(default=10_000, ge=10, le=1_000_000)  # what fires beyond goes to one that collects
    max_silences: int = Field(default=1_000, ge=1, le=100_000)  # and as many maintenance windows; each alert is matched
    targets_for_site: int = Field(default=3, ge=2, le=1_000)  # the same rule on so many of a site: one incident
    # Of all targets of a site; errors on so many, and on `targets_for_site`, are one incident whatever their rules.
    site_share: float = Field(default=0.5, gt=0, le=1)
    site_window_s: float = Field(default=300, gt=0, le=86_400)  # when they begin within this time
    causes: CauseSettings = Field(default_factory=CauseSettings)  # which rules are signs of what
    maintenance: tuple[CalendarEntry, ...] = Field(default=(), max_length=200)

    @model_validator(mode="after")
    def _names_once(self) -> "AlertSettings":
        names = [entry.name for entry in self.maintenance]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"more than one maintenance window is called {', '.join(twice)}")
        return self
