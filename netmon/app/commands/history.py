"""`netmon history`: what is kept of a target's quantities that have a limit."""

import csv
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console, Group, RenderableType
from rich.text import Text

from netmon.app.asked import printable
from netmon.app.client import Exit
from netmon.app.commands.options import CONFIG
from netmon.app.commands.recorded import shown_time
from netmon.app.fitted import Column, Fitted
from netmon.app.past import past
from netmon.app.systemwords import why
from netmon.app.telling import told_apart
from netmon.app.text import language, speaking, t
from netmon.app.whereabouts import spoken, states

if TYPE_CHECKING:  # numpy is for those who ask
    from netmon.api.columns import Series
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
            click.echo(t("history.unreadable", path=folder, problem=why(error)), err=True)
            sys.exit(Exit.AWAY)
        if not found:
            click.echo(t("history.none", target=printable(target)), err=True)
            sys.exit(Exit.UNKNOWN)
        found.sort(key=lambda one: (one.series.metric, one.series.labels, one.begins))
        if form == "csv":
            _write(found)
        else:
            Console().print(Group(*_tables(found, days=period == "day")))


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


def _tables(found: Sequence["Record"], *, days: bool) -> Iterator[RenderableType]:
    """Give a title and a table for each series: its periods with their units."""
    names = _names({one.series for one in found})
    for series, records in groupby(found, key=lambda one: one.series):
        title = f"{series.metric} {names[series]}" if series.labels else series.metric
        yield Text(printable(title), style="bold")
        yield _table(list(records), series.metric, days=days)
        yield Text()


def _names(several: Collection["Series"]) -> dict["Series", str]:
    """Return what tells each series from others of its metric."""
    names: dict[Series, str] = {}
    for metric in {series.metric for series in several}:
        alike = [series for series in several if series.metric == metric]
        names |= zip(alike, told_apart([dict(series.labels) for series in alike]), strict=True)
    return names


def _table(records: Sequence["Record"], metric: str, *, days: bool) -> Fitted:
    """Return the periods of a series. The narrower the terminal, the less of count, mean and minimum."""
    shown = [shown_time(one.begins) for one in records]
    began = _column("timestamp", [text.split()[0] for text in shown] if days else shown)
    values = {
        name: _column(name, [_figure(metric, getattr(one, name)) for one in records])
        for name in ("minimum", "mean", "maximum", "p95")
    }
    count = _column("count", [str(one.count) for one in records])
    forms = (
        (began, *values.values(), count),
        (began, *values.values()),
        (began, values["mean"], values["maximum"]),
        (began, values["maximum"]),
    )
    return Fitted(forms, [""] * len(records))


def _figure(metric: str, value: float) -> str:
    """Return a value with its unit; of a counter, whose rate may have been made bits, a number."""
    from rules.limits.words import figure  # noqa: PLC0415  # what speaks of rules takes a while

    return f"{value:.4g}" if metric.endswith("_total") else figure(metric, value, language())


def _column(name: str, cells: Iterable[str]) -> Column:
    return Column(t(f"history.column.{name}"), [Text(cell) for cell in cells])


def _labels(one: "Record") -> str:
    return ",".join(f"{name}={value}" for name, value in one.series.labels)
