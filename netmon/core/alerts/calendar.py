"""Maintenance that comes again: when an entry of the settings has its windows. Pure; local time by zoneinfo.

A start or end that the clock skips (daylight saving begins) is taken by the offset before the gap; one that comes
twice is the first. With a duration a window lasts exactly so long; with an end it ends when local clocks show it.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from netmon.core.alerts.settings import CalendarEntry

_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LOOK_AHEAD_DAYS: Final = 70  # the 31st is at most 62 days away
_LOOK_BACK_DAYS: Final = 8  # the longest duration, and a day for time zones


@dataclass(frozen=True, slots=True)
class Window:
    """One occurrence of an entry, in Unix seconds; the end is not in it."""

    id: str
    entry: CalendarEntry
    starts_at: float
    ends_at: float


def around(entry: CalendarEntry, now: float) -> tuple[list[Window], Window | None]:
    """Return the windows of an entry that are open now, and the next one to open."""
    opened: list[Window] = []
    for day in _days(entry, now):
        window = _window(entry, day)
        if window.starts_at > now:
            return opened, window
        if now < window.ends_at:
            opened.append(window)
    return opened, None


def _window(entry: CalendarEntry, day: date) -> Window:
    zone = ZoneInfo(entry.timezone)
    starts, ends = entry.starts(), entry.ends()
    begin = datetime.combine(day, starts, zone).timestamp()
    if ends is None:
        finish = begin + (entry.duration_s or 0)
    else:
        last = day if ends > starts else day + timedelta(days=1)
        finish = max(begin, datetime.combine(last, ends, zone).timestamp())
    return Window(f"{entry.name}@{day.isoformat()}", entry, begin, finish)


def _days(entry: CalendarEntry, now: float) -> Iterator[date]:
    """Give the days on which it starts, from a few days ago on, in order."""
    if entry.dates:
        yield from sorted(set(entry.dates))
        return
    today = datetime.fromtimestamp(now, ZoneInfo(entry.timezone)).date()
    for ahead in range(-_LOOK_BACK_DAYS, _LOOK_AHEAD_DAYS):
        day = today + timedelta(days=ahead)
        if _on(entry, day):
            yield day


def _on(entry: CalendarEntry, day: date) -> bool:
    if entry.weekdays:
        return _WEEKDAYS[day.weekday()] in entry.weekdays
    if entry.monthly:
        length = monthrange(day.year, day.month)[1]
        return day.day in entry.monthly or day.day - length - 1 in entry.monthly
    return True
