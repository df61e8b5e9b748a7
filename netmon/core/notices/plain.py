"""Text from outside made fit for a message: one line, nothing that steers a display, not too long; and times."""

import re
import unicodedata
from datetime import datetime
from math import isfinite
from typing import Final
from zoneinfo import ZoneInfo

from netmon.api import Value
from netmon.core.notices.texts import say

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)", re.IGNORECASE)
_NAMES_A_MOMENT: Final = re.compile(
    r"start|end|since|until|at|time|timestamp|.*_(since|until|at|time|timestamp)(_seconds)?"
)
_MOMENTS: Final = range(946_684_800, 4_102_444_800)  # Unix seconds of the years 2000 to 2099
_EXACT: Final = 1e21  # a float beyond it has no digits that mean anything but its first


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


def evident(name: str, value: str | Value, zone: str, language: str) -> str:
    """Return a piece of evidence for people: moments by their clock, numbers with no more digits than matter.

    A moment is text as in RFC 3339, or Unix seconds whose name says that they are a time.
    """
    if isinstance(value, str):
        at = _moment(value)
        return value if at is None else when(at, zone, language)
    if isfinite(value) and int(value) in _MOMENTS and _NAMES_A_MOMENT.fullmatch(name):
        return when(float(value), zone, language)
    return figure(value, language)


def _moment(text: str) -> float | None:
    """Return the Unix seconds that text stands for; None where it is no moment."""
    if _MOMENT.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text.upper()).timestamp()
    except (ValueError, OverflowError):  # the 31st of February
        return None


def figure(value: Value, language: str) -> str:
    """Return a number as the language writes it: whole ones whole, others with at most six digits that matter."""
    if isinstance(value, float) and (not isfinite(value) or abs(value) >= _EXACT):
        return f"{value:g}"
    if value == int(value) or abs(value) >= 100_000:
        text = f"{round(value):,}"
    else:
        text = f"{value:.6g}" if abs(value) < 1_000 else f"{value:,.{2 if abs(value) < 10_000 else 1}f}"
    return text.translate(_COMMAS) if language == "id" else text


_COMMAS: Final = str.maketrans(",.", ".,")
