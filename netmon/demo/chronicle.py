"""A run told from its beginning: incidents with cause and effects, predictions and what became of them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from netmon.app import human
from netmon.app.asked import printable
from netmon.app.board import summary
from netmon.app.text import language, t
from netmon.demo.named import Named
from netmon.demo.outcome import Outcome, Thing, at

MAX_TOLD: Final = 40  # incidents, and predictions: the story makes fewer than twenty
_MAX_EFFECTS: Final = 8  # of one incident
_FAR_S: Final = 86_400.0  # from here on dates say more than clocks
_STYLES: Final = {"critical": "bold red", "error": "red", "warning": "yellow", "info": "cyan"}
_COUNTS: Final = ("open", "hit", "early", "late", "false", "averted", "void", "missed")
_OUTCOMES: Final = {"hit": "bold green", "early": "yellow", "late": "yellow", "false": "red", "open": "cyan"}


def tell(console: Console, found: Outcome) -> None:
    """Print what happened, what was foretold, and the account of each rule."""
    if not found.alerts:
        console.print(t("demo.summary.quiet"), markup=False)
    else:
        over = sum(one["resolved_at"] is not None for one in found.incidents)
        _part_of(console, t("demo.told.incidents", count=len(found.incidents), over=over), _incidents(found))
    if found.predictions:
        title = t("demo.told.predictions", count=len(found.predictions))
        _part_of(console, title, _predictions(found.predictions))
    if any(sum(one[name] for name in ("hit", "early", "late", "false", "missed")) for one in found.account):
        _part_of(console, t("demo.told.account"), _account(found.account))


def tell_attacks(console: Console, attacks: Sequence[Named]) -> None:
    """Print each attack, and how soon it was named; nothing where there was none."""
    if not attacks:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("began", "attack", "found", "fired", "as"):
        table.add_column(t(f"demo.attacks.column.{name}"), vertical="top")
    for one in attacks[:MAX_TOLD]:
        clock = f"{datetime.fromtimestamp(one.began).astimezone():%H:%M:%S}"
        waits = ["-" if wait is None else f"{max(0.0, wait):.1f} s" for wait in (one.found_s, one.fired_s)]
        table.add_row(clock, t(f"demo.attack.{one.attack}"), *waits, _named_as(one.alert))
    _part_of(console, t("demo.attacks.title"), table)


def _named_as(alert: Thing | None) -> Text:
    """Return the rule, whom it concerns, and the incident where all of it is told."""
    if alert is None:
        return Text(t("demo.attacks.unnamed"), style="red")
    where = " ".join(filter(None, (alert["target"], f"({alert['incident']})" if alert["incident"] else "")))
    return Text(printable(f"{alert['rule']}: {where}"))


def _part_of(console: Console, title: str, table: Table) -> None:
    console.print()
    console.print(Text(title, style="bold"))
    console.print(table)
    console.print()


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
    if incident["acknowledged_by"]:
        hands = ": ".join(filter(None, (incident["acknowledged_by"], incident["note"])))
        yield Text(f"({printable(hands)})", style="green")
    said = incident["explanation"]
    if why := printable(said.get(language()) or said.get("en", "")):
        yield Text(f"{t('demo.told.why')} {why}", style="dim")
    own = dict.fromkeys(summary(one) for one in sorted(alerts, key=_begun) if not one["effect_of"])
    yield from (Text(f"· {one}", style="dim") for one in list(own)[:_MAX_EFFECTS] if len(own) > 1)
    effects = list(dict.fromkeys(summary(one) for one in sorted(alerts, key=_begun) if one["effect_of"]))
    yield from (Text(f"→ {effect}", style="dim") for effect in effects[:_MAX_EFFECTS])
    if len(effects) > _MAX_EFFECTS:
        yield Text(t("demo.told.more", count=len(effects) - _MAX_EFFECTS), style="dim")


def _begun(alert: Thing) -> float:
    return at(alert["starts_at"])


# ── predictions ──


def _predictions(made: Iterable[Thing]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("said", "what", "when", "outcome"):
        table.add_column(t(f"demo.told.column.{name}"), vertical="top")
    ordered = sorted(made, key=lambda one: (at(one["made_at"]), at(one["p50"])))[:MAX_TOLD]
    for one in ordered:
        earlier = at(ordered[-1]["made_at"]) - at(one["made_at"]) >= _FAR_S
        table.add_row(_moment(one["made_at"], far=earlier), _what(one), _when(one), _became(one))
    return table


def _what(made: Thing) -> Text:
    """Return what is foretold: the matter, and below it the target with its part."""
    text = Text(printable(made["rule"]))
    where = f"{made['target']} {_part(made['series'])}".rstrip()
    return text.append(f"\n{printable(where)}", style="dim")


def _when(made: Thing) -> Text:
    """Return the median, and below it from when to when it is with 80%."""
    far = at(made["p50"]) - at(made["made_at"]) >= _FAR_S
    median, low, high = (_moment(made[name], far=far) for name in ("p50", "p10", "p90"))
    return Text(median).append(f"\n{low} … {high}", style="dim")


def _became(made: Thing) -> Text:
    """Return what became of it, and how long before the limit was reached it was said."""
    text = Text(t(f"predictions.column.{made['outcome']}"), style=_OUTCOMES.get(made["outcome"], ""))
    if not made["reached_at"]:
        return text
    lead = human.duration(round(at(made["reached_at"]) - at(made["made_at"])))
    return text.append(f" {_clock(made['reached_at'])}").append(f"\n{t('demo.told.lead', time=lead)}", style="dim")


def _account(scores: Sequence[Thing]) -> Table:
    """Return the counts of each rule; outcomes that no rule had are left out."""
    counts = [name for name in _COUNTS if any(one[name] for one in scores)]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("rule", *counts, "precision", "recall", "lead"):
        table.add_column(t(f"predictions.column.{name}"), no_wrap=name == "rule", vertical="top")
    for one in scores:
        shares = ["-" if one[name] is None else f"{one[name]:.0%}" for name in ("precision", "recall")]
        lead = "-" if one["median_lead_s"] is None else human.duration(round(one["median_lead_s"]))
        table.add_row(Text(printable(one["rule"])), *(str(one[name]) for name in counts), *shares, lead)
    return table


def _part(series: str) -> str:
    """Return the one label of a series that people call it by."""
    for name in ("mountpoint", "ifName"):
        _, found, rest = series.partition(f'{name}="')
        if found:
            return rest.partition('"')[0]
    return ""


def _moment(text: str, *, far: bool) -> str:
    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d}" if far else _clock(text)


def _clock(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone():%H:%M:%S}"
