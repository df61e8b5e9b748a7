"""What servers do in an hour: visitors, mail, backups, polls, administration, databases, logs; and the local network."""

import struct
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.random import Generator

from bench.detection.packets import UDP, Packets, address, joined, packets, payload
from bench.detection.people import transfer
from bench.detection.place import (
    ANSIBLE,
    APPLICATION,
    BACKUP,
    BRANCHES,
    CAMERAS,
    CLIENTS,
    DATABASE,
    DIRECTORY,
    FILES,
    GATEWAY,
    GIT,
    HOSTS,
    LOGS,
    MAIL,
    MONITOR,
    PHONES,
    PUBLIC,
    RESOLVER,
    START,
    WEB,
    Plan,
)
from bench.detection.talks import Turn, datagrams, echo, exchange, lookup, refused, talk, unanswered

DEAD_MX: Final = tuple(address("45.60.1.10") + number * 911 for number in range(30))


def visitors(plan: Plan) -> None:
    """The regency's web server: visitors, a minute in which all come, crawlers, probes of uptime, the world's scanners."""
    plan.arrivals(1.5, lambda at: lambda rng: visit(rng, at, _outsider(rng)))
    plan.arrivals(25, lambda at: lambda rng: visit(rng, at, _outsider(rng)), begin_s=1_500, end_s=1_570)
    crawler = address("66.249.66.1")
    plan.arrivals(2, lambda at: lambda rng: talk(rng, at, (crawler, PUBLIC, plan.port(crawler), 443), [(800, int(rng.lognormal(9.5, 1)), 0)], rtt_s=0.18), begin_s=600, end_s=1_800)
    for number in range(3):
        probe = address("198.51.100.150") + number
        plan.every(60, lambda at, probe=probe: lambda rng: talk(rng, at, (probe, PUBLIC, plan.port(probe), 443), [(600, 5_000, 0)], rtt_s=0.09))  # type: ignore[misc]
    # Behind it, the application asks the database anew for each page, as PHP does; the cache goes on over one connection.
    plan.arrivals(12, lambda at: lambda rng: talk(rng, at, (APPLICATION, DATABASE, plan.port(APPLICATION), 3_306), [(150, 90, 0), (90, 11, 0), *[(120, int(rng.lognormal(6, 1)), 0.001)] * int(rng.integers(2, 9))], rtt_s=0.0005))
    plan.arrivals(12, lambda at: lambda rng: talk(rng, at, (WEB, APPLICATION, plan.port(WEB), 8_080), [(700, int(rng.lognormal(9, 1)), 0.0)], rtt_s=0.0005, end="server"))


def _outsider(rng: Generator) -> int:
    return int(rng.integers(0x2400_0000, 0x7800_0000))


def visit(rng: Generator, at: float, who: int) -> Packets:
    rtt_s = float(rng.lognormal(-3.3, 0.8))
    parts = []
    for _ in range(int(rng.integers(1, 7))):
        ends = (who, PUBLIC, int(rng.integers(1_024, 65_535)), 443)
        if rng.random() < 0.01:
            parts.append(unanswered(at, ends, 1))
            continue
        turns: list[Turn] = [(600, 4_300, 0)] + [(int(rng.integers(300, 900)), int(min(rng.lognormal(9, 1.5), 2e6)), float(rng.exponential(1))) for _ in range(int(rng.integers(1, 6)))]
        parts.append(talk(rng, at + rng.uniform(0, 0.2), ends, turns, rtt_s=rtt_s, end=str(rng.choice(["fin", "server", "rst"])), rate=1e6))
    return joined(parts)


def mail(plan: Plan) -> None:
    """Mail in with look-ups of names, senders and block lists; mail out, with a queue for servers that are dead."""

    def arrives(at: float) -> Callable[[Generator], Packets]:
        def make(rng: Generator) -> Packets:
            who = _outsider(rng)
            quads = ".".join(str(who >> shift & 255) for shift in (0, 8, 16, 24))
            names = [(f"{quads}.in-addr.arpa", 12, 0), (f"{quads}.zen.blocklist.example.org", 1, 3), (f"{quads}.bl.example.net", 1, 3), (f"sel{who % 9}._domainkey.firm{who % 300}.com", 16, 0), (f"_dmarc.firm{who % 300}.com", 16, 0)]
            parts = [lookup(at + 0.05 * place, (MAIL, RESOLVER, plan.port(MAIL)), name, kind, code=code) for place, (name, kind, code) in enumerate(names)]
            turns: list[Turn] = [(30, 200, 0), (50, 30, 0), (40, 30, 0), (6, 40, 0), (int(rng.lognormal(9.8, 1.6)), 60, 0)]
            return joined([*parts, talk(rng, at + 0.3, (who, MAIL, int(rng.integers(1_024, 65_535)), 25), turns, rtt_s=0.12)])

        return make

    plan.arrivals(0.25, arrives)
    plan.arrivals(0.1, lambda at: lambda rng: talk(rng, at, (MAIL, _outsider(rng), plan.port(MAIL), 25), [(30, 200, 0), (90, 60, 0), (int(rng.lognormal(9.8, 1.4)), 60, 0)], rtt_s=0.12))
    for minute in range(5, 60, 15):  # the queue: each dead server four times an hour, all at once
        for number, dead in enumerate(DEAD_MX):
            at = minute * 60 + number * 2.5
            plan.at(at, lambda rng, at=at, dead=dead: joined([lookup(START + at - 0.1, (MAIL, RESOLVER, plan.port(MAIL)), f"mx{dead % 97}.gone{dead % 89}.com"), unanswered(START + at, (MAIL, dead, plan.port(MAIL), 25))]))  # type: ignore[misc]


