"""From settings to a stream of traffic: its parts tied together, and what judges it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.flowtable.settings import FlowTableSettings
from collectors.traffic.flowtable.table import FlowTable
from collectors.traffic.messages.messages import Messages
from collectors.traffic.messages.settings import MessageSettings
from exporters.actions.settings import Prefix
from netmon.api import Finding
from netmon.api.flowcolumns import Lend
from netmon.api.networks import Networks, Place
from netmon.api.traffic import Second, Traffic, TrafficRule, Tunnel, halves
from netmon.app.catalog import TRAFFIC_RULES
from netmon.app.settings.inventory import Device, Inventory, Server
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.settings.words import split_address
from netmon.app.traffic import learned
from netmon.app.traffic.exported import Exported
from netmon.app.traffic.judges import Judges
from netmon.app.traffic.judging import without_flows
from netmon.app.traffic.lending import Lender
from netmon.app.traffic.outcomes import not_after
from netmon.app.traffic.pipeline import Parts, Pipeline
from rules.traffic.flooding import Flooding, HeedsFloods
from rules.traffic.tables.settings import TablesSettings
from rules.traffic.tables.tables import Tables

Records: TypeAlias = NDArray[np.void]
Send: TypeAlias = Callable[[Sequence[Finding]], None]
Counts: TypeAlias = Callable[[], Mapping[str, int]]


def networks_of(inventory: Inventory) -> Networks:
    """Return whose addresses are whose: the sites' prefixes, those named for themselves, devices and servers."""
    places = [Place(prefix, site.name, site.title) for site in inventory.sites for prefix in site.prefixes]
    places += [Place(one.prefix, one.site or "", one.title, one.protected) for one in inventory.prefixes]
    return Networks(places, named_addresses((*inventory.devices, *inventory.servers)))


def protected_prefixes(inventory: Inventory) -> list[Prefix]:
    """Return the prefixes that are marked so."""
    return [one.prefix for one in inventory.prefixes if one.protected]


def named_addresses(things: Sequence[Device | Server]) -> dict[tuple[int, int], str]:
    """Return the names of devices and servers by address halves; those known by host name are left out."""
    names: dict[tuple[int, int], str] = {}
    for thing in things:
        host, _ = split_address(thing.address)
        try:
            names[halves(host)] = thing.name
        except ValueError:  # a host name: nobody resolves it here
            continue
    return names


def detectors(settings: TrafficSettings, networks: Networks) -> list[TrafficRule]:
    """Return every detector that the catalog lists, with its settings; those that are switched off are left out.

    They know of each other's floods alone: one attack is one finding.
    """
    made: list[TrafficRule] = []
    flooding = Flooding()
    for listing in TRAFFIC_RULES:
        own = getattr(settings.detectors, listing.name)
        if own.enabled:
            made.append(listing.load()(own, networks))  # type: ignore[operator] # a class
            if isinstance(made[-1], HeedsFloods):
                made[-1].flooding = flooding
    return made


def tunnel_mask(settings: TrafficSettings) -> int:
    """Return what to look inside of, as the decoder takes it: bits 1 << Tunnel."""
    mask = 0
    for name in settings.tunnels:
        mask |= 1 << Tunnel[name.upper()]
    return mask


class SensorFlows:
    """The flow table as a pipeline takes it."""

    def __init__(self, table: FlowTable) -> None:
        self._table = table

    def add(self, traffic: Traffic, now_ns: int) -> None:
        """Take packets."""
        del now_ns  # packets have their own times
        self._table.add(traffic.records, traffic.frames)

    def drain(self, now_ns: int) -> tuple[Records, Records]:
        """Return the flows that began and those that ended."""
        return self._table.drain(now_ns)

    def finish(self) -> Records:
        """Return all that is left."""
        return self._table.finish()


class SensorMessages:
    """The messages of the local network, put into a second."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages

    def add(self, traffic: Traffic) -> None:
        """Take a batch with its frames."""
        self._messages.add(traffic)

    def fill(self, second: Second) -> Second:
        """Return the second with the window's messages in it."""
        found = self._messages.drain()
        return replace(
            second,
            dns=found.dns,
            neighbours=found.neighbours,
            leases=found.leases,
            routers=found.routers,
            bridges=found.bridges,
            macs=found.macs,
        )


@dataclass(slots=True)
class Hooks:
    """What others do with a stream's windows. The first three are called by who reads, the others by who judges."""

    keep: Callable[[Records], None] | None = None  # flows that are over
    lend: Lend | None = None  # where they are kept, for who decodes
    gather: Callable[[], None] | None = None  # what the source has beside records, once a window
    attach: Callable[[Sequence[Finding], float], Sequence[Finding]] | None = None  # evidence to findings
    # And by who reads, of exporters' records that nothing judges; set before the first window.
    watch: Callable[[Second], None] | None = None
    equip: Callable[[Sequence[TrafficRule]], None] | None = None  # new detectors with what they judge by
    send: Send | None = None
    clock: Callable[[], float] | None = None  # of a wire: no finding begins or ends after what it says


