"""Where metrics stand in the tables of a poll, and which limits look at which column.

That is found once for polls of one shape. Tables of one shape share their families from poll to poll, so a shape is
known by their identities.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from netmon.api import Family, Reading
from rules.pack import WINDOWED, Limit

Place: TypeAlias = tuple[str, str, int, int]  # collector, part, number of the table in it, of the column in that
Families: TypeAlias = tuple[Family, ...]
_Shape: TypeAlias = tuple[str, tuple[tuple[str, int], ...], tuple[int, ...]]

_LAYOUTS_MAX: Final = 4096  # some ten of each make of device; a reload of profiles leaves old ones behind


@dataclass(frozen=True, slots=True)
class Task:
    """A limit before a column. `own` is the metric of the device's own limit, "" where no table has it."""

    limit: Limit
    share: float
    own: str


@dataclass(frozen=True, slots=True)
class Look:
    """A column, and the limits that read it the same way. `place` is the same from poll to poll."""

    place: Place
    order: int  # of its table among all
    number: int  # of the column in that
    tasks: tuple[Task, ...]
    skips_zero: bool  # none of them has anything to say of rows in which nothing happened


@dataclass(frozen=True, slots=True)
class Layout:
    """The tables of polls of one shape."""

    families: tuple[Families, ...]  # of all tables; kept, so that their identities stay theirs
    numbers: tuple[Mapping[str, int], ...]  # for each table: metric → column
    where: Mapping[str, tuple[tuple[int, int], ...]]  # metric → (table, column)
    looks: tuple[Look, ...]
    witnessed: tuple[Limit, ...]  # limits that look at it and name evidence


class Layouts:
    """The layouts met so far, for some limits."""

    def __init__(self, limits: Iterable[Limit]) -> None:
        self._ways = _by_metric(limits)
        self._known: dict[_Shape, Layout] = {}

    def of(self, reading: Reading) -> Layout:
        """Return the layout of a poll."""
        parts = reading.parts
        shape = (
            reading.collector,
            tuple([(part.name, len(part.tables)) for part in parts]),
            tuple([id(table.families) for part in parts for table in part.tables]),
        )
        known = self._known.get(shape)
        if known is None:
            if len(self._known) >= _LAYOUTS_MAX:
                self._known.clear()
            known = self._known[shape] = self._make(reading)
        return known

    def _make(self, reading: Reading) -> Layout:
        families = tuple(table.families for part in reading.parts for table in part.tables)
        where: dict[str, list[tuple[int, int]]] = {}
        for order, ones in enumerate(families):
            for number, family in enumerate(ones):
                where.setdefault(family.name, []).append((order, number))
        looks = tuple(self._looks(reading, where))
        named = {task.limit.name: task.limit for look in looks for task in look.tasks if task.limit.evidence}
        numbers = tuple({family.name: number for number, family in enumerate(ones)} for ones in families)
        places = {metric: tuple(found) for metric, found in where.items()}
        return Layout(families, numbers, places, looks, tuple(named.values()))

    def _looks(self, reading: Reading, where: Mapping[str, object]) -> Iterable[Look]:
        order = 0
        for part in reading.parts:
            for inside, table in enumerate(part.tables):
                for number, family in enumerate(table.families):
                    for limits in self._ways.get(family.name, ()):
                        place = (reading.collector, part.name, inside, number)
                        tasks = tuple(_task(limit, family, where) for limit in limits)
                        yield Look(place, order, number, tasks, all(map(_skips_zero, limits)))
                order += 1


def _by_metric(limits: Iterable[Limit]) -> dict[str, list[tuple[Limit, ...]]]:
    """Return the limits by metric and way of reading: what several need of the past is then kept once."""
    ways: dict[tuple[str, str, float], list[Limit]] = {}
    for limit in limits:
        ways.setdefault((limit.metric, limit.read, limit.window_s), []).append(limit)
    found: dict[str, list[tuple[Limit, ...]]] = {}
    for (metric, _, _), ones in ways.items():
        found.setdefault(metric, []).append(tuple(ones))
    return found


def _task(limit: Limit, family: Family, where: Mapping[str, object]) -> Task:
    upper, lower = limit.of_upper_limit, limit.of_lower_limit
    own = limit.bound_by or (family.upper_limit if upper is not None else family.lower_limit)
    share = upper if upper is not None else lower
    return Task(limit, 0.0, "") if share is None or own not in where else Task(limit, share, own)


def _skips_zero(limit: Limit) -> bool:
    return limit.read in WINDOWED and limit.over is not None and limit.over >= 0
