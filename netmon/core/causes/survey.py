"""A walk through what is left of a network: what hangs on a single edge or a single node. Pure.

Depth first from the monitor, without recursion (Tarjan 1972, 'Depth-first search and linear graph algorithms'; bridges:
Tarjan 1974, 'A note on finding the bridges of a graph'). Linear in nodes and edges.
"""

from bisect import bisect_right
from collections.abc import Collection

from netmon.core.causes.topology import Topology


class Survey:
    """Depth-first order of the nodes that the monitor reaches without some nodes and edges.

    By node number: `first` (place in `order`, -1 if not reached), `last` (place of the last node beneath it), `low`
    (the lowest place that it or what is beneath it reaches without the edge it was found by), `parent` and `by` (the
    node and the edge it was found by; -1 for the monitor).
    """

    def __init__(self, topology: Topology, no_nodes: Collection[int] = (), no_edges: Collection[int] = ()) -> None:
        count = len(topology.nodes)
        self.topology = topology
        self.first, self.last, self.low = [-1] * count, [-1] * count, [-1] * count
        self.parent, self.by = [-1] * count, [-1] * count
        self.order: list[int] = []
        self._children: list[list[int]] = [[] for _ in range(count)]  # each in the order of `first`
        self._walk(frozenset(no_nodes) - {topology.start}, frozenset(no_edges))

    def _walk(self, no_nodes: frozenset[int], no_edges: frozenset[int]) -> None:
        start, near, first, low = self.topology.start, self.topology.near, self.first, self.low
        first[start] = low[start] = 0
        self.order.append(start)
        stack = [(start, iter(near[start]))]
        while stack:
            at, ways = stack[-1]
            for there, edge in ways:
                if edge in no_edges or there in no_nodes or edge == self.by[at]:
                    continue
                if first[there] < 0:
                    first[there] = low[there] = len(self.order)
                    self.order.append(there)
                    self.parent[there], self.by[there] = at, edge
                    self._children[at].append(there)
                    stack.append((there, iter(near[there])))
                    break
                low[at] = min(low[at], first[there])
            else:
                stack.pop()
                self.last[at] = len(self.order) - 1
                if stack:
                    above = stack[-1][0]
                    low[above] = min(low[above], low[at])

    def beneath(self, node: int) -> list[int]:
        """Return a node and all beneath it."""
        return self.order[self.first[node] : self.last[node] + 1]

    def holds(self, node: int, other: int) -> bool:
        """Tell if `other` is `node` or beneath it."""
        return self.first[node] <= self.first[other] <= self.last[node]

    def hangs_by_edge(self, node: int) -> bool:
        """Tell if what is beneath a node has nothing but the edge that the node was found by."""
        return self.by[node] >= 0 and self.low[node] == self.first[node]

    def hangs_on_parent(self, node: int) -> bool:
        """Tell if what is beneath a node has no way but over its parent, which is not the monitor."""
        above = self.parent[node]
        return above >= 0 and self.parent[above] >= 0 and self.low[node] >= self.first[above]

    def needs(self, node: int, other: int) -> bool:
        """Tell if no way leads to `node` but over `other` (not itself, nor the monitor)."""
        if node == other or not self.holds(other, node):
            return False
        children = self._children[other]
        place = bisect_right(children, self.first[node], key=self.first.__getitem__)
        return self.hangs_on_parent(children[place - 1])
