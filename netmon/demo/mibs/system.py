"""SNMPv2-MIB's system group (RFC 3418) and snmpEngine (RFC 3411)."""

from typing import Final

from netmon.demo.layout import Kind, Node
from netmon.demo.mibs.objects import Objects, identifier, octets, text, ticks, whole
from netmon.demo.ring import Ring

# Net-SNMP keeps this subtree for experiments; a server is what its agent calls Linux.
_OBJECT_IDS: Final = {
    Kind.CORE: "1.3.6.1.4.1.8072.9999.9999.77.1",
    Kind.ACCESS: "1.3.6.1.4.1.8072.9999.9999.77.2",
    Kind.UPS: "1.3.6.1.4.1.8072.9999.9999.77.4",
    Kind.SERVER: "1.3.6.1.4.1.8072.3.2.10",
}
_DESCRIPTIONS: Final = {
    Kind.CORE: "Simulated core switch, 24 x 10G SFP+",
    Kind.ACCESS: "Simulated access switch, 24 x 1G, 2 x 10G SFP+",
    Kind.UPS: "Simulated UPS, 6 kVA, network card",
    Kind.SERVER: "Linux {name} 6.1.0-25-amd64 #1 SMP Debian 6.1.106-3 x86_64",
}
_SERVICES: Final = {Kind.CORE: 6, Kind.ACCESS: 2, Kind.UPS: 64, Kind.SERVER: 72}  # sysServices: a sum of 2^(layer-1)


def engine_id(node: Node) -> bytes:
    """Return the device's snmpEngineID (RFC 3411 section 5): Net-SNMP's enterprise, format 4, the name as text."""
    return b"\x80\x00\x1f\x88\x04" + node.name.encode()[:27]


def add_system(objects: Objects, ring: Ring, node: Node) -> None:
    """Add what every agent has."""

    def uptime_s(now: float) -> float:
        return now - ring.boot(node.name, now)

    objects.scalars(
        "1.3.6.1.2.1.1",
        {
            1: text(_DESCRIPTIONS[node.kind].format(name=node.name)),
            2: identifier(_OBJECT_IDS[node.kind]),
            3: ticks(uptime_s),
            4: text("noc@tirtamulya.example"),
            5: text(node.name),
            6: text(node.site_title),
            7: whole(_SERVICES[node.kind]),
        },
    )
    objects.scalars(
        "1.3.6.1.6.3.10.2.1",
        {
            1: octets(engine_id(node)),
            2: whole(lambda now: ring.boots(node.name, now)),
            3: whole(lambda now: int(uptime_s(now))),
            4: whole(65_507),
        },
    )
