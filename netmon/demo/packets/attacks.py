"""The attacks on the demonstration's wire: what each looks like, when it comes, and what it ought to be called.

Each lasts some seconds at a modest rate. Nothing is attacked: the frames end in a namespace that holds only a sensor.
Times are seconds of a round of the story. Pure: chance is an argument.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Final, TypeAlias

from netmon.demo.packets.frames import ACK, RST, SYN, End, Host, tcp, udp
from netmon.demo.packets.places import Places, anywhere, free_port, outsider
from netmon.demo.packets.talks import Pace, Timed, connection, unasked_answer

Frames: TypeAlias = Callable[[Places, Random, float], Iterator[Timed]]

SYN_PER_S: Final = 1_500
ANSWERS_PER_S: Final = 400
PROBES_PER_S: Final = 150
GUESSES_PER_S: Final = 5
_AMPLIFIERS: Final = 120
_ANSWER_OCTETS: Final = 2_600  # two fragments: what an open resolver sends to a question for any
_OPEN: Final = (22, 443, 5_432)  # ports that answer a scan
_PORTAL, _SCANNED, _GUESSED = 0, 3, 4  # servers, by their place in the inventory
_OFFICE: Final = 4  # whose line the amplified answers go to, by its place in the inventory
_SCANNER: Final = (12, 41)  # an office, and a host there
_RTT_S: Final = 0.002


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack of a round."""

    name: str  # of its text: demo.attack.<name>
    begins_s: float
    lasts_s: float
    rules: frozenset[str]  # by one of which it is named
    frames: Frames
    victim: Callable[[Places], Host]  # who is concerned, on our side


def syn_flood(places: Places, chance: Random, lasts_s: float) -> Iterator[Timed]:
    """Ask the portal for connections that nobody will complete, from addresses that are made up."""
    server = End(places.server(_PORTAL), 443)
    for number in range(int(lasts_s * SYN_PER_S)):
        source = End(anywhere(chance), free_port(chance))
        at, seq = number / SYN_PER_S, chance.getrandbits(32)
        yield at, tcp(source, server, SYN, seq, 0)
        if not number % 8:  # it answers some, as long as it has room
            yield at, tcp(server, source, SYN | ACK, chance.getrandbits(32), seq + 1)


def amplification(places: Places, chance: Random, lasts_s: float) -> Iterator[Timed]:
    """Send an office the answers of open resolvers, in two fragments each, to questions that it never asked."""
    victim = _office(places)
    for number in range(int(lasts_s * ANSWERS_PER_S)):
        answer = unasked_answer("any.example.org", _ANSWER_OCTETS, chance.getrandbits(16))
        source = End(outsider(chance.randrange(_AMPLIFIERS)), 53)
        for frame in udp(source, End(victim, 40_000 + number % 64), answer, number):
            yield number / ANSWERS_PER_S, frame


def port_scan(places: Places, chance: Random, lasts_s: float) -> Iterator[Timed]:
    """Knock at the ports of a server from a host in an office, as one that was taken over does."""
    scanner, server = places.office_host(*_SCANNER), places.server(_SCANNED)
    ports = [*_OPEN, *chance.sample(range(1, 10_000), max(0, int(lasts_s * PROBES_PER_S) - len(_OPEN)))]
    chance.shuffle(ports)
    mine = free_port(chance)
    for number, port in enumerate(ports):
        at, seq = number / PROBES_PER_S, chance.getrandbits(32)
        source, to = End(scanner, mine), End(server, port)
        yield at, tcp(source, to, SYN, seq, 0)
        flags = SYN | ACK if port in _OPEN else RST | ACK
        yield at + _RTT_S, tcp(to, source, flags, 7 if port in _OPEN else 0, seq + 1)
        if port in _OPEN:
            yield at + _RTT_S, tcp(source, to, RST, seq + 1, 0)


def brute_force(places: Places, chance: Random, lasts_s: float) -> Iterator[Timed]:
    """Log in to a server over SSH again and again, as flows show it: hello, keys, some tries, and the end."""
    guesser, server = outsider(chance.randrange(200, 700)), End(places.server(_GUESSED), 22)  # another each round
    waiting: list[Timed] = []
    for number in range(int(lasts_s * GUESSES_PER_S)):
        at = number / GUESSES_PER_S
        tries = [(148, 84)] * 3  # one password each
        exchanges = [(42, 41), (1_536, 1_080), (48, 500), (64, 52), *tries]
        talk = connection(End(guesser, 33_000 + number), server, exchanges, Pace(0.04, 0.25), chance)
        waiting += ((at + offset, frame) for offset, frame in talk)
    yield from sorted(waiting, key=lambda one: one[0])


def _office(places: Places) -> Host:
    return places.office_host(_OFFICE, 0)


ATTACKS: Final = (
    Attack("port_scan", 13, 8, frozenset({"port_scan"}), port_scan, lambda places: places.server(_SCANNED)),
    Attack("syn_flood", 24, 9, frozenset({"syn_flood"}), syn_flood, lambda places: places.server(_PORTAL)),
    Attack("amplification", 33, 9, frozenset({"amplification"}), amplification, _office),
    Attack("brute_force", 44, 14, frozenset({"brute_force"}), brute_force, lambda places: places.server(_GUESSED)),
)
"""In the order in which they come. A minute shows them all."""
