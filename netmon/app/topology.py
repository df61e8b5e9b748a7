"""The graph of the network from the inventory, what in it forwards, and where in it netmon stands.

Links are fibers. Uplinks of servers, of UPS and of devices that no link joins are made edges, named `NAME/DEVICE/PORT`,
which no link's name can be.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from netmon.app.settings.inventory import Device, Inventory, Link, Role, Server
from netmon.core.causes.topology import Edge, Node, Topology

# All other devices pass on what is not for themselves. So may one of role `other`: a media converter taken for an end
# would leave what is behind it without a way, while an end with a single uplink harms nothing if taken to forward.
_ENDS: Final = frozenset({Role.UPS, Role.PDU, Role.SENSOR})


class Chosen(StrEnum):
    """How it was found where netmon stands."""

    HOST = "host"  # the server with `collector: host` says what it is connected to
    SITE = "site"  # it does not: taken to be connected to the best connected core device of its site
    DEVICE = "device"  # no such server: netmon is taken to stand at the best connected core device


@dataclass(frozen=True, slots=True)
class Standpoint:
    """Where netmon stands, and how that was found. `device` is the device chosen, empty where the inventory says it."""

    node: str
    how: Chosen
    device: str = ""


def standpoint(inventory: Inventory) -> Standpoint | None:
    """Return where netmon stands; None where the inventory has neither its host nor any device."""
    host = next((server for server in inventory.servers if server.collector == "host"), None)
    if host is not None:
        if host.uplinks:
            return Standpoint(host.name, Chosen.HOST)
        return Standpoint(host.name, Chosen.SITE, _best(inventory, host.site) or _best(inventory))
    best = _best(inventory)
    return Standpoint(best, Chosen.DEVICE, best) if best else None


def topology_of(inventory: Inventory) -> Topology | None:
    """Return the graph; None where there is nothing that netmon could stand at."""
    where = standpoint(inventory)
    if where is None:
        return None
    joined = {frozenset((link.a.device, link.b.device)) for link in inventory.links}
    edges = [*map(_fiber, inventory.links), *_uplinks(inventory, joined)]
    if where.how is Chosen.SITE and where.device:
        edges.append(Edge(f"{where.node}/{where.device}", where.node, "", where.device, "", fiber=False))
    depends = {application.name: application.servers for application in inventory.applications}
    return Topology(tuple(_nodes(inventory)), edges, depends, where.node)


def _nodes(inventory: Inventory) -> Iterator[Node]:
    polled: tuple[Device | Server, ...] = (*inventory.devices, *inventory.servers)
    reached_through = {uplink.device for thing in polled for uplink in thing.uplinks}
    for device in inventory.devices:
        forwards = device.role not in _ENDS or device.name in reached_through
        yield Node(device.name, "device", device.site, device.title, forwards)
    for server in inventory.servers:
        yield Node(server.name, "server", server.site, server.title, forwards=False)
    for application in inventory.applications:
        yield Node(application.name, "application", application.site or "", application.title, forwards=False)


def _fiber(link: Link) -> Edge:
    joints = tuple((joint.name, joint.km) for joint in link.joints)
    a, b = link.a, link.b
    return Edge(link.name, a.device, a.port, b.device, b.port, link.length_km, joints, link.title)


def _uplinks(inventory: Inventory, joined: set[frozenset[str]]) -> Iterator[Edge]:
    polled: tuple[Device | Server, ...] = (*inventory.devices, *inventory.servers)
    for thing in polled:
        names = set()
        for uplink in thing.uplinks:
            name = "/".join(filter(None, (thing.name, uplink.device, uplink.port)))
            if name not in names and frozenset((thing.name, uplink.device)) not in joined:
                names.add(name)
                yield Edge(name, uplink.device, uplink.port, thing.name, "", fiber=False)


def _best(inventory: Inventory, site: str | None = None) -> str:
    """Return the device with most links, core devices first, then by name; empty where there is none."""
    links = dict.fromkeys((device.name for device in inventory.devices), 0)
    ends = [end.device for link in inventory.links for end in (link.a, link.b)]
    polled: tuple[Device | Server, ...] = (*inventory.devices, *inventory.servers)
    ends += [uplink.device for thing in polled for uplink in thing.uplinks]
    for name in ends:
        if name in links:
            links[name] += 1
    devices = [device for device in inventory.devices if site is None or device.site == site]
    if not devices:
        return ""
    return min(devices, key=lambda device: (device.role is not Role.CORE, -links[device.name], device.name)).name
