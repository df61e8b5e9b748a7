"""Floods of questions for names that do not exist: of one domain (random subdomains), or of any (T1499.002).

Each new name passes a resolver's cache and reaches the servers of the domain, which it is to wear out; the resolvers
on the way wear out too (Luo et al., "A large scale analysis of DNS water torture attack", CSAI 2018).
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterator, Sequence
from typing import Final, Generic, TypeVar

import numpy as np

from netmon.api import Severity
from netmon.api.networks import Networks
from netmon.api.traffic import Second, address_text
from rules.traffic.dns_failures.asked import Asked
from rules.traffic.dns_failures.failures import Address, Failure, Failures
from rules.traffic.dns_failures.settings import DnsFailureSettings
from rules.traffic.dns_failures.words import askers_of, flood_text
from rules.traffic.episode import Seen
from rules.traffic.learned import hashed
from rules.traffic.scans.matter import is_ours

SUBDOMAINS: Final = "random_subdomains"
ANY: Final = "nxdomain_flood"
TECHNIQUE: Final = "T1499.002"
_TOLD: Final = 5  # addresses that evidence names
_COUNTED: Final = 16  # floods at once whose answers are counted: 2 ms each, with as many answers as are read
_LOUD: Final = 0.25  # of the bound: a window with less is a day's own failures after a flood, or before it

_Key = TypeVar("_Key", bound=Hashable)


class Floods(Generic[_Key]):
    """What was asked for in vain, by domain or by server. At most `keys`: who was silent longest goes first."""

    def __init__(self, settings: DnsFailureSettings, networks: Networks, names_per_s: float) -> None:
        self._settings = settings
        self._networks = networks
        self._bound = names_per_s * settings.window_s
        self._per_s = names_per_s
        self._all: OrderedDict[_Key, Asked] = OrderedDict()
        self._touched: dict[_Key, Asked] = {}
        self.dropped = 0

    def take(self, key: _Key, row: Failure, domain: str, window: Second, weight: int) -> None:
        """Take a name, with its registered domain, that was asked for in vain; it stands for `weight` of them."""
        asked = self._touched.get(key)
        if asked is None:
            asked = self._all.get(key)
            if asked is None:
                asked = self._all[key] = Asked()
            self._all.move_to_end(key)
            asked.begin(window.start, window.end, self._settings.window_s, weight)
            self._touched[key] = asked
        asked.take(row.client, row.server, row.name, domain, absent=row.absent)

    def candidates(self, now: float) -> Iterator[tuple[_Key, Asked]]:
        """Yield what came nearest to its bound, for its answers to be counted; forget whom no room is for."""
        near = [(asked.fresh, place) for place, asked in enumerate(self._touched.values())]
        least = self._bound / 4
        most = sorted((each for each in near if each[0] >= least), key=lambda each: -each[0])[:_COUNTED]
        touched = list(self._touched.items())
        yield from (touched[place] for _, place in most)
        self._touched = {}
        while self._all and next(iter(self._all.values())).now <= now - self._settings.window_s:
            self._all.popitem(last=False)  # nothing of it counts any more, and its names take room
        while len(self._all) > self._settings.keys:
            self._all.popitem(last=False)
            self.dropped += 1

    def is_flood(self, asked: Asked) -> bool:
        """Tell whether so many names are new, and so few are there."""
        settings = self._settings
        return (
            asked.fresh >= self._bound
            and asked.fresh_share >= settings.fresh_share
            and asked.failed_share >= settings.failed_share
        )

    def goes_on(self, asked: Asked) -> bool:
        """Tell whether the newest window is a part of the flood, and does not merely follow it."""
        return asked.windows[-1].rate >= _LOUD * self._per_s

    def seen(self, asked: Asked, domain: str) -> Seen:
        """Return a flood as it is said. `domain`: empty where it is of any."""
        since = asked.since(_LOUD * self._per_s)
        fresh, absent = asked.untold(since)
        server, askers = self._target(asked), asked.askers
        rate = asked.windows[-1].rate
        inside = self._ours(askers)
        severe = rate >= self._settings.error_times * self._per_s or inside == len(askers)
        where = self._networks.name_of(*server)
        servers = sorted(asked.servers, key=lambda each: -asked.servers[each])
        return Seen(
            key=domain or address_text(*server),
            target=where,
            severity=Severity.ERROR if severe else Severity.WARNING,
            source=askers_of(address_text(*askers[0]), len(askers), exact=asked.all_askers),
            victim=domain or address_text(*server),
            text=flood_text(self._networks.name_of(*askers[0]), where, domain),
            counts={"names": fresh, "absent_names": absent},
            peaks={"names_per_s": round(rate, 1), "clients": len(askers)},
            evidence={
                "domain": domain,
                "names_per_s": round(rate, 1),
                "failed_share": round(asked.failed_share, 3),
                "absent_share": round(asked.absent_share, 3),
                "clients": len(askers),
                "all_clients": "yes" if asked.all_askers else "no",
                "clients_of_ours": inside,
                "first_clients": _listed(askers),
                "servers": _listed(servers),
                "sample": " ".join(asked.samples),
            },
            labels={"domain": domain} if domain else {},
            since=since,
        )

    def _ours(self, askers: Sequence[Address]) -> int:
        """Return how many of them are ours."""
        if not self._networks.places:
            return sum(is_ours(each, self._networks) for each in askers)
        hi, lo = np.array(askers, np.uint64).T
        return int(self._networks.own(np.ascontiguousarray(hi), np.ascontiguousarray(lo)).sum())

    def _target(self, asked: Asked) -> Address:
        """Return the server that is asked most, one of ours before others."""
        return max(asked.servers, key=lambda each: (is_ours(each, self._networks), asked.servers[each]))


def good_of_domain(failures: Failures, domain: str) -> int:
    """Count the answers with something in them for names in a domain."""
    names = failures.good["name"]
    text = domain.encode("ascii", "replace")
    return int(np.count_nonzero(np.char.endswith(names, b"." + text) | (names == text)))


def good_of_server(failures: Failures, server: Address) -> int:
    """Count the answers with something in them that a server gave."""
    key = hashed(np.array([server[0]], np.uint64), np.array([server[1]], np.uint64))[0]
    return int(np.count_nonzero(failures.good_servers == key))


def _listed(addresses: Sequence[Address]) -> str:
    return ", ".join(address_text(*each) for each in addresses[:_TOLD])
