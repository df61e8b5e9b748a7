"""`netmon flows`: what was kept of the traffic: who carried most, between which offices, when, and the flows."""

import sys
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from netmon.app.client import Exit
from netmon.app.commands.options import CONFIG
from netmon.app.text import t

if TYPE_CHECKING:  # polars is for those who ask
    from contextlib import AbstractContextManager

    from netmon.app.flows.asking import Asked
    from netmon.app.flows.showing import Form

_BY: Final = ("src", "dst", "port", "site", "app", "interface", "protocol", "as", "exporter", "vlan")
_LIMIT_MAX: Final = 100_000  # rows that are held at once
_STEPS: Final = {"1m": 60, "5m": 300, "1h": 3_600}
_POINTS: Final = 180  # of a timeline whose step was not chosen

_Function = TypeVar("_Function", bound=Callable[..., Any])
_OPTIONS: Final = (
    CONFIG,
    click.option("--store", type=click.Path(path_type=Path, file_okay=False), help=t("flows.option.store")),
    click.option("--since", default="1h", show_default=True, metavar="TIME", help=t("flows.option.since")),
    click.option("--until", default="now", show_default=True, metavar="TIME", help=t("flows.option.until")),
    click.option("--filter", "chosen", default="", metavar="EXPR", help=t("flows.option.filter")),
    click.option(
        "--format",
        "form",
        type=click.Choice(["table", "json", "csv"]),
        default="table",
        show_default=True,
        help=t("flows.option.format"),
    ),
)
_LIMIT: Final = click.option(
    "--limit",
    type=click.IntRange(1, _LIMIT_MAX),
    default=20,
    show_default=True,
    metavar="N",
    help=t("flows.option.limit"),
)


def _order(*choices: str, told: str = "flows.option.order") -> Callable[[_Function], _Function]:
    kind = click.Choice(choices)
    return click.option("--order", type=kind, default=choices[0], show_default=True, help=t(told))


def _asking(function: _Function) -> _Function:
    """Add the options that all questions have."""
    return reduce(lambda made, option: option(made), reversed(_OPTIONS), function)


@click.group("flows", help=t("flows.help"), epilog=t("flows.examples"))
def command() -> None:
    """Exit 0; 2 for what makes no sense or cannot be read, 5 where nothing was found."""


@command.command("top", help=t("flows.top.help"), epilog=t("flows.top.examples"))
@_asking
@click.option("--by", type=click.Choice(_BY), default="src", show_default=True, help=t("flows.option.by"))
@_order("bytes", "packets", "flows")
@_LIMIT
def top(*, by: Any, order: Any, limit: int, form: "Form", **what: Any) -> None:
    """Show the keys with the most."""
    from exporters.flowstore import query  # noqa: PLC0415  # polars takes a while
    from netmon.app.flows import showing, tables  # noqa: PLC0415  # the same

    with _asked(**what) as asked:
        answer = asked.answer(lambda scan: query.top(scan, by, asked.where, query.Ranked(order, limit), asked.words))
        _found(answer.total.flows, asked)
        lines = tables.top_lines(answer, by)
        if form == "json":
            showing.as_json(lines)
        elif form == "csv":
            showing.as_csv((by, *tables.SUMS), lines)
        else:
            total = answer.total
            caption = t(
                "flows.total",
                bytes=showing.octets(total.bytes),
                packets=showing.number(total.packets),
                flows=showing.number(total.flows),
            )
            showing.as_table(tables.top_forms(answer, by, order), caption)


@command.command("matrix", help=t("flows.matrix.help"), epilog=t("flows.matrix.examples"))
@_asking
@_LIMIT
def matrix(*, limit: int, form: "Form", **what: Any) -> None:
    """Show what went from office to office."""
    from exporters.flowstore import query  # noqa: PLC0415  # polars takes a while
    from netmon.app.flows import showing, tables  # noqa: PLC0415  # the same

    with _asked(**what) as asked:
        answer = asked.answer(lambda scan: query.matrix(scan, asked.where))
        _found(len(answer), asked)
        if form == "json":
            showing.as_json(tables.matrix_lines(answer))
        elif form == "csv":
            showing.as_csv(tables.MATRIX, tables.matrix_lines(answer))
        else:
            showing.as_table(tables.matrix_forms(answer, limit, int(answer["bytes"].sum())))


@command.command("timeline", help=t("flows.timeline.help"), epilog=t("flows.timeline.examples"))
@_asking
@click.option("--step", type=click.Choice(list(_STEPS)), help=t("flows.option.step"))
@_order("bytes", "packets", "flows", told="flows.option.bar")
def timeline(*, step: str | None, order: str, form: "Form", **what: Any) -> None:
    """Show how much there was when."""
    from exporters.flowstore import query  # noqa: PLC0415  # polars takes a while
    from netmon.app.flows import showing, tables  # noqa: PLC0415  # the same

    with _asked(**what) as asked:
        length_s = asked.span.until - asked.span.since
        fitting = (each for each in _STEPS.values() if length_s / each <= _POINTS)
        step_s = _STEPS[step] if step else next(fitting, 3_600)
        answer = asked.answer(lambda scan: query.timeline(scan, asked.where, step_s))
        _found(len(answer), asked)
        steps = (max(answer) - min(answer)) // step_s + 1  # also those between in which nothing was
        if steps > _LIMIT_MAX:
            raise click.UsageError(t("flows.steps", steps=f"{steps:,}", most=f"{_LIMIT_MAX:,}"))
        rows = tables.timeline_rows(answer, step_s)
        if form == "json":
            showing.as_json(tables.timeline_lines(rows))
        elif form == "csv":
            showing.as_csv(tables.TIMELINE, tables.timeline_lines(rows))
        else:
            showing.as_table(tables.timeline_forms(rows, step_s, order))


@command.command("list", help=t("flows.list.help"), epilog=t("flows.list.examples"))
@_asking
@_order("time", "bytes", "packets")
@_LIMIT
def list_flows(*, order: Any, limit: int, form: "Form", **what: Any) -> None:
    """Show the flows themselves."""
    from exporters.flowstore import query  # noqa: PLC0415  # polars takes a while
    from netmon.app.flows import showing, tables  # noqa: PLC0415  # the same

    with _asked(**what) as asked:
        answer = asked.answer(lambda scan: query.flows(scan, asked.where, order, limit))
        _found(len(answer), asked)
        lines = tables.list_lines(answer)
        if form == "json":
            showing.as_json(lines)
        elif form == "csv":
            showing.as_csv(tables.LIST, lines)
        else:
            showing.as_table(tables.list_forms(list(lines)))


def _asked(
    directory: Path, store: Path | None, *, since: str, until: str, chosen: str
) -> "AbstractContextManager[Asked]":
    try:
        from netmon.app.flows.asking import asked  # noqa: PLC0415  # polars takes a while
    except ModuleNotFoundError as error:
        raise click.UsageError(t("flows.not_installed", name=error.name)) from None
    return asked(directory, store, since=since, until=until, chosen=chosen)


def _found(count: int, asked: "Asked") -> None:
    """End the command where nothing was found, with what helps to ask better."""
    if not count:
        from netmon.app.flows.nothing import hints  # noqa: PLC0415  # polars takes a while

        click.echo("\n".join([t("flows.none"), *hints(asked)]), err=True)
        sys.exit(Exit.UNKNOWN)
