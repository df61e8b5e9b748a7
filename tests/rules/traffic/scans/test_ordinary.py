"""What many contacts, or many failures, look like that are no scan: nothing is said of it."""

from collections.abc import Callable
from ipaddress import ip_network

import numpy as np
import pytest

from netmon.api.networks import Networks, Place
from rules.traffic.scans.rule import Scans
from rules.traffic.scans.settings import ScanSettings
from tests.rules.traffic.scans.conversations import (
    ACK,
    RST,
    SYN,
    UDP,
    Packet,
    datagram,
    echo,
    findings,
    half,
    opened,
    refused,
    session,
    silent,
    syn,
)

NETWORKS = Networks([Place(ip_network(prefix), site="office") for prefix in ("10.0.0.0/8", "2001:db8:1::/48")])
HOST = "10.1.1.7"
Traffic = list[Packet]


def outside(place: int) -> str:
    return f"198.{51 + place // 60_000}.{place // 250 % 240}.{1 + place % 250}"


def gateway() -> Traffic:
    """A NAT gateway of 200 clients: 40 connections a second, one in eight fails."""
    random = np.random.default_rng(1)
    told: Traffic = []
    for place in range(2_400):
        begin = syn(
            place / 40, HOST, outside(int(random.integers(3_000))), int(random.choice([443, 443, 80, 993, 5222]))
        )
        told += (
            silent(begin) if random.random() < 0.06 else refused(begin) if random.random() < 0.06 else session(begin)
        )
    return told


def crawler() -> Traffic:
    """A web crawler: 60 hosts a second, one in seven is dead, sessions last up to 40 s."""
    random = np.random.default_rng(2)
    told: Traffic = []
    for place in range(1_800):
        begin = syn(place / 60, HOST, outside(place), 443)
        told += silent(begin) if random.random() < 0.15 else session(begin, lasts=float(random.uniform(0.1, 40)))
    return told


def peers() -> Traffic:
    """A file-sharing client: most of its peers do not answer, on ports of their own and on the usual one."""
    random = np.random.default_rng(3)
    told: Traffic = []
    for place in range(900):
        port = 6881 if random.random() < 0.12 else int(random.integers(1_024, 65_000))
        begin = syn(place / 15, HOST, outside(place), port)
        told += silent(begin) if random.random() < 0.6 else session(begin, lasts=20)
        packet = Packet(place / 15, HOST, outside(place), 51_413, port, UDP, size=140)
        told += datagram(packet, answered=bool(random.random() < 0.4))
    return told


def monitoring() -> Traffic:
    """A poller: 400 hosts by ICMP, SNMP and SSH's port each minute; one in ten is down."""
    told: Traffic = []
    for minute in range(2):
        for place in range(400):
            at, host, down = 60 * minute + place / 40, f"10.2.{place // 200}.{1 + place % 200}", place % 10 == 0
            told += echo(at, HOST, host, answered=not down)
            packet = Packet(at + 0.1, HOST, host, 40_000 + place, 161, UDP, size=90)
            told += datagram(packet, answered=not down)
            begin = syn(at + 0.2, HOST, host, 22)
            told += silent(begin) if down else opened(begin)
    return told


def resolver() -> Traffic:
    told: Traffic = []
    for place in range(3_000):
        packet = Packet(place / 100, HOST, outside(place % 900), 1_024 + place * 17 % 60_000, 53, UDP, size=80)
        told += datagram(packet, answered=place % 900 % 12 != 0)
    return told


def server_down() -> Traffic:
    """Every client of a server fails, again and again."""
    told: Traffic = []
    for place in range(1_200):
        told += (refused if place % 2 else silent)(syn(place / 20, f"10.3.{place % 3}.{1 + place % 100}", HOST, 443))
    return told


def mail_server() -> Traffic:
    """Dead mail exchangers are tried again and again, beside living ones."""
    told: Traffic = []
    for place in range(240):
        begin = syn(place / 2, HOST, outside(place % 80), 25)
        told += silent(begin) if place % 80 % 3 == 0 else session(begin, 3_000, 800)
    return told


def amplified() -> Traffic:
    """Answers of two hundred amplifiers that nobody asked, to ports at random."""
    random = np.random.default_rng(4)
    told: Traffic = []
    for place in range(6_000):
        told += datagram(
            Packet(
                place / 1_000, outside(place % 200), HOST, 11_211, int(random.integers(1_024, 65_535)), UDP, size=360
            ),
            answered=False,
        )
    return told


def large_datagrams() -> Traffic:
    """A flood of large datagrams to a thousand ports."""
    random = np.random.default_rng(5)
    told: Traffic = []
    for place in range(6_000):
        source_port, port = (int(each) for each in random.integers(1_024, 65_535, 2))
        packet = Packet(place / 1_000, outside(place % 100), HOST, source_port, port % 1_000 + 1, UDP, size=1_442)
        told += datagram(packet, answered=False)
    return told


def mail_queue() -> Traffic:
    """A mail server's queue: thirty servers that are dead, one after the other, each quarter of an hour."""
    packets = []
    for run in range(3):
        for place in range(30):
            at = run * 900 + place * 2.0
            packets += [each for again in (0, 1, 3) for each in silent(syn(at + again, HOST, outside(place), 25))]
            if place % 10 == 0:
                packets += session(syn(at + 0.5, HOST, outside(1_000 + run * 30 + place), 25))
    return packets


def backscatter() -> Traffic:
    """A host elsewhere is flooded in the name of our addresses: its answers come here."""
    told: Traffic = []
    for place in range(1_000):
        victim, ours = "198.51.100.80", f"10.4.{place // 250}.{1 + place % 250}"
        told.append(
            Packet(place / 100, victim, ours, 80, 1_024 + place * 7, flags=SYN | ACK if place % 2 else RST | ACK)
        )
        told.append(Packet(place / 100, "198.51.100.81", HOST, 8_080, 1_024 + place * 7, flags=RST))
    return told


