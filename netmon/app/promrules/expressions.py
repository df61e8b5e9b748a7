"""A limit as a PromQL expression over the metrics on netmon's pages.

A rate is over five minutes here, since Prometheus does not know when netmon polled. Hysteresis asks `ALERTS` whether
the alert fires already; `keep_firing_for` would only be a delay.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rules.limits.tables import is_no_limit
from rules.pack import Condition, Limit

RATE_S: Final = 300  # as many polls as a rate needs, also of what is polled each minute and misses one
# What Python has and RE2 does not: looking around, what was matched before, atomic groups, possessive counts.
_NOT_RE2: Final = re.compile(r"\(\?(=|!|<=|<!|>|P=|\()|\\[1-9]|[*+?}]\+")

Own = Mapping[str, tuple[str, str]]
"""Metric → names of the metrics that are its own upper and lower limit, "" where there is none."""


class LeftOut(Exception):
    """A limit that no rule can be made of, and why."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What an expression is made of: the value as it is read, the device's own limit, and the share of it."""

    value: str
    own: str = ""
    share: float = 1.0


def parts(limit: Limit, own: Own) -> Parts:
    """Return the parts of a limit's expression; LeftOut where one cannot be said in PromQL."""
    value = _value(limit, _matchers(limit))
    share = limit.of_upper_limit if limit.of_upper_limit is not None else limit.of_lower_limit
    if share is None:
        return Parts(value)
    upper, lower = own.get(limit.metric, ("", ""))
    metric = limit.bound_by or (upper if limit.of_upper_limit is not None else lower)
    if metric:
        return Parts(value, f"({metric} != 0)" if is_no_limit(metric, 0) else metric, share)
    if limit.over is None and limit.under is None:
        raise LeftOut(f"nothing says which metric is the limit of {limit.metric}")
    return Parts(value)


def expression(limit: Limit, own: Own) -> str:
    """Return the expression that is there while the limit is passed; LeftOut where there is none."""
    made = parts(limit, own)
    beyond = _with(limit, _compared(limit, made, 0.0))
    if not limit.hysteresis:
        return beyond
    firing = f'ALERTS{{alertname="{limit.name}", alertstate="firing"}}'
    near = _with(limit, _compared(limit, made, limit.hysteresis))
    return f"({beyond})\nor\n(({near})\n  and ignoring (alertname, alertstate, severity) {firing})"


def number(value: float) -> str:
    """Return a number as PromQL has it."""
    return f"{value:.15g}"


def _value(limit: Limit, matchers: str) -> str:
    series = f"{limit.metric}{matchers}"
    value = {
        "value": series,
        "rate": f"rate({series}[{RATE_S}s])",
        "increase": f"increase({series}[{limit.window_s:.0f}s])",
        "changes": f"changes({series}[{limit.window_s:.0f}s])",
        "time_left": f"({series} - time())",
    }[limit.read]
    if limit.mean:
        value = f"avg by ({', '.join(('instance', 'job', 'site', *limit.labels))}) ({value})"
    return value if limit.scale == 1 else f"({value} * {number(limit.scale)})"


def _compared(limit: Limit, made: Parts, hysteresis: float) -> str:
    """Return the comparison, moved towards the good side by the hysteresis."""
    value = made.value if limit.ignore_under is None else f"({made.value} >= {number(limit.ignore_under)})"
    if limit.equals is not None:
        return f"{value} == {number(limit.equals)}"
    sign, towards = (">", -1) if limit.above else ("<", 1)
    fixed = limit.over if limit.above else limit.under
    plain = "" if fixed is None else f"{value} {sign} {number(fixed + towards * hysteresis * abs(fixed))}"
    if not made.own:
        return plain
    bound = f"{number(made.share)} * {made.own}"
    if made.own.startswith("("):  # never negative
        bound = f"{number(made.share * (1 + towards * hysteresis))} * {made.own}"
    elif hysteresis:
        bound = f"{bound} {'-' if limit.above else '+'} {number(hysteresis)} * abs({bound})"
    shared = f"{value} {sign} ({bound})"
    return f"({shared}) or (({plain}) unless {made.own})" if plain else shared


def _with(limit: Limit, compared: str) -> str:
    """Return a comparison with what else must be true under the same labels."""
    also = [f"({_condition(metric, condition)})" for metric, condition in limit.where.items()]
    return " and ".join([f"({compared})" if also else compared, *also])


def _condition(metric: str, condition: Condition) -> str:
    if condition.over is not None:
        return f"{metric} > {number(condition.over)}"
    if condition.under is not None:
        return f"{metric} < {number(condition.under)}"
    return f"{metric} == {number(condition.equals or 0.0)}"


def _matchers(limit: Limit) -> str:
    """Return the label matchers in braces. Prometheus's patterns fit whole values, ours any part of them."""
    found = [f"{label}=~{_pattern(label, pattern)}" for label, pattern in limit.match.items()]
    found += [f"{label}!~{_pattern(label, pattern)}" for label, pattern in limit.unless.items()]
    return "{" + ", ".join(found) + "}" if found else ""


def _pattern(label: str, pattern: re.Pattern[str]) -> str:
    if _NOT_RE2.search(pattern.pattern):
        raise LeftOut(f"the pattern of {label} uses what RE2 does not have")
    text = f"(?s:.*)(?:{pattern.pattern})(?s:.*)".replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
