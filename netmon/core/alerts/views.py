"""What others see of the book: sorted, and sorted again only when the order changed. Pure."""

from collections.abc import Mapping
from typing import Final

from netmon.api import Alert, Incident, Maintenance, Severity, Silence
from netmon.api.alerts import State
from netmon.core.alerts.book import Book, number

_RANK: Final = {severity: rank for rank, severity in enumerate(Severity)}


class Views:
    """Lists of alerts and incidents: open ones first, then the worst, then the newest."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._version = -1
        self._alert_ids: list[str] = []
        self._incident_ids: list[str] = []

    def alerts(self) -> list[Alert]:
        """Return every alert, resolved ones last."""
        self._sort()
        alerts = self._book.alerts
        return [alerts[alert_id] for alert_id in self._alert_ids]

    def incidents(self) -> list[Incident]:
        """Return every incident, resolved ones last."""
        self._sort()
        return [self._book.incident(incident_id) for incident_id in self._incident_ids]

    def silences(self) -> list[Silence]:
        """Return every silence, the last to end first."""
        found = [mute for mute in self._book.mutes.values() if isinstance(mute, Silence)]
        return sorted(found, key=lambda mute: (-mute.ends_at, mute.id))

    def maintenances(self, upcoming: Mapping[str, Maintenance]) -> list[Maintenance]:
        """Return every maintenance window and those that the settings bring next, the last to end first."""
        known = {mute.id: mute for mute in self._book.mutes.values() if isinstance(mute, Maintenance)}
        return sorted({**upcoming, **known}.values(), key=lambda mute: (-mute.ends_at, mute.id))

    def _sort(self) -> None:
        if self._version == self._book.version:
            return
        self._version = self._book.version
        alerts = sorted(self._book.alerts.values(), key=_alert_order)
        self._alert_ids = [alert.id for alert in alerts]
        incidents = sorted(self._book.incidents.values(), key=_incident_order)
        self._incident_ids = [incident.id for incident in incidents]


def _alert_order(alert: Alert) -> tuple[bool, int, float, str]:
    return alert.state is State.RESOLVED, -_RANK[alert.severity], -alert.starts_at, alert.id


def _incident_order(incident: Incident) -> tuple[bool, int, int]:
    return incident.state is State.RESOLVED, -_RANK[incident.severity], -number(incident.id)
