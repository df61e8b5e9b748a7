"""The demonstration network as its pollers see it fail: what breaks at once is told bit by bit, as targets are polled.

Nothing here knows how causes are found. The truth is which elements are broken; a target that netmon can reach tells
its ports, and one that it cannot reach is unreachable after two polls.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from netmon.api import Alert, Finding, Incident, Severity
from netmon.api.alerts import State
from netmon.app.places import Places
from netmon.app.settings import load_directory
from netmon.app.settings.inventory import Inventory
from netmon.app.topology import topology_of
from netmon.core.alerts.changes import Change, from_record, is_legal, to_entry
from netmon.core.alerts.engine import Alerts
from netmon.core.alerts.settings import AlertSettings
from netmon.core.causes.correlator import ByCause
from netmon.core.causes.topology import Topology
from netmon.core.ledger import record

START = 1_760_000_000.0
DEMO = Path(__file__).parents[2] / "config" / "demo"
POLLED = ("device", "server")


@cache
def demo() -> Inventory:
    """Return the demonstration inventory."""
    names = re.findall(r"NETMON_DEMO_\w+", (DEMO / "netmon.yaml").read_text())
    environment = {name: "json://127.0.0.1:9/a" if "URL" in name else "http://127.0.0.1:9" for name in names}
    return load_directory(DEMO, environment).inventory


def graph(inventory: Inventory | None = None) -> Topology:
    """Return the graph of an inventory; of the demonstration's without one."""
    found = topology_of(inventory or demo())
    assert found is not None
    return found


def port_down(node: str, port: str, at: float = START, *, cleared: bool = False, **evidence: float) -> Finding:
    """Return what a poll says of a port."""
    summary, key = f"Port {port} of {node} is down", f"interface_down/{node}/{port}"
    labels = {"ifName": port}
    return Finding(
        "interface_down",
        node,
        at,
        Severity.ERROR,
        summary,
        key,
        evidence,
        cleared=cleared,
        labels=labels,
        expires_s=1e6,
    )


def unreachable(node: str, at: float = START, *, cleared: bool = False) -> Finding:
    """Return what is said of a target that does not answer."""
    summary, key = f"{node} cannot be reached", f"device_unreachable/{node}"
    return Finding("device_unreachable", node, at, Severity.CRITICAL, summary, key, cleared=cleared, expires_s=1e6)


def disk_full(node: str, at: float = START, *, cleared: bool = False) -> Finding:
    """Return what has nothing to do with the network."""
    summary, key = f"/ of {node} is full", f"storage_full/{node}"
    return Finding("storage_full", node, at, Severity.CRITICAL, summary, key, cleared=cleared, expires_s=1e6)


@dataclass
class Truth:
    """Which elements are broken, and what follows for those who look from where netmon stands."""

    topology: Topology
    broken: frozenset[str] = frozenset()

    def lit(self) -> frozenset[str]:
        """Return the nodes that netmon reaches."""
        graph = self.topology
        queue = [graph.start] if graph.nodes[graph.start].element not in self.broken else []
        seen = set(queue)
        for at in queue:
            for there, edge in graph.near[at]:
                node = graph.nodes[there]
                if there not in seen and not {graph.edges[edge].element, node.element} & self.broken:
                    seen.add(there)
                    queue.append(there)
        return frozenset(graph.nodes[number].name for number in seen)

    def dead_ports(self, node: str) -> Iterator[tuple[str, bool]]:
        """Give each port of an edge at a node, and whether it is down."""
        for edge in self.topology.edges:
            for end, port in ((edge.a, edge.a_port), (edge.b, edge.b_port)):
                if end == node and port:
                    far = self.topology.node(edge.far(node))
                    assert far is not None
                    yield port, bool({edge.element, far.element} & self.broken)


