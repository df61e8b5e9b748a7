"""An alert engine in a small world: four targets at two sites, times in seconds from `START`."""

from collections.abc import Mapping, Sequence
from typing import Any

from netmon.api import Alert, Finding, Invalid, Matcher, NewMaintenance, NewSilence, Severity
from netmon.core.alerts.changes import Change
from netmon.core.alerts.engine import Alerts
from netmon.core.alerts.matchers import Conditions
from netmon.core.alerts.settings import AlertSettings
from netmon.core.alerts.site import BySite

START = 1_760_000_000.0
SITES = {"sw-1": "kota", "sw-2": "kota", "sw-3": "kota", "gw": "hulu"}


def matchers_of(scope: str) -> tuple[tuple[Matcher, ...], ...]:
    """Know sites and devices."""
    kind, _, name = scope.partition(":")
    if kind == "site":
        return ((Matcher("site", name),),)
    if kind == "device":
        return ((Matcher("instance", name),),)
    raise Invalid(f"there is no {scope}")


def settings(**given: Any) -> AlertSettings:
    """Return settings with short, round times, unless said."""
    plain = {
        "pending_for_s": {"info": 60, "warning": 60, "error": 30, "critical": 0},
        "resolve_hold_s": 20,
        "flapping": {"window_s": 300, "changes": 4, "quiet_s": 100},
        "keep_resolved_s": 3600,
    }
    return AlertSettings.model_validate(plain | given)


def engine(given: AlertSettings | None = None) -> Alerts:
    """Return an engine that knows nothing yet."""
    made = given or settings()
    return Alerts(made, BySite(made), lambda target: SITES.get(target, ""), matchers_of)


def finding(key: str = "down/sw-1", severity: str = "critical", **more: Any) -> Finding:
    """Return a finding; its rule and target are in its key."""
    rule, _, target = key.partition("/")
    summary = f"{rule} at {target}"
    plain: dict[str, Any] = {"rule": rule, "target": target.partition("/")[0], "at": START, "summary": summary}
    return Finding(severity=Severity(severity), key=key, **(plain | more))


def silence(value: str, ends_s: float, starts_s: float = 0, label: str = "instance", **more: Any) -> NewSilence:
    """Return a silence on one label."""
    return NewSilence((Matcher(label, value, **more),), START + starts_s, START + ends_s, "work")


def maintenance(scope: str, ends_s: float, starts_s: float = 0) -> NewMaintenance:
    """Return a maintenance window."""
    return NewMaintenance((scope,), START + starts_s, START + ends_s, "new splice")


class World:
    """An engine with a clock, for tests that tell a story."""

    def __init__(self, **given: Any) -> None:
        self.alerts = engine(settings(**given))
        self.now = START

    def say(self, key: str = "down/sw-1", severity: str = "critical", source: str = "here", **more: Any) -> list[str]:
        """Say a finding now, and return what happened."""
        return what(self.alerts.say(finding(key, severity, **more), source, self.now))

    def clear(self, key: str = "down/sw-1", **more: Any) -> list[str]:
        """Say that it is over."""
        return self.say(key, cleared=True, **more)

    def later(self, seconds: float) -> list[str]:
        """Let time pass at once, and return what happened at its end."""
        self.now += seconds
        return what(self.alerts.tick(self.now))

    def alert(self, key: str = "down/sw-1") -> Alert:
        """Return the alert of a key."""
        return next(alert for alert in self.alerts.alerts() if alert.key == key)


def what(changes: Sequence[Change]) -> list[str]:
    """Return what happened to what, in words: `alert down/sw-1 firing`, `incident I1 opened`."""
    return [_words(change) for change in changes]


def _words(change: Change) -> str:
    thing: Any = change.thing
    kind = type(thing).__name__.lower()
    return f"{kind} {thing.key if isinstance(thing, Alert) else thing.id} {change.what}"


def holds(matchers: Sequence[Matcher], labels: Mapping[str, str]) -> bool:
    """Tell whether matchers hold."""
    return Conditions(matchers).hold(labels)
