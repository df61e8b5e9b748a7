"""A network that fails on paper: what would be observed if these elements had failed. An oracle for root cause."""

import random
from collections.abc import Collection, Iterator, Mapping
from itertools import combinations
from pathlib import Path

from netmon.app.settings.load import load_directory
from netmon.app.topology import topology_of
from netmon.core.causes.explain import Explanation
from netmon.core.causes.facts import Fact, PortDown, Unreachable
from netmon.core.causes.topology import Edge, Node, Topology
from netmon.demo.run import SECRETS

DEMO = Path(__file__).parents[2] / "config" / "demo"

Seen = frozenset[tuple[str, ...]]  # ("node", name) does not answer; ("port", name, edge) tells its port down


def demo() -> Topology:
    """Return the demonstration's network."""
    topology = topology_of(load_directory(DEMO, SECRETS).inventory)
    assert topology is not None
    return topology


def elements(topology: Topology) -> list[str]:
    """Return all that may fail: nodes but the monitor and applications, and edges."""
    nodes = [node for node in topology.nodes if node.kind != "application" and node.name != topology.monitor]
    return [node.element for node in nodes] + [edge.element for edge in topology.edges]


def reached(topology: Topology, failed: Collection[str]) -> set[str]:
    """Return the names of the nodes that the monitor reaches."""
    near: dict[str, list[str]] = {}
    for edge in topology.edges:
        if edge.element not in failed:
            near.setdefault(edge.a, []).append(edge.b)
            near.setdefault(edge.b, []).append(edge.a)
    dead = {element.partition(":")[2] for element in failed if not element.startswith("link:")}
    forwards = {node.name for node in topology.nodes if node.forwards} | {topology.monitor}
    found, queue = {topology.monitor}, [topology.monitor]
    while queue:
        at = queue.pop()
        for there in near.get(at, ()) if at in forwards else ():
            if there not in found and there not in dead:
                found.add(there)
                queue.append(there)
    return found


def observed(topology: Topology, failed: Collection[str]) -> Seen:
    """Return what is seen once everybody has been asked: who is silent, and which ports those who answer tell down."""
    failed = frozenset(failed)
    alive = reached(topology, failed)
    dead = {element.partition(":")[2] for element in failed if not element.startswith("link:")}
    seen: set[tuple[str, ...]] = {
        ("node", node.name) for node in topology.nodes if node.kind != "application" and node.name not in alive
    }
    for edge in topology.edges:
        for node, port, far in ((edge.a, edge.a_port, edge.b), (edge.b, edge.b_port, edge.a)):
            if port and node in alive and (edge.element in failed or far in dead):
                seen.add(("port", node, edge.name))
    return frozenset(seen)


def fact(topology: Topology, thing: tuple[str, ...], since: float = 1000.0) -> Fact:
    """Return something seen as a fact."""
    name = "/".join(thing)
    if thing[0] == "node":
        return Unreachable(name, since, thing[1])
    edge = topology.edge(thing[2])
    assert edge is not None
    return PortDown(name, since, thing[1], edge.a_port if edge.a == thing[1] else edge.b_port)


def facts(topology: Topology, seen: Seen, since: float = 1000.0) -> list[Fact]:
    """Return everything seen as facts."""
    return [fact(topology, thing, since) for thing in sorted(seen)]


def answer(explanation: Explanation) -> frozenset[str]:
    """Return the elements that are said to be causes."""
    return frozenset(cause.element for cause in explanation.causes)


def explains(topology: Topology, failed: Collection[str], told: Collection[tuple[str, ...]]) -> bool:
    """Tell if these failures account for all that was told, in the past or now, and take nobody else away.

    A port told down needs its edge cut or the far node dead; one told down from both ends needs its edge cut.
    """
    alive = reached(topology, failed)
    silent = {thing[1] for thing in told if thing[0] == "node"}
    if silent & alive:
        return False
    for thing in told:
        if thing[0] == "port":
            edge = topology.edge(thing[2])
            assert edge is not None
            far = edge.far(thing[1])
            both = ("port", far, edge.name) in told
            dead = any(f"{kind}:{far}" in failed for kind in ("device", "server"))
            if edge.element not in failed and (both or not dead):
                return False
    return True


def equivalents(topology: Topology, most: int) -> Mapping[Seen, list[frozenset[str]]]:
    """Return for everything that up to `most` failures can show the smallest sets that show it."""
    found: dict[Seen, list[frozenset[str]]] = {}
    for count in range(most + 1):
        for failed in combinations(elements(topology), count):
            sets = found.setdefault(observed(topology, failed), [])
            if not sets or len(sets[0]) == count:
                sets.append(frozenset(failed))
    return found


def _pairs(chance: random.Random, shape: str, count: int) -> Iterator[tuple[int, int]]:
    """Give the edges of a connected network of some shape."""
    if shape == "ring":
        yield from ((number, (number + 1) % count) for number in range(count))
    elif shape == "star":
        yield from ((0, number) for number in range(1, count))
    elif shape == "tree":
        yield from ((chance.randrange(number), number) for number in range(1, count))
    elif shape == "rings":
        tied = 1
        while tied < count:
            size = min(chance.randint(2, 20), count - tied)
            hub, ring = chance.randrange(tied), list(range(tied, tied + size))
            back = hub if chance.random() < 0.5 else chance.randrange(tied)
            yield from zip([hub, *ring], [*ring, back], strict=True)
            tied += size
    else:
        yield from ((chance.randrange(number), number) for number in range(1, count))
        for _ in range(chance.randint(0, count)):
            a, b = chance.randrange(count), chance.randrange(count)
            if a != b:
                yield a, b


SHAPES = ("ring", "star", "tree", "rings", "random")


def network(
    seed: int, shape: str, count: int, *, unwatched: float = 0.0, ends: float = 0.0, ends_tell: bool = False
) -> Topology:
    """Return a connected network of `count` nodes with the monitor among them.

    `unwatched` is the share of ports of which nobody tells. `ends` is the share of nodes, at least none and at most all
    but one, that do not forward: each has one to three uplinks to others, and tells of its own ports if `ends_tell`.
    """
    chance = random.Random(seed)
    inner = count - min(int(ends * count), count - 1)
    nodes = [Node(f"n{number}", "device", f"s{number // 2}", forwards=number < inner) for number in range(count)]

    def port(number: int) -> str:
        return "" if chance.random() < unwatched else f"p{number}"

    edges = [
        Edge(f"e{number}", f"n{a}", port(number), f"n{b}", port(number), 1.0, fiber=chance.random() < 0.7)
        for number, (a, b) in enumerate(_pairs(chance, shape, inner))
    ]
    for end in range(inner, count):
        for uplink in range(chance.randint(1, 3)):
            switch, own = chance.randrange(inner), f"own{uplink}" if ends_tell else ""
            edges.append(Edge(f"u{end}-{uplink}", f"n{switch}", port(-3 * end - uplink), f"n{end}", own, fiber=False))
    return Topology(nodes, edges, {}, f"n{chance.randrange(count)}")


def breakdown(topology: Topology, seed: int, count: int) -> frozenset[str]:
    """Return random failures."""
    choice = elements(topology)
    return frozenset(random.Random(seed).sample(choice, min(count, len(choice))))
