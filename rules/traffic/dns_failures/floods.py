"""Floods of questions for names that do not exist: of one domain (random subdomains), or of any (T1499.002).

Each new name passes a resolver's cache and reaches the servers of the domain, which it is to wear out; the resolvers
on the way wear out too (Luo et al., "A large scale analysis of DNS water torture attack", CSAI 2018).
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Final, Generic, TypeAlias, TypeVar

import numpy as np

from netmon.api import Severity, Value
from netmon.api.networks import Networks
from netmon.api.traffic import Second, address_text
from rules.traffic import telling
from rules.traffic.dns_failures.asked import Asked
from rules.traffic.dns_failures.failures import Address, Failures
from rules.traffic.dns_failures.settings import DnsFailureSettings
from rules.traffic.episode import Seen
from rules.traffic.learned import hashed
from rules.traffic.scans.matter import is_ours

SUBDOMAINS: Final = "random_subdomains"
ANY: Final = "nxdomain_flood"
TECHNIQUE: Final = "T1499.002"
_TOLD: Final = 5  # addresses that evidence names
_COUNTED: Final = 16  # floods at once whose answers are counted: 2 ms each, with as many answers as are read
_LOOKED_AT: Final = 256  # clients of which it is asked whether they are ours

_Evidence: TypeAlias = Mapping[str, str | Value]
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

    def take(self, key: _Key, client: Address, server: Address, name: tuple[str, str], window: Second) -> None:
        """Take a name, with its registered domain, that was asked for in vain."""
        asked = self._touched.get(key)
        if asked is None:
            asked = self._all.get(key)
            if asked is None:
                asked = self._all[key] = Asked()
            self._all.move_to_end(key)
            asked.begin(window.start, window.end, self._settings.window_s)
            self._touched[key] = asked
        asked.take(client, server, *name)

    def candidates(self, weight: int) -> Iterator[tuple[_Key, Asked]]:
        """Yield what came nearest to its bound, for its answers to be counted; forget whom no room is for."""
        near = [(asked.fresh, place) for place, asked in enumerate(self._touched.values())]
        least = self._bound / 4 / weight
        most = sorted((each for each in near if each[0] >= least), key=lambda each: -each[0])[:_COUNTED]
        touched = list(self._touched.items())
        yield from (touched[place] for _, place in most)
        self._touched = {}
        while len(self._all) > self._settings.keys:
            self._all.popitem(last=False)
            self.dropped += 1

    def is_flood(self, asked: Asked, weight: int) -> bool:
        """Tell whether so many names are new, and so few are there."""
        settings = self._settings
        return (
            asked.fresh * weight >= self._bound
            and asked.fresh_share >= settings.fresh_share
            and asked.failed_share(weight) >= settings.failed_share
        )

    def seen(self, asked: Asked, domain: str, weight: int, length_s: float) -> Seen:
        """Return a flood as it is said. `domain`: empty where it is of any."""
        fresh = asked.windows[-1].fresh * weight
        server, askers = self._target(asked), asked.askers
        rate = fresh / max(length_s, 1e-3)
        inside = sum(is_ours(each, self._networks) for each in askers[:_LOOKED_AT])
        severe = rate >= self._settings.error_times * self._per_s or inside == len(askers)
        who = telling.named(self._networks.name_of(*askers[0]), len(askers))
        where = self._networks.name_of(*server)
        servers = sorted(asked.servers, key=lambda each: -asked.servers[each])
        return Seen(
            key=domain or address_text(*server),
            target=where,
            severity=Severity.ERROR if severe else Severity.WARNING,
            source=address_text(*askers[0]) if len(askers) == 1 else telling.addresses(len(askers)),
            victim=domain or address_text(*server),
            text={language: _text(language, who[language], where, domain) for language in who},
            counts={"names": fresh},
            peaks={"names_per_s": round(rate, 1)},
            evidence={
                "domain": domain,
                "names_per_s": round(rate, 1),
                "failed_share": round(asked.failed_share(weight), 3),
                "clients": len(askers),
                "clients_of_ours": inside,
                "first_clients": _listed(askers),
                "servers": _listed(servers),
                "sample": " ".join(asked.samples),
            },
            labels={"domain": domain} if domain else {},
            since=asked.since,
        )

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


def _text(language: str, who: str, where: str, domain: str) -> Callable[[_Evidence], str]:
    def text(evidence: _Evidence) -> str:
        rate = telling.per_second(float(evidence["names_per_s"]), language)
        share = telling.share(float(evidence["failed_share"]), language)
        if language == "id":
            of = f" di {domain}" if domain else ""
            return f"{where} ditanyai {who} tentang nama{of} yang tidak ada: {rate} nama baru, {share} gagal"
        of = f" in {domain}" if domain else ""
        return f"{where} is asked by {who} for names{of} that do not exist: {rate} new names, {share} fail"

    return text
