"""What can be set about the guessing of passwords: which services, and what a failed log-in weighs."""

from ipaddress import IPv4Network, IPv6Network
from typing import Final

from pydantic import Field

from rules.traffic.detector import DetectorBase, Model, Port


class Service(Model):
    """One kind of service. Octets are payload of both directions together, without headers."""

    name: str
    ports: tuple[Port, ...] = Field(min_length=1)
    least_octets: int = Field(ge=0)  # less is no log-in: a check that the port is open, a banner
    most_octets: int = Field(ge=1)  # more is a session: what failed log-ins come to with all tries of one connection
    attempts: int = Field(default=10, ge=3)  # connections within window_s that are guessing
    spread: float = Field(default=0.12, gt=0, le=1)  # how far from the median a connection may be and still be alike
    alike: float = Field(default=0.7, gt=0, le=1)  # of the connections that are alike, at least
    longest_s: float = Field(default=90.0, gt=0)  # sshd closes after 120 s, others sooner
    flood_per_s: float = Field(default=1e6, gt=0)  # of one source with one host: from so many on nobody tries passwords
    flooded: bool = False  # whether what falls into a connection flood is no guessing: its requests look like log-ins
    distributed: bool = False  # whether many sources with few tries each are judged together
    polled: int = Field(default=0, ge=0)  # within window_s: fewer are guessing only where they are nearly the same


_SERVICES: Final = (
    # Banner, key exchange and up to six tries. Short sessions that succeed come to 5,500 and more (see the document).
    Service(name="SSH", ports=(22, 2222), least_octets=1_500, most_octets=5_200, attempts=5, distributed=True),
    Service(name="FTP", ports=(21,), least_octets=60, most_octets=1_500),
    Service(name="Telnet", ports=(23,), least_octets=60, most_octets=2_500, distributed=True),
    Service(name="RDP", ports=(3389,), least_octets=1_000, most_octets=7_000, distributed=True),
    Service(name="SMB", ports=(139, 445), least_octets=500, most_octets=3_500, attempts=15),
    # Mail servers have many short conversations with each other: rejected and postponed mail.
    Service(name="SMTP", ports=(25,), least_octets=150, most_octets=1_200, attempts=40),
    Service(name="mail submission", ports=(587,), least_octets=150, most_octets=9_000, attempts=15),
    Service(name="SMTPS", ports=(465,), least_octets=2_000, most_octets=9_000, attempts=15),
    # Clients ask for mail again and again, many behind one address: two a second is more than an office does.
    Service(name="IMAP and POP3", ports=(110, 143), least_octets=60, most_octets=1_500, attempts=12, polled=120),
    Service(name="IMAPS and POP3S", ports=(993, 995), least_octets=2_000, most_octets=9_000, attempts=15, polled=120),
    # Greeting, answer, refusal: an application's connection asks at least one question more.
    Service(name="MySQL", ports=(3306,), least_octets=200, most_octets=380, attempts=15),
    Service(name="PostgreSQL", ports=(5432,), least_octets=120, most_octets=650, attempts=15),
    Service(name="SQL Server", ports=(1433,), least_octets=300, most_octets=4_000, attempts=20),
    Service(name="Oracle", ports=(1521,), least_octets=500, most_octets=3_500, attempts=20),
    Service(name="MongoDB", ports=(27017,), least_octets=300, most_octets=1_600, attempts=40),
    Service(name="Redis", ports=(6379,), least_octets=40, most_octets=150, attempts=80),
    Service(name="VNC", ports=(5900, 5901), least_octets=40, most_octets=250),
    Service(name="WinRM", ports=(5985, 5986), least_octets=600, most_octets=7_000, attempts=20),
    Service(name="LDAP", ports=(389,), least_octets=80, most_octets=350, attempts=40),
    Service(name="LDAPS", ports=(636,), least_octets=2_000, most_octets=7_000, attempts=40),
    # Refusals are short, whatever for: no such name, a wrong word. Each log-in that works has tickets, which are long.
    Service(name="Kerberos", ports=(88,), least_octets=200, most_octets=900, attempts=12, spread=0.5),
    Service(name="SIP", ports=(5060,), least_octets=600, most_octets=4_000, attempts=40),
    # Programs ask web servers often and alike too: many, and very much alike.
    Service(
        name="web",
        ports=(80, 443, 8080, 8443, 10000),
        least_octets=400,
        most_octets=20_000,
        attempts=200,
        spread=0.04,
        alike=0.9,
        longest_s=30.0,
        flood_per_s=150.0,  # well above where connection_flood begins; what is usual to a server is no flood
        flooded=True,
    ),
)


class GuessingSettings(DetectorBase):
    """When connections that look like failed log-ins are guessing."""

    services: tuple[Service, ...] = _SERVICES
    allow: tuple[IPv4Network | IPv6Network, ...] = ()  # sources that are never told: scanners and checks of ours
    window_s: float = Field(default=60.0, gt=0, le=600)  # in which a service's `attempts` are guessing
    long_window_s: float = Field(default=600.0, gt=0, le=7_200)  # in which `long_times` as many are
    long_times: float = Field(default=2.5, ge=1)
    spray_hosts: int = Field(default=8, ge=3)  # that one source tries one service of, within long_window_s
    spray_attempts: int = Field(default=12, ge=3)  # on all of them
    spray_sources: int = Field(default=20, ge=3)  # from outside that try one service of one host within long_window_s
    spray_tries: int = Field(default=40, ge=3)  # of all of them
    flood_s: float = Field(default=3.0, ge=0, le=30)  # after which a flood would have been told
    sources_apart: int = Field(default=3, ge=2)  # that guess on one service of one host: from so many on, one finding
    session_times: float = Field(default=1.5, gt=1)  # the median failure, in octets or beyond it: a log-in that worked
    recent: int = Field(default=131_072, ge=1_024)  # attempts of long_window_s, remembered: 9 MB
    candidates: int = Field(default=200, ge=1)  # looked at in one window, the busiest first
    quiet_s: float = Field(default=300.0, gt=0)  # without another attempt for so long: it is over
    repeat_s: float = Field(default=60.0, gt=0)  # how often one that lasts is said again
