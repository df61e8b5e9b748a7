"""Which rows a table has, and what their labels say: made when something changed, kept while nothing does."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from collectors.snmp import index, oid
from collectors.snmp.answers import Answers, Cell
from collectors.snmp.ber import WireError
from collectors.snmp.convert import index_text
from collectors.snmp.expression import Among, Binary, Call, Const, Name, Node
from collectors.snmp.plan import SCALAR, BlockPlan, MetricPlan, TablePlan, Template, rendered
from netmon.api import Column, Family, Missing, Reason

Keys: TypeAlias = tuple[bytes, ...]
"""Raw index suffixes, in the order of rows."""

Labels: TypeAlias = tuple[str, ...]
Cells: TypeAlias = Mapping[bytes, Cell]


@dataclass(frozen=True, slots=True)
class BuiltBlock:
    """One table of readings without its numbers. `fixed` holds the columns whose numbers never change."""

    keys: Keys
    label_names: tuple[str, ...]
    rows: tuple[Labels, ...]
    texts: tuple[str, ...]
    metrics: tuple[MetricPlan, ...]
    families: tuple[Family, ...]
    fixed: tuple[Column | None, ...]


@dataclass(slots=True)
class Layouts:
    """What outlives a layout: rows with the same text stay the same object, so that what is rendered from them keeps."""

    rows: dict[tuple[Labels, ...], tuple[Labels, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class Layout:
    """What was built from: each column's indexes, and the cells that labels and choices came from."""

    shape: list[Keys]
    texts: dict[str, tuple[Cell, ...]]
    foreign: dict[bytes, dict[bytes, Cell]]  # the columns that lookups read
    keys_of: dict[str, Keys]
    blocks: tuple[BuiltBlock, ...]
    names: dict[bytes, Labels]  # each row's lasting name, where the table has counters to carry on
    problem: Missing | None
    by_keys: dict[Keys, list[Labels]] = field(default_factory=dict)

    def holds(self, plan: TablePlan, shape: list[Keys], columns: Mapping[str, Cells], answers: Answers) -> bool:
        """Tell whether the same rows came with the same labels."""
        seen: tuple[Keys, Keys] | None = None
        for keys, known in zip(shape, self.shape, strict=True):
            if seen is not None and keys is seen[0] and known is seen[1]:
                continue
            if keys != known:
                return False
            seen = (keys, known)
        return all(tuple(columns[name].values()) == self.texts[name] for name in plan.structural) and all(
            answers.cells.get(column, {}) == cells for column, cells in self.foreign.items()
        )

    def identities(self, keys: Keys) -> list[Labels]:
        """Return the lasting names of these rows; the same object for the same rows."""
        if keys not in self.by_keys:
            self.by_keys[keys] = [self.names[key] for key in keys]
        return self.by_keys[keys]


def lay_out(
    plan: TablePlan,
    answers: Answers,
    columns: Mapping[str, Cells],
    shape: list[Keys],
    problems: Mapping[str, Missing],
    before: Layout | None,
    layouts: Layouts,
) -> Layout:
    """Find rows and labels anew. A column that ended early is taken to have the rows that it had before."""
    every = tuple(dict.fromkeys(key for keys in dict.fromkeys(shape) for key in keys))
    parts, problem = _index_texts(plan, every)
    keys_of: dict[str, Keys] = {}
    for name, keys in zip(columns, shape, strict=True):
        if name in problems:
            due = before.keys_of[name] if before is not None and before.keys_of[name] else every
            keys = tuple(key for key in every if key in columns[name] or key in set(due))  # noqa: PLW2901 - the rows it ought to have
        keys_of[name] = keys if len(parts) == len(every) else tuple(key for key in keys if key in parts)
    writer = _Writer(plan, answers, columns, parts)
    taken: dict[str, set[Labels]] = {}
    blocks = [
        built for block in plan.blocks for built in _build(plan, block, keys_of, columns, writer, taken, layouts)
    ]
    layouts.rows = {block.rows: block.rows for block in blocks}
    return Layout(
        shape=shape,
        texts={name: tuple(columns[name].values()) for name in plan.structural},
        foreign={column: dict(answers.cells.get(column, {})) for column in plan.foreign},
        keys_of=keys_of,
        blocks=tuple(blocks),
        names={key: tuple(writer.write(key, template) for template in plan.key) for key in parts} if plan.key else {},
        problem=problem,
    )


