"""The schema of a profile: which objects of a MIB are fetched, how rows are told apart, and what metrics follow.

A profile is a YAML file; `docs/snmp-profiles.md` explains it by example. Only models and their checks are here.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from collectors.snmp import expression, faults, oid
from collectors.snmp.convert import RANGES, TEXTUAL, Syntax
from collectors.snmp.index import IndexType
from collectors.snmp.normal import normals_of
from collectors.snmp.template import PORT
from netmon.api import Kind


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
    `unsigned` is for an integer that agents let wrap: a negative number is one above 2**31 - 1 put into 32 bits.
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
    unsigned: bool = False
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
        return self.range or ((0, 2**32 - 1) if self.unsigned else RANGES.get(self.syntax))

    @model_validator(mode="after")
    def _fits(self) -> "Object":
        if self.range is not None and self.range[0] > self.range[1]:
            raise ValueError(f"range begins at {self.range[0]} and ends before, at {self.range[1]}")
        if self.unsigned and self.syntax is not Syntax.INTEGER:
            raise ValueError(f"unsigned is for an integer, and this is a {self.syntax.value}")
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
    """A name for a column of another table of the profile, found by its index: each of `by`, an object, a part of the
    index or a lookup before this one, gives some of the arcs. Rows that `where` does not choose are not looked at.
    """

    object: str
    by: tuple[str, ...] = Field(min_length=1)
    where: dict[str, tuple[int | str, ...]] = Field(default_factory=dict)


class Port(_Model):
    """How the port that a row belongs to is found; labels have it as `{port}`, its ifIndex, and `{port.name}`.

    `names` are columns by ifIndex: what ports are called, the one to show first. `index` is an object, lookup or part
    of the index whose number is the ifIndex itself. `part` is one that gives a row of entPhysicalTable: from there on
    upwards by the column `inside`, the first is taken that the column `mapping` points from to an ifIndex
    (entAliasMappingIdentifier), or that `where` chooses and that is `called` as a port is. Where there is none, a
    template in `mentioned` that begins or ends with a port's name tells.
    """

    names: tuple[str, ...] = Field(min_length=1)
    index: str = ""
    part: str = ""
    inside: str = ""
    mapping: str = ""
    called: tuple[str, ...] = ()
    where: dict[str, tuple[int | str, ...]] = Field(default_factory=dict)
    mentioned: Annotated[tuple[str, ...], BeforeValidator(_tuple)] = ()

    def columns(self) -> Iterator[str]:
        """Give the objects whose columns this reads, of any table of the profile."""
        yield from (*self.names, *self.called, *self.where)
        yield from (name for name in (self.inside, self.mapping) if name)

    @model_validator(mode="after")
    def _ways(self) -> "Port":
        if not (self.index or self.part or self.mentioned):
            raise ValueError("nothing leads to the port: set index, part or mentioned")
        if (self.inside or self.mapping or self.called) and not self.part:
            raise ValueError("inside, mapping and called are of a part: set part")
        return self


class Metric(_Model):
    """A metric that is computed. Metrics of one block share their labels and rows."""

    value: Expression
    kind: Kind | None = None
    help: str = ""
    upper_limit: str = ""
    lower_limit: str = ""


class Block(_Model):
    """Metrics over some rows of the table: those where each `where` column holds one of the values, each template in
    `match` fits its pattern, and none in `unless` does.
    """

    labels: Labels | None = None
    where: dict[str, tuple[int | str, ...]] = Field(default_factory=dict)
    match: dict[str, Pattern] = Field(default_factory=dict)
    unless: dict[str, Pattern] = Field(default_factory=dict)
    metrics: dict[MetricName, Metric] = Field(min_length=1)


class Continuity(_Model):
    """How counters are known to go on: `key` names the row for good, the object `discontinuity` moves at a reset."""

    key: tuple[str, ...] = Field(min_length=1)
    discontinuity: str = ""
    bits_per_second: Expression | None = None  # a 32-bit counter cannot have wrapped faster than this


class Table(_Model):
    """Objects that share an index; without `index` they are scalars.

    `index_or` lists which parts of the index agents send that leave out others; what is left out is empty text.
    `last_change` are scalars of the profile that move whenever rows are added, removed or renumbered. `expressions` are
    names for what several metrics compute alike.
    """

    mib: str = Field(min_length=1)
    index: tuple[IndexPart, ...] = ()
    index_or: tuple[Annotated[tuple[str, ...], Field(min_length=1)], ...] = ()
    labels: Labels = Field(default_factory=dict)
    objects: dict[MetricName, Object] = Field(min_length=1)
    lookups: dict[LabelName, Lookup] = Field(default_factory=dict)
    port: Port | None = None
    expressions: dict[LabelName, Expression] = Field(default_factory=dict)
    blocks: tuple[Block, ...] = ()
    continuity: Continuity | None = None
    last_change: tuple[str, ...] = ()

    @cached_property
    def index_names(self) -> tuple[str, ...]:
        """The names of the index's parts."""
        return tuple(part.name for part in self.index)

    def expression(self, text: str) -> expression.Node:
        """Return the tree of an expression, with what `expressions` defines put in."""
        definitions = {name: expression.parse(defined) for name, defined in self.expressions.items()}
        return expression.expand(expression.parse(text), definitions)

    def block_labels(self, block: Block) -> dict[str, tuple[str, ...]]:
        """Return the labels of a block's metrics; a normalised one is told its MIB, and a sensor its port, unasked."""
        labels = dict(self.labels if block.labels is None else block.labels)
        normals = list(normals_of(block.metrics))
        if any(normal.of_sensor for normal in normals):
            labels.setdefault("ifIndex", (f"{{{PORT}}}" if self.port else "",))
            labels.setdefault("ifName", (f"{{{PORT}.name}}" if self.port else "",))
        if any("mib" in normal.labels for normal in normals):
            labels.setdefault("mib", (self.mib,))
        return labels

    def choices(self) -> Iterator[tuple[str, Mapping[str, tuple[int | str, ...]]]]:
        """Give (place, choice of rows) for every `where` of the table."""
        yield from ((f"blocks.{at}.where", block.where) for at, block in enumerate(self.blocks))
        yield from ((f"lookups.{name}.where", lookup.where) for name, lookup in self.lookups.items())
        if self.port is not None:
            yield "port.where", self.port.where

    @model_validator(mode="after")
    def _names(self) -> "Table":
        _raise(faults.of_table(self))
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

    def metrics(self) -> Iterator[tuple[str, str]]:
        """Give (name, MIB) of every metric that the profile can emit."""
        for table in self.tables.values():
            for name, obj in table.objects.items():
                if obj.emitted != "nothing":
                    yield (f"{name}_info" if obj.emitted == "enum_info" else name), table.mib
            for block in table.blocks:
                yield from ((name, table.mib) for name in block.metrics)

    def enum_of(self, obj: Object) -> Mapping[int | str, str]:
        """Return the names of an object's values; empty where it has none."""
        return self.enums[obj.enum] if isinstance(obj.enum, str) else obj.enum or {}

    @model_validator(mode="after")
    def _whole(self) -> "Profile":
        _raise(faults.of_profile(self))
        return self


def _raise(problems: Iterable[str]) -> None:
    found = list(problems)
    if found:
        raise ValueError("; ".join(found))
