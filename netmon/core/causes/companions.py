"""Others' words for what netmon finds itself, and later: they go where ours about the same target is. Pure.

A rule in Prometheus that finds a target down says nothing new beside our own word for it, and goes on saying it for a
while when ours is over. So it makes no incident of its own then: it stays, quietly, in the one that it was in.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from netmon.api import Alert, OpenAlerts, Place
from netmon.core.alerts.site import own_key
from netmon.core.causes.facts import Fact
from netmon.core.causes.recovery import KEY
from netmon.core.causes.settings import CauseSettings
from netmon.core.causes.signs import Signs
from netmon.core.causes.topology import Topology

_NEVER: Final = float("inf")


class Companions:
    """Finds their places. `due_at` is when the first of those that trail has done so for long enough (Unix seconds)."""

    def __init__(
        self, settings: CauseSettings, topology: Topology, signs: Signs, unpolled: Collection[str] = ()
    ) -> None:
        self._topology = topology
        self._unpolled = frozenset(unpolled)
        self._signs = signs
        self._not_polling = settings.not_polling
        self._trailing_s = settings.trailing_s
        self.due_at = _NEVER
        self._placed: frozenset[str] = frozenset()

    def concern(self, alert: Alert) -> bool:
        """Tell whether an alert is such a word, or decides what such words are worth."""
        return self._is_one(alert) or alert.rule in self._not_polling

    def has_placed(self, alert: Alert) -> bool:
        """Tell whether the last look gave an alert a place."""
        return alert.id in self._placed

    def facts(self, open_alerts: OpenAlerts) -> Iterator[Fact]:
        """Give what is told of targets of which netmon can say nothing."""
        blind = any(open_alerts.of_rule(rule) for rule in self._not_polling)
        for alert in self._all(open_alerts):
            fact = self._signs.told_by_others(alert) if blind or alert.target in self._unpolled else None
            if fact is not None:
                yield fact

    def places(
        self, open_alerts: OpenAlerts, of_signs: Mapping[str, Place], now: float
    ) -> Iterator[tuple[Alert, Place]]:
        """Give those that have a place, with it. `of_signs` has the places of signs by alert id."""
        self.due_at = _NEVER
        found = []
        if any(open_alerts.of_rule(rule) for rule in self._signs.companions):
            ours = self._ours(open_alerts)
            ends = self._ends(open_alerts)
            for alert in self._all(open_alerts):
                place = self._place(alert, open_alerts, of_signs, ours, ends, now)
                if place is not None:
                    found.append((alert, place))
        self._placed = frozenset(alert.id for alert, _ in found)
        yield from found

    def _place(  # noqa: PLR0913, PLR0917 - what one look knows
        self,
        alert: Alert,
        open_alerts: OpenAlerts,
        of_signs: Mapping[str, Place],
        ours: Mapping[tuple[str, str], Alert],
        ends: Mapping[tuple[str, str], float],
        now: float,
    ) -> Place | None:
        if alert.id in of_signs:
            return of_signs[alert.id]
        matter = (self._signs.ours(alert.rule)[0], alert.target)
        sign = ours.get(matter)
        if sign is not None and open_alerts.is_ending(sign.id):  # it stays where it is, whatever is thought by now
            return Place(open_alerts.key_of(sign.id), sign.effect_of)
        if sign is not None:
            return of_signs.get(sign.id)
        if not is_in_cause(open_alerts, alert):
            return None
        until = ends.get(matter, 0.0) + self._trailing_s
        if now >= until:
            return Place(own_key(alert))
        self.due_at = min(self.due_at, until)
        return Place(open_alerts.key_of(alert.id), alert.effect_of)

    def _ours(self, open_alerts: OpenAlerts) -> Mapping[tuple[str, str], Alert]:
        """Return (the first rule of a kind, target) → our own alert that fires."""
        return {
            (first, alert.target): alert
            for first, rule in self._kinds()
            for alert in open_alerts.of_rule(rule).values()
            if alert.id in open_alerts
        }

    def _ends(self, open_alerts: OpenAlerts) -> Mapping[tuple[str, str], float]:
        """Return (the first rule of a kind, target) → when the last of our alerts that fired was over."""
        found: dict[tuple[str, str], float] = {}
        for first, rule in self._kinds():
            for alert in open_alerts.over_of_rule(rule).values():
                if alert.fired_at is not None:
                    matter = first, alert.target
                    found[matter] = max(found.get(matter, 0.0), alert.resolved_at or 0.0)
        return found

    def _kinds(self) -> Iterator[tuple[str, str]]:
        for ours in {tuple(self._signs.ours(rule)) for rule in self._signs.companions}:
            for rule in ours:
                yield ours[0], rule

    def _all(self, open_alerts: OpenAlerts) -> Iterator[Alert]:
        for rule in sorted(self._signs.companions):
            for alert in open_alerts.of_rule(rule).values():
                if self._is_one(alert):
                    yield alert

    def _is_one(self, alert: Alert) -> bool:
        node = self._topology.node(alert.target) if self._signs.ours(alert.rule) else None
        return node is not None and node.kind != "application"


def is_in_cause(open_alerts: OpenAlerts, alert: Alert) -> bool:
    """Tell whether an alert fires in the incident of a cause."""
    return alert.id in open_alerts and open_alerts.key_of(alert.id).startswith(KEY)
