"""Models of names that do not exist: Mirai's random subdomains, floods of any names, malware that looks for its master.

With look-alikes: a mail server that asks block lists, a resolver whose way out is cut.
"""

from typing import Final

from numpy.random import Generator

from bench.detection.case import Attack, Case
from bench.detection.floods import BEGIN
from bench.detection.packets import Packets, address, joined
from bench.detection.place import CLIENTS, MAIL, PUBLIC, RESOLVER
from bench.detection.talks import lookup, talk

_LETTERS: Final = tuple("abcdefghijklmnopqrstuvwxyz0123456789")
_FAR: Final = address("198.51.100.77")
_NXDOMAIN: Final = 3


def drawn(rng: Generator, length: int = 12) -> str:
    """Return letters and digits, as Mirai draws them."""
    return "".join(rng.choice(_LETTERS, length).tolist())


def through(rng: Generator, at: float, client: int, name: str, code: int = _NXDOMAIN) -> list[Packets]:
    """Return a name asked of our resolver, which asks outside."""
    port, other = (int(number) for number in rng.integers(1_024, 65_535, 2))
    outer = lookup(at + 0.001, (RESOLVER, _FAR, other), name, code=code, rtt_s=0.03)
    return [lookup(at, (client, RESOLVER, port), name, code=code, rtt_s=0.033), outer]


def torture(per_s: float, seconds: float, clients: int) -> Attack:
    """Our clients ask our resolver for random names of somebody's domain."""

    def make(rng: Generator) -> Packets:
        parts = []
        for place in range(int(per_s * seconds)):
            client = CLIENTS[place % clients]
            parts += through(rng, BEGIN + place / per_s, client, f"{drawn(rng)}.korban.example")
        return joined(parts)

    return make


def against_us(per_s: float, seconds: float, names: str) -> Attack:
    """Everybody's resolvers ask our server for names that are not there: of our domain, or of any."""

    def make(rng: Generator) -> Packets:
        parts = []
        for place in range(int(per_s * seconds)):
            who = 0x0810_0000 + int(rng.integers(0, 2_000)) * 7
            name = names.format(drawn(rng), drawn(rng, 8))
            ends = (who, PUBLIC, int(rng.integers(1_024, 65_535)))
            parts.append(lookup(BEGIN + place / per_s, ends, name, code=_NXDOMAIN, rtt_s=0.0005))
        return joined(parts)

    return make


def looking(every_s: float, count: int) -> Attack:
    """One client looks for a domain that its master has registered."""

    def make(rng: Generator) -> Packets:
        ends = ("com", "net", "biz", "info", "org")
        names = [f"{drawn(rng, int(rng.integers(9, 16)))}.{ends[place % 5]}" for place in range(count)]
        return joined([
            each
            for place, name in enumerate(names)
            for each in through(rng, BEGIN + place * every_s, CLIENTS[61], name)
        ])  # fmt: skip

    return make


def block_lists(per_s: float, seconds: float) -> Attack:
    """Ask three lists about each sender, as a mail server under spam does: nearly none is listed."""

    def make(rng: Generator) -> Packets:
        parts = []
        for place in range(int(per_s * seconds)):
            quad = ".".join(map(str, rng.integers(1, 255, 4).tolist()))
            for zone in ("zen.daftar.example", "bl.hitam.example.org"):
                parts += through(rng, BEGIN + place / per_s, MAIL, f"{quad}.{zone}")
            parts += through(rng, BEGIN + place / per_s, MAIL, f"{drawn(rng, 9)}.com.dbl.daftar.example")
        return joined(parts)

    return make


def spam(every_s: float, count: int) -> Attack:
    """Have our mail server look up who sends to it: domains that spam draws from letters."""

    def make(rng: Generator) -> Packets:
        parts = []
        for place in range(count):
            at, who = BEGIN + place * every_s, 0x2D00_0000 + int(rng.integers(0, 2**24))
            ends = (who, MAIL, int(rng.integers(1_024, 65_535)), 25)
            parts.append(talk(rng, at, ends, [(0, 60, 0), (90, 200, 0.1), (60, 120, 0.2)], rtt_s=0.1))
            parts += through(rng, at + 0.5, MAIL, f"{drawn(rng, 11)}.com")
        return joined(parts)

    return make


CASES: Final = (
    Case("random subdomains by 20 of ours, 100/s", ("random_subdomains",), torture(100, 20, 20)),
    Case("random subdomains of our domain, 1,000/s", ("random_subdomains",), against_us(1_000, 8, "{0}.kab.go.id")),
    Case("names of any domain of our server, 400/s", ("nxdomain_flood",), against_us(400, 15, "www.{1}{0}.com")),
    Case("malware looks for its master, each 1 s", ("generated_domains",), looking(1, 90)),
    Case("malware looks for its master, each 5 s", ("generated_domains",), looking(5, 80), background=False),
    Case("look-alike: block lists, 60 senders/s", (), block_lists(60, 20)),
    Case("look-alike: a mail server under spam, each 4 s", (), spam(4, 140), background=False),
)
