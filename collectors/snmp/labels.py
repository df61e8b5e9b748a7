"""Labels of a row: its index, its cells, cells of other tables that it points to and its port, put into templates."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from collectors.snmp import oid
from collectors.snmp.answers import Cell
from collectors.snmp.came import Came
from collectors.snmp.plan import LookupPlan, PortPlan, rendered
from collectors.snmp.ports import Ports
from collectors.snmp.template import PORT, Template

IndexText: TypeAlias = tuple[str, tuple[int, ...]]
"""One part of an index: as a label's text, and its arcs."""

Parts: TypeAlias = Mapping[bytes, Mapping[str, IndexText]]
"""Each row's index by the names of its parts."""


class Writer:
    """Writes labels: index parts, cells of the row, cells of other tables that the row points to, and its port."""

    def __init__(self, came: Came, parts: Parts) -> None:
        self._plan = came.plan
        self._came = came
        self._columns = came.cells
        self._parts = parts
        self._ports = Ports(came.plan.port, came) if came.plan.port is not None else None
        self._port_of: dict[bytes, tuple[str, str]] = {}

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
            return self._looked_up(key, plan.lookups[name], as_name)
        if name == PORT:
            return self._port(key)[as_name]
        cell = self._columns[name].get(key)
        if cell is None:
            return ""
        obj = plan.table.objects[name]
        syntax_of = self._columns[obj.syntax_by[0]].get(key) if obj.syntax_by is not None else None
        return rendered(plan.enums.get(name, {}), obj, cell, syntax_of, as_name)

    def _looked_up(self, key: bytes, target: LookupPlan, as_name: bool) -> str:
        there = self._suffix(key, target.by)
        if there is None:
            return ""
        found = self._found(target, there)
        kind = self._there(target.syntax_by, there) if target.syntax_by else None
        return "" if found is None else rendered(target.enum, target.obj, found, kind, as_name)

    def _port(self, key: bytes) -> tuple[str, str]:
        """Return the row's port: its ifIndex and its name, both empty where it belongs to none."""
        plan, ports = self._plan.port, self._ports
        if plan is None or ports is None:
            return "", ""
        if key not in self._port_of:
            index = self._port_index(key, plan, ports)
            self._port_of[key] = ("", "") if index is None else (str(index), ports.name(index))
        return self._port_of[key]

    def _port_index(self, key: bytes, plan: PortPlan, ports: Ports) -> int | None:
        index = self._number(key, plan.index) if plan.index else 0
        part = self._number(key, plan.part) if plan.part else 0
        return index or ports.around(part) or ports.mentioned(self.all(key, plan.mentioned))

    def _number(self, key: bytes, name: str) -> int:
        """Return what an object, a lookup or a part of the index points to, 0 where it is no number that can point."""
        arcs = self._arcs(key, name)
        return arcs[0] if arcs is not None and len(arcs) == 1 else 0

    def _there(self, column: bytes, suffix: bytes) -> Cell | None:
        return self._came.foreign(column).get(suffix)

    def _found(self, target: LookupPlan, suffix: bytes) -> Cell | None:
        """Return the cell that a lookup leads to, of a row that it may look at."""
        if all(self._there(column, suffix) in values for column, values in target.where):
            return self._there(target.oid, suffix)
        return None

    def _suffix(self, key: bytes, by: Iterable[str]) -> bytes | None:
        """Return the index in the other table; None where the row lacks a part of it."""
        arcs: list[int] = []
        for name in by:
            more = self._arcs(key, name)
            if more is None:
                return None
            arcs += more
        return oid.encode_suffix(arcs)

    def _arcs(self, key: bytes, name: str) -> Sequence[int] | None:
        """Return what a part of the index, an object or a lookup adds to an index; octets are an arc each."""
        if name in self._parts[key]:
            return self._parts[key][name][1] or None
        if name in self._plan.lookups:
            target = self._plan.lookups[name]
            there = self._suffix(key, target.by)
            cell = None if there is None else self._found(target, there)
        else:
            cell = self._columns[name].get(key)
        if isinstance(cell, int):
            return (cell,) if 0 <= cell <= oid.MAX_ARC else None
        return cell if isinstance(cell, bytes) else None

    def cell(self, key: bytes, name: str) -> tuple[Cell | None, str | None]:
        """Return an object's value in this row and the name of that value, for a choice of rows."""
        cell = self._columns[name].get(key)
        if cell is None:
            return None, None
        return cell, rendered(self._plan.enums.get(name, {}), self._plan.table.objects[name], cell, None, as_name=True)
