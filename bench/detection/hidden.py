"""Models of what hides: beacons to a master, tunnels in names and in echoes; with look-alikes that are none.

Beacons have the jitter that command-and-control frameworks offer.
"""

from typing import Final

import numpy as np
from numpy.random import Generator

from bench.detection.case import Attack, Case
from bench.detection.floods import BEGIN
from bench.detection.packets import ICMP, Packets, address, joined, packets
from bench.detection.place import CLIENTS, RESOLVER
from bench.detection.talks import Turn, lookup, talk

INSIDE: Final = CLIENTS[60]


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


CASES: Final = (
    Case("beacon, 60 s, no jitter", ("beacon",), beacon(60, 0.0, 1), background=False),
    Case("beacon, 60 s, jitter 20%", ("beacon",), beacon(60, 0.2, 1), background=False),
    Case("beacon, 300 s, jitter 10%", ("beacon",), beacon(300, 0.1, 4), background=False),
    Case("beacon, HTTP, each 10 s", ("beacon",), beacon(10, 0.05, 0.5, port=80), background=False),
    Case("look-alike: visits at irregular times", (), people_like(3), background=False),
    Case("DNS tunnel, TXT, 10/s", ("dns_tunnel",), dns_tunnel(10, 16, 120, 30)),
    Case("DNS tunnel, A, 2/s", ("dns_tunnel",), dns_tunnel(2, 1, 100, 120)),
    Case("ICMP tunnel, 5/s", ("icmp_tunnel",), icmp_tunnel(5, 60)),
)
