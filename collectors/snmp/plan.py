"""A profile made ready for use: templates, expressions and choices parsed once. Holds nothing of any device."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from collectors.snmp import expression, oid
from collectors.snmp.answers import Cell
from collectors.snmp.convert import as_oid, text
from collectors.snmp.normal import NORMAL, normals_of
from collectors.snmp.profile import Block, IndexPart, Lookup, Metric, Object, Port, Profile, Table
from collectors.snmp.template import PORT, Template, parse
from netmon.api import Kind

SCALAR = b"\0"  # the index of a scalar's only instance: .0


@dataclass(frozen=True, slots=True)
class MetricPlan:
    """A metric of a block. `reads` are the objects of its expression, in order."""

    name: str
    kind: Kind
    help: str
    node: expression.Node
    reads: tuple[str, ...]
    upper_limit: str
    lower_limit: str


@dataclass(frozen=True, slots=True)
class BlockPlan:
    """Metrics that share labels and rows. `telling` is the label that gets a suffix where two rows look the same."""

    label_names: tuple[str, ...]
    labels: tuple[tuple[Template, ...], ...]
    telling: int
    where: tuple[tuple[str, frozenset[int | str]], ...]
    match: tuple[tuple[Template, re.Pattern[str], bool], ...]  # whether the template must fit, or must not
    metrics: tuple[MetricPlan, ...]


@dataclass(frozen=True, slots=True)
class LookupPlan:
    """The column of another table that a label is taken from, and the one beside it that tells its syntax."""

    oid: bytes
    obj: Object
    enum: Mapping[int | str, str]
    syntax_by: bytes
    by: tuple[str, ...]
    where: tuple[tuple[bytes, frozenset[int | str]], ...]  # numbers, or the texts of octets

    def reads(self) -> Iterator[bytes]:
        """Give the columns of other tables that this reads."""
        yield self.oid
        if self.syntax_by:
            yield self.syntax_by
        yield from (column for column, _ in self.where)


@dataclass(frozen=True, slots=True)
class PortPlan:
    """How the port that a row belongs to is found, as `profile.Port` says it, with columns in place of their names."""

    names: tuple[bytes, ...]
    index: str
    part: str
    inside: bytes
    mapping: bytes
    called: tuple[bytes, ...]
    where: tuple[tuple[bytes, frozenset[int | str]], ...]
    mentioned: tuple[Template, ...]


@dataclass(frozen=True, slots=True)
class TablePlan:
    """A table of a profile. `oids` are its columns in the order of its objects."""

    name: str
    table: Table
    oids: Mapping[str, bytes]
    places: Mapping[str, int]  # where in `oids` each stands
    enums: Mapping[str, Mapping[int | str, str]]
    lookups: Mapping[str, LookupPlan]
    port: PortPlan | None
    clauses: tuple[tuple[IndexPart, ...], ...]  # the index, and the parts of it that some agents send alone
    foreign: tuple[bytes, ...]  # the columns of other tables that lookups and ports read
    blocks: tuple[BlockPlan, ...]
    structural: frozenset[str]  # objects whose values decide which rows and labels there are
    key: tuple[Template, ...]  # what names a row for good, for its counters
    rate: expression.Node | None  # bits per second that a counter of octets cannot exceed
    shared: frozenset[str]  # metrics that several blocks of the profile give, so that their rows must be told apart

    @property
    def scalar(self) -> bool:
        """Tell whether these are objects without an index."""
        return not self.table.index


def column_oid(text_: str) -> bytes:
    """Return an object's OID as BER keeps it."""
    return oid.encode(oid.parse(text_))


