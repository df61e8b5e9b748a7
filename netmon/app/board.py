"""Alerts, incidents, silences and windows as people see them on a terminal.

What stands in them was written by others: control characters are shown, never obeyed.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from rich import box
from rich.table import Table
from rich.text import Text

from netmon.api import Matcher
from netmon.app import human
from netmon.app.asked import matcher_text, printable
from netmon.app.text import language, t

Thing = Mapping[str, Any]

_STYLES: Final = {"critical": "bold red", "error": "red", "warning": "yellow", "info": "cyan"}
_MAX_SUMMARY: Final = 300  # characters in a table


def alert_table(alerts: Sequence[Thing], caption: str = "") -> Table:
    """Return alerts as a table."""
    table = _table(("severity", "state", "since", "site", "target", "summary", "incident", "id"), caption)
    for alert in alerts:
        table.add_row(
            _severity(alert),
            _state(alert),
            _age(alert["starts_at"]),
            _text(alert["site"]),
            _text(alert["target"]),
            _told(summary(alert), alert),
            _text(alert["incident"]),
            _text(alert["id"]),
            style="dim" if alert["muted_by"] or alert["state"] == "resolved" else "",
        )
    return table


def incident_table(incidents: Sequence[Thing], caption: str = "") -> Table:
    """Return incidents as a table."""
    table = _table(("severity", "state", "since", "site", "summary", "targets", "id"), caption)
    for incident in incidents:
        table.add_row(
            _severity(incident),
            _state(incident),
            _age(incident["opened_at"]),
            _text(incident["site"]),
            _told(_in_language(incident["titles"], incident["title"]), incident),
            _targets(incident),
            _text(incident["id"]),
            style="dim" if incident["muted"] or incident["state"] == "resolved" else "",
        )
    return table


def window_table(windows: Sequence[Thing]) -> Table:
    """Return silences or maintenance windows as a table."""
    table = _table((), "")
    columns = ("alerts.column.state", "window.column.from", "window.column.until", "window.column.what")
    for key in (*columns, "window.column.by", "window.column.reason", "alerts.column.id"):
        table.add_column(t(key), overflow="fold", no_wrap=key in columns[:3])
    for window in windows:
        table.add_row(
            _text(t(f"window.status.{window['status']}")),
            _text(clock(window["starts_at"])),
            _text(clock(window["ends_at"])),
            _text(_covers(window)),
            _text(window["author"]),
            _text(window["reason"]),
            _text(window["id"]),
            style="" if window["status"] == "active" else "dim",
        )
    return table


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


def _state(thing: Thing) -> Text:
    marks = [t(f"alerts.state.{thing['state']}")]
    if thing.get("muted_by") or thing.get("muted"):
        marks.append(t("alerts.muted"))
    if thing.get("flapping"):
        marks.append(t("alerts.flapping"))
    return _text(", ".join(marks))


def _told(what: str, thing: Thing) -> Text:
    """Return what is wrong, and who has it in hand."""
    text, said = _text(what), ": ".join(filter(None, (thing["acknowledged_by"], thing["note"])))
    return text.append(f" ({printable(said)})", style="dim") if said and thing["state"] == "acknowledged" else text


def _age(at: str) -> Text:
    return Text(human.duration(max(0, round(time.time() - datetime.fromisoformat(at).timestamp()))))


def _text(text: str) -> Text:
    shown = printable(text)
    return Text(shown if len(shown) <= _MAX_SUMMARY else shown[: _MAX_SUMMARY - 1] + "…")


def _table(columns: Sequence[str], caption: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", border_style="dim", caption_justify="left")
    table.caption = caption or None
    for name in columns:
        whole = name in {"id", "incident", "severity", "state", "since"}
        table.add_column(t(f"alerts.column.{name}"), no_wrap=whole, overflow="fold")
    return table
