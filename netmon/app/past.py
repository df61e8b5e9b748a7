"""How people write times that are past: `2h`, `yesterday`, `08:00`, `2026-11-01`. Pure: the time now is an argument."""

import re
from datetime import datetime, time, timedelta, tzinfo
from typing import Final

from netmon.app.text import t

_SPAN: Final = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?:in)?)?(?:(\d+)s)?")
_UNITS: Final = (604_800, 86_400, 3_600, 60, 1)
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
_DAYS: Final = {"today": 0, "yesterday": 1}


def past(text: str, now: float, zone: tzinfo | None = None) -> float:
    """Return a time in Unix seconds; ValueError says in the reader's language what would be right.

    `90s`, `2h30m`, `1w` are so long ago; `08:00` is the last time that a clock showed it, `today` and a date are their
    midnight; all in `zone` (None: this host's) unless the time brings its own.
    """
    text = text.strip()
    if text == "now":
        return now
    here = datetime.fromtimestamp(now, zone) if zone else datetime.fromtimestamp(now)  # noqa: DTZ006 - the host's zone
    if text in _DAYS:
        day = here.date() - timedelta(days=_DAYS[text])
        return _at(datetime.combine(day, time()), zone)
    if text and (span := _SPAN.fullmatch(text)):
        return now - sum(int(count or 0) * unit for count, unit in zip(span.groups(), _UNITS, strict=True))
    if clock := _CLOCK.fullmatch(text):
        shown = time(int(clock[1]), int(clock[2]), int(clock[3] or 0))
        last = _at(datetime.combine(here.date(), shown), zone)
        return last if last <= now else _at(datetime.combine(here.date() - timedelta(days=1), shown), zone)
    try:
        given = datetime.fromisoformat(text)
        return given.timestamp() if given.tzinfo else _at(given, zone)
    except (ValueError, OverflowError):
        raise ValueError(t("events.bad_time", text=text)) from None


def _at(local: datetime, zone: tzinfo | None) -> float:
    """Return the Unix seconds of what a clock on the wall of that zone shows, also where the zone's offset changes."""
    return local.replace(tzinfo=zone).timestamp()
