"""Models of attacks on a web server: more requests than it can serve, or connections that are held open.

LOIC, HULK, GoldenEye, slowloris, RUDY: as published of CICIDS2017 and 2018 (flows, duration).
"""

from typing import Final

from numpy.random import Generator

from bench.detection.case import Attack, Case
from bench.detection.floods import ATTACKER, BEGIN, times
from bench.detection.packets import Packets, joined
from bench.detection.place import PUBLIC
from bench.detection.talks import Tcp, talk


def requests(  # noqa: PLR0913 - each says what is special about it
    per_s: float, *, sources: int, seconds: float, turns: int = 1, down: int = 9_000, end: str = "server"
) -> Attack:
    """HTTP requests, each on a connection of its own, or some on each."""

    def make(rng: Generator) -> Packets:
        parts = []
        for number, at in enumerate(times(rng, per_s, seconds)):
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


_HTTP: Final = ("connection_flood", "held_connections")

CASES: Final = (
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
