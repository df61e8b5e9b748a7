"""From alerts to facts: what an alert tells of the network, by the table of the settings. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from netmon.api import Alert
from netmon.core.causes.facts import ApplicationDown, Fact, LightLow, PortDown, PortUp, PowerLost, Unreachable
from netmon.core.causes.settings import CauseSettings
from netmon.core.causes.topology import Topology

RX_POWER: Final = "netmon_optical_rx_power_dbm"  # evidence: light received now, dBm
CLEARED: Final = "cleared"  # why an alert ended: its source said that it is over
EXPIRED: Final = "expired"  # nobody said it any more
RX_BEFORE: Final = f"{RX_POWER}.before"  # evidence: the last reading while all was well


class Signs:
    """Reads alerts as facts. `rules` are those whose alerts may be facts; `port_down` of these, those on ports.

    `companions` are the rules which say again what one of ours says.
    """

    def __init__(self, settings: CauseSettings, topology: Topology) -> None:
        self._topology = topology
        self._port_labels = settings.port_labels
        self._unreachable = frozenset(settings.unreachable)
        self.port_down = frozenset(settings.port_down)
        self._light_low = frozenset(settings.light_low)
        self._light_falling = frozenset(settings.light_falling)
        self._power_lost = frozenset(settings.power_lost)
        self._application_down = frozenset(settings.application_down)
        self.rules = self._unreachable.union(
            self.port_down, self._light_low, self._light_falling, self._power_lost, self._application_down
        )
        self._ours = dict.fromkeys(settings.also_unreachable, settings.unreachable)
        self._ours |= dict.fromkeys(settings.also_power_lost, settings.power_lost)
        self.companions = frozenset(self._ours)

    def ours(self, rule: str) -> Sequence[str]:
        """Return our rules which say what a companion's rule says as well; empty where it is none."""
        return self._ours.get(rule, ())

    def fact(self, alert: Alert) -> Fact | None:
        """Return what an alert tells; None where it is no sign, or of what the inventory does not know."""
        return self._fact(alert, alert.rule) if alert.rule in self.rules else None

    def told_by_others(self, alert: Alert) -> Fact | None:
        """Return what a companion tells where nothing of ours can; None as above."""
        ours = self.ours(alert.rule)
        return self._fact(alert, ours[0]) if ours else None

    def _fact(self, alert: Alert, rule: str) -> Fact | None:
        since = alert.starts_at
        if rule in self._power_lost:
            return (
                PowerLost(alert.id, since, alert.site, alert.target) if alert.site in self._topology.of_site else None
            )
        node = self._topology.node(alert.target)
        if node is None:
            return None
        if rule in self._application_down:
            return ApplicationDown(alert.id, since, node.name) if node.kind == "application" else None
        if node.kind == "application":
            return None
        return Unreachable(alert.id, since, node.name) if rule in self._unreachable else self._port_fact(alert)

    def _port_fact(self, alert: Alert) -> Fact | None:
        port = self._port(alert)
        if port is None:
            return None
        now, before = _dbm(alert, RX_POWER), _dbm(alert, RX_BEFORE)
        if alert.rule in self.port_down:
            return PortDown(alert.id, alert.starts_at, alert.target, port, now, before)
        if now is None and alert.evidence.get("metric") == RX_POWER:
            now = _dbm(alert, "value")
        foretold = alert.rule in self._light_falling
        return LightLow(alert.id, alert.starts_at, alert.target, port, now, before, foretold)

    def _port(self, alert: Alert) -> str | None:
        """Return the port that an alert speaks of, as the inventory calls it."""
        for label in self._port_labels:
            port = alert.labels.get(label, "")
            if port and self._topology.edge_at(alert.target, port) is not None:
                return port
        return None

    def last_told(self, alert: Alert, silent_since: Mapping[str, float]) -> Fact | None:
        """Return what an alert told that nobody says any more, since its target fell silent; None where it did not.

        `silent_since` has the start of silence of targets that do not answer.
        """
        if alert.rule not in self.port_down or alert.why_resolved != EXPIRED or alert.fired_at is None:
            return None
        since = silent_since.get(alert.target)
        return self.fact(alert) if since is not None and (alert.resolved_at or 0.0) >= since else None

    def port_up(self, alert: Alert) -> PortUp | None:
        """Return what an alert that is over tells: a port is up again. None where it ended for another reason."""
        if alert.rule not in self.port_down or alert.why_resolved != CLEARED:
            return None
        port = self._port(alert)
        at = alert.starts_at if alert.resolved_at is None else alert.resolved_at
        return None if port is None else PortUp(alert.id, at, alert.target, port)


def _dbm(alert: Alert, name: str) -> float | None:
    value = alert.evidence.get(name)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
