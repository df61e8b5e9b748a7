"""What can be set about the detectors of hidden channels."""

from ipaddress import IPv4Network, IPv6Network

from pydantic import Field

from rules.traffic.detector import DetectorBase, Port

_KEPT_ALIVE = (
    22,  # jobs over SSH: backups, git, monitoring
    25,  # mail servers that deliver what waits
    53,
    110,  # mail programs that look for new mail
    123,  # NTP
    143,
    161,  # SNMP
    162,
    179,  # BGP
    465,
    500,  # IPsec: keep-alives and dead peer detection
    514,  # syslog
    587,
    853,  # DNS over TLS
    993,
    995,
    1194,  # OpenVPN
    1812,  # RADIUS
    1813,
    1883,  # MQTT
    2055,  # flow exports
    3478,  # STUN, TURN: conferences
    3479,
    3480,
    3481,
    4500,
    4739,
    5060,  # SIP registrations
    5061,
    5222,  # XMPP, push messages
    5223,
    5228,
    5229,
    5230,
    5671,  # AMQP
    5672,
    6343,
    6514,
    8883,
    10050,  # Zabbix
    10051,
    19302,
    19305,
    51820,  # WireGuard
)


class BeaconSettings(DetectorBase):
    """Settings of the rule beacon."""

    beats: int = Field(default=20, ge=8, le=48)  # contacts of a pair before it is judged; the newest 48 are kept
    confirming_beats: int = Field(default=4, ge=0)  # that follow while it stays regular, before it is told
    span_s: float = Field(default=600.0, ge=0)  # that these contacts must take at least
    shortest_s: float = Field(default=5.0, gt=0)  # the usual interval; what is faster is a conversation
    longest_s: float = Field(default=7_200.0, gt=0)  # what is slower needs days, and is not told
    apart_s: float = Field(default=2.0, gt=0)  # connections that begin within it are one contact
    dispersion: float = Field(default=0.25, gt=0)  # median deviation of the intervals, as a share of their median
    spread: float = Field(default=0.8, gt=0)  # from the 10th to the 90th percentile, as a share of the median
    size_dispersion: float = Field(default=0.2, ge=0)  # median deviation of the octets sent, as a share
    largest_octets: int = Field(default=100_000, ge=1)  # usually sent in one contact: more is a transfer
    ignored_ports: tuple[Port, ...] = _KEPT_ALIVE  # of services that are asked regularly, by their nature
    known_destinations: tuple[IPv4Network | IPv6Network, ...] = ()  # whom our hosts may contact regularly
    common_hosts: int = Field(default=5, ge=2)  # of ours that talk to one network (/24, /48): it serves everybody
    common_s: float = Field(default=7 * 86_400.0, gt=0)  # for how long that is remembered
    poller_pairs: int = Field(default=6, ge=2)  # that one host contacts regularly: it monitors, which is its job
    pairs: int = Field(default=100_000, ge=16)  # remembered; half are for those of few contacts; 700 B at most each
    groups_per_s: int = Field(default=4_000, ge=1)  # pairs judged at most in a second, at 10 µs each
    quiet_s: float = Field(default=3 * 7_200.0, gt=0)  # over when there was no regular contact for so long
    repeat_s: float = Field(default=300.0, gt=0)  # told again so often while it lasts


class IcmpTunnelSettings(DetectorBase):
    """Settings of the rule icmp_tunnel."""

    window_s: float = Field(default=120.0, gt=0)  # a flow that goes on is reported each minute
    packets: int = Field(default=40, ge=2)  # echo messages of a pair in the window, both directions
    carried_octets: int = Field(default=1_500, ge=1)  # that are no echo: sizes vary, and differ from the answers'
    echoed_packets: int = Field(default=500, ge=2)  # echo requests of varied size that are answered as sent: ping
    echoed_octets: int = Field(default=1_000_000, ge=1)  # sends one each second, and all of one size
    distinct_sizes: int = Field(default=4, ge=2)  # among flows of one size each, when identifiers change
    error_octets: int = Field(default=100_000, ge=1)  # carried: an error instead of a warning
    ignored: tuple[IPv4Network | IPv6Network, ...] = ()  # hosts that may do so
    pairs: int = Field(default=20_000, ge=16)  # followed at once, 500 B each; the longest unseen goes
    rows_per_s: int = Field(default=5_000, ge=1)  # flows judged at most in a second, the largest of them
    quiet_s: float = Field(default=180.0, gt=0)  # over when nothing was carried for so long
    repeat_s: float = Field(default=60.0, gt=0)  # told again so often while it lasts


