"""Which nodes and edges must have failed: the smallest set that explains who is dark and which ports are down. Pure.

What decides: a lit node works. A port that its owner tells down has an edge that is cut or a far node that has failed.
Between a dark node and a lit one that forwards, the edge is cut or the dark node has failed; a lit server, reached over
another uplink, says nothing of the switch at its dark one, save what it tells of its own port. Each of these choices
has a dark node on one side and edges on the other, and no edge stands in two of them, so that the smallest set is found
node by node: a dark node that two or more choices name has failed itself; where only one does, it may be the node or
the edge.
"""

from dataclasses import dataclass

from netmon.core.causes.known import SKEW_S, Known


@dataclass(frozen=True, slots=True)
class Blame:
    """One failed node or edge, and the other that could be it in its place (`or_node`, `or_edge`)."""

    certain: bool = True
    works: bool = False  # its ports are up, though it does not answer: what hangs on it may well be reached
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
        found.nodes[node] = Blame(works=True)
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
    if known.silent.get(far, since) > since + SKEW_S:  # it still answered when the port was down
        return True
    return _has_power(known, far)


def _has_power(known: Known, node: int) -> bool:
    """Tell if a dark node works as its neighbours see it, and yet no way leads to it: only what does not forward tells
    that the port to it is up. Were it one that forwards, it would be the node that does not answer.
    """
    passes = known.topology.passes
    up = [
        passes[there]
        for there, edge in known.topology.near[node]
        if there not in known.dark and (edge, there) in known.up
    ]
    return bool(up) and not any(up)


def _judge(known: Known, found: Blamed, node: int, inner: list[int]) -> None:
    """Find out whether a dark node has failed, or the one edge that leaves a choice."""
    topology = known.topology
    around = [
        (there, edge) for there, edge in topology.near[node] if there not in known.dark and edge not in found.edges
    ]
    told = sum(there in known.told.get(edge, {}) for there, edge in around)
    border = [(there, edge) for there, edge in around if topology.passes[there] or there in known.told.get(edge, {})]
    if any((edge, there) in known.up and topology.passes[there] for there, edge in border):
        found.nodes[node] = Blame(works=True)  # its port has power, and it does not answer
    elif len(border) + len(inner) > 1:
        mute = sum(topology.passes[there] or topology.has_port(there, edge) for there, edge in around) - told
        found.nodes[node] = Blame(certain=not mute, works=not told and not inner)
    elif border:
        _choose(known, found, node, border[0][1], told=told > 0)
    elif inner:
        found.edges[inner[0]] = Blame(certain=False, or_node=node)


def _choose(known: Known, found: Blamed, node: int, edge: int, *, told: bool) -> None:
    """Choose where the facts do not: the node if its site is without power, at the end of an uplink, where nothing
    hangs on it, and where only the node is silent; else the edge, which is nearer to the monitor.
    """
    topology = known.topology
    others = [  # what is reached through it, or was: not a server that another uplink keeps lit
        (there, way)
        for there, way in topology.ways[node]
        if way != edge and (topology.passes[there] or there in known.dark)
    ]
    still_answer = bool(others) and not any(there in known.silent or way in known.told for there, way in others)
    mute = still_answer and not told and node in known.silent  # nothing but itself: it does not answer, but works
    alone = not others and node in known.silent
    if mute or alone or not topology.edges[edge].fiber or topology.nodes[node].site in known.powerless:
        found.nodes[node] = Blame(certain=False, or_edge=edge, works=mute)
    else:
        found.edges[edge] = Blame(certain=False, or_node=node)
