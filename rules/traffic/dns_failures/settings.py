"""What can be set about names that do not exist."""

from ipaddress import IPv4Network, IPv6Network
from typing import Final

from pydantic import Field

from rules.traffic.detector import DetectorBase
from rules.traffic.dns_tunnel_settings import DnsTunnelSettings

_IGNORED: Final = (
    *DnsTunnelSettings().ignored_domains,  # what scanners and measurements ask: most of it is not there
    "cluster.local",  # Kubernetes tries its search list before each name
    "local",
    "home.arpa",
    "internal",
    "lan",
)


class DnsFailureSettings(DetectorBase):
    """Settings of the rule dns_failures."""

    allow: tuple[IPv4Network | IPv6Network, ...] = ()  # clients never told: crawlers, who looks for domains
    window_s: float = Field(default=10.0, gt=0, le=600)  # in which names of floods are counted: retries fall into it
    names_per_s: float = Field(default=30.0, gt=0)  # new names of one domain; an office's own come to one
    flood_names_per_s: float = Field(default=100.0, gt=0)  # the same of any domains, asked of one server
    failed_share: float = Field(default=0.7, gt=0, le=1)  # of the answers, at least; ordinary are 0.1 to 0.3
    fresh_share: float = Field(default=0.3, ge=0, le=1)  # of the names asked in a second that are new
    unanswered_share: float = Field(default=0.7, gt=0, le=1)  # of a server's questions: it has no time to say no
    error_times: float = Field(default=10.0, ge=1)  # so many times the bound is an error and no warning
    domains: int = Field(default=40, ge=5, le=512)  # that do not exist, asked by one client: looks for its master
    mail_domains: int = Field(default=400, ge=5, le=512)  # the same of a mail server, which looks up who sends
    domains_window_s: float = Field(default=600.0, gt=0)  # CryptoLocker asks for one each second, Necurs each 5 s
    generated_share: float = Field(default=0.7, ge=0, le=1)  # of those domains that look drawn from letters
    ignored_domains: tuple[str, ...] = _IGNORED  # with all below them
    public_suffixes: tuple[str, ...] = ()  # second levels under which others register, beside go.id, co.id, …
    rows_per_s: int = Field(default=2_000, ge=1)  # failures read at most, of names drawn evenly: at 6 µs each 12 ms
    keys: int = Field(default=4_096, ge=16)  # domains, servers and clients remembered, each: 10 MB
    quiet_s: float = Field(default=60.0, gt=0)  # over when nothing was above its bound for so long
    repeat_s: float = Field(default=30.0, gt=0)  # how often one that lasts is said again
