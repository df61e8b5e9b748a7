"""`netmon silence`: make, list and end silences."""

from typing import Any

import click
from rich.console import Console

from netmon.app.asked import matcher
from netmon.app.board import clock, window_table
from netmon.app.client import Client, segment
from netmon.app.commands.asking import JSON, asks, lines, window, windowed
from netmon.app.text import t


@click.group("silence", help=t("silence.help"), epilog=t("silence.examples"))
def command() -> None:
    """Hold the commands together."""


@command.command("add", help=t("silence.add.help"), epilog=t("silence.examples"))
@asks
@click.option("--match", "matches", multiple=True, required=True, metavar="CONDITION", help=t("silence.option.match"))
@windowed
@JSON
def add(  # noqa: PLR0913  # one for each option of the command
    client: Client,
    *,
    matches: tuple[str, ...],
    start: str,
    lasting: str | None,
    until: str | None,
    reason: str,
    as_json: bool,
) -> None:
    """Make a silence."""
    conditions = [matcher(each) for each in matches]
    matchers = [
        {"name": each.name, "value": each.value, "is_regex": each.is_regex, "is_equal": each.is_equal}
        for each in conditions
    ]
    tell(
        client.post("silences", {"matchers": matchers, **window(start, lasting, until, reason)}),
        "silence",
        as_json=as_json,
    )


@command.command("list", help=t("silence.list.help"))
@asks
@click.option("--all", "everything", is_flag=True, help=t("window.option.all"))
@JSON
def show(client: Client, *, everything: bool, as_json: bool) -> None:
    """Show silences."""
    listing(client, "silences", everything=everything, as_json=as_json)


@command.command("end", help=t("silence.end.help"))
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@asks
def end(client: Client, *, ids: tuple[str, ...]) -> None:
    """End silences now."""
    ending(client, "silences", ids)


def tell(made: dict[str, Any], what: str, *, as_json: bool) -> None:
    """Say what was made, and how many alerts it is about: a silence with a typing error in it is about none."""
    if as_json:
        lines([made])
        return
    key = "silence.made" if made["status"] == "active" else "silence.planned"
    click.echo(t(key, id=made["id"], start=clock(made["starts_at"]), end=clock(made["ends_at"])))
    covers = made.get("covers")
    if covers:
        click.echo(t("silence.covers", count=covers))
    elif covers is not None and what == "silence":  # work is announced before anything is wrong
        click.echo(t("silence.covers_none", id=made["id"]), err=True)


def listing(client: Client, what: str, *, everything: bool, as_json: bool) -> None:
    """Show silences or maintenance windows."""
    windows = client.get(what, {} if everything else {"status": ["pending", "active"]})[what]
    if as_json:
        lines(windows)
    elif windows:
        Console().print(window_table(windows))
    else:
        click.echo(t("alerts.none"))


def ending(client: Client, what: str, ids: tuple[str, ...]) -> None:
    """End silences or maintenance windows."""
    for each in ids:
        ended = client.delete(f"{what}/{segment(each)}")
        click.echo(t("silence.ended", id=ended["id"]))
