"""Counts kept beside the alerts, so that nobody has to go through all of them: of all, by incident, by site. Pure."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from heapq import nsmallest
from typing import Final

from netmon.api import Alert, Incident, OpenAlerts, Severity
from netmon.api.alerts import State

OPEN: Final = frozenset({State.FIRING, State.ACKNOWLEDGED})
_SHOWN_TARGETS: Final = 20  # what Incident.targets holds at most


class Tally:
    """What the alerts of one incident come to."""

    __slots__ = ("by_severity", "changed", "effects", "firing", "members", "open", "targets", "unmuted")

    def __init__(self) -> None:
        self.members: dict[str, None] = {}  # ids, resolved ones too
        self.targets: dict[str, int] = {}  # name → how many of the members are about it
        self.open = 0  # firing or acknowledged
        self.firing = 0
        self.unmuted = 0  # of the open ones
        self.effects = 0  # of the open ones, what another failure explains
        self.by_severity = dict.fromkeys(Severity, 0)  # of the open ones
        self.changed = True  # the targets or the effects, since they were last shown

    def join(self, alert: Alert) -> None:
        """Add an alert to the members."""
        self.members[alert.id] = None
        if alert.target:
            self.changed = self.changed or alert.target not in self.targets
            self.targets[alert.target] = self.targets.get(alert.target, 0) + 1

    def leave(self, alert: Alert) -> None:
        """Take an alert out of the members."""
        self.members.pop(alert.id, None)
        left = self.targets.get(alert.target, 0) - 1
        if left > 0:
            self.targets[alert.target] = left
        elif alert.target:
            self.changed = True
            self.targets.pop(alert.target, None)

    def weigh(self, alert: Alert, sign: int) -> None:
        """Count what an alert is (1), or was (-1), where it is open."""
        if alert.state in OPEN:
            self.open += sign
            self.firing += sign * (alert.state is State.FIRING)
            self.unmuted += sign * (not alert.muted_by)
            if alert.effect_of:
                self.effects += sign
                self.changed = True
            self.by_severity[alert.severity] += sign

    def worst(self) -> Severity:
        """Return the worst severity among the open ones."""
        return max((severity for severity, count in self.by_severity.items() if count), default=Severity.INFO)

    def shown_targets(self) -> tuple[str, ...]:
        """Return the first names, for people."""
        return tuple(nsmallest(_SHOWN_TARGETS, self.targets))


def counted(incident: Incident, tally: Tally) -> Incident:
    """Return an incident with what its alerts come to."""
    return replace(incident, targets=tally.shown_targets(), target_count=len(tally.targets), effect_count=tally.effects)


class Totals:
    """How many alerts there are."""

    def __init__(self) -> None:
        self.by_state: Counter[tuple[State, Severity]] = Counter()
        self.of_source: dict[str, int] = {}  # those that are not resolved

    def weigh(self, alert: Alert, sign: int) -> None:
        """Count what an alert is (1), or was (-1)."""
        self.by_state[alert.state, alert.severity] += sign
        if alert.state is State.RESOLVED:
            return
        count = self.of_source.get(alert.source, 0) + sign
        if count:
            self.of_source[alert.source] = count
        else:
            del self.of_source[alert.source]


class Firing(OpenAlerts):
    """The alerts that fire, acknowledged or not, as correlators see them; by rule, pending and resolved ones too."""

    def __init__(self, keys: Mapping[str, str], is_ending: Callable[[str], bool]) -> None:
        self._alerts: dict[str, Alert] = {}
        self._sites: dict[str, dict[str, dict[str, None]]] = {}
        self._rules: dict[str, dict[str, Alert]] = {}
        self._over: dict[str, dict[str, Alert]] = {}  # by rule, the resolved ones that are still known
        self._keys = keys  # incident id → its key
        self._is_ending = is_ending

    def __getitem__(self, alert_id: str) -> Alert:
        return self._alerts[alert_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._alerts)

    def __len__(self) -> int:
        return len(self._alerts)

    def of_site(self, site: str) -> Mapping[str, Collection[str]]:
        """Return target → ids of its alerts, for one site."""
        return self._sites.get(site, {})

    def key_of(self, alert_id: str) -> str:
        """Return the key of the incident that an alert belongs to; empty where it has none yet."""
        return self._keys.get(self._alerts[alert_id].incident, "")

    def of_rule(self, rule: str) -> Mapping[str, Alert]:
        """Return the alerts of a rule that fire or are pending."""
        return self._rules.get(rule, {})

    def over_of_rule(self, rule: str) -> Mapping[str, Alert]:
        """Return the alerts of a rule that were resolved lately."""
        return self._over.get(rule, {})

    def is_ending(self, alert_id: str) -> bool:
        """Tell whether an alert's source said that it is over."""
        return self._is_ending(alert_id)

    def put(self, alert: Alert, before: Alert | None) -> None:
        """Take an alert's new value; `before` is the one that was known until now."""
        if before is not None:
            _leave(self._over if before.state is State.RESOLVED else self._rules, before)
        (self._over if alert.state is State.RESOLVED else self._rules).setdefault(alert.rule, {})[alert.id] = alert
        old = self._alerts.get(alert.id)
        if alert.state not in OPEN:
            self.drop(alert.id)
            return
        if old is not None and (old.site, old.target) != (alert.site, alert.target):
            self.drop(alert.id)
        self._alerts[alert.id] = alert
        self._sites.setdefault(alert.site, {}).setdefault(alert.target, {})[alert.id] = None

    def forget(self, alert: Alert) -> None:
        """Know a resolved alert no longer."""
        _leave(self._over, alert)

    def drop(self, alert_id: str) -> None:
        """Take an alert from those that fire."""
        alert = self._alerts.pop(alert_id, None)
        if alert is None:
            return
        targets = self._sites[alert.site]
        ids = targets[alert.target]
        del ids[alert_id]
        if not ids:
            del targets[alert.target]
        if not targets:
            del self._sites[alert.site]


def _leave(rules: dict[str, dict[str, Alert]], alert: Alert) -> None:
    alerts = rules.get(alert.rule, {})
    alerts.pop(alert.id, None)
    if not alerts:
        rules.pop(alert.rule, None)
