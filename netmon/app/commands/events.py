"""`netmon events`: search what the ledger has recorded, and follow it."""

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from netmon.api import ConfigError, Query, Severity
from netmon.app import recordshow
from netmon.app.asked import printable
from netmon.app.commands.options import CONFIG
from netmon.app.ledgerbook import Book, Record
from netmon.app.past import past
from netmon.app.settings import configured_language, load_directory
from netmon.app.settings.yamlfile import read_yaml
from netmon.app.systemwords import translated
from netmon.app.text import speaking, t
from netmon.app.whereabouts import states
from netmon.core.ledger.database import said
from netmon.core.ledger.filler import Filler
from netmon.core.ledger.index_settings import IndexSettings
from netmon.core.ledger.record import Kind
from netmon.core.ledger.segments import segments

FOUND: Final = 0
NOTHING: Final = 1
USAGE: Final = 2
UNREADABLE: Final = 3

_TABLE_ROWS: Final = 100
_FOLLOW_ROWS: Final = 10
_ROWS_MAX: Final = 100_000  # that are held at once; without a limit they are written as they are found

_OPTIONS: Final = (
    click.option("--since", metavar="TIME", help=t("events.since")),
    click.option("--until", metavar="TIME", help=t("events.until")),
    click.option(
        "--kind", "kinds", multiple=True, type=click.Choice([each.value for each in Kind]), help=t("events.kind")
    ),
    click.option("--category", "categories", multiple=True, metavar="NAME", help=t("events.category")),
    click.option("--target", "targets", multiple=True, metavar="NAME", help=t("events.target")),
    click.option("--source", "sources", multiple=True, metavar="NAME", help=t("events.source")),
    click.option("--severity", type=click.Choice([each.value for each in Severity]), help=t("events.severity")),
    click.option("--text", default="", help=t("events.text")),
    click.option("--limit", type=click.IntRange(0, _ROWS_MAX), metavar="N", help=t("events.limit")),
    click.option(
        "--format",
        "form",
        type=click.Choice(["table", "jsonl", "csv"]),
        default="table",
        show_default=True,
        help=t("events.format"),
    ),
    click.option("--follow", "-f", is_flag=True, help=t("events.follow")),
    click.option("--rebuild-index", "rebuild", is_flag=True, help=t("events.rebuild")),
    click.option("--ledger", type=click.Path(path_type=Path, file_okay=False), help=t("events.ledger")),
)


@click.command("events", help=t("events.help"), epilog=t("events.examples"))
@CONFIG
@click.pass_context
def command(context: click.Context, /, directory: Path, *, ledger: Path | None, rebuild: bool, **asked: Any) -> None:
    """Exit 0 when something was found, 1 when nothing was, 2 on usage, 3 when there is no ledger to read."""
    with speaking(configured_language(directory)):
        try:
            found = _ledger(directory) if ledger is None else ledger
            if not segments(found):
                raise FileNotFoundError(t("events.none", place=found))
            settings = _index(directory) if ledger is None else IndexSettings()
            context.exit(_rebuild(found, settings) if rebuild else _show(Book(found, settings, _say), **asked))
        except ValueError as fault:
            _say(str(fault))
            context.exit(USAGE)
        except OSError as error:
            _say(t("events.unreadable", problem=translated(str(error))))
            context.exit(UNREADABLE)


for _option in _OPTIONS:
    _option(command)


def _ledger(directory: Path) -> Path:
    """Return the ledger of this configuration's daemon."""
    places = [state / "ledger" for state in states(directory)]
    return next((place for place in places if segments(place)), places[0])


def _index(directory: Path) -> IndexSettings:
    """Return where the index is. The settings are read as a whole only where they name a database."""
    try:
        data = read_yaml(directory / "netmon.yaml").data
        section = data.get("index") if isinstance(data, dict) else None
        named = isinstance(section, dict) and not {"url", "url_file"}.isdisjoint(section)
        return load_directory(directory).netmon.index if named else IndexSettings()
    except ConfigError as error:
        _say(t("events.no_settings", problem=error))
        return IndexSettings()


def _query(asked: dict[str, Any]) -> Query:
    now = time.time()
    since, until, severity = asked["since"], asked["until"], asked["severity"]
    return Query(
        since=None if since is None else past(since, now),
        until=None if until is None else past(until, now),
        kinds=asked["kinds"],
        categories=asked["categories"],
        targets=asked["targets"],
        sources=asked["sources"],
        severity=None if severity is None else Severity(severity),
        text=asked["text"],
    )


def _show(book: Book, *, form: str, limit: int | None, follow: bool, **asked: Any) -> int:
    query = _query(asked)
    try:
        if follow:
            return _follow(book, query, form, _FOLLOW_ROWS if limit is None else limit)
        if limit is None and form == "table":
            records: Iterable[Record] = _cut(book.newest(query, _TABLE_ROWS + 1))
        else:
            records = book.newest(query, limit) if limit else book.all(query)
        return FOUND if _write(records, form) else NOTHING
    finally:
        book.close()


def _cut(records: list[Record]) -> list[Record]:
    """Leave out the one that tells that there are more than a table shows unasked."""
    if len(records) > _TABLE_ROWS:
        _say(t("events.more", count=_TABLE_ROWS))
    return records[-_TABLE_ROWS:]


def _write(records: Iterable[Record], form: str) -> int:
    """Write records to standard output; return how many."""
    if form == "table":
        rows = list(records)
        if rows:
            recordshow.table(rows, Console(highlight=False))
        return len(rows)
    writer = _writer(form)
    count = 0
    for record in records:
        writer(record)
        count += 1
    return count


def _follow(book: Book, query: Query, form: str, limit: int) -> int:
    size = book.size()
    writer = _writer(form)
    try:
        for record in book.newest(replace(query, after_seq=size), limit) if limit else ():
            writer(record)
        sys.stdout.flush()
        for record in book.follow(query, size):
            writer(record)
            sys.stdout.flush()
    except KeyboardInterrupt:  # how one stops to follow
        return FOUND
    return FOUND


def _writer(form: str) -> Callable[[Record], None]:
    """Return what writes one record."""
    if form == "csv":
        return recordshow.Csv(sys.stdout).write
    if form == "jsonl":
        terminal = sys.stdout.isatty()
        return lambda record: click.echo(recordshow.json_line(record, terminal=terminal))
    console = Console(highlight=False)
    return lambda record: recordshow.line(record, console)


def _rebuild(ledger: Path, settings: IndexSettings) -> int:
    """Empty the index and fill it, also beside a daemon: the two take turns."""
    filler = Filler(ledger, settings)
    began = time.monotonic()
    try:
        count = _refill(filler)
    except (ConfigError, SQLAlchemyError) as error:
        _say(t("events.rebuild_failed", problem=said(error)))
        return UNREADABLE
    finally:
        filler.close()
    _say(t("events.rebuilt", count=count, seconds=f"{time.monotonic() - began:.1f}"))
    return FOUND


def _refill(filler: Filler) -> int:
    filler.rebuild("asked to")
    count = 0
    try:
        while batch := filler.fill().read:
            count += batch
    except SQLAlchemyError as error:
        if not filler.remove_corrupt(error):
            raise
        return _refill(filler)
    return count


def _say(text: str) -> None:
    click.echo("\n".join(map(printable, text.splitlines())), err=True)
