"""Facts by the numbers of a topology, and which nodes are dark. Pure.

A node is **dark** if it does not answer, or if every way to it leads over such nodes and over edges that a port's owner
tells are down: then word of it is still on its way, since targets are polled one after the other. All others are lit.
No way leads through what does not forward, such as a server with two uplinks.
What a dark node told before it went dark stays in what is known: nobody can withdraw it, and it was true.
"""

from collections.abc import Collection, Iterable
from typing import Final

from netmon.core.causes.facts import ApplicationDown, Fact, LightLow, PortDown, PortUp, PowerLost, Trouble, Unreachable
from netmon.core.causes.topology import Topology

# How much later than others the news of one moment may come: two polls of a minute that must both fail, the patience of
# the second, and as much again for a poller that is late. Only what lies further apart counts as before and after.
SKEW_S: Final = 180.0


class Known:
    """What the facts say. Facts about nodes, ports and sites that the topology does not have are left out."""

    def __init__(self, topology: Topology, facts: Iterable[Fact]) -> None:
        self.topology = topology
        self.silent: dict[int, float] = {}  # node that does not answer → since
        self.told: dict[int, dict[int, float]] = {}  # edge → {node that tells its port down: since}
        self.up: set[tuple[int, int]] = set()  # (edge, node that tells its port up)
        self.power: dict[str, set[int]] = {}  # site without mains → nodes that tell so
        self.kept: list[Trouble] = []  # those to be explained, in an order that does not depend on their arrival
        for fact in sorted(facts, key=lambda fact: (fact.since, fact.id)):
            if isinstance(fact, PortUp):
                self._take_up(fact)
            elif self._take(fact):
                self.kept.append(fact)
        self.dark = self._dark()
        self.powerless = {site for site, tellers in self.power.items() if self.all_dark(site, tellers)}

    def _take_up(self, fact: PortUp) -> None:
        edge = self.topology.port.get((fact.node, fact.port))
        if edge is not None:
            self.up.add((edge, self.topology.number[fact.node]))

    def _take(self, fact: Trouble) -> bool:
        """Sort in a fact; return if the topology knows what it speaks of."""
        match fact:
            case Unreachable():
                return self._take_silent(fact)
            case PortDown():
                return self._take_port(fact)
            case LightLow():
                return (fact.node, fact.port) in self.topology.port
            case PowerLost():
                return self._take_power(fact)
            case ApplicationDown():
                return fact.app in self.topology.number or fact.app in self.topology.depends

    def _take_silent(self, fact: Unreachable) -> bool:
        node = self.topology.number.get(fact.node)
        if node is None:
            return False
        if self.topology.nodes[node].kind != "application":
            self.silent.setdefault(node, fact.since)  # the earliest comes first
        return True

    def _take_power(self, fact: PowerLost) -> bool:
        if fact.site not in self.topology.of_site:
            return False
        tellers = self.power.setdefault(fact.site, set())
        if fact.node in self.topology.number:
            tellers.add(self.topology.number[fact.node])
        return True

    def _take_port(self, fact: PortDown) -> bool:
        edge = self.topology.port.get((fact.node, fact.port))
        if edge is None:
            return False
        self.told.setdefault(edge, {}).setdefault(self.topology.number[fact.node], fact.since)
        return True

    def all_dark(self, site: str, but: Collection[int] = ()) -> bool:
        """Tell if all that is at a site is dark, save some nodes."""
        return all(node in self.dark or node in but for node in self.topology.of_site.get(site, ()))

    def _dark(self) -> set[int]:
        """Return the nodes that nothing lit leads to. The monitor itself is lit, whatever it answers.

        Nodes that hang on nothing but one another are reached in a way that the topology does not know: those of them
        that answer are lit.
        """
        hops, ways, silent, told = self.topology.hops, self.topology.ways, self.silent, self.told
        queue = [self.topology.start]
        queue += [node for node, distance in enumerate(hops) if distance < 0 and node not in silent]
        lit = set(queue)
        for at in queue:
            for there, edge in ways[at]:
                if there not in lit and there not in silent and edge not in told:
                    lit.add(there)
                    queue.append(there)
        return set(range(len(hops))) - lit
