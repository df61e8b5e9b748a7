"""What people in offices do all day: the web, names, mail, video calls. Modest: under a thousand frames a second.

Pure: chance is an argument, so that the same seed gives the same day.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import Final, TypeAlias

from netmon.demo.packets.frames import End
from netmon.demo.packets.places import Places, free_port, outsider
from netmon.demo.packets.talks import Pace, Timed, call, connection, question

Talk: TypeAlias = Callable[[Places, Random], Iterator[Timed]]

SITES: Final = ("www", "berita", "peta", "unduh", "gambar", "surat", "rapat", "belajar")
DOMAIN: Final = "example.id"
_RESOLVER, _MAIL = 7, 5  # servers, by their place in the inventory
_NEAR_S, _FAR_S = (0.001, 0.004), (0.015, 0.12)  # round trips on the ring, and to the internet
_CALL_S: Final = 30.0
_CALL_EACH_S: Final = 0.02


def arrivals(places: Places, chance: Random) -> Iterator[tuple[float, Iterator[Timed]]]:
    """Give the conversations of a day without end: seconds since its beginning, and what is said."""
    at = 0.0
    while True:
        at += chance.expovariate(_ALL_PER_S)
        (talk,) = chance.choices(_TALKS, _WEIGHTS)
        yield at, talk(places, chance)


def _outside_web(places: Places, chance: Random) -> Iterator[Timed]:
    """Somebody in an office reads a page in the internet."""
    server = End(outsider(chance.randrange(40)), 443)
    exchanges = [(1_700, 4_200), *((chance.randrange(300, 900), _page(chance)) for _ in range(chance.randrange(1, 5)))]
    return connection(
        places.somebody(chance), server, exchanges, Pace(chance.uniform(*_FAR_S), chance.uniform(0.1, 0.8)), chance
    )


def _application(places: Places, chance: Random) -> Iterator[Timed]:
    """Somebody in an office works with an application of the regency's."""
    server = End(places.server(chance.randrange(len(places.servers))), 443)
    exchanges = [(chance.randrange(400, 2_500), _page(chance)) for _ in range(chance.randrange(2, 6))]
    return connection(
        places.somebody(chance), server, exchanges, Pace(chance.uniform(*_NEAR_S), chance.uniform(0.2, 1.5)), chance
    )


def _citizen(places: Places, chance: Random) -> Iterator[Timed]:
    """Somebody at home looks at the regency's portal."""
    client = End(outsider(chance.randrange(200, 700)), free_port(chance))
    exchanges = [(chance.randrange(400, 1_200), _page(chance)) for _ in range(chance.randrange(1, 4))]
    return connection(
        client, End(places.server(0), 443), exchanges, Pace(chance.uniform(*_FAR_S), chance.uniform(0.2, 1.5)), chance
    )


def _mail(places: Places, chance: Random) -> Iterator[Timed]:
    """Somebody in an office looks for new mail."""
    exchanges = [(600, 3_900), (120, 260), (90, chance.randrange(200, 40_000))]
    return connection(
        places.somebody(chance), End(places.server(_MAIL), 993), exchanges, Pace(chance.uniform(*_NEAR_S), 0.05), chance
    )


def _delivery(places: Places, chance: Random) -> Iterator[Timed]:
    """Mail comes in from a server elsewhere."""
    client = End(outsider(chance.randrange(40, 60)), free_port(chance))
    exchanges = [(30, 160), (1_800, 3_700), (70, 50), (70, 50), (chance.randrange(2_000, 60_000), 60)]
    return connection(client, End(places.server(_MAIL), 25), exchanges, Pace(chance.uniform(*_FAR_S), 0.03), chance)


def _name(places: Places, chance: Random) -> Iterator[Timed]:
    """Somebody's machine asks for a name."""
    name = f"{chance.choice(SITES)}.{DOMAIN}"
    server = End(places.server(_RESOLVER), 53)
    return question(
        places.somebody(chance), server, name, outsider(chance.randrange(40)).address, chance.uniform(0.001, 0.03)
    )


def _video(places: Places, chance: Random) -> Iterator[Timed]:
    """Somebody in an office is in a video call."""
    return call(
        places.somebody(chance), End(outsider(90 + chance.randrange(3)), 8_801), seconds=_CALL_S, each_s=_CALL_EACH_S
    )


def _page(chance: Random) -> int:
    """Return the octets of an answer: mostly small, now and then large."""
    return int(min(200_000, 500 + chance.paretovariate(1.3) * 2_500))


_PER_S: Final[dict[Talk, float]] = {
    _outside_web: 4.0,
    _application: 4.0,
    _citizen: 2.0,
    _mail: 1.0,
    _delivery: 0.3,
    _name: 15.0,
    _video: 0.08,
}
"""How many of each begin in a second: some 700 frames together."""
_TALKS: Final = tuple(_PER_S)
_WEIGHTS: Final = tuple(_PER_S.values())
_ALL_PER_S: Final = sum(_WEIGHTS)
