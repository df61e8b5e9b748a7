"""Names that one domain, or one server, was asked for in vain, within the last seconds."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from rules.traffic.dns_failures.failures import Address

_NAMES: Final = 4_096  # remembered within the window: above every bound's, 0.5 MB
_ENDS: Final = 4_096  # clients that are counted; beyond, there are at least so many
_SAMPLES: Final = 3


@dataclass(slots=True)
class _Window:
    at: float
    fresh: int = 0  # names not asked for before
    names: int = 0  # different names
    good: int = -1  # answers with something in them; -1: not counted, since names were few


@dataclass(slots=True)
class Asked:
    """What is remembered of a domain or a server."""

    names: dict[int, float] = field(default_factory=dict)  # hash, and when it was asked first
    windows: deque[_Window] = field(default_factory=deque)
    clients: set[Address] = field(default_factory=set)
    servers: dict[Address, int] = field(default_factory=dict)
    domains: dict[str, int] = field(default_factory=dict)  # of the window at hand
    samples: list[str] = field(default_factory=list)
    since: float = 0.0
    now: float = 0.0

    def begin(self, start: float, at: float, window_s: float) -> None:
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
            self.since = start
        for name in [name for name, first in self.names.items() if first <= at - window_s]:
            del self.names[name]
        self.windows.append(_Window(at))
        self.domains.clear()

    def take(self, client: Address, server: Address, name: str, domain: str) -> None:
        """Take a name that was asked for in vain."""
        if len(self.clients) < _ENDS:
            self.clients.add(client)
        if server in self.servers or len(self.servers) < 64:
            self.servers[server] = self.servers.get(server, 0) + 1
        number = hash(name)
        first = self.names.get(number)
        if first == self.now:
            return  # on its way through a resolver, or again
        self.windows[-1].names += 1
        if first is not None:
            return
        self.windows[-1].fresh += 1
        if domain in self.domains or len(self.domains) < 64:
            self.domains[domain] = self.domains.get(domain, 0) + 1
        if len(self.names) < _NAMES:
            self.names[number] = self.now
        if len(self.samples) < _SAMPLES:
            self.samples.append(name)

    @property
    def askers(self) -> list[Address]:
        """Return who asks, without the resolvers that ask in their name."""
        return sorted(self.clients - self.servers.keys()) or sorted(self.clients)

    @property
    def fresh(self) -> int:
        """Return how many names were new."""
        return sum(window.fresh for window in self.windows)

    @property
    def fresh_share(self) -> float:
        """Return which part of the names was new."""
        return self.fresh / max(sum(window.names for window in self.windows), 1)

    @property
    def domain(self) -> tuple[str, int]:
        """Return the domain of most new names of this window, and how many there were."""
        return max(self.domains.items(), key=lambda each: each[1], default=("", 0))

    def answered(self, good: int) -> None:
        """Take how many answers of this window had something in them."""
        self.windows[-1].good = good

    def failed_share(self, weight: int) -> float:
        """Return which part failed, of what was answered or is late, where both were counted."""
        counted = [window for window in self.windows if window.good >= 0]
        names = weight * sum(window.names for window in counted)
        return names / max(names + sum(window.good for window in counted), 1)
