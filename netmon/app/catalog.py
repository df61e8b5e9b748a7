"""Every collector, rule and exporter there is, by name. A test fails on one that is in the tree and not here."""

from dataclasses import dataclass
from enum import StrEnum
from pkgutil import resolve_name
from typing import Final


class Role(StrEnum):
    """What a daemon does. `all` is one daemon that does everything; the others share the work among several."""

    ALL = "all"
    POLLER = "poller"  # collects and judges; sends what it finds to a core
    CORE = "core"  # keeps the ledger and the alerts, tells people
    SENSOR = "sensor"  # sees the packets of interfaces, and judges them
    FLOW_COLLECTOR = "flow-collector"  # takes the flows that devices export, judges and keeps them

    @property
    def collects(self) -> bool:
        """Tell whether it has collectors and rules."""
        return self is not Role.CORE

    @property
    def polls(self) -> bool:
        """Tell whether it asks the inventory's devices and servers."""
        return self in {Role.ALL, Role.POLLER}

    @property
    def captures(self) -> bool:
        """Tell whether it sees the packets of the interfaces that the settings name."""
        return self in {Role.ALL, Role.SENSOR}

    @property
    def takes_flows(self) -> bool:
        """Tell whether it takes what flow exporters send."""
        return self in {Role.ALL, Role.FLOW_COLLECTOR}

    @property
    def keeps(self) -> bool:
        """Tell whether it has the ledger and all that hangs on it."""
        return self in {Role.ALL, Role.CORE}

    @property
    def daemon_name(self) -> str:
        """Return what it is called among the daemons of one state directory."""
        return "netmon" if self is Role.ALL else self.value


@dataclass(frozen=True, slots=True)
class Listing:
    """One plug-in: its name, where its class (or what makes it) is, and which roles run it (`all` always does)."""

    name: str
    path: str
    roles: frozenset[Role] = frozenset()

    def load(self) -> object:
        """Import the class: what a role does not run is never imported."""
        return resolve_name(self.path)

    def runs_in(self, role: Role) -> bool:
        """Tell whether a daemon of this role runs it."""
        return role is Role.ALL or role in self.roles


POLLED: Final = frozenset({Role.POLLER})
KEPT: Final = frozenset({Role.CORE})
CAPTURED: Final = frozenset({Role.SENSOR})
EXPORTED: Final = frozenset({Role.FLOW_COLLECTOR})
JUDGED: Final = POLLED | CAPTURED | EXPORTED

COLLECTORS: Final = (
    Listing("snmp", "collectors.snmp.collector:SnmpCollector", POLLED),
    Listing("host", "collectors.host.collector:HostCollector", POLLED),
)
RULES: Final = (
    Listing("limits", "rules.limits.rule:Limits", JUDGED),
    Listing("baselines", "rules.baselines.rule:Baselines", JUDGED),
    Listing("forecasts", "rules.forecasts.rule:Forecasts", JUDGED),
)
TRAFFIC_RULES: Final = (
    Listing("floods", "rules.traffic.floods.rule:Floods", CAPTURED | EXPORTED),
    Listing("scans", "rules.traffic.scans.rule:Scans", CAPTURED | EXPORTED),
    Listing("guessing", "rules.traffic.guessing.rule:Guessing", CAPTURED | EXPORTED),
    Listing("arp_spoofing", "rules.traffic.local.arp_spoofing:ArpSpoofing", CAPTURED | EXPORTED),
    Listing("duplicate_address", "rules.traffic.local.duplicate_address:DuplicateAddress", CAPTURED | EXPORTED),
    Listing("mac_flapping", "rules.traffic.local.mac_flapping:MacFlapping", CAPTURED | EXPORTED),
    Listing("new_device", "rules.traffic.local.new_device:NewDevice", CAPTURED | EXPORTED),
    Listing("rogue_dhcp", "rules.traffic.local.rogue_dhcp:RogueDhcp", CAPTURED | EXPORTED),
    Listing("rogue_router", "rules.traffic.local.rogue_router:RogueRouter", CAPTURED | EXPORTED),
    Listing("spanning_tree", "rules.traffic.local.spanning_tree:SpanningTree", CAPTURED | EXPORTED),
    Listing("dns_tunnel", "rules.traffic.dns_tunnel:DnsTunnel", CAPTURED | EXPORTED),
    Listing("dns_failures", "rules.traffic.dns_failures.rule:DnsFailures", CAPTURED | EXPORTED),
    Listing("icmp_tunnel", "rules.traffic.hidden.icmp_tunnel:IcmpTunnel", CAPTURED | EXPORTED),
    Listing("beacon", "rules.traffic.hidden.beacon:Beacon", CAPTURED | EXPORTED),
    Listing("exfiltration", "rules.traffic.hidden.exfiltration:Exfiltration", CAPTURED | EXPORTED),
    Listing("overload", "rules.traffic.overload.rule:Overload", CAPTURED | EXPORTED),
    Listing("indicators", "rules.traffic.indicators.rule:ListedPeers", CAPTURED | EXPORTED),
    Listing("first_seen", "rules.traffic.hidden.first_seen:FirstSeen", CAPTURED | EXPORTED),
)
"""Detectors over traffic; the settings of each are those of its name under `traffic.detectors`."""
EXPORTERS: Final = (
    Listing("prometheus", "exporters.prometheus.exporter:PrometheusExporter", JUDGED | KEPT),
    Listing("alertmanager", "exporters.alertmanager.exporter:AlertmanagerExporter", KEPT),
    Listing("apprise", "exporters.notify.courier:AppriseCourier", KEPT),
    Listing("heartbeat", "exporters.heartbeat.heartbeat:Heartbeat", KEPT),
    Listing("api", "exporters.api.app:api_app", KEPT),
    Listing("control", "exporters.api.control:ControlSocket", KEPT),
    Listing("sftp", "exporters.witness.sftp:Sftp", KEPT),
    Listing("webhook", "exporters.witness.webhook:Webhook", KEPT),
    Listing("mail", "exporters.witness.mail:Mail", KEPT),
)
"""Witnesses are listed by their `kind` in the settings, since each has a name of its own."""
