"""What servers do in an hour: visitors and what they cause behind the page, mail in and out, names, backups."""

from collections.abc import Callable
from typing import Final

from numpy.random import Generator

from bench.detection.packets import Packets, address, joined
from bench.detection.people import Transfer
from bench.detection.place import (
    APPLICATION,
    BACKUP,
    CLIENTS,
    DATABASE,
    FILES,
    MAIL,
    NAT,
    PUBLIC,
    RESOLVER,
    START,
    WEB,
    Make,
    Plan,
)
from bench.detection.talks import Turn, lookup, refused, talk, unanswered

_DOMAIN: Final = "office.example.go.id"
_LETTERS: Final = tuple("abcdefghijklmnopqrstuvwxyz")
DEAD_MX: Final = tuple(address("45.60.1.10") + number * 911 for number in range(30))


def visitors(plan: Plan) -> None:
    """Plan the regency's web server: visitors, a minute in which all come, a crawler, probes of uptime, stray SYNs."""
    plan.arrivals(1.5, lambda at: lambda rng: visit(rng, at, outsider(rng)))
    plan.arrivals(25, lambda at: lambda rng: visit(rng, at, outsider(rng)), begin_s=1_500, end_s=1_570)
    crawler = address("66.249.66.1")

    def crawls(at: float) -> Make:
        ends = (crawler, PUBLIC, plan.port(crawler), 443)
        return lambda rng: talk(rng, at, ends, [(800, int(rng.lognormal(9.5, 1)), 0)], rtt_s=0.18)

    def stray(at: float) -> Make:
        def make(rng: Generator) -> Packets:
            ends = (outsider(rng), int(rng.choice([PUBLIC, NAT])), 40_000, int(rng.integers(1, 40_000)))
            return unanswered(at, ends, 1) if rng.random() < 0.5 else refused(at, ends)

        return make

    plan.arrivals(2, crawls, begin_s=600, end_s=1_800)
    plan.arrivals(0.3, stray)  # the world's scanners come by: each tries one port and goes on
    for number in range(3):
        _probe(plan, address("198.51.100.150") + number)


def _probe(plan: Plan, probe: int) -> None:
    plan.every(60, lambda at: lambda rng: talk(rng, at, (probe, PUBLIC, plan.port(probe), 443), [(600, 5_000, 0)]))


def outsider(rng: Generator) -> int:
    """Return anybody's address."""
    return int(rng.integers(0x2400_0000, 0x7800_0000))


def visit(rng: Generator, at: float, who: int) -> Packets:
    """Return a visit: a browser's connections, pages read for a while."""
    rtt_s = float(rng.lognormal(-3.3, 0.8))
    parts = []
    for _ in range(int(rng.integers(1, 7))):
        ends = (who, PUBLIC, int(rng.integers(1_024, 65_535)), 443)
        if rng.random() < 0.01:
            parts.append(unanswered(at, ends, 1))
            continue
        turns: list[Turn] = [(600, 4_300, 0)]
        for _ in range(int(rng.integers(1, 6))):
            size = int(min(rng.lognormal(9, 1.5), 2e6))
            turns.append((int(rng.integers(300, 900)), size, float(rng.exponential(1))))
        end = str(rng.choice(["fin", "server", "rst"]))
        parts.append(talk(rng, at + rng.uniform(0, 0.2), ends, turns, rtt_s=rtt_s, end=end, rate=1e6))
    return joined(parts)


def behind_the_page(plan: Plan) -> None:
    """Plan the application, which asks the database anew for each page, as PHP does."""

    def asks(at: float) -> Make:
        def make(rng: Generator) -> Packets:
            login: list[Turn] = [(150, 90, 0), (90, 11, 0)]
            queries: list[Turn] = [(120, int(rng.lognormal(6, 1)), 0.001)] * int(rng.integers(2, 9))
            ends = (APPLICATION, DATABASE, plan.port(APPLICATION), 3_306)
            return talk(rng, at, ends, [*login, *queries], rtt_s=0.0005)

        return make

    def serves(at: float) -> Make:
        ends = (WEB, APPLICATION, plan.port(WEB), 8_080)
        return lambda rng: talk(rng, at, ends, [(700, int(rng.lognormal(9, 1)), 0.0)], rtt_s=0.0005, end="server")

    plan.arrivals(12, asks)
    plan.arrivals(12, serves)


