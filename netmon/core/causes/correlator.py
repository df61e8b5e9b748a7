"""Which alerts are one incident, by cause: signs of one failure and everything that it explains. Pure.

Alerts that are signs of something in the network (a port, a device, an application; see `signs`) are looked at all
together, and each goes to the incident of the failure that explains it. Others are grouped by place.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from netmon.api import Account, Alert, Finding, OpenAlerts, Place
from netmon.core.alerts.settings import AlertSettings
from netmon.core.alerts.site import BySite, own_key
from netmon.core.causes import telling
from netmon.core.causes.companions import Companions, is_in_cause
from netmon.core.causes.explain import explain
from netmon.core.causes.facts import Fact, LightLow, PortDown, Unreachable
from netmon.core.causes.found import Cause, Explanation
from netmon.core.causes.recovery import KEY, Recovery
from netmon.core.causes.signs import Signs
from netmon.core.causes.topology import Topology
from netmon.core.causes.watch import RULE, Watch, lost_by

__all__ = ["KEY", "ByCause"]


class ByCause:
    """Alerts that one failure explains are one incident. What it knows beyond that follows from the open alerts.

    `unpolled` names the nodes that netmon does not poll: of these, others' words are signs.
    """

    def __init__(self, settings: AlertSettings, topology: Topology, unpolled: Collection[str] = ()) -> None:
        self._topology = topology
        self._signs = Signs(settings.causes, topology)
        self._companions = Companions(settings.causes, topology, self._signs, unpolled)
        self._recovery = Recovery(self._signs, topology, settings.causes.grace_s)
        self._rest = BySite(settings, self._has_place, self._targets_at)
        self._watch = Watch(topology)
        self._facts: frozenset[Fact] | None = None  # what was explained last; None: nothing yet
        self._ranks: Mapping[str, int] = {}  # fact's id → how much less than a failure it tells
        self._explanation = Explanation()
        self._thought: Mapping[str, Account] = {}  # incident key → what is thought of a cause
        self._accounts: Mapping[str, Account] = {}  # of these, those of causes that have alerts in their incidents

    def weighs(self, alert: Alert) -> bool:
        """Tell whether an alert is a sign of something in the inventory, follows from a cause, or repeats a sign."""
        return self._signs.fact(alert) is not None or bool(lost_by(alert)) or self._companions.concern(alert)

    def _has_place(self, alert: Alert) -> bool:
        return self._signs.fact(alert) is not None or bool(lost_by(alert)) or self._companions.has_placed(alert)

    def _targets_at(self, site: str) -> int:
        return len(self._topology.of_site.get(site, ()))

    def is_due(self, now: float) -> bool:
        """Tell whether something has outlasted its cause for long enough."""
        return now >= min(self._companions.due_at, self._recovery.due_at)

    def assign(self, fired: Sequence[Alert], open_alerts: OpenAlerts) -> Mapping[str, str]:
        """Return alert id → incident key, by place."""
        return self._rest.assign(fired, open_alerts)

    def title(self, key: str, alerts: Sequence[Alert]) -> Mapping[str, str]:
        """Return an incident's title: its cause's, or by place where none is known."""
        account = self._accounts.get(key)
        return self._rest.title(key, alerts) if account is None else account.titles

    def accounts(self) -> Mapping[str, Account]:
        """Return incident key → what is thought of its cause."""
        return self._accounts

    def review(self, open_alerts: OpenAlerts, now: float) -> Mapping[str, Place]:
        """Explain all signs; return those alerts' places that are elsewhere."""
        self._explain(open_alerts, now)
        return {
            alert.id: place
            for alert, place in self._places(open_alerts, now)
            if alert.id in open_alerts
            and (open_alerts.key_of(alert.id), alert.effect_of) != (place.key, place.effect_of)
        }

    def findings(self, open_alerts: OpenAlerts, now: float) -> Sequence[Finding]:
        """Return redundancy that is lost and was not said yet, or is back; nothing before the first review."""
        if self._facts is None:
            return ()
        failed = [
            cause.element
            for cause in self._explanation.causes
            if KEY + cause.element in self._accounts
            and not cause.degraded
            and not all(map(open_alerts.is_ending, self._shown_by(cause)))
        ]
        return self._watch.findings(failed, open_alerts, now)

    def _explain(self, open_alerts: OpenAlerts, now: float) -> None:
        facts = self._told(open_alerts)
        if facts == self._facts:
            return
        self._facts = facts
        self._ranks = {fact.id: _rank(fact) for fact in facts}
        self._explanation = explain(self._topology, sorted(facts, key=lambda fact: fact.id), now)
        found = telling.accounts(self._topology, self._explanation, facts)
        self._thought = {KEY + element: account for element, account in found.items()}

    def _told(self, open_alerts: OpenAlerts) -> frozenset[Fact]:
        """Return what alerts tell; that a port is up again only where neither end of its edge says that it is down."""
        alerts = (alert for rule in self._signs.rules for alert in open_alerts.of_rule(rule).values())
        facts = frozenset(fact for alert in alerts if (fact := self._signs.fact(alert)) is not None)
        facts = facts.union(self._companions.facts(open_alerts), self._last_told(open_alerts, facts))
        down = {self._topology.port[fact.node, fact.port] for fact in facts if isinstance(fact, PortDown)}
        over = (alert for rule in self._signs.port_down for alert in open_alerts.over_of_rule(rule).values())
        up = (fact for alert in over if (fact := self._signs.port_up(alert)) is not None)
        return facts.union(fact for fact in up if self._topology.port[fact.node, fact.port] not in down)

    def _last_told(self, open_alerts: OpenAlerts, facts: Collection[Fact]) -> Iterator[Fact]:
        """Give what those that are silent now told last: nobody can say it again, and it was true."""
        silent = {
            fact.node: fact.since
            for fact in facts
            if isinstance(fact, Unreachable) and not open_alerts.is_ending(fact.id)
        }
        for rule in self._signs.port_down if silent else ():
            for alert in open_alerts.over_of_rule(rule).values():
                fact = self._signs.last_told(alert, silent)
                if fact is not None:
                    yield fact

    def _shown_by(self, cause: Cause) -> Sequence[str]:
        """Return what shows a cause: the signs of its own that tell most, or its effects."""
        best = min((self._ranks[sign] for sign in cause.facts), default=0)
        return [sign for sign in cause.facts if self._ranks[sign] == best] or cause.effects

    def _ends(self, cause: Cause, open_alerts: OpenAlerts) -> bool:
        """Tell whether what shows a cause was said to be over; of light, what shows it at one end."""
        signs = [sign for sign in self._shown_by(cause) if sign in open_alerts]
        return bool(signs) and (any if cause.degraded else all)(map(open_alerts.is_ending, signs))

    def _signs_places(self, open_alerts: OpenAlerts, now: float) -> Mapping[str, Place]:
        """Return the places of signs by alert id, and keep what is thought of those causes that have any."""
        effects = {fact_id for cause in self._explanation.causes for fact_id in cause.effects}
        places = {
            fact_id: Place(KEY + element, element if fact_id in effects else "")
            for fact_id, element in self._explanation.cause_of.items()
        }
        places |= self._recovery.held(open_alerts, places, now)
        keys = {
            open_alerts.key_of(alert_id) if alert_id in open_alerts and open_alerts.is_ending(alert_id) else place.key
            for alert_id, place in places.items()
        }
        over = {KEY + cause.element for cause in self._explanation.causes if self._ends(cause, open_alerts)}
        self._accounts = {
            key: replace(account, ending=True) if key in over else account
            for key, account in self._thought.items()
            if key in keys
        }
        return places

    def _places(self, open_alerts: OpenAlerts, now: float) -> Iterator[tuple[Alert, Place]]:
        """Give every alert about which the graph has something to say, with its place."""
        places = self._signs_places(open_alerts, now)
        for rule in sorted(self._signs.rules):
            for alert in open_alerts.of_rule(rule).values():
                if alert.id in places:
                    yield alert, places[alert.id]
                elif self._signs.fact(alert) is not None or is_in_cause(open_alerts, alert):
                    yield alert, Place(own_key(alert))  # the graph cannot say, or knows it no longer
        yield from self._companions.places(open_alerts, places, now)
        for alert in open_alerts.of_rule(RULE).values():
            if element := lost_by(alert):
                known = KEY + element in self._accounts
                yield alert, Place(KEY + element, element) if known else Place(own_key(alert))


def _rank(fact: Fact) -> int:
    """Return how much less than a failure a fact tells: light that is low, light that will be."""
    return 0 if not isinstance(fact, LightLow) else 1 + fact.foretold
