"""A limit's texts as templates of Prometheus: numbers with their units, labels of the series."""

import re
import string
from collections.abc import Callable
from typing import Final

from netmon.app.promrules.expressions import Parts
from rules.limits.words import duration, reading
from rules.pack import Limit

_UNITS: Final = {
    "_dbm": "%.1f dBm",
    "_celsius": "%.1f °C",
    "_volts": "%.2f V",
    "_amperes": "%.3g A",
    "_watts": "%.0f W",
    "_hertz": "%.1f Hz",
    "_rpm": "%.0f rpm",
}


def summary(limit: Limit, made: Parts, text: str, language: str) -> str:
    """Return a summary as a template."""
    fixed = limit.equals if limit.equals is not None else limit.over if limit.above else limit.under
    plain = "" if fixed is None else reading(limit, fixed, language)
    own = f"{made.share:.15g} * {made.own}"
    words = {
        "target": "{{ $labels.instance }}",
        "metric": limit.metric,
        "value": "{{ $value | " + _form(limit) + " }}",
        "window": duration(limit.window_s, language),
        "limit": _asked(limit, own, _form(limit), plain) if made.own else plain,
        "share": _asked(limit, f"{made.value} / {made.own}", "humanizePercentage") if made.own else "",
    }
    return template(text, lambda name: words.get(name, "{{ $labels." + name + " }}"))


def template(text: str, fill: Callable[[str], str]) -> str:
    """Return a text of a pack as a template, each placeholder as `fill` writes it."""
    parts = string.Formatter().parse(text)
    return "".join(literal(words) + ("" if name is None else fill(name)) for words, name, _, _ in parts)


def literal(text: str) -> str:
    """Return what Go's templates print as this text: a brace could open an action, by itself or with the next."""
    return text.replace("{", '{{ "{" }}')


def placeholders(text: str) -> list[str]:
    """Return the names that a text of a pack has filled in."""
    return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]


def _form(limit: Limit) -> str:
    """Return the template function that gives a number its unit."""
    metric = limit.metric
    match limit.read:
        case "rate" if metric.endswith("_bytes_total"):
            return 'humanize | printf "%sbit/s"' if limit.scale == 8 else 'humanize1024 | printf "%sB/s"'
        case "rate":
            return 'printf "%.3g/s"'
        case "increase" | "changes":
            return 'printf "%.0f"'
        case "time_left":
            return "humanizeDuration"
        case _:
            return _unit(metric)


def _unit(metric: str) -> str:
    if metric.endswith("_ratio"):
        return "humanizePercentage"
    if metric.endswith("_seconds"):
        return "humanizeDuration"
    if metric.endswith("_bytes"):
        return 'humanize1024 | printf "%sB"'
    form = next((form for suffix, form in _UNITS.items() if metric.endswith(suffix)), "%g")
    return f'printf "{form}"'


def _asked(limit: Limit, query: str, form: str, instead: str = "") -> str:
    """Return a template that asks Prometheus for a number of the alert's own thing, and what it says without one."""
    names = ("instance", *limit.labels)
    narrow = ", ".join(f"{name}=%q" for name in names)
    times = 0

    def narrowed(found: re.Match[str]) -> str:
        nonlocal times
        times += 1
        return f"{found[1]}{{{narrow}}}"

    asked = _SELECTOR.sub(narrowed, query)
    labels = " ".join(f"$labels.{name}" for name in names)
    called = " ".join(["printf", "`" + asked + "`", *([labels] * times)])
    other = "{{ else }}" + instead if instead else ""
    return "{{ with " + called + " | query }}{{ . | first | value | " + form + " }}" + other + "{{ end }}"


# A metric's name with its matchers: what is followed by neither a bracket nor a digit of a number's exponent.
_SELECTOR: Final = re.compile(r"\b([a-zA-Z_:][a-zA-Z0-9_:]{3,})(?:\{(?:[^\"}]|\"(?:[^\"\\]|\\.)*\")*\}|(?![\w:(]))")
