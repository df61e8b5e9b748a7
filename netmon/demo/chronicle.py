"""A run told from its beginning: incidents with cause and effects, predictions and what became of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from netmon.app import human
from netmon.app.asked import printable
from netmon.app.board import summary
from netmon.app.commands.predictions import account_table
from netmon.app.text import language, t
from netmon.demo.outcome import Outcome, Thing, at

MAX_TOLD: Final = 40  # incidents, and predictions: the story makes fewer than twenty
_MAX_EFFECTS: Final = 8  # of one incident
_FAR_S: Final = 86_400.0  # from here on dates say more than clocks
_STYLES: Final = {"critical": "bold red", "error": "red", "warning": "yellow", "info": "cyan"}
_OUTCOMES: Final = {"hit": "bold green", "early": "yellow", "late": "yellow", "false": "red", "open": "cyan"}


def tell(console: Console, found: Outcome) -> None:
    """Print what happened, what was foretold, and the account of each rule."""
    if not found.alerts:
        console.print(t("demo.summary.quiet"), markup=False)
    else:
        over = sum(one["state"] == "resolved" for one in found.incidents)
        console.print(Text(t("demo.told.incidents", count=len(found.incidents), over=over), style="bold"))
        console.print(_incidents(found))
    if found.predictions:
        console.print(Text(t("demo.told.predictions", count=len(found.predictions)), style="bold"))
        console.print(_predictions(found.predictions))
    if any(sum(one[name] for name in ("hit", "early", "late", "false", "missed")) for one in found.account):
        console.print(Text(t("demo.told.account"), style="bold"))
        console.print(account_table(found.account))


# ── incidents ──


def _incidents(found: Outcome) -> Table:
    table = Table.grid(padding=(0, 2))
    for width in (20, 8, None):
        table.add_column(width=width, vertical="top")
    for incident in sorted(found.incidents, key=lambda one: at(one["opened_at"]))[:MAX_TOLD]:
        severity = incident["severity"]
        what = Group(*_told(incident, [one for one in found.alerts if one["incident"] == incident["id"]]))
        table.add_row(_span(incident), Text(t(f"alerts.severity.{severity}"), style=_STYLES.get(severity, "")), what)
    return table


def _span(incident: Thing) -> Text:
    over = _clock(incident["resolved_at"]) if incident["resolved_at"] else t("demo.told.lasts")
    return Text(f"{_clock(incident['opened_at'])} - {over}")


def _told(incident: Thing, alerts: Sequence[Thing]) -> Iterator[RenderableType]:
    title = printable(incident["titles"].get(language()) or incident["title"])
    yield Text(f"{title} ({incident['id']})", style="" if incident["resolved_at"] else "bold")
    said = incident["explanation"]
    if why := printable(said.get(language()) or said.get("en", "")):
        yield Text(f"{t('demo.told.why')} {why}", style="dim")
    effects = list(dict.fromkeys(summary(one) for one in sorted(alerts, key=_begun) if one["effect_of"]))
    yield from (Text(f"→ {effect}", style="dim") for effect in effects[:_MAX_EFFECTS])
    if len(effects) > _MAX_EFFECTS:
        yield Text(t("demo.told.more", count=len(effects) - _MAX_EFFECTS), style="dim")
    others = {summary(one) for one in alerts if not one["effect_of"]} - {title}
    if not why:
        yield from (Text(f"· {other}", style="dim") for other in sorted(others)[:_MAX_EFFECTS] if len(alerts) > 1)


def _begun(alert: Thing) -> float:
    return at(alert["starts_at"])


# ── predictions ──


def _predictions(made: Iterable[Thing]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("said", "what", "p50", "between", "outcome", "lead"):
        table.add_column(t(f"demo.told.column.{name}"), no_wrap=name != "what", vertical="top")
    for one in sorted(made, key=lambda one: (at(one["made_at"]), at(one["p50"])))[:MAX_TOLD]:
        far = at(one["p50"]) - at(one["made_at"]) >= _FAR_S
        between = f"{_moment(one['p10'], far=far)} … {_moment(one['p90'], far=far)}"
        outcome = Text(_outcome(one), style=_OUTCOMES.get(one["outcome"], ""))
        lead = human.duration(round(at(one["reached_at"]) - at(one["made_at"]))) if one["reached_at"] else ""
        table.add_row(_clock(one["made_at"]), _what(one), _moment(one["p50"], far=far), between, outcome, lead)
    return table


def _what(made: Thing) -> Text:
    """Return what is foretold in a few words: the matter, the target, the part."""
    text = Text(printable(f"{made['rule']} {made['target']}"))
    return text.append(f" {printable(part)}", style="dim") if (part := _part(made["series"])) else text


def _part(series: str) -> str:
    """Return the one label of a series that people call it by."""
    for name in ("mountpoint", "ifName"):
        _, found, rest = series.partition(f'{name}="')
        if found:
            return rest.partition('"')[0]
    return ""


def _outcome(made: Mapping[str, str]) -> str:
    said = t(f"predictions.column.{made['outcome']}")
    return f"{said} {_clock(made['reached_at'])}" if made["reached_at"] else said


def _moment(text: str, *, far: bool) -> str:
    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d}" if far else _clock(text)


def _clock(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone():%H:%M:%S}"
