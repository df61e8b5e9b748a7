"""What to ask Prometheus so that its answers are the days that the history itself would have made. Pure.

A value is of the period that begins at its moment or before, so that a window ends one millisecond, Prometheus's own
resolution, before the period does. Day ends are those of UTC.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, TypeAlias

import numpy as np

from netmon.api.columns import Floats, Series
from netmon.core.history.periods import DAY_S, Columns, Ids, singles
from netmon.core.history.prometheus_wire import Found

METRIC: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_FIVE: Final = "[299999ms] offset 1ms"
_DAY: Final = "[86399999ms] offset 1ms"
_ENDS: Final = f"[{DAY_S - 1}s:5m]"  # the ends of the day's 288 periods, the midnight before them left out
_SPECIAL: Final = re.compile(r"[\\.+*?()|\[\]{}^$]")  # of RE2, as in Go's regexp.QuoteMeta

ASPECTS: Final = ("counts", "minimum", "mean", "maximum", "p95")


@dataclass(frozen=True, slots=True)
class Ask:
    """How the values of a series come from its metric: a counter's growth per second (`rate`), then times `scale`."""

    rate: bool = False
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """A series whose past is wanted, and its id."""

    id: int
    series: Series
    ask: Ask


@dataclass(frozen=True, slots=True)
class Group:
    """Series that one question finds: of one metric, read in one way."""

    metric: str
    ask: Ask
    wanted: tuple[Wanted, ...]

    @property
    def targets(self) -> tuple[str, ...]:
        """Return the targets, sorted."""
        return tuple(sorted({one.series.target for one in self.wanted}))

    def halves(self) -> tuple["Group", ...]:
        """Return two groups of about half the targets each; none for a single target."""
        targets = self.targets
        if len(targets) < 2:
            return ()
        first = set(targets[: len(targets) // 2])
        parts = ([one for one in self.wanted if (one.series.target in first) is here] for here in (True, False))
        return tuple(Group(self.metric, self.ask, tuple(part)) for part in parts)


def groups(wanted: Iterable[Wanted], series_at_once: int) -> list[Group]:
    """Return series by metric, at most so many at once as long as no target alone has more."""

    def kind(one: Wanted) -> tuple[str, bool, float]:
        return one.series.metric, one.ask.rate, one.ask.scale

    found = []
    usable = (one for one in wanted if METRIC.fullmatch(one.series.metric))
    ordered = sorted(usable, key=lambda one: (*kind(one), one.series.target))
    for _, same in groupby(ordered, kind):
        waiting: list[Wanted] = []
        for _, of_target in groupby(same, lambda one: one.series.target):
            more = list(of_target)
            if waiting and len(waiting) + len(more) > series_at_once:
                found.append(_group(waiting))
                waiting = []
            waiting += more
        found.append(_group(waiting))
    return found


def questions(group: Group) -> dict[str, str]:
    """Return a PromQL expression for each of ASPECTS, whose value at a day's end tells of that day.

    Of counters the smallest and the largest are those of five minutes: of single polls Prometheus cannot tell.
    """
    # A JSON text is a PromQL text: both have the escapes of Go for what JSON escapes, \u0001 included.
    instances = json.dumps("|".join(_SPECIAL.sub(r"\\\g<0>", target) for target in group.targets), ensure_ascii=False)
    selector = f"{group.metric}{{instance=~{instances}}}"
    five = f"rate({selector}{_FIVE})" if group.ask.rate else f"avg_over_time({selector}{_FIVE})"
    single = f"({five}){_ENDS}" if group.ask.rate else selector + _DAY
    return {
        "counts": f"count_over_time({selector}{_DAY})",
        "minimum": f"min_over_time({single})",
        "mean": f"avg_over_time(({five}){_ENDS})",
        "maximum": f"max_over_time({single})",
        "p95": f"quantile_over_time(0.95, ({five}){_ENDS})",
    }


Answers: TypeAlias = Mapping[str, Sequence[Found]]
"""What came for each of ASPECTS."""


def days(group: Group, answers: Answers, first: int, count: int) -> list[Columns]:
    """Return the records of `count` days from the one that begins at `first` on; a day without any has none.

    A series that several of Prometheus's fit is left out: whose past it would get nobody knows.
    """
    matrices = {aspect: _matrix(group, answers[aspect], first, count) for aspect in ASPECTS}
    ids: Ids = np.array([one.id for one in group.wanted], np.uint32)
    order = np.argsort(ids)
    found = []
    for day in range(count):
        counts, low, mean, high, p95 = (matrices[aspect][order, day] for aspect in ASPECTS)
        there = ~np.isnan(counts + low + mean + high + p95)
        scaled = (singles(column[there] * group.ask.scale) for column in (low, mean, high, p95))
        sums = np.clip(counts[there], 1, 0xFFFF_FFFF).astype(np.uint32)
        found.append(Columns(ids[order][there], sums, *scaled))
    return found


def _matrix(group: Group, found: Sequence[Found], first: int, count: int) -> Floats:
    """Return float64[series, day] of what came for one aspect, NaN where nothing did."""
    matrix = np.full((len(group.wanted), count), np.nan)
    match = _Match(group.wanted)
    seen: set[int] = set()
    for labels, at, values in found:
        row = match.row(labels)
        if row is None:
            continue
        if row in seen:
            matrix[row] = np.nan
            continue
        seen.add(row)
        column = np.round((at - first) / DAY_S).astype(np.int64) - 1  # asked at the day's end
        within = (column >= 0) & (column < count)
        matrix[row, column[within]] = values[within]
    return matrix


class _Match:
    """Finds the series that labels of Prometheus are of: it has more of them than the series itself."""

    def __init__(self, wanted: Sequence[Wanted]) -> None:
        self._rows: dict[tuple[str, ...], dict[tuple[str, ...], int]] = {}
        for row, one in enumerate(wanted):
            labels = dict(one.series.labels) | {"instance": one.series.target}
            names = tuple(sorted(labels))
            self._rows.setdefault(names, {})[tuple(labels[name] for name in names)] = row
        self._names = sorted(self._rows, key=len, reverse=True)  # the one that says most is meant

    def row(self, labels: Mapping[str, str]) -> int | None:
        for names in self._names:
            row = self._rows[names].get(tuple(labels.get(name, "") for name in names))
            if row is not None:
                return row
        return None


def _group(wanted: Sequence[Wanted]) -> Group:
    return Group(wanted[0].series.metric, wanted[0].ask, tuple(wanted))
