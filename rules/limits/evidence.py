"""What else a device told when a limit was passed, and what it had told last while all was well.

Only references to the columns of polls are kept: for each target the latest of each metric that a limit names, and the
one that was the latest when that limit was last judged. The difference matters because parts are polled at different
times: light may be gone from one table before its port is down in another.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from netmon.api import Missing, Value
from rules.limits.tables import Cells, Row, Tables
from rules.pack import Limit

BEFORE: Final = ".before"  # what follows a metric's name in the evidence: its last value while all was well
_SAYS_NOTHING: Final = "mib"  # where a number comes from is no sign that two are of one thing

_Told: TypeAlias = dict[str, list[Cells]]


@dataclass(slots=True)
class _Target:
    latest: _Told = field(default_factory=dict)
    well: dict[str, _Told] = field(default_factory=dict)  # by limit
    seen: float = 0.0


class Witnesses:
    """Remembers what limits name as evidence."""

    def __init__(self) -> None:
        self._metrics: tuple[str, ...] = ()
        self._targets: dict[str, _Target] = {}

    def configure(self, limits: Iterable[Limit]) -> None:
        """Remember from now on what these limits name."""
        limits = tuple(limits)
        self._metrics = tuple(dict.fromkeys(metric for limit in limits for metric in limit.evidence))
        named = {limit.name for limit in limits if limit.evidence}
        for target in self._targets.values():
            target.latest = {metric: told for metric, told in target.latest.items() if metric in self._metrics}
            target.well = {name: told for name, told in target.well.items() if name in named}

    def see(self, target: str, tables: Tables, at: float) -> None:
        """Take what a poll told."""
        for metric in self._metrics:
            cells = tables.cells(metric)
            if cells:
                self._targets.setdefault(target, _Target()).latest[metric] = cells
        if target in self._targets:
            self._targets[target].seen = at

    def judged(self, target: str, limit: Limit) -> None:
        """Note that a limit was judged: what was told up to now is what was last told while all was well."""
        known = self._targets.get(target)
        if known is not None:
            known.well[limit.name] = {
                metric: known.latest[metric] for metric in limit.evidence if metric in known.latest
            }

    def now(self, target: str, limit: Limit, labels: Mapping[str, str]) -> dict[str, Value]:
        """Return what the metrics that a limit names say of the thing with these labels."""
        known = self._targets.get(target)
        return {} if known is None else _about(known.latest, limit, labels)

    def before(self, target: str, limit: Limit, labels: Mapping[str, str]) -> dict[str, Value]:
        """Return what they said when the limit was last judged, under their names with `.before` behind."""
        known = self._targets.get(target)
        told = {} if known is None else _about(known.well.get(limit.name, {}), limit, labels)
        return {f"{metric}{BEFORE}": value for metric, value in told.items()}

    def forget(self, now: float, after_s: float) -> None:
        """Drop targets that were not polled for some time."""
        for target in [target for target, known in self._targets.items() if now - known.seen > after_s]:
            del self._targets[target]


def _about(told: _Told, limit: Limit, labels: Mapping[str, str]) -> dict[str, Value]:
    """Return each metric's value; of several, as the lanes of one transceiver, the lowest."""
    found = {metric: list(_values(told.get(metric, ()), labels)) for metric in limit.evidence}
    return {metric: min(values) for metric, values in found.items() if values}


def _values(told: Iterable[Cells], labels: Mapping[str, str]) -> Iterable[Value]:
    for names, rows, column in told:
        for row, value in zip(rows, column, strict=True):
            if not isinstance(value, Missing) and value == value and _agree(names, row, labels):  # noqa: PLR0124 - NaN
                yield value


def _agree(names: Row, row: Row, labels: Mapping[str, str]) -> bool:
    """Tell whether labels that both have are equal, and there are such. An empty label is none."""
    both = [
        (value, labels[name])
        for name, value in zip(names, row, strict=True)
        if value and name != _SAYS_NOTHING and labels.get(name)
    ]
    return bool(both) and all(ours == theirs for ours, theirs in both)