def _nobody() -> None:
    """Have no place where flows may go."""


class Built:
    """A stream's parts, tied together."""

    def __init__(
        self, settings: TrafficSettings, networks: Networks, parts: Parts, *, window_s: float, live: bool
    ) -> None:
        self.judges = Judges(detectors(settings, networks))
        self.pipeline = Pipeline(parts, self._see_all, window_s=window_s, live=live)
        self.hooks = Hooks()
        self.counts: dict[str, Counts] = {}  # what the parts count, by part
        self.straight: Callable[[], Lend | None] = _nobody  # where flows may go that nobody looks at
        self._live = live
        self._networks = networks
        self._successor: tuple[TrafficSettings, Networks] | None = None

    def configure(self, settings: TrafficSettings, networks: Networks) -> None:
        """Judge by these settings from the next window on. May be called from another thread."""
        self._successor = (settings, networks)

    def lay_by(self, second: Second) -> None:
        """Keep what is to be kept of a window, whether it is judged or not."""
        if self.hooks.gather is not None:
            self.hooks.gather()
        if self.hooks.keep is not None and self._live:
            self.hooks.keep(second.ended)

    def see(self, second: Second, *, flows: bool = True) -> None:
        """Measure a window, judge it, without its flows where that is to be quick, and tell what was found."""
        hooks = self.hooks
        if hooks.watch is not None:
            hooks.watch(second)
        found = self.judges.see(second if flows else without_flows(second))
        for part in second.parts() if flows or hooks.watch is not None else ():
            if hooks.watch is not None:
                hooks.watch(part)
            found += self.judges.see_part(part) if flows else ()
            del part  # so that its memory serves for the next
        findings = [placed(finding, self._networks) for finding in found]
        if findings and hooks.clock is not None:
            now = hooks.clock()
            findings = [not_after(finding, now) for finding in findings]
        if findings and hooks.send is not None:
            hooks.send(findings if hooks.attach is None else hooks.attach(findings, second.end))
        if self._successor is not None:
            (settings, networks), self._successor = self._successor, None
            self._adopt(settings, networks)

    def _see_all(self, second: Second) -> None:
        """Do both at once: for who reads a file, which waits."""
        self.lay_by(second)
        self.see(second)

    def _adopt(self, settings: TrafficSettings, networks: Networks) -> None:
        """Take detectors with other settings; they go on with what the old ones learned."""
        self._networks = networks
        fresh = detectors(settings, networks)
        learned.hand_out(learned.collect(self.judges.rules), fresh)
        if self.hooks.equip is not None:
            self.hooks.equip(fresh)
        self.judges.rules = tuple(fresh)


def placed(finding: Finding, networks: Networks) -> Finding:
    """Return a finding about an address with the site of its prefix among the labels; the core knows those of names."""
    try:
        high, low = halves(finding.target)
    except ValueError:
        return finding
    site = networks.site_of(high, low)
    return replace(finding, labels={**finding.labels, "site": site}) if site else finding


def build_sensor(settings: TrafficSettings, networks: Networks) -> Built:
    """Build what judges packets."""
    parts, counts = sensor_parts(settings.tables, settings.table, settings.messages)
    built = Built(settings, networks, parts, window_s=1.0, live=True)
    built.counts |= counts
    return built


def sensor_parts(
    tables: TablesSettings,
    flows: FlowTableSettings,
    messages: MessageSettings,
    lender: Lender | None = None,
    seed: int | None = None,
) -> tuple[Parts, dict[str, Counts]]:
    """Return what a sensor's packets go through, and what its parts count.

    `lender`: has the memory in which another process reads tables and flows. `seed`: of the tables; those of processes
    whose windows are joined have the same, so that their sketches match.
    """
    new = None if lender is None else lender.new
    window, table, reader = Tables(tables, seed=seed, new=new), FlowTable(flows, new=new), Messages(messages)

    def touch() -> None:
        window.touch()
        table.touch()
        reader.touch()

    parts = Parts(window, SensorFlows(table), SensorMessages(reader), touch)
    return parts, {"flows": lambda: table.counts, "messages": lambda: reader.counts}


def build_gathered(settings: TrafficSettings, networks: Networks, parts: Parts) -> Built:
    """Build what judges the windows that several processes of one interface made; `parts` joins them."""
    return Built(settings, networks, parts, window_s=1.0, live=True)


def build_collector(settings: TrafficSettings, networks: Networks) -> Built:
    """Build what judges the flows that devices export."""
    exported = Exported(settings, lambda: bool(built.judges.rules), lambda: built.hooks.watch)
    built = Built(settings, networks, exported.parts, window_s=settings.window_s, live=False)
    built.counts["pairing"] = lambda: exported.counts
    built.straight = lambda: built.hooks.lend if exported.is_unseen else None
    return built
