"""What a limit's summary is filled with: numbers with their units, and the labels of what it is about."""

from typing import Final

from netmon.api import Value
from rules.limits.judge import Verdict
from rules.pack import Limit, Measure

_UNITS: Final = {
    "_dbm": "{:.1f} dBm",
    "_celsius": "{:.1f} °C",
    "_volts": "{:.2f} V",
    "_amperes": "{:.3g} A",
    "_watts": "{:.0f} W",
    "_hertz": "{:.1f} Hz",
    "_rpm": "{:.0f} rpm",
}
_BITS: Final = 8  # in a byte
_DECIMAL: Final = ("bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s")
_BINARY: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


class Words(dict[str, str]):
    """Fills placeholders; one that nothing is known of stays empty, as a label that is absent is."""

    def __missing__(self, key: str) -> str:
        return ""


def words(limit: Limit, verdict: Verdict, target: str, language: str = "en") -> Words:
    """Return what a summary's placeholders stand for, in a language."""
    own = verdict.own_limit
    share = f"{verdict.value / own:.0%}" if own else ""
    numbers = {
        "value": reading(limit, verdict.value, language),
        "limit": reading(limit, verdict.limit, language),
        "window": duration(limit.window_s, language),
    }
    return Words({**verdict.labels, **numbers, "share": share, "target": target, "metric": limit.metric})


def reading(measure: Measure, value: Value, language: str = "en") -> str:
    """Return a number as a measure reads it, with its unit: a rate of bytes times 8 is in bit/s."""
    match measure.read:
        case "rate" if measure.metric.endswith("_bytes_total"):
            return _bits(float(value)) if measure.scale == _BITS else f"{_bytes(float(value))}/s"
        case "rate":
            return f"{value:.3g}/s"
        case "increase" | "changes":
            return f"{value:.0f}"
        case "time_left":
            return duration(float(value), language)
        case _:
            return figure(measure.metric, value, language)


def figure(metric: str, value: Value, language: str = "en") -> str:
    """Return a number with the unit that its metric's name ends with."""
    if metric.endswith("_ratio"):
        return f"{value:.0%}"
    if metric.endswith("_seconds"):
        return duration(float(value), language)
    if metric.endswith("_bytes"):
        return _bytes(float(value))
    if metric.endswith("_bits_per_second"):
        return _bits(float(value))
    for suffix, form in _UNITS.items():
        if metric.endswith(suffix):
            return form.format(value)
    return f"{value:g}"


def duration(seconds: float, language: str = "en") -> str:
    """Return a time as people say it: 20 ms, 90 s, 10 min, 30 h, 12 days."""
    size = abs(seconds)
    if 0 < size < 2:
        return f"{seconds * 1000:.0f} ms"
    if size < 120:
        return f"{seconds:.0f} s"
    if size < 7_200:
        return f"{seconds / 60:.0f} min"
    if size < 172_800:
        return f"{seconds / 3_600:.0f} h" if language == "en" else f"{seconds / 3_600:.0f} jam"
    return f"{seconds / 86_400:.0f} {'hari' if language == 'id' else 'days'}"


def _bits(value: float) -> str:
    power = 0
    while abs(value) >= 1000 and power < len(_DECIMAL) - 1:
        value /= 1000
        power += 1
    return f"{_three(value)} {_DECIMAL[power]}"


def _bytes(value: float) -> str:
    power = 0
    while abs(value) >= 1024 and power < len(_BINARY) - 1:
        value /= 1024
        power += 1
    return f"{_three(value)} {_BINARY[power]}"


def _three(value: float) -> str:
    """Return a number with three digits, or all before its point: 1023 MiB, not 1.02e+03 MiB."""
    return f"{value:.3g}" if abs(value) < 999.5 else f"{value:.0f}"


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
