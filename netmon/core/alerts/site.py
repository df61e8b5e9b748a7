"""Which alerts are one incident, by place: those of a target, or of a site where much fails at once. Pure.

It decides for alerts of which the graph of causes knows nothing.
"""

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from netmon.api import Account, Alert, Finding, OpenAlerts, Place, Severity
from netmon.core.alerts.settings import AlertSettings

_SITE: Final = "site:"
_FORECAST: Final = "forecast:"
_METRIC: Final = "metric"  # in the evidence of limits and forecasts
_OURS: Final = frozenset({"alertname", "instance", "site", "severity"})  # labels that every alert has
_LANGUAGES: Final = ("en", "id")
_SITE_TITLES: Final = {
    "en": "Site {site}: several targets in trouble at once",
    "id": "Lokasi {site}: beberapa perangkat terganggu bersamaan",
}


class BySite:
    """Alerts of one target are one incident, and each forecast is one.

    Where there is evidence for a common cause, those of a site are one.
    There is when, within `site_window_s`, the same rule fires on `targets_for_site` targets, or errors or worse on so
    many targets that are `site_share` of all there. These alerts are the site's incident, and so is what befalls its
    targets within that time. Only trouble that is there now counts and is taken along: no forecasts, no infos; nor
    muted alerts, since planned work on some devices must not hide what befalls another.

    A forecast is hidden by nothing else that befalls its target. Only what is wrong with the very thing that it speaks
    of joins it: the same metric of the same target, by the labels that both have.

    `is_theirs` tells for which alerts somebody else decides; `targets_at` how many targets a site has, 0 where that is
    not known: then the same rule alone counts.
    """

    def __init__(
        self,
        settings: AlertSettings,
        is_theirs: Callable[[Alert], bool] = lambda _alert: False,
        targets_at: Callable[[str], int] = lambda _site: 0,
    ) -> None:
        self._targets = settings.targets_for_site
        self._share = settings.site_share
        self._window_s = settings.site_window_s
        self._is_theirs = is_theirs
        self._targets_at = targets_at

    def weighs(self, alert: Alert) -> bool:
        """Tell that no alert is a sign of a cause here."""
        del alert
        return False

    def review(self, open_alerts: OpenAlerts, now: float) -> Mapping[str, Place]:
        """Return nothing: who only looks at places never thinks again."""
        del open_alerts, now
        return {}

    def is_due(self, now: float) -> bool:
        """Tell that time alone changes nothing."""
        del now
        return False

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
        keys |= _foretold(fired, open_alerts)
        sites: dict[str, list[Alert]] = {}
        for alert in fired:
            if alert.site and self._counts(alert, open_alerts):
                sites.setdefault(alert.site, []).append(alert)
        for site, alerts in sites.items():
            if len(open_alerts.of_site(site)) >= self._targets:
                now = max(alert.fired_at or 0.0 for alert in alerts)
                keys.update(self._gather(_Look(site, alerts, now, open_alerts)))
        return keys

    def _counts(self, alert: Alert, open_alerts: OpenAlerts) -> bool:
        """Tell whether an alert is trouble that may have a cause at its site, and nobody else decides on it."""
        if not alert.target or alert.muted_by or alert.impact is not None or alert.severity is Severity.INFO:
            return False
        key = open_alerts.key_of(alert.id)
        by_place = key in {"", own_key(alert), _SITE + alert.site} or key.startswith(_FORECAST)
        return by_place and not self._is_theirs(alert)

    def _gather(self, look: "_Look") -> Mapping[str, str]:
        """Return what of a site becomes its incident, or joins it."""
        found: set[str] = set()
        for rule in dict.fromkeys(alert.rule for alert in look.fired):
            found.update(self._together(look, self._targets, rule))
        there = self._targets_at(look.site)
        needed = max(self._targets, ceil(self._share * there))
        if there and len(look.targets) >= needed and any(_is_error(alert) for alert in look.left(found)):
            found.update(self._together(look, needed, None))
        found.update(alert.id for alert in look.left(found) if self._is_hit(look, alert.target))
        return dict.fromkeys(found, look.key)

    def _together(self, look: "_Look", needed: int, rule: str | None) -> Collection[str]:
        """Return the ids of what a rule finds, or of all errors, if so many targets have that, and it is new."""
        first: dict[str, Alert] = {}
        for alert in self._recent(look, look.alike(rule)):
            first.setdefault(alert.target, alert)
            if len(first) == needed:
                break
        else:
            return ()
        fired = {alert.id for alert in look.fired}
        before = [look.is_in(alert) for alert in first.values() if alert.id not in fired]
        if before and all(before):  # the incident is there, and all that fired before is in it
            return {alert.id for alert in look.fired if _is_alike(alert, rule)}
        return {alert.id for alert in self._recent(look, look.alike(rule))}

    def _is_hit(self, look: "_Look", target: str) -> bool:
        """Tell whether something at a target is in the site's incident."""
        return any(look.is_in(alert) for alert in self._recent(look, look.of_target(target)))

    def _recent(self, look: "_Look", alerts: Iterable[Alert]) -> Iterator[Alert]:
        """Give what of these fired within the window and counts."""
        for alert in alerts:
            if abs(look.now - (alert.fired_at or 0.0)) <= self._window_s and self._counts(alert, look.open_alerts):
                yield alert

    def title(self, key: str, alerts: Sequence[Alert]) -> Mapping[str, str]:
        """Return an incident's title: the site, or what is worst at the target."""
        if key.startswith(_SITE):
            site = key.removeprefix(_SITE)
            return {language: text.format(site=site) for language, text in _SITE_TITLES.items()}
        severity = max(alert.severity for alert in alerts)
        the_worst = [alert for alert in alerts if alert.severity is severity]
        # What is there, before what will be; of these the first, since titles should stay.
        worst = min(the_worst, key=lambda alert: (alert.impact is not None, alert.fired_at or 0.0, alert.key))
        return {language: _about(worst, language) for language in _LANGUAGES}