def mail(plan: Plan) -> None:
    """Plan mail in with look-ups of names, senders and block lists; mail out, and a queue for servers that are dead."""

    def goes(at: float) -> Make:
        def make(rng: Generator) -> Packets:
            turns: list[Turn] = [(30, 200, 0), (90, 60, 0), (int(rng.lognormal(9.8, 1.4)), 60, 0)]
            return talk(rng, at, (MAIL, outsider(rng), plan.port(MAIL), 25), turns, rtt_s=0.12)

        return make

    plan.arrivals(0.25, lambda at: lambda rng: _arrives(plan, rng, at))
    plan.arrivals(0.1, goes)
    for minute in range(5, 60, 15):  # the queue: each dead server four times an hour, one after the other
        for number, dead in enumerate(DEAD_MX):
            _retries(plan, minute * 60 + number * 2.5, dead)


def _arrives(plan: Plan, rng: Generator, at: float) -> Packets:
    who = outsider(rng)
    quads = ".".join(str(who >> shift & 255) for shift in (0, 8, 16, 24))
    names = [
        (f"{quads}.in-addr.arpa", 12, 0),
        (f"{quads}.zen.blocklist.example.org", 1, 3),
        (f"{quads}.bl.example.net", 1, 3),
        (f"sel{who % 9}._domainkey.firm{who % 300}.com", 16, 0),
        (f"_dmarc.firm{who % 300}.com", 16, 0),
    ]
    parts = [
        lookup(at + 0.05 * place, (MAIL, RESOLVER, plan.port(MAIL)), name, kind, code=code)
        for place, (name, kind, code) in enumerate(names)
    ]
    turns: list[Turn] = [(30, 200, 0), (50, 30, 0), (40, 30, 0), (6, 40, 0), (int(rng.lognormal(9.8, 1.6)), 60, 0)]
    ends = (who, MAIL, int(rng.integers(1_024, 65_535)), 25)
    return joined([*parts, talk(rng, at + 0.3, ends, turns, rtt_s=0.12)])


def _retries(plan: Plan, at_s: float, dead: int) -> None:
    def make(rng: Generator) -> Packets:
        del rng
        at = START + at_s
        name = lookup(at, (MAIL, RESOLVER, plan.port(MAIL)), f"mx{dead % 97}.gone{dead % 89}.com")
        return joined([name, unanswered(at + 0.1, (MAIL, dead, plan.port(MAIL), 25))])

    plan.at(at_s, make)


def names(plan: Plan) -> None:
    """Plan the resolver's own questions to the world."""

    def asks(at: float) -> Make:
        def make(rng: Generator) -> Packets:
            host = f"{'abcdefgh'[int(rng.integers(8))]}{int(rng.zipf(1.3)) % 900}"
            far = int(rng.integers(0xC000_0000, 0xC700_0000))
            ends = (RESOLVER, far, int(rng.integers(1_024, 65_535)))
            code = 3 if rng.random() < 0.1 else 0
            return lookup(at, ends, f"{host}.zone{int(rng.zipf(1.2)) % 800}.com", rtt_s=0.04, code=code)

        return make

    plan.arrivals(6, asks)


def missing(plan: Plan) -> None:
    """Plan names that are not there: search lists, typing errors, three random ones of each browser that starts."""

    def misses(at: float) -> Make:
        def make(rng: Generator) -> Packets:
            client, number = int(rng.choice(CLIENTS)), int(rng.zipf(1.2)) % 3_000
            name = f"www.zone{number}.com.{_DOMAIN}" if rng.random() < 0.8 else f"wwww.zonne{number}.co.id"
            return lookup(at, (client, RESOLVER, plan.port(client)), name, code=3)

        return make

    def starts(at: float) -> Make:
        def make(rng: Generator) -> Packets:
            client = int(rng.choice(CLIENTS))
            words = ["".join(rng.choice(_LETTERS, int(rng.integers(7, 16))).tolist()) for _ in range(3)]
            names = [f"{word}.{_DOMAIN}" for word in words]
            return joined([lookup(at, (client, RESOLVER, plan.port(client)), name, code=3) for name in names])

        return make

    plan.arrivals(3, misses)
    plan.arrivals(0.1, starts)


def backups(plan: Plan) -> None:
    """Plan two servers' backups to the store, and a copy of it that leaves the house."""
    Transfer(FILES, BACKUP, 8_730, at_s=100, octets=1.2e9, rate=12e6, forth=True, rtt_s=0.0005).plan(plan)
    Transfer(DATABASE, BACKUP, 22, at_s=700, octets=300e6, rate=5e6, forth=True, rtt_s=0.0005).plan(plan)
    Transfer(BACKUP, address("198.51.100.170"), 443, at_s=1_000, octets=500e6, rate=1e6, forth=True).plan(plan)


SERVERS: Final[tuple[Callable[[Plan], None], ...]] = (visitors, behind_the_page, mail, names, missing, backups)
