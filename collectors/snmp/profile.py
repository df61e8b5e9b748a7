"""The schema of a profile: which objects of a MIB are fetched, how rows are told apart, and what metrics follow.

A profile is a YAML file; `docs/snmp-profiles.md` explains it by example. Only models and their checks are here.
"""

import re
import string
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from collectors.snmp import expression, oid
from collectors.snmp.convert import RANGES, TEXTUAL, Syntax
from collectors.snmp.index import IndexType
from collectors.snmp.normal import NORMAL, Normal
from netmon.api import Kind

NORMAL_PREFIX = "netmon_"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _check_oid(text: str) -> str:
    oid.encode(oid.parse(text))
    return text.removeprefix(".")


def _check_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return text


def _check_expression(text: str) -> str:
    expression.parse(text)
    return text


def _tuple(value: object) -> object:
    """Let one template stand for a list of one."""
    return (value,) if isinstance(value, str) else value


def _named(value: object) -> object:
    """Let `[ifIndex, ifName]` stand for `{ifIndex: "{ifIndex}", ifName: "{ifName}"}`."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return {item: f"{{{item}}}" for item in value}
    return value


Oid: TypeAlias = Annotated[str, AfterValidator(_check_oid)]
Pattern: TypeAlias = Annotated[str, AfterValidator(_check_pattern)]
Expression: TypeAlias = Annotated[str, AfterValidator(_check_expression)]
MetricName: TypeAlias = Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$", max_length=200)]
LabelName: TypeAlias = Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9_]*$", max_length=200)]
Templates: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_tuple), Field(min_length=1)]
Labels: TypeAlias = Annotated[dict[LabelName, Templates], BeforeValidator(_named)]
Enum: TypeAlias = dict[int | Oid, str]


class Object(_Model):
    """One column of a table, or one scalar.

    `emit` says what becomes of it: `value` a metric of its own name, `info` a metric with value 1 that has its text as
    a label of its own name, `enum_info` the same under `<name>_info` with the enumeration's name, `nothing` only what
    labels and expressions make of it. `no_value` are numbers by which the device says that it has none.
    `syntax_by` gives another syntax where another column holds one of these numbers (LldpChassisIdSubtype).
    """

    oid: Oid
    syntax: Syntax
    help: str = ""
    emit: Literal["value", "info", "enum_info", "nothing"] | None = None
    kind: Kind | None = None
    enum: str | Enum | None = None
    range: tuple[float, float] | None = None
    no_value: tuple[int, ...] = ()
    syntax_by: tuple[str, dict[int, Syntax]] | None = None
    static: bool = False  # changes so seldom (names of parts) that it is read hourly, or when `last_change` moves
    upper_limit: str = ""
    lower_limit: str = ""

    @property
    def emitted(self) -> str:
        """What becomes of it where the profile does not say: numbers are values, texts are infos."""
        return self.emit or ("info" if self.syntax in TEXTUAL else "value")

    @property
    def metric_kind(self) -> Kind:
        """Counters are counters, everything else is a gauge."""
        counter = self.syntax in (Syntax.COUNTER32, Syntax.COUNTER64)
        return self.kind or (Kind.COUNTER if counter else Kind.GAUGE)

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The least and greatest number that is believed."""
        return self.range or RANGES.get(self.syntax)

    @model_validator(mode="after")
    def _fits(self) -> "Object":
        if self.range is not None and self.range[0] > self.range[1]:
            raise ValueError(f"range begins at {self.range[0]} and ends before, at {self.range[1]}")
        if self.emitted == "value" and self.syntax in TEXTUAL:
            raise ValueError(f"a {self.syntax.value} has no number: emit it as info, or nothing")
        if self.emitted == "enum_info" and self.enum is None:
            raise ValueError("enum_info needs the enumeration's names: set enum")
        return self


class IndexPart(_Model):
    """One object of the INDEX clause."""

    name: LabelName
    type: IndexType = IndexType.INTEGER
    size: int = Field(default=0, ge=0, le=128)

    @model_validator(mode="after")
    def _sized(self) -> "IndexPart":
        if (self.type is IndexType.FIXED_OCTETS) != (self.size > 0):
            raise ValueError("size is the number of octets of fixed_octets, and of nothing else")
        return self


class Lookup(_Model):
    """A name for a column of another table of the profile, found by its index: each of `by` gives some of the arcs."""

    object: str
    by: tuple[str, ...] = Field(min_length=1)


class Metric(_Model):
    """A metric that is computed. Metrics of one block share their labels and rows."""

    value: Expression
    kind: Kind | None = None
    help: str = ""
    upper_limit: str = ""
    lower_limit: str = ""


