"""Answers and a profile's table become tables of readings: rows and labels once, numbers by the column at each poll.

What labels say and which rows there are changes seldom, so that much is kept as a `Layout` and checked, not remade.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from collectors.snmp import convert, oid
from collectors.snmp.answers import Answers, Cell
from collectors.snmp.came import Came, came_for
from collectors.snmp.convert import Syntax
from collectors.snmp.counters import Counts, Reading, Track, carry_on
from collectors.snmp.evaluate import ABSENT, evaluate
from collectors.snmp.expression import Among
from collectors.snmp.layout import BuiltBlock, Layout, Layouts, lay_out, recall
from collectors.snmp.plan import TablePlan
from collectors.snmp.profile import Object
from netmon.api import Column, Missing, Reason, Table, Value

_BITS_PER_OCTET = 8
_NONE = Missing(Reason.NOT_SUPPORTED, "the device's own value for 'none'")


@dataclass(slots=True)
class TableState:
    """What is remembered of one table of one device from poll to poll."""

    layout: Layout | None = None
    layouts: Layouts = field(default_factory=Layouts)
    tracks: dict[str, Track] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moment:
    """When a device was read: Unix seconds, and how often its agent has restarted since we know it."""

    at: float
    epoch: int
    counts: Counts


@dataclass(frozen=True, slots=True)
class TablesRead:
    """What one table of a profile brought, how many cells came of how many asked, and what was wrong first."""

    tables: tuple[Table, ...]
    came: int
    asked: int
    problem: Missing | None


def read_table(plan: TablePlan, answers: Answers, state: TableState, moment: Moment) -> TablesRead:
    """Turn what came for one table into tables of readings."""
    came = came_for(plan, answers)
    arrived = {name: len(cells) for name, cells in came.cells.items()}
    layout = state.layout
    if layout is not None and answers.problems:
        came = recall(came, layout)
    if layout is None or came.problems or not layout.holds(came):
        layout = lay_out(came, state.layout, state.layouts)
        if not came.problems:  # a table that came in part must not become what the next one is measured by
            state.layout = layout
    tables = tuple(_fill(came, block, layout, state, moment) for block in layout.blocks)
    cells = sum(arrived.values())
    lost = sum(max(len(layout.due[plan.places[name]]) - arrived[name], 1) for name in came.problems)
    return TablesRead(tables, cells, cells + lost, came.problem or layout.problem)


def _fill(came: Came, block: BuiltBlock, layout: Layout, state: TableState, moment: Moment) -> Table:
    source = _Columns(came, block, layout, state, moment)
    values = tuple(
        fixed if fixed is not None else convert.pack_results(evaluate(metric.node, source))
        for metric, fixed in zip(block.metrics, block.fixed, strict=True)
    )
    return Table(block.families, block.label_names, block.rows, block.texts, values, moment.at)


def _meant(cells: Sequence[Cell | Missing], obj: Object) -> Sequence[Cell | Missing]:
    """Return cells without what stands for 'none', and with numbers that did not fit into 31 bits as they were."""
    if obj.no_value and any(value in cells for value in obj.no_value):
        cells = [_NONE if cell in obj.no_value else cell for cell in cells]
    if obj.unsigned:
        cells = [cell + 2**32 if isinstance(cell, int) and -(2**31) <= cell < 0 else cell for cell in cells]
    return cells


@dataclass(slots=True)
class _Columns:
    """The columns of one block's rows, for its expressions."""

    came: Came
    block: BuiltBlock
    layout: Layout
    state: TableState
    moment: Moment
    memo: dict[str, Column] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows the block has."""
        return len(self.block.keys)

    def column(self, name: str) -> Column:
        """Return an object's numbers for the block's rows."""
        if name not in self.memo:
            self.memo[name] = self._packed(name)
        return self.memo[name]

    def _packed(self, name: str) -> Column:
        obj = self.came.plan.table.objects[name]
        return convert.pack(_meant(self._aligned(name), obj), obj.syntax, obj.bounds)

    def _aligned(self, name: str) -> Sequence[Cell | Missing]:
        cells = self.came.cells[name]
        if self.layout.due[self.came.plan.places[name]] is self.block.keys and len(cells) == len(self.block.keys):
            return list(cells.values())  # the very rows of the block, in its order
        lacking = self.came.problems.get(name, ABSENT)
        return [cells.get(key, lacking) for key in self.block.keys]

    def matches(self, among: Among) -> Column:
        """Return 1 for each row where the object holds one of the values, else 0."""
        name = among.column.name
        by_name = {text: number for number, text in self.came.plan.enums.get(name, {}).items()}
        chosen = {by_name.get(value, value) if isinstance(value, str) else value for value in among.values}
        return [value if isinstance(value, Missing) else int(value in chosen) for value in self.column(name)]

    def at(self, name: str, index: int) -> Value | Missing:
        """Return an object's number in the row of this index."""
        cell = self.came.cells[name].get(oid.encode_suffix((index,)), self.came.problems.get(name, ABSENT))
        obj = self.came.plan.table.objects[name]
        return convert.pack(_meant([cell], obj), obj.syntax, obj.bounds)[0]

    def unwrap(self, name: str, needed: Sequence[bool] | None) -> Column:
        """Return a counter's numbers, carried on past its wraps; only for the rows that need it, where said."""
        continuity = self.came.plan.table.continuity
        mark = continuity.discontinuity if continuity is not None else ""
        modulus = 2**32 if self.came.plan.table.objects[name].syntax is Syntax.COUNTER32 else 2**64
        present = bool(mark) and bool(self.came.cells[mark])
        reading = Reading(
            rows=self.layout.identities(self.block.keys),
            column=self.column(name) if needed is None else self._only(name, needed),
            marks=self.column(mark) if present else (),
            epoch=self.moment.epoch,
            at=self.moment.at,
            modulus=modulus,
            limit=self._octets_per_second,
        )
        column, track = carry_on(self.state.tracks.get(name), reading, self.moment.counts)
        if track is not None:
            self.state.tracks[name] = track
        return column

    def _only(self, name: str, needed: Sequence[bool]) -> Column:
        return [cell if need else ABSENT for cell, need in zip(self.column(name), needed, strict=True)]

    def _octets_per_second(self, row: int) -> float | None:
        """Return how fast a row's octets can grow; None where the device does not say."""
        if self.came.plan.rate is None:
            return None
        speed: Value | Missing = evaluate(self.came.plan.rate, self)[row]
        return None if isinstance(speed, Missing) or speed <= 0 else speed / _BITS_PER_OCTET
