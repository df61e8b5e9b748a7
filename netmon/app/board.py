"""Alerts, incidents, silences and windows as people see them on a terminal.

What stands in them was written by others: control characters are shown, never obeyed.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from rich.text import Text

from netmon.api import Matcher
from netmon.app import human
from netmon.app.asked import matcher_text, printable
from netmon.app.fitted import Column, Fitted
from netmon.app.text import language, t

Thing = Mapping[str, Any]

_STYLES: Final = {"critical": "bold red", "error": "red", "warning": "yellow", "info": "cyan"}
_MAX_SUMMARY: Final = 300  # characters in a table
_ID_LENGTH: Final = 6  # characters of an id where there is no room for all of it


def alert_table(alerts: Sequence[Thing], caption: str = "") -> Fitted:
    """Return alerts as a table. The narrower the terminal, the less of id, incident, site, since and state."""
    ids = _beginnings([alert["id"] for alert in alerts])
    severity = _column("severity", [_severity(alert) for alert in alerts])
    state = _column("state", [_state(alert) for alert in alerts])
    narrow = _column("state", [_state(alert, "\n") for alert in alerts])
    since = _column("since", [_age(alert["starts_at"]) for alert in alerts])
    site = _column("site", [_text(alert["site"]) for alert in alerts], 10)
    target = _column("target", [_text(alert["target"]) for alert in alerts], 24)
    told = [_as_effect(_told(summary(alert), alert), alert) for alert in alerts]
    what = _column("summary", told, 30)
    stacked = _column("summary", list(map(_stack, map(_where, alerts), told)), 24)
    incident = _column("incident", [_text(alert["incident"]) for alert in alerts])
    whole = _column("id", [_text(alert["id"]) for alert in alerts])
    short = _column("id", list(map(_text, ids)))
    forms = (
        (severity, state, since, site, target, what, incident, whole),
        (severity, state, since, site, target, what, incident, short),
        (severity, narrow, since, site, target, what, short),
        (severity, narrow, since, stacked, short),
        (severity, narrow, stacked, short),
        (stacked, short),
    )
    return Fitted(forms, [_row_style(alert, "muted_by") for alert in alerts], caption)


def incident_table(incidents: Sequence[Thing], caption: str = "") -> Fitted:
    """Return incidents as a table, as alerts."""
    severity = _column("severity", [_severity(each) for each in incidents])
    state = _column("state", [_state(each) for each in incidents])
    narrow = _column("state", [_state(each, "\n") for each in incidents])
    since = _column("since", [_age(each["opened_at"]) for each in incidents])
    site = _column("site", [_text(each["site"]) for each in incidents], 10)
    told = [_with_effects(_told(_in_language(each["titles"], each["title"]), each), each) for each in incidents]
    what = _column("summary", told, 30)
    names = list(map(_targets, incidents))
    targets = _column("targets", names, 24)
    stacked = _column("summary", list(map(_stack, names, told)), 24)
    number = _column("id", [_text(each["id"]) for each in incidents])
    forms = (
        (severity, state, since, site, what, targets, number),
        (severity, narrow, since, site, what, targets, number),
        (severity, narrow, since, stacked, number),
        (severity, narrow, stacked, number),
        (stacked, number),
    )
    return Fitted(forms, [_row_style(each, "muted") for each in incidents], caption)


def window_table(windows: Sequence[Thing]) -> Fitted:
    """Return silences or maintenance windows as a table."""
    state = _column("state", [_text(t(f"window.status.{each['status']}")) for each in windows])
    starts = [_text(clock(each["starts_at"])) for each in windows]
    ends = [_text(clock(each["ends_at"])) for each in windows]
    covered = [_text(_covers(each)) for each in windows]
    reasons, authors = ([_text(each[name]) for each in windows] for name in ("reason", "author"))
    begin, end = Column(t("window.column.from"), starts), Column(t("window.column.until"), ends)
    what, why = Column(t("window.column.what"), covered, 24), Column(t("window.column.reason"), reasons, 24)
    author = Column(t("window.column.by"), authors, 12)
    number = _column("id", [_text(each["id"]) for each in windows], 12)
    said = [_text(f"{each['reason']} ({each['author']})") for each in windows]
    stacked = Column(t("window.column.what"), list(map(_stack, covered, said)), 24)
    forms = (
        (state, begin, end, what, author, why, number),
        (state, begin, end, stacked, number),
        (state, end, stacked, number),
        (stacked, number),
    )
    return Fitted(forms, ["" if each["status"] == "active" else "dim" for each in windows])


def summary(alert: Thing) -> str:
    """Return an alert's summary in the language in use, where it has one."""
    return printable(_in_language(alert["summaries"], alert["summary"]))


