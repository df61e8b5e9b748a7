"""Models of attacks that need few packets: scans, guessing, hidden channels. Each with look-alikes that are none.

Shapes and rates: nmap's timing templates (its reference guide), Patator and Ares of CICIDS2017, Mirai's telnet scan,
spreading over SMB, beacons with the jitter that command-and-control frameworks offer.
"""

from typing import Final

import numpy as np
from numpy.random import Generator

from bench.detection.case import Attack, Case
from bench.detection.floods import ATTACKER, BEGIN
from bench.detection.packets import ACK, FIN, ICMP, PSH, RST, SYN, TCP, UDP, Packets, address, joined, packets
from bench.detection.place import CLIENTS, FILES, HOSTS, MAIL, PUBLIC, RESOLVER, WEB
from bench.detection.talks import Turn, datagrams, echo, lookup, refused, talk, unanswered

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


def guessing(  # noqa: PLR0913 - each says what is special about it
    port: int,
    turns: list[Turn],
    count: int,
    gap_s: float,
    *,
    targets: tuple[int, ...] = (PUBLIC,),
    sources: int = 1,
    success: list[Turn] | None = None,
    wobble: int = 6,
) -> Attack:
    """Log-ins that fail, one after the other; at the end one that works."""

    def make(rng: Generator) -> Packets:
        parts = []
        for number in range(count + (success is not None)):
            at = BEGIN + number * gap_s * rng.uniform(0.97, 1.03)
            who, target = ATTACKER + 7 * (number % sources), targets[number % len(targets)]
            said = (
                success
                if success is not None and number == count
                else [(up + int(rng.integers(0, wobble)), down, pause) for up, down, pause in turns]
            )
            parts.append(talk(rng, at, (who, target, 20_000 + number % 40_000, port), said, rtt_s=0.02))
        return joined(parts)

    return make


SSH: Final[list[Turn]] = [(22, 41, 0), (1_500, 1_080, 0), (48, 452, 0), (60, 44, 0), (84, 68, 1.8)]
SSH_IN: Final[list[Turn]] = [*SSH[:4], (84, 28, 0), *[(80, 500, 0.5)] * 60]
FTP: Final[list[Turn]] = [(12, 80, 0), (16, 34, 0), (18, 22, 1.0)]
RDP: Final[list[Turn]] = [(47, 19, 0), (500, 1_400, 0), (700, 300, 0.3)]
SMB: Final[list[Turn]] = [(220, 400, 0), (240, 380, 0), (560, 80, 0)]
IMAPS: Final[list[Turn]] = [(517, 2_900, 0), (120, 60, 0), (60, 60, 1)]
MYSQL: Final[list[Turn]] = [(0, 78, 0), (110, 82, 0)]
DVWA: Final[list[Turn]] = [(520, 4_700, 0)]


def beacon(
    interval_s: float, jitter: float, hours: float, *, port: int = 443, turns: tuple[Turn, ...] = ((420, 180, 0.0),)
) -> Attack:
    """Make a bot that asks its master each so many seconds."""

    def make(rng: Generator) -> Packets:
        parts, at, number = [], BEGIN, 0
        while at < BEGIN + hours * 3_600:
            parts.append(
                talk(rng, at, (INSIDE, address("91.77.3.9"), 50_000 + number % 9_000, port), turns, rtt_s=0.06)
            )
            at += interval_s * (1 + rng.uniform(-jitter, jitter))
            number += 1
        return joined(parts)

    return make


def people_like(hours: float) -> Attack:
    """No beacon: somebody who comes back to a page at irregular times."""

    def make(rng: Generator) -> Packets:
        at = BEGIN + np.cumsum(rng.exponential(60, int(hours * 60)))
        return joined(
            [
                talk(
                    rng,
                    float(each),
                    (INSIDE, address("91.77.3.9"), 50_000 + place, 443),
                    [(500, int(rng.lognormal(9, 1)), 0)],
                    rtt_s=0.06,
                )
                for place, each in enumerate(at)
            ]
        )

    return make