def traceroute(*, tells_hops: bool = True) -> Traffic:
    told: Traffic = []
    for host in range(6):
        for probe in range(90):
            packet = Packet(host * 6 + probe / 20, HOST, outside(host), 45_000 + probe, 33_434 + probe, UDP, size=74)
            ttl = 1 + probe // 3 if tells_hops else 0
            told.append(Packet(**{**{name: getattr(packet, name) for name in packet.__slots__}, "ttl": ttl}))
    return told


def exported_traceroute() -> Traffic:
    """Flow exporters mostly do not tell how many hops a packet had left."""
    return traceroute(tells_hops=False)


def happy_eyeballs() -> Traffic:
    """IPv6 is broken: each connection is tried by both, and goes on by IPv4."""
    told: Traffic = []
    for place in range(200):
        told += silent(syn(place / 10, "2001:db8:1::7", f"2001:db8:5::{place:x}", 443, 40_000 + place))
        told += session(syn(place / 10 + 0.25, HOST, outside(place), 443))
    return told


def health_checks() -> Traffic:
    """A load balancer knocks at 60 backends, four ports each, each two seconds, and breaks off."""
    told: Traffic = []
    for turn in range(20):
        for place in range(60):
            for port in (80, 8_080, 8_443, 9_000):
                begin = syn(2 * turn + place / 50, HOST, f"10.5.0.{1 + place}", port, 33_000 + turn * 240 + place)
                told += refused(begin) if place in {7, 21} else half(begin)
    return told


def uplink_down() -> Traffic:
    """Five clients whose way to the Internet is broken go on trying."""
    told: Traffic = []
    for client in range(5):
        for place in range(240):
            told += silent(syn(place / 4, f"10.6.0.{1 + client}", outside(place + 7 * client), 443, 33_000 + place))
    return told


def passive_transfers() -> Traffic:
    """Many files of one FTP server, a data port for each."""
    told: Traffic = session(syn(0, HOST, "198.51.100.21", 21), 20_000, 40_000, lasts=28)
    for place in range(2_000):
        told += session(syn(place / 80, HOST, "198.51.100.21", 30_000 + place * 13 % 25_000), 0, 9_000)
    return told


def quic_blocked() -> Traffic:
    """A filter drops QUIC: clients fail with every host by UDP, and go on by TCP."""
    told: Traffic = []
    for place in range(200):
        told += datagram(Packet(place / 10, HOST, outside(place), 50_000 + place, 443, UDP, size=1292), answered=False)
        told += session(syn(place / 10 + 0.3, HOST, outside(place), 443))
    return told


def browsing() -> Traffic:
    """A desktop looks for its neighbours' files: some are off."""
    told: Traffic = []
    for place in range(12):
        begin = syn(place, HOST, f"10.1.1.{20 + place}", 445)
        told += silent(begin) if place % 2 else session(begin)
        told += datagram(Packet(place, HOST, f"10.1.1.{20 + place}", 50_000 + place, 137, UDP), answered=place % 2 == 0)
    return told


def answers_to_everybody() -> Traffic:
    """Somebody looks for devices (SSDP) again and again; they answer from ports of their own, some too late."""
    told: Traffic = []
    for place in range(40):
        asks = Packet(3 * place, HOST, "239.255.255.250", 42_000 + place, 1_900, UDP, size=170)
        told.append(asks)
        for each in range(2):
            at, device = 3 * place + 0.2 + each, f"10.1.1.{30 + each}"
            told.append(Packet(at, device, HOST, 35_000 + place, asks.source_port, UDP, size=340))
    return told


def forged_flood() -> Traffic:
    """A SYN flood from addresses that do not exist, with answers to nobody."""
    random = np.random.default_rng(5)
    told: Traffic = []
    for place in range(8_000):
        begin = syn(place / 2_000, outside(int(random.integers(100_000))), HOST, 443, 1_024 + place)
        told += [begin, begin.back(SYN | ACK)]
    return told


ORDINARY = (
    gateway,
    crawler,
    peers,
    monitoring,
    resolver,
    server_down,
    mail_server,
    mail_queue,
    amplified,
    large_datagrams,
    backscatter,
    traceroute,
    exported_traceroute,
    happy_eyeballs,
    health_checks,
    uplink_down,
    passive_transfers,
    quic_blocked,
    browsing,
    answers_to_everybody,
    forged_flood,
)


@pytest.mark.parametrize("model", ORDINARY, ids=lambda model: model.__name__)
def test_nothing_is_said_of(model: Callable[[], Traffic]) -> None:
    assert [finding.summary for finding in findings(Scans(ScanSettings(), NETWORKS), model())] == []


@pytest.mark.parametrize("model", [crawler, monitoring, mail_server], ids=lambda model: model.__name__)
def test_one_direction_alone_is_no_scan(model: Callable[[], Traffic]) -> None:
    """A mirror that sees what clients send and nothing of what they get."""
    packets = model()
    asked = {(each.source, each.destination) for each in packets if each.flags & (SYN | ACK | RST) == SYN}
    sent = [each for each in packets if (each.source, each.destination) in asked and each.protocol == 6]
    answered = {(each.destination, each.source) for each in packets if each.flags & (SYN | ACK) == SYN | ACK}
    whole = [each for each in sent if (each.source, each.destination) in answered]
    assert [finding.summary for finding in findings(Scans(ScanSettings(), NETWORKS), whole)] == []
