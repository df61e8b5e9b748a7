"""What can be set about floods: what all share, and each kind's own."""

from typing import Final

from pydantic import Field

from rules.traffic.detector import DetectorBase, Model, Port
from rules.traffic.learned_settings import LearnedSettings

COLLECTORS: Final = (162, 514, 1514, 2055, 2056, 4729, 4739, 5140, 6343, 8125, 9995, 9996, 12201, 25826)
"""UDP ports of traps, logs (syslog, GELF), flow exports (NetFlow, IPFIX, sFlow) and measurements (StatsD, collectd)."""


class SeveritySettings(Model):
    """From where on a flood is more than a warning."""

    error_times: float = Field(default=5.0, gt=1)  # the bound
    critical_times: float = Field(default=50.0, gt=1)  # the bound
    critical_bits_per_s: float = Field(default=5e9, gt=0)  # whatever the bound is
    collapsed_share: float = Field(default=0.3, gt=0, lt=1)  # of its usual answers that a victim still gives: critical
    collapsed_from_per_s: float = Field(default=20.0, gt=0)  # usual answers below which they tell nothing
    collapsed_asked_share: float = Field(default=0.1, ge=0)  # of its usual answers, packets that still ask: or it rests


class SynFloodSettings(DetectorBase):
    """When SYN is a flood."""

    floor_per_s: float = Field(default=200.0, gt=0)  # SYN that are not completed: the least bound
    unfinished_share: float = Field(default=0.3, gt=0, le=1)  # of all SYN: below, most clients are served
    usual_times: float = Field(default=3.0, ge=0)  # the usual connections: fewer SYN are clients of a server gone dead
    scan_ports: float = Field(default=64.0, ge=2)  # ports asked for from which it may be a scan
    scan_sources: float = Field(default=16.0, ge=1)  # up to so many sources, with their decoys
    scan_per_s: float = Field(default=20_000.0, gt=0)  # SYN from which it is a flood all the same


class SynAckFloodSettings(DetectorBase):
    """When SYN with ACK is a flood."""

    floor_per_s: float = Field(default=200.0, gt=0)  # beyond what the address asked for: the least bound
    silent_share: float = Field(default=0.5, gt=0, le=1)  # of all TCP, where the address was not seen to send


class AckFloodSettings(DetectorBase):
    """When segments are a flood."""

    floor_per_s: float = Field(default=1_000.0, gt=0)  # segments that no answer explains: the least bound
    reset_share: float = Field(default=0.3, gt=0, le=1)  # of segments met with resets: they are of no connection
    odd_share: float = Field(default=0.5, gt=0, le=1)  # of segments with flags that no stack sends
    odd_floor_per_s: float = Field(default=300.0, gt=0)  # segments with such flags, to few ports: a flood anyway
    scan_ports: int = Field(default=64, ge=2)  # ports that the sample goes to, from which it may be a scan
    scan_sources: int = Field(default=16, ge=1)  # up to so many sources, with their decoys
    scan_per_s: float = Field(default=20_000.0, gt=0)  # segments from which it is a flood all the same
    silent_flows: float = Field(default=200.0, ge=1)  # where the receiver was not seen to send: from as many ends,
    silent_size_bytes: float = Field(default=300.0, gt=0)  # or so small on average


class RstFloodSettings(DetectorBase):
    """When resets are a flood."""

    floor_per_s: float = Field(default=500.0, gt=0)  # beyond three for each connection: the least bound
    share: float = Field(default=0.3, gt=0, le=1)  # of all TCP that the address receives


class UdpFloodSettings(DetectorBase):
    """When datagrams are a flood."""

    floor_per_s: float = Field(default=1_000.0, gt=0)  # unanswered datagrams: the least bound
    many: float = Field(default=100.0, ge=2)  # source addresses, or sources with ports, that no stream comes from
    ports: float = Field(default=64.0, ge=2)  # destination ports that no stream goes to
    flow_per_s: float = Field(default=4_000.0, gt=0)  # datagrams of one flow, small ones: no stream is so dense
    small_bytes: float = Field(default=300.0, gt=0)  # what is small
    dense_per_s: float = Field(default=20_000.0, gt=0)  # unanswered datagrams that are a flood, however they look
    answered_floor_per_s: float = Field(default=50_000.0, gt=0)  # datagrams that are a flood though answered
    silent_s: float = Field(default=20.0, gt=0)  # one flow that is never answered: RTP's receivers report each 5 s
    refused_windows: int = Field(default=3, ge=1)  # in a row, in which it is answered by ICMP errors alone
    collector_ports: tuple[Port, ...] = COLLECTORS  # whose datagrams nobody answers: logs, traps, flow exports
    scan_sources: float = Field(default=16.0, ge=1)  # up to so many sources, many ports may be a scan
    scan_bytes: float = Field(default=80.0, gt=0)  # a frame's, at the middle port: probes are empty but for a few
    scan_tries: float = Field(default=4.0, ge=1)  # at the middle port, in a window: nobody scans so often
    scan_datagrams: float = Field(default=200_000.0, gt=0)  # after so many in a row: all ports, three times each
    scan_per_s: float = Field(default=5_000.0, gt=0)  # datagrams from which it is a flood all the same