def dns_tunnel(per_s: float, kind: int, octets: int, seconds: float) -> Attack:
    """Names with octets in base32, below one domain."""

    def make(rng: Generator) -> Packets:
        letters = np.array(list("abcdefghijklmnopqrstuvwxyz234567"))
        parts = []
        for number in range(int(per_s * seconds)):
            text = "".join(rng.choice(letters, octets))
            name = ".".join(text[begin : begin + 60] for begin in range(0, octets, 60)) + ".t.example.net"
            parts.append(lookup(BEGIN + number / per_s, (INSIDE, RESOLVER, 33_000 + number % 9_000), name, kind))
        return joined(parts)

    return make


def icmp_tunnel(per_s: float, seconds: float) -> Attack:
    """Octets in echo messages: sizes vary, answers are not what was asked."""

    def make(rng: Generator) -> Packets:
        count = int(per_s * seconds)
        at = BEGIN + np.arange(count) / per_s
        far = address("91.77.3.10")
        up = packets(
            at=at,
            source=INSIDE,
            destination=far,
            source_port=8 << 8,
            destination_port=77,
            seq=np.arange(count),
            size=rng.integers(28, 1_000, count),
            protocol=ICMP,
        )
        down = packets(
            at=at + 0.03,
            source=far,
            destination=INSIDE,
            destination_port=77,
            seq=np.arange(count),
            size=rng.integers(28, 1_400, count),
            protocol=ICMP,
        )
        return joined([up, down])

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


_SCAN: Final = tuple(
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
    )
)
_GUESS: Final = tuple(
    Case(name, (expected,), make)
    for name, expected, make in (
        ("SSH, Patator of CICIDS2017: 1.6/s", "brute_force", guessing(22, SSH, 300, 0.6)),
        ("SSH, 1 each 10 s, then in", "brute_force", guessing(22, SSH, 60, 10, success=SSH_IN)),
        ("FTP, Patator of CICIDS2017: 2.2/s", "brute_force", guessing(21, FTP, 300, 0.45)),
        ("RDP, 1/s", "brute_force", guessing(3_389, RDP, 120, 1)),
        ("SMB, 5/s", "brute_force", guessing(445, SMB, 300, 0.2, targets=(FILES,))),
        ("IMAPS, 1/s", "brute_force", guessing(993, IMAPS, 120, 1, targets=(MAIL,))),
        ("MySQL, 10/s", "brute_force", guessing(3_306, MYSQL, 300, 0.1)),
        ("web form (DVWA), 5/s", "brute_force", guessing(80, DVWA, 500, 0.2, targets=(WEB,))),
        ("web form, 60/s", "brute_force", guessing(80, DVWA, 1_800, 1 / 60, targets=(WEB,))),
        ("web form, 90/s", "brute_force", guessing(80, DVWA, 2_700, 1 / 90, targets=(WEB,))),
        ("SSH, one password on 40 hosts", "password_spraying", guessing(22, SSH, 160, 1, targets=HOSTS[:40])),
        ("SSH, 60 sources on one host, each 60 s", "password_spraying", guessing(22, SSH, 300, 1, sources=60)),
    )
)
_HIDDEN: Final = (
    Case("beacon, 60 s, no jitter", ("beacon",), beacon(60, 0.0, 1), background=False),
    Case("beacon, 60 s, jitter 20%", ("beacon",), beacon(60, 0.2, 1), background=False),
    Case("beacon, 300 s, jitter 10%", ("beacon",), beacon(300, 0.1, 4), background=False),
    Case("beacon, HTTP, each 10 s", ("beacon",), beacon(10, 0.05, 0.5, port=80), background=False),
    Case("look-alike: visits at irregular times", (), people_like(3), background=False),
    Case("DNS tunnel, TXT, 10/s", ("dns_tunnel",), dns_tunnel(10, 16, 120, 30)),
    Case("DNS tunnel, A, 2/s", ("dns_tunnel",), dns_tunnel(2, 1, 100, 120)),
    Case("ICMP tunnel, 5/s", ("icmp_tunnel",), icmp_tunnel(5, 60)),
)
CASES: Final = (*_SCAN, *_GUESS, *_HIDDEN)
