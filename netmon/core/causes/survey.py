"""A walk through what is left of a network: what hangs on a single edge or a single node. Pure.

Depth first from the monitor, without recursion (Tarjan 1972, 'Depth-first search and linear graph algorithms'; bridges:
Tarjan 1974, 'A note on finding the bridges of a graph') through all that forwards. What does not is a leaf, hung where
the ways to all its uplinks part: its second uplink protects it, and nobody else. Linear in nodes and edges, save for
the search for that place, which takes the logarithm of the depth for each uplink.
"""

from bisect import bisect_right
from collections.abc import Collection

from netmon.core.causes.topology import Topology


class Survey:
    """Depth-first order of the nodes that the monitor reaches without some nodes and edges.

    By node number: `first` (place in `order`, -1 if not reached), `last` (place of the last node beneath it), `low`
    (the lowest place that it or what is beneath it reaches without the edge it was found by), `parent` and `by` (the
    node and the edge it was found by; -1 for the monitor). A leaf with several uplinks was found `by` none of them.
    """

    def __init__(self, topology: Topology, no_nodes: Collection[int] = (), no_edges: Collection[int] = ()) -> None:
        count = len(topology.nodes)
        self.topology = topology
        self.first, self.last, self.low = [-1] * count, [-1] * count, [-1] * count
        self.parent, self.by = [-1] * count, [-1] * count
        self.order: list[int] = []
        self._children: list[list[int]] = [[] for _ in range(count)]  # each in the order of `first`
        gone, cut = frozenset(no_nodes) - {topology.start}, frozenset(no_edges)
        self._walk(gone, cut)
        self._number(self._hang(gone, cut))

    def _walk(self, no_nodes: frozenset[int], no_edges: frozenset[int]) -> None:
        start, trunk, first, low = self.topology.start, self.topology.trunk, self.first, self.low
        first[start] = low[start] = 0
        self.order.append(start)
        stack = [(start, iter(trunk[start]))]
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
                    stack.append((there, iter(trunk[there])))
                    break
                low[at] = min(low[at], first[there])
            else:
                stack.pop()
                self.last[at] = len(self.order) - 1
                if stack:
                    above = stack[-1][0]
                    low[above] = min(low[above], low[at])

    def _hang(self, no_nodes: frozenset[int], no_edges: frozenset[int]) -> dict[int, list[int]]:
        """Return node → the leaves to be hung on it, and set their `parent`, `by` and `low` (their own: -1)."""
        uplinks: dict[int, list[tuple[int, int]]] = {}  # leaf → (node, edge), in the order of `first`
        parting: dict[int, int] = {}  # leaf → place of the node where the ways to its uplinks so far part
        open_: list[int] = []  # places of the nodes above the present one and of itself
        for place, at in enumerate(self.order):
            while open_ and self.last[self.order[open_[-1]]] < place:
                open_.pop()
            open_.append(place)
            for leaf, edge in self.topology.leaves[at]:
                if leaf not in no_nodes and edge not in no_edges:
                    uplinks.setdefault(leaf, []).append((at, edge))
                    parting[leaf] = open_[bisect_right(open_, parting.get(leaf, place)) - 1]
        hung: dict[int, list[int]] = {}
        for leaf, ways in uplinks.items():
            above = self.parent[leaf] = self.order[parting[leaf]]
            hung.setdefault(above, []).append(leaf)
            if len(ways) == 1:
                self.by[leaf] = ways[0][1]
            else:
                self.low[leaf] = min(self._reach(above, node) for node, _ in ways)
        return hung

    def _reach(self, above: int, node: int) -> int:
        """Return the lowest place by which a node is reached without another above it, or that one's place."""
        return self.first[above] if node == above else min(self.first[above], self.low[self.toward(above, node)])

    def toward(self, above: int, node: int) -> int:
        """Return the node right beneath one, on the way to another beneath it."""
        children = self._children[above]
        return children[bisect_right(children, self.first[node], key=self.first.__getitem__) - 1]

    def _number(self, hung: dict[int, list[int]]) -> None:
        """Put each leaf right behind the node it hangs on, and count all places anew."""
        if not hung:
            return
        before, order = self.order, list[int]()
        for node in before:
            order.append(node)
            order += hung.get(node, ())
        ends = [before[self.last[node]] for node in before]
        low = {node: before[self.low[node]] for node in order if self.low[node] >= 0}
        for place, node in enumerate(order):
            self.first[node] = self.last[node] = place
        for node in order:
            self.low[node] = self.first[low.get(node, node)]
        for node, end in zip(before, ends, strict=True):
            self.last[node] = self.first[end] + len(hung.get(end, ()))
        for node, leaves in hung.items():
            self._children[node][:0] = leaves
        self.order = order

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
        return node != other and self.holds(other, node) and self.hangs_on_parent(self.toward(other, node))
