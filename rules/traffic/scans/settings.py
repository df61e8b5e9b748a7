"""What can be set about scans."""

from ipaddress import IPv4Network, IPv6Network
from typing import Final

from pydantic import Field

from rules.traffic.detector import DetectorBase

PEER_PORTS: Final = (4662, 6346, 6347, *range(6881, 6890), 8333, 30303, 51413)
"""TCP ports of peer-to-peer programs: eDonkey, Gnutella, BitTorrent (51413: Transmission's), Bitcoin, Ethereum."""


class ScanSettings(DetectorBase):
    """When contacts that fail are a scan. A contact is a source that tries a port of a host, once however often."""

    allow: tuple[IPv4Network | IPv6Network, ...] = ()  # scanners that are ours: never told
    window_s: float = Field(default=60.0, gt=0, le=600)  # what is quick: contacts of this time are looked at together
    ports: int = Field(default=15, ge=3)  # of one host, failed: a scan of ports
    hosts: int = Field(default=25, ge=3)  # with one port, failed: a sweep
    web_hosts: int = Field(
        default=64, ge=3, le=128
    )  # the same for 80 and 443, which a browser without Internet fails with
    mail_hosts: int = Field(default=64, ge=3, le=128)  # the same for 25: a mail server tries dead servers again
    peer_ports: tuple[int, ...] = PEER_PORTS  # whose clients try again whom they once met, most of whom are gone
    peer_hosts: int = Field(default=128, ge=3, le=128)  # the same for those
    udp_ports: int = Field(default=15, ge=3)  # of one host, refused or silent
    udp_hosts: int = Field(default=40, ge=3)  # with one UDP port, refused or silent
    udp_flood_per_s: float = Field(default=5_000.0, gt=0)  # datagrams to one host: a flood, whatever ports (udp_flood)
    flood_per_s: float = Field(default=20_000.0, gt=0)  # segments to one host: the same (syn_flood, ack_flood)
    protocols: int = Field(default=10, ge=3)  # IP protocols beside TCP, UDP, ICMP, IGMP and SCTP, of one host
    echo_hosts: int = Field(default=30, ge=3)  # that do not answer an ICMP request
    arp_hosts: int = Field(default=60, ge=3)  # asked for by ARP within arp_window_s, of which most do not answer
    arp_window_s: float = Field(default=15.0, gt=0, le=600)
    odd_contacts: int = Field(default=8, ge=2)  # with flags that no stack begins with
    stray_ports: int = Field(default=20, ge=3)  # of one host, with ACK or FIN and ACK out of nothing
    failed_share: float = Field(default=0.5, gt=0, le=1)  # of a group's contacts that fail, at least
    concentration: float = Field(default=0.3, ge=0, le=1)  # of a source's failures, in the one port of a sweep
    pending: int = Field(default=50, ge=10)  # unanswered contacts in eight windows: told before they time out
    pending_age_s: float = Field(default=0.4, ge=0, le=5)  # an answer may take so long
    outage_sources: int = Field(default=3, ge=2)  # of ours that sweep web ports at once: their uplink is down
    distributed_sources: int = Field(default=3, ge=2)  # that scan one host at once: one finding, by the host
    theta0: float = Field(default=0.8, gt=0, lt=1)  # of first contacts that succeed: ordinary hosts (Jung et al. 2004)
    theta1: float = Field(default=0.2, gt=0, lt=1)  # the same for scanners
    alpha: float = Field(default=1e-5, gt=0, lt=0.5)  # odds that an ordinary group is taken for a scan
    beta: float = Field(default=0.01, gt=0, lt=0.5)  # odds that a scan is taken for an ordinary group
    slow_ports: int = Field(default=10, ge=3, le=128)  # of one host, however slow
    slow_hosts: int = Field(default=20, ge=3, le=128)  # with one port, however slow
    near_hosts: int = Field(default=10, ge=3, le=128)  # TCP: neighbours of ours, that hardly answer
    forget_s: float = Field(default=3_600.0, gt=0)  # between two failures: nmap -T0 waits 300 s, with answers lost more
    groups: int = Field(default=20_000, ge=16)  # of a source and a host or port, remembered: 57 MB when all are in use
    rows_per_window: int = Field(default=5_000, ge=16)  # failures that walk in one window; more are counted
    recent: int = Field(default=131_072, ge=1_024)  # contacts of the last window_s, of each kind: 9 MB
    candidates: int = Field(default=200, ge=1)  # sources looked at in one window, the busiest first
    quiet_s: float = Field(default=60.0, gt=0)  # without a new contact for so long: it is over
    slow_quiet_s: float = Field(default=1_200.0, gt=0)  # the same for slow ones
    repeat_s: float = Field(default=30.0, gt=0)  # how often one that lasts is said again
