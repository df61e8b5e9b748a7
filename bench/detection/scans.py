"""Models of scans: of ports, of hosts, of protocols; with look-alikes that are none.

Shapes and rates: nmap's timing templates (its reference guide), Mirai's telnet scan, spreading over SMB.
"""

from typing import Final

import numpy as np
from numpy.random import Generator

from bench.detection.case import Attack, Case
from bench.detection.floods import ATTACKER, BEGIN
from bench.detection.packets import ACK, FIN, PSH, RST, SYN, TCP, UDP, Packets, address, joined, packets
from bench.detection.place import CLIENTS, PUBLIC
from bench.detection.talks import datagrams, echo, refused, talk, unanswered

URG: Final = 32
INSIDE: Final = CLIENTS[60]
COMMON: Final = (21, 22, 23, 25, 53, 80, 110, 111, 135, 139, 143, 443, 445, 993, 995, 1_723, 3_306, 3_389, 5_900, 8_080)
SWEEP: Final = ("network_sweep",)
PORTS: Final = ("port_scan",)
SLOW: Final = ("slow_scan", "port_scan", "network_sweep")


def ports_of(  # noqa: PLR0913 - each says what is special about it
    count: int, gap_s: float, *, who: int = ATTACKER, target: int = PUBLIC, silent: bool = False, tries: int = 1
) -> Attack:
    """SYN to many ports of a host: closed ones refuse, or a firewall is silent; two are open."""

    def make(rng: Generator) -> Packets:
        numbers = rng.permutation(np.unique(np.concatenate([COMMON, rng.integers(1, 49_152, count * 2)])))[:count]
        parts = []
        for place, port in enumerate(numbers.tolist()):
            at = BEGIN + place * gap_s * rng.uniform(0.9, 1.1)
            ends = (who, target, 40_000 + place % 2, port)
            if port in (80, 443):
                parts.append(_half_open(at, ends))
            elif silent:
                parts.append(unanswered(at, ends, tries))
            else:
                parts.append(refused(at, ends, 0.003))
        return joined(parts)

    return make


def _half_open(at: float, ends: tuple[int, int, int, int]) -> Packets:
    client, server, port, there = ends
    return packets(
        at=[at, at + 0.003, at + 0.0031],
        source=[client, server, client],
        destination=[server, client, server],
        source_port=[port, there, port],
        destination_port=[there, port, there],
        flags=[SYN, SYN | ACK, RST],
        seq=[9, 99, 10],
        ack=[0, 10, 0],
        protocol=TCP,
    )


def sweep(  # noqa: PLR0913 - each says what is special about it
    port: int,
    count: int,
    gap_s: float,
    *,
    who: int = INSIDE,
    first: str = "10.20.8.1",
    spread: bool = False,
    answering: float = 0.1,
) -> Attack:
    """One port of many hosts; most are not there."""

    def make(rng: Generator) -> Packets:
        hosts = rng.integers(0x2000_0000, 0xDF00_0000, count) if spread else address(first) + np.arange(count)
        parts = []
        for place, host in enumerate(hosts.tolist()):
            ends = (who, host, 30_000 + place % 30_000, port)
            at = BEGIN + place * gap_s
            chance = rng.random()
            parts.append(
                _half_open(at, ends)
                if chance < answering
                else refused(at, ends)
                if chance < answering * 2
                else unanswered(at, ends, 1)
            )
        return joined(parts)

    return make


def odd(flags: int, count: int = 1_000, gap_s: float = 0.002) -> Attack:
    """FIN, NULL, Xmas, ACK scans: closed ports answer RST (RFC 9293, 3.10.7.1)."""

    def make(rng: Generator) -> Packets:
        ports = rng.permutation(np.arange(1, 20_000))[:count]
        at = BEGIN + np.arange(count) * gap_s
        asked = packets(
            at=at,
            source=ATTACKER,
            destination=PUBLIC,
            source_port=45_000,
            destination_port=ports,
            flags=flags,
            seq=7,
            protocol=TCP,
        )
        told = packets(
            at=at + 0.001,
            source=PUBLIC,
            destination=ATTACKER,
            source_port=ports,
            destination_port=45_000,
            flags=RST if flags & ACK else RST | ACK,
            protocol=TCP,
        )
        return joined([asked, told])

    return make


def udp_ports(count: int, gap_s: float, *, sizes: tuple[int, ...] = (0, 0, 40)) -> Attack:
    """Make a UDP scan: the host's ICMP errors come once a second (RFC 1812, 4.3.2.8), the rest is silence."""

    def make(rng: Generator) -> Packets:
        at = BEGIN + np.arange(count) * gap_s
        return packets(
            at=at,
            source=ATTACKER,
            destination=PUBLIC,
            source_port=47_000,
            destination_port=rng.permutation(np.arange(1, 40_000))[:count],
            size=rng.choice(sizes, count),
            protocol=UDP,
        )

    return make


