"""What people do in an hour: the web, calls, films, downloads; an office behind one address, one behind a proxy."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator

from bench.detection.ipv6 import asked, guest, outside, over_ipv6, temporary
from bench.detection.packets import FIRST_WIDE, UDP, Packets, address, joined, packets
from bench.detection.place import CLIENTS, HOUR_S, NAT, PROXY, RESOLVER, START, Make, Plan, Site, internet, pick
from bench.detection.talks import Ends, Tcp, Turn, datagrams, lookup, refused, talk, unanswered

FAILED: Final = 0.02  # connections that come to nothing: half of them meet silence, half are refused
WIDE_SITES: Final = 0.7  # of the sites have IPv6; clients that have it as well take it nearly always (RFC 8305)
WIDE_BROKEN: Final = 0.01  # of those whose IPv6 is silent: the client takes IPv4 a quarter of a second later
_CLIENTS: Final = frozenset(CLIENTS)


def browsing(plan: Plan) -> None:
    """Plan pages: names, some connections at once to some sites, objects of all sizes; TLS and QUIC; kept alive."""
    sites = internet(plan.rng)
    for client in CLIENTS:
        _reader(plan, client, sites)


def _reader(plan: Plan, client: int, sites: list[Site]) -> None:
    plan.arrivals(14 / HOUR_S, lambda at: lambda rng: page(plan, rng, at, client, sites))


def page(plan: Plan, rng: Generator, at: float, client: int, sites: list[Site]) -> Packets:
    """Return a page: that of a site, with things of other sites in it."""
    parts = []
    main = pick(rng, sites)
    for place in range(int(rng.integers(1, 6))):
        site = main if place == 0 else pick(rng, sites)
        begin = at + place * rng.uniform(0.05, 0.6)
        if client != NAT and rng.random() < 0.6:
            parts += [_name(plan, begin - 0.03, client, site, kind) for kind in (1, 28)]
        parts += _site(plan, rng, begin, client, site, 3 if place == 0 else 1)
    return joined(parts)


def _name(plan: Plan, at: float, client: int, site: Site, kind: int) -> Packets:
    if client in _CLIENTS and client % 2:
        return asked(at, client, plan.port(client), f"www.{site.name}", kind)
    return lookup(at, (client, RESOLVER, plan.port(client)), f"www.{site.name}", kind)


def _site(plan: Plan, rng: Generator, at: float, client: int, site: Site, most: int) -> list[Packets]:  # noqa: PLR0913, PLR0917 - each says what is special about it
    host, version = int(rng.choice(site.addresses)), 4
    if (client in _CLIENTS or client == NAT) and len(site.name) * 37 % 100 < 100 * WIDE_SITES:
        six = (guest(int(rng.integers(300))) if client == NAT else temporary(client, at), outside(host))
        if rng.random() < WIDE_BROKEN:
            broken = unanswered(at, (*six, plan.port(client), 443), 2, version=6)
            return [broken, *_over(plan, rng, at + 0.25, (client, host), site, most, 4)]
        (client, host), version = six, 6
    return _over(plan, rng, at, (client, host), site, most, version)


def _over(  # noqa: PLR0913, PLR0917 - each says what is special about it
    plan: Plan, rng: Generator, at: float, hosts: tuple[int, int], site: Site, most: int, version: int
) -> list[Packets]:
    client, host = hosts
    if rng.random() < FAILED:
        ends = (client, host, plan.port(client), 443)
        failed = unanswered(at, ends) if rng.random() < 0.5 else refused(at, ends)
        failed["version"] = version
        return [failed]
    if site.quic and rng.random() < 0.6:
        made = quic(rng, at, (client, host, plan.port(client), 443), int(rng.lognormal(11, 1.3)))
        return [over_ipv6(made) if version == 6 else made]
    parts = []
    for _ in range(int(rng.integers(1, most + 1))):
        objects: list[Turn] = [(560, 4_200, 0.0)]
        for _ in range(int(rng.integers(1, 8))):
            size = int(min(rng.lognormal(9.3, 1.6), 4e6))
            objects.append((int(rng.integers(200, 900)), size, float(rng.exponential(0.3))))
        ends = (client, host, plan.port(client), 443)
        end = str(rng.choice(["fin", "server", "rst"], p=[0.6, 0.25, 0.15]))
        rate = float(rng.lognormal(14.3, 0.6))
        begin = at + rng.uniform(0, 0.1)
        parts.append(talk(rng, begin, ends, objects, rtt_s=site.rtt_s, end=end, rate=rate, version=version))
    return parts


def quic(rng: Generator, at: float, ends: Ends, octets: int, rate: float = 2.5e6) -> Packets:
    """Return a QUIC transfer: large datagrams down, one small one up for each two (RFC 9000, 13.2)."""
    client, server, port, there = ends
    count = max(octets // 1_250, 2)
    acks = count // 2 + 1
    down = {"source": server, "destination": client, "source_port": there, "destination_port": port, "protocol": UDP}
    up = {"source": client, "destination": server, "source_port": port, "destination_port": there, "protocol": UDP}
    return joined(
        [
            packets(at=at, size=1_250, **up),
            packets(at=at + 0.015 + np.arange(count) * 1_250 / rate, size=1_250, **down),
            packets(at=at + 0.023 + np.arange(acks) * 2_500 / rate, size=rng.integers(30, 60, acks), **up),
        ]
    )


@dataclass(frozen=True)
class Transfer:
    """A long transfer over one connection."""

    client: int
    server: int
    port: int
    at_s: float
    octets: float
    rate: float
    forth: bool = False
    rtt_s: float = 0.015
    version: int = 4

    def plan(self, plan: Plan) -> None:
        """Plan it in pieces of ten seconds, so that it is never in memory as a whole."""
        count = max(int(self.octets / self.rate / 10), 1)
        ends = (self.client, self.server, plan.port(self.client), self.port)
        going = Tcp(plan.rng, START + self.at_s, ends, rtt_s=self.rtt_s, version=self.version)

        def piece(number: int) -> Make:
            def make(rng: Generator) -> Packets:
                one = going.go_on(rng, START + self.at_s + number * 10)
                if number == 0:
                    one.open().send(700, forth=True)
                one.send(int(self.octets / count), forth=self.forth, rate=self.rate, loss=0.0005)
                return (one.close() if number == count - 1 else one).rows()

            return make

        for number in range(count):
            plan.at(self.at_s + number * 10, piece(number))


def downloads(plan: Plan) -> None:
    """Plan a speed test, downloads by TCP and QUIC, films, updates for most machines, pictures that go out."""
    for server in range(4):  # a speed test uses several connections, first down, then up
        mirror = address("198.51.100.40") + server
        Transfer(CLIENTS[3], mirror, 443, at_s=900, octets=20 * 11e6, rate=11e6).plan(plan)
        Transfer(CLIENTS[3], mirror, 443, at_s=925, octets=20 * 5e6, rate=5e6, forth=True).plan(plan)
    Transfer(CLIENTS[8], address("198.51.100.60"), 443, at_s=1_300, octets=600e6, rate=8e6).plan(plan)
    Transfer(CLIENTS[9], address("198.51.100.61"), 443, at_s=2_000, octets=400e6, rate=1.5e6, forth=True).plan(plan)
    for number in range(6):
        _quic_download(plan, 1_900 + number * 10)
    for viewer in range(4):
        film(plan, CLIENTS[20 + viewer], address("198.51.100.70") + viewer)
    for client in CLIENTS[:120]:
        update(plan, client, address("198.51.100.90") + int(plan.rng.integers(4)))


def _quic_download(plan: Plan, at_s: float) -> None:
    ends = (temporary(CLIENTS[11], START), outside(address("198.51.100.62")), 51_111, 443)
    plan.at(at_s, lambda rng: over_ipv6(quic(rng, START + at_s, ends, 70_000_000, 7e6)))


def film(plan: Plan, client: int, server: int) -> None:
    """Plan a film: two megabytes each eight seconds, over one connection that stays; three of four over IPv6."""
    ends = (client, server, plan.port(client), 443)
    version = 6 if server % 4 else 4
    if version == 6:
        ends = (temporary(client, START), outside(server), *ends[2:])
    going = Tcp(plan.rng, START, ends, rtt_s=0.01, version=version)

    def chunk(at: float) -> Make:
        def make(rng: Generator) -> Packets:
            one = going.go_on(rng, at)
            if not one.is_open:
                one.open()
            return one.send(500, forth=True).send(int(rng.normal(2e6, 3e5)), forth=False, rate=6e6).rows()

        return make

    plan.every(8, chunk, first_s=plan.rng.uniform(0, 900))


def update(plan: Plan, client: int, mirror: int) -> None:
    """Plan an update of a machine: all of them within ten minutes."""
    begin = plan.rng.uniform(2_400, 3_000)

    def make(rng: Generator) -> Packets:
        at = START + begin
        name = lookup(at, (client, RESOLVER, plan.port(client)), f"au-{mirror & 255}.update.example.com")
        turns: list[Turn] = [(400, int(rng.lognormal(15.5, 0.6)), 0.0)]
        ends, version = (client, mirror, plan.port(client), 443), 4
        if mirror % 2:
            ends, version = (temporary(client, at), outside(mirror), ends[2], 443), 6
        return joined([name, talk(rng, at + 0.05, ends, turns, rate=4e6, end="server", version=version)])

    plan.at(begin, make)


def calls(plan: Plan) -> None:
    """Plan video calls of 3 Mbit/s both ways, two at once, and voice between us: 50 datagrams a second."""
    far = address("198.51.100.120")
    _stream(plan, (CLIENTS[30], far, plan.port(CLIENTS[30]), 3_478), (300, 30), 350, (900, 1_200))
    caller = temporary(CLIENTS[31], START)
    _stream(plan, (caller, outside(far), plan.port(CLIENTS[31]), 3_478), (600, 40), 350, (900, 1_200))
    for number, caller in enumerate(CLIENTS[40:48]):
        port = 16_384 + number * 2
        _stream(plan, (caller, CLIENTS[50 + number], port, port), (200 + number * 150, 20), 50, (172, 172))


def _stream(plan: Plan, ends: Ends, when: tuple[float, int], per_s: float, size: tuple[int, int]) -> None:
    """Plan datagrams both ways, minute by minute."""
    back = (ends[1], ends[0], ends[3], ends[2])

    def minute(at: float) -> Make:
        def make(rng: Generator) -> Packets:
            rows = joined([datagrams(rng, at, each, 60, per_s, size, jitter=2) for each in (ends, back)])
            return over_ipv6(rows) if ends[0] >= FIRST_WIDE else rows

        return make

    for number in range(when[1]):
        plan.at(when[0] + number * 60, minute(START + when[0] + number * 60))


def behind_one_address(plan: Plan) -> None:
    """Plan a branch of 300 people behind one address, and another office behind a proxy."""
    sites = internet(plan.rng, 900)

    def name(at: float) -> Make:
        far = address("198.51.100.53")
        return lambda rng: lookup(at, (NAT, far, int(rng.integers(1_024, 65_535))), f"www.{pick(rng, sites).name}")

    def proxied(at: float) -> Make:
        def make(rng: Generator) -> Packets:
            turns: list[Turn] = [(500, int(min(rng.lognormal(9, 1.5), 2e6)), 0)]
            ends = (int(rng.choice(CLIENTS)), PROXY, int(rng.integers(32_768, 61_000)), 3_128)
            return talk(rng, at, ends, turns, rtt_s=0.001, end=str(rng.choice(["fin", "server"])))

        return make

    plan.arrivals(1.2, lambda at: lambda rng: page(plan, rng, at, NAT, sites))
    plan.arrivals(9, name)
    plan.arrivals(4, proxied)


PEOPLE: Final[tuple[Callable[[Plan], None], ...]] = (browsing, downloads, calls, behind_one_address)
