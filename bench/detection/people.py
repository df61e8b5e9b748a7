"""What people and their machines do in an hour: the web, calls, video, mail, downloads, and all that asks by itself."""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from bench.detection.packets import TCP, UDP, Packets, address, joined, packets
from bench.detection.place import (
    CLIENTS,
    DIRECTORY,
    FILES,
    GATEWAY,
    HOUR_S,
    MAIL,
    NAT,
    PROXY,
    RESOLVER,
    START,
    Plan,
    Site,
    internet,
    pick,
)
from bench.detection.talks import Tcp, Turn, datagrams, exchange, lookup, refused, talk, unanswered

FAILED = 0.02  # connections that come to nothing: half of them meet silence, half are refused


def browsing(plan: Plan) -> None:
    """Pages: names, some connections at once to some sites, objects of all sizes; TLS and QUIC; keep-alive."""
    sites = internet(plan.rng)
    for client in CLIENTS:
        plan.arrivals(14 / HOUR_S, lambda at, client=client: lambda rng: page(plan, rng, at, client, sites))  # type: ignore[misc]


def page(plan: Plan, rng: Generator, at: float, client: int, sites: list[Site], *, names: bool = True) -> Packets:
    parts = []
    main = pick(rng, sites)
    for place in range(int(rng.integers(1, 6))):
        site = main if place == 0 else pick(rng, sites)
        begin = at + place * rng.uniform(0.05, 0.6)
        if names and rng.random() < 0.6:
            parts += [lookup(begin - 0.03, (client, RESOLVER, plan.port(client)), f"www.{site.name}", kind) for kind in (1, 28)]
        host = int(rng.choice(site.addresses))
        if rng.random() < FAILED:
            ends = (client, host, plan.port(client), 443)
            parts.append(unanswered(begin, ends) if rng.random() < 0.5 else refused(begin, ends))
            continue
        if site.quic and rng.random() < 0.6:
            parts.append(quic(rng, begin, (client, host, plan.port(client), 443), int(rng.lognormal(11, 1.3)), site.rtt_s))
            continue
        for _ in range(int(rng.integers(1, 4)) if place == 0 else 1):
            objects: list[Turn] = [(560, 4_200, 0.0)]
            objects += [(int(rng.integers(200, 900)), int(min(rng.lognormal(9.3, 1.6), 4e6)), float(rng.exponential(0.3))) for _ in range(int(rng.integers(1, 8)))]
            ends = (client, host, plan.port(client), 443)
            end = str(rng.choice(["fin", "server", "rst"], p=[0.6, 0.25, 0.15]))
            parts.append(talk(rng, begin + rng.uniform(0, 0.1), ends, objects, rtt_s=site.rtt_s, end=end, rate=rng.lognormal(14.3, 0.6)))
    return joined(parts)


