"""Which failure each dark node is an effect of. Pure.

Dark nodes that hang together are isolated by the failures around them. Where several were needed, it is the last one
that isolated them; of those that came within `SKEW_S` of the last, the one nearest to the monitor.
"""

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
    for first in sorted(known.dark - blamed.nodes.keys()):
        if first in of_node:
            continue
        together, around = _stretch(known, blamed, first)
        told = [known.silent[node] for node in together if node in known.silent]
        for failed in around:
            if sinces[failed] == float("inf"):
                sinces[failed] = min(told, default=float("inf"))
        if around:
            of_node.update(dict.fromkeys(together, _last(known, around, sinces)))
            continue
        for node in together:  # no way from the monitor to them is known, so that nothing is known of why
            blamed.nodes[node] = Blame(certain=False)
            of_node[node] = (False, node)
            sinces[False, node] = known.silent[node]
    return of_node


def _stretch(known: Known, blamed: Blamed, first: int) -> tuple[list[int], set[Failed]]:
    """Return the dark nodes that hang together with one, and the failures around them."""
    together, seen, around = [first], {first}, set[Failed]()
    for at in together:
        for there, edge in known.topology.near[at]:
            if edge in blamed.edges:
                around.add((True, edge))
            elif there in blamed.nodes:
                around.add((False, there))
            elif there not in seen and there in known.dark:
                seen.add(there)
                together.append(there)
    return together, around


def _last(known: Known, around: set[Failed], sinces: dict[Failed, float]) -> Failed:
    last = max(sinces[failed] for failed in around)
    late = [failed for failed in around if sinces[failed] >= last - SKEW_S]
    return min(late, key=lambda failed: (_hops(known, failed), failed))


def _hops(known: Known, failed: Failed) -> int:
    is_edge, number = failed
    ends = known.topology.ends[number] if is_edge else (number,)
    return min(known.topology.hops[end] for end in ends)
