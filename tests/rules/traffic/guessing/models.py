"""Log-ins that fail, and ordinary conversations that look like them, packet by packet."""

from ipaddress import ip_network

import numpy as np

from netmon.api.networks import Networks, Place
from tests.rules.traffic.scans.conversations import Packet, opened, refused, session, syn

CLIENT = "10.1.1.7"
SERVER = "10.1.1.22"
STRANGER = "198.51.100.66"
NETWORKS = Networks([Place(ip_network("10.0.0.0/8"), site="office", title="Office", protected=True)])
Traffic = list[Packet]


def tries(source: str, host: str, port: int, sizes: tuple[int, int], *, count: int = 20, every_s: float = 2) -> Traffic:
    """Log-ins that fail: as long as the name and the word that are tried make them."""
    return [
        packet
        for place in range(count)
        for packet in session(
            syn(place * every_s, source, host, port, 33_000 + place), sizes[0] + place % 7, sizes[1], lasts=1.5
        )
    ]


FAILURES = {
    "SSH": (22, 1_600, 2_260),
    "FTP": (21, 45, 120),
    "RDP": (3389, 900, 1_500),
    "SMB": (445, 700, 800),
    "IMAP and POP3": (143, 60, 220),
    "MySQL": (3306, 110, 170),
    "PostgreSQL": (5432, 150, 190),
    "VNC": (5900, 30, 70),
    "Telnet": (23, 60, 240),
}


def automation() -> Traffic:
    """An automation logs in to 30 hosts, each task a session or two, with a file now and then."""
    random = np.random.default_rng(1)
    told: Traffic = []
    for place in range(600):
        begin = syn(place / 5, CLIENT, f"10.1.3.{1 + place % 30}", 22, 33_000 + place)
        told += session(begin, int(random.integers(2_600, 9_000)), int(random.integers(2_960, 9_000)), lasts=0.4)
    return told


def commands_alike() -> Traffic:
    """The same short command on one host, again and again; without the newest key exchange."""
    return tries(CLIENT, SERVER, 22, (2_600, 2_980), count=120, every_s=1)


def checks() -> Traffic:
    """Monitoring opens ports and closes them, or reads the banner."""
    told: Traffic = []
    for place in range(120):
        for port in (22, 21, 3306, 5432, 3389, 993):
            told += opened(syn(place, CLIENT, SERVER, port, 33_000 + place))
        told += session(syn(place + 0.5, CLIENT, SERVER, 22, 43_000 + place), 0, 41)
        told += refused(syn(place + 0.7, CLIENT, SERVER, 1433, 53_000 + place))
    return told


def application() -> Traffic:
    """A web application without a pool of connections asks its databases."""
    random = np.random.default_rng(2)
    told: Traffic = []
    for place in range(2_000):
        port, least = ((3306, 420), (5432, 900))[place % 2]
        told += session(
            syn(place / 30, CLIENT, SERVER, port, 20_000 + place), 200, least + int(random.integers(20, 9_000))
        )
    return told


def mail_clients() -> Traffic:
    """Eighty clients behind one address ask for mail each minute."""
    random = np.random.default_rng(3)
    told: Traffic = []
    for place in range(240):
        size = int(random.integers(3_000, 60_000))
        told += session(syn(place / 1.33, STRANGER, SERVER, 993, 33_000 + place), 900, size, lasts=2)
    return told


def telephones(count: int = 40, minutes: int = 6) -> Traffic:
    """Telephones behind one address ask for mail each minute: each much as before, and all within 5%."""
    random = np.random.default_rng(5)
    fetched = random.integers(4_500, 4_900, count)
    told: Traffic = []
    for minute in range(minutes):
        for place in range(count):
            at, port = 60 * (minute + place / count), 33_000 + minute * count + place
            sent, more = 1_300 + int(random.integers(60)), int(random.integers(20))
            told += session(syn(at, STRANGER, SERVER, 993, port), sent, int(fetched[place]) + more, lasts=1)
    return told


def browsers() -> Traffic:
    random = np.random.default_rng(4)
    told: Traffic = []
    for place in range(1_200):
        sent, received = int(random.integers(300, 3_000)), int(random.integers(300, 60_000))
        told += session(syn(place / 20, STRANGER, SERVER, 443, 20_000 + place), sent, received)
    return told


def binds() -> Traffic:
    """A balancer asks a directory whether it is there: it binds as nobody, twice a second."""
    return tries(CLIENT, SERVER, 389, (14, 14), count=600, every_s=0.5)


def program() -> Traffic:
    """A program asks a web server the same each second, with a connection for each question."""
    return tries(CLIENT, SERVER, 8080, (300, 900), count=300, every_s=1)


def backup() -> Traffic:
    return [
        packet
        for minute in range(5)
        for packet in session(syn(60 * minute, CLIENT, SERVER, 22), 200_000, 9_000, lasts=20)
    ]


def typing_errors() -> Traffic:
    """Somebody does not remember the password, and then does."""
    failed = tries(CLIENT, SERVER, 22, (2_600, 2_300), count=3, every_s=12)
    return failed + session(syn(50, CLIENT, SERVER, 22), 9_000, 50_000, lasts=60)