class Block(_Model):
    """Metrics over some rows of the table: those where each `where` column holds one of the values, and each template
    in `match` fits its pattern.
    """

    labels: Labels | None = None
    where: dict[str, tuple[int | str, ...]] = Field(default_factory=dict)
    match: dict[str, Pattern] = Field(default_factory=dict)
    metrics: dict[MetricName, Metric] = Field(min_length=1)


class Continuity(_Model):
    """How counters are known to go on: `key` names the row for good, `discontinuity` is the object that tells resets."""

    key: tuple[str, ...] = Field(min_length=1)
    discontinuity: str = ""
    bits_per_second: Expression | None = None  # a 32-bit counter cannot have wrapped faster than this


class Table(_Model):
    """Objects that share an index; without `index` they are scalars.

    `last_change` are scalars of the profile that move whenever rows are added, removed or renumbered.
    """

    mib: str = Field(min_length=1)
    index: tuple[IndexPart, ...] = ()
    labels: Labels = Field(default_factory=dict)
    objects: dict[MetricName, Object] = Field(min_length=1)
    lookups: dict[LabelName, Lookup] = Field(default_factory=dict)
    blocks: tuple[Block, ...] = ()
    continuity: Continuity | None = None
    last_change: tuple[str, ...] = ()

    @cached_property
    def index_names(self) -> tuple[str, ...]:
        """The names of the index's parts."""
        return tuple(part.name for part in self.index)

    def block_labels(self, block: Block) -> dict[str, tuple[str, ...]]:
        """The labels of a block's metrics; a normalised one is told its MIB without being asked."""
        labels = dict(self.labels if block.labels is None else block.labels)
        if "mib" not in labels and any("mib" in normal.labels for normal in _normals(block)):
            labels["mib"] = (self.mib,)
        return labels

    @model_validator(mode="after")
    def _names(self) -> "Table":
        known = {*self.objects, *self.lookups, *self.index_names}
        _faults(_table_faults(self, known))
        return self


class Recognition(_Model):
    """How a device is known to have the profile: any of these. Empty: every device is asked."""

    sys_object_id: tuple[Oid, ...] = ()  # what sysObjectID begins with
    present: tuple[str, ...] = ()  # objects of the profile that it answers


class Profile(_Model):
    """One MIB, or the part of it that is worth reading."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)
    description: str = ""
    interval_s: float | None = Field(default=None, ge=1, le=86_400)  # never read more often than this
    recognise: Recognition = Recognition()
    enums: dict[str, Enum] = Field(default_factory=dict)
    tables: dict[str, Table] = Field(min_length=1)

    def objects(self) -> Iterator[tuple[str, str, Object]]:
        """Give (table, name, object) for everything that is fetched."""
        for table_name, table in self.tables.items():
            for name, obj in table.objects.items():
                yield table_name, name, obj

    def enum_of(self, obj: Object) -> Mapping[int | str, str]:
        """Return the names of an object's values; empty where it has none."""
        return self.enums[obj.enum] if isinstance(obj.enum, str) else obj.enum or {}

    @model_validator(mode="after")
    def _whole(self) -> "Profile":
        _faults(_profile_faults(self))
        return self


def fields(template: str) -> Iterator[tuple[str, str, str]]:
    """Give (text before, name, '' or 'name') for each field of a label's template, and the text at its end."""
    for literal, field, _, _ in string.Formatter().parse(template):
        name, _, what = (field or "").partition(".")
        yield literal, name, what


def _faults(faults: Iterable[str]) -> None:
    found = list(faults)
    if found:
        raise ValueError("; ".join(found))


def _normals(block: Block) -> Iterator[Normal]:
    return (NORMAL[name] for name in block.metrics if name in NORMAL)


def _table_faults(table: Table, known: set[str]) -> Iterator[str]:
    yield from _label_faults("labels", table.labels, known)
    oids = [obj.oid for obj in table.objects.values()]
    for again in sorted({text for text in oids if oids.count(text) > 1}):
        yield f"objects: {again} stands for two objects"
    for name, obj in table.objects.items():
        if obj.syntax_by is not None and obj.syntax_by[0] not in table.objects:
            yield f"objects.{name}.syntax_by: no object {obj.syntax_by[0]!r} in this table"
    for name, lookup in table.lookups.items():
        for by in lookup.by:
            if by not in table.objects and by not in table.index_names:
                yield f"lookups.{name}.by: {by!r} is neither an object of this table nor a part of its index"
    if table.continuity is not None:
        yield from _continuity_faults(table, table.continuity, known)
    for at, block in enumerate(table.blocks):
        yield from (f"blocks.{at}.{fault}" for fault in _block_faults(table, block, known))


def _continuity_faults(table: Table, continuity: Continuity, known: set[str]) -> Iterator[str]:
    for name in continuity.key:
        if name not in known:
            yield f"continuity.key: no {name!r} in this table"
    if continuity.discontinuity and continuity.discontinuity not in table.objects:
        yield f"continuity.discontinuity: no object {continuity.discontinuity!r} in this table"
    if continuity.bits_per_second:
        yield from _expression_faults("continuity.bits_per_second", table, continuity.bits_per_second)


