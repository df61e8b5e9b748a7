"""Models of floods: of packets that nobody asked for, aimed at one address or at all of a network.

Rates are those of known captures: LOIC and the like as published of CICIDS2017 and 2018 (flows, duration).
"""

from typing import Final

import numpy as np
from numpy.random import Generator

from bench.detection.case import Attack, Case
from bench.detection.packets import ACK, FIN, ICMP, PSH, RST, SYN, TCP, UDP, Packets, address, joined, packets
from bench.detection.place import CAMERAS, CLIENTS, PUBLIC, START
from bench.detection.talks import datagrams

BEGIN: Final = START + 60.3
LASTS_S: Final = 20
ATTACKER: Final = address("185.20.7.66")


def times(rng: Generator, per_s: float, seconds: float = LASTS_S) -> np.ndarray:
    """Return when packets come at this rate; Unix seconds."""
    return np.sort(BEGIN + rng.uniform(0, seconds, int(per_s * seconds)))


def anybody(rng: Generator, count: int) -> np.ndarray:
    """Return forged addresses."""
    return rng.integers(0x0B00_0000, 0xDF00_0000, count)


def tcp(per_s: int, flags: int, *, spoofed: bool, port: int = 443, size: int = 0) -> Attack:
    """Make a flood of segments."""

    def make(rng: Generator) -> Packets:
        at = times(rng, per_s)
        sources = anybody(rng, len(at)) if spoofed else ATTACKER
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


def all_ports(per_s: int, seconds: float) -> Attack:
    """Make a SYN flood of one source to all ports."""

    def make(rng: Generator) -> Packets:
        rows = tcp(per_s, SYN, spoofed=False)(rng)
        rows = rows[rows["at_ns"] < int((BEGIN + seconds) * 1e9)]
        rows["destination_port"] = rng.integers(1, 65_535, len(rows))
        return rows

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
        at = times(rng, per_s, seconds)
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
        at = times(rng, per_s)
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
        at = times(rng, per_s)
        return packets(
            at=at,
            source=anybody(rng, len(at)),
            destination=PUBLIC,
            seq=rng.integers(0, 2**16, len(at)),
            fragment=0x2000 | 185,
            size=1_472,
            protocol=UDP,
        )

    return make


def carpet(per_s: int) -> Attack:
    """Send a little to each address of a /24, together a lot."""

    def make(rng: Generator) -> Packets:
        at = times(rng, per_s)
        return packets(
            at=at,
            source=anybody(rng, len(at)),
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
        at = times(rng, per_s)
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


CASES: Final = (
    Case("SYN flood, forged sources, 500/s", ("syn_flood",), tcp(500, SYN, spoofed=True)),
    Case("SYN flood, forged sources, 5,000/s", ("syn_flood",), tcp(5_000, SYN, spoofed=True)),
    Case("SYN flood, answered (SYN cookies), 1,000/s", ("syn_flood",), answered_syn(1_000)),
    Case("SYN flood, one source, 1,000/s", ("syn_flood",), tcp(1_000, SYN, spoofed=False)),
    Case("SYN flood, one source, all ports, 25,000/s", ("syn_flood",), all_ports(25_000, 8)),
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
    Case("carpet bombing, 8,000/s on a /24", ("carpet_bombing",), carpet(8_000)),
    Case("our host floods: UDP, 3,000/s", ("outbound_flood",), outbound(3_000)),
    Case("our host floods: SYN, 2,000/s", ("outbound_flood",), outbound(2_000, flags=SYN)),
)
