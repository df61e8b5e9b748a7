"""What can be set about floods: what all share, and each kind's own."""

from pydantic import Field

from rules.traffic.floods.ack_flood import AckFloodSettings
from rules.traffic.floods.amplification import AmplificationSettings
from rules.traffic.floods.carpet_bombing import CarpetBombingSettings
from rules.traffic.floods.connection_flood import ConnectionFloodSettings
from rules.traffic.floods.flood import Model, SeveritySettings
from rules.traffic.floods.fragment_flood import FragmentFloodSettings
from rules.traffic.floods.held_connections import HeldConnectionsSettings
from rules.traffic.floods.icmp_flood import IcmpFloodSettings
from rules.traffic.floods.outbound_flood import OutboundFloodSettings
from rules.traffic.floods.rst_flood import RstFloodSettings
from rules.traffic.floods.syn_ack_flood import SynAckFloodSettings
from rules.traffic.floods.syn_flood import SynFloodSettings
from rules.traffic.floods.udp_flood import UdpFloodSettings
from rules.traffic.learned import LearnedSettings


class FloodSettings(Model):
    """When traffic to our addresses, or from them, is a flood."""

    windows_needed: int = Field(default=2, ge=1, le=60)  # windows in a row above the bound until it is said
    at_once_times: float = Field(default=2.0, ge=1)  # the bound: from there on the first window is enough
    long_window_s: float = Field(default=5.0, gt=0)  # windows of flow exporters: from so long, one is enough
    quiet_s: float = Field(default=10.0, gt=0)  # below the bound for so long: it is over (2.5 windows at least)
    repeat_s: float = Field(default=30.0, gt=0)  # how often one that lasts is said again
    judged_per_s: float = Field(default=20.0, gt=0)  # packets from which an address is looked at
    learned: LearnedSettings = Field(default_factory=LearnedSettings)
    severity: SeveritySettings = Field(default_factory=SeveritySettings)
    syn_flood: SynFloodSettings = Field(default_factory=SynFloodSettings)
    syn_ack_flood: SynAckFloodSettings = Field(default_factory=SynAckFloodSettings)
    ack_flood: AckFloodSettings = Field(default_factory=AckFloodSettings)
    rst_flood: RstFloodSettings = Field(default_factory=RstFloodSettings)
    udp_flood: UdpFloodSettings = Field(default_factory=UdpFloodSettings)
    icmp_flood: IcmpFloodSettings = Field(default_factory=IcmpFloodSettings)
    fragment_flood: FragmentFloodSettings = Field(default_factory=FragmentFloodSettings)
    connection_flood: ConnectionFloodSettings = Field(default_factory=ConnectionFloodSettings)
    held_connections: HeldConnectionsSettings = Field(default_factory=HeldConnectionsSettings)
    amplification: AmplificationSettings = Field(default_factory=AmplificationSettings)
    carpet_bombing: CarpetBombingSettings = Field(default_factory=CarpetBombingSettings)
    outbound_flood: OutboundFloodSettings = Field(default_factory=OutboundFloodSettings)
