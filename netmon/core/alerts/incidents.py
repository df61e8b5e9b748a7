"""Alerts that fire become incidents, and what happens to an incident follows from its alerts. Pure.

An act fires its alerts as one batch, so that a correlator sees what happened together; when the act is done each
incident that it touched is looked at once. Only what people should know is a change: 10,000 alerts that join one
incident are 10,000 changes of alerts and a few of the incident.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace

from netmon.api import Alert, Incident, Place
from netmon.api.alerts import State
from netmon.core.alerts.act import Act, last_news, severity_text
from netmon.core.alerts.book import number
from netmon.core.alerts.changes import Timers, What
from netmon.core.alerts.tally import OPEN, Tally
from netmon.core.alerts.titles import OVERFLOW, other_than_english, retitle, titled


def finish(act: Act, *, review: bool = False) -> None:
    """Fire what is to fire, and look at the incidents that were touched.

    `review`: look at all signs of causes anew first, which moves alerts to the incidents where they belong by now.
    """
    if act.to_fire or review:
        _place(act, review=review)
    if review:
        _look_at_hushed(act)
    for incident_id in sorted(act.touched, key=number):
        _settle(act, incident_id, review=review)
    if review:
        _explain(act)


def _place(act: Act, *, review: bool) -> None:
    """Bring the alerts that fire now, and those that turn out to belong elsewhere, into their incidents."""
    book, correlator = act.book, act.correlator
    before = {alert_id: book.alerts.get(alert_id) for alert_id in act.to_fire}
    timers: dict[str, Timers] = {}
    for alert, timer in act.to_fire.values():
        fired = replace(alert, state=State.FIRING, fired_at=act.now, updated_at=act.now, incident="", effect_of="")
        book.lay(fired, timer)  # so that the correlator sees it among the others
        timers[alert.id] = timer
    places: dict[str, Place] = {}
    if review:
        found = correlator.review(book.firing, act.now)
        places = {alert_id: place for alert_id, place in found.items() if not book.is_ending(alert_id)}
    if others := [book.alerts[alert_id] for alert_id in timers if alert_id not in places]:
        keys = correlator.assign(others, book.firing)
        places |= {alert_id: Place(key) for alert_id, key in keys.items() if alert_id not in places}
    for key, alerts in _by_key(act, timers, places).items():
        joining = [alert for alert in alerts if alert.id in timers or not _is_in(act, alert, key)]
        incident = _incident_for(act, key, joining) if joining and _has_room(act, key, joining, timers) else None
        for alert in alerts:
            effect_of = places[alert.id].effect_of if alert.id in places else ""
            placed = replace(alert, effect_of=effect_of, incident=alert.incident if incident is None else incident.id)
            if alert.id in timers:
                was = before[alert.id]
                act.alert_from(What.FIRING, None if was is None else was.state, placed, timers[alert.id])
            else:
                _move(act, alert, placed)


def _move(act: Act, old: Alert, new: Alert) -> None:
    """Bring an alert that fires already to where it belongs."""
    if old.incident != new.incident:
        act.moved[old.incident] = new.incident
        act.touched.add(old.incident)
        act.alert(What.REGROUPED, new, act.timers(new.id))
    elif old.effect_of != new.effect_of:
        act.alert(What.EXPLAINED, new, act.timers(new.id))


def _is_in(act: Act, alert: Alert, key: str) -> bool:
    incident = act.book.incidents.get(alert.incident)
    return incident is not None and incident.key == key and incident.state in OPEN


def _has_room(act: Act, key: str, alerts: list[Alert], fired: Container[str]) -> bool:
    """Tell whether alerts can go where they belong. Only what has no place yet goes to the incident that collects."""
    latest = act.book.latest(key)
    there = latest is not None and (latest.state in OPEN or _just_resolved(act, latest))
    return there or act.book.has_room_for_incident or any(alert.id in fired for alert in alerts)


def _by_key(act: Act, fired: Iterable[str], places: Mapping[str, Place]) -> dict[str, list[Alert]]:
    """Return incident key → the alerts that belong there, new ones and those that move."""
    found: dict[str, list[Alert]] = {}
    assigned = {alert_id: place.key for alert_id, place in places.items()}
    for alert_id in fired:
        assigned.setdefault(alert_id, f"alert:{alert_id}")  # a correlator that forgets one loses none
    for alert_id, key in assigned.items():
        alert = act.book.firing.get(alert_id)
        if alert is not None:
            found.setdefault(key, []).append(alert)
    return found


def _incident_for(act: Act, key: str, alerts: list[Alert]) -> Incident:
    """Return the open incident of a key; one that was just resolved opens again."""
    latest = act.book.latest(key)
    if latest is not None and latest.state in OPEN:
        act.touched.add(latest.id)
        if not all(alert.muted_by for alert in alerts):
            act.news.add(latest.id)
        act.sizes.setdefault(latest.id, len(act.book.tallies[latest.id].members))
        return latest
    if latest is not None and _just_resolved(act, latest):
        again = titled(act, replace(_unacknowledged(_fresh(act, latest, alerts)), resolved_at=None), alerts)
        return act.incident(What.REOPENED, _accounted(act, again))
    if key != OVERFLOW and not act.book.has_room_for_incident:
        return _incident_for(act, OVERFLOW, alerts)
    incident = Incident(
        id=act.book.next_id("I"),
        key=key,
        title="",
        titles={},
        site=_site(alerts),
        severity=alerts[0].severity,
        state=State.FIRING,
        opened_at=act.now,
        updated_at=act.now,
    )
    opened = titled(act, _with_targets(_fresh(act, incident, alerts), alerts), alerts)
    return act.incident(What.OPENED, _accounted(act, opened))


def _accounted(act: Act, incident: Incident) -> Incident:
    """Return an incident with what is thought of its cause; as it was where nothing is."""
    account = act.correlator.accounts().get(incident.key)
    if account is None:
        return incident
    return replace(
        incident,
        title=account.titles["en"],
        titles=other_than_english(account.titles),
        title_of="",
        cause=account.cause,
        explanation=dict(account.explanation),
    )


def _explain(act: Act) -> None:
    """Let incidents say what is thought of their causes by now."""
    for key, account in act.correlator.accounts().items():
        latest = act.book.latest(key)
        if latest is not None and latest.state in OPEN and not account.ending:
            better = _accounted(act, latest)
            if better != latest:
                act.incident(What.EXPLAINED, better)


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


def _look_at_hushed(act: Act) -> None:
    """Let incidents be heard again whose causes are back."""
    for key in act.correlator.accounts():
        latest = act.book.latest(key)
        if latest is not None and latest.muted:
            act.touched.add(latest.id)


def _settle(act: Act, incident_id: str, *, review: bool) -> None:
    """Let an incident follow its alerts."""
    incident = act.book.incidents.get(incident_id)
    if incident is None or incident.state is State.RESOLVED:
        return
    tally = act.book.tallies[incident_id]
    if tally.open == 0:
        _close(act, incident)
        return
    before, incident = incident.severity, _rise(act, incident, tally)
    if incident.id in act.released and incident.state is State.ACKNOWLEDGED:
        incident = act.incident(What.UNACKNOWLEDGED, _unacknowledged(incident), act.released[incident.id])
    incident = _follow_acknowledgements(act, incident, tally)
    muted = tally.unmuted == 0 or _only_trails(act, incident, review=review)
    if muted != incident.muted:
        incident = act.incident(What.MUTED if muted else What.UNMUTED, replace(incident, muted=muted))
    retitle(act, incident, tally, worse=incident.severity > before)


def _close(act: Act, incident: Incident) -> None:
    taker = "" if _is_mended(act, incident) else act.moved.get(incident.id, "")
    what, note = (What.MERGED, f"merged into {taker}") if taker else (What.RESOLVED, None)
    act.incident(what, replace(incident, state=State.RESOLVED, resolved_at=act.now, merged_into=taker), note)


def _is_mended(act: Act, incident: Incident) -> bool:
    """Tell whether the cause of an incident was seen to be over: what lasted of its effects is another matter now."""
    if not incident.cause:
        return False
    return any(alert.state is State.RESOLVED and not alert.effect_of for alert in act.book.members(incident.id))


def _only_trails(act: Act, incident: Incident, *, review: bool) -> bool:
    """Tell whether an incident's cause is over, so that it lasts only until others have noticed that as well.

    What is thought of causes is known for sure only after a review: until then it stays as it is.
    """
    if not incident.cause or incident.key in act.correlator.accounts():
        return False
    return review or incident.muted


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
