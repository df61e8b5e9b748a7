"""What one more failure would cut off that it would not have before. Pure."""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache

from netmon.core.causes.attribution import Attribution
from netmon.core.causes.carried import Carried, carried
from netmon.core.causes.holes import failures
from netmon.core.causes.survey import Survey
from netmon.core.causes.topology import Topology


@dataclass(frozen=True, slots=True)
class Risk:
    """A redundancy that is lost: because of `lost_by`, one more cut in a stretch isolates somebody.

    `between` are the stretch's ends: the first hangs on to the rest, `edges` lists the stretch's edges in order from
    there. `isolates` are the nodes that the worst cut takes away and would not have before, `worst` that edge's name.
    `sites` are those that are cut off with them: all that forwards there is lost, or all, where nothing there forwards.
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
    tops: list[int]  # of whom all beneath them hangs on the first
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
    left = Survey(topology, gone.nodes, gone.edges)
    lost = carried(_whole(topology), left)
    if not lost.by_edge and not lost.by_node:
        return ()
    blames = Attribution(left, gone, lost)
    stretches = _stretches(left, lost, blames)
    knots = _tie(left, stretches, lost, blames)
    risks = [_stretch_risk(left, stretch) for stretch in stretches] + [_knot_risk(left, knot) for knot in knots]
    return tuple(sorted(risks, key=lambda risk: (-len(risk.isolates), risk.lost_by, risk.between)))


def _stretches(left: Survey, lost: Carried, blames: Attribution) -> list[_Stretch]:
    """Put edges with one cause in rows: each continues with the one beneath it, where that is the only one and takes
    away nobody else.
    """
    cause = {node: blames.edge(node, tops) for node, tops in lost.by_edge.items()}
    above: dict[int, int] = {}  # lower end of an edge → that of the next such edge above
    beneath: dict[int, list[int]] = {}
    open_: list[int] = []
    for node, why in cause.items():  # in depth-first order, so that those above a node are on the stack
        while open_ and not left.holds(open_[-1], node):
            open_.pop()
        if open_ and cause[open_[-1]] == why:
            above[node] = open_[-1]
            beneath.setdefault(open_[-1], []).append(node)
        open_.append(node)
    rows: dict[int, _Stretch] = {}  # by the lower end of its last edge
    for node, tops in lost.by_edge.items():
        over = above.get(node)
        if over is not None and len(beneath[over]) == 1 and _all_in(lost.by_edge[over], over, tops):
            row = rows.pop(over)
            row.lower.append(node)
        else:
            row = _Stretch(cause[node], [node], tops)
        rows[node] = row
    return list(rows.values())


def _all_in(carried_above: list[int], above: int, tops: list[int]) -> bool:
    return carried_above == [above] or set(tops) <= set(carried_above)


def _tie(left: Survey, stretches: list[_Stretch], lost: Carried, blames: Attribution) -> list[_Knot]:
    """Give the stretches the nodes that now carry alone somebody on them or beneath; return such nodes elsewhere."""
    ends = {node: stretch for stretch in stretches for node in stretch.lower}
    over: dict[int, int] = {}  # node → itself or the next above that ends an edge of a stretch, -1 for none
    for node in left.order:
        over[node] = node if node in ends else over.get(left.parent[node], -1)
    knots: dict[tuple[str, int], _Knot] = {}
    for one in lost.by_node:
        key = blames.node(one), one.node
        at = over[one.top]
        while at >= 0 and ends[at].lost_by != key[0]:
            at = over.get(left.parent[at], -1)
        if at >= 0:
            ends[at].nodes.add(one.node)
        else:
            knots.setdefault(key, _Knot(*key)).lower.append(one.top)
    return list(knots.values())


def _stretch_risk(left: Survey, stretch: _Stretch) -> Risk:
    names, edges = left.topology.nodes, left.topology.edges
    top, bottom = stretch.lower[0], stretch.lower[-1]
    isolates, sites = _lost(left, stretch.tops)
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
    """Return the names of what is beneath, and the sites that have nothing else left by which they are reached."""
    nodes, gates = left.topology.nodes, left.topology.gates
    lost = {node for top in tops for node in left.beneath(top)}
    near = {nodes[node].site for node in lost} & gates.keys()
    whole = (site for site in near if all(gate in lost or left.first[gate] < 0 for gate in gates[site]))
    return tuple(sorted(nodes[node].name for node in lost)), tuple(sorted(whole))
