"""Silences and maintenance windows: when they begin and end, and which alerts they keep quiet. Pure.

They follow the calendar, so a clock that is set back can open a window again; one that somebody ended stays ended.
"""

from collections.abc import Callable
from dataclasses import replace
from math import inf
from typing import Final

from netmon.api import Alert, Invalid, Maintenance, Matcher
from netmon.api.alerts import State
from netmon.core.alerts.act import Act
from netmon.core.alerts.calendar import Window, around
from netmon.core.alerts.changes import What
from netmon.core.alerts.mutes import Mute

BY_SETTINGS: Final = "settings"
"""Who announces what stands in the settings."""

SLICE: Final = 150
"""Alerts that are muted, or not any more, before others get their turn: 15 ms with their records."""

_SLACK_S: Final = 1.0  # two clocks of one host, read in the same look, are less apart
_CHANGE_EFFORT: Final = 50  # what a change takes, where asking an alert about one silence takes 1

Scope = tuple[tuple[Matcher, ...], ...]
MatchersOf = Callable[[str], Scope]


class Calendar:
    """Knows when to look at silences and windows again, so that looking each second costs nothing."""

    def __init__(self, matchers_of: MatchersOf) -> None:
        self._matchers_of = matchers_of
        self._next = -inf
        self._last = -inf
        self.upcoming: dict[str, Maintenance] = {}  # the next window of each entry
        self.faults: dict[str, str] = {}  # entry → why it mutes nothing

    def look_again(self) -> None:
        """Look at the next tick, whatever time it is."""
        self._next = -inf

    def tick(self, act: Act) -> None:
        """Begin and end what is due."""
        if self._last <= act.now < self._next:
            self._last = act.now
            return
        self._last = act.now
        self._next = act.now + 86_400
        windows = self._open_windows(act)
        self._end_those_gone(act, windows)
        mutes = act.book.mutes
        wanted = {key for key, mute in mutes.items() if not mute.ended_by and self._open(act, key, mute)}
        apply_active(act, wanted)
        for key in sorted(key for key, mute in mutes.items() if key not in wanted and mute.ends_at <= act.now):
            if key not in act.book.leaving_mutes:  # it passed while nobody looked
                act.mute(What.ENDED, mutes[key])
        self._note_boundaries(act)

    @staticmethod
    def _open(act: Act, key: str, mute: Mute) -> bool:
        """Tell whether it is on. One that began by a clock that is a moment ahead of this look's is not ended by it."""
        slack_s = _SLACK_S if key in act.book.active else 0.0
        return mute.starts_at <= act.now + slack_s and act.now < mute.ends_at

    def _open_windows(self, act: Act) -> set[str]:
        """Enter the windows of the settings that are open now; return their ids."""
        opened = set()
        self.upcoming, self.faults = {}, {}
        for entry in act.settings.maintenance:
            windows, after = around(entry, act.now)
            for window in windows:
                opened.add(window.id)
                self._enter(act, window)
            made = None if after is None else self._made(after)
            if made is not None:
                self.upcoming[made.id] = made
                self._next = min(self._next, made.starts_at)
        return opened

    def _enter(self, act: Act, window: Window) -> None:
        """Enter a window that is new, or that the settings have otherwise now; what a person ended stays ended."""
        old = act.book.mutes.get(window.id)
        if old is not None and old.ended_by not in {"", BY_SETTINGS}:
            return
        made = self._made(window)
        if made is None or made == old:
            return
        act.mute(What.CREATED, made)
        if made.id in act.book.active:
            act.mute(What.STARTED, made)

    def _made(self, window: Window) -> Maintenance | None:
        entry = window.entry
        try:
            scope = tuple(matchers for each in entry.scope for matchers in self._matchers_of(each))
        except Invalid as fault:
            self.faults[entry.name] = str(fault)
            return None
        return Maintenance(
            id=window.id,
            title=entry.title or entry.name,
            scope=scope,
            starts_at=window.starts_at,
            ends_at=window.ends_at,
            author=BY_SETTINGS,
            reason=entry.reason,
            schedule=entry.name,
        )

    def _note_boundaries(self, act: Act) -> None:
        for mute in act.book.mutes.values():
            for at in (mute.starts_at, mute.ends_at):
                if at > act.now:
                    self._next = min(self._next, at)

    def _end_those_gone(self, act: Act, opened: set[str]) -> None:
        """End windows whose entry left the settings, or was moved, while they were open."""
        for key, mute in list(act.book.mutes.items()):
            ours = isinstance(mute, Maintenance) and mute.schedule
            if ours and key in act.book.active and key not in opened and mute.ends_at > act.now:
                end(act, mute, BY_SETTINGS)


def end(act: Act, mute: Mute, by: str) -> Mute:
    """End a silence or a window before its time."""
    over = replace(mute, ends_at=max(act.now, mute.starts_at), ended_by=by)
    act.mute(What.ENDED, over)
    return over


def apply_active(act: Act, wanted: set[str]) -> None:
    """Let exactly these mute."""
    active = set(act.book.active)
    for key in sorted(wanted - active):
        act.mute(What.STARTED, act.book.mutes[key])
    for key in sorted(active - wanted):
        act.mute(What.ENDED, act.book.mutes[key])


def recount(act: Act, at_most: int | None = None) -> None:
    """Give alerts what mutes them now, where something began or ended: all of them, or about so many changes' worth."""
    book = act.book
    effort = inf if at_most is None else at_most * _CHANGE_EFFORT
    while book.recount and effort > 0:
        keys, ids = book.recount.slice(book.alerts)
        scopes = {key: book.active[key] for key in keys if key in book.active}
        while ids and effort > 0:
            effort -= 1 + len(scopes)
            alert = book.alerts.get(ids.pop())
            if alert is None or alert.state is State.RESOLVED or not (scopes or alert.muted_by):
                continue
            kept = {key for key in alert.muted_by if key in book.active and key not in scopes}
            kept.update(key for key, scope in scopes.items() if any(part.hold(alert.labels) for part in scope))
            muted_by = tuple(sorted(kept))
            if muted_by != alert.muted_by:
                _set(act, alert, muted_by)
                effort -= _CHANGE_EFFORT


def _set(act: Act, alert: Alert, muted_by: tuple[str, ...]) -> None:
    what = What.MUTED if muted_by else What.UNMUTED
    act.alert(what, replace(alert, muted_by=muted_by), act.timers(alert.id))
    if not muted_by and alert.state is State.FIRING:
        act.news.add(alert.incident)
