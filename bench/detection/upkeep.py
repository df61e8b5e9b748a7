"""What those who keep the servers do in an hour: polls, scrapes, administration over SSH, logs, cameras, telephones."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.random import Generator

from bench.detection.packets import UDP, Packets, address, joined, packets
from bench.detection.place import (
    ANSIBLE,
    BRANCHES,
    CAMERAS,
    CLIENTS,
    GIT,
    HOSTS,
    LOGS,
    MONITOR,
    PHONES,
    START,
    Make,
    Plan,
)
from bench.detection.talks import Ends, Turn, datagrams, echo, exchange, refused, talk, unanswered

LOGIN: Final[tuple[Turn, ...]] = ((21, 41, 0), (1_500, 1_100, 0.01), (48, 500, 0.02), (600, 500, 0.01), (120, 30, 0.0))


def watching(plan: Plan) -> None:
    """Plan polls of fifty hosts, three of which are dead: SNMP, pings, connections to SSH and web ports, scrapes."""
    for number, host in enumerate(HOSTS):
        _polled(plan, host, 100 + number, dead=number % 17 == 5)


def _polled(plan: Plan, host: int, ident: int, *, dead: bool) -> None:
    def walk(at: float) -> Make:
        def make(rng: Generator) -> Packets:
            ends = (MONITOR, host, plan.port(MONITOR), 161)
            if dead:
                columns = dict(zip(("source", "destination", "source_port", "destination_port"), ends, strict=True))
                return packets(at=at + np.arange(4) * 2.0, size=60, protocol=UDP, **columns)
            sizes = rng.integers(300, 1_400, 30).tolist()
            return joined([exchange(at + step * 0.006, ends, 80, size, 0.003) for step, size in enumerate(sizes)])

        return make

    def pings(at: float) -> Make:
        return lambda _: joined([echo(at + step, (MONITOR, host, ident), step, answered=not dead) for step in range(3)])

    def scrape(at: float) -> Make:
        ends = (MONITOR, host, plan.port(MONITOR), 9_100)
        if dead:
            return lambda _: unanswered(at, ends, 3)
        return lambda rng: talk(rng, at, ends, [(250, 60_000, 0)], rtt_s=0.001, rate=1e7)

    plan.every(60, walk)
    plan.every(10, pings)
    plan.every(15, scrape)
    plan.every(60, lambda at: lambda rng: _knock(rng, at, (MONITOR, host, plan.port(MONITOR), 22), dead=dead))
    plan.every(60, lambda at: lambda rng: _knock(rng, at, (MONITOR, host, plan.port(MONITOR), 443), dead=dead))


def _knock(rng: Generator, at: float, ends: Ends, *, dead: bool) -> Packets:
    """Return a check of whether a port is open."""
    if dead:
        return unanswered(at, ends, 3)
    if ends[3] == 443 and ends[1] % 3 == 0:
        return refused(at, ends, 0.001)
    return talk(rng, at, ends, [(21, 41, 0)] if ends[3] == 22 else [(517, 1_900, 0)], rtt_s=0.001)


def administration(plan: Plan) -> None:
    """Plan Ansible to forty hosts, each task a login; Git over SSH by a build server; people at terminals."""
    for host in HOSTS[:40]:
        for task in range(12):
            _task(plan, host, 2_000 + task * 14 + plan.rng.uniform(0, 6))
    builder = address("10.20.1.33")

    def fetches(at: float) -> Make:
        ends = (builder, GIT, plan.port(builder), 22)
        return lambda rng: talk(rng, at, ends, [*LOGIN, (900, 1_800, 0.0)], rtt_s=0.001)

    plan.every(30, fetches)
    for number, client in enumerate(CLIENTS[100:106]):
        _terminal(plan, (client, HOSTS[number], plan.port(client), 22 if number % 2 else 3_389), 100.0 + number * 300)
    for attempt in range(3):  # somebody mistypes a password three times
        _mistypes(plan, CLIENTS[107], 400 + attempt * 9)


def _task(plan: Plan, host: int, at_s: float) -> None:
    def make(rng: Generator) -> Packets:
        turns: list[Turn] = [*LOGIN, (int(rng.lognormal(8, 1)), 2_000, 0.4)]
        return talk(rng, START + at_s, (ANSIBLE, host, plan.port(ANSIBLE), 22), turns, rtt_s=0.001)

    plan.at(at_s, make)


def _terminal(plan: Plan, ends: Ends, at_s: float) -> None:
    def make(rng: Generator) -> Packets:
        typed: list[Turn] = [(36, int(rng.integers(36, 900)), float(rng.exponential(1.2))) for _ in range(500)]
        return talk(rng, START + at_s, ends, [*LOGIN, *typed], rtt_s=0.002)

    plan.at(at_s, make)


def _mistypes(plan: Plan, who: int, at_s: float) -> None:
    ends = (who, HOSTS[2], plan.port(who), 22)
    plan.at(at_s, lambda rng: talk(rng, START + at_s, ends, [*LOGIN[:4], (140, 50, 2)], rtt_s=0.002))


def streams(plan: Plan) -> None:
    """Plan what nobody answers: cameras, logs, flow exports; and telephones that register."""
    for number in range(8):
        camera = (address("10.20.9.10") + number, CAMERAS, 5_000 + number, 6_000 + number)
        _minutes(plan, camera, 60, (1_100, 1_400))
    for host in HOSTS[:30]:
        _minutes(plan, (host, LOGS, 514, 514), 3, (80, 400))
    for branch in BRANCHES:
        _minutes(plan, (branch, LOGS, 2_055, 2_055), 2, (300, 1_400))
    for number in range(40):
        _registers(plan, (address("10.20.10.10") + number, PHONES, 5_060, 5_060))


def _minutes(plan: Plan, ends: Ends, per_s: float, size: tuple[int, int]) -> None:
    def minute(at: float) -> Make:
        return lambda rng: datagrams(rng, at, ends, 60, per_s, size, jitter=3)

    for number in range(60):
        plan.at(number * 60, minute(START + number * 60))


def _registers(plan: Plan, ends: Ends) -> None:
    plan.every(55, lambda at: lambda _: exchange(at, ends, 600, 500, 0.003))


UPKEEP: Final[tuple[Callable[[Plan], None], ...]] = (watching, administration, streams)
