"""How the inventory hangs together: names that are there once, references that lead somewhere, joints in order.

All of it is read from what stands in the files, not from the models made of it: an item with one wrong setting has no
model, and its references are checked all the same, so that one round tells everything.
"""

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from netmon.api import Fault
from netmon.app.settings.base import Model
from netmon.app.settings.document import Document, Way, inside
from netmon.app.settings.problems import did_you_mean
from netmon.app.settings.words import split_address
from netmon.app.text import t

SNMP_PORT: Final = 161
_TARGETS: Final = ("devices", "servers", "applications")  # these are instances
_POLLED: Final = ("devices", "servers")
_FEW: Final = 10  # names that a message can list
_EACH: Final = "*"  # every item of a list

# section → what its items refer to: the section that defines the name, and the way to the name.
_REFERENCES: Final[Mapping[str, tuple[tuple[str, Way], ...]]] = {
    "devices": (("sites", ("site",)), ("devices", ("uplinks", _EACH, "device"))),
    "servers": (("sites", ("site",)), ("devices", ("uplinks", _EACH, "device"))),
    "applications": (("sites", ("site",)), ("servers", ("servers", _EACH))),
    "links": (("devices", ("a", "device")), ("devices", ("b", "device"))),
    "mirrors": (("servers", ("primary",)), ("servers", ("replica",))),
    "prefixes": (("sites", ("site",)),),
}
REFERRED_TO: Final = ("sites", "devices", "servers", "credentials")


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of an inventory file: what stands there, and what it means if its shape is right."""

    section: str
    document: Document
    path: Way
    raw: Any
    item: Model | None

    def text(self, *path: str | int) -> str:
        """Return the text at a place inside this item; empty where there is none."""
        value = inside(self.raw, path)
        return value if isinstance(value, str) else ""

    @property
    def collector(self) -> str:
        """Return how a device or server is read, where that can be told; `snmp` unless it says something else."""
        return "snmp" if isinstance(self.raw, dict) and "collector" not in self.raw else self.text("collector")

    def texts(self, path: Way, before: Way = ()) -> Iterator[tuple[str, Way]]:
        """Give the texts at a way that may have `_EACH` in it, and where each of them stands."""
        if _EACH not in path:
            if value := self.text(*before, *path):
                yield value, (*before, *path)
            return
        at = list(path).index(_EACH)
        items = inside(self.raw, path[:at])
        for index in range(len(items) if isinstance(items, list) else 0):
            yield from self.texts(path[at + 1 :], (*before, *path[:at], index))

    def fault(self, inner: Way, text: str, /, **values: object) -> Fault:
        """Return a fault at a place inside this item."""
        return self.document.fault((*self.path, *inner), text, key=False, **values)

    def origin(self, inner: Way) -> str:
        """Return where something inside this item stands, as `file:line:column`."""
        line, column = self.document.place((*self.path, *inner))
        return f"{self.document.file}:{line}:{column}"


MayExist: TypeAlias = Callable[[str, str], bool]
"""Tells of (section, name) whether what could not be read may define it."""


def check(entries: list[Entry], credentials: Iterable[str], may_exist: MayExist) -> Iterator[Fault]:
    """Give every fault between items, also of items whose other settings are wrong."""
    yield from _unique(entries)
    yield from _taken_ports(entries)
    names = {kind: {e.text("name"): None for e in entries if e.section == kind} for kind in REFERRED_TO}
    for known in names.values():
        known.pop("", None)
    names["credentials"] = dict.fromkeys(credentials)
    for entry in entries:
        yield from _own(entry)
        for section, name, path in _references(entry):
            if name not in names[section] and not may_exist(section, name):
                remedy = remedy_for(section, name, tuple(names[section]))
                yield entry.fault(path, f"unknown_{section.removesuffix('s')}", value=name, remedy=remedy)


def _unique(entries: list[Entry]) -> Iterator[Fault]:
    """Give what is there twice: names in their kind (targets share theirs), addresses, prefixes."""
    first: dict[tuple[str, object], tuple[Entry, Way]] = {}
    for entry in entries:
        for kind, value, path in _identities(entry):
            other, there = first.setdefault((kind, value), (entry, path))
            if other is not entry or there != path:
                yield entry.fault(path, f"duplicate_{kind}", value=value, where=other.origin(there))


def _identities(entry: Entry) -> Iterator[tuple[str, object, Way]]:
    if name := entry.text("name"):
        kind = "target" if entry.section in _TARGETS else entry.section.removesuffix("s")
        yield f"{kind}_name", name, ("name",)
    if entry.section in _POLLED and entry.collector == "snmp":
        if address := _address(entry.text("address") or ("localhost" if entry.section == "servers" else "")):
            yield "address", address, ("address",)
    elif entry.section == "servers" and entry.collector == "host":
        yield "host", "host", ("collector",)
    elif entry.section in ("sites", "prefixes"):
        for text, path in entry.texts(("prefixes", _EACH) if entry.section == "sites" else ("prefix",)):
            if network := _network(text):
                yield "prefix", network, path


def _address(text: str) -> str:
    """Return host and port in the one form that can be compared; nothing where it is no address."""
    try:
        host, port = split_address(text)
    except ValueError:
        return ""
    return f"{f'[{host}]' if ':' in host else host}:{port or SNMP_PORT}"


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text)) if "/" in text else ""
    except ValueError:
        return ""


def _taken_ports(entries: list[Entry]) -> Iterator[Fault]:
    """Give the links that end at a port where another one ends: a port holds one fiber."""
    first: dict[tuple[str, str], tuple[Entry, Way]] = {}
    for entry in entries:
        for end in ("a", "b") if entry.section == "links" else ():
            device, port, path = entry.text(end, "device"), entry.text(end, "port"), (end, "port")
            if not (device and port):
                continue
            other, there = first.setdefault((device, port), (entry, path))
            if other is not entry or there != path:
                yield entry.fault(path, "port_taken", value=port, where=other.origin(there))


def _own(entry: Entry) -> Iterator[Fault]:
    """Give what is wrong with one item by itself beyond the shape of its values."""
    if entry.section == "links":
        yield from _joints(entry)
        a, b = ((entry.text(end, "device"), entry.text(end, "port")) for end in ("a", "b"))
        if a == b and a[0]:
            yield entry.fault(("b",), "link_to_itself", value=b[0])
    elif entry.section == "mirrors" and "" != entry.text("primary") == entry.text("replica"):
        yield entry.fault(("replica",), "mirror_of_itself", value=entry.text("replica"))
    elif entry.section in _POLLED:
        for device, path in entry.texts(("uplinks", _EACH, "device")):
            if device == entry.text("name"):
                yield entry.fault(path, "own_uplink", value=device)


def _joints(entry: Entry) -> Iterator[Fault]:
    """Joints lie on the fiber, each further from end `a` than the one before."""
    before, length = 0.0, _number(inside(entry.raw, ("length_km",)))
    joints = inside(entry.raw, ("joints",))
    for index in range(len(joints) if isinstance(joints, list) else 0):
        path = ("joints", index, "km")
        if (km := _number(inside(entry.raw, path))) is None:
            continue
        if length is not None and km > length:
            yield entry.fault(path, "joint_outside", value=f"{km:g}", length=f"{length:g}")
        elif km < before:
            yield entry.fault(path, "joint_order", value=f"{km:g}", before=f"{before:g}")
        before = max(before, km)


def _number(value: Any) -> float | None:
    """Return a distance in km as the schema understands it; None where it refuses it."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number < float("inf") else None


def _references(entry: Entry) -> Iterator[tuple[str, str, Way]]:
    """Give what an item refers to: (section, name, where in the item)."""
    for section, path in _REFERENCES.get(entry.section, ()):
        for name, where in entry.texts(path):
            yield section, name, where
    if entry.section in _POLLED and entry.collector == "snmp":
        given = "credential" in entry.raw
        if name := entry.text("credential") if given else "default":
            yield "credentials", name, ("credential",)


def remedy_for(section: str, name: str, known: tuple[str, ...]) -> str:
    """Return the closest name, or the names if they are few, or where to define one."""
    if meant := did_you_mean(name, known):
        return meant
    define = t(f"define.{section}", name=name)
    return t("define.or_use", define=define, names=", ".join(known)) if 0 < len(known) <= _FEW else define
