"""Alerts that fire become incidents, and what happens to an incident follows from its alerts. Pure.

An act fires its alerts as one batch, so that a correlator sees what happened together; when the act is done each
incident that it touched is looked at once. Only what people should know is a change: 10,000 alerts that join one
incident are 10,000 changes of alerts and a few of the incident.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from netmon.api import Alert, Correlator, Incident
from netmon.api.alerts import State
from netmon.core.alerts.act import Act, last_news, severity_text
from netmon.core.alerts.book import number
from netmon.core.alerts.changes import Timers, What
from netmon.core.alerts.tally import OPEN, Tally

OVERFLOW: Final = "overflow"
"""The key of the incident that collects what fires when there are too many."""

_OVERFLOW_TITLES: Final = {
    "en": "More incidents than netmon can follow: further alerts are collected here",
    "id": "Insiden melebihi yang dapat diikuti netmon: peringatan selebihnya dikumpulkan di sini",
}


def finish(act: Act, correlator: Correlator) -> None:
    """Fire what is to fire, and look at the incidents that were touched."""
    if act.to_fire:
        _fire(act, correlator)
    for incident_id in sorted(act.touched, key=number):
        _settle(act, correlator, incident_id)


def _fire(act: Act, correlator: Correlator) -> None:
    book = act.book
    before = {alert_id: book.alerts.get(alert_id) for alert_id in act.to_fire}
    timers: dict[str, Timers] = {}
    for alert, timer in act.to_fire.values():
        fired = replace(alert, state=State.FIRING, fired_at=act.now, updated_at=act.now, incident="")
        book.lay(fired, timer)  # so that the correlator sees it among the others
        timers[alert.id] = timer
    keys = correlator.assign([book.alerts[alert_id] for alert_id in timers], book.firing)
    for key, alerts in _by_key(act, timers, keys).items():
        incident = _incident_for(act, correlator, key, alerts)
        for alert in alerts:
            if alert.id in timers:
                was = before[alert.id]
                state = None if was is None else was.state
                act.alert_from(What.FIRING, state, replace(alert, incident=incident.id), timers[alert.id])
            elif alert.incident != incident.id:
                act.moved[alert.incident] = incident.id
                act.touched.add(alert.incident)
                act.alert(What.REGROUPED, replace(alert, incident=incident.id), act.timers(alert.id))


def _by_key(act: Act, fired: Iterable[str], keys: Mapping[str, str]) -> dict[str, list[Alert]]:
    """Return incident key → the alerts that belong there, new ones and those that move."""
    found: dict[str, list[Alert]] = {}
    assigned = dict(keys)
    for alert_id in fired:
        assigned.setdefault(alert_id, f"alert:{alert_id}")  # a correlator that forgets one loses none
    for alert_id, key in assigned.items():
        alert = act.book.firing.get(alert_id)
        if alert is not None:
            found.setdefault(key, []).append(alert)
    return found


def _incident_for(act: Act, correlator: Correlator, key: str, alerts: list[Alert]) -> Incident:
    """Return the open incident of a key; one that was just resolved opens again."""
    latest = act.book.latest(key)
    if latest is not None and latest.state in OPEN:
        act.touched.add(latest.id)
        if not all(alert.muted_by for alert in alerts):
            act.news.add(latest.id)
        act.sizes.setdefault(latest.id, len(act.book.tallies[latest.id].members))
        return latest
    if latest is not None and _just_resolved(act, latest):
        again = replace(_unacknowledged(_fresh(act, latest, alerts)), resolved_at=None)
        return act.incident(What.REOPENED, again)
    if key != OVERFLOW and not act.book.has_room_for_incident:
        return _incident_for(act, correlator, OVERFLOW, alerts)
    titles = _titles(correlator, key, alerts)
    incident = Incident(
        id=act.book.next_id("I"),
        key=key,
        title=titles["en"],
        titles=_other_than_english(titles),
        site=_site(alerts),
        severity=alerts[0].severity,
        state=State.FIRING,
        opened_at=act.now,
        updated_at=act.now,
    )
    return act.incident(What.OPENED, _with_targets(_fresh(act, incident, alerts), alerts))


def _just_resolved(act: Act, incident: Incident) -> bool:
    since = act.now - (incident.resolved_at or incident.updated_at)
    return not incident.merged_into and abs(since) <= act.settings.reopen_within_s


def _fresh(act: Act, incident: Incident, alerts: list[Alert]) -> Incident:
    """Return an incident that these alerts open."""
    act.sizes.setdefault(incident.id, len(alerts))  # its title is new
    worst = max(alert.severity for alert in alerts)
    return replace(incident, state=State.FIRING, severity=worst, muted=all(alert.muted_by for alert in alerts))


def _with_targets(incident: Incident, alerts: list[Alert]) -> Incident:
    tally = Tally()
    for alert in alerts:
        tally.join(alert)
    return replace(incident, targets=tally.shown_targets(), target_count=len(tally.targets))


def _site(alerts: list[Alert]) -> str:
    """Return the site of alerts; empty where they are of several."""
    sites = {alert.site for alert in alerts}
    return sites.pop() if len(sites) == 1 else ""


def _titles(correlator: Correlator, key: str, alerts: list[Alert]) -> dict[str, str]:
    return dict(_OVERFLOW_TITLES if key == OVERFLOW else correlator.title(key, alerts))


def _other_than_english(titles: dict[str, str]) -> dict[str, str]:
    return {language: title for language, title in titles.items() if language != "en"}


def _settle(act: Act, correlator: Correlator, incident_id: str) -> None:
    """Let an incident follow its alerts."""
    incident = act.book.incidents.get(incident_id)
    if incident is None or incident.state is State.RESOLVED:
        return
    tally = act.book.tallies[incident_id]
    if tally.open == 0:
        _close(act, incident)
        return
    incident = _rise(act, incident, tally)
    if incident.id in act.released and incident.state is State.ACKNOWLEDGED:
        incident = act.incident(What.UNACKNOWLEDGED, _unacknowledged(incident), act.released[incident.id])
    incident = _follow_acknowledgements(act, incident, tally)
    muted = tally.unmuted == 0
    if muted != incident.muted:
        incident = act.incident(What.MUTED if muted else What.UNMUTED, replace(incident, muted=muted))
    _retitle(act, correlator, incident, tally)


def _close(act: Act, incident: Incident) -> None:
    taker = act.moved.get(incident.id, "")
    what, note = (What.MERGED, f"merged into {taker}") if taker else (What.RESOLVED, None)
    act.incident(what, replace(incident, state=State.RESOLVED, resolved_at=act.now, merged_into=taker), note)


def _unacknowledged(incident: Incident) -> Incident:
    return replace(incident, state=State.FIRING, acknowledged_at=None, acknowledged_by="", note="")


def _rise(act: Act, incident: Incident, tally: Tally) -> Incident:
    """Its alerts got worse, or one joined when people had long heard the last of it: that takes attention anew."""
    worst = tally.worst()
    if worst > incident.severity:
        note = severity_text(incident.severity, worst)
        return act.incident(What.WORSE, replace(_unacknowledged(incident), severity=worst), note)
    if incident.id in act.news and abs(act.now - last_news(incident)) > act.settings.news_after_s:
        return act.incident(What.GROWN, _unacknowledged(incident))
    return incident


def _follow_acknowledgements(act: Act, incident: Incident, tally: Tally) -> Incident:
    """Acknowledged when all that fires is; what joins soon after is covered by that, as long as it is no worse."""
    if incident.state is State.FIRING and tally.firing == 0:
        last = max(
            (alert for alert in act.book.members(incident.id) if alert.state is State.ACKNOWLEDGED),
            key=lambda alert: (alert.acknowledged_at or 0.0, alert.id),
        )
        taken = replace(
            incident,
            state=State.ACKNOWLEDGED,
            acknowledged_at=last.acknowledged_at,
            acknowledged_by=last.acknowledged_by,
            note=last.note,
        )
        return act.incident(What.ACKNOWLEDGED, taken)
    return incident


def _retitle(act: Act, correlator: Correlator, incident: Incident, tally: Tally) -> None:
    """Look for a better title each time that the alerts of an incident have doubled."""
    before = act.sizes.get(incident.id)
    if before is None or len(tally.members).bit_length() <= before.bit_length() or incident.key == OVERFLOW:
        return
    alerts = [alert for alert in act.book.members(incident.id) if alert.state in OPEN]
    titles = _titles(correlator, incident.key, alerts)
    better = replace(incident, title=titles["en"], titles=_other_than_english(titles))
    if better != incident:
        act.incident(What.RETITLED, better)