def _index_texts(plan: TablePlan, keys: Keys) -> tuple[dict[bytes, dict[str, tuple[str, tuple[int, ...]]]], Missing | None]:
    """Return each row's index parts as text and arcs, without the rows whose index is not what the MIB says."""
    if plan.scalar:
        return {key: {} for key in keys if key == SCALAR}, None
    clause = [(part.type, part.size) for part in plan.table.index]
    found: dict[bytes, dict[str, tuple[str, tuple[int, ...]]]] = {}
    problem = None
    for key in keys:
        try:
            arcs = index.split(oid.suffix_arcs(key), clause)
        except (index.IndexMismatch, WireError) as error:
            problem = problem or Missing(Reason.INVALID, f"{plan.name}: {error}")
            continue
        found[key] = {
            part.name: (index_text(part.type, own), own) for part, own in zip(plan.table.index, arcs, strict=True)
        }
    return found, problem


class _Writer:
    """Writes labels: index parts, cells of the row, and cells of other tables that the row points to."""

    def __init__(
        self,
        plan: TablePlan,
        answers: Answers,
        columns: Mapping[str, Cells],
        parts: Mapping[bytes, Mapping[str, tuple[str, tuple[int, ...]]]],
    ) -> None:
        self._plan = plan
        self._answers = answers
        self._columns = columns
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

    def text(self, key: bytes, name: str, as_name: bool) -> str:
        """Return one field's text."""
        plan = self._plan
        if name in self._parts[key]:
            return self._parts[key][name][0]
        if name in plan.lookups:
            target = plan.lookups[name]
            there = self._suffix(key, plan.table.lookups[name].by)
            cell = self._answers.cells.get(target.oid, {}).get(there)
            kind = self._answers.cells.get(target.syntax_by, {}).get(there) if target.syntax_by else None
            return "" if cell is None else rendered(target.enum, target.obj, cell, kind, as_name)
        cell = self._columns[name].get(key)
        if cell is None:
            return ""
        obj = plan.table.objects[name]
        syntax_of = self._columns[obj.syntax_by[0]].get(key) if obj.syntax_by is not None else None
        return rendered(plan.enums.get(name, {}), obj, cell, syntax_of, as_name)

    def _suffix(self, key: bytes, by: Iterable[str]) -> bytes:
        """Return the index in the other table; an OBJECT IDENTIFIER pointer is taken by its last arcs."""
        arcs: list[int] = []
        for name in by:
            if name in self._parts[key]:
                arcs += self._parts[key][name][1]
                continue
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


def _build(
    plan: TablePlan,
    block: BlockPlan,
    keys_of: Mapping[str, Keys],
    columns: Mapping[str, Cells],
    writer: _Writer,
    taken: dict[str, set[Labels]],
    layouts: Layouts,
) -> Iterator[BuiltBlock]:
    """Give one built block for each set of rows that some of the block's metrics share."""
    extents = {metric: _extent(metric.node, keys_of) or () for metric in block.metrics}
    every = dict.fromkeys(key for keys in dict.fromkeys(extents.values()) for key in keys)
    labels = {
        key: tuple(writer.label(key, templates) for templates in block.labels)
        for key in every
        if _chosen(block, key, writer)
    }
    others = set().union(*(taken.get(metric.name, ()) for metric in block.metrics))
    labels = _tell_apart(plan, block, labels, others)
    for metric in block.metrics:
        taken.setdefault(metric.name, set()).update(labels.values())
    by_keys: dict[Keys, list[MetricPlan]] = {}
    beside = {metric.name for metric, keys in extents.items() if not labels.keys().isdisjoint(keys)}
    for metric, keys in extents.items():
        kept = keys if len(labels) == len(every) else tuple(key for key in keys if key in labels)
        if kept:
            by_keys.setdefault(kept, []).append(metric)
    for keys, metrics in by_keys.items():
        rows = tuple(labels[key] for key in keys)
        yield BuiltBlock(
            keys=keys,
            label_names=block.label_names,
            rows=layouts.rows.get(rows, rows),
            texts=("",) if plan.scalar else tuple(oid.text(oid.suffix_arcs(key)) for key in keys),
            metrics=tuple(metrics),
            families=tuple(_family(plan, metric, columns, beside) for metric in metrics),
            fixed=tuple(_fixed(metric.node, len(keys)) for metric in metrics),
        )