class Ring:
    """The network, its pollers and an alert engine, second by second. `offsets`: target → when in an interval."""

    def __init__(self, offsets: Mapping[str, float] | None = None, interval_s: float = 60, **alerts: Any) -> None:
        self.truth = Truth(graph())
        self.settings = AlertSettings.model_validate({"resolve_hold_s": 2 * interval_s} | alerts)
        self.alerts = new_engine(self.settings)
        self.now = START
        self.log: list[Change] = []
        self._interval_s = interval_s
        self._offsets = offsets or {}
        self._said: dict[str, Finding] = {}
        self._missed: dict[str, int] = {}
        self._targets = [node.name for node in self.truth.topology.nodes if node.kind in POLLED]

    def broken(self, *elements: str) -> None:
        """Let exactly these be broken from now on."""
        self.truth = Truth(self.truth.topology, frozenset(elements))

    def say(self, *findings: Finding) -> None:
        """Say what somebody found."""
        for finding in findings:
            self.log += self.alerts.say(finding, "poller", self.now)

    def run(self, seconds: float) -> None:
        """Let time pass: each second some are polled, and the engine looks at what is due."""
        end = self.now + seconds
        while self.now < end:
            self.now += 1
            lit = self.truth.lit()
            for target in self._targets:
                if (self.now - START - self._offsets.get(target, 0)) % self._interval_s == 0:
                    self.say(*self._poll(target, reached=target in lit))
            self.tick()

    def tick(self, seconds: float = 0) -> None:
        """Let the engine look, once."""
        self.now += seconds
        self.log += self.alerts.tick(self.now)
        for finding in self.alerts.found(self.now):
            self.log += self.alerts.say(finding, "core", self.now)

    def _poll(self, target: str, *, reached: bool) -> Iterator[Finding]:
        if not reached:
            self._missed[target] = self._missed.get(target, 0) + 1
            if self._missed[target] >= 2:
                yield from self._news(unreachable(target, self.now), wrong=True)
            return
        self._missed[target] = 0
        yield from self._news(unreachable(target, self.now, cleared=True), wrong=False)
        for port, down in self.truth.dead_ports(target):
            yield from self._news(port_down(target, port, self.now, cleared=not down), wrong=down)

    def _news(self, finding: Finding, *, wrong: bool) -> Iterator[Finding]:
        if wrong != (finding.key in self._said):
            if wrong:
                self._said[finding.key] = finding
            else:
                del self._said[finding.key]
            yield finding

    # What people see

    def open_incidents(self) -> list[Incident]:
        """Return the incidents that are open."""
        return [incident for incident in self.alerts.incidents() if incident.state is not State.RESOLVED]

    def causes(self) -> list[str]:
        """Return the causes of the open incidents, sorted."""
        return sorted(incident.cause for incident in self.open_incidents())

    def firing(self) -> dict[str, Alert]:
        """Return the alerts that fire by key."""
        return {alert.key: alert for alert in self.alerts.alerts() if alert.state is State.FIRING}

    def where(self) -> dict[str, tuple[str, str]]:
        """Return alert's key → its incident's cause, and what it is an effect of."""
        causes = {incident.id: incident.cause for incident in self.alerts.incidents()}
        return {key: (causes[alert.incident], alert.effect_of) for key, alert in self.firing().items()}


def new_engine(settings: AlertSettings, inventory: Inventory | None = None) -> Alerts:
    """Return an engine over an inventory that knows nothing yet; over the demonstration's without one."""
    places = Places(inventory or demo(), "netmon.noc")
    return Alerts(settings, ByCause(settings, graph(inventory)), places.site_of, places.matchers_of)


CUT = (port_down("acc-rsud", "Te1/1/2"), port_down("acc-disdik", "Te1/1/1"))
"""What both ends of ring-03 say when it is cut."""


def orders(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Return findings in this order and in the opposite one."""
    forward = list(findings)
    return [forward, forward[::-1]]


def through_the_ledger(change: Change) -> Change:
    """Return a change as it comes back from the disk."""
    line = record.encode(to_entry(change, START, "test"), 1, START)
    read = record.decode(line)
    assert isinstance(read, record.Record)
    again = from_record(read)
    assert again is not None
    return again


def check_replay(ring: Ring) -> None:
    """Hold a replay of the changes against the engine that lived through them, now and at the next look."""
    assert all(map(is_legal, ring.log))
    twin = new_engine(ring.settings)
    for change in ring.log:
        twin.apply(through_the_ledger(change))
    assert twin.incidents() == ring.alerts.incidents()
    assert [alert.id for alert in twin.alerts()] == [alert.id for alert in ring.alerts.alerts()]
    assert [(a.incident, a.effect_of) for a in twin.alerts()] == [
        (a.incident, a.effect_of) for a in ring.alerts.alerts()
    ]
    assert twin.tick(ring.now) == ring.alerts.tick(ring.now) == []
    assert list(twin.found(ring.now)) == list(ring.alerts.found(ring.now)) == []
