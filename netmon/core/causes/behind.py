"""Which failure each dark node is an effect of. Pure.

Dark nodes that hang together are isolated by the failures around them. Where several were needed, it is the last one
that isolated them; of those that came within `SKEW_S` of the last, the one nearest to the monitor. What does not
forward joins nothing: it is isolated by what isolated the last of its neighbours.
"""

from collections.abc import Iterable

from netmon.core.causes.blame import Blame, Blamed
from netmon.core.causes.known import SKEW_S, Known

Failed = tuple[bool, int]  # is it an edge?, its number


def since_of(known: Known, blamed: Blamed) -> dict[Failed, float]:
    """Return when each failure was first noticed; infinity where only what is behind it tells of it."""
    sinces: dict[Failed, float] = {}
    for edge in blamed.edges:
        sinces[True, edge] = min(known.told.get(edge, {}).values(), default=float("inf"))
    for node in blamed.nodes:
        told = [
            since
            for there, edge in known.topology.near[node]
            for teller, since in known.told.get(edge, {}).items()
            if teller == there and edge not in blamed.edges
        ]
        sinces[False, node] = min([known.silent.get(node, float("inf")), *told])
    return sinces


def behind(known: Known, blamed: Blamed, sinces: dict[Failed, float]) -> dict[int, Failed]:
    """Return dark node → failure, and blame each node that nothing else explains; completes `sinces`."""
    of_node: dict[int, Failed] = {node: (False, node) for node in blamed.nodes}
    passes = known.topology.passes
    others = sorted(known.dark - blamed.nodes.keys(), key=lambda node: (not passes[node], node))
    for first in others:  # those that forward come first
        if first in of_node:
            continue
        if passes[first]:
            together, around, told = _stretch(known, blamed, first)
        else:
            together, around, told = [first], _around(known, blamed, of_node, first), [first]
        told_at = min((known.silent[node] for node in told if node in known.silent), default=float("inf"))
        for failed in around:
            if sinces[failed] == float("inf"):
                sinces[failed] = told_at
        if around:
            of_node.update(dict.fromkeys(together, _last(known, around, sinces)))
            continue
        for node in together:  # no way from the monitor to them is known, so that nothing is known of why
            blamed.nodes[node] = Blame(certain=False)
            of_node[node] = (False, node)
            sinces[False, node] = known.silent[node]
    return of_node


def _stretch(known: Known, blamed: Blamed, first: int) -> tuple[list[int], set[Failed], Iterable[int]]:
    """Return the dark nodes that forward and hang together with one, the failures around them, and those nodes with
    what hangs on them.
    """
    together, seen, around = [first], {first}, set[Failed]()
    for at in together:
        for there, edge in known.topology.near[at]:
            if not known.topology.passes[there]:
                if there in known.dark and there not in blamed.nodes and edge not in blamed.edges:
                    seen.add(there)
            elif edge in blamed.edges:
                around.add((True, edge))
            elif there in blamed.nodes:
                around.add((False, there))
            elif there not in seen and there in known.dark:
                seen.add(there)
                together.append(there)
    return together, around, seen


def _around(known: Known, blamed: Blamed, of_node: dict[int, Failed], node: int) -> set[Failed]:
    """Return what took away each way to a node that does not forward."""
    ways = [(there, edge) for there, edge in known.topology.near[node] if known.topology.passes[there]]
    cut = {(True, edge) for _, edge in ways if edge in blamed.edges}
    return cut | {of_node[there] for there, edge in ways if edge not in blamed.edges and there in of_node}


def _last(known: Known, around: set[Failed], sinces: dict[Failed, float]) -> Failed:
    last = max(sinces[failed] for failed in around)
    late = [failed for failed in around if sinces[failed] >= last - SKEW_S]
    return min(late, key=lambda failed: (_hops(known, failed), failed))


def _hops(known: Known, failed: Failed) -> int:
    is_edge, number = failed
    ends = known.topology.ends[number] if is_edge else (number,)
    return min(known.topology.hops[end] for end in ends)
