"""Names that do not exist as one rule: floods of them and programs that look for their master share the reading."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api import Finding
from netmon.api.networks import Networks, PrefixMap
from netmon.api.traffic import Second
from rules.traffic.dns_failures import floods, generated_domains
from rules.traffic.dns_failures.failures import Address, FailureReader, Failures
from rules.traffic.dns_failures.settings import DnsFailureSettings
from rules.traffic.dns_names import ROOT, has_form, is_searched, registered
from rules.traffic.episode import Episodes

_MEMO: Final = 16_384  # names remembered with their domain: 4 MB


class DnsFailures:
    """Finds floods of names that do not exist (T1499.002), and clients that look for generated domains (T1568.002)."""

    name = "dns_failures"
    rules: Final = (floods.SUBDOMAINS, floods.ANY, generated_domains.NAME)
    """The names that findings carry."""

    def __init__(self, settings: DnsFailureSettings, networks: Networks) -> None:
        """Know nothing yet of anybody."""
        self._settings = settings
        self._networks = networks
        self._allowed = PrefixMap(settings.allow)
        self._ignored = frozenset(settings.ignored_domains)
        self._suffixes = frozenset(settings.public_suffixes)
        self._of_domains: floods.Floods[str] = floods.Floods(settings, networks, settings.names_per_s)
        self._of_servers: floods.Floods[Address] = floods.Floods(settings, networks, settings.flood_names_per_s)
        self._clients = generated_domains.Clients(settings, networks)
        self._episodes = {
            rule: Episodes(rule, technique, quiet_s=settings.quiet_s, repeat_s=settings.repeat_s)
            for rule, technique in (
                (floods.SUBDOMAINS, floods.TECHNIQUE),
                (floods.ANY, floods.TECHNIQUE),
                (generated_domains.NAME, generated_domains.TECHNIQUE),
            )
        }
        self._read = lru_cache(_MEMO)(self._domain_of)
        self._reader = FailureReader(settings)

    def observe(self, second: Second) -> Iterator[Finding]:
        """Judge one window."""
        self._clients.watch(second)
        if len(second.dns):
            told = self._reader.read(second)
            if told.by_client:
                self._take(told, second)
                yield from self._generated(self._asking(told, second), second)
                yield from self._floods(told, second.end)
        for episodes in self._episodes.values():
            yield from episodes.tick(second.end)

    def finish(self, now: float) -> Iterator[Finding]:
        """Close what goes on with its totals: nobody looks any more."""
        for episodes in self._episodes.values():
            yield from episodes.finish(now)

    @property
    def dropped(self) -> int:
        """Return how many domains, servers, clients and findings there was no room for."""
        kept = self._of_domains.dropped + self._of_servers.dropped + self._clients.dropped
        return kept + sum(episodes.dropped for episodes in self._episodes.values())

    @property
    def skipped(self) -> int:
        """Return how many failures were not read, for want of time."""
        return self._reader.skipped

    def save(self) -> Mapping[str, NDArray[np.generic]]:
        """Return nothing: what goes on is seen again."""
        return {}

    def restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Take nothing."""

    def _take(self, told: Failures, second: Second) -> None:
        """Take which names failed in a window, of whatever clients."""
        for row in told.rows:
            domain = self._read(row.name)
            if not domain or self._is_allowed(row.client):
                continue
            if domain not in {ROOT, row.name}:
                self._of_domains.take(domain, row, domain, second, told.weight)
            self._of_servers.take(row.server, row, domain, second, told.weight)
            self._clients.asked(row.server)

    def _asking(self, told: Failures, second: Second) -> dict[Address, float]:
        """Take who asked in vain; return for how many domains clients asked that they had not asked for."""
        touched: dict[Address, float] = {}
        for row, times in told.by_client:
            domain = self._read(row.name)
            if not domain or self._is_allowed(row.client):
                continue
            self._clients.asked(row.server)
            if row.absent and domain != ROOT and self._clients.take(row.client, domain, second.end):
                touched[row.client] = touched.get(row.client, 0) + times
        return touched

    def _floods(self, told: Failures, now: float) -> Iterator[Finding]:
        flooded: set[str] = set()
        for domain, asked in self._of_domains.candidates(now):
            asked.answered(floods.good_of_domain(told, domain))
            if self._of_domains.is_flood(asked):
                flooded.add(domain)
                if self._of_domains.goes_on(asked):
                    yield from self._episodes[floods.SUBDOMAINS].see(self._of_domains.seen(asked, domain), now)
        for server, asked in self._of_servers.candidates(now):
            asked.answered(floods.good_of_server(told, server))
            most, count = asked.domain
            if most in flooded or 2 * count > asked.windows[-1].fresh:
                continue  # one domain's: told by its name, or not enough to be told
            if self._of_servers.is_flood(asked) and self._of_servers.goes_on(asked):
                yield from self._episodes[floods.ANY].see(self._of_servers.seen(asked, ""), now)

    def _generated(self, touched: Mapping[Address, float], second: Second) -> Iterator[Finding]:
        for client, count in touched.items():
            if count >= self._settings.flood_names_per_s * second.length_s:
                self._clients.floods(client, second.end)
                continue
            seen = self._clients.judge(client, second.end)
            if seen is not None:
                yield from self._episodes[generated_domains.NAME].see(seen, second.end)

    def _is_allowed(self, client: Address) -> bool:
        if not self._settings.allow:
            return False
        hi, lo = (np.array([half], np.uint64) for half in client)
        return bool(self._allowed.find(hi, lo)[0] >= 0)

    def _domain_of(self, name: str) -> str:
        """Return the registered domain of a name; nothing where such a name may well not exist."""
        labels = name.split(".")
        if any(".".join(labels[-count:]) in self._ignored for count in range(1, min(len(labels), 6) + 1)):
            return ""
        domain = registered(name, self._suffixes)
        if domain in {ROOT, name}:
            return domain
        below = name[: -len(domain) - 1]
        return "" if has_form(below) or is_searched(below) else domain