def names(plan: Plan) -> None:
    """The resolver's own questions to the world."""
    plan.arrivals(6, lambda at: lambda rng: lookup(at, (RESOLVER, int(rng.integers(0xC000_0000, 0xC700_0000)), int(rng.integers(1_024, 65_535))), f"{'abcdefgh'[int(rng.integers(8))]}{int(rng.zipf(1.3)) % 900}.zone{int(rng.zipf(1.2)) % 800}.com", rtt_s=0.04, code=3 if rng.random() < 0.1 else 0))


def backups(plan: Plan) -> None:
    """Two servers to the backup store, one of them quickly; a copy of it leaves the house."""
    transfer(plan, FILES, BACKUP, 8_730, at_s=100, octets=1.2e9, rate=12e6, forth=True, rtt_s=0.0005)
    transfer(plan, DATABASE, BACKUP, 22, at_s=700, octets=300e6, rate=5e6, forth=True, rtt_s=0.0005)
    transfer(plan, BACKUP, address("198.51.100.170"), 443, at_s=1_000, octets=500e6, rate=1e6, forth=True)


def watching(plan: Plan) -> None:
    """Polls: SNMP walks, pings, connections to SSH and web ports, scrapes; of fifty hosts, three of which are dead."""
    for number, host in enumerate(HOSTS):
        dead = number % 17 == 5

        def walk(at: float, host: int = host, dead: bool = dead) -> Callable[[Generator], Packets]:
            def make(rng: Generator) -> Packets:
                port = plan.port(MONITOR)
                if dead:
                    return packets(at=at + np.arange(4) * 2.0, source=MONITOR, destination=host, source_port=port, destination_port=161, size=60, protocol=UDP)
                return joined([exchange(at + step * 0.006, (MONITOR, host, port, 161), 80, int(rng.integers(300, 1_400)), 0.003) for step in range(30)])

            return make

        plan.every(60, walk)
        plan.every(10, lambda at, host=host, dead=dead, number=number: lambda rng: joined([echo(at + step, MONITOR, host, 100 + number, step, answered=not dead) for step in range(3)]))  # type: ignore[misc]
        for port in (22, 443):
            plan.every(60, lambda at, host=host, dead=dead, port=port: lambda rng: _knock(plan, rng, at, host, port, dead))  # type: ignore[misc]
        plan.every(15, lambda at, host=host, dead=dead: lambda rng: unanswered(at, (MONITOR, host, plan.port(MONITOR), 9_100), 3) if dead else talk(rng, at, (MONITOR, host, plan.port(MONITOR), 9_100), [(250, 60_000, 0)], rtt_s=0.001, rate=1e7))  # type: ignore[misc]


def _knock(plan: Plan, rng: Generator, at: float, host: int, port: int, dead: bool) -> Packets:
    ends = (MONITOR, host, plan.port(MONITOR), port)
    if dead:
        return unanswered(at, ends, 3)
    if port == 443 and host % 3 == 0:
        return refused(at, ends, 0.001)
    return talk(rng, at, ends, [(21, 41, 0)] if port == 22 else [(517, 1_900, 0)], rtt_s=0.001)


def administration(plan: Plan) -> None:
    """Ansible to forty hosts, each task a login; Git over SSH by a build server; people at terminals; remote desktops."""
    login: list[Turn] = [(21, 41, 0), (1_500, 1_100, 0.01), (48, 500, 0.02), (600, 500, 0.01), (120, 30, 0.0)]
    for host in HOSTS[:40]:
        for task in range(12):
            at = 2_000 + task * 14 + plan.rng.uniform(0, 6)
            plan.at(at, lambda rng, at=at, host=host: talk(rng, START + at, (ANSIBLE, host, plan.port(ANSIBLE), 22), [*login, (int(rng.lognormal(8, 1)), 2_000, 0.4)], rtt_s=0.001))  # type: ignore[misc]
    builder = address("10.20.1.33")
    plan.every(30, lambda at: lambda rng: talk(rng, at, (builder, GIT, plan.port(builder), 22), [*login, (900, 1_800, 0.0)], rtt_s=0.001))
    for number, client in enumerate(CLIENTS[100:106]):
        turns: list[Turn] = [*login, *[(36, int(plan.rng.integers(36, 900)), float(plan.rng.exponential(1.2)))] * 500]
        at = 100.0 + number * 300
        port = 22 if number % 2 else 3_389
        plan.at(at, lambda rng, at=at, client=client, number=number, port=port, turns=turns: talk(rng, START + at, (client, HOSTS[number], plan.port(client), port), turns, rtt_s=0.002))  # type: ignore[misc]
    wrong = CLIENTS[107]  # somebody mistypes a password three times, then gets in
    for attempt in range(3):
        plan.at(400 + attempt * 9, lambda rng, attempt=attempt: talk(rng, START + 400 + attempt * 9, (wrong, HOSTS[2], plan.port(wrong), 22), [*login[:4], (140, 50, 2)], rtt_s=0.002))  # type: ignore[misc]


