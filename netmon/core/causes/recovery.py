"""What outlasts its cause for a while, because its target was not polled yet: it stays where it is. Pure.

A fiber that is mended is seen first by whoever is polled first. What the cut had isolated answers at its own next poll,
and until then would be a failure that there never was.
"""

from collections.abc import Mapping
from typing import Final

from netmon.api import Alert, OpenAlerts, Place
from netmon.core.causes.facts import ApplicationDown, PortDown, PowerLost, Unreachable
from netmon.core.causes.signs import CLEARED, Signs
from netmon.core.causes.topology import SITE, Topology

KEY: Final = "cause:"
"""What the key of an incident with a cause begins with; the element that failed follows."""


class Recovery:
    """Finds what stays. `due_at` is when the first of it has stayed for long enough (Unix seconds)."""

    def __init__(self, signs: Signs, topology: Topology, grace_s: float) -> None:
        self._signs = signs
        self._topology = topology
        self._grace_s = grace_s
        self.due_at = float("inf")

    def held(self, open_alerts: OpenAlerts, places: Mapping[str, Place], now: float) -> Mapping[str, Place]:
        """Return the places of signs (by alert id, as `places` has them) that stay in the incident that they are in.

        They do where its cause is over, and that was seen less than the grace ago.
        """
        self.due_at = float("inf")
        causes = {place.key for place in places.values()}
        late = {
            alert_id: key
            for alert_id in places
            if alert_id in open_alerts
            and (key := open_alerts.key_of(alert_id)).startswith(KEY)
            and key not in causes
            and not open_alerts.is_ending(alert_id)
        }
        ends = self._ends(open_alerts) if late else {}
        held = {}
        for alert_id, key in late.items():
            until = ends.get(key, 0.0) + self._grace_s
            if now < until:
                self.due_at = min(self.due_at, until)
                held[alert_id] = Place(key, open_alerts[alert_id].effect_of)
        return held

    def _ends(self, open_alerts: OpenAlerts) -> Mapping[str, float]:
        """Return the keys of causes of which a sign was over, and when the last one was."""
        found: dict[str, float] = {}
        for rule in self._signs.rules:
            for alert in open_alerts.over_of_rule(rule).values():
                element = self._element(alert) if alert.why_resolved == CLEARED else ""
                if element:
                    key = KEY + element
                    found[key] = max(found.get(key, 0.0), alert.resolved_at or 0.0)
        return found

    def _element(self, alert: Alert) -> str:
        """Return the element of which an alert would be a sign of its own; empty where it shows none that failed."""
        match self._signs.fact(alert):
            case PortDown(node=node, port=port):
                edge = self._topology.edge_at(node, port)
                return "" if edge is None else edge.element
            case Unreachable(node=name):
                there = self._topology.node(name)
                return "" if there is None else there.element
            case PowerLost(site=site):
                return SITE + site
            case ApplicationDown(app=app):
                return f"application:{app}"
        return ""
