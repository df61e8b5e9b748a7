"""What exporters tell about themselves, kept for each: sampling, start, interfaces' names. Bounded for each of them."""

from enum import Enum, auto
from ipaddress import ip_address

from collectors.traffic.flows.netflow.options import Boot, Interface, Sampling
from collectors.traffic.flows.netflow.settings import NetFlowSettings
from collectors.traffic.flows.netflow.tables import DomainTable, SamplerTable


class News(Enum):
    """What became of something that options told."""

    SAME = auto()
    CHANGED = auto()
    REFUSED = auto()  # no room


class Exporter:
    """What is kept of one exporter besides the tables."""

    __slots__ = ("_changes", "_since_ns", "interfaces", "rate", "templates", "told")

    def __init__(self) -> None:
        self.rate = 1  # what the operator says
        self.templates = 0
        self.interfaces: dict[int, Interface] = {}
        self.told: set[int] = set()  # domains whose options gave a sampling for all
        self._since_ns = 0
        self._changes = 0

    def may_change(self, now_ns: int, most_per_s: int) -> bool:
        """Count one more template that is new or changed; False where there were too many in this second."""
        if now_ns - self._since_ns >= 1_000_000_000 or now_ns < self._since_ns:
            self._since_ns, self._changes = now_ns, 0
        self._changes += 1
        return self._changes <= most_per_s


class Exporters:
    """All exporters by the receiver's row; as many as the receiver lists."""

    def __init__(self, settings: NetFlowSettings, domains: DomainTable, samplers: SamplerTable) -> None:
        self._settings = settings
        self._prefixes = sorted(settings.sampling.items(), key=lambda item: -item[0].prefixlen)
        self._domains, self._samplers = domains, samplers
        self._of: dict[int, Exporter] = {}

    def of(self, exporter: int) -> Exporter:
        """Return what is kept of an exporter."""
        return self._of.setdefault(exporter, Exporter())

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
        if told.index not in exporter.interfaces and len(exporter.interfaces) >= self._settings.max_interfaces:
            return News.REFUSED
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
