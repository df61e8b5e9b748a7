"""Which alerts are one incident, by place: those of a target, or of a site where several targets fail at once. Pure.

It decides for alerts of which the graph of causes knows nothing.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final

from netmon.api import Account, Alert, Finding, OpenAlerts, Place
from netmon.core.alerts.settings import AlertSettings

_SITE: Final = "site:"
_LANGUAGES: Final = ("en", "id")
_SITE_TITLES: Final = {
    "en": "Site {site}: several targets in trouble at once",
    "id": "Lokasi {site}: beberapa perangkat terganggu bersamaan",
}


class BySite:
    """Alerts of one target are one incident; those of `targets_for_site` targets within `site_window_s` the site's.

    Muted alerts do not count: planned work on some devices must not hide what befalls another. Nor do those for which
    somebody else decides; `is_theirs` tells which.
    """

    def __init__(self, settings: AlertSettings, is_theirs: Callable[[Alert], bool] = lambda _alert: False) -> None:
        self._targets = settings.targets_for_site
        self._window_s = settings.site_window_s
        self._is_theirs = is_theirs

    def weighs(self, alert: Alert) -> bool:
        """Tell that no alert is a sign of a cause here."""
        del alert
        return False

    def review(self, open_alerts: OpenAlerts, now: float) -> Mapping[str, Place]:
        """Return nothing: who only looks at places never thinks again."""
        del open_alerts, now
        return {}

    def accounts(self) -> Mapping[str, Account]:
        """Return nothing: a place is no cause."""
        return {}

    def findings(self, open_alerts: OpenAlerts, now: float) -> Sequence[Finding]:
        """Return nothing."""
        del open_alerts, now
        return ()

    def assign(self, fired: Sequence[Alert], open_alerts: OpenAlerts) -> Mapping[str, str]:
        """Return alert id → incident key, for those that just fired and for those that their site takes along."""
        keys = {alert.id: own_key(alert) for alert in fired}
        sites: dict[str, list[Alert]] = {}
        for alert in fired:
            if alert.site and alert.target and not alert.muted_by:
                sites.setdefault(alert.site, []).append(alert)
        for site, alerts in sites.items():
            keys.update(self._gather(site, alerts, open_alerts))
        return keys

    def _gather(self, site: str, fired: Sequence[Alert], open_alerts: OpenAlerts) -> Mapping[str, str]:
        """Return what of a site becomes its incident; empty where that is not the case."""
        key = _SITE + site
        now = max(alert.fired_at or 0.0 for alert in fired)
        targets = open_alerts.of_site(site)
        recent: list[str] = []
        for target, alert in self._recent(targets, open_alerts, now):
            if open_alerts.key_of(alert.id) == key:  # there is one, and it still grows
                return {alert.id: key for alert in fired}
            recent.append(target)
            if len(recent) == self._targets:
                break
        else:
            return {}
        found = [target for target, _ in self._recent(targets, open_alerts, now)]
        return {
            alert_id: key
            for target in found
            for alert_id in targets[target]
            if not self._is_theirs(open_alerts[alert_id])
        }

    def _recent(
        self, targets: Mapping[str, Collection[str]], open_alerts: OpenAlerts, now: float
    ) -> Iterator[tuple[str, Alert]]:
        """Give the targets where an unmuted alert fired within the window, each with one such alert."""
        for target, ids in targets.items():
            for alert_id in ids:
                alert = open_alerts[alert_id]
                if alert.muted_by or abs(now - (alert.fired_at or 0.0)) > self._window_s:
                    continue
                if not self._is_theirs(alert):
                    yield target, alert
                    break

    def title(self, key: str, alerts: Sequence[Alert]) -> Mapping[str, str]:
        """Return an incident's title: the site, or what is worst at the target."""
        if key.startswith(_SITE):
            site = key.removeprefix(_SITE)
            return {language: text.format(site=site) for language, text in _SITE_TITLES.items()}
        severity = max(alert.severity for alert in alerts)
        the_worst = [alert for alert in alerts if alert.severity is severity]
        worst = min(the_worst, key=lambda alert: (alert.fired_at or 0.0, alert.key))  # the first: titles should stay
        return {language: _about(worst, language) for language in _LANGUAGES}


def own_key(alert: Alert) -> str:
    """Return the key of the incident that an alert is in where it is alone."""
    return f"target:{alert.target}" if alert.target else f"alert:{alert.key}"


def _about(alert: Alert, language: str) -> str:
    summary = alert.summaries.get(language, alert.summary)
    return summary if not alert.target or alert.target in summary else f"{alert.target}: {summary}"
