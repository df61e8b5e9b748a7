"""Silences and maintenance windows of a desk in memory, and which alerts they mute."""

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from netmon.api import (
    Alert,
    Invalid,
    Maintenance,
    Matcher,
    NewMaintenance,
    NewSilence,
    Silence,
    Unknown,
)
from tests.support.desk_memory import Remembering


class Muting(Remembering):
    """Windows that begin and end when they say so; what they mute is looked at when one is made or ended."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        super().__init__(now)
        self._silences: dict[str, Silence] = {}
        self._maintenances: dict[str, Maintenance] = {}

    def silences(self) -> Sequence[Silence]:
        """Return all silences, in the order they were made."""
        return list(self._silences.values())

    def maintenances(self) -> Sequence[Maintenance]:
        """Return all maintenance windows, in the order they were made."""
        return list(self._maintenances.values())

    async def silence(self, new: NewSilence, author: str) -> Silence:
        """Make a silence."""
        self._writable()
        _check(new.starts_at, new.ends_at, new.reason, new.matchers)
        made = Silence(self._id("S"), new.matchers, new.starts_at, new.ends_at, author, new.reason, origin=new.origin)
        self._silences[made.id] = made
        self._record("silence", "silence", {"what": "made", "id": made.id, "by": author})
        self._mute()
        self._written()
        return made

    async def end_silence(self, silence_id: str, author: str) -> Silence:
        """End a silence now."""
        self._writable()
        if silence_id not in self._silences:
            raise Unknown(f"no silence {silence_id!r}")
        silence = self._silences[silence_id]
        if silence.ends_at <= self.now():
            raise Invalid(f"silence {silence_id} has ended already")
        ended = replace(silence, ends_at=self.now(), ended_by=author)
        self._silences[silence_id] = ended
        self._record("silence", "silence", {"what": "ended", "id": silence_id, "by": author})
        self._mute()
        return ended

    async def maintain(self, new: NewMaintenance, author: str) -> Maintenance:
        """Announce work on `site:NAME`, or on any other kind of thing by its `instance`."""
        self._writable()
        scope = tuple(_scope(text) for text in new.scope)
        _check(new.starts_at, new.ends_at, new.reason, scope)
        made = Maintenance(self._id("M"), new.title, scope, new.starts_at, new.ends_at, author, new.reason)
        self._maintenances[made.id] = made
        self._record("maintenance", "maintenance", {"what": "made", "id": made.id, "by": author})
        self._mute()
        return made

    async def end_maintenance(self, maintenance_id: str, author: str) -> Maintenance:
        """End a maintenance window now."""
        self._writable()
        if maintenance_id not in self._maintenances:
            raise Unknown(f"no maintenance window {maintenance_id!r}")
        ended = replace(self._maintenances[maintenance_id], ends_at=self.now(), ended_by=author)
        self._maintenances[maintenance_id] = ended
        self._record("maintenance", "maintenance", {"what": "ended", "id": maintenance_id, "by": author})
        self._mute()
        return ended

    def _mutes(self, alert: Alert) -> tuple[str, ...]:
        now = self.now()
        scopes: list[tuple[Silence | Maintenance, tuple[tuple[Matcher, ...], ...]]] = [
            *((silence, (silence.matchers,)) for silence in self._silences.values()),
            *((work, work.scope) for work in self._maintenances.values()),
        ]
        return tuple(
            mute.id
            for mute, scope in scopes
            if mute.starts_at <= now < mute.ends_at and any(matches(each, alert.labels) for each in scope)
        )

    def _mute(self) -> None:
        changed = []
        for alert in self._alerts.values():
            mutes = self._mutes(alert)
            if mutes != alert.muted_by:
                changed.append(replace(alert, muted_by=mutes, updated_at=self.now()))
        self._alerts.update((alert.id, alert) for alert in changed)
        for incident_id in {alert.incident for alert in changed} & self._incidents.keys():
            self._settle(incident_id)
        self._tell(changed)


def matches(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Tell whether all of these hold, as Alertmanager understands them."""
    return all(_holds(each, labels.get(each.name, "")) for each in matchers)


def _holds(matcher: Matcher, value: str) -> bool:
    same = bool(re.fullmatch(matcher.value, value)) if matcher.is_regex else matcher.value == value
    return same is matcher.is_equal


def _scope(text: str) -> tuple[Matcher, ...]:
    kind, _, name = text.partition(":")
    if not name:
        raise Invalid(f"{text!r} is not of the form kind:name")
    return (Matcher("site" if kind == "site" else "instance", name),)


def _check(starts_at: float, ends_at: float, reason: str, conditions: Sequence[object]) -> None:
    if ends_at <= starts_at:
        raise Invalid("it ends before it starts")
    if not reason.strip():
        raise Invalid("it needs a reason")
    if not conditions:
        raise Invalid("it covers nothing")
