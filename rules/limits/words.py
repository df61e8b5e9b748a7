"""What a limit's summary is filled with: numbers with their units, and the labels of what it is about."""

from typing import Final

from netmon.api import Value
from rules.limits.judge import Verdict
from rules.pack import Limit

_UNITS: Final = {
    "_dbm": "{:.1f} dBm",
    "_celsius": "{:.1f} °C",
    "_volts": "{:.2f} V",
    "_amperes": "{:.3g} A",
    "_watts": "{:.0f} W",
    "_hertz": "{:.1f} Hz",
    "_rpm": "{:.0f} rpm",
}
_BINARY: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


class Words(dict[str, str]):
    """Fills placeholders; one that nothing is known of stays empty, as a label that is absent is."""

    def __missing__(self, key: str) -> str:
        return ""


def words(limit: Limit, verdict: Verdict, target: str) -> Words:
    """Return what a summary's placeholders stand for."""
    own = verdict.own_limit
    share = f"{verdict.value / own:.0%}" if own else ""
    numbers = {"value": figure(limit.metric, verdict.value), "limit": figure(limit.metric, verdict.limit)}
    return Words({**verdict.labels, **numbers, "share": share, "target": target, "metric": limit.metric})


def figure(metric: str, value: Value) -> str:
    """Return a number with the unit that its metric's name ends with."""
    if metric.endswith("_ratio"):
        return f"{value:.0%}"
    if metric.endswith("_seconds"):
        return f"{value:.0f} s" if abs(value) < 120 else f"{value / 60:.0f} min"
    if metric.endswith("_bytes"):
        return _bytes(float(value))
    for suffix, form in _UNITS.items():
        if metric.endswith(suffix):
            return form.format(value)
    return f"{value:g}"


def _bytes(value: float) -> str:
    power = 0
    while abs(value) >= 1024 and power < len(_BINARY) - 1:
        value /= 1024
        power += 1
    return f"{value:.3g} {_BINARY[power]}"


def moment(at: float) -> str:
    """Return Unix seconds as people and machines read them: RFC 3339 in UTC, to the second.

    By the arithmetic of the Gregorian calendar, since rules know no clock: years begin in March here, so that the leap
    day is their last, and 400 of them have 146,097 days.
    """
    days, second = divmod(int(at), 86_400)
    era, day = divmod(days + 719_468, 146_097)  # from 1 March of the year 0
    year = (day - day // 1_460 + day // 36_524 - day // 146_096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153  # from March
    day -= (153 * month + 2) // 5
    year, month = year + 400 * era + (month >= 10), (month + 2) % 12 + 1
    return f"{year:04}-{month:02}-{day + 1:02}T{second // 3_600:02}:{second // 60 % 60:02}:{second % 60:02}Z"
