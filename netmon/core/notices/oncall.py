"""Who is on call: rotas that hand over by the wall clock of their time zone, with exceptions. Pure."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HANDOVER: Final = re.compile(r"(?:([A-Za-z]+) )?([01]\d|2[0-3]):([0-5]\d)")
_EVERY: Final = re.compile(r"day|week|([1-9]\d{0,2}) days")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # ZoneInfoNotFoundError is a KeyError
        raise ValueError(f"{name!r} is no time zone; write one such as Asia/Jakarta") from None
    return name


def _handover(text: str) -> str:
    match = _HANDOVER.fullmatch(text)
    if match is None or (match[1] is not None and match[1] not in WEEKDAYS):
        raise ValueError(f"{text!r} is no time of a handover; write it as in 'Monday 08:00', or '08:00'")
    return text


def _every(text: str) -> str:
    if _EVERY.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no length of a turn; write day, week, or a number as in '3 days'")
    return text


TimeZone: TypeAlias = Annotated[str, AfterValidator(_zone)]
Handover: TypeAlias = Annotated[str, AfterValidator(_handover)]
Every: TypeAlias = Annotated[str, AfterValidator(_every)]


class Override(BaseModel):
    """Somebody stands in. Times without an offset are the rota's own."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    from_: datetime = Field(alias="from")
    until: datetime
    person: str

    @model_validator(mode="after")
    def _order(self) -> "Override":
        if (self.from_.tzinfo is None) != (self.until.tzinfo is None):
            raise ValueError("until has a UTC offset and from has none, or the other way round; give both, or neither")
        if self.until <= self.from_:
            raise ValueError("until is not after from; exchange them")
        return self


class Rota(BaseModel):
    """People who take turns. The first one's turn begins with the first handover on or after `start`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    people: tuple[str, ...] = Field(min_length=1, max_length=100)
    start: date
    every: Every = "week"
    handover: Handover = "Monday 08:00"
    timezone: TimeZone | None = None  # None: that of `notify`
    overrides: tuple[Override, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> "Rota":
        if self.every == "week" and " " not in self.handover:
            raise ValueError("handover names no weekday, and turns are weeks; write it as in 'Monday 08:00'")
        if self.every != "week" and " " in self.handover and "handover" in self.model_fields_set:
            raise ValueError(f"handover names a weekday, and turns are '{self.every}' long; write only the time")
        return self

    def named(self) -> frozenset[str]:
        """Return everybody whom this rota may name."""
        return frozenset(self.people) | {override.person for override in self.overrides}

    def on_call(self, at: float, zone: str) -> str:
        """Return who is on call at `at` (Unix seconds); `zone` is the time zone of a rota that has none itself."""
        local = ZoneInfo(self.timezone or zone)
        here = datetime.fromtimestamp(at, local)
        for override in self.overrides:
            if _aware(override.from_, local) <= here.astimezone(UTC) < _aware(override.until, local):
                return override.person
        return self.people[self._turn(here.replace(tzinfo=None)) % len(self.people)]

    def _turn(self, here: datetime) -> int:
        """Return how many turns began since the first one; negative before it. Days are counted on the calendar."""
        weekday, at = self._handover()
        first = self.start
        if weekday is not None:
            first += timedelta(days=(weekday - first.weekday()) % 7)
        day = here.date() if here.time() >= at else here.date() - timedelta(days=1)
        return (day - first).days // self._days()

    def _handover(self) -> tuple[int | None, time]:
        name, _, clock = self.handover.rpartition(" ")
        weekday = WEEKDAYS.index(name) if name and self.every == "week" else None
        return weekday, time.fromisoformat(clock)

    def _days(self) -> int:
        return {"day": 1, "week": 7}.get(self.every) or int(self.every.split()[0])


def _aware(moment: datetime, zone: ZoneInfo) -> datetime:
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).astimezone(UTC)


def next_time(times: tuple[Any, ...], zone: str, now: float) -> float:
    """Return the next moment after `now` (Unix seconds) when the wall clock of `zone` shows one of these times.

    A time that a change of the clock skips comes as much later; one that comes twice counts the first time.
    """
    local = ZoneInfo(zone)
    today = datetime.fromtimestamp(now, local).date()
    days = (today + timedelta(days=ahead) for ahead in range(3))
    moments = (datetime.combine(day, at, tzinfo=local).timestamp() for day in days for at in times)
    return min(moment for moment in moments if moment > now)