def plan_table(profile: Profile, name: str) -> TablePlan:
    """Make one table ready. The profile was validated, so nothing can fail here."""
    table = profile.tables[name]
    blocks = tuple(_blocks(table))
    key = tuple(parse(f"{{{part}}}") for part in table.continuity.key) if table.continuity else ()
    rate = table.continuity.bits_per_second if table.continuity else None
    lookups = {alias: _lookup(profile, lookup) for alias, lookup in table.lookups.items()}
    foreign = dict.fromkeys(column for lookup in lookups.values() for column in lookup.reads())
    if table.port is not None:
        foreign |= dict.fromkeys(map(_columns(profile).__getitem__, table.port.columns()))
    return TablePlan(
        name=name,
        table=table,
        oids={object_name: column_oid(obj.oid) for object_name, obj in table.objects.items()},
        places={object_name: place for place, object_name in enumerate(table.objects)},
        enums={object_name: profile.enum_of(obj) for object_name, obj in table.objects.items() if obj.enum is not None},
        lookups=lookups,
        port=_port(profile, table.port) if table.port else None,
        clauses=(table.index, *(tuple(p for p in table.index if p.name in sent) for sent in table.index_or)),
        foreign=tuple(foreign),
        blocks=blocks,
        structural=frozenset(_structural(table, blocks, key)),
        key=key,
        rate=table.expression(rate) if rate else None,
        shared=_shared(profile),
    )


def _shared(profile: Profile) -> frozenset[str]:
    given = Counter(name for table in profile.tables.values() for block in table.blocks for name in block.metrics)
    return frozenset(name for name, count in given.items() if count > 1)


def _lookup(profile: Profile, lookup: Lookup) -> LookupPlan:
    objects = {object_name: obj for _, object_name, obj in profile.objects()}
    obj = objects[lookup.object]
    beside = column_oid(objects[obj.syntax_by[0]].oid) if obj.syntax_by is not None else b""
    where = tuple(_where(profile, lookup.where))
    return LookupPlan(column_oid(obj.oid), obj, profile.enum_of(obj), beside, lookup.by, where)


def _where(
    profile: Profile, chosen: Mapping[str, tuple[int | str, ...]]
) -> Iterator[tuple[bytes, frozenset[int | str]]]:
    """Give a choice of rows with columns in place of their names, and numbers in place of an enumeration's."""
    objects = {object_name: obj for _, object_name, obj in profile.objects()}
    for name, values in chosen.items():
        numbers = {text: number for number, text in profile.enum_of(objects[name]).items()}
        meant = frozenset(numbers.get(value, value) if isinstance(value, str) else value for value in values)
        yield column_oid(objects[name].oid), meant


def _columns(profile: Profile) -> dict[str, bytes]:
    return {name: column_oid(obj.oid) for _, name, obj in profile.objects()}


def _port(profile: Profile, port: Port) -> PortPlan:
    columns = _columns(profile)
    return PortPlan(
        names=tuple(columns[name] for name in port.names),
        index=port.index,
        part=port.part,
        inside=columns.get(port.inside, b""),
        mapping=columns.get(port.mapping, b""),
        called=tuple(columns[name] for name in port.called),
        where=tuple(_where(profile, port.where)),
        mentioned=tuple(map(parse, port.mentioned)),
    )


def enum_name(enum: Mapping[int | str, str], cell: Cell) -> str | None:
    """Return the name of a value; of an OID the name of the longest known OID that it begins with."""
    if isinstance(cell, int):
        return enum.get(cell)
    if not isinstance(cell, bytes):
        return None
    whole = as_oid(cell)
    arcs = whole.split(".")
    for length in range(len(arcs), 0, -1):
        name = enum.get(".".join(arcs[:length]))
        if name is not None:
            return name
    return None


def rendered(enum: Mapping[int | str, str], obj: Object, cell: Cell, syntax_of: Cell | None, as_name: bool) -> str:
    """Return a cell as a label's text."""
    if as_name:
        name = enum_name(enum, cell)
        if name is not None:
            return name
    syntax = obj.syntax
    if obj.syntax_by is not None and isinstance(syntax_of, int):
        syntax = obj.syntax_by[1].get(syntax_of, syntax)
    return text(syntax, cell)


