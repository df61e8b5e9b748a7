"""Which nodes and edges must have failed: the smallest set that explains who is dark and which ports are down. Pure.

What decides: a lit node works. A port that its owner tells down has an edge that is cut or a far node that has failed.
Between a lit and a dark node the edge is cut or the dark node has failed. Each of these choices has a dark node on one
side and edges on the other, and no edge stands in two of them, so that the smallest set is found node by node: a dark
node that two or more choices name has failed itself; where only one does, it may be the node or the edge.
"""

from dataclasses import dataclass

from netmon.core.causes.known import SKEW_S, Known


@dataclass(frozen=True, slots=True)
class Blame:
    """One failed node or edge, and the other that could be it in its place (`or_node`, `or_edge`)."""

    certain: bool = True
    or_node: int | None = None
    or_edge: int | None = None


@dataclass(slots=True)
class Blamed:
    """The failed nodes and edges by number."""

    nodes: dict[int, Blame]
    edges: dict[int, Blame]


def blame(known: Known) -> Blamed:
    """Return the failed nodes and edges."""
    found = Blamed({}, {})
    inner: dict[int, list[int]] = {}  # dark node → edges to it that another dark node told down
    for edge, tellers in known.told.items():
        if _is_cut(known, edge, tellers):
            found.edges[edge] = Blame()
        elif all(end in known.dark for end in known.topology.ends[edge]):
            (teller,) = tellers
            inner.setdefault(_far(known, edge, teller), []).append(edge)
    for node in sorted(known.dark):
        _judge(known, found, node, inner.get(node, []))
    for node in known.silent.keys() - known.dark:  # the monitor: it works, but does not answer itself
        found.nodes[node] = Blame()
    return found


def _far(known: Known, edge: int, node: int) -> int:
    a, b = known.topology.ends[edge]
    return b if node == a else a


def _is_cut(known: Known, edge: int, tellers: dict[int, float]) -> bool:
    """Tell if it must be the edge: whoever is at its ends worked when it was told down."""
    if len(tellers) == 2:  # the dead tell nothing
        return True
    ((teller, since),) = tellers.items()
    far = _far(known, edge, teller)
    if far not in known.dark:
        return teller not in known.silent or (edge, far) not in known.up  # what the dark one told is out of date
    return known.silent.get(far, since) > since + SKEW_S  # it still answered when the port was down


def _judge(known: Known, found: Blamed, node: int, inner: list[int]) -> None:
    """Find out whether a dark node has failed, or the one edge that leaves a choice."""
    border = [
        (there, edge)
        for there, edge in known.topology.near[node]
        if there not in known.dark and edge not in found.edges
    ]
    if any((edge, there) in known.up for there, edge in border):
        found.nodes[node] = Blame()  # its port has power, and it does not answer
    elif len(border) + len(inner) > 1:
        found.nodes[node] = Blame(certain=all(there in known.told.get(edge, {}) for there, edge in border))
    elif border and _rather_the_node(known, node, border[0][1]):
        found.nodes[node] = Blame(certain=False, or_edge=border[0][1])
    elif border or inner:
        edge = border[0][1] if border else inner[0]
        found.edges[edge] = Blame(certain=False, or_node=node)


def _rather_the_node(known: Known, node: int, edge: int) -> bool:
    """Choose where the facts do not: the node if its site is dark for want of power, and at the end of an uplink; at
    the end of a fiber if all its fibers are dark at once. Else the edge, which is nearer to the monitor.
    """
    topology = known.topology
    if without_power(known, topology.nodes[node].site):
        return True
    if not topology.edges[edge].fiber:
        return True
    return node in known.silent and all(there == edge for _, there in topology.near[node])


def without_power(known: Known, site: str) -> bool:
    """Tell if a site has lost its mains and all that is there is dark, save who tells so."""
    if site not in known.power:
        return False
    tellers = known.power[site]
    return all(node in known.dark or node in tellers for node in known.topology.of_site.get(site, ()))
