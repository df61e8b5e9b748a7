"""What one more failure would cut off that it would not have before. Pure."""

from collections.abc import Collection
from dataclasses import dataclass

from netmon.core.causes.topology import Topology


@dataclass(frozen=True, slots=True)
class Risk:
    """A redundancy that is lost: because of `lost_by`, one more cut in a stretch isolates somebody.

    `between` are the stretch's ends: the first hangs on to the rest, `edges` lists the stretch's edges in order from
    there. `isolates` are the nodes that the worst cut takes away, `sites` their sites, `worst` that edge's name.
    `nodes` are those whose own failure would isolate others, and would not have before.
    """

    lost_by: str
    between: tuple[str, str]
    edges: tuple[str, ...]
    isolates: tuple[str, ...]
    sites: tuple[str, ...] = ()
    worst: str = ""
    nodes: tuple[str, ...] = ()


def at_risk(topology: Topology, failed: Collection[str]) -> tuple[Risk, ...]:
    """Return the redundancies lost by the failed elements (as `Explanation.failed` gives them)."""
    del topology, failed
    return ()
