"""What exporters tell about themselves, kept for each: sampling, start, interfaces' names. Bounded for each of them."""

from enum import Enum, auto
from ipaddress import ip_address
from typing import Final

from collectors.traffic.flows.netflow.options import Boot, Interface, Sampling
from collectors.traffic.flows.netflow.settings import NetFlowSettings
from collectors.traffic.flows.netflow.tables import DomainTable, SamplerTable

MOST_INTERFACES: Final = 262_144  # names of all exporters: 80 MB; 5,000 switches of 48 ports


class News(Enum):
    """What became of something that options told."""

    SAME = auto()
    CHANGED = auto()
    REFUSED = auto()  # no room


class Exporter:
    """What is kept of one exporter besides the tables."""

    __slots__ = ("changes", "evictions", "interfaces", "options", "rate", "templates", "told")

    def __init__(self, settings: NetFlowSettings) -> None:
        self.rate = 1  # what the operator says
        self.templates = 0
        self.interfaces: dict[int, Interface] = {}
        self.told: set[int] = set()  # domains whose options gave a sampling for all
        self.changes = Allowance(settings.max_changes_per_s)  # of templates
        self.evictions = Allowance(1)  # looks for a silent domain, which cost 80 µs
        self.options = Allowance(settings.max_options_per_s)  # records that are new or changed


class Allowance:
    """So many of a thing in a second, of which each costs time in Python."""

    __slots__ = ("_left", "_most", "_until_ns")

    def __init__(self, most_per_s: int) -> None:
        self._most = most_per_s
        self._left = 0
        self._until_ns = 0

    def left(self, now_ns: int) -> int:
        """Return how many more there may be in this second."""
        if not 0 <= self._until_ns - now_ns <= 1_000_000_000:
            self._until_ns, self._left = now_ns + 1_000_000_000, self._most
        return self._left

    def take(self, count: int) -> None:
        """Count some that there were."""
        self._left -= min(count, self._left)


class Exporters:
    """All exporters by the receiver's row; as many as the receiver lists."""

    def __init__(self, settings: NetFlowSettings, domains: DomainTable, samplers: SamplerTable) -> None:
        self._settings = settings
        self._prefixes = sorted(settings.sampling.items(), key=lambda item: -item[0].prefixlen)
        self._domains, self._samplers = domains, samplers
        self._of: dict[int, Exporter] = {}
        self._interfaces = 0  # names of all

    def of(self, exporter: int) -> Exporter:
        """Return what is kept of an exporter."""
        known = self._of.get(exporter)
        if known is None:
            known = self._of[exporter] = Exporter(self._settings)
        return known

    def name(self, exporter: int, address: str) -> None:
        """Take an exporter's sampling from the operator's settings; 1 where no prefix holds its address."""
        host = ip_address(address)
        known = self.of(exporter)
        known.rate = next((rate for prefix, rate in self._prefixes if host in prefix), 1)
        for row in self._domains.of(exporter):
            if row not in known.told and not self._samplers.of(row):
                self._domains.rows[row]["rate"] = known.rate

    def clear_templates(self) -> None:
        """Let the count of each exporter's templates begin anew."""
        for exporter in self._of.values():
            exporter.templates = 0

    def take(self, told: Sampling | Interface | Boot, row: int) -> News:
        """Keep what the options of a domain (its row) told."""
        domain = self._domains.rows[row]
        exporter = self.of(int(domain["exporter"]))
        if isinstance(told, Sampling):
            return self._take_sampling(told, row, exporter)
        if isinstance(told, Boot):
            changed = int(domain["boot_ms"]) != told.at_ms
            domain["boot_ms"] = told.at_ms
            return News.CHANGED if changed else News.SAME
        if exporter.interfaces.get(told.index) == told:
            return News.SAME
        if told.index not in exporter.interfaces:
            if len(exporter.interfaces) >= self._settings.max_interfaces or self._interfaces >= MOST_INTERFACES:
                return News.REFUSED
            self._interfaces += 1
        exporter.interfaces[told.index] = told
        return News.CHANGED

    def _take_sampling(self, told: Sampling, row: int, exporter: Exporter) -> News:
        domain = self._domains.rows[row]
        if told.sampler is None:
            exporter.told.add(row)
            changed = int(domain["rate"]) != told.rate
            domain["rate"] = told.rate
            return News.CHANGED if changed else News.SAME
        samplers = self._samplers.of(row)
        if samplers.get(told.sampler) == told.rate:
            return News.SAME
        if told.sampler not in samplers:
            used = sum(len(self._samplers.of(other)) for other in self._domains.of(int(domain["exporter"])))
            if used >= self._settings.max_samplers:
                return News.REFUSED
        if not self._samplers.put(row, told.sampler, told.rate):
            return News.REFUSED
        if row not in exporter.told:  # records that name no sampler are of the only one there is
            rates = set(self._samplers.of(row).values())
            domain["rate"] = rates.pop() if len(rates) == 1 else exporter.rate
        return News.CHANGED
