"""What is thought of causes, in words; of each from those facts alone that may concern it. Pure."""

from collections.abc import Iterable, Mapping

from netmon.api import Account
from netmon.core.causes import words
from netmon.core.causes.facts import Fact, Unreachable
from netmon.core.causes.found import Cause, Explanation
from netmon.core.causes.topology import Topology


def accounts(topology: Topology, explanation: Explanation, facts: Iterable[Fact]) -> Mapping[str, Account]:
    """Return element → what is thought of it."""
    by_id = {fact.id: fact for fact in facts}
    silent = {fact.node: fact for fact in by_id.values() if isinstance(fact, Unreachable)}
    return {cause.element: _account(topology, cause, by_id, silent) for cause in explanation.causes}


def _account(topology: Topology, cause: Cause, by_id: Mapping[str, Fact], silent: Mapping[str, Unreachable]) -> Account:
    facts = {fact_id: by_id[fact_id] for fact_id in (*cause.facts, *cause.effects)}
    kind, _, name = cause.element.partition(":")
    edge = topology.edge(name) if kind == "link" else None
    for end in () if edge is None else (edge.a, edge.b):
        if end in silent:
            facts[silent[end].id] = silent[end]
    told = tuple(facts.values())
    return Account(cause.element, words.title(topology, cause, told), words.explanation(topology, cause, told))
