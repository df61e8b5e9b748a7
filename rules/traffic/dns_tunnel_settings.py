"""What can be set about the detector of DNS tunnels."""

from typing import Final

from pydantic import Field

from rules.traffic.detector import DetectorBase

NAMES_MAX: Final = 1_024  # distinct names remembered of a pair in a window: above every threshold; 100 kB

_IGNORED: Final = (
    "in-addr.arpa",  # reverse look-ups
    "ip6.arpa",
    "sophosxl.net",  # virus scanners ask for hashes of files and of addresses of pages
    "sophosxl.com",
    "mcafee.com",
    "trellix.com",
    "trendmicro.com",
    "e5.sk",
    "eset.com",
    "webcfs00.com",
    "barracudabrts.com",
    "symantec.com",
    "spamhaus.org",  # mail servers ask for addresses, names and hashes
    "spamhaus.net",
    "surbl.org",
    "uribl.com",
    "spamcop.net",
    "sorbs.net",
    "dnswl.org",
    "msbl.org",
    "abusix.zone",
    "hashserver.cs.trendmicro.com",
    "cymru.com",  # autonomous systems by address, malware by hash
    "amazonses.com",  # keys of DKIM, by customer
    "dotnxdomain.net",  # measurements: each name is asked once
    "googlesyndication.com",
    "googlevideo.com",
    "akamaiedge.net",
    "cloudfront.net",
)


class DnsTunnelSettings(DetectorBase):
    """Settings of the rule dns_tunnel."""

    short_s: float = Field(default=60.0, gt=0)  # a busy channel is seen within it
    long_s: float = Field(default=3_600.0, gt=0)  # a slow one within this
    carrier_names: int = Field(default=30, ge=2, le=NAMES_MAX)  # new names with TXT, NULL, CNAME, … in a window
    carrier_octets: int = Field(default=1_000, ge=1)  # octets that they carry: a slow channel is below 1 kB an hour
    plain_names: int = Field(default=100, ge=2, le=NAMES_MAX)  # the same for A, AAAA and HTTPS
    plain_octets: int = Field(default=4_000, ge=1)
    plain_names_long: int = Field(default=400, ge=2, le=NAMES_MAX)  # in the long window, where a resolver's many
    plain_octets_long: int = Field(default=12_000, ge=1)  # clients add up
    plain_mean_octets: float = Field(default=24.0, ge=0)  # of a new name below its domain: computers' names have 15
    encoded_share: float = Field(default=0.7, ge=0, le=1)  # of the octets that new names carry, in such as look encoded
    fresh_share: float = Field(default=0.7, ge=0, le=1)  # of the names that were not asked for again in later seconds
    ignored_domains: tuple[str, ...] = _IGNORED  # with all below them
    public_suffixes: tuple[str, ...] = ()  # second levels under which others register, beside go.id, co.id, ac.uk, …
    rows_per_s: int = Field(default=6_000, ge=1)  # judged at most, fairly picked: at 15 µs each, a tenth of a core
    pairs: int = Field(default=20_000, ge=16)  # of client and domain, remembered: 5 MB and what their names take
    quiet_s: float = Field(default=300.0, gt=0)  # over when the domain was not asked for new names for so long