def streams(plan: Plan) -> None:
    """Cameras, logs, flow exports, voice registrations: datagrams that nobody answers."""
    for minute in range(60):
        at = minute * 60
        for camera in range(8):
            ends = (address("10.20.9.10") + camera, CAMERAS, 5_000 + camera, 6_000 + camera)
            plan.at(at, lambda rng, at=at, ends=ends: datagrams(rng, START + at, ends, 60, 60, (1_100, 1_400), jitter=3))  # type: ignore[misc]
        for host in HOSTS[:30]:
            ends = (host, LOGS, 514, 514)
            plan.at(at, lambda rng, at=at, ends=ends: datagrams(rng, START + at, ends, 60, 3, (80, 400), jitter=8))  # type: ignore[misc]
        for branch in BRANCHES:
            plan.at(at, lambda rng, at=at, branch=branch: datagrams(rng, START + at, (branch, LOGS, 2_055, 2_055), 60, 2, (300, 1_400)))  # type: ignore[misc]
    for number in range(40):
        phone = address("10.20.10.10") + number
        plan.every(55, lambda at, phone=phone: lambda rng: exchange(at, (phone, PHONES, 5_060, 5_060), 600, 500, 0.003))  # type: ignore[misc]


def local_network(plan: Plan) -> None:
    """ARP of two hundred hosts, leases asked for and renewed, spanning tree."""
    for number, client in enumerate(CLIENTS):
        plan.every(40, lambda at, client=client: lambda rng: joined([_arp(at, client, GATEWAY), _arp(at + 0.001, GATEWAY, client, answer=True)]), jitter_s=8)  # type: ignore[misc]
        plan.arrivals(0.01, lambda at, client=client: lambda rng: _asks(rng, at, client))  # type: ignore[misc]
        if number % 2:
            begin = plan.rng.uniform(0, 3_590)
            plan.at(begin, lambda rng, at=START + begin, number=number: lease(at, number))  # type: ignore[misc]
    plan.every(2, lambda at: lambda rng: packets(at=at, payload=payload(BPDU), protocol=0), first_s=0)


def _asks(rng: Generator, at: float, client: int) -> Packets:
    other = int(rng.choice([FILES, DIRECTORY, MAIL, RESOLVER, *CLIENTS[:40]]))
    return joined([_arp(at, client, other), _arp(at + 0.001, other, client, answer=True)])


def _mac(host: int) -> bytes:
    return bytes.fromhex("0210") + host.to_bytes(4, "big")


def _arp(at: float, who: int, asked: int, *, answer: bool = False) -> Packets:
    to = _mac(asked) if answer else b"\xff" * 6
    body = struct.pack(">HHBBH", 1, 0x0800, 6, 4, 2 if answer else 1) + _mac(who) + who.to_bytes(4, "big")
    frame = to + _mac(who) + b"\x08\x06" + body + (_mac(asked) if answer else bytes(6)) + asked.to_bytes(4, "big")
    return packets(at=at, payload=payload(frame + bytes(18)), protocol=0)


def lease(at: float, number: int, server: int = DIRECTORY, router: int = GATEWAY) -> Packets:
    """Return a renewal: REQUEST and ACK (RFC 2131)."""
    client = CLIENTS[number]

    def message(kind: int) -> bytes:
        options = bytes([53, 1, kind, 54, 4]) + server.to_bytes(4, "big") + bytes([3, 4]) + router.to_bytes(4, "big")
        options += bytes([6, 4]) + RESOLVER.to_bytes(4, "big") + b"\xff"
        head = bytes([2 if kind == 5 else 1, 1, 6, 0]) + struct.pack(">IHH", number, 0, 0)
        head += client.to_bytes(4, "big") + client.to_bytes(4, "big") + bytes(8) + _mac(client) + bytes(10 + 192)
        return head + bytes.fromhex("63825363") + options

    made = exchange(at, (client, server, 68, 67), len(message(3)), len(message(5)), 0.002)
    made["payload"] = [payload(message(3)), payload(message(5))]
    return made


_BRIDGE: Final = bytes.fromhex("8000" "020000000001")
BPDU: Final = bytes.fromhex("0180c2000000" "020000000001" "0027" "424203" "0000" "02" "02" "3c") + _BRIDGE + bytes(4) + _BRIDGE + bytes.fromhex("8001" "0000" "1400" "0200" "0f00" "00") + bytes(7)

SERVERS: Final = (visitors, mail, names, backups, watching, administration, streams, local_network)
