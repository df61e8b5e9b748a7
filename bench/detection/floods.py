"""Models of floods: of packets, connections, answers that nobody asked for. Rates are those of known captures.

LOIC, HULK, GoldenEye, slowloris and the like: as published of CICIDS2017 and 2018 (flows, duration); answers of
amplifiers: sizes and factors of US-CERT TA14-017A and of Rossow, Amplification Hell (NDSS 2014).
"""

from typing import Final

import numpy as np
from numpy.random import Generator

from bench.detection.case import Attack, Case
from bench.detection.packets import ACK, FIN, ICMP, PSH, RST, SYN, TCP, UDP, Packets, address, joined, packets
from bench.detection.place import CAMERAS, CLIENTS, PUBLIC, RESOLVER, START
from bench.detection.talks import Tcp, datagrams, talk

BEGIN: Final = START + 60.3
LASTS_S: Final = 20
ATTACKER: Final = address("185.20.7.66")


def _times(rng: Generator, per_s: float, seconds: float = LASTS_S) -> np.ndarray:
    return np.sort(BEGIN + rng.uniform(0, seconds, int(per_s * seconds)))


def _anybody(rng: Generator, count: int) -> np.ndarray:
    return rng.integers(0x0B00_0000, 0xDF00_0000, count)


def tcp(per_s: int, flags: int, *, spoofed: bool, port: int = 443, size: int = 0) -> Attack:
    """Make a flood of segments."""

    def make(rng: Generator) -> Packets:
        at = _times(rng, per_s)
        sources = _anybody(rng, len(at)) if spoofed else ATTACKER
        return packets(
            at=at,
            source=sources,
            destination=PUBLIC,
            source_port=rng.integers(1_024, 65_535, len(at)),
            destination_port=port,
            flags=flags,
            seq=rng.integers(0, 2**32, len(at)),
            size=size,
            protocol=TCP,
        )

    return make


def answered_syn(per_s: int) -> Attack:
    """Make a SYN flood that the server answers, as with SYN cookies."""

    def make(rng: Generator) -> Packets:
        asked = tcp(per_s, SYN, spoofed=True)(rng)
        back = asked.copy()
        back["source"], back["destination"] = asked["destination"], asked["source"]
        back["source_port"], back["destination_port"] = asked["destination_port"], asked["source_port"]
        back["flags"], back["ack"] = SYN | ACK, asked["seq"] + np.uint32(1)
        back["at_ns"] += np.uint64(200_000)
        return joined([asked, back])

    return make


def udp(  # noqa: PLR0913 - each says what is special about it
    per_s: int, size: int, *, sources: int = 1, ports: int = 1, target: int = PUBLIC, seconds: float = LASTS_S
) -> Attack:
    """Make a flood of datagrams."""

    def make(rng: Generator) -> Packets:
        at = _times(rng, per_s, seconds)
        return packets(
            at=at,
            source=ATTACKER + rng.integers(0, sources, len(at)),
            destination=target,
            source_port=rng.integers(1_024, 65_535, len(at)) if sources > 1 else 53_211,
            destination_port=80 + rng.integers(0, ports, len(at)),
            size=size,
            protocol=UDP,
        )

    return make


