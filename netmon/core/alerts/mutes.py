"""Silences and maintenance windows as the book keeps them, and which alerts are still to learn of them. Pure."""

from collections.abc import Iterable
from typing import TypeAlias

from netmon.api import Invalid, Maintenance, Silence
from netmon.core.alerts.matchers import Conditions, conditions
from netmon.core.alerts.settings import LONGEST_WINDOW_S

Mute: TypeAlias = Silence | Maintenance
Ready: TypeAlias = tuple[Conditions, ...]
"""What a silence, or a maintenance window, has to match: any of these mutes."""


class Recount:
    """What began or ended since every alert was last asked whether it is muted.

    Alerts are asked a slice at a time, so that a silence over all of them stops nothing else. What alerts begin
    meanwhile is muted rightly from its beginning.
    """

    def __init__(self) -> None:
        self._noted: set[str] = set()
        self._keys: frozenset[str] = frozenset()
        self._left: list[str] = []  # of the alerts that are asked about `_keys`, the next one last

    def __bool__(self) -> bool:
        return bool(self._left or self._noted)

    def note(self, mute_id: str) -> None:
        """Learn that it began, ended or has another scope."""
        self._noted.add(mute_id)

    def keys(self) -> list[str]:
        """Return the ids that some alert may not know of."""
        return sorted(self._noted | self._keys if self._left else self._noted)

    def slice(self, alert_ids: Iterable[str]) -> tuple[frozenset[str], list[str]]:
        """Return ids of mutes, and the alerts to ask about them: who asks takes them from the end of the list."""
        if not self._left:
            self._keys, self._noted = frozenset(self._noted), set()
            self._left = list(alert_ids)[::-1]
        return self._keys, self._left


def end_for_good(mute: Mute) -> float:
    """Return when it ends, or could have: the calendar must not enter again what somebody ended by hand."""
    if isinstance(mute, Maintenance) and mute.schedule and mute.ended_by:
        return mute.starts_at + LONGEST_WINDOW_S
    return mute.ends_at


def made_ready(mute: Mute) -> Ready:
    """Return what it has to match."""
    try:
        return conditions((mute.matchers,) if isinstance(mute, Silence) else mute.scope)
    except Invalid:  # it was valid when it was made, by an older netmon: better that too much is told than too little
        return ()
