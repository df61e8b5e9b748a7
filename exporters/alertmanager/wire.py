"""Alerts as Alertmanager's API v2 wants them (its OpenAPI schema: postableAlert), and the times in it. Pure.

An alert's identity there is its label set, so labels stay the same over an alert's life and everything that changes
goes into annotations. Rendering is most of the work for 10,000 alerts, so an alert is rendered once and its times are
written around that each time it is sent.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from netmon.api import Alert, State

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")  # Prometheus's data model; UTF-8 names came with Alertmanager 0.28
_FOREIGN = re.compile(r"[^a-zA-Z0-9_]")
_MAX_EVIDENCE = 20  # facts in one description: it is read on a phone
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, eq=False)
class Posting:
    """One label set as it shall stand there. `ends_at` None: firing. Compared by identity: a change makes a new one."""

    key: bytes  # the labels as JSON, in the order of their names
    body: bytes  # the JSON object without its times and its closing brace
    starts_at: float
    ends_at: float | None = None


def label_name(name: str) -> str:
    """Return a label's name as Prometheus allows it: what is foreign to it becomes an underscore."""
    if _NAME.fullmatch(name):
        return name
    plain = _FOREIGN.sub("_", name) or "_"
    return f"_{plain}" if plain[0].isdigit() else plain


def valid_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Return labels in the order of their names, made valid; empty ones are absent, as Alertmanager takes them."""
    valid = {name: value for name, value in labels.items() if value and _NAME.fullmatch(name)}
    for name in sorted(labels.keys() - valid.keys()):
        if value := labels[name]:
            changed = label_name(name)
            while changed in valid:  # two labels must not become one
                changed += "_"
            valid[changed] = value
    return {name: clean(valid[name]) for name in sorted(valid)}


def clean(text: str) -> str:
    """Return text that UTF-8 can carry: lone surrogates, left from bytes of no known encoding, are replaced."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def label_key(labels: Mapping[str, str]) -> bytes:
    """Return what two alerts share when Alertmanager takes them for one."""
    return _encode(valid_labels(labels))


def render(alert: Alert, key: bytes, external_url: str | None) -> Posting:
    """Return a firing alert ready to be sent, `key` being its label_key."""
    link = b"" if external_url is None else b',"generatorURL":' + _encode(clean(f"{external_url}/alerts/{alert.id}"))
    body = b'{"labels":' + key + b',"annotations":' + _encode(annotations(alert)) + link
    return Posting(key, body, alert.starts_at)


def annotations(alert: Alert) -> dict[str, str]:
    """Return what may change over an alert's life. Names are those that public templates look for."""
    taken = f"{alert.acknowledged_by}: {alert.note}".strip(": ") if alert.state is State.ACKNOWLEDGED else ""
    found = {
        "summary": alert.summary,
        "description": "\n".join(_evidence(alert)),
        "runbook_url": alert.runbook,
        "netmon_alert_id": alert.id,
        "netmon_incident": alert.incident,
        "netmon_effect_of": alert.effect_of,
        "netmon_acknowledged": taken,
        "netmon_muted_by": " ".join(alert.muted_by),
    }
    found |= {label_name(f"summary_{code}"): text for code, text in alert.summaries.items()}
    if alert.impact is not None:
        found["netmon_impact_at"] = timestamp(alert.impact.p50)
        found["netmon_impact_between"] = f"{timestamp(alert.impact.p10)} {timestamp(alert.impact.p90)}"
    return {name: clean(value) for name, value in found.items() if value}


def _evidence(alert: Alert) -> Iterable[str]:
    for number, (name, value) in enumerate(alert.evidence.items()):
        if number == _MAX_EVIDENCE:
            yield f"and {len(alert.evidence) - number} more"
            return
        yield f"{name}: {value:.6g}" if isinstance(value, float) else f"{name}: {value}"


def timed(posting: Posting, clock: "Clock", now: float, lasts_s: float) -> bytes:
    """Return the whole JSON object. What fires ends in `lasts_s` seconds unless it is said again before.

    An alert must not start after it ends: Alertmanager refuses it, and after a step of a clock that can be so.
    """
    if posting.ends_at is None:
        ends_at = clock.theirs(now) + lasts_s
    else:
        # Not a moment in its future: until then it would fire, and an earlier, later end would win over this one.
        ends_at = min(clock.theirs(posting.ends_at), now + clock.offset_s)
    starts_at = min(clock.theirs(posting.starts_at), ends_at, clock.theirs(now))
    times = f',"startsAt":"{timestamp(starts_at)}","endsAt":"{timestamp(ends_at)}"}}'
    return posting.body + times.encode()


@dataclass(frozen=True, slots=True)
class Clock:
    """What an Alertmanager's clock shows. `offset_s` is theirs minus ours, from its answers' Date (RFC 9110, 6.6.1).

    Date has whole seconds, cut off, so the offset is up to a second too low; and small offsets are not ours to mend.
    """

    offset_s: float = 0.0

    def theirs(self, at: float) -> float:
        """Return our time as theirs, where the two differ by more than five seconds."""
        return at + self.offset_s if abs(self.offset_s) > 5 else at

    def ours(self, at: float) -> float:
        """Return their time as ours."""
        return at - self.offset_s if abs(self.offset_s) > 5 else at


def timestamp(at: float) -> str:
    """Return Unix seconds as RFC 3339 in UTC with milliseconds, which is what its API gives back."""
    second, millis = divmod(round(at * 1e3), 1_000)
    return f"{_second(second)}.{millis:03d}Z"


@lru_cache(maxsize=4096)
def _second(second: int) -> str:
    try:
        return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError, OSError):  # before year 1 or after 9999: no clock shows that
        return "9999-12-31T23:59:59" if second > 0 else "0001-01-01T00:00:00"


_FRACTION = re.compile(r"\.(\d+)")


def unix_seconds(text: str) -> float:
    """Return an RFC 3339 time as Unix seconds; ValueError where it is none. Go writes up to nine decimals."""
    cut = _FRACTION.sub(lambda match: f".{match[1][:6]:0<6}", text)
    return datetime.fromisoformat(cut).timestamp()
