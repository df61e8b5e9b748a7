"""The state: every alert, incident, silence and maintenance window, and what is counted beside them. Pure.

`put` is the only way in, for changes that were just decided and for those read again from the ledger alike. What it
does follows from the change and the state alone, so that both end the same.
"""

from typing import Any, Final

from netmon.api import Alert, Incident, Maintenance, Silence
from netmon.api.alerts import State
from netmon.core.alerts.changes import Change, Timers, What
from netmon.core.alerts.deadlines import Deadlines
from netmon.core.alerts.ids import Ids
from netmon.core.alerts.mutes import Mute, Ready, Recount, end_for_good, made_ready
from netmon.core.alerts.settings import AlertSettings
from netmon.core.alerts.tally import Firing, Tally, Totals, counted
from netmon.core.codec import from_data

NO_TIMERS: Final = Timers()

OWN_ROOM: Final = 100
"""Alerts on netmon itself that are kept beyond `max_alerts`: one for each daemon, disk and way out, and some more."""

SOURCE_SHARE: Final = 0.8
"""Of `max_alerts`, what one source can have that is not over: when it goes mad, the others are still heard."""


class Book:
    """All that is known. Others read its tables; only `put`, `refresh`, `lay` and the forgetting change them."""

    def __init__(self, settings: AlertSettings) -> None:
        self._settings = settings
        self.clear()

    def configure(self, settings: AlertSettings) -> None:
        """Keep no more than other settings say, from now on."""
        self._settings = settings

    def clear(self) -> None:
        """Know nothing."""
        self.alerts: dict[str, Alert] = {}
        self.ids = Ids(self.alerts)
        self.timers: dict[str, Timers] = {}  # only where there is something to wait for or to remember
        self.due = Deadlines()  # alert id → the first of its timers
        self.patience = Deadlines()  # alert id → when it has not been said for too long
        self.leaving = Deadlines()  # resolved alert → when it is forgotten
        self.incidents: dict[str, Incident] = {}
        self.tallies: dict[str, Tally] = {}
        self.keys: dict[str, str] = {}  # incident id → key
        self.leaving_incidents = Deadlines()
        self._by_key: dict[str, set[str]] = {}
        self.firing = Firing(self.keys, self.is_ending)
        self.mutes: dict[str, Mute] = {}
        self.leaving_mutes = Deadlines()  # of those that ended
        self.active: dict[str, Ready] = {}  # mutes that began and have not ended
        self.recount = Recount()
        self.away: set[str] = set()  # sources that are not heard just now
        self.last_number = {"I": 0, "M": 0, "S": 0}  # of incidents, maintenance windows, silences
        self.totals = Totals()
        self.version = 0  # grows when the order in which alerts are shown may change

    # What is asked

    def incident(self, incident_id: str) -> Incident:
        """Return an incident with the targets that it has by now; KeyError where there is none."""
        incident, tally = self.incidents[incident_id], self.tallies[incident_id]
        if tally.changed:
            tally.changed = False
            incident = counted(incident, tally)
            self.incidents[incident_id] = incident
        return incident

    def members(self, incident_id: str) -> list[Alert]:
        """Return the alerts of an incident, resolved ones too, the first to fire first; KeyError as above."""
        alerts = [self.alerts[alert_id] for alert_id in self.tallies[incident_id].members]
        return sorted(alerts, key=lambda alert: (alert.fired_at or 0.0, alert.id))

    def latest(self, key: str) -> Incident | None:
        """Return the newest incident of a key, with the targets that it had at its last change."""
        ids = self._by_key.get(key)
        return self.incidents[max(ids, key=number)] if ids else None

    def is_ending(self, alert_id: str) -> bool:
        """Tell whether an alert's source said that it is over: it fires on for as long as it may come back."""
        return self.timers.get(alert_id, NO_TIMERS).resolves_at is not None

    def next_id(self, letter: str) -> str:
        """Return an id that was never given; it is taken when a change with it is put."""
        return f"{letter}{self.last_number[letter] + 1}"

    # What changes it

    def put(self, change: Change) -> None:
        """Store what a change says."""
        thing = change.thing
        match thing:
            case Alert():
                self.lay(thing, change.timers or NO_TIMERS)
            case Incident():
                self._lay_incident(thing)
            case _:
                self._lay_mute(change.what, thing)

    def lay(self, alert: Alert, timers: Timers) -> None:
        """Store an alert, and keep every count in step."""
        old = self.alerts.get(alert.id)
        if old is None:
            self._make_room()
            self.ids.look_again()
        self._recount(old, alert)
        self.alerts[alert.id] = alert
        self.firing.put(alert, old)
        self.set_timers(alert.id, timers)
        if alert.state is not State.RESOLVED:
            self.leaving.drop(alert.id)
        elif old is None or old.state is not State.RESOLVED:
            self.leaving.set(alert.id, (alert.resolved_at or alert.updated_at) + self._settings.keep_resolved_s)
        if alert.state is State.RESOLVED or timers.resolves_at is not None:
            self.patience.drop(alert.id)

    def refresh(self, alert: Alert) -> None:
        """Take new words for what is known: text, evidence, when it was said. Nothing that is counted."""
        old = self.alerts.get(alert.id)
        self.alerts[alert.id] = alert
        self.firing.put(alert, old)

    def _recount(self, old: Alert | None, new: Alert) -> None:
        stays = old is not None and (old.incident, old.target) == (new.incident, new.target)
        if old is not None:
            self._count(old, -1, moves=not stays)
        self._count(new, 1, moves=not stays)
        if old is None or (old.state, old.severity, old.starts_at) != (new.state, new.severity, new.starts_at):
            self.version += 1

    def _count(self, alert: Alert, sign: int, *, moves: bool) -> None:
        self.totals.weigh(alert, sign)
        tally = self.tallies.get(alert.incident)
        if tally is None:
            return
        tally.weigh(alert, sign)
        if moves:
            (tally.join if sign > 0 else tally.leave)(alert)

    def set_timers(self, alert_id: str, timers: Timers) -> None:
        """Let an alert wait for these."""
        if timers == NO_TIMERS:
            self.timers.pop(alert_id, None)
        else:
            self.timers[alert_id] = timers
        first = timers.due()
        if first is None:
            self.due.drop(alert_id)
        else:
            self.due.set(alert_id, first)

    def _lay_incident(self, incident: Incident) -> None:
        old = self.incidents.get(incident.id)
        if old is None:
            self._make_room_for_incident()
            self.tallies[incident.id] = Tally()
            self._number(incident.id)
        if old is None or (old.state, old.severity) != (incident.state, incident.severity):
            self.version += 1
        self.keys[incident.id] = incident.key
        self._by_key.setdefault(incident.key, set()).add(incident.id)
        self.incidents[incident.id] = incident
        if incident.state is not State.RESOLVED:
            self.leaving_incidents.drop(incident.id)
        elif old is None or old.state is not State.RESOLVED:
            at = (incident.resolved_at or incident.updated_at) + self._settings.keep_resolved_s
            self.leaving_incidents.set(incident.id, at)

    def _lay_mute(self, what: What, mute: Mute) -> None:
        self.mutes[mute.id] = mute
        self._number(mute.id)
        if what is What.STARTED:
            self.active[mute.id] = made_ready(mute)
            self.recount.note(mute.id)
            self.leaving_mutes.drop(mute.id)
        elif what is What.ENDED:
            if self.active.pop(mute.id, None) is not None:
                self.recount.note(mute.id)
            self.leaving_mutes.set(mute.id, end_for_good(mute) + self._settings.keep_resolved_s)

    def _number(self, thing_id: str) -> None:
        letter = thing_id[:1]
        if letter in self.last_number and thing_id[1:].isdecimal():
            self.last_number[letter] = max(self.last_number[letter], number(thing_id))

    # What is forgotten

    def has_room(self, *, own: bool = False) -> bool:
        """Tell whether one more alert can be kept; `own`: one on netmon itself."""
        cap = self._settings.max_alerts + (OWN_ROOM if own else 0)
        return len(self.alerts) < cap or len(self.leaving) > 0

    def has_its_share(self, source: str) -> bool:
        """Tell whether a source has all the alerts that one can have."""
        return self.totals.of_source.get(source, 0) >= SOURCE_SHARE * self._settings.max_alerts

    @property
    def has_room_for_incident(self) -> bool:
        """Tell whether one more incident can be kept."""
        return len(self.incidents) < self._settings.max_incidents or len(self.leaving_incidents) > 0

    def _make_room(self) -> None:  # the oldest of the resolved are forgotten
        if len(self.alerts) >= self._settings.max_alerts:
            oldest = self.leaving.pop_first()
            if oldest is not None:
                self._forget_alert(oldest)

    def _make_room_for_incident(self) -> None:
        if len(self.incidents) >= self._settings.max_incidents:
            oldest = self.leaving_incidents.pop_first()
            if oldest is not None:
                self._forget_incident(oldest)

    def forget(self, now: float) -> None:
        """Forget what was resolved, or ended, long ago."""
        for _, alert_id in self.leaving.due(now):
            self._forget_alert(alert_id)
        for _, incident_id in self.leaving_incidents.due(now):
            self._forget_incident(incident_id)
        for _, mute_id in self.leaving_mutes.due(now):
            self.mutes.pop(mute_id, None)

    def _forget_alert(self, alert_id: str) -> None:
        alert = self.alerts.pop(alert_id)
        self._count(alert, -1, moves=True)
        self.firing.forget(alert)
        self.ids.look_again()
        self.timers.pop(alert_id, None)
        self.due.drop(alert_id)
        self.patience.drop(alert_id)
        self.version += 1

    def _forget_incident(self, incident_id: str) -> None:
        incident = self.incidents.pop(incident_id)
        self.version += 1
        del self.tallies[incident_id], self.keys[incident_id]
        ids = self._by_key[incident.key]
        ids.discard(incident_id)
        if not ids:
            del self._by_key[incident.key]

    # What survives

    def step_clock(self, delta_s: float) -> None:
        """Move every deadline with the clock; recorded times stay."""
        self.timers = {alert_id: timers.shifted(delta_s) for alert_id, timers in self.timers.items()}
        for deadlines in (self.due, self.patience, self.leaving, self.leaving_incidents, self.leaving_mutes):
            deadlines.shift(delta_s)

    def snapshot(self) -> dict[str, Any]:
        """Return everything but patience and who is away: who restarts has not listened."""
        return {
            "version": 1,
            "alerts": list(self.alerts.values()),
            "timers": dict(self.timers),
            "leaving": self.leaving.items(),
            "incidents": [self.incident(incident_id) for incident_id in self.incidents],
            "leaving_incidents": self.leaving_incidents.items(),
            "silences": [mute for mute in self.mutes.values() if isinstance(mute, Silence)],
            "maintenances": [mute for mute in self.mutes.values() if isinstance(mute, Maintenance)],
            "leaving_mutes": self.leaving_mutes.items(),
            "active": sorted(self.active),
            "recount": self.recount.keys(),
            "last_number": dict(self.last_number),
        }

    def restore(self, data: dict[str, Any]) -> None:
        """Take everything from a snapshot; ValueError or KeyError where it is none, and then nothing is known."""
        self.clear()
        if data["version"] != 1:
            raise ValueError(f"a snapshot of form {data['version']!r} is not known here")
        timers = from_data(dict[str, Timers], data["timers"])
        for incident in from_data(list[Incident], data["incidents"]):
            self._lay_incident(incident)
        for alert in from_data(list[Alert], data["alerts"]):
            self.lay(alert, timers.get(alert.id, NO_TIMERS))
        for deadlines, name in (
            (self.leaving, "leaving"),
            (self.leaving_incidents, "leaving_incidents"),
            (self.leaving_mutes, "leaving_mutes"),
        ):
            for key, at in from_data(dict[str, float], data[name]).items():
                deadlines.set(key, at)
        silences = from_data(list[Silence], data["silences"])
        windows = from_data(list[Maintenance], data["maintenances"])
        self.mutes = {mute.id: mute for mute in silences} | {mute.id: mute for mute in windows}
        self.active = {mute_id: made_ready(self.mutes[mute_id]) for mute_id in from_data(list[str], data["active"])}
        for mute_id in from_data(list[str], data.get("recount", [])):  # older snapshots have none
            self.recount.note(mute_id)
        self.last_number = from_data(dict[str, int], data["last_number"])


def number(thing_id: str) -> int:
    """Return the number in an id such as I42."""
    return int(thing_id[1:])
