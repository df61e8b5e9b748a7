"""One thing that is being done to the book: the changes that it makes, and the incidents that they touch. Pure."""

from dataclasses import replace
from typing import Final

from netmon.api import Alert, Correlator, Incident, Severity
from netmon.api.alerts import State
from netmon.core.alerts.book import NO_TIMERS, Book
from netmon.core.alerts.changes import Change, Timers, What
from netmon.core.alerts.mutes import Mute
from netmon.core.alerts.settings import AlertSettings
from netmon.core.alerts.tally import OPEN, counted

_NEWS: Final = frozenset({What.OPENED, What.REOPENED, What.WORSE, What.GROWN, What.ACKNOWLEDGED})
_TEXT: dict[Severity, str] = {severity: severity.value for severity in Severity}


class Act:
    """Makes changes at one moment, `now`, and remembers which incidents are to be looked at when it is done."""

    def __init__(  # noqa: PLR0913, PLR0917 - one place makes it
        self, book: Book, settings: AlertSettings, correlator: Correlator, now: float, by: str = "", note: str = ""
    ) -> None:
        self.book = book
        self.settings = settings
        self.correlator = correlator
        self.now = now
        self.by = by
        self.note = note
        self.changes: list[Change] = []
        self.to_fire: dict[str, tuple[Alert, Timers]] = {}
        self.touched: set[str] = set()  # incidents
        self.news: set[str] = set()  # incidents that an alert joined, or where one needs attention anew
        self.released: dict[str, str | None] = {}  # incident → why nobody has it in hand any more; None: the act's note
        self.sizes: dict[str, int] = {}  # incident → members before this
        self.moved: dict[str, str] = {}  # incident → the one that took alerts of it

    def timers(self, alert_id: str) -> Timers:
        """Return what an alert waits for."""
        return self.book.timers.get(alert_id, NO_TIMERS)

    def alert(self, what: What, new: Alert, timers: Timers, note: str | None = None) -> None:
        """Change an alert."""
        old = self.book.alerts.get(new.id)
        if old is not None and _is_heard_anew(old, new):
            self.release(new.incident, note)
        self.alert_from(what, None if old is None else old.state, new, timers, note)

    def alert_from(self, what: What, was: State | None, new: Alert, timers: Timers, note: str | None = None) -> None:
        """Change an alert that was in this state when the act began."""
        if new.updated_at != self.now:
            new = replace(new, updated_at=self.now)
        self._put(Change(what, new, self.by, self.note if note is None else note, was, timers))
        if new.incident:
            self.touched.add(new.incident)

    def release(self, incident_id: str, note: str | None = None) -> None:
        """Take an acknowledgement away from an incident, when the act is done."""
        self.released.setdefault(incident_id, note)
        self.touched.add(incident_id)

    def incident(self, what: What, new: Incident, note: str | None = None) -> Incident:
        """Change an incident, and return it as it is now."""
        old = self.book.incidents.get(new.id)
        tally = self.book.tallies.get(new.id)
        if tally is not None:
            new = counted(new, tally)
        news_at = self.now if what in _NEWS or old is None else last_news(old)
        new = replace(new, updated_at=self.now, news_at=news_at)
        was = None if old is None else old.state
        self._put(Change(what, new, self.by, self.note if note is None else note, was))
        self.touched.add(new.id)
        return new

    def mute(self, what: What, thing: Mute) -> None:
        """Change a silence or a maintenance window."""
        self._put(Change(what, thing, self.by, self.note))

    def mutes_over(self, labels: dict[str, str]) -> tuple[str, ...]:
        """Return the ids of what mutes these labels now."""
        active = self.book.active
        return tuple(sorted(key for key, scope in active.items() if any(part.hold(labels) for part in scope)))

    def _put(self, change: Change) -> None:
        self.book.put(change)
        self.changes.append(change)


def _is_heard_anew(old: Alert, new: Alert) -> bool:
    """Tell whether it fires now as nobody knows it who took its incident in hand: it was muted, or less severe."""
    if old.state not in OPEN or new.state is not State.FIRING or new.muted_by:
        return False
    return bool(old.muted_by) or old.state is State.ACKNOWLEDGED or new.severity > old.severity


def last_news(incident: Incident) -> float:
    """Return when people last had reason to look at an incident; older records do not say it."""
    return incident.updated_at if incident.news_at is None else incident.news_at


def severity_text(old: Severity, new: Severity) -> str:
    """Say a change of severity."""
    return f"severity {_TEXT[old]} → {_TEXT[new]}"
