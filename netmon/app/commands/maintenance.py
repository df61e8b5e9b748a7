"""`netmon maintenance`: announce, list and end work."""

import click

from netmon.app.client import Client
from netmon.app.commands.asking import JSON, asks, window, windowed
from netmon.app.commands.silence import ending, listing, tell
from netmon.app.text import t


@click.group("maintenance", help=t("maintenance.help"), epilog=t("maintenance.examples"))
def command() -> None:
    """Hold the commands together."""


@command.command("add", help=t("maintenance.add.help"), epilog=t("maintenance.examples"))
@asks
@click.option("--site", multiple=True, metavar="NAME", help=t("maintenance.option.site"))
@click.option("--link", multiple=True, metavar="NAME", help=t("maintenance.option.link"))
@click.option("--device", multiple=True, metavar="NAME", help=t("maintenance.option.device"))
@click.option("--server", multiple=True, metavar="NAME", help=t("maintenance.option.server"))
@click.option("--title", default="", help=t("maintenance.option.title"))
@windowed
@JSON
def add(  # noqa: PLR0913  # one for each option of the command
    client: Client,
    *,
    title: str,
    start: str,
    lasting: str | None,
    until: str | None,
    reason: str,
    as_json: bool,
    **kinds: tuple[str, ...],
) -> None:
    """Announce work."""
    scope = [f"{kind}:{name}" for kind, names in kinds.items() for name in names]
    if not scope:
        raise ValueError(t("maintenance.no_scope"))
    body = {"scope": scope, "title": title, **window(start, lasting, until, reason)}
    tell(client.post("maintenances", body), "maintenance", as_json=as_json)


@command.command("list", help=t("maintenance.list.help"))
@asks
@click.option("--all", "everything", is_flag=True, help=t("window.option.all"))
@JSON
def show(client: Client, *, everything: bool, as_json: bool) -> None:
    """Show work."""
    listing(client, "maintenances", everything=everything, as_json=as_json)


@command.command("end", help=t("maintenance.end.help"))
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@asks
def end(client: Client, *, ids: tuple[str, ...]) -> None:
    """End work before its time."""
    ending(client, "maintenances", ids)
