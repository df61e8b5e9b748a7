"""Lost redundancy: named cases, and random networks in which everything is removed once to see who is lost."""

from itertools import combinations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from netmon.core.causes.redundancy import Risk, at_risk
from netmon.core.causes.topology import Edge, Node, Topology
from tests.support.causes import SHAPES, breakdown, demo, elements, network, reached

ENDS = st.sampled_from([0.0, 0.3, 0.6, 1.0])  # share of nodes that do not forward


def _ring(count: int) -> Topology:
    nodes = [Node(f"sw{number}", "device", f"office-{number}") for number in range(count)]
    edges = [Edge(f"r{n}", f"sw{n}", "b", f"sw{(n + 1) % count}", "a", 1.0) for n in range(count)]
    return Topology(nodes, edges, {}, "sw0")


def test_a_cut_ring_is_two_stretches() -> None:
    assert at_risk(_ring(6), ["link:r2"]) == (
        Risk(
            "link:r2",
            ("sw0", "sw3"),
            ("r5", "r4", "r3"),
            ("sw3", "sw4", "sw5"),
            ("office-3", "office-4", "office-5"),
            "r5",
            ("sw4", "sw5"),
        ),
        Risk("link:r2", ("sw0", "sw2"), ("r0", "r1"), ("sw1", "sw2"), ("office-1", "office-2"), "r0", ("sw1",)),
    )


def test_a_ring_that_is_whole_risks_nothing() -> None:
    assert at_risk(_ring(6), []) == ()
    assert at_risk(_ring(6), ["application:mail", "link:unknown", "device:unknown", "site:unknown", "device:sw0"]) == ()


def test_a_dead_switch_cuts_the_ring_as_well() -> None:
    assert [(risk.lost_by, risk.between) for risk in at_risk(_ring(6), ["device:sw1"])] == [
        ("device:sw1", ("sw0", "sw2"))
    ]
    assert [risk.edges for risk in at_risk(_ring(6), ["site:office-1"])] == [("r5", "r4", "r3", "r2")]


def test_a_tree_has_no_redundancy_to_lose() -> None:
    topology = network(3, "tree", 40)
    assert all(not at_risk(topology, [element]) for element in elements(topology))


def test_two_lost_redundancies_are_told_apart() -> None:
    """Two rings on one switch, each cut."""
    nodes = [Node(name) for name in ("m", "a", "b", "c", "d")]
    pairs = [("m", "a"), ("a", "b"), ("b", "m"), ("m", "c"), ("c", "d"), ("d", "m")]
    topology = Topology(nodes, [Edge("".join(pair), pair[0], "", pair[1], "") for pair in pairs], {}, "m")
    risks = {(risk.lost_by, risk.between) for risk in at_risk(topology, ["link:ab", "link:cd"])}
    assert risks == {
        ("link:ab", ("m", "a")),
        ("link:ab", ("m", "b")),
        ("link:cd", ("m", "c")),
        ("link:cd", ("m", "d")),
    }


def test_a_ring_on_a_ring_is_at_risk_with_the_switch_it_hangs_on() -> None:
    """The inner ring m-a-b is cut at m-b; ring b-c-d is whole, but hangs on a stretch now, and on b as before."""
    nodes = [Node(name) for name in ("m", "a", "b", "c", "d")]
    pairs = [("m", "a"), ("a", "b"), ("b", "m"), ("b", "c"), ("c", "d"), ("d", "b")]
    topology = Topology(nodes, [Edge("".join(pair), pair[0], "", pair[1], "") for pair in pairs], {}, "m")
    assert at_risk(topology, ["link:bm"]) == (
        Risk("link:bm", ("m", "b"), ("ma", "ab"), ("a", "b", "c", "d"), (), "ma", ("a",)),
    )


def _sites_lost(*nodes: Node) -> list[tuple[str, ...]]:
    """Return the sites of each risk when m-a is cut: a then hangs on b, which two fibers join to m."""
    pairs = [("m", "a"), ("a", "b"), ("b", "m"), ("m", "b"), ("a", "db"), ("b", "db"), ("a", "ups")]
    names = {node.name for node in nodes}
    edges = [Edge("-".join(pair), pair[0], "", pair[1], "") for pair in pairs if names.issuperset(pair)]
    return [risk.sites for risk in at_risk(Topology(nodes, edges, {}, "m"), ["link:m-a"]) if "a" in risk.isolates]


@pytest.mark.parametrize(
    ("at_a", "sites"),
    [
        ([], ("office",)),
        ([Node("ups", site="office", forwards=False)], ("office",)),
        ([Node("lone", site="office")], ("office",)),  # reached in a way that nobody knows
        ([Node("db", "server", "office", forwards=False)], ("office",)),  # its switch is what makes an office
    ],
)
def test_a_site_is_cut_off_when_all_that_forwards_there_is(at_a: list[Node], sites: tuple[str, ...]) -> None:
    nodes = [Node("m", site="hq"), Node("b", site="hq"), Node("a", site="office"), *at_a]
    assert _sites_lost(*nodes) == [sites]