class ExfiltrationSettings(DetectorBase):
    """Settings of the rule exfiltration."""

    learning_s: float = Field(
        default=8 * 86_400.0, ge=0
    )  # of a host's life, in which nothing is told: a week's backups
    window_s: float = Field(default=3_600.0, gt=0)  # over which volumes are added up
    floor_octets: int = Field(default=500_000_000, ge=1)  # sent by our host of its own accord, to one outside or all
    served_floor_octets: int = Field(default=2_000_000_000, ge=1)  # fetched by one outside from a service of ours
    factor: float = Field(default=3.0, ge=1)  # times what the host is known to send
    ratio: float = Field(default=3.0, ge=0)  # octets sent for each one received: what is carried out is not fetched
    half_life_s: float = Field(default=60 * 86_400.0, gt=0)  # in which the most that is known falls by half
    known_octets: int = Field(default=1_000_000, ge=1)  # sent to a network (/24, /48) in a window: it is known
    server_peers: int = Field(default=3, ge=1)  # that a host answered: it is a server; named in the inventory: too
    server_flows: int = Field(default=100, ge=1)  # that it answered
    every_host: bool = False  # judge work stations as well: staff who upload are told
    ignored: tuple[IPv4Network | IPv6Network, ...] = ()  # outside, as a backup's mirror
    least_octets: int = Field(default=5_000, ge=0)  # of a pair in a second, below which it is not added up
    hosts: int = Field(default=20_000, ge=16)  # of ours, remembered, 600 B each
    pairs: int = Field(default=50_000, ge=16)  # with outside, followed at once, 400 B each
    known: int = Field(default=50_000, ge=16)  # networks that hosts are known to send to, 250 B each
    groups_per_s: int = Field(default=4_000, ge=1)  # pairs added up at most in a second, the largest of them
    quiet_s: float = Field(default=900.0, gt=0)  # over when the host sent no more for so long
    repeat_s: float = Field(default=300.0, gt=0)  # told again so often while it lasts


class FirstSeenSettings(DetectorBase):
    """Settings of the rule first_seen."""

    learning_s: float = Field(default=7 * 86_400.0, ge=0)  # of a host's life, in which its ports are learned
    server_peers: int = Field(default=3, ge=1)  # that a host answered while it was learned: it is a server
    server_flows: int = Field(default=100, ge=1)  # that it answered; those named in the inventory are servers at once
    udp_ports_below: int = Field(default=10_000, ge=0)  # higher ones are the clients' own, and of calls
    many_ports: int = Field(default=16, ge=1)  # above 1023, learned of one host: it opens them as it needs (FTP, RPC)
    ignored_ports: tuple[Port, ...] = (137, 138, 1900, 3702, 5353, 5355, 5357, 7680)  # of work stations' discovery
    lists: dict[str, str] = Field(default_factory=dict)  # files of prefixes by name, whose first contact is told
    hosts: int = Field(default=20_000, ge=16)  # remembered, 1 kB each; the longest unseen goes
    ports: int = Field(default=256, ge=16)  # remembered of one host: more is every port
    rows_per_s: int = Field(default=4_000, ge=1)  # services judged at most in a second
    quiet_s: float = Field(default=600.0, gt=0)  # a finding lasts so long after the last new port
    repeat_s: float = Field(default=120.0, gt=0)  # told again so often while it lasts
