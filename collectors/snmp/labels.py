"""Labels of a row: its index, its cells, and cells of other tables that it points to, put into templates."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from collectors.snmp import oid
from collectors.snmp.answers import Cell
from collectors.snmp.came import Came
from collectors.snmp.plan import LookupPlan, rendered
from collectors.snmp.template import Template

IndexText: TypeAlias = tuple[str, tuple[int, ...]]
"""One part of an index: as a label's text, and its arcs."""

Parts: TypeAlias = Mapping[bytes, Mapping[str, IndexText]]
"""Each row's index by the names of its parts."""


class Writer:
    """Writes labels: index parts, cells of the row, and cells of other tables that the row points to."""

    def __init__(self, came: Came, parts: Parts) -> None:
        self._plan = came.plan
        self._came = came
        self._columns = came.cells
        self._parts = parts

    def label(self, key: bytes, templates: Sequence[Template]) -> str:
        """Return the first template whose fields the row all has; nothing where there is none."""
        for template in templates:
            if all(not part.name or self.text(key, part.name, part.as_name) for part in template):
                return self.write(key, template)
        return ""

    def write(self, key: bytes, template: Template) -> str:
        """Return a template filled in; a field that the row does not have is empty."""
        return "".join(
            part.literal + (self.text(key, part.name, part.as_name) if part.name else "") for part in template
        )

    def all(self, key: bytes, templates: Iterable[Template]) -> tuple[str, ...]:
        """Return every template filled in."""
        return tuple(self.write(key, template) for template in templates)

    def text(self, key: bytes, name: str, as_name: bool) -> str:
        """Return one field's text."""
        plan = self._plan
        if name in self._parts[key]:
            return self._parts[key][name][0]
        if name in plan.lookups:
            target = plan.lookups[name]
            there = self._suffix(key, target.by)
            found = self._found(target, there)
            kind = self._there(target.syntax_by, there) if target.syntax_by else None
            return "" if found is None else rendered(target.enum, target.obj, found, kind, as_name)
        cell = self._columns[name].get(key)
        if cell is None:
            return ""
        obj = plan.table.objects[name]
        syntax_of = self._columns[obj.syntax_by[0]].get(key) if obj.syntax_by is not None else None
        return rendered(plan.enums.get(name, {}), obj, cell, syntax_of, as_name)

    def _there(self, column: bytes, suffix: bytes) -> Cell | None:
        return self._came.foreign(column).get(suffix)

    def _found(self, target: LookupPlan, suffix: bytes) -> Cell | None:
        """Return the cell that a lookup leads to, of a row that it may look at."""
        if all(self._there(column, suffix) in values for column, values in target.where):
            return self._there(target.oid, suffix)
        return None

    def _suffix(self, key: bytes, by: Iterable[str]) -> bytes:
        """Return the index in the other table; an OBJECT IDENTIFIER pointer is taken by its last arcs."""
        arcs: list[int] = []
        for name in by:
            if name in self._parts[key]:
                arcs += self._parts[key][name][1]
                continue
            if name in self._plan.lookups:
                target = self._plan.lookups[name]
                cell = self._found(target, self._suffix(key, target.by))
            else:
                cell = self._columns[name].get(key)
            if isinstance(cell, int) and 0 <= cell <= oid.MAX_ARC:
                arcs.append(cell)
            elif isinstance(cell, bytes):
                arcs += cell
        return oid.encode_suffix(arcs)

    def cell(self, key: bytes, name: str) -> tuple[Cell | None, str | None]:
        """Return an object's value in this row and the name of that value, for a choice of rows."""
        cell = self._columns[name].get(key)
        if cell is None:
            return None, None
        return cell, rendered(self._plan.enums.get(name, {}), self._plan.table.objects[name], cell, None, as_name=True)