def test_a_site_with_another_switch_that_is_left_is_not_cut_off() -> None:
    assert _sites_lost(Node("m", site="hq"), Node("b", site="office"), Node("a", site="office")) == [()]


def test_a_server_is_not_the_site_that_it_is_at() -> None:
    nodes = [Node("m", site="hq"), Node("a", site="hq"), Node("b", site="hq")]
    edges = [Edge("ma", "m", "", "a", ""), Edge("ab", "a", "", "b", ""), Edge("bm", "b", "", "m", "")]
    ups = [Edge("a-db", "a", "", "db", "", fiber=False), Edge("b-db", "b", "", "db", "", fiber=False)]
    beside = Topology([*nodes, Node("db", "server", "hq", forwards=False)], edges + ups, {}, "m")
    alone = Topology([*nodes, Node("db", "server", "cellar", forwards=False)], edges + ups, {}, "m")
    assert [(risk.isolates, risk.sites) for risk in at_risk(beside, ["link:a-db"])] == [(("db",), ())]
    assert [(risk.isolates, risk.sites) for risk in at_risk(alone, ["link:a-db"])] == [(("db",), ("cellar",))]


def test_a_site_of_which_one_switch_has_failed_already_hangs_on_the_other() -> None:
    """x and y are two switches of an office, on one ring with m."""
    nodes = [Node("m", site="hq"), Node("x", site="office"), Node("y", site="office"), Node("z", site="far")]
    pairs = ["mx", "xy", "yz", "zm"]
    topology = Topology(nodes, [Edge(pair, pair[0], "", pair[1], "") for pair in pairs], {}, "m")
    assert [(risk.isolates, risk.sites) for risk in at_risk(topology, ["device:x"])] == [
        (("y", "z"), ("far", "office"))
    ]


def _network(*pairs: str) -> Topology:
    """Return nodes of one letter and edges of two, `m` being the monitor; an edge given again is another one."""
    names = dict.fromkeys("m" + "".join(pairs))
    edges = [
        Edge(pair if pairs.index(pair) == n else f"{pair}{n}", pair[0], "", pair[1], "") for n, pair in enumerate(pairs)
    ]
    return Topology([Node(name) for name in names], edges, {}, "m")


def test_a_stretch_that_forks_is_three() -> None:
    """v joined both arms of the fork to m."""
    risks = at_risk(_network("mt", "tx", "xa", "xb", "av", "bv", "mv"), ["device:v"])
    assert [(risk.between, risk.edges, risk.lost_by) for risk in risks] == [
        (("m", "x"), ("mt", "tx"), "device:v"),
        (("x", "a"), ("xa",), "device:v"),
        (("x", "b"), ("xb",), "device:v"),
    ]


def test_a_stretch_beneath_another_has_its_own_cause() -> None:
    risks = at_risk(_network("ma", "ab", "bm", "bc", "cd", "db"), ["link:bm", "link:cd"])
    assert [(risk.between, risk.edges, risk.lost_by) for risk in risks] == [
        (("m", "b"), ("ma", "ab"), "link:bm"),
        (("b", "c"), ("bc",), "link:cd"),
        (("b", "d"), ("db",), "link:cd"),
    ]


def test_a_stretch_that_continues_another_has_its_own_cause() -> None:
    risks = at_risk(_network("ma", "ab", "bm", "bc", "cd", "db"), ["link:bm", "link:db"])
    assert [(risk.between, risk.edges, risk.lost_by) for risk in risks] == [
        (("m", "b"), ("ma", "ab"), "link:bm"),
        (("b", "d"), ("bc", "cd"), "link:db"),
    ]


def test_a_node_that_carries_others_beneath_a_stretch_has_its_own_cause() -> None:
    """e hung on c and d by two edges each; a cut above has nothing to do with d's end."""
    pairs = ("ma", "ab", "bm", "bc", "bc", "bd", "bd", "ce", "ce", "de", "de")
    risks = {risk.lost_by: risk for risk in at_risk(_network(*pairs), ["link:bm", "device:d"])}
    assert risks["device:d"] == Risk("device:d", ("c", "c"), (), ("e",), (), "", ("c",))
    assert risks["link:bm"].nodes == ("a",)


def test_a_node_may_carry_others_alone_though_two_edges_lead_to_it() -> None:
    """c hangs on a and b; both a and b hang on m by two edges. Without b all depends on a, but on no one edge."""
    nodes = [Node(name) for name in ("m", "a", "b", "c")]
    edges = [
        Edge(f"{p}{q}{n}", p, "", q, "") for p, q in (("m", "a"), ("m", "b"), ("a", "c"), ("b", "c")) for n in (1, 2)
    ]
    topology = Topology(nodes, edges, {}, "m")
    assert at_risk(topology, ["device:b"]) == (Risk("device:b", ("a", "a"), (), ("c",), (), "", ("a",)),)


def _with_server(*pairs: str) -> Topology:
    """Return `_network`, in which capital letters are servers, on which nothing hangs."""
    plain = _network(*pairs)
    nodes = [Node(node.name, forwards=not node.name.isupper()) for node in plain.nodes]
    return Topology(nodes, plain.edges, {}, "m")


