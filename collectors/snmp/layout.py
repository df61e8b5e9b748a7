"""Which rows a table has, and what their labels say: made when something changed, kept while nothing does."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeAlias

from collectors.snmp import index, oid
from collectors.snmp.answers import Cell
from collectors.snmp.ber import WireError
from collectors.snmp.came import Came, Keys
from collectors.snmp.convert import dotted, index_text
from collectors.snmp.expression import Call, Node
from collectors.snmp.extent import extent_of
from collectors.snmp.labels import IndexText, Parts, Writer
from collectors.snmp.plan import SCALAR, BlockPlan, MetricPlan, TablePlan
from collectors.snmp.shared import same
from netmon.api import Column, Family, Missing, Reason

Labels: TypeAlias = tuple[str, ...]


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
    """The rows of metrics that several tables of the profile give; `siblings` are those of the other tables."""

    taken: dict[str, set[Labels]] = field(default_factory=dict)
    siblings: tuple["Layouts", ...] = ()

    def taken_elsewhere(self, metric: str) -> set[Labels]:
        """Return the rows that other tables give this metric."""
        return set[Labels]().union(*(sibling.taken.get(metric, ()) for sibling in self.siblings))


@dataclass(slots=True)
class Layout:
    """What was built from: each column's indexes, and the cells that labels and choices came from.

    `due` has the rows that each column should have: its indexes, where nothing is wrong.
    """

    shape: tuple[Keys, ...]
    due: tuple[Keys, ...]
    texts: dict[str, tuple[Cell, ...]]
    foreign: dict[bytes, dict[bytes, Cell]]  # the columns that lookups read
    blocks: tuple[BuiltBlock, ...]
    named: Keys
    names: tuple[Labels, ...]  # the lasting names of the `named` rows, where the table has counters to carry on
    problem: Missing | None
    by_keys: dict[Keys, tuple[Labels, ...]] = field(default_factory=dict)  # of other choices of rows

    def holds(self, came: Came) -> bool:
        """Tell whether the same rows came with the same labels."""
        seen: tuple[Keys, Keys] | None = None
        for keys, known in zip(came.shape, self.shape, strict=True):
            if seen is not None and keys is seen[0] and known is seen[1]:
                continue
            if keys != known:
                return False
            seen = (keys, known)
        return all(tuple(came.cells[name].values()) == self.texts[name] for name in came.plan.structural) and not any(
            (now := came.foreign(column)) is not cells and now != cells for column, cells in self.foreign.items()
        )

    def column(self, plan: TablePlan, name: str) -> dict[bytes, Cell]:
        """Return a column that labels come from, as it was."""
        return dict(zip(self.shape[plan.places[name]], self.texts[name], strict=True))

    def identities(self, keys: Keys) -> tuple[Labels, ...]:
        """Return the lasting names of these rows; the same object for the same rows."""
        if keys is self.named:
            return self.names
        if keys not in self.by_keys:
            names = dict(zip(self.named, self.names, strict=True))
            self.by_keys[keys] = tuple(names[key] for key in keys)
        return self.by_keys[keys]


def recall(came: Came, before: Layout) -> Came:
    """Put names as they were where their column failed, in rows whose other names are still the same.

    So a lost answer does not rename a port, and a renumbered port does not get another's name. Columns of other tables
    that failed keep what they do not say.
    """
    plan = came.plan
    lost = [column for column in before.foreign if column in came.answers.problems]
    if lost:
        came = came.with_foreign({column: before.foreign[column] | came.foreign(column) for column in lost})
    failed = plan.structural & came.problems.keys()
    sound = plan.structural - failed
    if not failed or not sound:
        return came
    known = {name: before.column(plan, name) for name in plan.structural}
    cells = dict(came.cells)
    for name in failed:
        same = {
            key: cell
            for key, cell in known[name].items()
            if all(came.cells[other].get(key) == known[other].get(key) for other in sound)
        }
        cells[name] = {**same, **came.cells[name]}
    return came.with_cells(cells)


def lay_out(came: Came, before: Layout | None, layouts: Layouts) -> Layout:
    """Find rows and labels anew."""
    plan = came.plan
    came = replace(came, shape=same(tuple(map(same, came.shape))))
    every = _every(came.shape)
    parts, problem = _index_texts(plan, every)
    due = _rows_due(came, every, parts, before)
    keys_of = dict(zip(came.cells, due, strict=True))
    layouts.taken = {}
    known = {block.rows: block.rows for block in before.blocks} if before is not None else {}
    builder = _Builder(came, keys_of, Writer(came, parts), layouts, known)
    blocks = [built for block in plan.blocks for built in builder.build(block)]
    named = every if len(parts) == len(every) else tuple(parts)
    return Layout(
        shape=came.shape,
        due=due,
        texts={name: same(tuple(came.cells[name].values())) for name in plan.structural},
        foreign={column: came.foreign(column) for column in plan.foreign},
        blocks=tuple(blocks),
        named=named,
        names=same(tuple(builder.writer.all(key, plan.key) for key in named)) if plan.key else (),
        problem=problem,
    )


def _every(shape: tuple[Keys, ...]) -> Keys:
    """Return the table's rows; one of the columns' own objects where that has them all."""
    columns = dict.fromkeys(shape)
    every = tuple(dict.fromkeys(key for keys in columns for key in keys))
    return next((keys for keys in columns if keys == every), every)


def _rows_due(came: Came, every: Keys, parts: Parts, before: Layout | None) -> tuple[Keys, ...]:
    """Return each column's rows, without those whose index is broken. A column that ended early is taken to have the
    rows that it had before, or else all of the table's.
    """
    if not came.problems and len(parts) == len(every):
        return came.shape
    columns: list[Keys] = []
    for place, (name, keys) in enumerate(zip(came.cells, came.shape, strict=True)):
        due = keys
        if name in came.problems:
            known = before.due[place] if before is not None else ()
            wanted = {*keys, *(known or every)}
            due = tuple(key for key in every if key in wanted)
        columns.append(due if len(parts) == len(every) else tuple(key for key in due if key in parts))
    return tuple(columns)


def _index_texts(plan: TablePlan, keys: Keys) -> tuple[Parts, Missing | None]:
    """Return each row's index parts as text and arcs, without the rows whose index is not what the MIB says."""
    if plan.scalar:
        return {key: {} for key in keys if key == SCALAR}, None
    clauses = [[(part.type, part.size) for part in clause] for clause in plan.clauses]
    absent: dict[str, IndexText] = {part.name: ("", ()) for part in plan.table.index}
    found: dict[bytes, dict[str, IndexText]] = {}
    problem = None
    for key in keys:
        try:
            at, arcs = index.split_any(oid.suffix_arcs(key), clauses)
        except (index.IndexMismatch, WireError) as error:
            problem = problem or Missing(Reason.INVALID, f"{plan.name}: {error}")
            continue
        found[key] = absent | {
            part.name: (index_text(part.type, own), own) for part, own in zip(plan.clauses[at], arcs, strict=True)
        }
    return found, problem


