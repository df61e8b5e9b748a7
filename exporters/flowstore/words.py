"""What people call numbers in flows: protocols, applications by their well-known port, flags, states.

Names of services as IANA registers them, or as everybody says (`https`). Not more than people ask for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final, TypeAlias

from netmon.api.traffic import FlowState

Port: TypeAlias = tuple[int, int]
"""An IP protocol and a port."""

PROTOCOLS: Final[Mapping[str, int]] = {
    "icmp": 1, "igmp": 2, "ipip": 4, "tcp": 6, "egp": 8, "udp": 17, "dccp": 33, "ipv6": 41, "rsvp": 46, "gre": 47,
    "esp": 50, "ah": 51, "icmp6": 58, "eigrp": 88, "ospf": 89, "pim": 103, "vrrp": 112, "l2tp": 115, "sctp": 132,
}  # fmt: skip
PROTOCOL_NAMES: Final = {number: name for name, number in PROTOCOLS.items()}
ICMP: Final = (1, 58)

FLAGS: Final[Mapping[str, int]] = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32, "E": 64, "C": 128}
STATES: Final[Mapping[str, int]] = {state.name.lower(): state.value for state in FlowState}

_TCP: Final = {
    "ftp": (20, 21), "ssh": (22,), "telnet": (23,), "smtp": (25, 465, 587), "whois": (43,), "dns": (53, 853),
    "http": (80, 8000, 8080), "kerberos": (88,), "pop3": (110, 995), "rpc": (111,), "ident": (113,), "msrpc": (135,),
    "netbios": (139,), "imap": (143, 993), "bgp": (179,), "ldap": (389, 636, 3268, 3269), "https": (443, 8443),
    "smb": (445,), "rtsp": (554,), "rsync": (873,), "openvpn": (1194,), "mssql": (1433,), "oracle": (1521,),
    "pptp": (1723,), "mqtt": (1883, 8883), "nfs": (2049,), "zabbix": (10050, 10051), "squid": (3128,),
    "mysql": (3306,), "rdp": (3389,), "sip": (5060, 5061), "postgresql": (5432,), "amqp": (5671, 5672),
    "vnc": (5900,), "winrm": (5985, 5986), "x11": (6000,), "redis": (6379,), "kubernetes": (6443,), "irc": (6667,),
    "elasticsearch": (9200, 9300), "prometheus": (9090, 9100), "jetdirect": (9100,), "memcached": (11211,),
    "mongodb": (27017,), "syslog": (601, 6514), "winbox": (8291,), "stun": (3478,),
}  # fmt: skip
_UDP: Final = {
    "dns": (53,), "dhcp": (67, 68), "tftp": (69,), "kerberos": (88,), "rpc": (111,), "ntp": (123,),
    "netbios": (137, 138), "snmp": (161, 162), "ldap": (389,), "quic": (443,), "ike": (500, 4500), "syslog": (514,),
    "rip": (520,), "dhcp6": (546, 547), "openvpn": (1194,), "l2tp": (1701,), "radius": (1812, 1813),
    "ssdp": (1900,), "netflow": (2055, 9995, 9996), "stun": (3478,), "vxlan": (4789,), "ipfix": (4739,),
    "sip": (5060, 5061), "mdns": (5353,), "llmnr": (5355,), "sflow": (6343,), "memcached": (11211,),
    "wireguard": (51820,), "geneve": (6081,), "chargen": (19,), "wsd": (3702,), "coap": (5683,),
}  # fmt: skip


def _known() -> dict[Port, str]:
    tables = ((6, _TCP), (17, _UDP))
    return {(protocol, port): name for protocol, table in tables for name, ports in table.items() for port in ports}


@dataclass(frozen=True, slots=True)
class Words:
    """What the reader's site calls things; the operator's own services stand before the well-known ones."""

    services: Mapping[Port, str] = field(default_factory=dict)

    def app(self, protocol: int, port: int) -> str:
        """Return what runs over a port: its name, or protocol and port; of protocols without ports, their name."""
        known = self.services.get((protocol, port)) or _APPS.get((protocol, port))
        if known:
            return known
        name = protocol_name(protocol)
        return f"{name}/{port}" if protocol in {6, 17, 132} else name

    def ports_of(self, app: str) -> list[Port]:
        """Return the ports of an application, none where nobody knows it."""
        table = _APPS | dict(self.services)
        return sorted(port for port, name in table.items() if name.lower() == app.lower())

    def like(self, app: str) -> list[str]:
        """Return the names of applications, those first that are written nearly so."""
        names = sorted({*_APPS.values(), *self.services.values()})
        near = get_close_matches(app.lower(), names, n=3)
        return list(dict.fromkeys((*near, "dns", "https", "ssh", *self.services.values(), *names)))


_APPS: Final = _known()


def protocol_name(number: int) -> str:
    """Return the name of an IP protocol, its number where it has none here."""
    return PROTOCOL_NAMES.get(number, f"proto {number}")


def flags_text(flags: int) -> str:
    """Return TCP flags as one letter each, in the order of the header from CWR to FIN; a dot for each one not set."""
    return "".join(letter if flags & bit else "." for letter, bit in reversed(list(FLAGS.items())))
