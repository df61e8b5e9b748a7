"""One thing that is being done to the book: the changes that it makes, and the incidents that they touch. Pure."""

from dataclasses import replace

from netmon.api import Alert, Incident, Severity
from netmon.api.alerts import State
from netmon.core.alerts.book import NO_TIMERS, Book, Mute
from netmon.core.alerts.changes import Change, Timers, What
from netmon.core.alerts.settings import AlertSettings

_TEXT: dict[Severity, str] = {severity: severity.value for severity in Severity}


class Act:
    """Makes changes at one moment, `now`, and remembers which incidents are to be looked at when it is done."""

    def __init__(self, book: Book, settings: AlertSettings, now: float, by: str = "", note: str = "") -> None:
        self.book = book
        self.settings = settings
        self.now = now
        self.by = by
        self.note = note
        self.changes: list[Change] = []
        self.to_fire: dict[str, tuple[Alert, Timers]] = {}
        self.touched: set[str] = set()  # incidents
        self.news: set[str] = set()  # incidents that an alert joined, or where one needs attention anew
        self.released: set[str] = set()  # incidents where an operator took an acknowledgement back
        self.sizes: dict[str, int] = {}  # incident → members before this
        self.moved: dict[str, str] = {}  # incident → the one that took alerts of it

    def timers(self, alert_id: str) -> Timers:
        """Return what an alert waits for."""
        return self.book.timers.get(alert_id, NO_TIMERS)

    def alert(self, what: What, new: Alert, timers: Timers, note: str | None = None) -> None:
        """Change an alert."""
        old = self.book.alerts.get(new.id)
        self.alert_from(what, None if old is None else old.state, new, timers, note)

    def alert_from(self, what: What, was: State | None, new: Alert, timers: Timers, note: str | None = None) -> None:
        """Change an alert that was in this state when the act began."""
        if new.updated_at != self.now:
            new = replace(new, updated_at=self.now)
        self._put(Change(what, new, self.by, self.note if note is None else note, was, timers))
        if new.incident:
            self.touched.add(new.incident)

    def incident(self, what: What, new: Incident, note: str | None = None) -> Incident:
        """Change an incident, and return it as it is now."""
        old = self.book.incidents.get(new.id)
        tally = self.book.tallies.get(new.id)
        if tally is not None:
            new = replace(new, targets=tally.shown_targets(), target_count=len(tally.targets))
        new = replace(new, updated_at=self.now)
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


def severity_text(old: Severity, new: Severity) -> str:
    """Say a change of severity."""
    return f"severity {_TEXT[old]} → {_TEXT[new]}"
