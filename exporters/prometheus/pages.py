"""Pages: families of many targets gathered under one header each, written in small steps.

A page is written from views that never change, so it is one state of every target however long a client takes. Only
the ages of readings and netmon's own metrics are made anew for each page; they stand at its end.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from exporters.prometheus.names import metric_name
from exporters.prometheus.sheets import Sheet
from exporters.prometheus.status import AGE
from exporters.prometheus.store import TargetState, View
from exporters.prometheus.text import Format, header, openmetrics_name
from netmon.api import Family

CHUNK_BYTES = 256 << 10
"""Text that is written before others get their turn: about a millisecond's work when nothing of it is cached."""

_AGES_PER_TURN = 2_000
_TURN_BYTES = 16 << 10  # of netmon's own metrics, which cost much more a line: a millisecond or two
_VIEWS_PER_TURN = 50  # views made before others get their turn: a few milliseconds when all are new


class FamilyBook:
    """Which type and help a family has when targets disagree: whoever came first, and it stays so."""

    def __init__(self) -> None:
        self._families: dict[str, Family] = {}

    def of(self, name: str, families: Iterable[Family]) -> tuple[Family, bool]:
        """Return the family to name in the header, and whether one of `families` contradicts it."""
        chosen: Family | None = self._families.get(name)
        contradicted = False
        for family in families:
            if chosen is None:
                chosen = self._families[name] = family
            elif family is not chosen and (family.kind, family.help) != (chosen.kind, chosen.help):
                contradicted = True
        if chosen is None:
            raise LookupError(name)
        return chosen, contradicted

    def clear(self) -> None:
        """Begin anew: the inventory and perhaps the profiles were loaded again."""
        self._families.clear()


@dataclass(slots=True)
class Plan:
    """What a page will say: by family's name its type and help, and which columns of which sheets hold its samples."""

    families: dict[str, tuple[Family, list[tuple[Sheet, int]]]] = field(default_factory=dict)
    ages: list[tuple[str, float]] = field(default_factory=list)
    conflicts: int = 0
    repeated: int = 0
    malformed: int = 0

    def taken(self) -> set[str]:
        """Return every name that is used on the page in either format."""
        names = set(self.families)
        shorter = {openmetrics_name(name, family.kind, names)[0] for name, (family, _) in self.families.items()}
        return names | shorter | {AGE.name}


async def make_plan(states: Sequence[TargetState], book: FamilyBook) -> Plan:
    """Gather the families of these targets, in the order of their names."""
    plan = Plan()
    columns: dict[str, list[tuple[Sheet, int]]] = {}
    for number, state in enumerate(states, 1):
        _collect(state.view(), columns, plan)
        if number % _VIEWS_PER_TURN == 0:
            await asyncio.sleep(0)
    plan.conflicts += columns.pop(AGE.name, None) is not None
    for name in sorted(columns):
        holders = columns[name]
        family, contradicted = book.of(name, (sheet.table.families[column] for sheet, column in holders))
        plan.families[name] = (family, holders)
        plan.conflicts += contradicted
    return plan


def _collect(view: View, columns: dict[str, list[tuple[Sheet, int]]], plan: Plan) -> None:
    for sheet in view.sheets:
        for column, family in enumerate(sheet.table.families):
            columns.setdefault(metric_name(family.name), []).append((sheet, column))
    plan.ages.extend(view.ages)
    plan.repeated += view.repeated
    plan.malformed += view.malformed


async def write(plan: Plan, form: Format) -> AsyncIterator[bytes]:
    """Give the page's text without its ages and end, in chunks, letting others have their turn after each."""
    waiting: list[bytes] = []
    size = 0
    names = plan.families.keys()
    for name, (family, holders) in plan.families.items():
        title = header(family, name, form, names)
        for sheet, column in holders:
            for part in range(sheet.text.slices):
                lines = sheet.lines(column, part)
                if not lines:
                    continue
                waiting += (title, lines)  # the header only when a line follows
                title = b""
                size += len(lines)
                if size >= CHUNK_BYTES:
                    yield b"".join(waiting)
                    waiting, size = [], 0
                    await asyncio.sleep(0)
    if waiting:
        yield b"".join(waiting)


def write_ages(ages: Sequence[tuple[str, float]], now: float, form: Format) -> Iterator[bytes]:
    """Give the family of the readings' ages at `now`, in Unix seconds, in pieces of a few milliseconds' work."""
    if ages:
        yield header(AGE, AGE.name, form, ())
    for start in range(0, len(ages), _AGES_PER_TURN):
        piece = ages[start : start + _AGES_PER_TURN]
        lines = "".join([f"{AGE.name}{labels}{max(0.0, round(now - at, 3))!r}\n" for labels, at in piece])
        yield lines.encode("utf-8", "replace")


async def gather(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Join small pieces into chunks, letting others have their turn while they are made."""
    waiting: list[bytes] = []
    size = turn = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= CHUNK_BYTES:
            yield b"".join(waiting)
            waiting, size = [], 0
        if size - turn >= _TURN_BYTES or size < turn:
            turn = size
            await asyncio.sleep(0)
    if waiting:
        yield b"".join(waiting)
