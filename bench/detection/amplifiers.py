"""Models of amplification: answers of servers that were asked in the victim's name; one of ours that is misused so.

Sizes and factors: US-CERT TA14-017A; Rossow, Amplification Hell (NDSS 2014).
"""

from typing import Final

from numpy.random import Generator

from bench.detection.case import Attack, Case
from bench.detection.floods import anybody, times
from bench.detection.packets import UDP, Packets, address, joined, packets
from bench.detection.place import PUBLIC, RESOLVER


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
        at = times(rng, per_s / (1 + pieces))
        sources = anybody(rng, reflectors)[rng.integers(0, reflectors, len(at))]
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


def misused(per_s: int) -> Attack:
    """Our resolver answers forged questions: it is the amplifier."""

    def make(rng: Generator) -> Packets:
        at = times(rng, per_s)
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

CASES: Final = (
    *(
        Case(f"amplification: {name}", ("amplification",), amplified(port, size, pieces=pieces))
        for name, port, size, pieces in _ANSWERS
    ),
    Case(
        "amplification: DNS, 150/s from 20", ("amplification",), amplified(53, (1_000, 1_400), reflectors=20, per_s=150)
    ),
    Case("our resolver as an amplifier, 1,000/s", ("outbound_flood",), misused(1_000)),
)
