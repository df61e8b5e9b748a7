"""The network as a graph of nodes and edges with numbers for names, compiled once. Pure.

What belongs here: what exists and hangs together. What has failed is in `facts`, what follows from it in `explain`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["device", "server", "application"]
LINK: Final = "link:"
SITE: Final = "site:"


@dataclass(frozen=True, slots=True)
class Node:
    """A device, a server or an application; `site` and `title` are what people call its place and itself.

    What `forwards` passes on what is not for itself, as a switch does. A server with two uplinks does not: it has two
    ways to the network, and the network has none through it.
    """

    name: str
    kind: Kind = "device"
    site: str = ""
    title: str = ""
    forwards: bool = True

    @property
    def element(self) -> str:
        """Return its name as an element that may fail: `device:acc-rsud`."""
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True)
class Edge:
    """A connection of two ports. `joints` are (name, km from end a). A made one, an uplink's, is no `fiber`."""

    name: str
    a: str
    a_port: str
    b: str
    b_port: str
    length_km: float = 0.0
    joints: tuple[tuple[str, float], ...] = ()
    title: str = ""
    fiber: bool = True

    @property
    def element(self) -> str:
        """Return its name as an element that may fail: `link:ring-03`."""
        return LINK + self.name

    def far(self, node: str) -> str:
        """Return the node at the other end."""
        return self.b if node == self.a else self.a


class Topology:
    """Nodes, edges and what applications need, seen from `monitor`, the node where netmon stands.

    `depends` says which servers an application needs, all of them; `spares` of which servers it needs any one.
    Numbers of nodes and edges are their places in `nodes` and `edges`. Edges to themselves, edges to nodes that do not
    exist, and servers that do not exist are left out: the inventory has said so already. Raises ValueError for two
    nodes or two edges of one name and for a monitor that does not exist.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        edges: Sequence[Edge],
        depends: Mapping[str, Sequence[str]],
        monitor: str,
        spares: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.nodes = tuple(nodes)
        self.number: dict[str, int] = {node.name: number for number, node in enumerate(self.nodes)}
        self.edges = tuple(edge for edge in edges if edge.a != edge.b and {edge.a, edge.b} <= self.number.keys())
        self.edge_number: dict[str, int] = {edge.name: number for number, edge in enumerate(self.edges)}
        if len(self.number) < len(self.nodes) or len(self.edge_number) < len(self.edges):
            raise ValueError("two nodes or two edges have one name")
        if monitor not in self.number:
            raise ValueError(f"netmon stands at {monitor}, which is no node")
        self.monitor = monitor
        self.depends = {app: tuple(name for name in names if name in self.number) for app, names in depends.items()}
        self.spares = {
            app: tuple(name for name in names if name in self.number) for app, names in (spares or {}).items()
        }
        self._compile()

    def _compile(self) -> None:
        self.start = self.number[self.monitor]
        self.ends: list[tuple[int, int]] = [(self.number[edge.a], self.number[edge.b]) for edge in self.edges]
        self.near: list[list[tuple[int, int]]] = [[] for _ in self.nodes]  # of each node: (neighbour, edge)
        self.port: dict[tuple[str, str], int] = {}  # (node, port) → edge
        for number, (edge, (a, b)) in enumerate(zip(self.edges, self.ends, strict=True)):
            self.near[a].append((b, number))
            self.near[b].append((a, number))
            for node, port in ((edge.a, edge.a_port), (edge.b, edge.b_port)):
                if port:
                    self.port.setdefault((node, port), number)
        # Does a way lead on from it? From the monitor as well, where all ways begin, so that none leads through it.
        self.passes = [node.forwards or number == self.start for number, node in enumerate(self.nodes)]
        self.ways = [near if passes else [] for near, passes in zip(self.near, self.passes, strict=True)]
        self.trunk, self.leaves = self._parts(passes=True), self._parts(passes=False)
        self.hops = self._hops()
        self.of_site: dict[str, list[int]] = {}
        for number, there in enumerate(self.nodes):
            if there.site and there.kind != "application":
                self.of_site.setdefault(there.site, []).append(number)
        self.gates = {site: self._gates(there) for site, there in self.of_site.items()}

    def _gates(self, there: list[int]) -> list[int]:
        """Return of a site's nodes those that are all lost when it is: what forwards, or all where nothing does.

        Nodes to which no edge leads even while all is well say nothing of that.
        """
        reached = [node for node in there if self.hops[node] >= 0]
        return [node for node in reached if self.nodes[node].forwards] or reached

    def _parts(self, *, passes: bool) -> list[list[tuple[int, int]]]:
        """Return for each node that passes on its neighbours that do so as well, or those that do not."""
        return [[way for way in ways if self.passes[way[0]] == passes] for ways in self.ways]

    def _hops(self) -> list[int]:
        """Return each node's distance from the monitor in edges while all is well; -1 where no edge leads."""
        hops = [-1] * len(self.nodes)
        hops[self.start] = 0
        queue = [self.start]
        for at in queue:
            for there, _ in self.ways[at]:
                if hops[there] < 0:
                    hops[there] = hops[at] + 1
                    queue.append(there)
        return hops

    def has_port(self, node: int, edge: int) -> bool:
        """Tell if an edge has a port at one of its nodes of which that could tell."""
        ends = self.edges[edge]
        return bool(ends.a_port if self.ends[edge][0] == node else ends.b_port)

    def node(self, name: str) -> Node | None:
        """Return a node by name."""
        number = self.number.get(name)
        return None if number is None else self.nodes[number]

    def edge(self, name: str) -> Edge | None:
        """Return an edge by name."""
        number = self.edge_number.get(name)
        return None if number is None else self.edges[number]

    def edge_at(self, node: str, port: str) -> Edge | None:
        """Return the edge that is plugged into a port."""
        number = self.port.get((node, port))
        return None if number is None else self.edges[number]
