"""`netmon ack`: take alerts in hand, or put them back."""

from typing import Final

import click

from netmon.app.asked import printable
from netmon.app.board import summary
from netmon.app.client import Client
from netmon.app.commands.asking import JSON, asks, lines
from netmon.app.text import t

_SHOWN: Final = 20  # of an incident with many alerts


@click.command("ack", help=t("ack.help"), epilog=t("ack.examples"))
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@asks
@click.option("--note", default="", help=t("ack.option.note"))
@click.option("--undo", is_flag=True, help=t("ack.option.undo"))
@JSON
def command(client: Client, *, ids: tuple[str, ...], note: str, undo: bool, as_json: bool) -> None:
    """Exit as netmon.app.client.Exit says."""
    verb = "unacknowledge" if undo else "acknowledge"
    changed = client.post(f"alerts/{verb}", {"ids": list(ids), "note": note})["alerts"]
    if as_json:
        lines(changed)
        return
    for alert in changed[:_SHOWN]:
        about = {"target": printable(alert["target"]), "summary": summary(alert), "id": alert["id"]}
        click.echo(t("ack.undone" if undo else "ack.done", **about))
    if len(changed) > _SHOWN:
        click.echo(t("ack.more", count=len(changed) - _SHOWN))
    if not changed:
        click.echo(t("ack.nothing"))