def _label_faults(where: str, labels: Mapping[str, tuple[str, ...]], known: set[str]) -> Iterator[str]:
    for label, templates in labels.items():
        for template in templates:
            try:
                parts = list(fields(template))
            except ValueError as error:
                yield f"{where}.{label}: {template!r} is not a template: {error}"
                continue
            for _, name, what in parts:
                if name and name not in known:
                    yield f"{where}.{label}: no {name!r} among the objects, lookups and index parts of this table"
                if what not in ("", "name"):
                    yield f"{where}.{label}: {name}.{what} is unknown; {name}.name gives the enumeration's name"


def _block_faults(table: Table, block: Block, known: set[str]) -> Iterator[str]:
    labels = table.block_labels(block)
    yield from _label_faults("labels", labels, known)
    for name in block.where:
        if name not in table.objects:
            yield f"where: no object {name!r} in this table"
    yield from _label_faults("match", {template: (template,) for template in block.match}, known)
    for name, metric in block.metrics.items():
        yield from _expression_faults(f"metrics.{name}.value", table, metric.value)
        if name.startswith(NORMAL_PREFIX):
            yield from _normal_faults(name, metric, labels)


def _expression_faults(where: str, table: Table, text: str) -> Iterator[str]:
    node = expression.parse(text)
    found = set(expression.names(node))
    asked = {part.arguments[0] for part in walk(node) if isinstance(part, expression.Call) and part.function == "present"}
    if not found:
        yield f"{where}: {text!r} reads no object, so it has no rows"
    for name in sorted(found):
        obj = table.objects.get(name)
        if obj is None:
            yield f"{where}: no object {name!r} in this table"
        elif obj.syntax in TEXTUAL and expression.Name(name) not in asked:
            yield f"{where}: {name} is a {obj.syntax.value}, not a number"


def _normal_faults(name: str, metric: Metric, labels: Mapping[str, object]) -> Iterator[str]:
    normal = NORMAL.get(name)
    if normal is None:
        yield f"metrics.{name}: not one of the normalised names; there are {', '.join(NORMAL)}"
        return
    if set(labels) != set(normal.labels):
        yield f"metrics.{name}: labels are {', '.join(labels)}, where {', '.join(normal.labels)} are right"
    if metric.kind is not None and metric.kind is not normal.kind:
        yield f"metrics.{name}: a {normal.kind.value}, not a {metric.kind.value}"


def _profile_faults(profile: Profile) -> Iterator[str]:
    everything = {name: obj for _, name, obj in profile.objects()}
    scalars = {name for table in profile.tables.values() if not table.index for name in table.objects}
    for name in profile.recognise.present:
        if name not in everything:
            yield f"recognise.present: no object {name!r} in this profile"
    for table_name, table in profile.tables.items():
        for name, obj in table.objects.items():
            if isinstance(obj.enum, str) and obj.enum not in profile.enums:
                yield f"tables.{table_name}.objects.{name}.enum: no {obj.enum!r} under enums"
        for name, lookup in table.lookups.items():
            if lookup.object not in everything:
                yield f"tables.{table_name}.lookups.{name}: no object {lookup.object!r} in this profile"
        for name in table.last_change:
            if name not in scalars:
                yield f"tables.{table_name}.last_change: no scalar {name!r} in this profile"
        for at, block in enumerate(table.blocks):
            yield from (f"tables.{table_name}.blocks.{at}.{f}" for f in _choice_faults(profile, table, block))


def _choice_faults(profile: Profile, table: Table, block: Block) -> Iterator[str]:
    """Find names that are compared with an enumeration which does not have them."""
    compared = [(f"where.{name}", name, values) for name, values in block.where.items()]
    for metric_name, metric in block.metrics.items():
        for node in walk(expression.parse(metric.value)):
            if isinstance(node, expression.Among):
                compared.append((f"metrics.{metric_name}.value", node.column.name, node.values))
    for where, name, values in compared:
        obj = table.objects.get(name)
        if obj is None or (isinstance(obj.enum, str) and obj.enum not in profile.enums):
            continue  # said elsewhere
        if obj.enum is None and obj.syntax in TEXTUAL:
            continue  # compared with the text itself
        for value in values:
            if isinstance(value, str) and value not in profile.enum_of(obj).values():
                yield f"{where}: {name} has no {value!r} in its enumeration"


def walk(node: expression.Node) -> Iterator[expression.Node]:
    """Give a node and everything below it."""
    yield node
    match node:
        case expression.Binary(_, left, right):
            yield from walk(left)
            yield from walk(right)
        case expression.Call(_, arguments):
            for argument in arguments:
                yield from walk(argument)