def clock(text: str) -> str:
    """Return a time as this host's clock shows it."""
    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M}"


def _covers(window: Thing) -> str:
    scopes = [window["matchers"]] if "matchers" in window else window["scope"]
    told = [", ".join(matcher_text(Matcher(**each)) for each in scope) for scope in scopes]
    title = window.get("title", "")
    return f"{title} ({'; '.join(told)})" if title else "; ".join(told)


def _in_language(texts: Mapping[str, str], english: str) -> str:
    return texts.get(language()) or english


def _targets(incident: Thing) -> Text:
    names = ", ".join(incident["targets"][:3])
    more = incident["target_count"] - 3
    return _text(f"{names} +{more}" if more > 0 else names)


def _severity(thing: Thing) -> Text:
    severity = thing["severity"]
    return Text(t(f"alerts.severity.{severity}"), style=_STYLES.get(severity, ""))


def _state(thing: Thing, between: str = ", ") -> Text:
    marks = [t(f"alerts.short.{thing['state']}")]
    if thing.get("muted_by") or thing.get("muted"):
        marks.append(t("alerts.muted"))
    if thing.get("flapping"):
        marks.append(t("alerts.flapping"))
    return Text(between.join(marks))


def _where(alert: Thing) -> Text:
    site = alert["site"]
    return _text(alert["target"]).append(f" ({printable(site)})" if site else "", style="dim")


def _stack(above: Text, below: Text) -> Text:
    return Text("\n").join([above, below]) if above.plain else below


def _row_style(thing: Thing, muted: str) -> str:
    return "dim" if thing[muted] or thing["state"] == "resolved" else ""


def _beginnings(ids: Sequence[str]) -> list[str]:
    """Return beginnings of ids, long enough to tell these apart: that is what `netmon ack` takes."""
    length = _ID_LENGTH
    while len({each[:length] for each in ids}) < len(set(ids)):
        length += 1
    return [each[:length] for each in ids]


def _told(what: str, thing: Thing) -> Text:
    """Return what is wrong, and who has it in hand."""
    text, said = _text(what), ": ".join(filter(None, (thing["acknowledged_by"], thing["note"])))
    return text.append(f" ({printable(said)})", style="dim") if said and thing["state"] == "acknowledged" else text


def _with_effects(text: Text, incident: Thing) -> Text:
    """Add how many alerts are effects of what an incident's title says; older daemons do not tell."""
    count = incident.get("effect_count", 0)
    said = t("causes.effect") if count == 1 else t("causes.effects", count=count)
    return text.append(f" {said}", style="dim") if count else text


def _as_effect(text: Text, alert: Thing) -> Text:
    """Add what explains an alert."""
    cause = alert.get("effect_of", "")
    return text.append(f" {t('causes.effect_of', cause=printable(cause))}", style="dim") if cause else text


def _age(at: str) -> Text:
    return Text(human.duration(max(0, round(time.time() - datetime.fromisoformat(at).timestamp()))))


def _text(text: str) -> Text:
    shown = printable(text)
    return Text(shown if len(shown) <= _MAX_SUMMARY else shown[: _MAX_SUMMARY - 1] + "…")


def _column(name: str, cells: Sequence[Text], least: int = 0) -> Column:
    return Column(t(f"alerts.column.{name}"), cells, least)
