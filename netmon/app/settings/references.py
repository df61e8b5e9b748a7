"""How the inventory hangs together: names that are there once, references that lead somewhere, joints in order."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from netmon.api import Fault
from netmon.app.settings.base import Model
from netmon.app.settings.document import Document, Way
from netmon.app.settings.inventory import Application, Device, Link, Mirror, PrefixEntry, Server, Site
from netmon.app.settings.problems import did_you_mean
from netmon.app.settings.words import split_address
from netmon.app.text import t

SNMP_PORT: Final = 161
_TARGETS: Final = ("devices", "servers", "applications")  # these are instances
_REFERRED_TO: Final = ("sites", "devices", "servers")
_FEW: Final = 10  # names that a message can list


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of an inventory file: what stands there, and what it means if its shape is right."""

    section: str
    document: Document
    path: Way
    raw: Any
    item: Model | None

    @property
    def name(self) -> str:
        """Return its name even where the rest of it is wrong, so that what refers to it is not blamed."""
        name = self.raw.get("name") if isinstance(self.raw, dict) else None
        return name if isinstance(name, str) else ""

    def fault(self, inner: Way, text: str, /, **values: object) -> Fault:
        """Return a fault at a place inside this item."""
        return self.document.fault((*self.path, *inner), text, key=False, **values)

    def origin(self, inner: Way) -> str:
        """Return where something inside this item stands, as `file:line:column`."""
        line, column = self.document.place((*self.path, *inner))
        return f"{self.document.file}:{line}:{column}"


Names: TypeAlias = Mapping[str, dict[str, None]]
"""The names that may be referred to: section → names, as keys so that a look-up is one step."""


def check(entries: list[Entry], credentials: Iterable[str], *, complete: bool) -> Iterator[Fault]:
    """Give every fault between items. `complete` is false where a file could not be read: then names may be there."""
    yield from _unique(entries)
    yield from _taken_ports(entries)
    names = {kind: {e.name: None for e in entries if e.section == kind} for kind in _REFERRED_TO}
    names["credentials"] = dict.fromkeys(credentials)
    for entry in entries:
        yield from _own(entry)
        for section, name, path in _references(entry.item):
            if name not in names[section] and complete:
                remedy = _remedy(section, name, tuple(names[section]))
                yield entry.fault(path, f"unknown_{section.removesuffix('s')}", value=name, remedy=remedy)


def _unique(entries: list[Entry]) -> Iterator[Fault]:
    """Give what is there twice: names in their kind (targets share theirs), addresses, prefixes."""
    first: dict[tuple[str, object], tuple[Entry, Way]] = {}
    for entry in entries:
        for kind, value, path in _identities(entry):
            if (other := first.setdefault((kind, value), (entry, path)))[0] is not entry:
                yield entry.fault(path, f"duplicate_{kind}", value=value, where=other[0].origin(other[1]))


def _identities(entry: Entry) -> Iterator[tuple[str, object, Way]]:
    if entry.name:
        kind = "target" if entry.section in _TARGETS else entry.section.removesuffix("s")
        yield f"{kind}_name", entry.name, ("name",)
    item = entry.item
    if isinstance(item, Device | Server) and item.collector == "snmp":
        host, port = split_address(item.address)
        shown = f"[{host}]" if ":" in host else host
        yield "address", f"{shown}:{port or SNMP_PORT}", ("address",)
    elif isinstance(item, Server) and item.collector == "host":
        yield "host", "host", ("collector",)
    elif isinstance(item, PrefixEntry):
        yield "prefix", item.prefix, ("prefix",)
    elif isinstance(item, Site):
        for index, prefix in enumerate(item.prefixes):
            yield "prefix", prefix, ("prefixes", index)


def _taken_ports(entries: list[Entry]) -> Iterator[Fault]:
    """Give the links that end at a port where another one ends: a port holds one fiber."""
    first: dict[tuple[str, str], tuple[Entry, Way]] = {}
    for entry in entries:
        if not isinstance(link := entry.item, Link):
            continue
        for end, port in (("a", link.a), ("b", link.b)):
            if not port.port:
                continue
            other, path = first.setdefault((port.device, port.port), (entry, (end, "port")))
            if (other, path) != (entry, (end, "port")):
                yield entry.fault((end, "port"), "port_taken", value=port.port, where=other.origin(path))


def _own(entry: Entry) -> Iterator[Fault]:
    """Give what is wrong with one item by itself beyond the shape of its values."""
    item = entry.item
    if isinstance(item, Link):
        yield from _joints(entry, item)
        if item.a == item.b:
            yield entry.fault(("b",), "link_to_itself", value=item.b.device)
    elif isinstance(item, Mirror) and item.primary == item.replica:
        yield entry.fault(("replica",), "mirror_of_itself", value=item.replica)
    elif isinstance(item, Device | Server):
        for index, uplink in enumerate(item.uplinks):
            if uplink.device == item.name:
                yield entry.fault(("uplinks", index, "device"), "own_uplink", value=item.name)


def _joints(entry: Entry, link: Link) -> Iterator[Fault]:
    """Joints lie on the fiber, each further from end `a` than the one before."""
    before = 0.0
    for index, joint in enumerate(link.joints):
        path = ("joints", index, "km")
        if joint.km > link.length_km:
            yield entry.fault(path, "joint_outside", value=f"{joint.km:g}", length=f"{link.length_km:g}")
        elif joint.km < before:
            yield entry.fault(path, "joint_order", value=f"{joint.km:g}", before=f"{before:g}")
        before = max(before, joint.km)


def _references(item: Model | None) -> Iterator[tuple[str, str, Way]]:
    """Give what an item refers to: (section, name, where in the item)."""
    site = getattr(item, "site", None)
    if site is not None:
        yield "sites", site, ("site",)
    if isinstance(item, Device | Server):
        if item.collector == "snmp":
            yield "credentials", item.credential, ("credential",)
        for index, uplink in enumerate(item.uplinks):
            yield "devices", uplink.device, ("uplinks", index, "device")
    elif isinstance(item, Application):
        for index, server in enumerate(item.servers):
            yield "servers", server, ("servers", index)
    elif isinstance(item, Link):
        yield "devices", item.a.device, ("a", "device")
        yield "devices", item.b.device, ("b", "device")
    elif isinstance(item, Mirror):
        yield "servers", item.primary, ("primary",)
        yield "servers", item.replica, ("replica",)


def _remedy(section: str, name: str, known: tuple[str, ...]) -> str:
    """Return the closest name, or the names if they are few, or where to define one."""
    if meant := did_you_mean(name, known):
        return meant
    define = t(f"define.{section}", name=name)
    return t("define.or_use", define=define, names=", ".join(known)) if 0 < len(known) <= _FEW else define
