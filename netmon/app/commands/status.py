"""`netmon status`: how the core is, in one look."""

import sys
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from netmon.app import human
from netmon.app.asked import printable
from netmon.app.client import Client
from netmon.app.commands.asking import JSON, asks, lines
from netmon.app.text import t

EXIT_PROBLEMS: Final = 1
_OPEN: Final = ("firing", "acknowledged", "pending")


@click.command("status", help=t("status.help"), epilog=t("status.examples"))
@asks
@JSON
def command(client: Client, *, as_json: bool) -> None:
    """Exit 0 when all is well, 1 when something is wrong, else as netmon.app.client.Exit says."""
    status = client.get("status")
    if as_json:
        lines([status])
    else:
        console = Console()
        console.print(_verdict(status))
        console.print(_figures(status))
    if status["problems"] or not status["ok"]:
        sys.exit(EXIT_PROBLEMS)


def _verdict(status: Mapping[str, Any]) -> Text:
    problems = [printable(problem) for problem in status["problems"]]
    if not problems and status["ok"]:
        return Text(t("status.well"), style="green")
    told = Text(t("status.unwell"), style="bold red")
    for problem in problems:
        told.append(f"\n  - {problem}", style="default")
    return told


def _figures(status: Mapping[str, Any]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    lag = status["index_lag"]
    table.add_row(t("status.alerts"), _alerts(status["alerts"]))
    table.add_row(t("status.ledger"), t("status.records", count=f"{status['ledger_size']:,}"))
    table.add_row(t("status.index"), t("status.lag", count=f"{lag:,}") if lag else t("status.in_step"))
    for number, (sender, at) in enumerate(sorted(status["sources"].items())):
        table.add_row("" if number else t("status.sources"), t("status.heard", sender=printable(sender), ago=_ago(at)))
    if not status["sources"]:
        table.add_row(t("status.sources"), t("status.no_sources"))
    table.add_row(t("status.version"), printable(status["version"]))
    return table


def _alerts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{counts.get(state, 0)} {t(f'alerts.state.{state}')}" for state in _OPEN)


def _ago(at: str) -> str:
    return human.duration(max(0, round(time.time() - datetime.fromisoformat(at).timestamp())))