@dataclass(frozen=True, slots=True)
class _Look:
    """A site, what counts of what just fired there, when (Unix seconds), and all that fires."""

    site: str
    fired: Sequence[Alert]
    now: float
    open_alerts: OpenAlerts

    @property
    def key(self) -> str:
        """Return the key of the site's incident."""
        return _SITE + self.site

    @property
    def targets(self) -> Mapping[str, Collection[str]]:
        """Return what fires at the site."""
        return self.open_alerts.of_site(self.site)

    def is_in(self, alert: Alert) -> bool:
        """Tell whether an alert is in the site's incident."""
        return self.open_alerts.key_of(alert.id) == self.key

    def left(self, found: Container[str]) -> Sequence[Alert]:
        """Return what just fired and is not among these."""
        return [alert for alert in self.fired if alert.id not in found]

    def of_target(self, target: str) -> Iterator[Alert]:
        """Give what fires on a target of the site."""
        return (self.open_alerts[alert_id] for alert_id in self.targets.get(target, ()))

    def alike(self, rule: str | None) -> Iterator[Alert]:
        """Give what fires at the site by a rule, or all errors and worse there; goes through whatever is less."""
        by_rule = {} if rule is None else self.open_alerts.of_rule(rule)
        if rule is not None and len(by_rule) <= len(self.targets):
            return (alert for alert in by_rule.values() if alert.site == self.site and alert.id in self.open_alerts)
        return (alert for target in self.targets for alert in self.of_target(target) if _is_alike(alert, rule))


def _is_error(alert: Alert) -> bool:
    return alert.severity >= Severity.ERROR


def _is_alike(alert: Alert, rule: str | None) -> bool:
    return _is_error(alert) if rule is None else alert.rule == rule


def own_key(alert: Alert) -> str:
    """Return the key of the incident that an alert is in where it is alone: its target's, or a forecast's own."""
    if alert.impact is not None:
        return _FORECAST + alert.key
    return f"target:{alert.target}" if alert.target else f"alert:{alert.key}"


def _foretold(fired: Sequence[Alert], open_alerts: OpenAlerts) -> Mapping[str, str]:
    """Return alert id → key of a forecast's incident, for what fired on the thing that a forecast there speaks of."""
    told: dict[str, list[tuple[str, Alert]]] = {}  # target → what is in forecasts' incidents there
    found: dict[str, str] = {}
    for alert in fired:
        if alert.impact is not None or not alert.target or not alert.evidence.get(_METRIC):
            continue
        if alert.target not in told:
            told[alert.target] = list(_in_forecasts(alert, open_alerts))
        key = min((key for key, other in told[alert.target] if _is_same_thing(alert, other)), default="")
        if key:
            found[alert.id] = key
    return found


def _in_forecasts(alert: Alert, open_alerts: OpenAlerts) -> Iterator[tuple[str, Alert]]:
    """Give what is, or goes right now, in incidents of forecasts on an alert's target, with their keys."""
    for alert_id in open_alerts.of_site(alert.site).get(alert.target, ()):
        other = open_alerts[alert_id]
        key = open_alerts.key_of(alert_id) or own_key(other)
        if key.startswith(_FORECAST):
            yield key, other


def _is_same_thing(alert: Alert, other: Alert) -> bool:
    """Tell whether two alerts of one target speak of one metric and agree in all labels that both have."""
    if alert.evidence.get(_METRIC) != other.evidence.get(_METRIC):
        return False
    both = (alert.labels.keys() & other.labels.keys()) - _OURS
    return all(alert.labels[name] == other.labels[name] for name in both)


def _about(alert: Alert, language: str) -> str:
    summary = alert.summaries.get(language, alert.summary)
    return summary if not alert.target or alert.target in summary else f"{alert.target}: {summary}"