def refused(attack: Attack) -> Attack:
    """Have the victim refuse it once a second, as Linux does (RFC 1812, 4.3.2.8)."""

    def make(rng: Generator) -> Packets:
        rows = attack(rng)
        first = rows[np.unique(rows["at_ns"] // 10**9, return_index=True)[1]]
        return joined([rows, _errors(first)])

    return make


def _errors(rows: Packets) -> Packets:
    return packets(
        at=rows["at_ns"] / 1e9 + 2e-4,
        source=rows["destination"],
        destination=rows["source"],
        source_port=3 << 8 | 3,
        size=28,
        protocol=ICMP,
    )


def stream(per_s: int, size: int, port: int, *, reports: bool) -> Attack:
    """No flood: datagrams one way, as of a camera, whose receiver reports each 5 s (RFC 3550, 6.2), or of logs."""

    def make(rng: Generator) -> Packets:
        there = datagrams(rng, BEGIN, (CLIENTS[3], CAMERAS, 41_000, port), 60, per_s, (size, size))
        back = datagrams(rng, BEGIN + 2, (CAMERAS, CLIENTS[3], port + 1, 41_001), 55, 0.2, (60, 80))
        return joined([there, back] if reports else [there])

    return make


def icmp(per_s: int, size: int = 56) -> Attack:
    """Make a flood of pings, answered."""

    def make(rng: Generator) -> Packets:
        at = _times(rng, per_s)
        asked = packets(
            at=at,
            source=ATTACKER,
            destination=PUBLIC,
            source_port=8 << 8,
            destination_port=9,
            seq=np.arange(len(at)),
            size=size,
            protocol=ICMP,
        )
        back = packets(
            at=at + 2e-4,
            source=PUBLIC,
            destination=ATTACKER,
            destination_port=9,
            seq=np.arange(len(at)),
            size=size,
            protocol=ICMP,
        )
        return joined([asked, back])

    return make


def fragments(per_s: int) -> Attack:
    """Middle pieces of datagrams that never become whole."""

    def make(rng: Generator) -> Packets:
        at = _times(rng, per_s)
        return packets(
            at=at,
            source=_anybody(rng, len(at)),
            destination=PUBLIC,
            seq=rng.integers(0, 2**16, len(at)),
            fragment=0x2000 | 185,
            size=1_472,
            protocol=UDP,
        )

    return make


def amplified(  # noqa: PLR0913 - each says what is special about it
    port: int,
    size: tuple[int, int],
    *,
    reflectors: int = 200,
    per_s: int = 1_500,
    pieces: int = 0,
    target: int = PUBLIC,
) -> Attack:
    """Answers of amplifiers; `pieces`: later fragments for each."""

    def make(rng: Generator) -> Packets:
        at = _times(rng, per_s / (1 + pieces))
        sources = _anybody(rng, reflectors)[rng.integers(0, reflectors, len(at))]
        ident = rng.integers(0, 2**16, len(at))
        first = packets(
            at=at,
            source=sources,
            destination=target,
            source_port=port,
            destination_port=rng.integers(1_024, 65_535, len(at)),
            size=rng.integers(*size, len(at)),
            fragment=0x2000 if pieces else 0,
            seq=ident,
            protocol=UDP,
        )
        rest = [
            packets(
                at=at + 1e-5 * number,
                source=sources,
                destination=target,
                seq=ident,
                fragment=185 * number | (0x2000 if number < pieces else 0),
                size=1_472 if number < pieces else 300,
                protocol=UDP,
            )
            for number in range(1, pieces + 1)
        ]
        return joined([first, *rest])

    return make


def carpet(per_s: int) -> Attack:
    """Send a little to each address of a /24, together a lot."""

    def make(rng: Generator) -> Packets:
        at = _times(rng, per_s)
        return packets(
            at=at,
            source=_anybody(rng, len(at)),
            destination=address("203.0.113.0") + rng.integers(1, 255, len(at)),
            source_port=rng.integers(1_024, 65_535, len(at)),
            destination_port=rng.integers(1, 65_535, len(at)),
            size=rng.integers(100, 1_400, len(at)),
            protocol=UDP,
        )

    return make


def outbound(per_s: int, *, flags: int = 0) -> Attack:
    """One of our own hosts attacks somebody, as a bot does."""

    def make(rng: Generator) -> Packets:
        at = _times(rng, per_s)
        common = {
            "source": CLIENTS[55],
            "destination": address("45.9.20.7"),
            "source_port": rng.integers(1_024, 65_535, len(at)),
            "destination_port": 80,
        }
        if flags:
            return packets(at=at, flags=flags, protocol=TCP, seq=rng.integers(0, 2**32, len(at)), **common)
        return packets(at=at, size=512, protocol=UDP, **common)

    return make


def misused(per_s: int) -> Attack:
    """Our resolver answers forged questions: it is the amplifier."""

    def make(rng: Generator) -> Packets:
        at = _times(rng, per_s)
        ports = rng.integers(1_024, 65_535, len(at))
        asked = packets(
            at=at,
            source=address("45.9.20.9"),
            destination=RESOLVER,
            source_port=ports,
            destination_port=53,
            size=40,
            protocol=UDP,
        )
        told = packets(
            at=at + 3e-4,
            source=RESOLVER,
            destination=address("45.9.20.9"),
            source_port=53,
            destination_port=ports,
            size=1_400,
            protocol=UDP,
        )
        return joined([asked, told])

    return make


def requests(  # noqa: PLR0913 - each says what is special about it
    per_s: float, *, sources: int, seconds: float, turns: int = 1, down: int = 9_000, end: str = "server"
) -> Attack:
    """HTTP requests, each on a connection of its own, or some on each."""

    def make(rng: Generator) -> Packets:
        parts = []
        for number, at in enumerate(_times(rng, per_s, seconds)):
            ends = (ATTACKER + number % sources, PUBLIC, 1_024 + number % 64_000, 80)
            parts.append(
                talk(rng, float(at), ends, [(int(rng.integers(250, 600)), down, 0.4)] * turns, rtt_s=0.005, end=end)
            )
        return joined(parts)

    return make


def held(  # noqa: PLR0913 - each says what is special about it
    connections: int, *, octets: int, each_s: float, seconds: float, per_s: float = 50, sources: int = 1
) -> Attack:
    """Keep connections open with a few octets now and then: slowloris, RUDY, slow reading."""

    def make(rng: Generator) -> Packets:
        parts = []
        for number in range(connections):
            at = BEGIN + number / per_s
            one = (
                Tcp(rng, at, (ATTACKER + number % sources, PUBLIC, 20_000 + number, 80), rtt_s=0.01)
                .open()
                .send(230, forth=True)
            )
            while one.at < BEGIN + seconds:
                one.at += each_s
                one.send(octets, forth=True)
            parts.append(one.rows())
        return joined(parts)

    return make


_ANSWERS: Final = (
    ("DNS, ANY, fragmented", 53, (1_460, 1_473), 2),
    ("DNS, TXT", 53, (900, 1_300), 0),
    ("NTP monlist", 123, (440, 489), 0),
    ("CLDAP", 389, (1_200, 1_473), 1),
    ("memcached", 11_211, (1_300, 1_401), 0),
    ("SSDP", 1_900, (250, 420), 0),
    ("SNMP bulk", 161, (700, 1_400), 0),
    ("chargen", 19, (500, 1_100), 0),
    ("WS-Discovery", 3_702, (600, 1_400), 0),
    ("portmap", 111, (350, 620), 0),
    ("NetBIOS", 137, (200, 260), 0),
    ("mDNS", 5_353, (200, 500), 0),
    ("TFTP", 69, (500, 517), 0),
    ("ARD", 3_283, (1_000, 1_049), 0),
    ("QUIC", 443, (1_100, 1_250), 0),
    ("MSSQL resolution", 1_434, (300, 700), 0),
    ("Quake", 27_960, (800, 1_200), 0),
)
_HTTP: Final = ("connection_flood", "held_connections")

CASES: Final = (
    Case("SYN flood, forged sources, 500/s", ("syn_flood",), tcp(500, SYN, spoofed=True)),
    Case("SYN flood, forged sources, 5,000/s", ("syn_flood",), tcp(5_000, SYN, spoofed=True)),
    Case("SYN flood, answered (SYN cookies), 1,000/s", ("syn_flood",), answered_syn(1_000)),
    Case("SYN flood, one source, 1,000/s", ("syn_flood",), tcp(1_000, SYN, spoofed=False)),
    Case("SYN-ACK flood (TCP reflection), 1,000/s", ("syn_ack_flood",), tcp(1_000, SYN | ACK, spoofed=True)),
    Case("ACK flood, 3,000/s", ("ack_flood",), tcp(3_000, ACK, spoofed=True)),
    Case("PSH-ACK flood, 3,000/s of 512 octets", ("ack_flood",), tcp(3_000, PSH | ACK, spoofed=True, size=512)),
    Case("RST flood, 2,000/s", ("rst_flood",), tcp(2_000, RST, spoofed=True)),
    Case("FIN flood, 2,000/s", ("ack_flood",), tcp(2_000, FIN, spoofed=True)),
    Case("UDP flood, LOIC, one source and port, 6,000/s", ("udp_flood",), udp(6_000, 32)),
    Case(
        "UDP flood, 100 sources, 2,000/s of 1,400 octets", ("udp_flood",), udp(2_000, 1_400, sources=100, ports=1_000)
    ),
    Case("UDP flood, one source, all ports, 1,500/s", ("udp_flood",), udp(1_500, 64, ports=60_000)),
    Case("UDP flood, one source, 200 ports, 1,200/s, empty", ("udp_flood",), udp(1_200, 0, ports=200)),
    Case("UDP flood, one flow, 1,500/s of 64 octets", ("udp_flood",), udp(1_500, 64, seconds=30)),
    Case("UDP flood, one flow, 3,000/s of 1,400 octets", ("udp_flood",), udp(3_000, 1_400, seconds=30)),
    Case("UDP flood, one flow, 2,000/s, refused", ("udp_flood",), refused(udp(2_000, 512))),
    Case("look-alike: a stream of 2,000/s with reports", (), stream(2_000, 1_200, 5_004, reports=True)),
    Case("look-alike: logs, 2,000/s", (), stream(2_000, 250, 514, reports=False)),
    Case("ICMP flood, 1,000/s", ("icmp_flood",), icmp(1_000)),
    Case("ICMP flood, large, 500/s", ("icmp_flood",), icmp(500, 1_400)),
    Case("fragments, 1,500/s", ("fragment_flood",), fragments(1_500)),
    *(
        Case(f"amplification: {name}", ("amplification",), amplified(port, size, pieces=pieces))
        for name, port, size, pieces in _ANSWERS
    ),
    Case(
        "amplification: DNS, 150/s from 20", ("amplification",), amplified(53, (1_000, 1_400), reflectors=20, per_s=150)
    ),
    Case("carpet bombing, 8,000/s on a /24", ("carpet_bombing",), carpet(8_000)),
    Case("our host floods: UDP, 3,000/s", ("outbound_flood",), outbound(3_000)),
    Case("our host floods: SYN, 2,000/s", ("outbound_flood",), outbound(2_000, flags=SYN)),
    Case("our resolver as an amplifier, 1,000/s", ("outbound_flood",), misused(1_000)),
    Case("HTTP flood, LOIC, 3 sources, 110 connections/s", ("connection_flood",), requests(110, sources=3, seconds=60)),
    Case("HTTP flood, HULK, 160 connections/s", ("connection_flood",), requests(160, sources=1, seconds=60)),
    Case("HTTP flood, 400 connections/s from 40", ("connection_flood",), requests(400, sources=40, seconds=20)),
    Case("GoldenEye, 17 connections/s kept busy", _HTTP, requests(17, sources=1, seconds=90, turns=30)),
    Case("slowloris, 400 connections", ("held_connections",), held(400, octets=12, each_s=10, seconds=100)),
    Case("slow POST (RUDY), 300 connections", ("held_connections",), held(300, octets=60, each_s=5, seconds=80)),
    Case(
        "slowloris from 20 sources, 600 connections",
        ("held_connections",),
        held(600, octets=12, each_s=10, seconds=100, sources=20),
    ),
)
