"""What can be set about the detectors: one section each, under the detector's name."""

from pydantic import Field

from rules.traffic.detector import Model
from rules.traffic.dns_failures.settings import DnsFailureSettings
from rules.traffic.dns_tunnel_settings import DnsTunnelSettings
from rules.traffic.floods.settings import FloodSettings
from rules.traffic.guessing.settings import GuessingSettings
from rules.traffic.hidden.settings import (
    BeaconSettings,
    ExfiltrationSettings,
    FirstSeenSettings,
    IcmpTunnelSettings,
)
from rules.traffic.indicators.settings import IndicatorSettings
from rules.traffic.local.settings import (
    ArpSpoofingSettings,
    DuplicateAddressSettings,
    MacFlappingSettings,
    NewDeviceSettings,
    RogueDhcpSettings,
    RogueRouterSettings,
    SpanningTreeSettings,
)
from rules.traffic.overload.settings import OverloadSettings
from rules.traffic.scans.settings import ScanSettings


class DetectorSettings(Model):
    """`traffic.detectors`."""

    floods: FloodSettings = Field(default_factory=FloodSettings)
    guessing: GuessingSettings = Field(default_factory=GuessingSettings)
    scans: ScanSettings = Field(default_factory=ScanSettings)
    arp_spoofing: ArpSpoofingSettings = Field(default_factory=ArpSpoofingSettings)
    duplicate_address: DuplicateAddressSettings = Field(default_factory=DuplicateAddressSettings)
    mac_flapping: MacFlappingSettings = Field(default_factory=MacFlappingSettings)
    new_device: NewDeviceSettings = Field(default_factory=NewDeviceSettings)
    rogue_dhcp: RogueDhcpSettings = Field(default_factory=RogueDhcpSettings)
    rogue_router: RogueRouterSettings = Field(default_factory=RogueRouterSettings)
    spanning_tree: SpanningTreeSettings = Field(default_factory=SpanningTreeSettings)
    dns_tunnel: DnsTunnelSettings = Field(default_factory=DnsTunnelSettings)
    dns_failures: DnsFailureSettings = Field(default_factory=DnsFailureSettings)
    icmp_tunnel: IcmpTunnelSettings = Field(default_factory=IcmpTunnelSettings)
    beacon: BeaconSettings = Field(default_factory=BeaconSettings)
    exfiltration: ExfiltrationSettings = Field(default_factory=ExfiltrationSettings)
    first_seen: FirstSeenSettings = Field(default_factory=FirstSeenSettings)
    overload: OverloadSettings = Field(default_factory=OverloadSettings)
    indicators: IndicatorSettings = Field(default_factory=IndicatorSettings)
