"""`netmon history`: what is kept of a target's quantities that have a limit."""

import csv
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from netmon.app.asked import printable
from netmon.app.client import Exit
from netmon.app.commands.options import CONFIG
from netmon.app.past import past
from netmon.app.text import speaking, t
from netmon.app.whereabouts import spoken, states

if TYPE_CHECKING:  # numpy is for those who ask
    from netmon.core.history.look import Record

_LENGTHS: Final = {"day": 86_400, "5m": 300}
_COLUMNS: Final = ("timestamp", "metric", "labels", "minimum", "mean", "maximum", "p95", "count")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would compute instead of show


@click.command("history", help=t("history.help"), epilog=t("history.examples"))
@CONFIG
@click.argument("target")
@click.option("--metric", default="", metavar="TEXT", help=t("history.option.metric"))
@click.option("--since", default="14d", show_default=True, metavar="TIME", help=t("history.option.since"))
@click.option(
    "--period", type=click.Choice(list(_LENGTHS)), default="day", show_default=True, help=t("history.option.period")
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv"]),
    default="table",
    show_default=True,
    help=t("history.option.format"),
)
def command(  # noqa: PLR0913  # one for each option of the command
    directory: Path, *, target: str, metric: str, since: str, period: str, form: str
) -> None:
    """Exit 0; 3 where there is no history that can be read, 5 where it has nothing of the target."""
    from netmon.core.history.look import look  # noqa: PLC0415  # numpy takes a while

    with speaking(spoken(directory)):
        folder = _folder(directory)
        try:
            begin = past(since, time.time())
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        try:
            found = list(look(folder, target, metric, _LENGTHS[period], begin))
        except OSError as error:
            click.echo(t("history.unreadable", path=folder, problem=error.strerror or error), err=True)
            sys.exit(Exit.AWAY)
        if not found:
            click.echo(t("history.none", target=printable(target)), err=True)
            sys.exit(Exit.UNKNOWN)
        found.sort(key=lambda one: (one.series.metric, one.series.labels, one.begins))
        _write(found) if form == "csv" else Console().print(_table(found))


def _folder(directory: Path) -> Path:
    """Return the history of this configuration's daemon."""
    places = [state / "history" for state in states(directory)]
    return next((place for place in places if (place / "names").exists()), places[0])


def _write(found: Sequence["Record"]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(_COLUMNS)
    for one in found:
        cells = (one.series.metric, _labels(one))
        safe = (f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells)
        writer.writerow((one.begins, *safe, one.minimum, one.mean, one.maximum, one.p95, one.count))


def _table(found: Sequence["Record"]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in _COLUMNS:
        table.add_column(t(f"history.column.{name}"), justify="left" if name in _COLUMNS[:3] else "right")
    for one in found:
        begins = datetime.fromtimestamp(one.begins, UTC).strftime("%Y-%m-%d %H:%MZ")
        values = [Text(f"{value:.6g}") for value in (one.minimum, one.mean, one.maximum, one.p95)]
        named = [Text(printable(text)) for text in (one.series.metric, _labels(one))]
        table.add_row(Text(begins), *named, *values, Text(str(one.count)))
    return table


def _labels(one: "Record") -> str:
    return ",".join(f"{name}={value}" for name, value in one.series.labels)