class IcmpFloodSettings(DetectorBase):
    """When ICMP is a flood."""

    floor_per_s: float = Field(default=300.0, gt=0)  # packets: the least bound
    asked_each: float = Field(default=1.5, ge=1)  # answers for one request, errors for one packet that was sent
    requests_share: float = Field(default=0.3, gt=0, le=1)  # of what comes that is requests: nobody asked for those


class FragmentFloodSettings(DetectorBase):
    """When fragments are a flood."""

    floor_per_s: float = Field(default=500.0, gt=0)  # fragments: the least bound
    answered_share: float = Field(default=0.05, gt=0, lt=1)  # of fragments, packets sent back: large messages are read
    whole_share: float = Field(default=0.05, gt=0, lt=1)  # of fragments that begin a datagram: less cannot be whole
    small_bytes: float = Field(default=400.0, gt=0)  # on average: no network needs to cut so small
    many: float = Field(default=50.0, ge=2)  # source addresses that no file server has
    dense_per_s: float = Field(default=10_000.0, gt=0)  # unanswered ones that are a flood, however they look


class ConnectionFloodSettings(DetectorBase):
    """When connections are a flood."""

    few_floor_per_s: float = Field(default=100.0, gt=0)  # handshakes, mostly from few sources: the least bound
    few_share: float = Field(default=0.5, gt=0, le=1)  # of new connections beyond the usual, that few sources make
    few_sources: int = Field(default=64, ge=1)  # what is few
    few_each_per_s: float = Field(default=5.0, gt=0)  # connections that each of them makes: no browser makes as many
    many_floor_per_s: float = Field(default=2_000.0, gt=0)  # handshakes from whomever: the least bound


class HeldConnectionsSettings(DetectorBase):
    """When connections that are held are an attack."""

    ports: tuple[Port, ...] = (80, 443, 8000, 8080, 8443, 8888)  # of web servers: databases keep pools of connections
    held: int = Field(default=200, ge=2)  # connections that one source has open with one service, hardly used
    idle_bytes_per_s: float = Field(default=300.0, gt=0)  # that it sends on each: more is use
    together: int = Field(default=500, ge=2)  # hardly used ones of several sources together: the least bound
    many_each: int = Field(default=15, ge=2)  # that each of those has: more than browsers do
    unserved_windows: int = Field(default=5, ge=1)  # in a row in which the server sends them nothing
    busy: int = Field(default=100, ge=2)  # connections of one source that are used: the least bound
    busy_share: float = Field(default=0.5, gt=0, le=1)  # of all that the service has open
    begun: int = Field(default=2, ge=1)  # flows begun in one window from which a source is followed
    forget_s: float = Field(default=600.0, gt=0)  # after which connections that were not seen to end are forgotten
    followed: int = Field(default=20_000, ge=1)  # sources with services at once, and services, 100 B each
    quiet_s: float = Field(default=30.0, gt=0)  # below the number for so long: it is over


class AmplificationSettings(DetectorBase):
    """When answers are an attack."""

    floor_per_s: float = Field(default=100.0, gt=0)  # unasked answers: the least bound
    sure_per_s: float = Field(default=1_000.0, gt=0)  # from which small answers count too
    large_bytes: float = Field(default=200.0, gt=0)  # an answer on average, below the rate that is sure
    silent_large_bytes: float = Field(default=400.0, gt=0)  # the same where the victim was not seen to send
    conversing_sources: float = Field(default=20.0, ge=1)  # of protocols that converse (QUIC, STUN): from as many


class CarpetBombingSettings(DetectorBase):
    """When many addresses of one prefix (/24, or /64 of IPv6) are one attack."""

    floor_per_s: float = Field(default=2_000.0, gt=0)  # packets that nobody answers, of all addresses: least bound
    hosts: int = Field(default=12, ge=2)  # addresses that get them
    host_per_s: float = Field(default=20.0, gt=0)  # packets for each of those: a scan brings fewer
    most_share: float = Field(default=0.5, gt=0, lt=1)  # of one address: more, and the attack is on that one
    flows: float = Field(default=4.0, ge=1)  # sources with ports at the middle one of the addresses: a stream has one
    prefixes: int = Field(default=3, ge=2)  # of one /16 (or /48 of IPv6) at once that are told as one attack
    victims: int = Field(default=8, ge=2)  # addresses over their own bounds that are told as one attack


class OutboundFloodSettings(DetectorBase):
    """When what our hosts send is an attack. Bounds are the floors of each flood's own settings."""

    own_share: float = Field(default=0.5, gt=0, le=1)  # of the flood's sampled packets that come from our addresses
    reflected_per_s: float = Field(default=300.0, gt=0)  # answers to one address from amplifiers' ports of ours
    reflected_times: float = Field(default=8.0, gt=1)  # octets answered for each that was asked
    reflected_bytes: float = Field(default=300.0, gt=0)  # an answer on average


class FloodSettings(DetectorBase):
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
