"""Which failed element took a redundancy. Pure.

One that touches what has lost it, at best one that leads out of there again, at second best one whose hole does.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from netmon.core.causes.carried import ByNode, Carried
from netmon.core.causes.holes import Failures, holes, region
from netmon.core.causes.survey import Survey

_Rank = tuple[int, str]  # 0: leads out, 1: its hole does, 2: neither; the element


@dataclass(frozen=True, slots=True, eq=False)
class _Contact:
    """Where an element touches what is lit, and where its hole does: places in the order of the walk, ascending."""

    element: str
    own: Sequence[int]
    whole: Sequence[int]

    def rank(self, left: Survey, node: int, but: int) -> _Rank:
        """Judge it as what took a redundancy of all beneath a node; the node `but` is no way out."""
        return 2 - _leads_out(left, node, but, self.own) - _leads_out(left, node, but, self.whole), self.element


def _leads_out(left: Survey, node: int, but: int, places: Sequence[int]) -> bool:
    """Tell if one of some places, which ascend, is neither beneath a node nor that of another."""
    beneath = bisect_right(places, left.last[node]) - bisect_left(places, left.first[node])
    outside = len(places) - beneath
    if outside and but >= 0:
        at = bisect_left(places, left.first[but])
        outside -= at < len(places) and places[at] == left.first[but]
    return outside > 0


class Attribution:
    """Names the failed element that took the redundancy of what is carried by one edge or node now."""

    def __init__(self, left: Survey, failed: Failures, asked: Carried) -> None:
        self._left, self._failed = left, failed
        # Node that forwards → what made its edge, or its parent, the only way to all beneath it. Of those that did the
        # first, at best one that did the second as well.
        self._of_edge: dict[int, tuple[int, _Rank]] = {}
        self._of_parent: dict[int, _Rank] = {}
        self._holes: dict[int, dict[str, _Contact]] = {}  # failed or dark node → the contacts of its hole
        self._regions: dict[int, Collection[str]] = {}  # the same → the elements next to it
        self._ranked: dict[tuple[_Contact, int], _Rank] = {}
        passes = left.topology.passes
        lower = {*asked.by_edge, *(one.top for one in asked.by_node)}
        self._over: dict[int, int] = {}  # lit node → itself or the next above that is asked for, -1 for none
        for node in left.order:
            own = node in lower and passes[node]
            self._over[node] = node if own else self._over.get(left.parent[node], -1)
        for hole in holes(left.topology, failed, left.order):
            contacts = _contacts(left, hole.rim)
            self._holes.update(dict.fromkeys(hole.inside, contacts))
            for node, element in hole.rim:
                self._touch(node, contacts[element])

    def _touch(self, node: int, contact: _Contact) -> None:
        at = self._over[node]
        while at >= 0:
            of_parent = self._rank(contact, at, self._left.parent[at])
            of_edge = contact.rank(self._left, at, -1)[0], of_parent
            self._of_parent[at] = min(self._of_parent.get(at, of_parent), of_parent)
            self._of_edge[at] = min(self._of_edge.get(at, of_edge), of_edge)
            at = self._over.get(self._left.parent[at], -1)

    def edge(self, lower: int, tops: Iterable[int]) -> str:
        """Return what made the edge above `lower` the only one for all beneath `tops`."""
        if self._left.topology.passes[lower] and lower in tops:
            return self._of_edge[lower][1][1]
        return self._most(self._of_leaf(leaf, lower, -1) for leaf in tops)

    def node(self, one: ByNode) -> str:
        """Return what made a node the only one."""
        if self._left.topology.passes[one.top]:
            return self._of_parent[one.top][1]
        return self._most([self._of_leaf(one.top, one.below, one.node)])

    def _most(self, named: Iterable[list[str]]) -> str:
        """Return the element that most name, so that one common to all is found."""
        counts = Counter(element for elements in named for element in elements)
        if not counts:
            raise AssertionError("what lost an uplink touches what failed")
        return min(counts, key=lambda element: (-counts[element], element))

    def _of_leaf(self, leaf: int, node: int, but: int) -> list[str]:
        """Return the elements that may each have taken the way of a leaf out of what is beneath a node."""
        ranks = set(self._ranks(leaf, node, but))
        best = min((rank for rank, _ in ranks), default=0)
        return sorted(element for rank, element in ranks if rank == best)

    def _ranks(self, leaf: int, node: int, but: int) -> Iterator[_Rank]:
        left, failed = self._left, self._failed
        for there, edge in left.topology.near[leaf]:
            if not left.topology.passes[there]:
                continue
            lit = left.first[there] >= 0
            if edge in failed.edges:
                places = [left.first[there]] if lit else []
                yield self._rank(_Contact(failed.edges[edge], places, places), node, but)
            elif not lit:
                hole = self._holes.get(there, {})
                for element in self._region(there):
                    yield self._rank(hole.get(element) or _inner(element, hole), node, but)
            elif but >= 0 and there != but and left.holds(but, there):
                below = left.toward(but, there)  # that one may have come to hang on the same node
                if below in self._of_parent:
                    yield self._of_parent[below]

    def _rank(self, contact: _Contact, node: int, but: int) -> _Rank:
        """Judge an element as what took the ways of a leaf out of what is beneath a node, or what needs one."""
        if but < 0:
            return contact.rank(self._left, node, but)
        key = contact, but
        if key not in self._ranked:
            out = 2 - self._avoids(but, contact.own) - self._avoids(but, contact.whole)
            self._ranked[key] = out, contact.element
        return self._ranked[key]

    def _avoids(self, node: int, places: Sequence[int]) -> bool:
        """Tell if one of some places is reached without a node."""
        there = (self._left.order[place] for place in places)
        return any(other != node and not self._left.needs(other, node) for other in there)

    def _region(self, node: int) -> Collection[str]:
        if node not in self._regions:
            around, inside = region(self._left.topology, self._failed, node)
            self._regions.update(dict.fromkeys(inside, around))
        return self._regions[node]


def _inner(element: str, hole: Mapping[str, _Contact]) -> _Contact:
    """Return an element that touches nothing lit itself."""
    return _Contact(element, (), next((contact.whole for contact in hole.values()), ()))


def _contacts(left: Survey, rim: Iterable[tuple[int, str]]) -> dict[str, _Contact]:
    places: dict[str, list[int]] = {}
    for place, element in sorted((left.first[node], element) for node, element in rim):
        places.setdefault(element, []).append(place)
    whole = sorted({place for own in places.values() for place in own})
    return {element: _Contact(element, own, whole) for element, own in places.items()}