def quic(rng: Generator, at: float, ends: tuple[int, int, int, int], octets: int, rtt_s: float, rate: float = 2.5e6) -> Packets:
    """Return a QUIC transfer: large datagrams down, one small one up for each two (RFC 9000, 13.2)."""
    client, server, port, there = ends
    count = max(octets // 1_250, 2)
    down = packets(at=at + rtt_s + np.arange(count) * 1_250 / rate, source=server, destination=client, source_port=there, destination_port=port, size=1_250, protocol=UDP)
    up = packets(at=at + rtt_s * 1.5 + np.arange(count // 2 + 1) * 2_500 / rate, source=client, destination=server, source_port=port, destination_port=there, size=rng.integers(30, 60, count // 2 + 1), protocol=UDP)
    first = packets(at=at, source=client, destination=server, source_port=port, destination_port=there, size=1_250, protocol=UDP)
    return joined([first, down, up])


def transfer(plan: Plan, client: int, server: int, port: int, *, at_s: float, octets: float, rate: float, forth: bool = False, rtt_s: float = 0.015) -> None:
    """Plan a long transfer in pieces of ten seconds, one connection."""
    source_port = plan.port(client)
    state: dict[str, Tcp] = {}

    def piece(at: float, size: int, *, first: bool, last: bool) -> Callable[[Generator], Packets]:
        def make(rng: Generator) -> Packets:
            one = Tcp(rng, at, (client, server, source_port, port), rtt_s=rtt_s)
            if first:
                one.open().send(700, forth=True)
            else:
                one.up, one.down = state["last"].up, state["last"].down
            one.send(size, forth=forth, rate=rate, loss=0.0005)
            state["last"] = one
            if last:
                one.close()
            return one.rows()

        return make

    pieces = max(int(octets / rate / 10), 1)
    for number in range(pieces):
        at = at_s + number * 10
        plan.at(at, piece(START + at, int(octets / pieces), first=number == 0, last=number == pieces - 1))


def downloads(plan: Plan) -> None:
    """A speed test, downloads by TCP and QUIC, films, a flood of updates, uploads of pictures."""
    rng = plan.rng
    for server in range(4):  # a speed test uses several connections, first down, then up
        transfer(plan, CLIENTS[3], address("198.51.100.40") + server, 443, at_s=900, octets=20 * 11e6, rate=11e6)
        transfer(plan, CLIENTS[3], address("198.51.100.40") + server, 443, at_s=925, octets=20 * 5e6, rate=5e6, forth=True)
    transfer(plan, CLIENTS[8], address("198.51.100.60"), 443, at_s=1_300, octets=600e6, rate=8e6)
    transfer(plan, CLIENTS[9], address("198.51.100.61"), 443, at_s=2_000, octets=400e6, rate=1.5e6, forth=True)  # pictures go out
    for number in range(6):
        begin = 1_900 + number * 10
        ends = (CLIENTS[11], address("198.51.100.62"), 51_111, 443)
        plan.at(begin, lambda rng, begin=begin, ends=ends: quic(rng, START + begin, ends, 70_000_000, 0.015, 7e6))  # type: ignore[misc]
    for viewer in range(4):
        film(plan, CLIENTS[20 + viewer], address("198.51.100.70") + viewer)
    for client in CLIENTS[:120]:
        mirror = address("198.51.100.90") + int(rng.integers(4))
        begin = rng.uniform(2_400, 3_000)
        plan.at(begin, lambda rng, at=START + begin, client=client, mirror=mirror: update(plan, rng, at, client, mirror))  # type: ignore[misc]


def film(plan: Plan, client: int, server: int) -> None:
    """Two megabytes each four seconds, over one connection that stays."""
    port = plan.port(client)
    state: dict[str, Tcp] = {}

    def chunk(at: float) -> Callable[[Generator], Packets]:
        def make(rng: Generator) -> Packets:
            one = Tcp(rng, at, (client, server, port, 443), rtt_s=0.01)
            if state:
                one.up, one.down = state["last"].up, state["last"].down
            else:
                one.open()
            one.send(500, forth=True).send(int(rng.normal(2e6, 3e5)), forth=False, rate=6e6)
            state["last"] = one
            return one.rows()

        return make

    plan.every(8, chunk, first_s=plan.rng.uniform(0, 900))


def update(plan: Plan, rng: Generator, at: float, client: int, mirror: int) -> Packets:
    name = lookup(at - 0.05, (client, RESOLVER, plan.port(client)), f"au-{mirror & 255}.update.example.com")
    one = talk(rng, at, (client, mirror, plan.port(client), 443), [(400, int(rng.lognormal(15.5, 0.6)), 0.0)], rate=4e6, end="server")
    return joined([name, one])


def calls(plan: Plan) -> None:
    """Video calls of 3 Mbit/s both ways, two at once, one between two of us; voice to the exchange."""
    for caller, at_s, minutes in ((CLIENTS[30], 300, 30), (CLIENTS[31], 600, 40)):
        far, port = address("198.51.100.120"), plan.port(caller)
        for minute in range(minutes):
            begin = at_s + minute * 60
            for ends in ((caller, far, port, 3478), (far, caller, 3478, port)):
                plan.at(begin, lambda rng, begin=begin, ends=ends: datagrams(rng, START + begin, ends, 60, 350, (900, 1_200), jitter=2))  # type: ignore[misc]
    for number, caller in enumerate(CLIENTS[40:48]):
        peer, port = CLIENTS[50 + number], 16_384 + number * 2
        for minute in range(20):
            begin = 200 + number * 150 + minute * 60
            for ends in ((caller, peer, port, port), (peer, caller, port, port)):
                plan.at(begin, lambda rng, begin=begin, ends=ends: datagrams(rng, START + begin, ends, 60, 50, (172, 172)))  # type: ignore[misc]


def by_themselves(plan: Plan) -> None:
    """What machines do unasked: telemetry, push, polls of web mail, time, name look-ups, logins at the directory."""
    rng = plan.rng
    for number, client in enumerate(CLIENTS):
        push = address("198.51.100.200") + number % 20
        port = plan.port(client)
        state: dict[str, Tcp] = {}

        def beat(at: float, client: int = client, push: int = push, port: int = port, state: dict[str, Tcp] = state) -> Callable[[Generator], Packets]:
            def make(rng: Generator) -> Packets:
                one = Tcp(rng, at, (client, push, port, 5_228 if push % 2 else 443), rtt_s=0.03)
                if state:
                    one.up, one.down = state["last"].up, state["last"].down
                else:
                    one.open()
                one.turns([(30, 30, 0)])
                state["last"] = one
                return one.rows()

            return make

        plan.every(float(rng.choice([60, 240, 280])), beat)
        cloud = address("198.51.100.230") + number % 7
        if number % 4 == 0:  # telemetry: a short connection each five minutes, with a clock's regularity
            plan.every(300, lambda at, client=client, cloud=cloud: lambda rng: talk(rng, at, (client, cloud, plan.port(client), 443), [(1_800, 4_600, 0), (int(rng.integers(600, 5_000)), 300, 0)]), jitter_s=2)  # type: ignore[misc]
        if number % 10 == 0:  # web mail asks each 30 s
            plan.every(30, lambda at, client=client, cloud=cloud: lambda rng: talk(rng, at, (client, cloud, plan.port(client), 443), [(900, 4_400, 0), (700, int(rng.integers(300, 3_000)), 0)]), jitter_s=0.5)  # type: ignore[misc]
        plan.every(1_024, lambda at, client=client: lambda rng: exchange(at, (client, address("198.51.100.123"), 123, 123), 48, 48))  # type: ignore[misc]
        plan.every(300, lambda at, client=client: lambda rng: talk(rng, at, (client, MAIL, plan.port(client), 993), [(300, 3_000, 0), (150, int(rng.lognormal(7.5, 1.5)), 0)], rtt_s=0.001), jitter_s=10)  # type: ignore[misc]
        plan.arrivals(6 / HOUR_S, lambda at, client=client: lambda rng: domain(plan, rng, at, client))  # type: ignore[misc]
    forgotten = CLIENTS[77]  # a phone whose owner changed the password
    plan.every(60, lambda at: lambda rng: talk(rng, at, (forgotten, MAIL, plan.port(forgotten), 993), [(300, 3_000, 0), (120, 90, 0)], rtt_s=0.001), jitter_s=1)


def domain(plan: Plan, rng: Generator, at: float, client: int) -> Packets:
    """A login at the directory: Kerberos, LDAP, SMB, as Windows does it; then the file server for a while."""
    parts = [lookup(at, (client, RESOLVER, plan.port(client)), "_ldap._tcp.dc._msdcs.office.example.go.id", 33)]
    parts += [exchange(at + 0.01, (client, DIRECTORY, plan.port(client), 389), 180, 170, 0.001)]
    parts += [talk(rng, at + 0.02 + step * 0.01, (client, DIRECTORY, plan.port(client), port), [(1_500, 1_600, 0)], rtt_s=0.001) for step, port in enumerate((88, 88, 88, 389, 135, 49_664, 445))]
    turns: list[Turn] = [(180, 400, float(rng.exponential(0.2))) for _ in range(60)]
    turns[30] = (200, int(rng.lognormal(13, 1.2)), 0.1)
    parts.append(talk(rng, at + 0.3, (client, FILES, plan.port(client), 445), turns, rtt_s=0.001, rate=2e7))
    return joined(parts)


def behind_nat(plan: Plan) -> None:
    """A branch of 300 people behind one address, and another office behind a proxy."""
    sites = internet(plan.rng, 900)
    plan.arrivals(1.2, lambda at: lambda rng: page(plan, rng, at, NAT, sites, names=False))
    plan.arrivals(9, lambda at: lambda rng: lookup(at, (NAT, address("198.51.100.53"), int(rng.integers(1_024, 65_535))), f"www.{pick(rng, sites).name}"))
    plan.arrivals(4, lambda at: lambda rng: talk(rng, at, (int(rng.choice(CLIENTS)), PROXY, int(rng.integers(32_768, 61_000)), 3_128), [(500, int(min(rng.lognormal(9, 1.5), 2e6)), 0)], rtt_s=0.001, end=str(rng.choice(["fin", "server"]))))


def neighbours_talk(plan: Plan) -> None:
    """Printers, announcements, a VPN, traceroutes."""
    for client in CLIENTS[::3]:
        for port, group, size in ((5_353, "224.0.0.251", 180), (1_900, "239.255.255.250", 133), (5_355, "224.0.0.252", 30)):
            plan.arrivals(10 / HOUR_S, lambda at, c=client, g=group, p=port, s=size: lambda rng: exchange(at, (c, address(g), p, p), s, 0))  # type: ignore[misc]
    peer = address("198.51.100.250")
    for minute in range(60):
        for ends in ((GATEWAY, peer, 51_820, 51_820), (peer, GATEWAY, 51_820, 51_820)):
            plan.at(minute * 60, lambda rng, minute=minute, ends=ends: datagrams(rng, START + minute * 60, ends, 60, 180, (100, 1_420), jitter=3))  # type: ignore[misc]
    plan.every(900, lambda at: lambda rng: packets(at=at + np.arange(48) * 0.02, source=CLIENTS[5], destination=address("198.51.100.9"), source_port=40_000, destination_port=33_434 + np.arange(48), size=32, protocol=UDP, ttl=1 + np.arange(48) // 3))
    plan.every(20, lambda at: lambda rng: packets(at=at, source=CLIENTS[6], destination=address("10.20.7.7"), source_port=9_100, destination_port=9_100, flags=2, protocol=TCP, seq=7), jitter_s=5)


PEOPLE = (browsing, downloads, calls, by_themselves, behind_nat, neighbours_talk)
