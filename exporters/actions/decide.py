"""Which findings are acted on, for how long, and which are not and why. Pure: time is an argument."""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from exporters.actions.settings import ActionSettings, Prefix
from netmon.api import Finding

_REMEMBERED: Final = 4_096
"""Findings whose refusal was told: more than detectors keep open at once; the oldest are told again."""
_MINUTE_S: Final = 60.0


class Refusal(Enum):
    """Why a finding is not acted on."""

    NO_ADDRESS = "its victim is not one address or prefix"
    NEVER = "its victim is in a prefix that is never to be cut off"
    NOT_ALLOWED = "its victim is in no prefix that may be cut off"
    TOO_WIDE = "its victim is wider than may be announced"
    TOO_MANY = "as many actions as may be are going on"
    TOO_FAST = "as many actions as may be began within a minute"


class End(Enum):
    """Why an action is over."""

    CLEARED = "the attack is over"
    HELD = "it lasted as long as it may"
    STOPPED = "netmon stops"
    CHANGED = "the settings changed"


@dataclass(frozen=True, slots=True)
class Active:
    """An action that is going on."""

    finding: Finding
    victim: Prefix | None  # None: words; only a script knows what to do then
    began: float
    cleared: float | None = None  # when its finding was over


@dataclass(frozen=True, slots=True)
class Step:
    """Something to be done or told: an action begins (`why` None), is over, or is refused."""

    active: Active
    why: Refusal | End | None = None


class Decider:
    """The actions that are going on."""

    def __init__(self, settings: ActionSettings, protected: Sequence[Prefix] = ()) -> None:
        """`protected`: the prefixes that may be cut off where the settings name none."""
        self._active: dict[str, Active] = {}
        self._over: dict[str, None] = {}  # findings that last longer than their action may: not acted on again
        self._adopt(settings, protected)
        self.refused: Counter[str] = Counter({one.name.lower(): 0 for one in Refusal})

    def _adopt(self, settings: ActionSettings, protected: Sequence[Prefix]) -> None:
        self._settings = settings
        self._allow = settings.allow or tuple(protected)
        self._refused: dict[str, None] = {}
        self._begun: deque[float] = deque(maxlen=settings.per_minute)

    def configure(self, settings: ActionSettings, protected: Sequence[Prefix], *, anew: bool) -> Iterator[Step]:
        """Decide by other settings; give the actions that end: those that these do not allow, or all if `anew`."""
        self._adopt(settings, protected)
        for key, active in list(self._active.items()):
            if anew or not self._acts_on(active.finding) or self._of_victim(active.victim) is not None:
                del self._active[key]
                yield Step(active, End.CHANGED)

    @property
    def active(self) -> Sequence[Active]:
        """Return the actions that are going on."""
        return tuple(self._active.values())

    def take(self, finding: Finding, now: float) -> Step | None:
        """Return what follows from a finding, if anything."""
        key = finding.key
        if not self._acts_on(finding):
            return None
        if finding.cleared:
            self._refused.pop(key, None)
            self._over.pop(key, None)
        if (going_on := self._active.get(key)) is not None:
            # It goes on, is back, or is over: then since when it was said first.
            cleared = (going_on.cleared or now) if finding.cleared else None
            self._active[key] = Active(finding, going_on.victim, going_on.began, cleared)
        elif not finding.cleared and key not in self._over:
            return self._new(finding, now)
        return None

    def _new(self, finding: Finding, now: float) -> Step | None:
        key = finding.key
        active = Active(finding, _victim(finding), now)
        why = self._refusal(active, now)
        if why is None:
            self._active[key] = active
            self._begun.append(now)
            return Step(active)
        if key in self._refused:
            return None
        _remember(self._refused, key)
        self.refused[why.name.lower()] += 1
        return Step(active, why)

    def tick(self, now: float) -> Iterator[Step]:
        """Give the actions that are over."""
        for key, active in list(self._active.items()):
            lasted = now - active.began
            if active.cleared is not None and lasted >= self._settings.least_s:
                del self._active[key]
                yield Step(active, End.CLEARED)
            elif lasted >= self._settings.hold_s:
                del self._active[key]
                if active.cleared is None:
                    _remember(self._over, key)
                yield Step(active, End.HELD)

    def stop(self) -> Iterator[Step]:
        """Give all actions: they are over."""
        while self._active:
            _, active = self._active.popitem()
            yield Step(active, End.STOPPED)

    def _acts_on(self, finding: Finding) -> bool:
        return self._settings.enabled and finding.rule in self._settings.rules

    def _refusal(self, active: Active, now: float) -> Refusal | None:
        return self._of_victim(active.victim) or self._of_number(now)

    def _of_victim(self, victim: Prefix | None) -> Refusal | None:
        settings = self._settings
        if victim is None:  # a script alone may know what to do about words, where no victims are named
            return Refusal.NO_ADDRESS if settings.announcement is not None or settings.allow else None
        if any(_overlap(victim, one) for one in settings.never):
            return Refusal.NEVER
        if not any(_inside(victim, one) for one in self._allow):
            return Refusal.NOT_ALLOWED
        wide = victim.prefixlen < (settings.widest_ipv4 if victim.version == 4 else settings.widest_ipv6)
        return Refusal.TOO_WIDE if wide else None

    def _of_number(self, now: float) -> Refusal | None:
        settings = self._settings
        if len(self._active) >= settings.max_active:
            return Refusal.TOO_MANY
        if len(self._begun) == settings.per_minute and now - self._begun[0] < _MINUTE_S:
            return Refusal.TOO_FAST
        return None


def _victim(finding: Finding) -> Prefix | None:
    try:
        return ip_network(str(finding.evidence.get("target", "")))
    except ValueError:
        return None


def _inside(victim: Prefix, prefix: Prefix) -> bool:
    if isinstance(victim, IPv4Network):
        return isinstance(prefix, IPv4Network) and victim.subnet_of(prefix)
    return isinstance(prefix, IPv6Network) and victim.subnet_of(prefix)


def _overlap(victim: Prefix, prefix: Prefix) -> bool:
    return victim.version == prefix.version and victim.overlaps(prefix)


def _remember(keys: dict[str, None], key: str) -> None:
    if len(keys) >= _REMEMBERED:
        del keys[next(iter(keys))]
    keys[key] = None