@dataclass(frozen=True, slots=True)
class _Builder:
    """Builds blocks one after the other.

    `known` are the rows of the last layout and of the blocks before: rows with the same text stay the same object, so
    that what is made of them keeps.
    """

    came: Came
    keys_of: Mapping[str, Keys]
    writer: Writer
    layouts: Layouts
    known: dict[tuple[Labels, ...], tuple[Labels, ...]]

    def build(self, block: BlockPlan) -> Iterator[BuiltBlock]:
        """Give one built block for each set of rows that some of the block's metrics share."""
        extents = {metric: extent_of(metric.node, self.keys_of) or () for metric in block.metrics}
        every = dict.fromkeys(key for keys in dict.fromkeys(extents.values()) for key in keys)
        labels = self._labels(block, every)
        beside = {metric.name for metric, keys in extents.items() if not labels.keys().isdisjoint(keys)}
        by_keys: dict[Keys, list[MetricPlan]] = {}
        for metric, keys in extents.items():
            kept = keys if len(labels) == len(every) else tuple(key for key in keys if key in labels)
            if kept:
                by_keys.setdefault(kept, []).append(metric)
        for keys, metrics in by_keys.items():
            yield self._built(block, keys, labels, metrics, beside)

    def _labels(self, block: BlockPlan, keys: Iterable[bytes]) -> dict[bytes, Labels]:
        """Return the labels of the rows that the block chooses, no two of them alike."""
        labels = {
            key: tuple(self.writer.label(key, templates) for templates in block.labels)
            for key in keys
            if _chosen(block, key, self.writer)
        }
        shared = [metric.name for metric in block.metrics if metric.name in self.came.plan.shared]
        here, elsewhere = self.layouts.taken, self.layouts.taken_elsewhere
        others = set[Labels]().union(*(here.get(name, set()) | elsewhere(name) for name in shared))
        labels = _tell_apart(self.came.plan, block, labels, others)
        for name in shared:
            here.setdefault(name, set()).update(labels.values())
        return labels

    def _built(
        self,
        block: BlockPlan,
        keys: Keys,
        labels: Mapping[bytes, Labels],
        metrics: Sequence[MetricPlan],
        beside: set[str],
    ) -> BuiltBlock:
        rows = same(tuple(labels[key] for key in keys))
        alike = same(tuple(metrics))
        return BuiltBlock(
            keys=keys,
            label_names=block.label_names,
            rows=self.known.setdefault(rows, rows),
            texts=("",) if self.came.plan.scalar else same(tuple(map(dotted, keys))),
            metrics=alike,
            families=same(tuple(_family(self.came, metric, beside) for metric in metrics)),
            fixed=_fixed(tuple(_is_constant(metric.node) for metric in metrics), len(keys)),
        )


