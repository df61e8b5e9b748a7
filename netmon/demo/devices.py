"""From a device of the ring to what its agent answers: which MIBs each kind of device has."""

from netmon.demo.layout import Kind, Node
from netmon.demo.machine import Machine
from netmon.demo.mib import MibView
from netmon.demo.mibs.entity import add_entities
from netmon.demo.mibs.host import add_host
from netmon.demo.mibs.interfaces import add_interfaces
from netmon.demo.mibs.lldp import add_lldp
from netmon.demo.mibs.objects import Objects
from netmon.demo.mibs.system import add_system
from netmon.demo.mibs.ucd import add_ucd
from netmon.demo.mibs.ups import add_ups
from netmon.demo.ring import Ring


def view_of(ring: Ring, node: Node) -> MibView:
    """Return everything that a device answers."""
    objects = Objects()
    add_system(objects, ring, node)
    add_interfaces(objects, ring, node)
    if node.kind is Kind.UPS:
        add_ups(objects, ring, node)
        return MibView(objects.entries)
    machine = Machine(ring, node)
    add_host(objects, ring, node, machine)
    if node.kind is Kind.SERVER:
        add_ucd(objects, ring, node, machine)
    else:
        add_entities(objects, ring, node, machine)
        add_lldp(objects, ring, node)
    return MibView(objects.entries)
