"""Which failures explain what is known: the smallest set that does, one cause for each independent fault. Pure.

`known` orders the facts, `blame` finds what failed, `behind` whom that isolates; here each fact finds its cause.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from netmon.core.causes.behind import Failed, behind, since_of
from netmon.core.causes.blame import Blame, Blamed, blame
from netmon.core.causes.facts import ApplicationDown, Fact, LightLow, PortDown, PowerLost, Trouble, Unreachable
from netmon.core.causes.found import Cause, Explanation
from netmon.core.causes.known import Known
from netmon.core.causes.topology import SITE, Topology

__all__ = ["Cause", "Explanation", "explain"]


@dataclass(slots=True)
class _Draft:
    """A cause in the making."""

    since: float = float("inf")
    facts: list[str] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)
    isolated: list[str] = field(default_factory=list)


def explain(topology: Topology, facts: Sequence[Fact], now: float) -> Explanation:
    """Return the causes of the facts, whatever their order. `now` is Unix seconds; no cause is younger."""
    known = Known(topology, facts)
    blamed = blame(known)
    sinces = since_of(known, blamed)
    of_node = behind(known, blamed, sinces)
    return _Writer(known, blamed, sinces, of_node).write(now)


class _Writer:
    """Gives each fact to its cause."""

    def __init__(self, known: Known, blamed: Blamed, sinces: dict[Failed, float], of_node: dict[int, Failed]) -> None:
        self._known, self._topology, self._blamed, self._of_node = known, known.topology, blamed, of_node
        self._drafts: dict[str, _Draft] = {}
        self._cause_of: dict[str, str] = {}
        for failed, since in sinces.items():
            draft = self._drafts.setdefault(self._element(failed), _Draft())
            draft.since = min(draft.since, since)

    def write(self, now: float) -> Explanation:
        """Return the whole explanation."""
        blames = self._blames()
        for fact in self._known.kept:
            element, own = self._place(fact)
            self._cause_of[fact.id] = element
            draft = self._drafts.setdefault(element, _Draft())
            (draft.facts if own else draft.effects).append(fact.id)
            if own or element not in blames:
                draft.since = min(draft.since, fact.since)
            if not own and isinstance(fact, Unreachable):
                draft.isolated.append(fact.node)
        causes = [self._cause(element, draft, blames.get(element), now) for element, draft in self._drafts.items()]
        return Explanation(tuple(sorted(causes, key=lambda cause: (cause.since, cause.element))), self._cause_of)

    def _cause(self, element: str, draft: _Draft, blamed: Cause | None, now: float) -> Cause:
        blamed = blamed or Cause(element, 0.0, degraded=not element.startswith("application:"))
        return replace(
            blamed,
            since=min(draft.since, now),
            facts=tuple(draft.facts),
            effects=tuple(draft.effects),
            isolated=tuple(sorted(set(draft.isolated))),
            degraded=blamed.degraded and not draft.isolated,
        )

    def _element(self, failed: Failed) -> str:
        is_edge, number = failed
        if is_edge:
            return self._topology.edges[number].element
        node = self._topology.nodes[number]
        return SITE + node.site if node.site in self._known.powerless else node.element

    def _blames(self) -> dict[str, Cause]:
        """Return element → cause with nothing but its certainty and its alternatives."""
        causes: dict[str, Cause] = {}
        nodes_of_site = Counter(self._topology.nodes[node].site for node in self._blamed.nodes)
        dark_at_once = {site for site, n in nodes_of_site.items() if site and n > 1 and self._known.all_dark(site)}
        for edge, judged in self._blamed.edges.items():
            element = self._topology.edges[edge].element
            causes[element] = Cause(element, 0.0, certain=judged.certain, alternatives=self._others(judged))
        for number, judged in self._blamed.nodes.items():
            node = self._topology.nodes[number]
            element = self._element((False, number))
            if node.site in self._known.powerless:
                alone = nodes_of_site[node.site] == 1
                causes[element] = Cause(element, 0.0, certain=not alone, alternatives=(node.element,) * alone)
                continue
            others = self._others(judged)
            if node.site in dark_at_once:
                others += (SITE + node.site,)  # several at once at one place: its power, though nobody tells of that
            certain = judged.certain and not others
            causes[element] = Cause(element, 0.0, certain=certain, alternatives=others, degraded=judged.works)
        return causes

    def _others(self, judged: Blame) -> tuple[str, ...]:
        if judged.or_node is not None:
            return (self._topology.nodes[judged.or_node].element,)
        return () if judged.or_edge is None else (self._topology.edges[judged.or_edge].element,)

    def _place(self, fact: Trouble) -> tuple[str, bool]:
        """Return the element that explains a fact, and if the fact is the element's own sign."""
        match fact:
            case Unreachable() if self._topology.nodes[self._topology.number[fact.node]].kind == "application":
                return self._place_application(fact.node)
            case Unreachable():
                number = self._topology.number[fact.node]
                failed = self._of_node[number]
                return self._element(failed), failed == (False, number)
            case PowerLost():
                return SITE + fact.site, True
            case ApplicationDown():
                return self._place_application(fact.app)
            case PortDown() | LightLow():
                return self._place_port(fact)

    def _place_port(self, fact: PortDown | LightLow) -> tuple[str, bool]:
        edge = self._topology.port[fact.node, fact.port]
        element = self._topology.edges[edge].element
        if edge in self._blamed.edges:
            return element, True
        far = self._topology.number[self._topology.edges[edge].far(fact.node)]
        if far in self._blamed.nodes and far in self._known.dark:
            return self._element((False, far)), False
        if isinstance(fact, LightLow):
            return element, True
        return self._element(self._of_node[self._topology.number[fact.node]]), False  # it is dark, and out of date

    def _place_application(self, app: str) -> tuple[str, bool]:
        """Give an application to the server that it misses, if it misses one, or to what isolates that."""
        servers = [self._topology.number[name] for name in self._topology.depends.get(app, ())]
        missing = [self._of_node[server] for server in servers if server in self._known.dark]
        spares = [self._topology.number[name] for name in self._topology.spares.get(app, ())]
        if spares and all(server in self._known.dark for server in spares):
            missing += [self._of_node[server] for server in spares]
        if not missing:
            return f"application:{app}", True
        first = min(missing, key=lambda failed: (self._drafts[self._element(failed)].since, failed))
        return self._element(first), False