def _chosen(block: BlockPlan, key: bytes, writer: Writer) -> bool:
    return all(not values.isdisjoint(writer.cell(key, name)) for name, values in block.where) and all(
        (pattern.search(writer.write(key, template)) is not None) is fit for template, pattern, fit in block.match
    )


def _tell_apart(
    plan: TablePlan, block: BlockPlan, labels: dict[bytes, Labels], others: set[Labels]
) -> dict[bytes, Labels]:
    """Make every row's labels its own: rows that look the same get their index in brackets after their name.

    A marked row ends in its own index, so it can only be like one that is not marked yet: that is marked next.
    """
    while True:
        counts = Counter(labels.values())
        if len(counts) == len(labels) and others.isdisjoint(counts):
            return labels
        labels = {
            key: _marked(plan, block, key, row) if counts[row] > 1 or row in others else row
            for key, row in labels.items()
        }


def _marked(plan: TablePlan, block: BlockPlan, key: bytes, row: Labels) -> Labels:
    mark = plan.name if plan.scalar else dotted(key)
    marked = list(row)
    marked[block.telling] = f"{row[block.telling]} ({mark})".lstrip()
    return tuple(marked)


def _family(came: Came, metric: MetricPlan, beside: set[str]) -> Family:
    name = next((name for name in metric.reads if came.cells[name]), metric.reads[0])
    plan = came.plan
    source = plan.table.objects[name].oid
    return _shared(
        Family(
            name=metric.name,
            kind=metric.kind,
            help=metric.help,
            source=f"{source}.0" if plan.scalar else source,
            upper_limit=metric.upper_limit if metric.upper_limit in beside else "",
            lower_limit=metric.lower_limit if metric.lower_limit in beside else "",
        )
    )


@lru_cache(maxsize=16_384)  # as many as profiles have metrics, several times over: 3 MB
def _shared(family: Family) -> Family:
    """Return one object for all devices that have this metric."""
    return family


def _is_constant(node: Node) -> bool:
    return isinstance(node, Call) and node.function == "present"


@lru_cache(maxsize=32)  # the blocks and sizes lately seen; 26 MB should all of them be as long as max_rows allows
def _fixed(constant: tuple[bool, ...], rows: int) -> tuple[Column | None, ...]:
    """Return a column of ones for each metric that is always 1; one object for all devices that have as many rows."""
    ones = array("q", [1]) * rows
    return tuple(ones if always else None for always in constant)
