"""The life of alerts and incidents, as the core drives it. Pure: no I/O, no clock; one thread at a time.

Every method that takes `now` (Unix seconds) decides, applies what it decided, and returns the changes for the ledger.
What a repeated finding brings new (its text, its evidence, the time) is kept in memory alone until the next change.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

from netmon.api import (
    Alert,
    Correlator,
    Finding,
    Incident,
    Maintenance,
    NewMaintenance,
    NewSilence,
    Severity,
    Silence,
)
from netmon.api.alerts import State
from netmon.core.alerts import actions, incidents, life, muting
from netmon.core.alerts.act import Act
from netmon.core.alerts.book import Book
from netmon.core.alerts.changes import SIGNS, Change
from netmon.core.alerts.life import Refused, SiteOf
from netmon.core.alerts.muting import MatchersOf
from netmon.core.alerts.settings import AlertSettings
from netmon.core.alerts.views import Views

__all__ = ["Alerts", "Refused"]


class Alerts:
    """Every alert and incident.

    `site_of` returns the site of a target, empty where it is not in the inventory. `matchers_of` returns what a scope
    such as `site:kota` or `link:ring-1` means, and raises Invalid where there is no such thing.
    """

    def __init__(
        self, settings: AlertSettings, correlator: Correlator, site_of: SiteOf, matchers_of: MatchersOf
    ) -> None:
        self._settings = settings
        self._correlator = correlator
        self._site_of = site_of
        self._matchers_of = matchers_of
        self._book = Book(settings)
        self._calendar = muting.Calendar(matchers_of)
        self._views = Views(self._book)
        self._just_restored = False
        self._unexplained = True  # whether a sign of a cause changed since all signs were looked at

    def configure(self, settings: AlertSettings, correlator: Correlator) -> None:
        """Follow other settings from now on. What is known stays, and what it waits for already, it waits for."""
        self._settings = settings
        self._correlator = correlator
        self._unexplained = True
        self._book.configure(settings)
        self._calendar.look_again()

    # What is said, and time

    def say(self, finding: Finding, source: str, now: float) -> list[Change]:
        """Take a finding; raises Refused, with a reason to count, where there is no room for it."""
        act = self._act(now)
        life.say(act, finding, source, self._site_of)
        return self._finish(act)

    def tick(self, now: float, at_most: int | None = None) -> list[Change]:
        """Do what is due; for at most about so many alerts, where others should not wait for thousands of them.

        `behind` tells then whether to call again soon.
        """
        act = self._act(now)
        self._book.forget(now)
        self._calendar.tick(act)
        muting.recount(act, None if at_most is None else min(at_most, muting.SLICE))
        if at_most is not None and self._book.recount:
            at_most //= 4  # that took most of the time there was
        for _, alert_id in self._book.due.due(now, at_most):
            life.wake(act, alert_id)
        for _, alert_id in self._book.patience.due(now, at_most):
            life.expire(act, alert_id)
        self._note_signs(act)
        review = self._unexplained or self._correlator.is_due(now)
        review = review or any(self._correlator.weighs(alert) for alert, _ in act.to_fire.values())
        self._unexplained = False
        incidents.finish(act, review=review)
        return act.changes

    def found(self, now: float) -> Sequence[Finding]:
        """Return what follows from the causes that are known, and is to be said; empty where it was said."""
        return self._correlator.findings(self._book.firing, now)

    def behind(self, now: float) -> bool:
        """Tell whether there is more that a tick would do at once."""
        return bool(self._book.recount) or self._book.due.may_be_due(now) or self._book.patience.may_be_due(now)

    def source_away(self, source: str, now: float) -> None:
        """Learn that a source is not heard any more: its alerts are held, not taken to be over."""
        self._act(now)
        self._book.away.add(source)
        for alert in self._book.alerts.values():
            if alert.source == source:
                self._book.patience.drop(alert.id)

    def source_back(self, source: str, now: float) -> None:
        """Learn that a source is heard again: its alerts get their patience anew."""
        self._act(now)
        self._book.away.discard(source)
        self._listen(now, lambda alert: alert.source == source)

    def targets_left(
        self, names: Container[str], now: float, ours: Callable[[str], bool] = lambda _source: True
    ) -> list[Change]:
        """Resolve alerts of targets that were in the inventory and are not among `names` any more.

        `ours` tells whether a source's alerts are to follow our inventory. A target that never had a site was never in
        it (a rule may speak of an address in a log).
        """
        act = self._act(now)
        for alert in list(self._book.alerts.values()):
            gone = alert.target and alert.site and alert.target not in names and not life.is_address(alert.target)
            if gone and alert.state is not State.RESOLVED and ours(alert.source):
                life.end(act, alert, "target left the inventory")
        return self._finish(act)

    def step_clock(self, delta_s: float) -> None:
        """Move every deadline with a clock that was set forward by so much (backward: negative)."""
        self._book.step_clock(delta_s)
        self._calendar.look_again()

    # What operators do; all raise Unknown and Invalid before anything changes

    def acknowledge(self, ids: Sequence[str], author: str, note: str, now: float) -> list[Change]:
        """Take alerts (ids or unambiguous beginnings), or all that fires of incidents, in hand."""
        return self._do(actions.acknowledge, ids, author, note, now)

    def unacknowledge(self, ids: Sequence[str], author: str, note: str, now: float) -> list[Change]:
        """Put them back."""
        return self._do(actions.unacknowledge, ids, author, note, now)

    def resolve(self, ids: Sequence[str], author: str, note: str, now: float) -> list[Change]:
        """Close them by hand."""
        return self._do(actions.resolve, ids, author, note, now)

    def comment(self, thing: str, author: str, note: str, now: float) -> list[Change]:
        """Add a remark to an alert or an incident, for the record."""
        actions.check_words(author, note)
        act = self._act(now, author, note)
        actions.comment(act, thing)
        return self._finish(act)

    def silence(self, new: NewSilence, author: str, now: float) -> tuple[Silence, list[Change]]:
        """Keep what matches from disturbing people."""
        actions.check_words(author, "")
        act = self._act(now, author)
        made = actions.silence(act, new)
        return made, self._finish_muting(act)

    def end_silence(self, silence_id: str, author: str, now: float) -> list[Change]:
        """End a silence now."""
        return self._end(silence_id, Silence, author, now)

    def maintain(self, new: NewMaintenance, author: str, now: float) -> tuple[Maintenance, list[Change]]:
        """Announce work."""
        actions.check_words(author, "")
        act = self._act(now, author)
        made = actions.maintain(act, new, self._matchers_of)
        return made, self._finish_muting(act)

    def end_maintenance(self, maintenance_id: str, author: str, now: float) -> list[Change]:
        """End a maintenance window now."""
        return self._end(maintenance_id, Maintenance, author, now)

    # What survives

    def apply(self, change: Change) -> None:
        """Take a change of an earlier run as what happened."""
        self._book.put(change)
        self._just_restored = True

    def snapshot(self) -> dict[str, Any]:
        """Return everything, ready for msgspec's JSON encoder.

        What is in it is frozen or a copy, so that another thread may encode it.
        """
        return self._book.snapshot()

    def restore(self, data: dict[str, Any]) -> None:
        """Take everything from a snapshot; ValueError or KeyError where it is none."""
        self._book.restore(data)
        self._just_restored = True

    def resume(self, now: float) -> None:
        """Begin to listen, after a restart: nobody was heard, so everything gets its patience, and waits, anew.

        What is done first after `restore` or `apply` does this by itself.
        """
        self._just_restored = False
        self._unexplained = True
        self._book.away.clear()
        self._book.forget(now)
        self._listen(now, lambda _alert: True)
        life.wait_anew(self._book, self._settings, now)
        self._calendar.look_again()

    # What others see

    def alerts(self) -> Sequence[Alert]:
        """Return the alerts that live, the worst and newest first, then those resolved lately."""
        return self._views.alerts()

    def alert(self, beginning: str) -> Alert:
        """Return one alert by its id or an unambiguous beginning; raises Unknown and Invalid."""
        return actions.find_alert(self._book, beginning)

    def incidents(self) -> Sequence[Incident]:
        """Return the incidents that are open, the worst and newest first, then those resolved lately."""
        return self._views.incidents()

    def incident(self, incident_id: str) -> Incident:
        """Return one incident; raises Unknown."""
        return actions.find_incident(self._book, incident_id)

    def alerts_of(self, incident_id: str) -> Sequence[Alert]:
        """Return the alerts of an incident, resolved ones too, the first to fire first; raises Unknown."""
        return self._book.members(actions.find_incident(self._book, incident_id).id)

    def silences(self) -> Sequence[Silence]:
        """Return silences that are active or will be, and those that ended lately."""
        return self._views.silences()

    def maintenances(self) -> Sequence[Maintenance]:
        """Return maintenance windows that are open or will be, and those that ended lately."""
        return self._views.maintenances(self._calendar.upcoming)

    def counts(self) -> Mapping[tuple[State, Severity], int]:
        """Return how many alerts there are by state and severity."""
        return self._book.totals.by_state

    def calendar_faults(self) -> Mapping[str, str]:
        """Return the maintenance entries of the settings that mute nothing, each with the reason."""
        return self._calendar.faults

    def _act(self, now: float, by: str = "", note: str = "") -> Act:
        if self._just_restored:
            self.resume(now)
        return Act(self._book, self._settings, self._correlator, now, by, note)

    def _finish(self, act: Act) -> list[Change]:
        incidents.finish(act)
        self._note_signs(act)
        return act.changes

    def _note_signs(self, act: Act) -> None:
        """Note whether a sign of a cause changed: the next tick looks at all of them, once for all that changed."""
        self._unexplained = self._unexplained or any(
            isinstance(change.thing, Alert) and change.what in SIGNS and self._correlator.weighs(change.thing)
            for change in act.changes
        )

    def _finish_muting(self, act: Act) -> list[Change]:
        """Mute the first alerts at once; ticks go on with the others."""
        self._calendar.look_again()
        muting.recount(act, muting.SLICE)
        return self._finish(act)

    def _do(
        self,
        action: Callable[[Act, actions.Chosen], None],
        ids: Sequence[str],
        author: str,
        note: str,
        now: float,
    ) -> list[Change]:
        actions.check_words(author, note)
        act = self._act(now, author, note)
        action(act, actions.choose(self._book, ids))
        return self._finish(act)

    def _end(self, mute_id: str, kind: type[Silence] | type[Maintenance], author: str, now: float) -> list[Change]:
        actions.check_words(author, "")
        act = self._act(now, author)
        mute = actions.find_mute(self._book, mute_id, kind)
        actions.check_not_over(mute, now)
        muting.end(act, mute, author)
        return self._finish_muting(act)

    def _listen(self, now: float, whose: Callable[[Alert], bool]) -> None:
        """Give alerts their patience anew, but those that were said to be over."""
        for alert in self._book.alerts.values():
            clearing = alert.id in self._book.timers and self._book.timers[alert.id].resolves_at is not None
            if alert.state is not State.RESOLVED and not clearing and whose(alert):
                patience_s = self._settings.expires_s if alert.expires_s is None else alert.expires_s
                self._book.patience.set(alert.id, now + patience_s)
