"""`netmon attention`: what is unusual now across the network."""

import csv
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import click
from rich.console import Console

from netmon.app.client import Client
from netmon.app.commands.asking import asks, lines
from netmon.app.past import past
from netmon.app.text import t
from netmon.app.unusual import unusual_table

_MAX: Final = 1_000  # the most that the interface gives
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would compute instead of show
_NAMES: Final = ("at", "target", "metric", "labels", "value", "expected", "score", "times")


@click.command("attention", help=t("attention.help"), epilog=t("attention.examples"))
@asks
@click.option("--since", metavar="TIME", help=t("attention.option.since"))
@click.option("--target", multiple=True, help=t("alerts.option.target"))
@click.option("--limit", type=click.IntRange(1, _MAX), default=50, show_default=True, help=t("alerts.option.limit"))
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help=t("predictions.option.format"),
)
def command(client: Client, *, since: str | None, target: tuple[str, ...], limit: int, form: str) -> None:
    """Exit as netmon.app.client.Exit says."""
    now = time.time()
    begin = None if since is None else datetime.fromtimestamp(past(since, now), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    page = client.get("attention", {"since": begin, "target": target, "limit": limit})
    found = page["unusual"]
    if form == "json":
        lines(found)
    elif form == "csv":
        _write(found)
    elif found:
        Console().print(unusual_table(found, page["total"], now))
    else:
        click.echo(t("attention.none"))


def _write(found: Sequence[Mapping[str, Any]]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(_NAMES)
    writer.writerows([_cell(each[name]) for name in _NAMES] for each in found)


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
