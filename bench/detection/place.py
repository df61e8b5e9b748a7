"""The place of the ordinary hour: whose addresses are whose, what names are asked for, what happens when."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
from numpy.random import Generator

from bench.detection.packets import Packets, address, joined

START: Final = 1_795_000_000
HOUR_S: Final = 3_600

(
    RESOLVER,
    MAIL,
    DIRECTORY,
    FILES,
    BACKUP,
    WEB,
    APPLICATION,
    DATABASE,
    PROXY,
    GIT,
    MONITOR,
    LOGS,
    ANSIBLE,
    PHONES,
    CAMERAS,
) = (address(f"10.20.1.{last}") for last in (53, 25, 10, 91, 90, 80, 81, 82, 3, 22, 5, 14, 6, 60, 70))
GATEWAY: Final = address("10.20.0.1")
NAT: Final = address("203.0.113.2")
PUBLIC: Final = address("203.0.113.80")
CLIENTS: Final = tuple(address("10.20.2.10") + number for number in range(200))
HOSTS: Final = tuple(address("10.20.8.1") + number for number in range(50))  # servers and switches that are polled
BRANCHES: Final = tuple(address("10.30.1.1") + number * 256 for number in range(12))

Make: TypeAlias = Callable[[Generator], Packets]

_SYLLABLES: Final = ("ka", "ri", "ta", "no", "ma", "si", "lu", "pe", "do", "ra", "mi", "ju", "ba", "ko", "te", "wa")


@dataclass
class Plan:
    """What is to happen: made in the order of time, so that an hour needs the memory of some minutes."""

    rng: Generator
    until_s: float = HOUR_S
    events: list[tuple[float, int, Make]] = field(default_factory=list)
    _ports: dict[int, int] = field(default_factory=dict)

    def at(self, second: float, make: Make) -> None:
        """Have something happen so many seconds after the start."""
        if 0 <= second < self.until_s:
            self.events.append((START + second, len(self.events), make))

    def every(
        self, interval_s: float, make: Callable[[float], Make], *, jitter_s: float = 0.0, first_s: float | None = None
    ) -> None:
        """Have something happen again and again. `make` is given the time of each."""
        at = self.rng.uniform(0, interval_s) if first_s is None else first_s
        while at < self.until_s:
            self.at(at, make(START + at))
            at += interval_s + (self.rng.uniform(-jitter_s, jitter_s) if jitter_s else 0.0)

    def arrivals(
        self, per_s: float, make: Callable[[float], Make], *, begin_s: float = 0, end_s: float = HOUR_S
    ) -> None:
        """Have something happen at random, so often on average (Poisson)."""
        at = begin_s + self.rng.exponential(1 / per_s)
        while at < min(end_s, self.until_s):
            self.at(at, make(START + at))
            at += self.rng.exponential(1 / per_s)

    def port(self, host: int) -> int:
        """Return the host's next port, as most systems choose: in turns from 32768 on."""
        port = self._ports.get(host)
        if port is None:
            port = int(self.rng.integers(32_768, 60_999))
        self._ports[host] = 32_768 if port >= 60_998 else port + 1
        return port

    def stream(self) -> Iterator[Packets]:
        """Yield all packets in order of time, ten seconds at once."""
        self.events.sort(key=lambda event: event[:2])
        ahead: list[Packets] = []
        place = 0
        for until in range(START + 10, START + round(self.until_s) + 10, 10):
            while place < len(self.events) and self.events[place][0] < until:
                ahead.append(self.events[place][2](self.rng))
                self.events[place] = (0.0, 0, _made)
                place += 1
            rows = joined(ahead)
            cut = int(np.searchsorted(rows["at_ns"], until * 10**9))
            ahead = [rows[cut:].copy()]
            yield rows[:cut]


def _made(rng: Generator) -> Packets:
    raise AssertionError(rng)


@dataclass(frozen=True)
class Site:
    """Somebody's servers on the internet, as popular as it is."""

    name: str
    addresses: tuple[int, ...]
    rtt_s: float
    quic: bool


def internet(rng: Generator, count: int = 600) -> list[Site]:
    """Return sites, the most popular first; many share the networks of a few that host them."""
    sites = []
    for number in range(count):
        word = "".join(rng.choice(_SYLLABLES, int(rng.integers(2, 5))))
        end = str(rng.choice(["com", "id", "co.id", "net", "org", "go.id"]))
        block = (
            int(rng.integers(0x2E00_0000, 0x6800_0000)) & 0xFFFF_FF00
            if number % 3
            else 0x2E10_0000 + (number % 9) * 256
        )
        addresses = tuple(block + int(last) for last in rng.integers(1, 255, int(rng.integers(1, 5))))
        sites.append(
            Site(f"{word}{number}.{end}", addresses, float(rng.lognormal(-3.6, 0.7)), bool(rng.random() < 0.3))
        )
    return sites


def pick(rng: Generator, sites: list[Site]) -> Site:
    """Return a site by popularity (Zipf)."""
    return sites[min(int(rng.zipf(1.25)) - 1, len(sites) - 1) if rng.random() < 0.9 else int(rng.integers(len(sites)))]
