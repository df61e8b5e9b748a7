"""`netmon predictions`: which limits are expected to be reached, and the account of what was foretold before."""

import csv
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import click
from rich.console import Console
from rich.text import Text

from netmon.app import human
from netmon.app.asked import printable
from netmon.app.board import clock
from netmon.app.client import Client
from netmon.app.commands.asking import asks, lines
from netmon.app.fitted import Column, Fitted
from netmon.app.past import past
from netmon.app.telling import labels_of, told_apart
from netmon.app.text import t

_MAX: Final = 1_000  # the most that the interface gives
_OUTCOMES: Final = ("open", "hit", "early", "late", "false", "averted", "void")
_COUNTS: Final = ("open", "hit", "early", "late", "false", "averted", "void", "missed")
_JUDGED: Final = ("hit", "early", "late", "false", "missed")
_STYLES: Final = {"hit": "green", "early": "yellow", "late": "yellow", "false": "red", "missed": "red"}
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would compute instead of show
_SAID: Final = ("id", "rule", "target", "series", "made_at", "bound", "value", "horizon", "severity")
_PREDICTION: Final = (*_SAID, "p10", "p50", "p90", "outcome", "scored_at", "reached_at")
_SCORE: Final = ("rule", *_COUNTS, "foretold", "precision", "recall", "median_lead_s", "median_error_s")


@click.command("predictions", help=t("predictions.help"), epilog=t("predictions.examples"))
@asks
@click.option("--all", "everything", is_flag=True, help=t("predictions.option.all"))
@click.option("--report", is_flag=True, help=t("predictions.option.report"))
@click.option("--since", metavar="TIME", help=t("predictions.option.since"))
@click.option("--rule", multiple=True, help=t("alerts.option.rule"))
@click.option("--target", multiple=True, help=t("alerts.option.target"))
@click.option("--limit", type=click.IntRange(1, _MAX), default=200, show_default=True, help=t("alerts.option.limit"))
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help=t("predictions.option.format"),
)
def command(  # noqa: PLR0913  # one for each option of the command
    client: Client,
    *,
    everything: bool,
    report: bool,
    since: str | None,
    rule: tuple[str, ...],
    target: tuple[str, ...],
    limit: int,
    form: str,
) -> None:
    """Exit as netmon.app.client.Exit says."""
    begin = None if since is None else _rfc3339(past(since, time.time()))
    if report:
        rules = client.get("predictions/report", {"since": begin})["rules"]
        _write([each for each in rules if not rule or each["rule"] in rule], _SCORE, form, len(rules))
        return
    outcomes = _OUTCOMES if everything else _OUTCOMES[:1]
    query = {"outcome": outcomes, "since": begin, "rule": rule, "target": target, "limit": limit}
    page = client.get("predictions", query)
    _write(page["predictions"], _PREDICTION, form, page["total"])


def _write(found: Sequence[Mapping[str, Any]], names: Sequence[str], form: str, total: int) -> None:
    if form == "json":
        lines(found)
    elif form == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(names)
        writer.writerows([_cell(each[name]) for name in names] for each in found)
    elif not found:
        click.echo(t("predictions.none_scored" if names is _SCORE else "predictions.none"))
    elif names is _SCORE:
        Console().print(account_table(found))
    else:
        caption = t("predictions.count", shown=len(found), total=total) if len(found) < total else ""
        Console().print(prediction_table(found, time.time(), caption))


def prediction_table(found: Sequence[Mapping[str, Any]], now: float, caption: str = "") -> Fitted:
    """Return predictions as a table. The narrower the terminal, the less of series, interval and when it was said."""
    outcome = _column("outcome", [Text(t(f"predictions.column.{_known(each)}"), _style(each)) for each in found])
    when = _column("when", [Text(_away(each["p50"], now)) for each in found])
    between = _column("between", [Text(f"{clock(each['p10'])} … {clock(each['p90'])}") for each in found])
    rule = _column("rule", [_text(each["rule"]) for each in found], 12)
    target = _column("target", [_text(each["target"]) for each in found], 10)
    series = _column("series", _series(found), 12)
    made = _column("made", [Text(_away(each["made_at"], now)) for each in found])
    reached = _column("reached", [Text(_away(each["reached_at"], now)) for each in found])
    forms = (
        (outcome, when, between, rule, target, series, made, reached),
        (outcome, when, between, rule, target, series),
        (outcome, when, rule, target, series),
        (when, rule, target),
    )
    return Fitted(forms, ["" if each["outcome"] == "open" else "dim" for each in found], caption)


def _series(found: Sequence[Mapping[str, Any]]) -> list[Text]:
    """Return of each series what tells it from the others of its rule and target, which have columns of their own."""
    labels = [labels_of(each["series"]) for each in found]
    alike: dict[tuple[str, str], list[int]] = {}
    for row, each in enumerate(found):
        alike.setdefault((each["rule"], each["target"]), []).append(row)
    named: dict[int, str] = {}
    for rows in alike.values():
        named |= dict(zip(rows, told_apart([labels[row] for row in rows]), strict=True))
    return [_text(named[row]) for row in range(len(found))]


def account_table(found: Sequence[Mapping[str, Any]]) -> Fitted:
    """Return the account of each rule as a table. The narrower the terminal, the fewer outcomes; names stay whole."""
    names = [_text(each["rule"]) for each in found]
    rule = _column("rule", names)
    counts = {
        name: _column(name, [Text(str(each[name]), _STYLES.get(name, "") if each[name] else "dim") for each in found])
        for name in _COUNTS
    }
    shares = [_column(name, [Text(_share(each[name])) for each in found]) for name in ("precision", "recall")]
    lead = _column("lead", [Text(_span(each["median_lead_s"])) for each in found])
    error = _column("error", [Text(_span(each["median_error_s"])) for each in found])
    forms = (
        (rule, *counts.values(), *shares, lead, error),
        (rule, *(counts[name] for name in _JUDGED), *shares, lead, error),
        (rule, counts["hit"], counts["false"], counts["missed"], *shares, lead, error),
        (_column("rule", names, 12), *shares, lead, error),
    )
    return Fitted(forms, [""] * len(found))


def _column(name: str, cells: Sequence[Text], least: int = 0) -> Column:
    return Column(t(f"predictions.column.{name}"), cells, least)


def _known(made: Mapping[str, Any]) -> str:
    outcome = str(made["outcome"])
    return outcome if outcome in _COUNTS else "void"


def _style(made: Mapping[str, Any]) -> str:
    return _STYLES.get(_known(made), "")


def _text(text: str) -> Text:
    return Text(printable(text))


def _away(at: str | None, now: float) -> str:
    if at is None:
        return ""
    seconds = round(datetime.fromisoformat(at).timestamp() - now)
    return t("predictions.in" if seconds >= 0 else "predictions.ago", time=human.duration(abs(seconds)))


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _span(seconds: float | None) -> str:
    return "-" if seconds is None else human.duration(round(seconds))


def _cell(value: object) -> object:
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _rfc3339(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
