"""What one more failure would cut off that it would not have before. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from netmon.core.causes.holes import Hole, failures, holes
from netmon.core.causes.survey import Survey
from netmon.core.causes.topology import Topology


@dataclass(frozen=True, slots=True)
class Risk:
    """A redundancy that is lost: because of `lost_by`, one more cut in a stretch isolates somebody.

    `between` are the stretch's ends: the first hangs on to the rest, `edges` lists the stretch's edges in order from
    there. `isolates` are the nodes that the worst cut takes away, `sites` their sites, `worst` that edge's name.
    `nodes` are those whose own failure would isolate others, and would not have before. Where only a node's failure
    does that, `edges` is empty, `worst` too, and `between` names that node twice.
    """

    lost_by: str
    between: tuple[str, str]
    edges: tuple[str, ...]
    isolates: tuple[str, ...]
    sites: tuple[str, ...] = ()
    worst: str = ""
    nodes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Stretch:
    """Edges in a row, each by the node beneath it, that now carry alone what is beneath them."""

    lost_by: str
    lower: list[int]
    nodes: set[int] = field(default_factory=set)


@dataclass(slots=True)
class _Knot:
    """A node that now carries alone what is beneath the nodes of `lower`, though over several edges."""

    lost_by: str
    node: int
    lower: list[int] = field(default_factory=list)


@lru_cache(maxsize=2)  # the topology in use, and the one before while it is reloaded
def _whole(topology: Topology) -> Survey:
    return Survey(topology)


def at_risk(topology: Topology, failed: Collection[str]) -> tuple[Risk, ...]:
    """Return the redundancies lost by the failed elements (as `Explanation.failed` gives them), the worst first.

    Each stretch is told for itself: a ring that is cut once is two, from the monitor to either side of the cut.
    """
    gone = failures(topology, failed)
    if not gone.nodes and not gone.edges:
        return ()
    whole, left = _whole(topology), Survey(topology, gone.nodes, gone.edges)
    lower = [node for node in left.order if left.hangs_by_edge(node) and not _hung_by_edge(whole, left.by[node])]
    below = [node for node in left.order if left.hangs_on_parent(node) and not whole.needs(node, left.parent[node])]
    if not lower and not below:
        return ()
    blames = _Attribution(left, holes(topology, gone, left.order), {*lower, *below})
    stretches = _stretches(left, lower, blames)
    knots = _tie(left, stretches, below, blames)
    risks = [_stretch_risk(left, stretch) for stretch in stretches] + [_knot_risk(left, knot) for knot in knots]
    return tuple(sorted(risks, key=lambda risk: (-len(risk.isolates), risk.lost_by, risk.between)))


def _hung_by_edge(whole: Survey, edge: int) -> bool:
    return any(whole.by[end] == edge and whole.hangs_by_edge(end) for end in whole.topology.ends[edge])


class _Attribution:
    """Which failed element took the redundancy of what is beneath a node: one that touches what is beneath it, at best
    one that leads out of there again, at second best one whose hole does.
    """

    def __init__(self, left: Survey, found: Iterable[Hole], asked: set[int]) -> None:
        self._of: dict[int, tuple[int, str]] = {}
        over: dict[int, int] = {}  # lit node → itself or the next above that is asked for, -1 for none
        for node in left.order:
            over[node] = node if node in asked else over.get(left.parent[node], -1)
        for hole in found:
            places: dict[str, list[int]] = {}
            for place, element in sorted((left.first[node], element) for node, element in hole):
                places.setdefault(element, []).append(place)
            whole = sorted({place for own in places.values() for place in own})
            for node, element in hole:
                at = over[node]
                while at >= 0:
                    this = 2 - _leads_out(left, at, places[element]) - _leads_out(left, at, whole), element
                    self._of[at] = min(self._of.get(at, this), this)
                    at = over.get(left.parent[at], -1)

    def __getitem__(self, node: int) -> str:
        return self._of[node][1]


def _leads_out(left: Survey, node: int, places: list[int]) -> bool:
    """Tell if one of some places, which ascend, is not beneath a node; where that hangs on its parent by several edges,
    neither at that parent.
    """
    beneath = bisect_right(places, left.last[node]) - bisect_left(places, left.first[node])
    outside = len(places) - beneath
    if outside and not left.hangs_by_edge(node):
        above = left.first[left.parent[node]]
        at = bisect_left(places, above)
        outside -= at < len(places) and places[at] == above
    return outside > 0


def _stretches(left: Survey, lower: list[int], blames: _Attribution) -> list[_Stretch]:
    """Put edges with one cause in rows: each continues with the one beneath it, where it is the only one."""
    above: dict[int, int] = {}  # lower end of an edge → that of the next such edge above
    beneath: dict[int, list[int]] = {}
    open_: list[int] = []
    for node in lower:  # in depth-first order, so that those above a node are on the stack
        while open_ and not left.holds(open_[-1], node):
            open_.pop()
        if open_ and blames[open_[-1]] == blames[node]:
            above[node] = open_[-1]
            beneath.setdefault(open_[-1], []).append(node)
        open_.append(node)
    rows: dict[int, _Stretch] = {}  # by the lower end of its last edge
    for node in lower:
        over = above.get(node)
        if over is not None and len(beneath[over]) == 1:
            row = rows.pop(over)
            row.lower.append(node)
        else:
            row = _Stretch(blames[node], [node])
        rows[node] = row
    return list(rows.values())


def _tie(left: Survey, stretches: list[_Stretch], below: list[int], blames: _Attribution) -> list[_Knot]:
    """Give the stretches the nodes on them or beneath that now carry others alone; return such nodes elsewhere."""
    ends = {node: stretch for stretch in stretches for node in stretch.lower}
    over: dict[int, int] = {}  # node → itself or the next above that ends an edge of a stretch, -1 for none
    for node in left.order:
        over[node] = node if node in ends else over.get(left.parent[node], -1)
    knots: dict[tuple[str, int], _Knot] = {}
    for node in below:
        key = blames[node], left.parent[node]
        at = over[node]
        while at >= 0 and ends[at].lost_by != blames[node]:
            at = over.get(left.parent[at], -1)
        if at >= 0:
            ends[at].nodes.add(left.parent[node])
        else:
            knots.setdefault(key, _Knot(*key)).lower.append(node)
    return list(knots.values())


def _stretch_risk(left: Survey, stretch: _Stretch) -> Risk:
    names, edges = left.topology.nodes, left.topology.edges
    top, bottom = stretch.lower[0], stretch.lower[-1]
    isolates, sites = _lost(left, [top])
    return Risk(
        lost_by=stretch.lost_by,
        between=(names[left.parent[top]].name, names[bottom].name),
        edges=tuple(edges[left.by[node]].name for node in stretch.lower),
        isolates=isolates,
        sites=sites,
        worst=edges[left.by[top]].name,
        nodes=tuple(sorted(names[node].name for node in stretch.nodes)),
    )


def _knot_risk(left: Survey, knot: _Knot) -> Risk:
    name = left.topology.nodes[knot.node].name
    isolates, sites = _lost(left, knot.lower)
    return Risk(knot.lost_by, (name, name), (), isolates, sites, nodes=(name,))


def _lost(left: Survey, tops: list[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names and the sites of what is beneath."""
    lost = [left.topology.nodes[node] for top in tops for node in left.beneath(top)]
    return tuple(sorted(node.name for node in lost)), tuple(sorted({node.site for node in lost if node.site}))
