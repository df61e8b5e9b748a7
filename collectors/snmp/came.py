"""What came for one table of one device: its columns by name, their indexes, and which of them ended early."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from collectors.snmp.answers import Answers, Cell
from collectors.snmp.plan import TablePlan
from netmon.api import Missing

Keys: TypeAlias = tuple[bytes, ...]
"""Raw index suffixes, in the order of rows."""

Cells: TypeAlias = Mapping[bytes, Cell]

_NOTHING: dict[bytes, Cell] = {}


@dataclass(frozen=True, slots=True)
class Came:
    """One table's part of the answers. `shape` has each column's indexes; equal ones are one object."""

    plan: TablePlan
    answers: Answers
    cells: Mapping[str, Cells]
    shape: tuple[Keys, ...]
    problems: Mapping[str, Missing]

    @property
    def problem(self) -> Missing | None:
        """What went wrong first, and in which column."""
        for name, problem in self.problems.items():
            return Missing(problem.reason, f"{name}: {problem.detail}" if problem.detail else name)
        return None

    def with_cells(self, cells: Mapping[str, Cells]) -> "Came":
        """Return the same with other columns."""
        return replace(self, cells=cells, shape=_shape(cells))

    def with_foreign(self, columns: Mapping[bytes, dict[bytes, Cell]]) -> "Came":
        """Return the same with other columns of other tables."""
        answers = Answers({**self.answers.cells, **columns}, self.answers.problems)
        return replace(self, answers=answers)

    def foreign(self, column: bytes) -> dict[bytes, Cell]:
        """Return a column of another table."""
        return self.answers.cells.get(column, _NOTHING)


def came_for(plan: TablePlan, answers: Answers) -> Came:
    """Pick one table's columns from the answers."""
    cells = {name: answers.cells.get(oid, _NOTHING) for name, oid in plan.oids.items()}
    problems = {name: answers.problems[oid] for name, oid in plan.oids.items() if oid in answers.problems}
    return Came(plan, answers, cells, _shape(cells), problems)


def _shape(columns: Mapping[str, Cells]) -> tuple[Keys, ...]:
    """Return each column's indexes, sharing equal neighbours, so that comparing with another poll's is quick."""
    shape: list[Keys] = []
    last: Keys = ()
    for cells in columns.values():
        keys = tuple(cells)
        if keys != last:
            last = keys
        shape.append(last)
    return tuple(shape)