def test_a_second_uplink_protects_the_server_and_nobody_else() -> None:
    """Cutting ma isolates a alone in the whole network, and S as well once its other uplink is gone."""
    topology = _with_server("ma", "mb", "aS", "bS")
    assert at_risk(topology, []) == ()
    assert at_risk(topology, ["link:bS"]) == (Risk("link:bS", ("m", "S"), ("ma", "aS"), ("S",), (), "ma", ("a",)),)
    assert at_risk(topology, ["device:b"]) == (Risk("device:b", ("m", "S"), ("ma", "aS"), ("S",), (), "ma", ("a",)),)
    assert at_risk(topology, ["device:S"]) == ()


def test_a_server_between_two_arms_of_a_cut_ring_is_no_way_round() -> None:
    topology = _with_server("ma", "ab", "bc", "cm", "aS", "cS")
    assert [(risk.between, risk.isolates) for risk in at_risk(topology, ["link:bc"])] == [
        (("m", "b"), ("a", "b")),
        (("m", "c"), ("c",)),
    ]


def _lost(topology: Topology, failed: frozenset[str], element: str) -> set[str]:
    return reached(topology, failed) - reached(topology, failed | {element}) - {element.partition(":")[2]}


def _check(topology: Topology, failed: frozenset[str]) -> int:
    """Compare with removing every element once."""
    left = reached(topology, failed)
    risks = at_risk(topology, sorted(failed))
    edges: dict[str, Risk] = {name: risk for risk in risks for name in risk.edges}
    assert len(edges) == sum(len(risk.edges) for risk in risks)
    nodes = {name for risk in risks for name in risk.nodes}
    for element in elements(topology):
        kind, _, name = element.partition(":")
        if element in failed or (kind != "link" and name not in left):
            continue
        lost = _lost(topology, failed, element)
        new = lost - _lost(topology, frozenset(), element)
        assert (name in (edges if kind == "link" else nodes)) == bool(new), (element, new)
    for risk in risks:
        assert risk.lost_by in failed
        worst = f"link:{risk.worst}" if risk.edges else topology.nodes[topology.number[risk.between[0]]].element
        lost = _lost(topology, failed, worst) - _lost(topology, frozenset(), worst)
        assert set(risk.isolates) <= lost if not risk.edges else set(risk.isolates) == lost
        for name in risk.edges:
            link = f"link:{name}"
            assert _lost(topology, failed, link) - _lost(topology, frozenset(), link) <= set(risk.isolates)
        if risk.edges:
            ends = [
                {topology.edges[topology.edge_number[name]].a, topology.edges[topology.edge_number[name]].b}
                for name in risk.edges
            ]
            assert risk.between[0] in ends[0]
            assert risk.between[1] in ends[-1]
            assert risk.worst == risk.edges[0]
    return len(risks)


def test_all_pairs_of_failures_of_the_demonstration() -> None:
    topology = demo()
    ring = [element for element in elements(topology) if element.startswith(("link:ring", "device:"))]
    found = sum(_check(topology, frozenset(pair)) for pair in combinations(ring, 2))
    assert found > 200


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(SHAPES), st.integers(0, 2**32), st.integers(2, 40), st.integers(1, 5), ENDS)
def test_random_networks(shape: str, seed: int, count: int, failures: int, ends: float) -> None:
    topology = network(seed, shape, count, ends=ends)
    _check(topology, breakdown(topology, seed, failures))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(SHAPES), st.integers(0, 2**32), st.integers(3, 40), ENDS)
@example("rings", 1_019_917_503, 33, 0.0)  # two failures in one hole, one of which touches but does not lead out
@example("random", 34_115, 7, 0.0)  # an edge from beneath a node to the node itself
def test_what_one_failure_took_it_gives_back(shape: str, seed: int, count: int, ends: float) -> None:
    """With several failures, mending the one that is named makes the stretch redundant again, where one alone can."""
    topology = network(seed, shape, count, ends=ends)
    failed = breakdown(topology, seed, 3)
    for risk in at_risk(topology, sorted(failed)):
        helps = [one for one in sorted(failed) if not _still(topology, failed - {one}, risk)]
        mended = _still(topology, failed - {risk.lost_by}, risk)
        assert risk.lost_by in helps or not helps or not mended & set(risk.isolates)


def _still(topology: Topology, failed: frozenset[str], risk: Risk) -> set[str]:
    """Return whom the worst cut, or node, still takes away that it would not take from the whole network."""
    number = topology.number[risk.between[0]]
    element = f"link:{risk.worst}" if risk.edges else topology.nodes[number].element
    return _lost(topology, failed, element) - _lost(topology, frozenset(), element)


@pytest.mark.parametrize("count", [3, 10, 200])
def test_a_ring_of_any_size_names_all_its_edges(count: int) -> None:
    topology = _ring(count)
    for cut in range(count):
        risks = at_risk(topology, [f"link:r{cut}"])
        assert {edge for risk in risks for edge in risk.edges} == {f"r{n}" for n in range(count)} - {f"r{cut}"}
        assert sum(len(risk.isolates) for risk in risks) == count - 1
