"""Numbers as people read them, by the unit in the metric's name. Pure."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from netmon.api import Missing, Value

_DECIMAL: Final = ("", "k", "M", "G", "T", "P", "E")
_SWAP: Final = str.maketrans(",.", ".,")
_BINARY: Final = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
LATEST: Final = 253_402_300_799.0
"""The end of the year 9999 in Unix seconds: what is later is shown as that."""


def shown_second(at: float) -> str:
    """Return Unix seconds as they are shown where seconds matter."""
    return datetime.fromtimestamp(min(at, LATEST), UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def scaled(value: float, unit: str, step: int = 1000) -> str:
    """Return a number with three digits and the prefix that fits: 1.23 Gbit/s, 512 MiB."""
    prefixes = _BINARY if step == 1024 else _DECIMAL
    power = 0
    while abs(value) >= step * 0.9995 and power < len(prefixes) - 1:
        value /= step
        power += 1
    return f"{_three(value)} {prefixes[power]}{unit}".rstrip()


def written(number: str, language: str) -> str:
    """Return a number that was formatted for English as a language writes it: 6,000.5 is 6.000,5 in Indonesian."""
    return number.translate(_SWAP) if language == "id" else number


def _three(value: float) -> str:
    """Return three digits that count, without zeros that say nothing."""
    text = f"{value:.{max(0, 2 - len(str(int(abs(value)))) + 1)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def duration(seconds: float) -> str:
    """Return a time span in its two largest units: 12 d 3 h, 4 min 10 s, 0.25 s."""
    if abs(seconds) < 60:
        return f"{_three(seconds)} s"
    sign, rest = ("-" if seconds < 0 else ""), int(abs(seconds))
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count or parts:
            parts.append(f"{count} {unit}")
    return sign + " ".join(part for part in parts[:2] if not part.startswith("0 "))


_BY_SUFFIX: Final[tuple[tuple[str, Callable[[float], str]], ...]] = (
    ("_bits_per_second", lambda v: scaled(v, "bit/s")),
    ("_bytes_total", lambda v: scaled(v, "B")),
    ("_bytes", lambda v: scaled(v, "B", 1024)),
    ("_ratio", lambda v: f"{v * 100:.1f} %"),
    ("_celsius", lambda v: f"{v:.1f} °C"),
    ("_dbm", lambda v: f"{v:.2f} dBm"),
    ("_seconds", duration),
    ("_volts", lambda v: f"{_three(v)} V"),
    ("_amperes", lambda v: scaled(v, "A") if abs(v) >= 1 else f"{_three(v * 1000)} mA"),
    ("_watts", lambda v: scaled(v, "W")),
    ("_hertz", lambda v: scaled(v, "Hz")),
    ("_rpm", lambda v: f"{v:.0f} rpm"),
)


def reading(metric: str, value: Value | Missing) -> str:
    """Return a value as people read it, by its metric's suffix; a missing one by its reason in parentheses."""
    if isinstance(value, Missing):
        return f"({value.reason})"
    for suffix, show in _BY_SUFFIX:
        if metric.endswith(suffix):
            return show(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
