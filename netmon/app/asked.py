"""How people write conditions, times and durations on the command line, and how what others wrote is shown to them.

Pure: the time now is an argument. ValueError everywhere says in the reader's language what would be right.
"""

import re
from datetime import datetime, timedelta, tzinfo
from typing import Final

from netmon.api import Matcher
from netmon.app.text import t

_MATCHER: Final = re.compile(r"\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*(.*?)\s*", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_DURATION: Final = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?:in)?)?(?:(\d+)s)?")
_UNITS: Final = (604_800, 86_400, 3_600, 60, 1)
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_MAX_DURATION_S: Final = 366 * 86_400


def matcher(text: str) -> Matcher:
    """Return a condition as Alertmanager writes it: `name=value`, `name!=value`, `name=~"a.*"`, `name!~…`."""
    found = _MATCHER.fullmatch(text)
    if found is None:
        raise ValueError(t("asked.matcher", text=text))
    name, operator, value = found.groups()
    if value.startswith('"'):
        if len(value) < 2 or not value.endswith('"'):
            raise ValueError(t("asked.quote", text=text))
        value = _ESCAPE.sub(lambda escape: "\n" if escape[1] == "n" else str(escape[1]), value[1:-1])
    return Matcher(name, value, is_regex=operator.endswith("~"), is_equal=operator.startswith("="))


def matcher_text(each: Matcher) -> str:
    """Return a condition as `matcher` reads it."""
    operator = ("=" if each.is_equal else "!") + ("~" if each.is_regex else "" if each.is_equal else "=")
    plain = re.fullmatch(r"[\w.*|:/-]+", each.value) is not None
    escaped = each.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f"{each.name}{operator}" + (each.value if plain else f'"{escaped}"')


def duration_s(text: str) -> float:
    """Return `2h`, `1d12h`, `45m`, `90s` or `1w` in seconds."""
    found = _DURATION.fullmatch(text.replace(" ", ""))
    total = sum(int(count or 0) * unit for count, unit in zip(found.groups(), _UNITS, strict=True)) if found else 0
    if not 0 < total <= _MAX_DURATION_S:
        raise ValueError(t("asked.duration", text=text))
    return float(total)


def moment(text: str, now: float, zone: tzinfo | None = None) -> float:
    """Return a time in Unix seconds.

    `22:00` is the next time that a clock shows it, `2026-11-22 22:00` is in `zone` (None: this host's) unless it says
    otherwise, `+2h` counts from now.
    """
    if text == "now":
        return now
    if text.startswith("+"):
        return now + duration_s(text[1:])
    here = datetime.fromtimestamp(now, zone) if zone else datetime.fromtimestamp(now).astimezone()
    if found := _CLOCK.fullmatch(text):
        today = here.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
        chosen = today if today.timestamp() > now else today + timedelta(days=1)
        return _at(chosen, zone)
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(t("asked.moment", text=text)) from None
    return given.timestamp() if given.tzinfo else _at(given, zone)


def printable(text: str) -> str:
    """Return text in one line that does nothing to a terminal."""
    return "".join(each if each.isprintable() else " " if each.isspace() else "\ufffd" for each in text)


def escaped(json_text: str) -> str:
    """Return JSON that does nothing to a terminal, and is the same JSON: what is not printable stands in strings only.

    RFC 8259 section 7: any character may be escaped, one beyond U+FFFF as two.
    """
    return "".join(each if each.isprintable() else _escape(each) for each in json_text)


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


def _at(local: datetime, zone: tzinfo | None) -> float:
    """Return the Unix seconds of what a clock on the wall of that zone shows, also where the zone's offset changes."""
    return local.replace(tzinfo=zone).timestamp()
