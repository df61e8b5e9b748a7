"""What was unusual, as people see it on a terminal. Pure but for the language; the time now is an argument."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.text import Text

from netmon.app import human
from netmon.app.asked import printable
from netmon.app.fitted import Column, Fitted
from netmon.app.text import t

Thing = Mapping[str, Any]


def unusual_table(found: Sequence[Thing], total: int, now: float) -> Fitted:
    """Return what was unusual as a table. The narrower the terminal, the less of times, age and what was expected."""
    score = _column("score", [Text(f"{each['score']:.2f}") for each in found])
    when = _column("when", [Text(_ago(each["at"], now)) for each in found])
    target = _column("target", [Text(printable(each["target"])) for each in found], 10)
    series = _column("series", [Text(_series(each)) for each in found], 20)
    value = _column("value", [Text(_number(each, "value")) for each in found])
    expected = _column("expected", [Text(_number(each, "expected")) for each in found])
    times = _column("times", [Text(str(each["times"])) for each in found])
    forms = (
        (score, when, target, series, value, expected, times),
        (score, when, target, series, value, expected),
        (score, target, series, value, expected),
        (score, target, series, value),
        (score, target, series),
    )
    more = t("attention.count", shown=len(found), total=total) if len(found) < total else ""
    return Fitted(forms, [""] * len(found), more)


def _column(name: str, cells: Sequence[Text], least: int = 0) -> Column:
    return Column(t(f"attention.column.{name}"), cells, least)


def _series(each: Thing) -> str:
    labels = f"{{{each['labels']}}}" if each["labels"] else ""
    return printable(f"{each['metric']}{labels}")


def _number(each: Thing, name: str) -> str:
    """Return a value by its metric's unit; of a counter the increase in a second, whose unit its rule may change."""
    metric, value = str(each["metric"]), float(each[name])
    if metric.endswith("_total"):
        return t("attention.each_second", number=human.scaled(value, ""))
    return printable(human.reading(metric, value))


def _ago(at: str, now: float) -> str:
    past_s = max(0, round(now - datetime.fromisoformat(at).timestamp()))
    return t("attention.ago", time=human.duration(past_s))
