"""What has failed or is dark, as holes in the network, and where each hole touches what is lit. Pure.

Elements that failed and dark nodes that hang together are one hole: only with all of it mended would ways lead through.
What does not forward is in no hole, since no way would lead through it.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from netmon.core.causes.topology import LINK, SITE, Topology


@dataclass(frozen=True, slots=True)
class Failures:
    """Failed nodes and edges by number, each with its element."""

    nodes: dict[int, str]
    edges: dict[int, str]


def failures(topology: Topology, failed: Collection[str]) -> Failures:
    """Return nodes and edges of elements; a site's are all its nodes. What does not exist is left out."""
    found = Failures({}, {})
    for element in sorted(failed):
        name = element.partition(":")[2]
        if element.startswith(LINK):
            if name in topology.edge_number:
                found.edges[topology.edge_number[name]] = element
        elif element.startswith(SITE):
            found.nodes.update(dict.fromkeys(topology.of_site.get(name, ()), element))
        elif name in topology.number and topology.number[name] != topology.start:
            found.nodes[topology.number[name]] = element
    return found


@dataclass(frozen=True, slots=True)
class Hole:
    """What is `inside` (a failed edge alone has nothing inside), and the `rim`: lit nodes, each with the failed element
    that it touches there.
    """

    inside: tuple[int, ...]
    rim: tuple[tuple[int, str], ...]


def holes(topology: Topology, failed: Failures, lit: Collection[int]) -> Iterator[Hole]:
    """Give each hole that touches something lit that forwards."""
    lit, passes = frozenset(lit), topology.passes
    for edge, element in sorted(failed.edges.items()):
        a, b = topology.ends[edge]
        if a in lit and b in lit and passes[a] and passes[b]:
            yield Hole((), ((a, element), (b, element)))
    seen: set[int] = set()
    for start, hops in enumerate(topology.hops):
        if start not in seen and start not in lit and hops >= 0 and passes[start]:
            hole = _hole(topology, failed, lit, start, seen)
            if hole.rim:
                yield hole


def _hole(topology: Topology, failed: Failures, lit: frozenset[int], start: int, seen: set[int]) -> Hole:
    rim, queue = set[tuple[int, str]](), [start]
    seen.add(start)
    for at in queue:
        for there, edge in topology.trunk[at]:
            if there in lit:  # lit and yet no way: one of the two has failed
                rim.add((there, failed.edges.get(edge) or failed.nodes[at]))
            elif there not in seen:
                seen.add(there)
                queue.append(there)
    return Hole(tuple(queue), tuple(sorted(rim)))


def region(topology: Topology, failed: Failures, start: int) -> tuple[set[str], list[int]]:
    """Return the failed elements next to a dark node and the others that it reaches, and those nodes; of a node that
    has failed itself.
    """
    if start in failed.nodes:
        return {failed.nodes[start]}, [start]
    around, seen, queue = set[str](), {start}, [start]
    for at in queue:
        for there, edge in topology.trunk[at]:
            if edge in failed.edges:
                around.add(failed.edges[edge])
            elif there in failed.nodes:
                around.add(failed.nodes[there])
            elif there not in seen:
                seen.add(there)
                queue.append(there)
    return around, queue
