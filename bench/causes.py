"""What root cause analysis costs: deciding and looking for lost redundancy, from 100 to 5,000 nodes.

`python -m bench.causes [--nodes 100 500 1000 2000 5000]`. CPU of one thread in ms: the median of several runs and the
slowest. The network: a core ring of ten switches, on each of them rings of twenty office switches, and a server for
every two of those, each other one with a second uplink to the next core switch. The outages: a cut in the core ring;
two cuts in it, which isolate six tenths of all; one element in fifty, anywhere; and all of that, with what nodes told
before they were cut off.
"""

import gc
import random
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from statistics import median

from netmon.core.causes.explain import explain
from netmon.core.causes.redundancy import at_risk
from netmon.core.causes.topology import Edge, Node, Topology
from netmon.core.causes.words import explanation, title
from tests.support.causes import elements, facts, observed

CORE, RING = 10, 20
NOW = 2000.0


def network(count: int) -> Topology:
    """Return a regency of `count` nodes."""
    nodes = [Node(f"core-{n}", "device", f"hub-{n}") for n in range(CORE)]
    edges = [_fiber(f"core-{n}", f"core-{(n + 1) % CORE}") for n in range(CORE)]
    ring: list[str] = []
    rings = 0
    while len(nodes) < count:
        number = len(nodes)
        name = f"n{number}"
        if number % 3 == 0 and ring:  # each third: a server at the last switch
            nodes.append(Node(name, "server", f"office-{number // 3}", forwards=False))
            second = [f"core-{(rings + 1) % CORE}"] if number % 2 else []
            edges += [Edge(f"{name}/{switch}", switch, name, name, "", fiber=False) for switch in (ring[-1], *second)]
            continue
        nodes.append(Node(name, "device", f"office-{number // 3}"))
        hub = f"core-{rings % CORE}"
        edges.append(_fiber(ring[-1] if ring else hub, name))
        ring.append(name)
        if len(ring) == RING:
            edges.append(_fiber(name, hub))
            ring, rings = [], rings + 1
    return Topology(nodes, edges, {}, "core-0")


def _fiber(a: str, b: str) -> Edge:
    return Edge(f"{a}-{b}", a, f"to {b}", b, f"to {a}", 1.0)


def outages(topology: Topology) -> dict[str, list[str]]:
    """Return what fails in each outage."""
    chance = random.Random(1)
    two = [edge.element for edge in topology.edges if {edge.a, edge.b} in ({"core-1", "core-2"}, {"core-7", "core-8"})]
    some = chance.sample(elements(topology), len(topology.nodes) // 50)
    return {"core link": two[:1], "two core links": two, "one in fifty": some, "all of it": two + some}


def timed(
    runs: int, topology: Topology, failed: Sequence[str]
) -> tuple[int, int, list[float], list[float], list[float]]:
    """Return facts, causes, and CPU in ms of deciding, of words, of looking for lost redundancy."""
    seen = observed(topology, failed)
    before = observed(topology, failed[2:])  # told by those who then fell silent
    told = facts(topology, seen | {thing for thing in before if thing[0] == "port"})
    decided, worded, looked = [], [], []
    gc.freeze()  # as the daemon does: not to look through everything that was ever imported
    for _ in range(runs):
        began = time.process_time()
        found = explain(topology, told, NOW)
        ended = time.process_time()
        decided.append((ended - began) * 1000)
        for cause in found.causes:
            title(topology, cause)
            explanation(topology, cause)
        again = time.process_time()
        worded.append((again - ended) * 1000)
        at_risk(topology, found.failed)
        looked.append((time.process_time() - again) * 1000)
    return len(told), len(found.causes), decided, worded, looked


def main() -> None:
    """Print a line for each size and outage."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, nargs="+", default=[100, 500, 1000, 2000, 5000])
    parser.add_argument("--runs", type=int, default=15)
    arguments = parser.parse_args()
    print(f"{'nodes':>6} {'outage':<16} {'facts':>6} {'causes':>6} {'explain':>16} {'words':>16} {'redundancy':>16}")
    for count in arguments.nodes:
        began = time.process_time()
        topology = network(count)
        built = (time.process_time() - began) * 1000
        for name, failed in outages(topology).items():
            told, causes, *spent = timed(arguments.runs, topology, failed)
            cells = " ".join(f"{median(one):>7.1f} {max(one):>5.1f} ms" for one in spent)
            print(f"{count:>6} {name:<16} {told:>6} {causes:>6} {cells}")
        print(f"{count:>6} compiled in {built:.1f} ms")


if __name__ == "__main__":
    main()
