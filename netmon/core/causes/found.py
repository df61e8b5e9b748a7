"""What root cause analysis says: causes, and which fact belongs to which. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Cause:
    """An element that has failed, or is `degraded` and works still as far as anybody knows: a fiber with too little
    light, a switch that only does not answer, a site on battery.

    `element` is `link:ring-03`, `device:acc-rsud`, `server:simrs`, `application:portal` or `site:rsud` (its power).
    `since` is Unix seconds, the first of its signs. `facts` are the ids of its own signs, `effects` of what it explains
    besides; `isolated` names the nodes that are unreachable because of it, itself not among them. Where the facts leave
    a choice, `certain` is False and `alternatives` names the other elements.
    """

    element: str
    since: float
    facts: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    certain: bool = True
    alternatives: tuple[str, ...] = ()
    isolated: tuple[str, ...] = ()
    degraded: bool = False


@dataclass(frozen=True, slots=True)
class Explanation:
    """All causes, the oldest first, and the element that each fact's id is a sign or an effect of.

    Facts about what the topology does not know are in neither.
    """

    causes: tuple[Cause, ...] = ()
    cause_of: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def failed(self) -> tuple[str, ...]:
        """Return the elements that do not work: what `at_risk` asks for."""
        return tuple(cause.element for cause in self.causes if not cause.degraded)
