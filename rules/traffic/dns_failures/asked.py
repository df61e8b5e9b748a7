"""Names that one domain, or one server, was asked for in vain, within the last seconds."""

from collections import deque
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final

from rules.traffic.dns_failures.failures import Address

_NAMES: Final = 20_480  # remembered within the window: all that are read (rows_per_s) in ten seconds, 2 MB
_ENDS: Final = 4_096  # clients that are counted; beyond, there are at least so many
_SERVERS: Final = 64
_SAMPLES: Final = 3


@dataclass(slots=True)
class Window:
    """One window. `weight`: how many names each of them stands for, of which only a part is read."""

    start: float
    at: float
    weight: int = 1
    fresh: int = 0  # names not asked for before
    absent: int = 0  # of those, said not to exist
    names: int = 0  # different names
    good: int = -1  # answers with something in them; -1: not counted, since names were few

    @property
    def rate(self) -> float:
        """Return how many names a second were new."""
        return self.fresh * self.weight / max(self.at - self.start, 1e-3)


@dataclass(slots=True)
class Asked:
    """What is remembered of a domain or a server."""

    names: dict[int, float] = field(default_factory=dict)  # hash, and when it was asked first
    windows: deque[Window] = field(default_factory=deque)
    clients: set[Address] = field(default_factory=set)
    servers: dict[Address, int] = field(default_factory=dict)
    domains: dict[str, int] = field(default_factory=dict)  # of the window at hand
    samples: list[str] = field(default_factory=list)
    now: float = 0.0
    told: float = 0.0  # until when names are told
    partly: bool = False  # whether names were not read since clients are counted, and their clients with them

    def begin(self, start: float, at: float, window_s: float, weight: int) -> None:
        """Begin the window that ends at a time, and forget the old ones."""
        if at == self.now:
            return
        self.now = at
        while self.windows and self.windows[0].at <= at - window_s:
            self.windows.popleft()
        if not self.windows:
            self.clients.clear()
            self.servers.clear()
            self.samples.clear()
            self.partly = False
        self.partly |= weight > 1
        for name in list(takewhile(lambda name: self.names[name] <= at - window_s, self.names)):  # the oldest is first
            del self.names[name]
        self.windows.append(Window(start, at, weight))
        self.domains.clear()

    def take(self, client: Address, server: Address, name: str, domain: str, *, absent: bool) -> None:
        """Take a name that was asked for in vain."""
        if len(self.clients) < _ENDS + len(self.servers):  # of which the servers are none that count
            self.clients.add(client)
        if server in self.servers or len(self.servers) < _SERVERS:
            self.servers[server] = self.servers.get(server, 0) + 1
        number = hash(name)
        first = self.names.get(number)
        if first == self.now:
            return  # on its way through a resolver, or again
        self.windows[-1].names += 1
        if first is not None:
            return
        self.windows[-1].fresh += 1
        self.windows[-1].absent += absent
        if domain in self.domains or len(self.domains) < 64:
            self.domains[domain] = self.domains.get(domain, 0) + 1
        if len(self.names) < _NAMES:
            self.names[number] = self.now
        if len(self.samples) < _SAMPLES:
            self.samples.append(name)

    @property
    def askers(self) -> list[Address]:
        """Return who asks, without the resolvers that ask in their name."""
        return (sorted(self.clients - self.servers.keys()) or sorted(self.clients))[:_ENDS]

    @property
    def all_askers(self) -> bool:
        """Return whether nobody else can have asked: there was room for all, and all names were read."""
        return len(self.askers) < _ENDS and not self.partly

    @property
    def fresh(self) -> int:
        """Return how many names were new."""
        return sum(window.fresh * window.weight for window in self.windows)

    @property
    def fresh_share(self) -> float:
        """Return which part of the names was new."""
        return self.fresh / max(sum(window.names * window.weight for window in self.windows), 1)

    @property
    def absent_share(self) -> float:
        """Return which part of the new names was said not to exist; the others failed, or had no answer."""
        return sum(window.absent * window.weight for window in self.windows) / max(self.fresh, 1)

    def since(self, loud_per_s: float) -> float:
        """Return when so many new names a second began."""
        return next((window.start for window in self.windows if window.rate >= loud_per_s), self.windows[-1].start)

    def untold(self, since: float) -> tuple[int, int]:
        """Return how many names were new from a time on and were not told, and how many of them do not exist."""
        rest = [window for window in self.windows if window.at > self.told and window.start >= since]
        self.told = self.now
        return sum(each.fresh * each.weight for each in rest), sum(each.absent * each.weight for each in rest)

    @property
    def domain(self) -> tuple[str, int]:
        """Return the domain of most new names of this window, and how many there were."""
        return max(self.domains.items(), key=lambda each: each[1], default=("", 0))

    def answered(self, good: int) -> None:
        """Take how many answers of this window had something in them."""
        self.windows[-1].good = good

    @property
    def failed_share(self) -> float:
        """Return which part failed, of what was answered or is late, where both were counted."""
        counted = [window for window in self.windows if window.good >= 0]
        names = sum(window.names * window.weight for window in counted)
        return names / max(names + sum(window.good for window in counted), 1)
