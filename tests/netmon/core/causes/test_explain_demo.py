"""All one- and two-element failures of the demonstration's network: told whole, in any order, late, with leftovers."""

import random
from collections.abc import Mapping, Sequence
from itertools import combinations, permutations

import pytest

from netmon.core.causes.explain import Explanation, explain
from netmon.core.causes.facts import Fact
from netmon.core.causes.known import SKEW_S
from netmon.core.causes.topology import Topology
from tests.support.causes import Seen, answer, demo, elements, equivalents, explains, fact, facts, observed

NOW = 2000.0


@pytest.fixture(scope="module")
def topology() -> Topology:
    return demo()


@pytest.fixture(scope="module")
def smallest(topology: Topology) -> Mapping[Seen, list[frozenset[str]]]:
    return equivalents(topology, 2)


def test_the_demonstration_is_what_is_meant(topology: Topology) -> None:
    assert len(elements(topology)) > 50
    assert topology.hops.count(-1) == sum(node.kind == "application" for node in topology.nodes)


def test_all_that_was_told_has_a_cause_and_only_one(
    topology: Topology, smallest: Mapping[Seen, list[frozenset[str]]]
) -> None:
    for seen in smallest:
        told = facts(topology, seen)
        found = explain(topology, told, NOW)
        owners = [fact_id for cause in found.causes for fact_id in (*cause.facts, *cause.effects)]
        assert sorted(owners) == sorted(fact.id for fact in told)
        for cause in found.causes:
            assert all(found.cause_of[fact_id] == cause.element for fact_id in (*cause.facts, *cause.effects))
            assert cause.facts or cause.effects  # with everything told, no cause is without a sign
            assert not cause.degraded


def test_one_or_two_failures_are_told_as_the_smallest_set_that_looks_the_same(
    topology: Topology, smallest: Mapping[Seen, list[frozenset[str]]]
) -> None:
    assert len(smallest) > 500  # of some 1,400 sets: what ends at one port looks the same
    for seen, candidates in smallest.items():
        assert answer(explain(topology, facts(topology, seen), NOW)) in candidates


def test_certain_is_what_all_explanations_share_and_alternatives_do_as_well(
    topology: Topology, smallest: Mapping[Seen, list[frozenset[str]]]
) -> None:
    doubts = 0
    for seen, candidates in smallest.items():
        found = explain(topology, facts(topology, seen), NOW)
        for cause in found.causes:
            others = [element for element in cause.alternatives if not element.startswith("site:")]
            assert cause.certain == (not cause.alternatives)
            assert bool(others) == any(cause.element not in candidate for candidate in candidates)
            for other in others:
                assert answer(found) - {cause.element} | {other} in candidates
                doubts += 1
    assert doubts > 100


def test_who_is_unreachable_is_failed_or_isolated(
    topology: Topology, smallest: Mapping[Seen, list[frozenset[str]]]
) -> None:
    for seen in smallest:
        found = explain(topology, facts(topology, seen), NOW)
        silent = {thing[1] for thing in seen if thing[0] == "node"}
        isolated = {name for cause in found.causes for name in cause.isolated}
        failed = {element.partition(":")[2] for element in answer(found)}
        assert silent - failed == isolated


def test_no_order_of_arrival_matters(topology: Topology, smallest: Mapping[Seen, list[frozenset[str]]]) -> None:
    chance = random.Random(4)
    for seen in smallest:
        told = facts(topology, seen)
        whole = explain(topology, told, NOW)
        orders = permutations(told) if len(told) <= 3 else (chance.sample(told, len(told)) for _ in range(2))
        for order in orders:
            assert explain(topology, order, NOW) == whole


def test_when_within_the_skew_something_was_noticed_changes_no_cause(
    topology: Topology, smallest: Mapping[Seen, list[frozenset[str]]]
) -> None:
    chance = random.Random(5)
    for seen in smallest:
        late = [fact(topology, thing, 1000.0 + chance.uniform(0, SKEW_S)) for thing in sorted(seen)]
        assert answer(explain(topology, late, NOW)) == answer(explain(topology, facts(topology, seen), NOW))


def _sound(topology: Topology, told: Sequence[Fact], found: Explanation) -> None:
    """Check what must hold at any moment, however little has been told: nothing lost, nothing needless."""
    things = [tuple(one.id.split("/", 2)) for one in told]
    assert set(found.cause_of) == {one.id for one in told}
    assert explains(topology, answer(found), things)
    for element in answer(found):
        assert not explains(topology, answer(found) - {element}, things)


def _sampled(topology: Topology, count: int) -> list[tuple[str, str]]:
    pairs = list(combinations(elements(topology), 2))
    return random.Random(9).sample(pairs, count)


def test_facts_may_come_late_and_go_in_any_order(topology: Topology) -> None:
    chance = random.Random(7)
    for pair in _sampled(topology, 300):
        told = facts(topology, observed(topology, pair))
        for order in (chance.sample(told, len(told)), chance.sample(told, len(told))):
            for count in range(len(order) + 1):
                known = order[:count]
                _sound(topology, known, explain(topology, known, NOW))
        assert explain(topology, (), NOW) == Explanation()


def test_what_was_told_before_going_dark_may_linger(topology: Topology) -> None:
    """One element after the other: those isolated by the second left what they told of the first."""
    chance = random.Random(8)
    lingered = 0
    for pair in (list(one) for one in _sampled(topology, 600)):
        chance.shuffle(pair)
        first, both = observed(topology, pair[:1]), observed(topology, pair)
        dark = {thing[1] for thing in both if thing[0] == "node"}
        leftover = {thing for thing in first if thing[0] == "port" and thing[1] in dark}
        told = [fact(topology, thing, 1000.0 + chance.uniform(0, 120)) for thing in sorted(both | leftover)]
        found = explain(topology, told, NOW)
        assert explains(topology, answer(found), both | leftover)
        assert observed(topology, answer(found)) == both
        assert len(found.causes) <= 2
        if leftover - both:
            lingered += 1
            assert set(pair[:1]) <= answer(found) | _doubts(found)
    assert lingered > 20


def _doubts(found: Explanation) -> set[str]:
    return {other for cause in found.causes for other in cause.alternatives}
