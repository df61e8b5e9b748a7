"""What a single edge or a single node now carries alone, and did not before. Pure.

Of what forwards: an edge that was no bridge, a node that was no cut vertex, and now is. What does not forward may come
to hang on one that was so already, for others, when it loses the uplink that led around it.
"""

from dataclasses import dataclass

from netmon.core.causes.survey import Survey


@dataclass(frozen=True, slots=True)
class ByNode:
    """`node` now carries alone what is beneath `top`; `below` is the node next beneath it on the way there."""

    node: int
    top: int
    below: int


@dataclass(frozen=True, slots=True)
class Carried:
    """`by_edge`: lower end of an edge → of whom all beneath them is carried by it alone now: itself, or else leaves."""

    by_edge: dict[int, list[int]]
    by_node: list[ByNode]


def carried(whole: Survey, left: Survey) -> Carried:
    """Compare the walk through what is left with that through the whole network."""
    return _Comparison(whole, left).carried()


class _Comparison:
    def __init__(self, whole: Survey, left: Survey) -> None:
        self._whole, self._left = whole, left
        self._edges = {node for node in left.order if left.hangs_by_edge(node) and not self._hung_by_edge(node)}
        self._nodes = {
            node for node in left.order if left.hangs_on_parent(node) and not whole.needs(node, left.parent[node])
        }
        self._by_edge = {node: [node] for node in self._edges}
        self._by_node = [ByNode(left.parent[node], node, node) for node in self._nodes]

    def carried(self) -> Carried:
        """Return all, in the order of the walk."""
        first, passes = self._left.first, self._left.topology.passes
        old = self._old()
        for node in self._left.order:
            if not passes[node] and self._whole.by[node] < 0:  # several uplinks
                self._climb(old, node)
        order = sorted(self._by_edge, key=first.__getitem__)
        by_node = sorted(self._by_node, key=lambda one: (first[one.top], first[one.node]))
        return Carried({node: self._by_edge[node] for node in order}, by_node)

    def _hung_by_edge(self, node: int) -> bool:
        """Tell if the edge by which a node was found was a bridge in the whole network."""
        whole, edge = self._whole, self._left.by[node]
        return any(whole.by[end] == edge and whole.hangs_by_edge(end) for end in whole.topology.ends[edge])

    def _by_old_edge(self, node: int) -> bool:
        return self._left.hangs_by_edge(node) and node not in self._edges

    def _on_old_node(self, node: int) -> bool:
        return self._left.hangs_on_parent(node) and node not in self._nodes

    def _old(self) -> list[int]:
        """Return of each node itself or the next above that its edge or parent carried alone before; -1 for none."""
        left = self._left
        old = [-1] * len(left.first)
        for node in left.order:
            if self._by_old_edge(node) or self._on_old_node(node):
                old[node] = node
            elif left.parent[node] >= 0:
                old[node] = old[left.parent[node]]
        return old

    def _climb(self, old: list[int], leaf: int) -> None:
        """Find the edges and nodes above a leaf that carried others alone before, and carry it now. Above one that
        carried the leaf before, all did.
        """
        whole, left = self._whole, self._left
        by_edge = by_node = True
        at = old[leaf]
        while at >= 0 and (by_edge or by_node):
            above = left.parent[at]
            if by_edge and self._by_old_edge(at):
                by_edge = not whole.holds(at, leaf)
                if by_edge:
                    self._by_edge.setdefault(at, []).append(leaf)
            if by_node and self._on_old_node(at):
                by_node = not whole.needs(leaf, above)
                if by_node:
                    self._by_node.append(ByNode(above, leaf, at))
            at = old[above]
