"""Random networks with random failures: small ones against all subsets, large ones against what must be observed."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.core.causes.explain import explain
from netmon.core.causes.facts import ApplicationDown, Fact, LightLow, PortDown, PortUp, PowerLost, Unreachable
from netmon.core.causes.found import Explanation
from netmon.core.causes.redundancy import at_risk
from netmon.core.causes.topology import Edge, Node, Topology
from netmon.core.causes.words import explanation, risk, title
from tests.support.causes import (
    SHAPES,
    answer,
    breakdown,
    equivalents,
    explains,
    facts,
    network,
    observed,
    reached,
)

NOW = 2000.0
SHAPE = st.sampled_from(SHAPES)
SEED = st.integers(0, 2**32)
ENDS = st.sampled_from([0.0, 0.0, 0.3, 0.6, 1.0])  # share of nodes that do not forward


@settings(max_examples=150, deadline=None)
@given(SHAPE, SEED, st.integers(2, 7), ENDS)
def test_small_networks_against_all_sets_of_failures(shape: str, seed: int, count: int, ends: float) -> None:
    topology = network(seed, shape, count, ends=ends)
    for seen, candidates in equivalents(topology, 3).items():
        found = explain(topology, facts(topology, seen), NOW)
        assert answer(found) in candidates
        for cause in found.causes:
            others = {element for element in cause.alternatives if not element.startswith("site:")}
            assert bool(others) == any(cause.element not in candidate for candidate in candidates)
            assert all(answer(found) - {cause.element} | {other} in candidates for other in others)


@settings(max_examples=120, deadline=None)
@given(
    shape=SHAPE,
    seed=SEED,
    count=st.integers(2, 2000),
    failures=st.integers(0, 40),
    unwatched=st.sampled_from([0.0, 0.0, 0.1, 0.7]),
    ends=ENDS,
)
def test_large_networks_show_what_the_answer_would_show(
    shape: str, seed: int, *, count: int, failures: int, unwatched: float, ends: float
) -> None:
    """Implied observations are the same, no more elements than failed, and none of them for nothing."""
    topology = network(seed, shape, count, unwatched=unwatched, ends=ends)
    failed = breakdown(topology, seed, failures)
    seen = observed(topology, failed)
    told = facts(topology, seen)
    found = explain(topology, told, NOW)
    assert observed(topology, answer(found)) == seen
    assert len(found.causes) <= len(failed)
    assert set(found.cause_of) == {fact.id for fact in told}
    random.Random(seed).shuffle(told)
    assert explain(topology, told, NOW) == found
    for element in sorted(answer(found))[:5]:
        assert not explains(topology, answer(found) - {element}, seen)


@settings(max_examples=100, deadline=None)
@given(
    shape=SHAPE,
    seed=SEED,
    count=st.integers(2, 300),
    failures=st.integers(1, 10),
    share=st.floats(0, 1),
    ends=ENDS,
    ends_tell=st.booleans(),
)
def test_of_facts_that_come_late_none_is_lost_and_all_gone_is_all_clear(
    shape: str, seed: int, *, count: int, failures: int, share: float, ends: float, ends_tell: bool
) -> None:
    """Any part of what is to be told, and of what was told before: failures came one after the other."""
    topology = network(seed, shape, count, ends=ends, ends_tell=ends_tell)
    failed = sorted(breakdown(topology, seed, failures))
    chance = random.Random(seed)
    chance.shuffle(failed)
    dark: set[str] = set()
    things: set[tuple[str, ...]] = set()
    for number in range(len(failed)):  # what a node told while it was reached stays
        seen = observed(topology, failed[: number + 1])
        dark = {node.name for node in topology.nodes} - reached(topology, failed[: number + 1])
        things = {thing for thing in things if thing[0] == "port" and thing[1] in dark} | seen
    told = [fact for fact in facts(topology, frozenset(things)) if chance.random() < share]
    found = explain(topology, told, NOW)
    known = [tuple(fact.id.split("/", 2)) for fact in told]
    assert explains(topology, answer(found), known)
    assert set(found.cause_of) == {fact.id for fact in told}
    assert all(cause.since <= NOW for cause in found.causes)
    assert explain(topology, (), NOW) == Explanation()


@settings(max_examples=100, deadline=None)
@given(SHAPE, SEED, st.integers(2, 200), st.integers(0, 8), ENDS)
def test_ports_known_up_change_nothing_where_all_was_told(
    shape: str, seed: int, count: int, failures: int, ends: float
) -> None:
    topology = network(seed, shape, count, ends=ends)
    failed = breakdown(topology, seed, failures)
    seen = observed(topology, failed)
    alive = reached(topology, failed)
    up = [
        PortUp(f"up/{node}/{edge.name}", 1000.0, node, port)
        for edge in topology.edges
        for node, port in ((edge.a, edge.a_port), (edge.b, edge.b_port))
        if node in alive and ("port", node, edge.name) not in seen
    ]
    told = facts(topology, seen)
    assert explain(topology, [*told, *up], NOW) == explain(topology, told, NOW)


NAME = st.sampled_from("abcdefgh")
PORT = st.sampled_from("12345")
TIME = st.sampled_from([0.0, 100.0, 1000.0, 5000.0])
NETWORK = st.builds(
    lambda pairs, servers, ends: Topology(
        [
            Node(name, "server" if name in servers else "device", "xyz"[number % 3], forwards=name not in ends)
            for number, name in enumerate("abcdefgh")
        ]
        + [Node("app", "application")],
        [Edge(f"e{number}", a, ap, b, bp, fiber=fiber) for number, (a, ap, b, bp, fiber) in enumerate(pairs)],
        {"app": ("a", "b")},
        "c",
        {"app": ("d", "e")},
    ),
    st.lists(st.tuples(NAME, PORT, NAME, PORT, st.booleans()), max_size=12),
    st.sets(NAME),
    st.sets(NAME),
)
KNOWN: st.SearchStrategy[list[Fact]] = st.lists(
    st.one_of(
        st.builds(Unreachable, st.uuids().map(str), TIME, st.one_of(NAME, st.just("app"))),
        st.builds(PortDown, st.uuids().map(str), TIME, NAME, PORT, st.sampled_from([None, -40.0, -6.0])),
        st.builds(PortUp, st.uuids().map(str), TIME, NAME, PORT),
        st.builds(LightLow, st.uuids().map(str), TIME, NAME, PORT, st.just(-20.0), st.sampled_from([None, -6.0])),
        st.builds(PowerLost, st.uuids().map(str), TIME, st.sampled_from("xyz"), NAME),
        st.builds(ApplicationDown, st.uuids().map(str), TIME, st.just("app")),
    ),
    max_size=15,
)


@settings(max_examples=300, deadline=None)
@given(NETWORK, KNOWN, st.integers(0, 2**32))
def test_whatever_is_said_each_fact_has_one_cause_and_no_order_matters(
    topology: Topology, told: list[Fact], seed: int
) -> None:
    """Networks in pieces, two cables in one port, facts that contradict one another."""
    found = explain(topology, told, NOW)
    shuffled = random.Random(seed).sample(told, len(told))
    assert explain(topology, shuffled, NOW) == found
    owners = [one for cause in found.causes for one in (*cause.facts, *cause.effects)]
    assert sorted(owners) == sorted(found.cause_of)
    ports = {(node, port) for edge in topology.edges for node, port in ((edge.a, edge.a_port), (edge.b, edge.b_port))}
    for fact in told:
        if isinstance(fact, PortDown | LightLow):
            assert (fact.id in found.cause_of) == ((fact.node, fact.port) in ports)
        else:
            assert (fact.id in found.cause_of) == (not isinstance(fact, PortUp))
    for cause in found.causes:
        assert all((*title(topology, cause, told).values(), explanation(topology, cause, told)["en"] or "-"))
    for lost in at_risk(topology, found.failed):
        assert risk(topology, lost)["id"]