def _blocks(table: Table) -> Iterator[BlockPlan]:
    values = {name: Metric(value=name) for name, obj in table.objects.items() if obj.emitted == "value"}
    if values:
        yield _block(table, Block(metrics=values))
    for name, obj in table.objects.items():
        if obj.emitted in ("info", "enum_info"):
            as_name = obj.emitted == "enum_info"
            labels = {**table.labels, name: (f"{{{name}.name}}" if as_name else f"{{{name}}}",)}
            metric = Metric(value=f"present({name})", help=obj.help)
            yield _block(table, Block(labels=labels, metrics={f"{name}_info" if as_name else name: metric}))
    for block in table.blocks:
        yield _block(table, block)


def _block(table: Table, block: Block) -> BlockPlan:
    labels = _in_order(table.block_labels(block), block)
    names = tuple(labels)
    templates = tuple(tuple(map(parse, choices)) for choices in labels.values())
    told = [any(field.name for template in choices for field in template) for choices in templates]
    ours = [name not in table.index_names and tells for name, tells in zip(names, told, strict=True)]
    return BlockPlan(
        label_names=names,
        labels=templates,
        telling=ours.index(True) if True in ours else told.index(True) if True in told else 0,
        where=tuple((name, frozenset(values)) for name, values in block.where.items()),
        match=(*_patterns(block.match, fit=True), *_patterns(block.unless, fit=False)),
        metrics=tuple(_metric(table, name, metric) for name, metric in block.metrics.items()),
    )


def _in_order(labels: dict[str, tuple[str, ...]], block: Block) -> dict[str, tuple[str, ...]]:
    """Return the labels of a normalised metric in the order that all profiles give them in."""
    for normal in normals_of(block.metrics):
        return {name: labels[name] for name in normal.labels}
    return labels


def _patterns(patterns: Mapping[str, str], *, fit: bool) -> Iterator[tuple[Template, re.Pattern[str], bool]]:
    return ((parse(template), re.compile(pattern), fit) for template, pattern in patterns.items())


def _metric(table: Table, name: str, metric: Metric) -> MetricPlan:
    node = table.expression(metric.value)
    reads = tuple(dict.fromkeys(expression.names(node)))
    normal, obj = NORMAL.get(name), table.objects.get(reads[0])
    only = obj if obj is not None and isinstance(node, expression.Name) else None
    return MetricPlan(
        name=name,
        kind=metric.kind or (normal.kind if normal else only.metric_kind if only else Kind.GAUGE),
        help=metric.help or (normal.help if normal else obj.help if obj else ""),
        node=node,
        reads=reads,
        upper_limit=metric.upper_limit or (normal.upper_limit if normal else only.upper_limit if only else ""),
        lower_limit=metric.lower_limit or (normal.lower_limit if normal else only.lower_limit if only else ""),
    )


def _structural(table: Table, blocks: tuple[BlockPlan, ...], key: tuple[Template, ...]) -> Iterator[str]:
    """Give the objects that labels, choices of rows, and names of rows are made from."""
    templates = [template for block in blocks for choices in block.labels for template in choices]
    for template in (*templates, *key):
        for field in template:
            yield from _behind(table, field.name)
    for block in blocks:
        yield from (name for name, _ in block.where)
        yield from (name for template, _, _ in block.match for field in template for name in _behind(table, field.name))


def _behind(table: Table, name: str) -> Iterator[str]:
    if name == PORT and table.port is not None:  # labels that say it change with these
        templates = map(parse, table.port.mentioned)
        for behind in (
            table.port.index,
            table.port.part,
            *(field.name for template in templates for field in template),
        ):
            yield from _behind(table, behind)
    if name in table.lookups:
        for by in table.lookups[name].by:
            yield from _behind(table, by)
    if name in table.objects:
        yield name
        other = table.objects[name].syntax_by
        if other is not None:
            yield other[0]
