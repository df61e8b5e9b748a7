"""Text from outside made fit for a message: one line, nothing that steers a display, not too long; and times."""

import unicodedata
from datetime import datetime
from zoneinfo import ZoneInfo

from netmon.core.notices.texts import say


def clean(text: str, most: int) -> str:
    """Return text as one line of at most `most` characters.

    Control characters (line ends, which would forge mail headers) and those that turn the direction of writing become
    spaces; what is cut ends in an ellipsis.
    """
    kept = "".join(
        " " if unicodedata.category(char)[0] == "C" or char in "\u2028\u2029" else char for char in text[: 4 * most]
    )
    line = " ".join(kept.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def when(at: float, zone: str, language: str) -> str:
    """Return a moment (Unix seconds) as the recipient's clock and calendar show it."""
    here = datetime.fromtimestamp(at, ZoneInfo(zone))
    day = say(language, "days").split()[here.weekday()]
    month = say(language, "months").split()[here.month - 1]
    return f"{here:%H:%M} {here.tzname()}, {day} {here.day} {month}"


def lasting(seconds: float, language: str) -> str:
    """Return a length of time in the two largest units."""
    whole = max(0, round(seconds))
    if whole < 60:
        return say(language, "duration.s", n=whole)
    minutes = whole // 60
    if minutes < 60:
        return say(language, "duration.min", n=minutes)
    hours = minutes // 60
    if hours < 48:
        return say(language, "duration.h", n=hours, m=minutes % 60)
    return say(language, "duration.d", n=hours // 24, m=hours % 24)


def listed(names: list[str], count: int, language: str) -> str:
    """Return names with how many more there are (`count` is of all)."""
    text = ", ".join(names)
    return say(language, "more", names=text, count=count - len(names)) if count > len(names) else text
