"""What makes a profile unusable although each of its values is of the right type, in words that say where.

Each fault begins with the place below the table or the profile that it is found in.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collectors.snmp import expression
from collectors.snmp.convert import TEXTUAL
from collectors.snmp.normal import NORMAL, PREFIX
from collectors.snmp.template import PORT, fields

if TYPE_CHECKING:
    from collectors.snmp.profile import Block, Continuity, Metric, Port, Profile, Table


@dataclass(frozen=True, slots=True)
class Clash:
    """A metric that two profiles would emit under the same labels, so that a device would have it twice."""

    metric: str
    first: str
    second: str


def between(profiles: "Iterable[Profile]") -> Iterator[Clash]:
    """Give the metrics that come from two profiles; `second` is the later one."""
    origins: dict[tuple[str, str], str] = {}
    for profile in profiles:
        for name, mib in dict.fromkeys(profile.metrics()):
            origin = origins.setdefault((name, mib if name in NORMAL else ""), profile.name)
            if origin != profile.name:
                yield Clash(name, origin, profile.name)


def of_table(table: "Table") -> Iterator[str]:
    """Give what does not fit together inside a table."""
    known = {*table.objects, *table.lookups, *table.index_names}
    yield from _index_faults(table)
    if table.port is not None:
        yield from _port_faults(table.port, known)
        known = known | {PORT}
    yield from _label_faults("labels", table.labels, known)
    yield from _nameless_faults(table)
    oids = [obj.oid for obj in table.objects.values()]
    for again in sorted({text for text in oids if oids.count(text) > 1}):
        yield f"objects: {again} stands for two objects"
    for name, obj in table.objects.items():
        if obj.syntax_by is not None and obj.syntax_by[0] not in table.objects:
            yield f"objects.{name}.syntax_by: no object {obj.syntax_by[0]!r} in this table"
    yield from _lookup_faults(table)
    for name, text in table.expressions.items():
        if name in known:
            yield f"expressions.{name}: the name is taken"
        yield from _expression_faults(f"expressions.{name}", table, text)
    if table.continuity is not None:
        yield from _continuity_faults(table, table.continuity, known)
    for at, block in enumerate(table.blocks):
        yield from (f"blocks.{at}.{fault}" for fault in _block_faults(table, block, known))


def _nameless_faults(table: "Table") -> Iterator[str]:
    """Find metrics of an indexed table that have no label: their rows would be one series."""
    words = "none, but the table has an index, and nothing would tell its rows apart"
    if table.index and not table.labels and any(obj.emitted == "value" for obj in table.objects.values()):
        yield f"labels: {words}"
    for at, block in enumerate(table.blocks):
        if table.index and not table.block_labels(block):
            yield f"blocks.{at}.labels: {words}"


def _index_faults(table: "Table") -> Iterator[str]:
    for at, sent in enumerate(table.index_or):
        if sent == table.index_names or [name for name in table.index_names if name in sent] != list(sent):
            yield f"index_or.{at}: {', '.join(sent)} is not {', '.join(table.index_names)} with some left out"


def _port_faults(port: "Port", known: set[str]) -> Iterator[str]:
    if PORT in known:
        yield f"port: the name {PORT!r} is taken, so that labels could not say {{{PORT}}}"
    for where, name in (("index", port.index), ("part", port.part)):
        if name and name not in known:
            yield f"port.{where}: no object, part of the index or lookup is called {name!r}"
    yield from _label_faults("port", {"mentioned": port.mentioned}, known)


def _lookup_faults(table: "Table") -> Iterator[str]:
    reached = {*table.objects, *table.index_names}
    for name, lookup in table.lookups.items():
        for by in lookup.by:
            if by not in reached:
                yield f"lookups.{name}.by: no object, part of the index or lookup before this one is called {by!r}"
        reached.add(name)


def _continuity_faults(table: "Table", continuity: "Continuity", known: set[str]) -> Iterator[str]:
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


def _block_faults(table: "Table", block: "Block", known: set[str]) -> Iterator[str]:
    labels = table.block_labels(block)
    yield from _label_faults("labels", labels, known)
    for name in block.where:
        if name not in table.objects:
            yield f"where: no object {name!r} in this table"
    templates = {template: (template,) for template in (*block.match, *block.unless)}
    yield from _label_faults("match", templates, known)
    for name, metric in block.metrics.items():
        yield from _expression_faults(f"metrics.{name}.value", table, metric.value)
        if name.startswith(PREFIX):
            yield from _normal_faults(name, metric, labels)


def _expression_faults(where: str, table: "Table", text: str) -> Iterator[str]:
    node = table.expression(text)
    found = set(expression.names(node))
    asked = {
        part.arguments[0]
        for part in expression.walk(node)
        if isinstance(part, expression.Call) and part.function == "present"
    }
    if not found:
        yield f"{where}: {text!r} reads no object, so it has no rows"
    for name in sorted(found):
        obj = table.objects.get(name)
        if obj is None:
            yield f"{where}: no object {name!r} in this table"
        elif obj.syntax in TEXTUAL and expression.Name(name) not in asked:
            yield f"{where}: {name} is a {obj.syntax.value}, not a number"


def _normal_faults(name: str, metric: "Metric", labels: Mapping[str, object]) -> Iterator[str]:
    normal = NORMAL.get(name)
    if normal is None:
        yield f"metrics.{name}: not one of the normalised names; there are {', '.join(NORMAL)}"
        return
    if set(labels) != set(normal.labels):
        yield f"metrics.{name}: labels are {', '.join(labels)}, where {', '.join(normal.labels)} are right"
    if metric.kind is not None and metric.kind is not normal.kind:
        yield f"metrics.{name}: a {normal.kind.value}, not a {metric.kind.value}"


def of_profile(profile: "Profile") -> Iterator[str]:
    """Give what does not fit together between the tables of a profile."""
    everything = {name for _, name, _ in profile.objects()}
    scalars = {name for table in profile.tables.values() if not table.index for name in table.objects}
    places: dict[str, str] = {}
    for table_name, name, _ in profile.objects():
        if places.setdefault(name, table_name) != table_name:
            yield f"tables.{table_name}.objects.{name}: table {places[name]} has an object of this name too"
    for name in profile.recognise.present:
        if name not in everything:
            yield f"recognise.present: no object {name!r} in this profile"
    for table_name, table in profile.tables.items():
        for fault in (*_reference_faults(profile, table, everything, scalars), *_choice_faults(profile, table)):
            yield f"tables.{table_name}.{fault}"


def _reference_faults(profile: "Profile", table: "Table", everything: set[str], scalars: set[str]) -> Iterator[str]:
    """Find names that lead out of the table to nothing."""
    for name, obj in table.objects.items():
        if isinstance(obj.enum, str) and obj.enum not in profile.enums:
            yield f"objects.{name}.enum: no {obj.enum!r} under enums"
    for name, lookup in table.lookups.items():
        missing = [there for there in (lookup.object, *lookup.where) if there not in everything]
        yield from (f"lookups.{name}: no object {there!r} in this profile" for there in missing)
    if table.port is not None:
        missing = [there for there in table.port.columns() if there not in everything]
        yield from (f"port: no object {there!r} in this profile" for there in missing)
    for name in table.last_change:
        if name not in scalars:
            yield f"last_change: no scalar {name!r} in this profile"


def _choice_faults(profile: "Profile", table: "Table") -> Iterator[str]:
    """Find names that are compared with an enumeration which does not have them."""
    objects = {name: obj for _, name, obj in profile.objects()}
    for where, name, values in _compared(table):
        obj = objects.get(name)
        if obj is None or (isinstance(obj.enum, str) and obj.enum not in profile.enums):
            continue  # said elsewhere
        if obj.enum is None and obj.syntax in TEXTUAL:
            continue  # compared with the text itself
        for value in values:
            if isinstance(value, str) and value not in profile.enum_of(obj).values():
                yield f"{where}: {name} has no {value!r} in its enumeration"


def _compared(table: "Table") -> Iterator[tuple[str, str, tuple[int | str, ...]]]:
    """Give (place, object, values) of every comparison of a table."""
    for place, choice in table.choices():
        yield from ((f"{place}.{name}", name, values) for name, values in choice.items())
    for at, block in enumerate(table.blocks):
        for metric_name, metric in block.metrics.items():
            for node in expression.walk(table.expression(metric.value)):
                if isinstance(node, expression.Among):
                    yield f"blocks.{at}.metrics.{metric_name}.value", node.column.name, node.values
