"""What the core must know of the inventory: where targets are, what scopes of maintenance cover, whom labels mean."""

from collections.abc import Iterable, Mapping
from typing import Final

from netmon.api import Invalid, Matcher
from netmon.app.settings.inventory import Device, Inventory, Link, Port, Server
from netmon.app.settings.problems import did_you_mean
from netmon.app.settings.words import split_address
from netmon.app.text import t

Scope = tuple[tuple[Matcher, ...], ...]

KINDS: Final = ("site", "link", "device", "server", "application")


class Places:
    """The inventory, as far as alerts need it. Small: names and sites, no settings."""

    def __init__(self, inventory: Inventory, own: str = "") -> None:
        """`own` is this machine's name, for what netmon says of itself."""
        polled: tuple[Device | Server, ...] = (*inventory.devices, *inventory.servers)
        self._sites: dict[str, str] = {thing.name: thing.site for thing in polled}
        self._sites |= {application.name: application.site or "" for application in inventory.applications}
        self._links = {link.name: link for link in inventory.links}
        self._names: Mapping[str, frozenset[str]] = {
            "site": frozenset(site.name for site in inventory.sites),
            "link": frozenset(self._links),
            "device": frozenset(device.name for device in inventory.devices),
            "server": frozenset(server.name for server in inventory.servers),
            "application": frozenset(application.name for application in inventory.applications),
        }
        addresses = ((split_address(thing.address)[0], thing.name) for thing in polled)
        self._by_address = {address: name for address, name in addresses if address not in {"", "localhost"}}
        self.targets: frozenset[str] = frozenset(self._sites) | ({own} if own else frozenset())

    def site_of(self, target: str) -> str:
        """Return a target's site, empty where it has none or is not known."""
        return self._sites.get(target, "")

    def target_of(self, labels: Mapping[str, str]) -> str:
        """Return which target another system's labels mean: its `instance`, without its port where we know it then."""
        instance = labels.get("instance", "")
        if instance in self._sites:
            return instance
        host = instance.rpartition(":")[0].strip("[]") if instance.count(":") == 1 or "]:" in instance else instance
        if host in self._sites:
            return host
        return self._by_address.get(host, instance)

    def ends_of(self, element: str) -> frozenset[str]:
        """Return the targets that an element such as `link:ring-3` is about: those at both ends, or itself.

        The link of an uplink, NAME/DEVICE/PORT, is in no inventory: its ends are in its name.
        """
        kind, _, name = element.partition(":")
        if kind == "link" and name in self._links:
            link = self._links[name]
            return frozenset((link.a.device, link.b.device))
        names = name.split("/")[:2] if kind == "link" else [name] if kind != "site" else []
        return frozenset(names) & self._sites.keys()

    def _hint(self, kind: str, name: str) -> str:
        hint: str = did_you_mean(name, tuple(sorted(self._names[kind])))
        return hint or str(t("scope.see"))

    def matchers_of(self, scope: str) -> Scope:
        """Return what `site:NAME`, `link:NAME`, `device:NAME`, … covers; Invalid where it names nothing."""
        kind, colon, name = scope.partition(":")
        if not colon or kind not in KINDS:
            raise Invalid(t("scope.form", scope=scope, kinds=", ".join(f"{one}:NAME" for one in KINDS)))
        if name not in self._names[kind]:
            raise Invalid(t("scope.unknown", kind=kind, name=name, hint=self._hint(kind, name)))
        if kind == "link":
            return tuple(_link(self._links[name]))
        return ((Matcher("site" if kind == "site" else "instance", name),),)


def _link(link: Link) -> Iterable[tuple[Matcher, ...]]:
    """Give what concerns a link: what says so, and both ports. A whole device is never covered by its link."""
    yield (Matcher("link", link.name),)
    for end in (link.a, link.b):
        yield from _port(end)


def _port(end: Port) -> Iterable[tuple[Matcher, ...]]:
    if end.port:
        for label in ("ifName", "ifDescr"):
            yield (Matcher("instance", end.device), Matcher(label, end.port))