def _chosen(block: BlockPlan, key: bytes, writer: _Writer) -> bool:
    return all(not values.isdisjoint(writer.cell(key, name)) for name, values in block.where) and all(
        pattern.search(writer.write(key, template)) for template, pattern in block.match
    )


def _tell_apart(plan: TablePlan, block: BlockPlan, labels: dict[bytes, Labels], others: set[Labels]) -> dict[bytes, Labels]:
    """Make every row's labels its own: rows that look the same get their index in brackets after their name."""
    if not labels or not block.label_names:
        return dict(list(labels.items())[:1])
    for _ in range(3):  # the index is unique, so once is enough unless a device names parts like "x (7)" to mislead
        counts = Counter(labels.values())
        if len(counts) == len(labels) and others.isdisjoint(counts):
            return labels
        labels = {
            key: _marked(plan, block, key, row) if counts[row] > 1 or row in others else row
            for key, row in labels.items()
        }
    unique = {row: key for key, row in labels.items() if row not in others}
    return {key: row for row, key in unique.items()}


def _marked(plan: TablePlan, block: BlockPlan, key: bytes, row: Labels) -> Labels:
    mark = oid.text(oid.suffix_arcs(key)) if not plan.scalar else plan.name
    marked = list(row)
    marked[block.telling] = f"{row[block.telling]} ({mark})".lstrip()
    return tuple(marked)


def _extent(node: Node, keys_of: Mapping[str, Keys]) -> Keys | None:
    """Return the rows that an expression has; None where it has no say."""
    match node:
        case Const():
            return None
        case Name(name):
            return keys_of[name]
        case Among(column, _):
            return keys_of[column.name]
        case Binary(_, left, right):
            return _common([_extent(left, keys_of), _extent(right, keys_of)])
        case Call("at", _):
            return None
        case Call("first", arguments):
            extents = [_extent(argument, keys_of) or () for argument in arguments]
            union = tuple(dict.fromkeys(key for keys in extents for key in keys))
            return next((keys for keys in extents if keys == union), union)
        case Call(_, arguments):
            return _common([_extent(argument, keys_of) for argument in arguments])


def _common(extents: Sequence[Keys | None]) -> Keys | None:
    said = [keys for keys in extents if keys is not None]
    if not said:
        return None
    shared = set(said[0]).intersection(*said[1:])
    return next((keys for keys in said if len(keys) == len(shared)), tuple(key for key in said[0] if key in shared))


def _family(plan: TablePlan, metric: MetricPlan, columns: Mapping[str, Cells], beside: set[str]) -> Family:
    name = next((name for name in metric.reads if columns[name]), metric.reads[0])
    source = plan.table.objects[name].oid
    return Family(
        name=metric.name,
        kind=metric.kind,
        help=metric.help,
        source=f"{source}.0" if plan.scalar else source,
        upper_limit=metric.upper_limit if metric.upper_limit in beside else "",
        lower_limit=metric.lower_limit if metric.lower_limit in beside else "",
    )


def _fixed(node: Node, rows: int) -> Column | None:
    return array("q", [1]) * rows if isinstance(node, Call) and node.function == "present" else None