def pings(count: int, gap_s: float, *, who: int = INSIDE) -> Attack:
    """Make a ping sweep; a tenth answer."""
    return lambda rng: joined(
        [
            echo(
                BEGIN + place * gap_s,
                (who, address("10.20.60.1") + place, 5),
                1,
                answered=bool(rng.random() < 0.1),
                size=8,
            )
            for place in range(count)
        ]
    )


def once_met(count: int = 81) -> Attack:
    """No scan: a Gnutella client tries whom it once met, nearly all of whom are gone."""

    def make(rng: Generator) -> Packets:
        hosts = rng.integers(0x2000_0000, 0xDF00_0000, count)
        return joined(
            [
                unanswered(BEGIN + place * 2 + turn, (INSIDE, host, 30_000 + 4 * place + turn, 6_346), 2)
                for place, host in enumerate(hosts.tolist())
                for turn in range(4)
            ]
        )

    return make


def peers() -> Attack:
    """No scan: a file-sharing program and its peers, of which most are gone; UDP and TCP to high ports."""

    def make(rng: Generator) -> Packets:
        parts = []
        for number in range(300):
            at, host, port = (
                BEGIN + number * 0.5,
                int(rng.integers(0x2000_0000, 0xDF00_0000)),
                int(rng.integers(10_000, 65_000)),
            )
            if number % 2:
                parts.append(datagrams(rng, at, (INSIDE, host, 6_881, port), 1, 1, (100, 150)))
                if rng.random() < 0.4:
                    parts.append(datagrams(rng, at + 0.1, (host, INSIDE, port, 6_881), 1, 1, (100, 400)))
            else:
                ends = (INSIDE, host, 30_000 + number, port)
                parts.append(
                    talk(rng, at, ends, [(68, 68, 0), (200, 100_000, 1)], rtt_s=0.1)
                    if rng.random() < 0.4
                    else unanswered(at, ends, 2)
                )
        return joined(parts)

    return make


CASES: Final = tuple(
    Case(name, expected, make, background=gap)
    for name, expected, make, gap in (
        ("port scan, 1,000 ports at 1,000/s", PORTS, ports_of(1_000, 0.001), True),
        ("port scan, 1,000 ports at 50/s, refused", PORTS, ports_of(1_000, 0.02), True),
        ("port scan through a silent firewall, 100/s", PORTS, ports_of(500, 0.01, silent=True), True),
        ("port scan, nmap -T2 (each 0.4 s)", PORTS, ports_of(120, 0.4), True),
        ("port scan, nmap -T1 (each 15 s)", SLOW, ports_of(120, 15), False),
        ("port scan, each 60 s", SLOW, ports_of(60, 60), False),
        ("sweep of a /24 for SMB from inside, 50/s", SWEEP, sweep(445, 254, 0.02), True),
        ("sweep of a /24 for SSH, each 1 s", SWEEP, sweep(22, 254, 1.0), False),
        ("sweep of 12 neighbours for RDP, each 2 s", SLOW, sweep(3_389, 12, 2.0, answering=0.0), False),
        ("sweep for RDP, each 30 s", ("slow_scan", "network_sweep"), sweep(3_389, 100, 30), False),
        (
            "Mirai: telnet of anybody from inside, 100/s",
            SWEEP,
            sweep(23, 2_000, 0.01, spread=True, answering=0.01),
            True,
        ),
        ("a worm over SMB to anybody, 10/s", SWEEP, sweep(445, 400, 0.1, spread=True, answering=0.02), True),
        ("ping sweep of a /24, 100/s", (*SWEEP, "ping_sweep"), pings(254, 0.01), True),
        ("FIN scan", ("stealth_scan", "port_scan"), odd(FIN), True),
        ("NULL scan", ("stealth_scan", "port_scan"), odd(0), True),
        ("Xmas scan", ("stealth_scan", "port_scan"), odd(FIN | PSH | URG), True),
        ("ACK scan", ("stealth_scan", "port_scan"), odd(ACK), True),
        ("UDP scan, 1,000 ports at 20/s", ("udp_scan",), udp_ports(1_000, 0.05), True),
        ("UDP scan of all ports, 1,500/s", ("udp_scan",), udp_ports(39_000, 1 / 1_500, sizes=(0,)), True),
        ("UDP scan, each 1 s", ("udp_scan",), udp_ports(120, 1.0), False),
        ("look-alike: file sharing with peers that are gone", (), peers(), True),
        ("look-alike: Gnutella, with peers that are gone", (), once_met(), True),
    )
)
